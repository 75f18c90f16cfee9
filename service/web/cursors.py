"""Cursors: where a page of a list ended, sealed, since a row's number would tell how many rows there are."""

import struct

from service.core.errors import Invalid, invalid
from service.core.sealing import seal, unseal
from service.web.visit import current

PLACE = struct.Struct(">3q")


def cursor_of(made_for: str, place: tuple[int, int, int] | None) -> str | None:
    """What an address says to go on from here; None at the end. `made_for` names the list and its order."""
    if place is None:
        return None
    return seal(current().house.settings.secret_key, f"cursor {made_for}", PLACE.pack(*place))


def place_of(made_for: str, cursor: str | None) -> tuple[int, int, int] | None:
    """The place that a cursor stands for; None without one. Raises Invalid for one not made here for this list."""
    if not cursor:
        return None
    kept = unseal(current().house.settings.secret_key, f"cursor {made_for}", cursor, PLACE.size)
    if kept is None:
        raise invalid("cursor", "Use the cursor as the last page gave it.")
    rank, due, number = PLACE.unpack(kept)
    return rank, due, number


def place_or_start(made_for: str, cursor: str | None) -> tuple[int, int, int] | None:
    """The same for a page, which begins at its start where a cursor leads nowhere, and says so."""
    try:
        return place_of(made_for, cursor)
    except Invalid:
        current().lost = True
        return None
