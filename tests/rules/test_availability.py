"""Who is told as a line manager: whatever the directory looks like, nobody is passed by who could be told."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel

from service.people.availability import line_manager_of
from service.records.people import Absence, Person, Unit

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PEOPLE = 4
ENGINE = create_engine("sqlite://", poolclass=StaticPool)
SQLModel.metadata.create_all(ENGINE, tables=[model.__table__ for model in (Unit, Person, Absence)])


@dataclass(frozen=True)
class Somebody:
    """A row of the directory; people are numbered from 1."""

    manager: int | None
    deputy: int | None
    active: bool
    away: bool


someone = st.none() | st.integers(1, PEOPLE)
directories = st.lists(
    st.builds(Somebody, manager=someone, deputy=someone, active=st.booleans(), away=st.booleans()),
    min_size=PEOPLE,
    max_size=PEOPLE,
)
skipped = st.frozensets(st.integers(1, PEOPLE), max_size=3)


def told_of(directory: list[Somebody], skip: frozenset[int]) -> int | None:
    """Who is told for the first person of this directory."""
    with Session(ENGINE, autoflush=False) as db:
        for number, one in enumerate(directory, 1):
            address = f"{number}@demo.example"
            db.add(Person(id=number, email=address, name=address, active=one.active, created_at=NOW))
        db.flush()
        for number, one in enumerate(directory, 1):
            person = db.get_one(Person, number)
            person.manager_id, person.deputy_id = one.manager, one.deputy
            if one.away:
                until = NOW + timedelta(days=1)
                db.add(Absence(person_id=number, from_at=NOW - timedelta(days=1), until_at=until))
        db.flush()
        told = line_manager_of(db, db.get_one(Person, 1), NOW, skip)
        # The session ends without a commit: the next directory begins with nobody in it.
        return told.person.id if told else None


def above(directory: list[Somebody]) -> list[int]:
    """The first person's manager, their manager, and so on."""
    found: list[int] = []
    manager = directory[0].manager
    while manager is not None and manager not in found:
        found.append(manager)
        manager = directory[manager - 1].manager
    return found


@given(directories, skipped)
def test_whoever_is_told_works_here_and_has_no_part_in_the_case(directory, skip):
    told = told_of(directory, skip)
    assert told is None or (directory[told - 1].active and told not in skip)


# The manager is away, and the deputy, whose manager they are as well, has a part in the case.
DEPUTY_HAS_A_PART = [
    Somebody(2, None, active=True, away=False),
    Somebody(3, 4, active=True, away=True),
    Somebody(None, None, active=True, away=False),
    Somebody(2, None, active=True, away=False),
]


@given(directories, skipped)
@example(DEPUTY_HAS_A_PART, frozenset({4}))
def test_somebody_is_told_whenever_somebody_above_could_be(directory, skip):
    could_be = [manager for manager in above(directory) if directory[manager - 1].active and manager not in skip]
    if could_be:
        assert told_of(directory, skip) is not None


@given(directories, skipped)
def test_a_manager_who_is_there_is_told_and_nobody_else(directory, skip):
    there = above(directory)[:1]
    if there and directory[there[0] - 1].active and not directory[there[0] - 1].away and there[0] not in skip:
        assert told_of(directory, skip) == there[0]
