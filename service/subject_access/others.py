"""Who else has to do with what is given to somebody, and by what part: what `third_parties.py` takes out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.records.cases import Case, Confidence, Conflict, Revealed, Route, Step
from service.records.enums import DeskName
from service.records.evidence import Evidence
from service.records.people import DeskMember, Person
from service.records.said import Advice, Message, Note, ReferralDecision
from service.records.timeline import TimelineEntry
from service.records.words import DESKS, THE_DESKS
from service.subject_access.third_parties import SOMEBODY, Known, Redactor, in_directory

LINE_MANAGER = "a line manager"
OURS = frozenset(name.casefold() for name in DESKS.values())
"""What desks are called, and no person."""


def redactor_for(db: Session, person: Person) -> Redactor:
    """What takes everybody out but this person; the names of the directory are read once."""
    mine = Known(person.name, person.email, "")
    around = {person.manager_id: LINE_MANAGER, person.deputy_id: SOMEBODY}
    known = known_as(db, {number: part for number, part in around.items() if number is not None})
    names = db.execute(select(col(Person.name)).where(col(Person.id) != person.id)).scalars()
    called = {in_directory(name) for name in names if name.casefold() not in OURS}
    return Redactor(mine, known, frozenset(name for name in called if " " in name))


def within(db: Session, redactor: Redactor, case: Case) -> Redactor:
    """The same with everybody who has to do with a case, be it unseen: each by the part that they have there."""
    parts: dict[int, str] = dict.fromkeys(_people_of(db, case), SOMEBODY)
    seats = select(DeskMember.person_id, DeskMember.desk).where(col(DeskMember.person_id).in_(parts))
    parts |= {number: f"somebody at {THE_DESKS[desk]}" for number, desk in db.execute(seats)}
    managers = select(Route.person_id).where(col(Route.case_id) == case.id, col(Route.desk) == DeskName.LINE_MANAGER)
    parts |= {number: LINE_MANAGER for number in db.execute(managers).scalars() if number is not None}
    known = {each.email: each for each in (*redactor.known, *known_as(db, parts))}
    known.pop(redactor.person.email, None)
    files = select(col(Evidence.filename)).where(col(Evidence.case_id) == case.id)
    return replace(redactor, known=tuple(known.values()), files=tuple(db.execute(files).scalars()))


def _people_of(db: Session, case: Case) -> set[int]:
    found: set[int | None] = {case.reporter_id, case.subject_id, case.assigned_to_id}
    columns = (
        *(Step.asked_of_id, Step.taken_by_id, Step.verified_by_id, Route.person_id, Route.acknowledged_by_id),
        *(Advice.by_id, Message.by_id, Message.with_id, Note.by_id, ReferralDecision.by_id, Evidence.added_by_id),
        *(Conflict.person_id, Confidence.person_id, Revealed.person_id, TimelineEntry.actor_id),
    )
    for column in columns:
        table: Any = column.class_  # type: ignore[union-attr]  # a column knows its table
        found |= set(db.execute(select(col(column)).where(table.case_id == case.id).distinct()).scalars())
    return {number for number in found if number is not None}


def known_as(db: Session, parts: Mapping[int, str]) -> tuple[Known, ...]:
    people = select(col(Person.id), Person.name, Person.email).where(col(Person.id).in_(parts))
    return tuple(
        # Whoever is called as a desk is has a name that tells nobody who they are.
        Known("" if name.casefold() in OURS else name, email, parts[number])
        for number, name, email in db.execute(people)
    )
