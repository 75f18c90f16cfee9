"""How an entry that Amends wrote by itself says who was told: by name where the reader may see it, else by part."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.people.identity import Me
from service.records.enums import StepKind
from service.records.notice_words import PARTS_TOLD
from service.records.words import THE_DESKS

BY_NAME = frozenset({"digital_unit", "hr", "desk", "data_protection"})
"""Eyes that see everybody named who was told; others only those whom the rest of what they read names."""
NAMES = (".person", "assigned_to")

People = Mapping[int | None, Mapping[str, str]]


def addresses_told(rows: Iterable[Any]) -> set[str]:
    """The e-mail addresses of all whom clocks have told in these entries; names of desks among them do no harm."""
    found: set[str] = set()
    for row in rows:
        found.update((row.fields or {}).get("alarm.told", {}).get("after") or ())
    return found


def names_for(rows: Iterable[Any], people: People, through: frozenset[str], me: Me | None) -> dict[str, str]:
    """By address, how these eyes may see people called in the entries `rows`, all of which they read."""
    names = {person["email"]: person["name"] for person in people.values()}
    if not through & BY_NAME:
        read = {people[row.actor_id]["email"] for row in rows if row.actor_id in people}
        for row in rows:
            read |= {
                kept["after"]
                for field, kept in (row.fields or {}).items()
                if field.endswith(NAMES) and isinstance(kept["after"], str)
            }
        names = {email: name for email, name in names.items() if email in read}
    return names | ({me.email: "you"} if me is not None else {})


def who_was_told(kind: str, after: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Whom an entry of this kind, which set these fields, told: names, desks, or what part they had."""
    told: Sequence[str] = after.get("alarm.told") or [
        value for field, value in after.items() if field.startswith("routes.") and field.endswith(".person")
    ]
    if not told:
        routes = [field.split(".")[1] for field in after if field.startswith("routes.")]
        return THE_DESKS[routes[0]] if routes else "nobody"
    said = [THE_DESKS.get(each) or names.get(each) or "" for each in told]
    unnamed = said.count("")
    if unnamed:
        said = [*(each for each in said if each), _part(kind, after, unnamed)]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _part(kind: str, after: Mapping[str, Any], how_many: int) -> str:
    what = after.get("alarm.what") or ""
    owed, _, desk = what.partition(".")
    if owed in set(StepKind):
        owed = "step"
    desk = after.get("alarm.desk") or desk
    several = "several" if how_many > 1 else "one"
    parts = PARTS_TOLD.get(f"{kind}.{what}") or PARTS_TOLD.get(f"{kind}.{owed}") or PARTS_TOLD[kind]
    return parts[several].format(desk=THE_DESKS.get(desk, "the desk that has the case"))
