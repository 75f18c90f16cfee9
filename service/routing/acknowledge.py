"""*I have read this*: one press, for the desk or the manager who presses it."""

from datetime import datetime

from sqlmodel import Session

from service.cases.clocks import keep_next_due
from service.cases.policy import Act, require_stage
from service.cases.recipients import open_routes
from service.core.errors import Refusal
from service.people.identity import Me
from service.records.cases import Case, Route
from service.records.enums import DeskName
from service.timeline import entries

HIDDEN_FROM_REPORTER = ("digital_unit", "hr")


def acknowledge(db: Session, me: Me, case: Case, *, at: datetime) -> None:
    """Acknowledge every route that waits for the caller. Raises a Refusal (409) when none does."""
    require_stage(Act.ACKNOWLEDGE, case.stage)
    waiting = [route for route in open_routes(db, case) if route.acknowledged_at is None and reaches(me, route)]
    if not waiting:
        raise Refusal("This is acknowledged already.")
    mark(db, me, case, waiting, at)
    keep_next_due(db, case)


def reaches(me: Me, route: Route) -> bool:
    """Whether a route leads to this person: as the manager named on it, or through a desk of theirs."""
    if route.desk == DeskName.LINE_MANAGER:
        return route.person_id == me.id
    return route.desk in me.desks


def mark(db: Session, me: Me, case: Case, routes: list[Route], at: datetime) -> None:
    """Note on each route, and on the timeline, who acknowledged it and when."""
    for route in routes:
        route.acknowledged_at, route.acknowledged_by_id = at, me.id
        db.add(route)
        changes = {f"routes.{route.desk}.acknowledged_at": (None, at)}
        # That HR is looking at a case is HR's to disclose.
        audience = HIDDEN_FROM_REPORTER if route.desk == DeskName.HR else ()
        entries.add(db, case, "acknowledged", actor=me.id, at=at, changes=changes, audience=audience)
