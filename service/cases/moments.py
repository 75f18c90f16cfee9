"""Moments as people tell them: what cannot be right is refused, and the zone they were told in is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.core.clock import in_zone, offset_of
from service.core.errors import FieldError, Invalid, invalid

EARLIEST_YEAR = 2000


def check_moments(given: Mapping[str, Any], at: datetime, *, posted_at: datetime | None) -> None:
    """Raise Invalid for a moment in the future, long before social media, or found before it was posted."""
    faults = []
    for path in ("post.posted_at", "post.discovered_at"):
        moment = given.get(path)
        if moment is None:
            continue
        if moment > at:
            faults.append(FieldError(path, "This time has not come yet. Check the date, the time and the zone."))
        elif moment.year < EARLIEST_YEAR:
            faults.append(FieldError(path, f"This time is before {EARLIEST_YEAR}. Check the year."))
        elif path == "post.discovered_at" and posted_at is not None and moment < posted_at:
            faults.append(FieldError(path, "This time is before the post was made. Check both times."))
    if faults:
        raise Invalid("One of the times cannot be right.", faults)


def check_taken_at(field: str, taken_at: datetime | None, posted_at: datetime | None, at: datetime) -> None:
    """Raise Invalid when something is said to have been done in the future, or before the post it puts right."""
    if taken_at is None:
        return
    if taken_at > at:
        raise invalid(field, "This time has not come yet. Check the date, the time and the zone.")
    if taken_at.year < EARLIEST_YEAR or (posted_at is not None and taken_at < posted_at):
        raise invalid(field, "This time is before the post was made. Check both times.")


def zone_told_in(moment: datetime, zone: str) -> str:
    """The person's own zone when their clocks agree with the moment's offset, else that offset."""
    return zone if in_zone(moment, zone).utcoffset() == moment.utcoffset() else offset_of(moment)
