"""Who raised a concern in confidence is shown to one person, who says why; and whoever raised it is told."""

from datetime import datetime

from sqlmodel import Session

from service.cases.policy import Act, require_stage
from service.cases.relations import Relation
from service.core.errors import Refusal
from service.people.identity import Me
from service.records.cases import Case, Revealed
from service.records.enums import DeskName
from service.timeline import entries
from service.timeline.confidence import reporter_of, revealed_to


def reveal(db: Session, me: Me, case: Case, held: frozenset[Relation], *, reason: str, at: datetime) -> None:
    """Show this person, and nobody else, who raised a concern; once is enough, and again changes nothing.

    The entry says for which desk and why, and never whom it is about. Raises a Refusal (409) for what was not raised
    in confidence.
    """
    require_stage(Act.REVEAL, case)
    if not case.confidential:
        raise Refusal("This was not raised in confidence. The page shows who raised it.")
    if revealed_to(db, case, me.id):
        return
    desk = DeskName.HR if Relation.HR_DESK in held else DeskName(case.holding_desk)
    db.add(Revealed(case_id=case.id, person_id=me.id, desk=desk, at=at))
    raiser = reporter_of(db, case)
    changes = {"revealed": (None, desk), "reason": (None, reason)}
    entries.add(db, case, "revealed", actor=me.id, at=at, changes=changes, tell=(raiser,) if raiser else ())
