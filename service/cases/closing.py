"""The end of a case, and its return: closing through every gate, reopening, and the reporter's wish to withdraw."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import keep_next_due
from service.cases.facts import reason_kept
from service.cases.judging import steps_of
from service.cases.lifecycle import Move, Standing, after
from service.cases.policy import QUIET_ENDINGS, Act, require_stage
from service.core.errors import Refusal, invalid
from service.people.identity import Me
from service.records.cases import Advice, Case, ReferralDecision
from service.records.enums import Kind, Resolution, Stage, StepKind, StepState
from service.timeline import entries


def standing_of(
    db: Session, case: Case, resolution: Resolution | None = None, duplicate_of: str | None = None
) -> Standing:
    """What the gates look at, read from the case's rows."""
    decided = decision_of(db, case)
    return Standing(
        kind=Kind(case.kind),
        steps=tuple((StepKind(step.kind), StepState(step.state)) for step in steps_of(db, case)),
        advised=db.execute(select(col(Advice.id)).where(col(Advice.case_id) == case.id)).first() is not None,
        hr_suggested=case.hr_suggested,
        hr_decided=decided is not None,
        referred=decided is not None and decided.refer,
        resolution=resolution,
        duplicate_of=duplicate_of,
    )


def decision_of(db: Session, case: Case) -> ReferralDecision | None:
    """The decision on referral that counts, if it is taken."""
    return (
        db.execute(
            select(ReferralDecision)
            .where(col(ReferralDecision.case_id) == case.id, col(ReferralDecision.counts))
            .order_by(col(ReferralDecision.id).desc())
        )
        .scalars()
        .first()
    )


def close(
    db: Session,
    me: Me,
    case: Case,
    *,
    resolution: Resolution,
    at: datetime,
    note: str | None = None,
    duplicate_of: Case | None = None,
) -> None:
    """Close a case. Raises a Refusal (409) that names every condition that is not met."""
    if duplicate_of is not None and (duplicate_of.id == case.id or resolution is not Resolution.DUPLICATE):
        raise invalid("duplicate_of", "Name another case, and only for a duplicate.")
    standing = standing_of(db, case, resolution, duplicate_of.reference if duplicate_of else None)
    before = Stage(case.stage)
    case.stage = after(before, Move.CLOSE, standing)
    case.resolution, case.closed_at = resolution, at
    case.duplicate_of_id = duplicate_of.id if duplicate_of else None
    openly: dict[str, tuple[object, object]] = {"stage": (before, case.stage)}
    # Written whatever the ending is: a hash that travels only with some endings would tell which they are.
    quietly: dict[str, tuple[object, object]] = {"resolution": (None, resolution)}
    ending = quietly if resolution in QUIET_ENDINGS else openly
    ending["resolution"] = (None, resolution)
    if note is not None:
        ending["closing_note"] = (None, note)
    if duplicate_of is not None:
        quietly["duplicate_of"] = (None, duplicate_of.reference)
    tell = (case.reporter_id,) if case.reporter_id else ()
    entries.add(db, case, "closed", actor=me.id, at=at, changes=openly, tell=tell)
    entries.add(db, case, "resolved", actor=me.id, at=at, changes=quietly)
    keep_next_due(db, case)


def reopen(db: Session, me: Me, case: Case, *, reason: str, at: datetime) -> None:
    """Take a closed case in hand again, with the reason. Raises a Refusal (409) when it is not closed."""
    before, resolution = Stage(case.stage), case.resolution
    case.stage = after(before, Move.REOPEN, standing_of(db, case))
    case.resolution = case.closed_at = case.duplicate_of_id = None
    entries.add(
        db, case, "reopened", actor=me.id, at=at, changes={"stage": (before, case.stage), "reason": (None, reason)}
    )
    entries.add(db, case, "resolved", actor=me.id, at=at, changes={"resolution": (resolution, None)})
    keep_next_due(db, case)


def ask_to_withdraw(db: Session, me: Me, case: Case, *, reason: str, at: datetime) -> None:
    """The reporter says that the report was not needed. The desk settles the steps and closes it as withdrawn.

    Withdrawing never closes by itself: what was posted still has to be put right (our default). On a closed guarded
    case the reason is one of `FIXED_REASONS`.
    """
    reason = reason_kept(case, "withdraw", reason)
    require_stage(Act.WITHDRAW, case.stage)
    if case.withdrawal_asked_at is not None:
        raise Refusal("You have asked for this already.")
    case.withdrawal_asked_at = at
    changes = {"withdrawal_asked_at": (None, at), "withdrawal_reason": (None, reason)}
    entries.add(db, case, "withdrawal_asked", actor=me.id, at=at, changes=changes, tell=(case.holding_desk,))
