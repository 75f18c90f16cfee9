"""One plain line for a case, and one plain sentence for each thing that happened to it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any

from service.cases.naming import who_was_told
from service.core.saying import day
from service.records.code_words import CODES
from service.records.entry_words import ENTRIES, ENTRIES_OF
from service.records.enums import Code, Kind
from service.records.notice_words import AMENDS, ENTRIES_NOBODY, RUNS
from service.records.why_words import INSTEAD
from service.records.words import ACCOUNT_TYPES_SHORT, DUES, KINDS, SEVERITIES, STEPS, THE_DESKS, UNTITLED

# What a list shows first: where a post went wrong is said sooner than what it says.
TITLE_ORDER = (Code.WRONG_ACCOUNT, Code.RELEASED_EARLY, Code.ACCOUNT_COMPROMISED)


def title_of(case: Any) -> str:
    """One line made from the facts, such as "Wrong account · official X". Never the reporter's own words."""
    return title(case.kind, case.codes, case.account_type, case.platform)


def title(kind: str, codes: Sequence[str], account_type: str | None, platform: str | None) -> str:
    """The same from the facts it is made of."""
    first = next((code for code in TITLE_ORDER if code in codes), None) or next(iter(codes), None)
    what = CODES[first] if first else UNTITLED[kind]
    if kind != Kind.MISTAKE and first:
        what = f"{KINDS[kind]}: {what[0].lower()}{what[1:]}"
    where = " ".join(word for word in (ACCOUNT_TYPES_SHORT[account_type] if account_type else "", platform) if word)
    return f"{what} · {where}" if where else what


def sentence(
    entry: Mapping[str, Any], kind: str = Kind.MISTAKE, names: Mapping[str, str] = MappingProxyType({})
) -> str:
    """An entry in words: what happened in a case of this kind, without who and when, which stand beside it.

    `names` says how the reader may see those called whom Amends told, by their address.
    """
    fields = [change["field"] for change in entry["changes"]]
    desks = [THE_DESKS[field.split(".")[1]] for field in fields if field.startswith("routes.")]
    steps = [STEPS[field.split(".")[1]] for field in fields if field.startswith("steps.")]
    severity = next((change for change in entry["changes"] if change["field"] == "severity"), None)
    worse = f": severity is now {SEVERITIES[severity['after']].lower()}" if severity and severity["before"] else ""
    due = next((change["after"] for change in entry["changes"] if change["field"] == "alarm.what"), "")
    others = [change["after"] for change in entry["changes"] if change["field"].endswith(".instead")]
    ended = any(field.startswith("routes.") and field.endswith(".ended_at") for field in fields)
    said = "No longer with {desk}." if ended else _said(entry["kind"], kind)
    after = {change["field"]: change["after"] for change in entry["changes"]}
    if (empty := after.get("alarm.nobody")) is not None:
        said, desks = ENTRIES_NOBODY[entry["kind"]], [THE_DESKS[empty]]
    told = said.format(
        desk=desks[0] if desks else "the desk",
        told=who_was_told(entry["kind"], after, names) if entry["kind"] in RINGS else "",
        step=steps[0] if steps else "A step",
        severity=worse,
        due=DUES.get(due or "", "something is due"),
    )
    return " ".join([told, *(INSTEAD[instead] for instead in others if instead)])


def _said(what: str, kind: str) -> str:
    return ENTRIES_OF.get(kind, ENTRIES).get(what) or ENTRIES[what]


RINGS = frozenset({"reminded", "escalated", "repeated"})
AUTOMATIC = RINGS | {"informed"}
FEWEST_FOLDED = 3


def by_day(timeline: list[dict[str, Any]], zone: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """The timeline, newest first, by the days of a zone; what Amends did by itself several times in a row is folded."""
    days = groupby(reversed(timeline), key=lambda entry: day(entry["at"], zone))
    return [(name, folded(entries)) for name, entries in days]


def folded(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """These entries, where three or more stand together that Amends wrote by itself, as one of kind `run`.

    It has the others in `run`, in their order, its moment is that of the first, and `words` says how many there are.
    """
    found: list[dict[str, Any]] = []
    for by_itself, some in groupby(entries, key=_by_itself):
        run = list(some)
        if by_itself and len(run) >= FEWEST_FOLDED:
            what = RUNS[any(entry["kind"] in RINGS for entry in run)]
            run = [{"kind": "run", "at": run[0]["at"], "words": what.format(count=len(run)), "run": run}]
        found += run
    return found


def _by_itself(entry: Mapping[str, Any]) -> bool:
    return entry["kind"] in AUTOMATIC and entry.get("actor") == AMENDS
