"""From a step's name to the step."""

from sqlalchemy import select
from sqlmodel import Session, col

from service.core.errors import NotFound
from service.people.identity import Me
from service.records.cases import Case, Step
from service.records.enums import Kind, StepKind

ABLE = frozenset({StepKind.DELETE, StepKind.APOLOGISE, StepKind.CORRECT})
"""The steps that a person takes. Amends informs by itself, and only naming a manager changes that."""


def own_step(db: Session, me: Me, case: Case, kind: StepKind) -> Step:
    """The step that is this person's to take. Raises NotFound for one that was asked of somebody else."""
    step = step_of(db, case, kind)
    if case.kind == Kind.CONCERN and step.asked_of_id != me.id:
        raise NotFound
    return step


def step_of(db: Session, case: Case, kind: StepKind) -> Step:
    """The case's step of this kind. Raises NotFound when the case has none."""
    step = db.execute(select(Step).where(col(Step.case_id) == case.id, col(Step.kind) == kind)).scalar_one_or_none()
    if step is None:
        raise NotFound
    return step
