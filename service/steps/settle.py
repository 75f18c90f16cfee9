"""What the holding desk does to a step: waive it, release it from hold, verify that it happened."""

from datetime import datetime

from sqlmodel import Session

from service.cases.clocks import keep_next_due, run_clock, stop_clock
from service.cases.judging import state_without_guard
from service.cases.pinned import playbook_of
from service.cases.policy import Act, require_stage
from service.core.errors import Refusal
from service.people.identity import Me
from service.records.cases import Case, Step
from service.records.enums import StepKind, StepState
from service.steps.find import ABLE, step_of
from service.timeline import entries

OPEN = frozenset({StepState.DUE, StepState.HELD, StepState.UNDECIDED})


def waive_step(db: Session, me: Me, case: Case, kind: StepKind, *, reason: str, at: datetime) -> Step:
    """Say that a step need not be taken after all, and why. Raises a Refusal (409) when it is settled already."""
    step = step_of(db, case, kind)
    require_stage(Act.WAIVE, case)
    before = StepState(step.state)
    if before not in OPEN:
        raise Refusal("This step is not open, so it cannot be waived.")
    step.state, step.reason = StepState.WAIVED, reason
    stop_clock(step)
    changes = {f"steps.{kind}.state": (before, StepState.WAIVED), f"steps.{kind}.reason": (None, reason)}
    return _keep(db, me, case, step, "step_waived", changes, at)


def release_step(db: Session, me: Me, case: Case, kind: StepKind, *, at: datetime) -> Step:
    """Let a held step go ahead; its minutes run from now. Raises a Refusal (409) when it is not on hold."""
    step = step_of(db, case, kind)
    require_stage(Act.RELEASE, case)
    if step.state != StepState.HELD:
        raise Refusal("This step is not on hold.")
    step.state, step.reason, step.released_at = state_without_guard(kind, case), None, at
    if step.state is StepState.DUE:
        run_clock(playbook_of(db, case.playbook_version), case, step, at)
    changes = {f"steps.{kind}.state": (StepState.HELD, step.state), f"steps.{kind}.released_at": (None, at)}
    return _keep(db, me, case, step, "step_released", changes, at)


def verify_step(db: Session, me: Me, case: Case, kind: StepKind, *, at: datetime) -> Step:
    """Confirm that a step was really taken. Raises a Refusal (409) when it is not taken, or verified already."""
    step = step_of(db, case, kind)
    require_stage(Act.VERIFY, case)
    if kind not in ABLE:
        raise Refusal("Amends took this step itself, so there is nothing to verify.")
    if step.state != StepState.TAKEN:
        raise Refusal("This step is not done yet, so it cannot be verified.")
    if step.verified_at is not None:
        raise Refusal("This step is already verified.")
    step.verified_at, step.verified_by_id = at, me.id
    return _keep(db, me, case, step, "step_verified", {f"steps.{kind}.verified_at": (None, at)}, at)


def _keep(db: Session, me: Me, case: Case, step: Step, kind: str, changes: dict, at: datetime) -> Step:
    db.add(step)
    entries.add(db, case, kind, actor=me.id, at=at, changes=changes)
    keep_next_due(db, case)
    return step
