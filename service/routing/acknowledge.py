"""*I have read this*: one press, for the desk or the manager who presses it."""

from datetime import datetime

from sqlmodel import Session

from service.cases.clocks import keep_next_due
from service.cases.policy import Act, require_stage
from service.cases.recipients import acknowledged, open_routes, reaches
from service.core.errors import Refusal
from service.people.identity import Me
from service.records.cases import Case


def acknowledge(db: Session, me: Me, case: Case, *, at: datetime) -> None:
    """Acknowledge every route that waits for the caller. Raises a Refusal (409) when none does."""
    require_stage(Act.ACKNOWLEDGE, case)
    waiting = [route for route in open_routes(db, case) if route.acknowledged_at is None and reaches(me, route)]
    if not waiting:
        raise Refusal("This is acknowledged already.")
    acknowledged(db, me, case, waiting, at)
    keep_next_due(db, case)
