"""Two reports of one post become one case: the one ends as the same as the other, which goes on for both."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.closing import close_as_duplicate
from service.cases.policy import Act, Relation, require_stage
from service.cases.queries import Found
from service.core.errors import FieldError, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case, Conflict
from service.records.enums import Stage
from service.records.people import Person
from service.routing.conflict import name_conflict

UNGUARDED = (
    "This case is guarded and that one is not. Answer the safety questions there first, or merge that one into this."
)


def merge(db: Session, me: Me, case: Case, into: Found, *, at: datetime) -> None:
    """Close a case as the same as another that the same desk holds. Each reporter keeps what they reported, no more.

    What was written and added stays where it is. Whoever is named as conflicted in one is so in the other as well.
    Both rows are locked by the caller. Raises Invalid, naming `into`, for the case itself and for one that another desk
    holds; a Refusal (409) when either is closed, and where a guarded case would go on unguarded.
    """
    original = into.case
    if original.id == case.id:
        raise invalid("into", "This is the case itself. Name the other one.")
    if Relation.HOLDER not in into.held:
        raise invalid("into", "Your desk does not hold that case, so it cannot merge it.")
    require_stage(Act.MERGE, case.stage)
    if original.stage == Stage.CLOSED:
        closed = "That case is closed. Open it again first, or merge it into this one."
        raise Refusal(closed, [FieldError("into", closed)])
    if case.guarded and not original.guarded:
        raise Refusal(UNGUARDED, [FieldError("into", UNGUARDED)])
    # Each names the other: whoever is kept from the one must not learn of it from the other.
    for source, target in ((case, original), (original, case)):
        for person, reason in _conflicts_to_carry(db, source, target):
            name_conflict(db, me, target, person, reason=reason, at=at)
    close_as_duplicate(db, me, case, original, at=at)


def _conflicts_to_carry(db: Session, source: Case, target: Case) -> list[tuple[Person, str]]:
    """Who is conflicted in the one and not in the other; its reporter keeps what they reported."""
    known = select(col(Conflict.person_id)).where(col(Conflict.case_id) == target.id)
    named = (
        select(Person, col(Conflict.reason))
        .join(Conflict, col(Conflict.person_id) == col(Person.id))
        .where(col(Conflict.case_id) == source.id, col(Conflict.person_id).not_in(known))
        .where(col(Conflict.person_id).is_distinct_from(target.reporter_id))
        .order_by(col(Person.id))
    )
    return [(person, reason) for person, reason in db.execute(named)]
