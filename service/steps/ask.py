"""The desk that holds a concern asks the holder of the account for steps: they get the step and why, and no more."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import keep_next_due, run_clock, stop_clock
from service.cases.pinned import playbook_of
from service.cases.plan import plan_asked
from service.cases.policy import Act, require_stage
from service.core.errors import FieldError, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case, Step
from service.records.enums import Severity, StepKind, StepState
from service.records.people import Person
from service.records.words import STEPS
from service.steps.find import ABLE
from service.timeline import entries

SETTLED = frozenset({StepState.TAKEN, StepState.WAIVED})


def ask_for_steps(
    db: Session, me: Me, case: Case, kinds: Sequence[StepKind], of: Person, *, reason: str, at: datetime
) -> None:
    """Ask somebody for steps; their minutes run from now. On a guarded concern, words for the public are held.

    Asked again, a step that is not done goes to the person named last. Raises Invalid, naming `steps`, for what Amends
    does itself; a Refusal (409) for a step that is settled, and for a case that is no concern or is closed.
    """
    if not kinds or not ABLE.issuperset(kinds):
        raise invalid("steps", "Choose from: delete, apologise, correct.")
    require_stage(Act.ASK, case)
    playbook = playbook_of(db, case.playbook_version)
    closed = case.guarded and case.opened_at is None
    there = {step.kind: step for step in db.execute(select(Step).where(col(Step.case_id) == case.id)).scalars()}
    done = [kind for kind in kinds if kind in there and there[kind].state in SETTLED]
    if done:
        raise Refusal(
            "Some of this is settled already.",
            [FieldError("steps", f"{STEPS[kind]}: this is settled already.") for kind in done],
        )
    changes: dict[str, tuple[object, object]] = {}
    for planned in plan_asked(playbook, kinds, Severity(case.severity), closed):
        step = there.get(planned.kind) or Step(case_id=case.id, kind=planned.kind, state=planned.state)
        before = step.state if planned.kind in there else None
        old = db.get_one(Person, step.asked_of_id).email if step.asked_of_id else None
        changes |= {
            f"steps.{planned.kind}.asked_of": (old, of.email),
            f"steps.{planned.kind}.asked_because": (step.asked_because, reason),
            f"steps.{planned.kind}.state": (before, planned.state),
        }
        if step.cannot_at is not None:
            changes[f"steps.{planned.kind}.cannot_at"] = (step.cannot_at, None)
            changes[f"steps.{planned.kind}.cannot_reason"] = (step.cannot_reason, None)
        step.state, step.reason = planned.state, planned.reason
        step.asked_of_id, step.asked_because = of.id, reason
        step.cannot_at = step.cannot_reason = None
        if planned.state is StepState.DUE:
            run_clock(playbook, case, step, at)
        else:
            stop_clock(step)
        db.add(step)
    tell = (of.id,) if of.id else ()
    entries.add(db, case, "asked", actor=me.id, at=at, changes=changes, tell=tell)
    keep_next_due(db, case)
