"""Two reports of one post become one case: the one ends as the same as the other, which goes on for both."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.closing import close_as_duplicate
from service.cases.policy import Act, require_stage
from service.cases.queries import Found
from service.cases.relations import Relation
from service.core.errors import FieldError, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case, Conflict
from service.records.enums import Stage
from service.records.people import Person
from service.referrals.conflict import leave_each_other
from service.routing.conflict import keep_away, step_back
from service.timeline.confidence import kept_apart, seal

UNGUARDED = (
    "This case is guarded and that one is not. Answer the safety questions there first, or merge that one into this."
)
PARTY = "They have a part in what was reported in the other case."


def merge(db: Session, me: Me, case: Case, into: Found, *, at: datetime) -> None:
    """Close a case as the same as another that the same desk holds. Each reporter keeps what they reported, no more.

    What was written and added stays where it is. Whoever is named as conflicted in one is so in the other as well.
    Both rows are locked by the caller. Raises Invalid, naming `into`, for the case itself and for one that another desk
    holds; a Refusal (409) when either is closed, and where a guarded case would go on unguarded.
    """
    original = into.case
    require_going_on(case, into, "into")
    require_stage(Act.MERGE, case)
    if original.stage == Stage.CLOSED:
        closed = "That case is closed. Open it again first, or merge it into this one."
        raise Refusal(closed, [FieldError("into", closed)])
    keep_both_apart(db, me, case, original, at=at)
    close_as_duplicate(db, me, case, original, at=at)
    leave_each_other(db, case, at=at)


def require_going_on(case: Case, into: Found, field: str) -> None:
    """Whether a case may end as the same as another, by whichever door.

    Raises Invalid, naming the field, for the case itself, and for one that the desk does not hold: what is written
    there would tell of this one. A Refusal (409) where a guarded case would go on unguarded.
    """
    if into.case.id == case.id:
        raise invalid(field, "This is the case itself. Name the other one.")
    if Relation.HOLDER not in into.held:
        raise invalid(field, "Your desk does not hold that case, so the two cannot become one.")
    if case.guarded and not into.case.guarded:
        raise Refusal(UNGUARDED, [FieldError(field, UNGUARDED)])


def leads_to(db: Session, case: Case, original: Case) -> bool:
    """Whether this case is a duplicate of the other, be it by way of a third."""
    passed: set[int] = set()
    while (following := case.duplicate_of_id) is not None and following not in passed:
        if following == original.id:
            return True
        passed.add(following)
        case = db.get_one(Case, following)
    return False


def keep_both_apart(db: Session, me: Me, case: Case, original: Case, *, at: datetime) -> None:
    """Keep from each of two cases whoever is kept from the other, and who reported or posted what the other is about.

    Each names the other, so who must not learn of the one must not learn of it there; and nobody sits at the desk, or
    in the manager's place, for a case about their own post. What they reported themselves stays theirs.
    """
    for source, target in ((case, original), (original, case)):
        for person, reason in _to_keep_away(db, source):
            keep_away(db, me, target, person, reason=reason, at=at)
        # Named there, they would be known: it is kept where nothing shows it.
        for raiser in kept_apart(db, source) - kept_apart(db, target):
            seal(db, target, raiser, raised=False)
            db.flush()
            # That they have it no longer may be guessed at; with somebody who does not see it, it would lie forgotten.
            step_back(db, me, target, db.get_one(Person, raiser), at=at)


def _to_keep_away(db: Session, case: Case) -> list[tuple[Person, str]]:
    parties = [person for person in dict.fromkeys((case.reporter_id, case.subject_id)) if person is not None]
    found = [(db.get_one(Person, person), PARTY) for person in parties]
    named = select(Person, col(Conflict.reason)).join(Conflict, col(Conflict.person_id) == col(Person.id))
    rows = db.execute(named.where(col(Conflict.case_id) == case.id).order_by(col(Person.id)))
    return found + [(person, reason) for person, reason in rows]
