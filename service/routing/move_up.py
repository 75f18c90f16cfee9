"""When a line manager leaves, or has a conflict of interest, the cases they were told of move up."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import keep_next_due
from service.cases.intake import NO_MANAGER
from service.cases.judging import steps_of
from service.cases.pinned import playbook_of
from service.cases.recipients import not_to_tell, open_routes, send_to
from service.people.availability import Told, line_manager_of
from service.records.cases import Case, Route
from service.records.enums import DeskName, Instead, Stage, StepKind, StepState
from service.records.people import Person
from service.timeline import entries


def move_up(db: Session, leaver: Person, *, at: datetime) -> int:
    """Move every open case that waits for a leaver. Returns how many moved."""
    waiting = (
        db.execute(
            select(Case)
            .join(Route, col(Route.case_id) == col(Case.id))
            .where(
                col(Route.person_id) == leaver.id,
                col(Route.desk) == DeskName.LINE_MANAGER,
                col(Route.ended_at).is_(None),
                col(Case.stage) != Stage.CLOSED,
            )
            .order_by(col(Case.id))
            .with_for_update(of=Case)
        )
        .scalars()
        .all()
    )
    for case in waiting:
        move_on(db, case, leaver, at=at)
        keep_next_due(db, case)
    return len(waiting)


def move_on(db: Session, case: Case, manager: Person, *, at: datetime) -> None:
    """End a manager's open route and tell their own manager instead, passing over whoever must not be told.

    Where nobody is left, the step is to do again until somebody is named, and the timeline says so.
    """
    ended = [route for route in open_routes(db, case) if route.person_id == manager.id]
    for route in ended:
        route.ended_at = at
        db.add(route)
        changes: dict[str, tuple[object, object]] = {
            "routes.line_manager.ended_at": (None, at),
            "routes.line_manager.person": (manager.email, None),
        }
        entries.add(db, case, "sent", actor=None, at=at, changes=changes)
    if not ended:
        return
    told = line_manager_of(db, manager, at, not_to_tell(db, case, at))
    if told is not None:
        told = Told(told.person, told.instead or Instead.MOVED_UP)
        playbook, because = playbook_of(db, case.playbook_version), ended[-1].because
        send_to(db, playbook, case, DeskName.LINE_MANAGER, because=because, actor=None, at=at, told=told)
        return
    changes = {"routes.line_manager.reason": (None, NO_MANAGER)}
    step = next((step for step in steps_of(db, case) if step.kind == StepKind.INFORM_MANAGER), None)
    if step is not None:
        changes["steps.inform_manager.state"] = (step.state, StepState.DUE)
        step.state, step.reason = StepState.DUE, NO_MANAGER
        step.taken_at = step.recorded_at = None
        db.add(step)
    entries.add(db, case, "not_informed", actor=None, at=at, changes=changes)
