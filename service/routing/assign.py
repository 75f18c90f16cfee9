"""Who at the holding desk takes a case on."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.policy import Act, require_stage
from service.cases.recipients import known_conflicts
from service.core.errors import Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.people import DeskMember, Person
from service.timeline import entries


def assign(db: Session, me: Me, case: Case, person: Person | None, *, at: datetime) -> None:
    """Give the case to somebody at the desk that holds it, or to nobody. Raises Invalid for anyone else."""
    if person is not None:
        check_assignable(db, case, person, "person")
    require_stage(Act.ASSIGN, case)
    before = db.get(Person, case.assigned_to_id) if case.assigned_to_id else None
    if (before.id if before else None) == (person.id if person else None):
        raise Refusal("They have this case already." if person else "Nobody has this case already.")
    case.assigned_to_id = person.id if person else None
    emails = (before.email if before else None, person.email if person else None)
    tell = (person.id,) if person and person.id and person.id != me.id else ()
    entries.add(db, case, "assigned", actor=me.id, at=at, changes={"assigned_to": emails}, tell=tell)


def check_assignable(db: Session, case: Case, person: Person, field: str = "assigned_to") -> None:
    """Raise Invalid, naming the field, unless they sit at the holding desk, are active, and have no part that is known.

    Whoever raised it in confidence is taken like any other: a refusal would tell who it is. They still see their own
    part alone, and there they read that it was given to them.
    """
    seat = db.execute(
        select(DeskMember).where(col(DeskMember.person_id) == person.id, col(DeskMember.desk) == case.holding_desk)
    ).first()
    if seat is None or not person.active or person.id in known_conflicts(db, case):
        raise invalid(field, "Choose somebody at the desk that holds this case.")
