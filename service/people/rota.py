"""Who is on duty at a desk, and who is tried next: days, hours and zones, week after week."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlmodel import Session, col

from service.core.clock import in_zone, zone_exists
from service.core.errors import FieldError, Invalid, NotPermitted
from service.people.availability import absent, members, stand_in
from service.people.identity import Me
from service.records.enums import DeskName, Role
from service.records.people import DeskMember, Person, Shift

WEEK = timedelta(days=7)
AHEAD = 2 * WEEK
"""So far ahead gaps are told."""
ONE_DAY = timedelta(days=1)
MOST_SHIFTS = 200
NO_ZONE = "This is not a time zone. Name a place, like Europe/London or Asia/Tokyo"
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True)
class Duty:
    """A shift as it is told: who by address, days counted from Monday as 0, HH:MM, and an IANA zone."""

    person: str
    days: tuple[int, ...]
    starts: str
    ends: str
    zone: str


def on_duty(db: Session, desk: str, at: datetime) -> list[Person]:
    """The active members of the desk whose shift covers this moment, leads first.

    Whoever is away is left out, or is their deputy where that one sits at the desk too and is there.
    """
    there = members(db, desk)
    covering = {shift.person_id for shift in shifts_of(db, desk) if covers(shift, at)}
    found: dict[int, Person] = {}
    for person in there:
        if person.id in covering and (awake := _there_for(db, person, there, at)) is not None:
            found.setdefault(awake.id, awake)
    return sorted(found.values(), key=there.index)


def duty_leads(db: Session, desk: str, at: datetime, skip: frozenset[int] = frozenset()) -> list[Person]:
    """Whom to tell first: the leads among those on duty, or all on duty; with nobody on duty, the desk's leads, or all.

    People who are away come in only when everybody is, those in `skip` never. Not empty while anybody else is there.
    """
    leads = _leads(db, desk)
    now = _but(on_duty(db, desk, at), skip) or _present(db, _but(members(db, desk), skip), at)
    return [person for person in now if person.id in leads] or now


def next_on_rota(
    db: Session, desk: str, at: datetime, number: int, skip: frozenset[int] = frozenset()
) -> Person | None:
    """The `number`-th person to try, from 1: those on duty, then by when their next shift begins, then the others.

    After the last comes the first again. People who are away are tried only when everybody is, those in `skip` never.
    None when the desk has nobody else.
    """
    now = _but(on_duty(db, desk, at), skip)
    begins: dict[int, datetime] = {}
    for shift in shifts_of(db, desk):
        soonest = _begins_after(shift, at)
        begins[shift.person_id] = min(soonest, begins.get(shift.person_id, soonest))
    rest = [person for person in _present(db, _but(members(db, desk), skip), at) if person not in now]
    never = at + 3 * WEEK
    order = now + sorted(rest, key=lambda person: begins.get(person.id, never))
    return order[(number - 1) % len(order)] if order else None


def shifts_of(db: Session, desk: str) -> list[Shift]:
    """The shifts of the desk's active members, in the order they were given."""
    return list(
        db.execute(
            select(Shift)
            .join(Person, col(Person.id) == col(Shift.person_id))
            .join(
                DeskMember,
                (col(DeskMember.person_id) == col(Shift.person_id)) & (col(DeskMember.desk) == col(Shift.desk)),
            )
            .where(col(Shift.desk) == desk, col(Person.active))
            .order_by(col(Shift.id))
        ).scalars()
    )


def covers(shift: Shift | Duty, at: datetime) -> bool:
    """Whether the shift is on at this moment; its end is not part of it."""
    return any(begins <= at < ends for begins, ends in stretches(shift, at, at))


def stretches(shift: Shift | Duty, since: datetime, until: datetime) -> Iterator[Stretch]:
    """The shift's stretches, in UTC, that touch what lies between two moments.

    Where the clocks go forward over its beginning, it begins when they have; an hour that comes twice is the first.
    """
    zone, starts, ends = ZoneInfo(shift.zone), time.fromisoformat(shift.starts), time.fromisoformat(shift.ends)
    # Two days to either side: a shift may last a day, and the clocks may be changed within it.
    day = in_zone(since, shift.zone).date() - 2 * ONE_DAY
    last = in_zone(until, shift.zone).date() + ONE_DAY
    while day <= last:
        if day.weekday() in shift.days:
            begins = datetime.combine(day, starts, zone).astimezone(UTC)
            end_day = day if ends > starts else day + ONE_DAY
            over = datetime.combine(end_day, ends, zone).astimezone(UTC)
            if begins < over and over > since and begins <= until:
                yield begins, over
        day += ONE_DAY


def gaps(shifts: Sequence[Shift | Duty], at: datetime) -> list[Stretch]:
    """When nobody is on duty, of what begins in the coming two weeks; in UTC, oldest first.

    One that begins within them is told to its end; one without an end within a week after is cut where they end.
    """
    found, free_from, horizon = [], at, at + AHEAD + WEEK
    for begins, over in sorted(stretch for shift in shifts for stretch in stretches(shift, at, horizon)):
        if begins > free_from:
            found.append((free_from, min(begins, horizon)))
        free_from = max(free_from, over)
    if free_from < horizon:
        found.append((free_from, max(at + AHEAD, free_from)))
    return [(since, until) for since, until in found if since < at + AHEAD]


def clock_changes(zones: Iterable[str], at: datetime) -> list[tuple[str, date, bool]]:
    """Where the clocks are changed in the coming two weeks: the zone, its day, and whether they go forward."""
    found = []
    for zone in sorted(set(zones)):
        days = [in_zone(at, zone).date() + number * ONE_DAY for number in range(AHEAD.days + 1)]
        noons = [datetime.combine(day, time(12), ZoneInfo(zone)).utcoffset() or timedelta() for day in days]
        found += [
            (zone, day, later > before)
            for day, before, later in zip(days[1:], noons, noons[1:], strict=False)
            if later != before
        ]
    return found


def require_reader(me: Me, desk: DeskName) -> None:
    """Raise NotPermitted for whoever neither sits at the desk nor administers the service."""
    if desk not in me.desks and Role.ADMINISTRATOR not in me.roles:
        raise NotPermitted("A rota is for the people at its desk.")


def may_change(me: Me, desk: DeskName) -> bool:
    """Its lead, and administrators."""
    return bool(me.desks.get(desk)) or Role.ADMINISTRATOR in me.roles


def require_changer(me: Me, desk: DeskName) -> None:
    """Raise NotPermitted for whoever does not lead the desk or administer the service."""
    require_reader(me, desk)
    if not may_change(me, desk):
        raise NotPermitted("Whoever leads the desk changes its rota.")


def set_rota(db: Session, me: Me, desk: DeskName, duties: Sequence[Duty]) -> None:
    """Put these shifts in the place of the desk's old ones. A week that they do not cover is no fault: it is shown.

    Raises NotPermitted, or Invalid naming each field that is wrong, such as `shifts.2.zone`.
    """
    require_changer(me, desk)
    sits = _seats(db, desk)
    faults = [fault for place, duty in enumerate(duties) for fault in _faults(duty, sits, f"shifts.{place}.")]
    if faults:
        raise Invalid(errors=faults)
    _one_at_a_time(db, desk)
    db.execute(delete(Shift).where(col(Shift.desk) == desk))
    for duty in duties:
        db.add(_shift(desk, duty, sits))
    db.flush()


def add_shift(db: Session, me: Me, desk: DeskName, duty: Duty) -> None:
    """Add one shift to the desk's rota. Raises NotPermitted, or Invalid naming each field that is wrong."""
    require_changer(me, desk)
    sits = _seats(db, desk)
    _one_at_a_time(db, desk)
    faults = list(_faults(duty, sits, ""))
    if not faults and len(shifts_of(db, desk)) >= MOST_SHIFTS:
        faults = [FieldError("person", f"A rota has at most {MOST_SHIFTS} shifts")]
    if faults:
        raise Invalid(errors=faults)
    db.add(_shift(desk, duty, sits))
    db.flush()


def remove_shift(db: Session, me: Me, desk: DeskName, shift_id: int) -> None:
    """Take one shift off the desk's rota; one that is gone already is no fault. Raises NotPermitted."""
    require_changer(me, desk)
    db.execute(delete(Shift).where(col(Shift.id) == shift_id, col(Shift.desk) == desk))


def _one_at_a_time(db: Session, desk: DeskName) -> None:
    # Two at once would each put theirs beside the other's.
    seats = select(col(DeskMember.person_id)).where(col(DeskMember.desk) == desk).order_by(col(DeskMember.person_id))
    db.execute(seats.with_for_update(key_share=True))


def _seats(db: Session, desk: DeskName) -> dict[str, int]:
    return {person.email: person.id for person in members(db, desk)}


def _shift(desk: DeskName, duty: Duty, sits: dict[str, int]) -> Shift:
    person, days = sits[duty.person.strip().lower()], sorted(set(duty.days))
    return Shift(desk=desk, person_id=person, days=days, starts=duty.starts, ends=duty.ends, zone=duty.zone)


def _faults(duty: Duty, sits: dict[str, int], prefix: str) -> Iterator[FieldError]:
    if duty.person.strip().lower() not in sits:
        yield FieldError(f"{prefix}person", "Nobody at this desk has that address")
    if not duty.days:
        yield FieldError(f"{prefix}days", "Choose at least one day")
    for name, told in (("starts", duty.starts), ("ends", duty.ends)):
        if not CLOCK.fullmatch(told):
            yield FieldError(f"{prefix}{name}", "Enter a time like 09:00")
    if not zone_exists(duty.zone):
        yield FieldError(f"{prefix}zone", NO_ZONE)


def _leads(db: Session, desk: str) -> set[int]:
    seats = select(col(DeskMember.person_id)).where(col(DeskMember.desk) == desk, col(DeskMember.lead))
    return set(db.execute(seats).scalars())


def _but(people: Iterable[Person], skip: frozenset[int]) -> list[Person]:
    return [person for person in people if person.id not in skip]


def _present(db: Session, people: Iterable[Person], at: datetime) -> list[Person]:
    """Those who are not away; all of them when everybody is."""
    people = list(people)
    return [person for person in people if not absent(db, person, at)] or people


def _there_for(db: Session, person: Person, desk: Sequence[Person], at: datetime) -> Person | None:
    if not absent(db, person, at):
        return person
    told = stand_in(db, person, at)
    there = told is not None and told.person in desk and not absent(db, told.person, at)
    return told.person if told is not None and there else None


def _begins_after(shift: Shift, at: datetime) -> datetime:
    return min((begins for begins, _ in stretches(shift, at, at + 2 * WEEK) if begins > at), default=at + 2 * WEEK)
