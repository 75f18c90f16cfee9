"""One plain line for a case, and one plain sentence for each thing that happened to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.records.enums import Code, Kind
from service.records.field_words import ENTRIES, INSTEAD
from service.records.words import ACCOUNT_TYPES_SHORT, CODES, DUES, KINDS, SEVERITIES, STEPS, THE_DESKS, UNTITLED

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


def sentence(entry: Mapping[str, Any]) -> str:
    """An entry in words: what happened, without who and when, which stand beside it."""
    fields = [change["field"] for change in entry["changes"]]
    desks = [THE_DESKS[field.split(".")[1]] for field in fields if field.startswith("routes.")]
    steps = [STEPS[field.split(".")[1]] for field in fields if field.startswith("steps.")]
    severity = next((change for change in entry["changes"] if change["field"] == "severity"), None)
    worse = f": severity is now {SEVERITIES[severity['after']].lower()}" if severity and severity["before"] else ""
    due = next((change["after"] for change in entry["changes"] if change["field"] == "alarm.what"), "")
    others = [change["after"] for change in entry["changes"] if change["field"].endswith(".instead")]
    ended = any(field.startswith("routes.") and field.endswith(".ended_at") for field in fields)
    said = "No longer with {desk}." if ended else ENTRIES[entry["kind"]]
    told = said.format(
        desk=desks[0] if desks else "the desk",
        step=steps[0] if steps else "A step",
        severity=worse,
        due=DUES.get(due or "", "something is due"),
    )
    return " ".join([told, *(INSTEAD[instead] for instead in others if instead)])
