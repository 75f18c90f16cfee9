"""The only place that asks what time it is. Everything below `web` and `worker` is handed a moment."""

import calendar
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

LONDON = "Europe/London"

Clock = Callable[[], datetime]


def now() -> datetime:
    """This moment, aware, in UTC, to the microsecond."""
    return datetime.now(UTC)


def in_zone(moment: datetime, zone: str) -> datetime:
    """The same moment as clocks in `zone` show it; `zone` is an IANA name or an offset such as `+09:00`."""
    if zone[:1] in "+-":
        return moment.astimezone(datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo)
    return moment.astimezone(ZoneInfo(zone))


def in_utc(told: Any) -> Any:
    """A moment as it is kept and shown again, whatever offset it was told in; anything else as it is."""
    return told.astimezone(UTC) if isinstance(told, datetime) else told


NO_PLACE = frozenset({"localtime", "Factory"})
"""What a machine may have besides: neither says where."""


def zone_exists(zone: str) -> bool:
    """Whether the name is in the IANA database."""
    return zone in available_timezones() - NO_PLACE


def offset_of(moment: datetime) -> str:
    """The offset a moment was told in, such as `+09:00`."""
    return moment.strftime("%z")[:3] + ":" + moment.strftime("%z")[3:5]


def months_later(at: datetime, months: int) -> datetime:
    """The same day and time so many months later; the last day of a month that is too short."""
    years, month = divmod(at.month - 1 + months, 12)
    year = at.year + years
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))
