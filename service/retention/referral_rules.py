"""How long a referral is kept, by how it ended, and what keeps it longer: the same as `rules.py` says of cases.

A warning is kept for years after it has expired, however early the referral was closed, so that none is destroyed while
it lives. A hold on either of the two, the case or its referral, keeps both: a hearing needs both.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases.gathered import UNANSWERED
from service.cases.playbook import Playbook
from service.records.cases import Case
from service.records.enums import AccessStage, Outcome, ReferralStage
from service.records.referrals import Referral, RoomConflict
from service.records.subject_access import AccessItem, AccessRequest
from service.referrals.policy import one_with
from service.retention.rules import HELD_SAYS, KeptBy, Rule, kept, require_none, years_before

ENDED: tuple[ColumnElement[bool], ...] = (
    col(Referral.stage).in_((ReferralStage.CLOSED, ReferralStage.RETURNED)),
    col(Referral.disposed_at).is_(None),
)
RETURNED = "returned"
_another = aliased(Referral)
KEPT_BY: KeptBy = {
    "held": (col(Referral.held_at).is_not(None), HELD_SAYS),
    "case_held": (
        exists().where(col(Case.id) == col(Referral.case_id), col(Case.held_at).is_not(None)).correlate(Referral),
        "The case that it came from is kept for legal reasons, and this with it.",
    ),
    "conflict": (
        and_(
            exists().where(col(RoomConflict.referral_id) == col(Referral.id)).correlate(Referral),
            exists()
            .where(
                col(_another.case_id).in_(one_with(Referral.case_id)),
                col(_another.id) != col(Referral.id),
                col(_another.disposed_at).is_(None),
                col(_another.stage) != ReferralStage.RETURNED,
            )
            .correlate(Referral),
        ),
        "A conflict was named in it that keeps somebody out of another referral of the same case.",
    ),
    "asked_for": (
        or_(
            exists()
            .where(
                col(AccessItem.referral_id) == col(Referral.id),
                col(AccessItem.request_id) == col(AccessRequest.id),
                col(AccessRequest.stage).in_(UNANSWERED),
            )
            .correlate(Referral),
            exists()
            .where(
                col(AccessRequest.stage) == AccessStage.GATHERING,
                col(AccessRequest.person_id) == col(Referral.subject_id),
            )
            .correlate(Referral),
        ),
        "Somebody asked for what is held about them, and it is kept until that is answered.",
    ),
}

_closed = func.coalesce(col(Referral.closed_at), col(Referral.returned_at))
COUNTS_FROM: ColumnElement[datetime] = case(
    (col(Referral.warning_until) > _closed, col(Referral.warning_until)), else_=_closed
)
"""From when its years are counted: its end, or that of its warning where that is later."""


def ended_as(stage: str, outcome: str | None) -> str:
    """How a referral ended, as `[retention.referral_years]` names it; without a decision it was settled informally."""
    return RETURNED if stage == ReferralStage.RETURNED else Outcome(outcome or Outcome.INFORMAL_ADVICE).value


def rule_for(ended: str, rules: Playbook) -> Rule:
    """The rule for a referral that ended so."""
    return Rule(f"referral_years.{ended}", getattr(rules.retention.referral_years, ended), rules.version)


def time_is_over(at: datetime, rules: Playbook) -> ColumnElement[bool]:
    """Whether a referral ended so long ago that its time was over `at` that moment."""
    years = rules.retention.referral_years
    return or_(
        *(
            and_(_ended_as(ended), years_before(at, getattr(years, ended)) >= COUNTS_FROM)
            for ended in type(years).model_fields
        )
    )


def _ended_as(ended: str) -> ColumnElement[bool]:
    returned = col(Referral.stage) == ReferralStage.RETURNED
    if ended == RETURNED:
        return returned
    so = col(Referral.outcome) == Outcome(ended)
    return and_(~returned, or_(so, col(Referral.outcome).is_(None)) if ended == Outcome.INFORMAL_ADVICE else so)


def counts_from(referral: Any) -> datetime | None:
    """The same as `COUNTS_FROM`, of a row; None while it is open."""
    ended: datetime | None = referral.closed_at or referral.returned_at
    return max(ended, referral.warning_until or ended) if ended else None


def require_due(db: Session, referral: Referral, rules: Playbook, at: datetime) -> Rule:
    """The rule by which a referral may go now. Raises a Refusal (409) that names each rule which keeps it."""
    start = counts_from(referral)
    if start is None:
        raise kept("referral", "It is open. Only what has ended can be destroyed.")
    rule = rule_for(ended_as(referral.stage, referral.outcome), rules)
    called = "its end" if start == (referral.closed_at or referral.returned_at) else "its warning has ended"
    require_none(db, referral, KEPT_BY, at, rule, start, called)
    return rule
