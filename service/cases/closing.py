"""The end of a case, and its return: closing through every gate, reopening, and the reporter's wish to withdraw."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import keep_next_due, run_clock, run_triage, stop_clock
from service.cases.facts import reason_kept
from service.cases.judging import judge_again, steps_of
from service.cases.lifecycle import Move, Standing, advice_recorded, after, steps_settled
from service.cases.pinned import playbook_of
from service.cases.policy import QUIET_ENDINGS, Act, require_stage
from service.cases.recipients import open_routes, run_routes, whom_to_tell
from service.core.errors import FieldError, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Kind, Resolution, Severity, Stage, StepKind, StepState
from service.records.said import Advice, ReferralDecision
from service.timeline import entries
from service.timeline.confidence import reporter_of
from service.timeline.reads import ask_no_more


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
        hr_returned=has_been_returned(db, case),
        resolution=resolution,
        duplicate_of=duplicate_of,
    )


def decision_of(db: Session, case: Case) -> ReferralDecision | None:
    """The decision on referral that counts, if it is taken; one that HR returned counts no more."""
    return (
        db.execute(
            select(ReferralDecision)
            .where(
                col(ReferralDecision.case_id) == case.id,
                col(ReferralDecision.counts),
                col(ReferralDecision.returned_at).is_(None),
            )
            .order_by(col(ReferralDecision.id).desc())
        )
        .scalars()
        .first()
    )


def has_been_returned(db: Session, case: Case) -> bool:
    """Whether HR gave a referral of this case back, be it decided again since or not."""
    returned = (col(ReferralDecision.case_id) == case.id, col(ReferralDecision.returned_at).is_not(None))
    return db.execute(select(col(ReferralDecision.id)).where(*returned).limit(1)).first() is not None


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
    _end(db, me, case, after(Stage(case.stage), Move.CLOSE, standing), resolution, at, note, duplicate_of)


def close_as_duplicate(db: Session, me: Me, case: Case, original: Case, *, at: datetime) -> None:
    """Close a case as the same as another, without the gates: what they ask for is done there. Its clocks end.

    Merged with a guarded case, it is guarded from then on: it may hold what must not be kept, and only what is guarded
    can be destroyed. Raises a Refusal (409) on a case that is closed.
    """
    stage = after(Stage(case.stage), Move.MERGE, standing_of(db, case))
    guard = original.guarded and not case.guarded
    case.guarded = case.guarded or guard
    # What is done keeps the deadline that it met or missed.
    for step in steps_of(db, case):
        if step.state == StepState.DUE:
            stop_clock(step)
    for route in open_routes(db, case):
        if route.acknowledged_at is None:
            route.remind_at = route.acknowledge_by = None
        if route.answered_at is None:
            route.answer_remind_at = route.answer_by = None
    _end(db, me, case, stage, Resolution.DUPLICATE, at, None, original, {"guarded": (False, True)} if guard else {})


def _end(
    db: Session,
    me: Me,
    case: Case,
    stage: Stage,
    resolution: Resolution,
    at: datetime,
    note: str | None,
    duplicate_of: Case | None,
    openly: Mapping[str, tuple[object, object]] = MappingProxyType({}),
) -> None:
    told: dict[str, tuple[object, object]] = {"stage": (Stage(case.stage), stage), **openly}
    case.stage, case.resolution, case.closed_at = stage, resolution, at
    case.duplicate_of_id = duplicate_of.id if duplicate_of else None
    # Written whatever the ending is: a hash that travels only with some endings would tell which they are.
    quietly: dict[str, tuple[object, object]] = {"resolution": (None, resolution)}
    ending = quietly if resolution in QUIET_ENDINGS else told
    ending["resolution"] = (None, resolution)
    if note is not None:
        ending["closing_note"] = (None, note)
    if duplicate_of is not None:
        quietly["duplicate_of"] = (None, duplicate_of.reference)
    entries.add(db, case, "closed", actor=me.id, at=at, changes=told, tell=_reporter(db, case))
    entries.add(db, case, "resolved", actor=me.id, at=at, changes=quietly)
    ask_no_more(db, case.id, at)
    keep_next_due(db, case)
    if duplicate_of is not None:
        changes = {"also_reported_in": (None, case.reference)}
        entries.add(db, duplicate_of, "merged", actor=me.id, at=at, changes=changes)
    for other in _merged_into(db, case):
        entries.add(db, other, "settled", actor=None, at=at, tell=_reporter(db, other))


def _reporter(db: Session, case: Case) -> tuple[int, ...]:
    reporter = reporter_of(db, case)
    return (reporter,) if reporter else ()


def _merged_into(db: Session, case: Case) -> list[Case]:
    """What ended as the same as this case, be it by way of another: what was reported there is now dealt with."""
    found: dict[int, Case] = {}
    waiting = [] if case.resolution is Resolution.DUPLICATE else [case.id]
    while waiting:
        same = select(Case).where(col(Case.duplicate_of_id).in_(waiting)).order_by(col(Case.id))
        merged = db.execute(same.with_for_update(key_share=True)).scalars().all()
        waiting = [other.id for other in merged if other.id not in found]
        found |= {other.id: other for other in merged}
    return [other for other in found.values() if _waits(db, other)]


def _waits(db: Session, case: Case) -> bool:
    """Whether its readers see that something was left for the other case to do.

    Who was told nothing more although everything was done would otherwise know that it went to HR.
    """
    standing = standing_of(db, case)
    return case.triaged_at is None or bool(steps_settled(standing) or advice_recorded(standing))


def reopen(db: Session, me: Me, case: Case, *, reason: str, at: datetime) -> None:
    """Take a closed case in hand again, with the reason. Raises a Refusal (409) when it is not closed."""
    before, resolution, original = Stage(case.stage), case.resolution, original_of(db, case)
    move = Move.REOPEN if case.triaged_at is not None else Move.RESTORE
    case.stage = after(before, move, standing_of(db, case))
    case.resolution = case.closed_at = case.duplicate_of_id = None
    # What is looked at again is not destroyed meanwhile.
    case.disposal_rule = case.disposal_asked_at = case.disposal_asked_by_id = None
    entries.add(
        db, case, "reopened", actor=me.id, at=at, changes={"stage": (before, case.stage), "reason": (None, reason)}
    )
    entries.add(db, case, "resolved", actor=me.id, at=at, changes={"resolution": (resolution, None)})
    if original is not None:
        changes = {"also_reported_in": (case.reference, None)}
        entries.add(db, original, "parted", actor=me.id, at=at, changes=changes)
        # Merged with a guarded case it became guarded itself. No moment was told, so a severity that was chosen stands.
        judge_again(db, case, actor=None, at=at, was=Severity.CRITICAL, by_desk=True)
    _start_clocks_again(db, case, at)
    keep_next_due(db, case)


def _start_clocks_again(db: Session, case: Case, at: datetime) -> None:
    """What is still owed runs from now on: nobody could do it meanwhile, and whoever opens the case knows of it."""
    playbook = playbook_of(db, case.playbook_version)
    for step in steps_of(db, case):
        if step.state == StepState.DUE:
            run_clock(playbook, case, step, at)
    if case.triaged_at is None and case.kind != Kind.ADVICE:
        run_triage(playbook, case, since=at)
    run_routes(db, playbook, case, since=at)


def original_of(db: Session, case: Case) -> Case | None:
    """The case that this one ended as the same as, its row locked."""
    if case.duplicate_of_id is None:
        return None
    original = select(Case).where(col(Case.id) == case.duplicate_of_id).with_for_update(key_share=True)
    return db.execute(original).scalar_one()


def ask_to_withdraw(db: Session, me: Me, case: Case, *, reason: str, at: datetime) -> None:
    """The reporter says that the report was not needed. The desk settles the steps and closes it as withdrawn.

    Withdrawing never closes by itself: what was posted still has to be put right (our default). On a closed guarded
    case the reason is one of `FIXED_REASONS`.
    """
    reason = reason_kept(case, "withdraw", reason)
    require_stage(Act.WITHDRAW, case)
    if case.withdrawal_asked_at is not None:
        raise Refusal("You have asked for this already.")
    case.withdrawal_asked_at = at
    changes = {"withdrawal_asked_at": (None, at), "withdrawal_reason": (None, reason)}
    entries.add(db, case, "withdrawal_asked", actor=me.id, at=at, changes=changes, tell=whom_to_tell(db, case))


def say_same(db: Session, me: Me, case: Case, other: Case, *, at: datetime) -> None:
    """The reporter says that two of their own open cases are about one post; the desk decides, and merges them.

    Raises Invalid for the case itself, and a Refusal (409) where one of them is closed or it was said before.
    """
    if other.id == case.id:
        raise invalid("as", "This is the case itself. Name the other one.")
    require_stage(Act.SAY_SAME, case)
    if other.stage == Stage.CLOSED:
        raise Refusal("That case is closed.", [FieldError("as", "That case is closed.")])
    if case.said_same_as is not None:
        raise Refusal("You have told us this already.")
    case.said_same_as = other.reference
    changes = {"said_same_as": (None, other.reference)}
    entries.add(db, case, "said_same", actor=me.id, at=at, changes=changes, tell=(case.holding_desk,))
