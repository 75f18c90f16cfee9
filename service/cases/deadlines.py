"""When something is due: elapsed minutes, or working days in the recipient's own hours."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from importlib import resources
from typing import Protocol

from service.core.clock import in_zone

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_MINUTES = 366 * 24 * 60
LONGEST_WORKING_DAYS = 260
FARTHEST_DAYS = 8 * 366
"""How far ahead working time is looked for. Without an end, a calendar of holidays alone would never be done."""


@dataclass(frozen=True)
class Within:
    """A stretch of time: elapsed minutes, or working days (`wd`) of one working day's length each; never both."""

    minutes: int | None = None
    working_days: int | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.working_days is None):
            raise ValueError("a time is either minutes or working days")
        if self.minutes is not None and not 1 <= self.minutes <= LONGEST_MINUTES:
            raise ValueError(f"{self.minutes} minutes is not between 1 and {LONGEST_MINUTES}")
        if self.working_days is not None and not 1 <= self.working_days <= LONGEST_WORKING_DAYS:
            raise ValueError(f"{self.working_days} wd is not between 1 and {LONGEST_WORKING_DAYS}")

    @classmethod
    def parse(cls, said: object) -> "Within":
        """Read `90`, `"90"`, `"1wd"` or `"1 wd"`. Raises ValueError, in words for the person who wrote it."""
        if isinstance(said, cls):
            return said
        if isinstance(said, int) and not isinstance(said, bool):
            return cls(minutes=said)
        found = re.fullmatch(r"\s*(-?[0-9]{1,9})\s*(wd)?\s*", said) if isinstance(said, str) else None
        if found is None:
            raise ValueError(f'{said!r} is not a time: write minutes, such as 90, or working days, such as "1wd"')
        number = int(found[1])
        return cls(working_days=number) if found[2] else cls(minutes=number)

    def shown(self) -> int | str:
        """As the public interface prints it: a number of minutes, or `"1wd"`."""
        return self.minutes if self.minutes is not None else f"{self.working_days}wd"

    def __str__(self) -> str:
        return str(self.shown())


@dataclass(frozen=True)
class WorkingWeek:
    """The days of the week somebody works, Monday as 0; Sunday-to-Thursday posts exist."""

    days: frozenset[int]

    def __post_init__(self) -> None:
        if not self.days or not self.days <= frozenset(range(7)):
            raise ValueError("a working week is at least one day, counted from Monday as 0 to Sunday as 6")

    @classmethod
    def parse(cls, said: str) -> "WorkingWeek":
        """Read `mon-fri`, `sun-thu` or `mon,tue,wed`. Raises ValueError."""
        words = said.replace(" ", "").casefold()
        first, dash, last = words.partition("-")
        names = [first, last] if dash else words.split(",")
        if not set(names) <= set(WEEKDAYS):
            raise ValueError(f'{said!r} is not a working week: write "mon-fri", "sun-thu" or "mon,tue,wed"')
        if not dash:
            return cls(frozenset(WEEKDAYS.index(name) for name in names))
        start, length = WEEKDAYS.index(first), (WEEKDAYS.index(last) - WEEKDAYS.index(first)) % 7 + 1
        return cls(frozenset((start + step) % 7 for step in range(length)))


MONDAY_TO_FRIDAY = WorkingWeek(frozenset(range(5)))
SUNDAY_TO_THURSDAY = WorkingWeek(frozenset({6, 0, 1, 2, 3}))


@dataclass(frozen=True)
class WorkingHours:
    """Between which local times work is counted, and on which dates it never is."""

    opens: time
    closes: time
    holidays: frozenset[date]

    def length(self) -> timedelta:
        """How long one working day is: what `1 wd` stands for."""
        return timedelta(hours=self.closes.hour - self.opens.hour, minutes=self.closes.minute - self.opens.minute)


class KeepsTime(Protocol):
    """What a deadline needs to know of a playbook."""

    @property
    def working_hours(self) -> WorkingHours: ...
    @property
    def reminder_fraction(self) -> float: ...


@cache
def bank_holidays(division: str) -> frozenset[date]:
    """The bank holidays of a division of the United Kingdom as GOV.UK publishes them, from the data that is bundled.

    The file is read directly: the library's own door imports an HTTP client that nothing here needs. It knows the
    years up to 2028; later ones come with a newer release, or as extra dates in the playbook.
    """
    bundled = resources.files("govuk_bank_holidays").joinpath("bank-holidays.json").read_text(encoding="utf-8")
    return frozenset(date.fromisoformat(event["date"]) for event in json.loads(bundled)[division]["events"])


@dataclass(frozen=True)
class Due:
    """When something is due, and when whoever owes it is reminded, both in UTC."""

    remind_at: datetime
    at: datetime


def due(start: datetime, within: Within, zone: str, week: WorkingWeek, playbook: KeepsTime) -> Due:
    """`reminder_at` and `deadline` together."""
    told = (start, within, zone, week, playbook)
    return Due(reminder_at(*told), deadline(*told))


def deadline(start: datetime, within: Within, zone: str, week: WorkingWeek, playbook: KeepsTime) -> datetime:
    """The moment, in UTC, by which something that started at `start` is due.

    Minutes are elapsed minutes, whatever the clocks do. A working day is counted only in the playbook's working hours
    (09:00 to 17:00) as clocks in `zone` show them, on the days of `week`, leaving out the bank holidays of England:
    1 wd from Friday 16:00 ends Monday 16:00. `zone` is an IANA name or an offset such as `+04:00`. `start` has to be
    aware: a naive one raises ValueError, and so does a calendar without working time. Source: our default.
    """
    return _after(start, within, 1.0, zone, week, playbook)


def reminder_at(start: datetime, within: Within, zone: str, week: WorkingWeek, playbook: KeepsTime) -> datetime:
    """The moment, in UTC, of the one reminder: when the playbook's fraction (75 %) of the time has gone.

    For working days it is that part of the working time, so that a reminder never comes at night. Takes and raises
    what `deadline` does. Source: our default.
    """
    return _after(start, within, playbook.reminder_fraction, zone, week, playbook)


def _after(start: datetime, within: Within, part: float, zone: str, week: WorkingWeek, playbook: KeepsTime) -> datetime:
    if start.tzinfo is None:
        raise ValueError("a deadline needs a start with a zone")
    if within.minutes is not None:
        return start.astimezone(UTC) + timedelta(minutes=within.minutes) * part
    hours = playbook.working_hours
    left = hours.length() * (within.working_days or 0) * part
    local = in_zone(start, zone)
    begun = start.astimezone(UTC)
    for ahead in range(FARTHEST_DAYS):
        window = _window(local.date() + timedelta(days=ahead), local.tzinfo, week, hours)
        if window is None or window[1] <= begun:
            continue
        opens = max(window[0], begun)
        if left <= window[1] - opens:
            return opens + left
        left -= window[1] - opens
    raise ValueError(f"no {within} of working time within {FARTHEST_DAYS} days of {begun:%Y-%m-%d}")


def _window(day: date, zone: tzinfo | None, week: WorkingWeek, hours: WorkingHours) -> tuple[datetime, datetime] | None:
    """When work begins and ends on a local day, in UTC, or nothing when it is not a working day there."""
    if day.weekday() not in week.days or day in hours.holidays:
        return None
    opens, closes = (datetime.combine(day, at, zone).astimezone(UTC) for at in (hours.opens, hours.closes))
    # A zone that crosses the date line drops a whole day; counting it would count the next one twice.
    return (opens, closes) if opens.astimezone(zone).date() == day else None
