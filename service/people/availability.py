"""Who is there to be told: absences, deputies, leavers, substitutes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from service.records.enums import DeskName, Instead
from service.records.people import Absence, DeskMember, Person, Unit

LONGEST_CHAIN = 20


@dataclass(frozen=True)
class Told:
    """Somebody to tell, and why it is them and not the person first thought of (None when it is)."""

    person: Person
    instead: Instead | None = None


def absent(db: Session, person: Person, at: datetime) -> bool:
    """Whether the person has said that they are away at this moment."""
    return (
        db.execute(
            select(col(Absence.id)).where(
                col(Absence.person_id) == person.id, col(Absence.from_at) <= at, col(Absence.until_at) > at
            )
        ).first()
        is not None
    )


def stand_in(db: Session, person: Person, at: datetime, skip: frozenset[int] = frozenset()) -> Told | None:
    """The person, or their deputy while they are away; for a leaver, their own manager; None when nobody is left.

    Deputies of deputies and managers of leavers are followed, at most 20 steps, never twice through one person. A
    deputy who has left is none. Somebody in `skip` is not told, and hands nothing on to a deputy of their choice.
    """
    seen: set[int] = set()
    instead: Instead | None = None
    found: Person | None = person
    while found is not None and found.id not in seen and len(seen) < LONGEST_CHAIN:
        seen.add(found.id)
        if found.id in skip:
            return None
        if not found.active:
            found, instead = _get(db, found.manager_id), Instead.MOVED_UP
        elif (deputy := _deputy(db, found, at)) is not None and deputy.id not in seen:
            found, instead = deputy, Instead.DEPUTY
        else:
            return Told(found, instead)
    return None


def _deputy(db: Session, person: Person, at: datetime) -> Person | None:
    """Whom they have named for their absences, while they are away."""
    named = _get(db, person.deputy_id)
    return named if named is not None and named.active and absent(db, person, at) else None


def line_manager_of(db: Session, person: Person, at: datetime, skip: frozenset[int] = frozenset()) -> Told | None:
    """Whoever is told as this person's line manager: the manager, a stand-in, or the unit's substitute.

    Where that would be somebody in `skip` (the reporter, the subject, anyone conflicted), it is the next manager up;
    and where nobody is left up there, a manager who is away. None when that is nobody either.
    """
    away: Told | None = None
    for manager, instead in _managers_above(db, person):
        told = stand_in(db, manager, at, skip)
        if told is not None:
            return Told(told.person, told.instead or instead)
        if away is None and manager.active and manager.id not in skip:
            away = Told(manager, instead)
    return away


def _managers_above(db: Session, person: Person) -> Iterator[tuple[Person, Instead | None]]:
    """The manager, or the unit's substitute, then their manager and so on, each once, and why it is them."""
    manager = _get(db, person.manager_id)
    instead: Instead | None = None
    if manager is None and person.unit_id is not None:
        unit = db.get(Unit, person.unit_id)
        manager, instead = _get(db, unit.substitute_id if unit else None), Instead.SUBSTITUTE
    seen: set[int] = set()
    while manager is not None and manager.id not in seen:
        seen.add(manager.id)
        yield manager, instead
        manager, instead = _get(db, manager.manager_id), Instead.MOVED_UP


_SEATED = (
    select(col(DeskMember.person_id))
    .join(Person, col(Person.id) == col(DeskMember.person_id))
    .where(col(DeskMember.desk) == bindparam("desk"), col(Person.active))
)


def seated(db: Session, desk: str) -> set[int]:
    """The ids of the active people at a desk."""
    return set(db.connection().execute(_SEATED, {"desk": desk}).scalars())


def members(db: Session, desk: str) -> list[Person]:
    """The active people at a desk, leads first."""
    return list(
        db.execute(
            select(Person)
            .join(DeskMember, col(DeskMember.person_id) == col(Person.id))
            .where(col(DeskMember.desk) == desk, col(Person.active))
            .order_by(col(DeskMember.lead).desc(), col(Person.id))
        ).scalars()
    )


def empty_desks(db: Session) -> list[DeskName]:
    """The desks where nobody active sits: what is sent there reaches nobody."""
    seats = select(DeskMember.desk).join(Person, col(Person.id) == col(DeskMember.person_id)).where(col(Person.active))
    there = set(db.execute(seats.distinct()).scalars())
    return [desk for desk in DeskName if desk is not DeskName.LINE_MANAGER and desk not in there]


def _get(db: Session, person_id: int | None) -> Person | None:
    return db.get(Person, person_id) if person_id is not None else None
