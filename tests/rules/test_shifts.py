"""Who is on duty: whatever the clocks do, a desk with people is never without somebody to tell."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel

from service.people.rota import Duty, clock_changes, covers, duty_leads, gaps, next_on_rota, on_duty
from service.records.enums import DeskName
from service.records.people import Absence, DeskMember, Person, Shift, Unit

DESK = DeskName.DIGITAL_UNIT
FRIDAY_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZONES = ("Europe/London", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe")
NINE_TO_FIVE = ((0, 1, 2, 3, 4), "09:00", "17:00", "Europe/London")
ENGINE = create_engine("sqlite://", poolclass=StaticPool)
SQLModel.metadata.create_all(ENGINE, tables=[model.__table__ for model in (Unit, Person, Absence, DeskMember, Shift)])


@pytest.fixture
def db() -> Iterator[Session]:
    """A desk of a lead and two members, 1 to 3; nothing of it is kept."""
    with Session(ENGINE) as session:
        for number in (1, 2, 3):
            address = f"{number}@demo.example"
            session.add(Person(id=number, email=address, name=address, created_at=FRIDAY_NOON))
        session.flush()
        for number in (1, 2, 3):
            session.add(DeskMember(person_id=number, desk=DESK, lead=number == 1))
        session.flush()
        yield session


def works(db: Session, person: int, days: tuple[int, ...], starts: str, ends: str, zone: str) -> None:
    """A shift of this person."""
    db.add(Shift(desk=DESK, person_id=person, days=list(days), starts=starts, ends=ends, zone=zone))
    db.flush()


def away(db: Session, person: int, deputy: int | None = None) -> None:
    """This person is not there today."""
    db.get_one(Person, person).deputy_id = deputy
    day = timedelta(days=1)
    db.add(Absence(person_id=person, from_at=FRIDAY_NOON - day, until_at=FRIDAY_NOON + day))
    db.flush()


def ids(people: list[Person]) -> list[int]:
    """Who they are."""
    return [person.id for person in people]


def shift(*days: int, starts: str, ends: str, zone: str = "Europe/London") -> Duty:
    """A shift of nobody in particular."""
    return Duty("", days, starts, ends, zone)


def test_without_a_rota_the_lead_is_told(db):
    assert on_duty(db, DESK, FRIDAY_NOON) == []
    assert ids(duty_leads(db, DESK, FRIDAY_NOON)) == [1]
    assert [next_on_rota(db, DESK, FRIDAY_NOON, number).id for number in range(1, 6)] == [1, 2, 3, 1, 2]


def test_an_empty_desk_has_nobody(db):
    assert duty_leads(db, DeskName.HR, FRIDAY_NOON) == []
    assert next_on_rota(db, DeskName.HR, FRIDAY_NOON, 1) is None


def test_whoever_is_on_duty_is_told_before_the_lead_who_is_not(db):
    works(db, 2, *NINE_TO_FIVE)
    assert ids(duty_leads(db, DESK, FRIDAY_NOON)) == [2]
    assert ids(duty_leads(db, DESK, FRIDAY_NOON + timedelta(hours=5))) == [1]
    works(db, 1, *NINE_TO_FIVE)
    assert ids(on_duty(db, DESK, FRIDAY_NOON)) == [1, 2]
    assert ids(duty_leads(db, DESK, FRIDAY_NOON)) == [1]


def test_a_deputy_stands_in_only_from_the_same_desk(db):
    works(db, 2, *NINE_TO_FIVE)
    away(db, 2, deputy=3)
    assert ids(on_duty(db, DESK, FRIDAY_NOON)) == [3]
    db.add(Person(id=9, email="9@demo.example", name="9", created_at=FRIDAY_NOON))
    db.get_one(Person, 2).deputy_id = 9
    db.flush()
    assert on_duty(db, DESK, FRIDAY_NOON) == []
    assert ids(duty_leads(db, DESK, FRIDAY_NOON)) == [1]


def test_a_deputy_who_is_away_too_does_not_stand_in(db):
    works(db, 2, *NINE_TO_FIVE)
    away(db, 2, deputy=3)
    away(db, 3)
    assert on_duty(db, DESK, FRIDAY_NOON) == []


def test_when_everybody_is_away_they_are_told_all_the_same(db):
    for person in (1, 2, 3):
        away(db, person)
    assert ids(duty_leads(db, DESK, FRIDAY_NOON)) == [1]
    away(db, 1)
    assert [next_on_rota(db, DESK, FRIDAY_NOON, number).id for number in (1, 2, 3, 4)] == [1, 2, 3, 1]


def test_a_leaver_is_not_on_duty(db):
    works(db, 2, *NINE_TO_FIVE)
    db.get_one(Person, 2).active = False
    db.flush()
    assert on_duty(db, DESK, FRIDAY_NOON) == []
    assert next_on_rota(db, DESK, FRIDAY_NOON, 2).id == 3


def test_the_next_to_try_is_whose_shift_begins_next(db):
    works(db, 3, *NINE_TO_FIVE)
    works(db, 2, (4,), "20:00", "23:00", "Europe/London")
    works(db, 2, (0,), "20:00", "23:00", "Europe/London")
    assert [next_on_rota(db, DESK, FRIDAY_NOON, number).id for number in (1, 2, 3, 4)] == [3, 2, 1, 3]
    evening = FRIDAY_NOON + timedelta(hours=6)
    assert [next_on_rota(db, DESK, evening, number).id for number in (1, 2, 3)] == [2, 3, 1]


@pytest.mark.parametrize(
    ("told", "moment", "on"),
    [
        # Over midnight: the day is that of its beginning.
        (shift(4, starts="22:00", ends="06:00"), "2026-11-20T23:00+00:00", True),
        (shift(4, starts="22:00", ends="06:00"), "2026-11-21T05:59+00:00", True),
        (shift(4, starts="22:00", ends="06:00"), "2026-11-21T06:00+00:00", False),
        (shift(4, starts="22:00", ends="06:00"), "2026-11-20T05:00+00:00", False),
        # Two equal times are all day.
        (shift(4, starts="00:00", ends="00:00"), "2026-11-20T00:00+00:00", True),
        (shift(4, starts="00:00", ends="00:00"), "2026-11-20T23:59+00:00", True),
        (shift(4, starts="00:00", ends="00:00"), "2026-11-21T00:00+00:00", False),
        # In Tokyo it is Monday before it is Monday in London.
        (shift(0, starts="08:00", ends="10:00", zone="Asia/Tokyo"), "2026-11-22T23:30+00:00", True),
        # On the clocks of the day, summer and winter.
        (shift(0, starts="09:00", ends="17:00"), "2026-07-06T08:30+00:00", True),
        (shift(0, starts="09:00", ends="17:00"), "2026-11-23T08:30+00:00", False),
        # Begun in the hour that is left out on 28 March 2027, it begins when that hour is over.
        (shift(6, starts="01:30", ends="03:00"), "2027-03-28T01:15+00:00", False),
        (shift(6, starts="01:30", ends="03:00"), "2027-03-28T01:45+00:00", True),
        # Ended in the hour that comes twice on 25 October 2026, it ends at the first.
        (shift(5, starts="22:00", ends="01:30"), "2026-10-25T00:20+00:00", True),
        (shift(5, starts="22:00", ends="01:30"), "2026-10-25T01:20+00:00", False),
    ],
)
def test_when_a_shift_is_on(told, moment, on):
    assert covers(told, datetime.fromisoformat(moment)) is on


def test_the_gaps_of_an_office_week():
    office = [shift(0, 1, 2, 3, 4, starts="09:00", ends="17:00"), shift(0, 1, 2, 3, starts="17:00", ends="09:00")]
    assert gaps(office, FRIDAY_NOON) == [
        (datetime(2026, 11, 20, 17, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (datetime(2026, 11, 27, 17, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC)),
    ]
    assert gaps([], FRIDAY_NOON) == [(FRIDAY_NOON, FRIDAY_NOON + timedelta(days=14))]
    assert gaps([shift(*range(7), starts="08:00", ends="08:00")], FRIDAY_NOON) == []


def test_gaps_over_a_change_of_the_clocks():
    """The night that the clocks go back has an hour more, the one that they go forward an hour less."""
    days = [shift(*range(7), starts="08:00", ends="22:00")]
    autumn = gaps(days, datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert [until - since for since, until in autumn][:2] == [timedelta(hours=11), timedelta(hours=10)]
    assert len(autumn) == 14
    spring = gaps(days, datetime(2027, 3, 27, 12, tzinfo=UTC))
    assert [until - since for since, until in spring][:2] == [timedelta(hours=9), timedelta(hours=10)]


def test_where_the_clocks_are_changed():
    at = datetime(2026, 10, 20, 12, tzinfo=UTC)
    assert clock_changes(["Europe/London", "Asia/Tokyo", "Europe/London", "America/New_York"], at) == [
        ("America/New_York", date(2026, 11, 1), False),
        ("Europe/London", date(2026, 10, 25), False),
    ]
    assert clock_changes(["Europe/London"], datetime(2027, 3, 20, tzinfo=UTC)) == [
        ("Europe/London", date(2027, 3, 28), True)
    ]
    assert clock_changes(["Europe/London"], FRIDAY_NOON) == []


moments = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
clocks = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
duties = st.lists(
    st.builds(
        Duty,
        person=st.just(""),
        days=st.frozensets(st.integers(0, 6), min_size=1).map(tuple),
        starts=clocks,
        ends=clocks,
        zone=st.sampled_from(ZONES),
    ),
    max_size=4,
)


@given(rota=duties, at=moments, minutes=st.integers(0, 14 * 24 * 60 - 1))
@example(rota=[shift(6, starts="01:00", ends="02:00")], at=datetime(2027, 3, 27, 12, tzinfo=UTC), minutes=13 * 60)
def test_every_moment_is_covered_or_in_a_gap(rota, at, minutes):
    moment = at + timedelta(minutes=minutes)
    in_gap = any(since <= moment < until for since, until in gaps(rota, at))
    assert in_gap is not any(covers(each, moment) for each in rota)


@given(rota=duties, at=moments)
def test_gaps_are_apart_and_in_order(rota, at):
    found = gaps(rota, at)
    assert all(since < until for since, until in found)
    assert all(first[1] < second[0] for first, second in pairwise(found))
    assert all(at <= since < at + timedelta(days=14) for since, _ in found)


@given(at=moments, zone=st.sampled_from(ZONES), days=st.frozensets(st.integers(0, 6), min_size=1))
def test_a_shift_goes_by_the_clocks_of_its_zone(at, zone, days):
    there = at.astimezone(ZoneInfo(zone))
    told = Duty("", tuple(days), "09:00", "17:00", zone)
    assert covers(told, at) is (there.weekday() in days and 9 <= there.hour < 17)


def test_whoever_must_not_know_is_passed_over(db: Session) -> None:
    """A conflicted lead is neither told first nor tried; the others take their turns without a gap."""
    works(db, 1, *NINE_TO_FIVE)
    skip = frozenset({1})
    assert ids(duty_leads(db, DESK, FRIDAY_NOON, skip)) == [2, 3]
    tried = [next_on_rota(db, DESK, FRIDAY_NOON, number, skip) for number in range(1, 6)]
    assert [person.id if person else None for person in tried] == [2, 3, 2, 3, 2]
    assert duty_leads(db, DESK, FRIDAY_NOON, frozenset({1, 2, 3})) == []
    assert next_on_rota(db, DESK, FRIDAY_NOON, 1, frozenset({1, 2, 3})) is None
