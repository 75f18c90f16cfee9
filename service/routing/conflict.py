"""A conflict of interest, declared: from then on the person learns nothing of the case through a desk or a lead."""

from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlmodel import Session, col

from service.cases.clocks import keep_next_due
from service.cases.pinned import playbook_of
from service.cases.queries import merged_with
from service.cases.recipients import hand_over, wall_off
from service.cases.relations import Relation
from service.core.errors import NotPermitted, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case, Conflict, Route
from service.records.enums import DeskName
from service.records.people import DeskMember, Person
from service.records.queue import Looking
from service.referrals.conflict import leave_rooms
from service.routing.move_up import move_on
from service.timeline import entries


def require_keeping_away(db: Session, me: Me, case: Case, held: frozenset[Relation], person: Person) -> None:
    """Raise NotPermitted for whoever may keep nobody away but themself; Invalid for somebody of another desk.

    The desk that holds the case may name anybody; the lead of another desk that has it, the people of that desk.
    """
    if person.id == me.id or Relation.HOLDER in held:
        return
    led = [desk for desk, leads in me.desks.items() if leads]
    here = or_(col(Route.ended_at).is_(None), col(Route.desk) == DeskName.DIGITAL_UNIT)
    have_it = select(col(Route.desk)).where(col(Route.case_id) == case.id, col(Route.desk).in_(led), here)
    desks = db.execute(have_it.distinct()).scalars().all()
    if not desks:
        raise NotPermitted("Only the desk that has the case can name somebody else. You can name yourself.")
    theirs = select(DeskMember).where(col(DeskMember.person_id) == person.id, col(DeskMember.desk).in_(desks))
    if db.execute(theirs).first() is None:
        raise invalid("person", "They do not sit at your desk. The desk that holds the case can name them.")


def name_conflict(db: Session, me: Me, case: Case, person: Person, *, reason: str, at: datetime) -> None:
    """Keep somebody away from a case, and from those it was merged with, but for what they reported themselves.

    Their own open route as a line manager ends, and when nobody is left at the desk that holds it, the alternate desk
    holds it from now on. All rows are locked by the caller. Raises Invalid for the reporter, whose own report stays
    theirs to read, and a Refusal (409) for the same again.
    """
    if person.id == case.reporter_id:
        raise invalid("person", "This is who reported it. They keep what they reported.")
    if not keep_away(db, me, case, person, reason=reason, at=at):
        raise Refusal("This is noted already.")
    for other in merged_with(db, case):
        keep_away(db, me, other, person, reason=reason, at=at)


def keep_away(db: Session, me: Me, case: Case, person: Person, *, reason: str, at: datetime) -> bool:
    """The same for one case; False where it is its reporter, or noted already.

    Who raised a concern in confidence is noted like anybody else: to say no would tell that it is them.
    """
    known = select(Conflict).where(col(Conflict.case_id) == case.id, col(Conflict.person_id) == person.id)
    if person.id == case.reporter_id or db.execute(known).first() is not None:
        return False
    wall_off(db, case, person, reason=reason, actor=me.id, at=at)
    db.flush()
    step_back(db, me, case, person, at=at)
    leave_rooms(db, case, person, at=at)
    return True


def step_back(db: Session, me: Me, case: Case, person: Person, *, at: datetime) -> None:
    """Take a case out of the hands of somebody who is now kept from it; another desk may hold it then."""
    db.execute(delete(Looking).where(col(Looking.case_id) == case.id, col(Looking.person_id) == person.id))
    if case.assigned_to_id == person.id:
        case.assigned_to_id = None
        entries.add(db, case, "assigned", actor=me.id, at=at, changes={"assigned_to": (person.email, None)})
    move_on(db, case, person, at=at)
    hand_over(db, playbook_of(db, case.playbook_version), case, DeskName(case.holding_desk), at=at)
    keep_next_due(db, case)
