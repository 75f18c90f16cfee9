"""Whose post a concern is about, said or corrected after the report."""

from datetime import datetime

from sqlmodel import Session

from service.cases.facts import CONCERNS_ONLY
from service.cases.judging import judge_again
from service.cases.policy import Act, require_stage
from service.cases.relations import Relation
from service.core.errors import FieldError, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Kind
from service.records.people import Person
from service.routing.conflict import step_back
from service.timeline import entries
from service.timeline.confidence import reporter_of


def name_subject(
    db: Session, me: Me, case: Case, held: frozenset[Relation], person: Person | None, *, at: datetime
) -> None:
    """Say whose post it is, or that nobody knows: from then on they learn nothing of it through a desk or a manager's
    place, and their own manager is the one to send it to.

    Raises Invalid, naming `about.email`, for a case that is no concern, for whoever says it, and for who raised it by
    name; a Refusal (409) once something was disclosed, and to who raised it once the desk has looked at it.
    """
    if case.kind != Kind.CONCERN:
        raise invalid("about.email", CONCERNS_ONLY)
    if person is not None and person.id in (me.id, case.reporter_id):
        raise invalid("about.email", "This is somebody with another part in the case. Check the address.")
    require_stage(Act.CHANGE_FACTS, case)
    before = db.get(Person, case.subject_id) if case.subject_id else None
    if (before.id if before else None) == (person.id if person else None):
        return
    if case.triaged_at is not None and Relation.HOLDER not in held:
        raise Refusal("The desk has looked at this. Write to it, and it changes whose post it is.")
    if case.disclosed_at is not None:
        told = "They were told of this already, so it stays theirs. Close this case and open another."
        raise Refusal(told, [FieldError("about.email", told)])
    case.subject_id = person.id if person else None
    emails = (before.email if before else None, person.email if person else None)
    entries.add(db, case, "facts_changed", actor=me.id, at=at, changes={"about.email": emails})
    numbers = (before.id if before else None, case.subject_id)
    entries.add(db, case, "subject_set", actor=None, at=at, changes={"subject_id": numbers})
    db.flush()
    judge_again(db, case, actor=None, at=at, by_desk=reporter_of(db, case) != me.id)
    if person is not None:
        step_back(db, me, case, person, at=at)
