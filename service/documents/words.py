"""How a document tells the time, in full and twice, and which way a line of people's words runs.

Paper is read years later and far away: a moment on it has its year, the poster's zone and London's clock. The words
for enum values are the pages' own (`service/records/words.py`).
"""

from datetime import UTC, datetime
from unicodedata import bidirectional

from service.core.clock import LONDON, in_zone
from service.core.templating import place


def hours(value: datetime, zone: str = LONDON) -> str:
    """The time of day alone, for a list that stands under its day: `23:04 in Tokyo (14:04 in London)`."""
    there, london = in_zone(value, zone), in_zone(value, LONDON)
    if zone == LONDON:
        return f"{there:%H:%M}"
    other_day = f" on {london.day} {london:%B}" if london.date() != there.date() else ""
    return f"{there:%H:%M} in {place(zone)} ({london:%H:%M}{other_day} in London)"


def day(value: datetime) -> str:
    """`20 November 2026`, in the zone the moment is told in."""
    return f"{value.day} {value:%B} {value.year}"


def direction(text: str) -> str:
    """`rtl` or `ltr` by the first letter that has a direction (Unicode's rule P2, which is what dir="auto" means)."""
    for letter in text:
        kind = bidirectional(letter)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def stamp(value: datetime) -> str:
    """A moment for a document's metadata, to the second, in UTC: `2026-11-20T14:04:00+00:00`."""
    return value.astimezone(UTC).isoformat(timespec="seconds")
