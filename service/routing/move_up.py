"""When somebody leaves, the cases that waited for them as a line manager move up."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.judging import keep_next_due
from service.cases.pinned import playbook_of
from service.cases.recipients import conflicted_people, send_to
from service.people.availability import stand_in
from service.records.cases import Case, Route
from service.records.enums import DeskName, Stage
from service.records.people import Person
from service.timeline import entries


def move_up(db: Session, leaver: Person, *, at: datetime) -> int:
    """End the leaver's open routes and tell their manager, or whoever stands in, instead. Returns how many moved."""
    waiting = db.execute(
        select(Case, Route)
        .join(Route, col(Route.case_id) == col(Case.id))
        .where(
            col(Route.person_id) == leaver.id,
            col(Route.desk) == DeskName.LINE_MANAGER,
            col(Route.ended_at).is_(None),
            col(Case.stage) != Stage.CLOSED,
        )
        .order_by(col(Case.id))
        .with_for_update(of=Case)
    ).all()
    for case, route in waiting:
        route.ended_at = at
        db.add(route)
        changes = {"routes.line_manager.ended_at": (None, at), "routes.line_manager.person": (leaver.email, None)}
        entries.add(db, case, "sent", actor=None, at=at, changes=changes)
        told = stand_in(db, leaver, at)
        if told is not None and told.person.id not in conflicted_people(db, case):
            playbook = playbook_of(db, case.playbook_version)
            because = route.because.removesuffix(".moved_up")
            send_to(db, playbook, case, DeskName.LINE_MANAGER, because=because, actor=None, at=at, told=told)
        keep_next_due(db, case)
    return len(waiting)
