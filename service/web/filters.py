"""What stands in an address: a list's filters and numbers, each refused by name when it does not parse."""

import re
from enum import StrEnum
from typing import Any

from service.cases.lists import ORDERS, Filters
from service.core.errors import invalid
from service.records.enums import AccountType, DeskName, Kind, Severity, Stage


def read_filters(**said: str | None) -> Filters:
    """A list's filters from its address. Raises Invalid naming the one that does not parse."""
    chosen: dict[str, Any] = {}
    for name, kind in FILTERS.items():
        if (word := said.get(name)) in (None, ""):
            continue
        if word not in set(kind):
            raise invalid(name, f"Choose one of: {', '.join(kind)}.")
        chosen[name] = kind(word)
    if (overdue := said.get("overdue")) not in (None, ""):
        if overdue not in ("1", "0", "true", "false"):
            raise invalid("overdue", "Choose true or false.")
        chosen["overdue"] = overdue in ("1", "true")
    for name in ("assigned", "q", "platform"):
        if word := said.get(name):
            if len(word) > 300 or "\x00" in word:
                raise invalid(name, "This is too long, or holds a character that cannot be looked for.")
            chosen[name] = word
    if order := said.get("order"):
        if order not in ORDERS:
            raise invalid("order", f"Choose one of: {', '.join(ORDERS)}.")
        chosen["order"] = order
    return Filters(**chosen)


FILTERS: dict[str, type[StrEnum]] = {
    "stage": Stage,
    "kind": Kind,
    "severity": Severity,
    "desk": DeskName,
    "account_type": AccountType,
}


def whole_number(name: str, said: str | None, otherwise: int) -> int:
    """A number from an address. Raises Invalid for anything else."""
    if said in (None, ""):
        return otherwise
    if not re.fullmatch(r"[0-9]{1,6}", str(said)):
        raise invalid(name, "Use a whole number.")
    return int(str(said))
