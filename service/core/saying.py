"""Moments, stretches of time and sizes in plain words.

Every moment handed in is aware; what people read is in the zone that is named beside it.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache

from service.core.clock import LONDON, in_zone

MINUTE = timedelta(minutes=1)


def clock(at: datetime, zone: str = LONDON) -> str:
    """What the clock on the wall in `zone` shows: `23:04`."""
    there = in_zone(at, zone)
    return f"{there.hour:02}:{there.minute:02}"


def day(at: datetime, zone: str = LONDON) -> str:
    """The calendar day in `zone`: `Friday 20 November 2026`."""
    there = in_zone(at, zone)
    return f"{there:%A} {there.day} {there:%B %Y}"


def weekday(at: date, zone: str = LONDON) -> str:
    """A moment of the coming weeks: `17:00 on Friday 20 November`; a day without its hour is named as it is."""
    there = in_zone(at, zone) if isinstance(at, datetime) else at
    hour = f"{clock(at, zone)} on " if isinstance(at, datetime) else ""
    return f"{hour}{there:%A} {there.day} {there:%B}"


def place(zone: str | None) -> str:
    """The town a zone is named after: `Asia/Tokyo` is Tokyo. An offset or UTC stays as it is."""
    if not zone:
        return "London"
    return f"UTC{zone}" if zone[0] in "+-" else zone.rsplit("/", 1)[-1].replace("_", " ")


def moment(at: datetime, zone: str = LONDON, also: str | None = None, now: datetime | None = None) -> str:
    """A moment in the reader's zone and one more: `23:04 on 20 November in Tokyo (14:04 in London)`.

    `also` defaults to London. The second half is left out where both clocks agree, and says its day where that differs.
    The year is told when it is not the year of `now`.
    """
    return _moment(at, zone, also or LONDON, now.year if now else None)


def dated(at: datetime, zone: str = LONDON) -> str:
    """A moment with its year, for what is read years later: `23:04 on 20 November 2026 in Tokyo (14:04 in London)`."""
    return _moment(at, zone, LONDON, 0)


@lru_cache(maxsize=4096)
def _moment(at: datetime, zone: str, also: str, year: int | None) -> str:
    here, there = in_zone(at, zone), in_zone(at, also)
    told_year = f" {here.year}" if year not in (None, here.year) else ""
    said = f"{clock(at, zone)} on {here.day} {here:%B}{told_year} in {place(zone)}"
    if here.utcoffset() == there.utcoffset():
        return said
    other_day = f" on {there.day} {there:%B}" if there.date() != here.date() else ""
    return f"{said} ({clock(at, also)}{other_day} in {place(also)})"


def by(at: datetime, zone: str, now: datetime) -> str:
    """When a deadline ends, as short as can be: the clock alone within a day, otherwise with its date."""
    there = in_zone(at, zone)
    near = abs(at - now) < timedelta(hours=18)
    return clock(at, zone) if near else f"{clock(at, zone)} on {there:%A} {there.day} {there:%B}"


def local(at: datetime | None, zone: str = LONDON) -> str:
    """A moment as a `datetime-local` input wants it, in `zone`."""
    return in_zone(at, zone).strftime("%Y-%m-%dT%H:%M") if at else ""


def minutes_words(stretch: int | float | timedelta) -> str:
    """Minutes, or a timedelta, as people say it: `42 minutes`, `2 hours 10 minutes`, `3 days`."""
    return _minutes_words(stretch // MINUTE if isinstance(stretch, timedelta) else int(stretch))


@lru_cache(maxsize=8192)
def _minutes_words(minutes: int) -> str:
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return _count(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return _count(hours, "hour") + (f" {_count(rest, 'minute')}" if rest and hours < 6 else "")
    days, rest = divmod(hours, 24)
    return _count(days, "day") + (f" {_count(rest, 'hour')}" if rest and days < 3 else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def left(due: datetime, now: datetime) -> str:
    """How a deadline stands: `12 minutes left` or `late by 5 minutes`."""
    return f"{minutes_words(due - now)} left" if due > now else f"late by {minutes_words(now - due)}"


def size(count: int) -> str:
    """Bytes as people say it: `1.4 MB`. A thousand bytes are one kB."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count / step:.1f} {unit}".replace(".0 ", " ")
    return _count(count, "byte")
