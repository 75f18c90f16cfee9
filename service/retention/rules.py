"""How long a case is kept after its end, by how it ended, and what keeps it longer than that.

The years stand in the playbook in force: what it says today is how long is needed today, whatever it said when a case
was judged (docs/decisions). Years are those of the calendar; what ended on 29 February is kept to 1 March.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases.gathered import UNANSWERED
from service.cases.playbook import Playbook
from service.core.errors import FieldError, Refusal
from service.records.cases import Case
from service.records.enums import AccessStage, Kind, Stage
from service.records.referrals import Referral
from service.records.subject_access import AccessItem, AccessRequest

_original, _naming = aliased(Case), aliased(Case)

HELD_SAYS = "It is kept for legal reasons. Release it first, with a reason."
KeptBy = Mapping[str, tuple[ColumnElement[bool], str]]
"""What keeps something whose time is over: by the name of each rule what must hold, and its sentence."""
KEPT_BY: KeptBy = {
    "held": (col(Case.held_at).is_not(None), HELD_SAYS),
    "referral": (
        exists().where(col(Referral.case_id) == col(Case.id), col(Referral.disposed_at).is_(None)).correlate(Case),
        "It was passed to HR, and is kept as long as HR keeps its record.",
    ),
    "merged": (
        exists()
        .where(col(_original.id) == col(Case.duplicate_of_id), col(_original.disposed_at).is_(None))
        .correlate(Case),
        "It was joined to another case, and is kept until that one is destroyed.",
    ),
    "asked_for": (
        or_(
            exists()
            .where(
                col(AccessItem.case_id) == col(Case.id),
                col(AccessItem.request_id) == col(AccessRequest.id),
                col(AccessRequest.stage).in_(UNANSWERED),
            )
            .correlate(Case),
            exists()
            .where(
                col(AccessRequest.stage) == AccessStage.GATHERING,
                or_(
                    col(AccessRequest.person_id) == col(Case.reporter_id),
                    col(AccessRequest.person_id) == col(Case.subject_id),
                ),
            )
            .correlate(Case),
        ),
        "Somebody asked for what is held about them, and it is kept until that is answered.",
    ),
    "named": (
        and_(
            col(Case.kind) == Kind.ADVICE,
            exists()
            .where(
                col(_naming.guidance_case) == col(Case.reference),
                col(_naming.reporter_id) == col(Case.reporter_id),
                col(_naming.disposed_at).is_(None),
            )
            .correlate(Case),
        ),
        "A report names this question, and it is kept until that report is destroyed.",
    ),
}
ENDED: tuple[ColumnElement[bool], ...] = (col(Case.stage) == Stage.CLOSED, col(Case.disposed_at).is_(None))


@dataclass(frozen=True)
class Rule:
    """The rule by which a case is kept: a key of the playbook's `[retention]`, its years, the playbook's version."""

    name: str
    years: int
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.years} {self.version}"


def rule_for(kind: Kind, rules: Playbook) -> Rule:
    """The rule for a case of a kind; one that was referred waits for its referral, and then goes by this."""
    name = "advice_years" if kind == Kind.ADVICE else "case_years"
    return Rule(name, getattr(rules.retention, name), rules.version)


def time_is_over(at: datetime, rules: Playbook) -> ColumnElement[bool]:
    """Whether a case ended so long ago that its time was over `at` that moment."""
    advice, other = (years_before(at, rule_for(kind, rules).years) for kind in (Kind.ADVICE, Kind.MISTAKE))
    question = col(Case.kind) == Kind.ADVICE
    return or_(and_(question, col(Case.closed_at) <= advice), and_(~question, col(Case.closed_at) <= other))


def years_after(moment: datetime, years: int) -> datetime:
    """The same day and time, years later."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, month=3, day=1)


def years_before(moment: datetime, years: int) -> datetime:
    """The latest moment from which so many years have passed."""
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        midnight = moment.replace(year=moment.year - years, month=3, day=1, hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(microseconds=1)


def require_due(db: Session, case: Case, rules: Playbook, at: datetime) -> Rule:
    """The rule by which a case may go now. Raises a Refusal (409) that names each rule which keeps it."""
    if case.closed_at is None:
        raise kept("case", "It is open. Only what has ended can be destroyed.")
    rule = rule_for(Kind(case.kind), rules)
    require_none(db, case, KEPT_BY, at, rule, case.closed_at, "its end")
    return rule


def require_none(
    db: Session, record: Case | Referral, kept_by: KeptBy, at: datetime, rule: Rule, start: datetime, called: str
) -> None:
    """Raise a Refusal (409) that names each rule which keeps a case or a referral, its years among them: they are
    counted from `start`, which is `called` so.
    """
    columns = [predicate.label(name) for name, (predicate, _) in kept_by.items()]
    row: Any = db.execute(select(*columns).where(col(type(record).id) == record.id)).one()
    faults = [FieldError(name, says) for name, (_, says) in kept_by.items() if getattr(row, name)]
    if (due := years_after(start, rule.years)) > at:
        so_long = "1 year" if rule.years == 1 else f"{rule.years} years"
        faults.append(FieldError(rule.name, f"It is kept for {so_long} after {called}, to {due:%Y-%m-%d}."))
    if faults:
        raise Refusal(" ".join(fault.message for fault in faults), faults)


def kept(field: str, says: str) -> Refusal:
    """What is said of something that may not go, by one rule."""
    return Refusal(says, [FieldError(field, says)])
