"""What stands in an address: a list's filters and numbers, each refused by name when it does not parse."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from service.cases.lists import ORDERS
from service.cases.narrowing import Filters
from service.cases.searching import bound
from service.core.errors import FieldError, Invalid, invalid
from service.records.enums import AccountType, DeskName, Kind, Severity, Stage
from service.web.fields import EARLIEST_YEAR, LATEST_YEAR

NAMES = "q stage severity kind platform account_type assigned overdue from to desk order".split()
"""Every filter of an address, in the order in which a page names them."""
CHOICES: dict[str, type[StrEnum]] = {
    "stage": Stage,
    "kind": Kind,
    "severity": Severity,
    "desk": DeskName,
    "account_type": AccountType,
}
ON_A_PAGE = {
    "stage": "Choose a stage from the list.",
    "kind": "Choose a kind from the list.",
    "severity": "Choose a severity from the list.",
    "desk": "Choose a desk from the list.",
    "account_type": "Choose an account from the list.",
    "order": "Choose an order from the list.",
}
A_MOMENT = ", or a time with its zone, like 2026-11-20T23:04:00+09:00"
WHOSE = {"mine": "me", "unassigned": "none"}
LONGEST_NAME = 60
LONGEST = {"assigned": 300, "q": 300, "platform": 60}
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+ -]\d\d:\d\d)")


def read_filters(said: Mapping[str, str | None], zone: str, beside: tuple[str, ...] = ()) -> Filters:
    """A list's filters from its address. Raises Invalid naming each one that is unknown or does not parse.

    A day means all of it in `zone` (IANA, the reader's); `to` is the last day. A moment needs its offset. `beside` are
    the names in the address that are no filters.
    """
    chosen: dict[str, Any] = {}
    faults = [FieldError(name, f"Choose one of: {', '.join(NAMES)}.") for name in unknown_in(said, *beside)]
    for name in NAMES:
        word = (said.get(name) or "").strip()
        if not word:
            continue
        try:
            chosen |= _read(name, word, zone)
        except Invalid as wrong:
            faults += wrong.errors
    if chosen.get("since") and chosen.get("until") and chosen["since"] >= chosen["until"]:
        faults.append(FieldError("to", "The last day is before the first one."))
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), faults)
    return Filters(**chosen)


def on_a_page(errors: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with an address, for whoever has a page before them: its lists have words, and a day is enough."""
    return {
        name: ON_A_PAGE[name] if name in ON_A_PAGE and said.startswith("Choose one of") else said.replace(A_MOMENT, "")
        for name, said in errors.items()
    }


def unknown_in(said: Mapping[str, str | None], *beside: str) -> list[str]:
    """The names in an address that are no filters, cut short: a name may be as long as the address."""
    return [name[:LONGEST_NAME] for name in said if name not in (*NAMES, *beside)]


def _read(name: str, word: str, zone: str) -> dict[str, Any]:
    if name in CHOICES:
        if word not in set(CHOICES[name]):
            raise invalid(name, f"Choose one of: {', '.join(CHOICES[name])}.")
        return {name: CHOICES[name](word)}
    if name == "order":
        if word not in ORDERS:
            raise invalid(name, f"Choose one of: {', '.join(ORDERS)}.")
        return {name: word}
    if name == "overdue":
        if word not in ("1", "0", "true", "false"):
            raise invalid(name, "Only what is late: tick this, or leave it empty. In an address, write true or false.")
        return {name: word in ("1", "true")}
    if name in ("from", "to"):
        return {"since" if name == "from" else "until": moment_in(name, word, zone)}
    if len(word) > LONGEST[name] or "\x00" in word:
        raise invalid(name, "This is too long, or holds a character that cannot be looked for.")
    if name == "q":
        bound(word, embedded=True)
    return {name: WHOSE.get(word, word) if name == "assigned" else word}


def moment_in(name: str, word: str, zone: str) -> datetime:
    """A moment from an address, or the begin of a day in `zone`; of the day after for `to`. Raises Invalid."""
    wrong = invalid(name, f"Enter a day, like 2026-11-20{A_MOMENT}.")
    try:
        if DAY.fullmatch(word):
            day = date.fromisoformat(word)
            told = datetime.combine(day + timedelta(days=name == "to"), time.min, ZoneInfo(zone))
        elif MOMENT.fullmatch(word):
            # In an address a plus that nobody escaped arrives as a blank.
            told = datetime.fromisoformat(f"{word[:11].upper()}{word[11:].upper().replace(' ', '+')}")
        else:
            raise wrong
    except (ValueError, OverflowError):
        raise wrong from None
    if not EARLIEST_YEAR <= told.year <= LATEST_YEAR:
        raise invalid(name, f"Enter a day between the years {EARLIEST_YEAR} and {LATEST_YEAR}.")
    return told


def whole_number(name: str, said: str | None, otherwise: int) -> int:
    """A number from an address. Raises Invalid for anything else."""
    if said in (None, ""):
        return otherwise
    if not re.fullmatch(r"[0-9]{1,6}", str(said)):
        raise invalid(name, "Use a whole number.")
    return int(str(said))
