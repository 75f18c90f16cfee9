"""*I cannot do this*: said at once to the desk that holds the case. The step stays open."""

from datetime import datetime

from sqlmodel import Session

from service.cases.facts import WHY_CLOSED, NotKept, is_closed
from service.cases.policy import Act, require_stage
from service.core.errors import FieldError, Refusal
from service.people.identity import Me
from service.records.cases import Case, Step
from service.records.enums import StepKind, StepState
from service.records.words import CANNOT_REASONS
from service.steps.find import ABLE, own_step
from service.timeline import entries

REASONS = tuple(CANNOT_REASONS)


def cannot_take(db: Session, me: Me, case: Case, kind: StepKind, *, reason: str, at: datetime) -> Step:
    """Record why a step cannot be taken and tell the desk at once.

    On a guarded case only the fixed reasons are taken: free words could repeat what must not be repeated.
    """
    step = own_step(db, me, case, kind)
    fixed = reason.strip().lower().replace(" ", "_")
    if is_closed(case) and fixed not in REASONS:
        why = f"{WHY_CLOSED} Choose one of: {', '.join(REASONS)}."
        raise NotKept(why, [FieldError("reason", why)])
    require_stage(Act.CANNOT, case)
    if kind not in ABLE or step.state != StepState.DUE:
        raise Refusal("This step is not waiting for you.")
    before, step.cannot_reason = step.cannot_reason, fixed if fixed in REASONS else reason
    step.cannot_at = at
    db.add(step)
    changes = {
        f"steps.{kind}.cannot_reason": (before, step.cannot_reason),
        f"steps.{kind}.cannot_at": (None, at),
    }
    entries.add(db, case, "step_cannot", actor=me.id, at=at, changes=changes, tell=(case.holding_desk,))
    return step
