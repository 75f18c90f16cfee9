"""Every place that keeps somebody's own words, so that a purge reaches them: a path, its columns, its entries.

A column that holds words and is missing here cannot be purged; the tests name it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.cases.facts import COLUMNS
from service.cases.in_part import DISCLOSED, MAY_BE_DISCLOSED
from service.records.cases import Case, Conflict, Route, Step
from service.records.enums import StepState
from service.records.evidence import Evidence
from service.records.referrals import Referral
from service.records.said import Advice, Message, Note, ProtectionDecision, ReferralDecision
from service.timeline.audiences import DESK_ONLY

GONE = "destroyed"
"""Stands in a column that may not be empty."""

HR_ONLY = ("digital_unit", "hr")

Columns = tuple[tuple[Any, str], ...]


@dataclass(frozen=True)
class Place:
    """Where the words of a path lie: the `columns` of every row whose `key` is what stands for the path's star."""

    columns: Columns = ()
    key: str = ""
    copied: tuple[str, ...] = ()
    """Other paths, emptied where they repeat what was destroyed."""
    only: tuple[str, str] | None = None
    """A column and its value: elsewhere these are the playbook's words."""
    said: tuple[str, ...] = ()
    """The timeline's names below the path, where it is not the path itself; for a `kind`, the names as they are."""
    kind: str | None = None
    """The only kind of entry that says it: `reason` means another thing in each."""
    audience: tuple[str, ...] = ()
    """Who may know that there was such a thing; everybody, when empty."""


FACTS = (
    *(
        "post.url",
        "post.text",
        "post.audience",
        "guidance.from",
        "guidance.answer",
        "account.handle",
        "account.platform",
        "narrative",
    ),
    "about.description",
)

PLACES: dict[str, Place] = {
    **{path: Place(((Case, COLUMNS[path]),)) for path in FACTS},
    **{f"steps.*.{name}": Place(((Step, name),), "kind") for name in ("public_text", "link", "note", "cannot_reason")},
    "steps.*.asked_because": Place(((Step, "asked_because"),), "kind"),
    "steps.*.reason": Place(((Step, "reason"),), "kind", only=("state", StepState.WAIVED)),
    "routes.*.reason": Place(((Route, "reason"),), "desk"),
    "routes.hr.reason": Place(((Route, "reason"),), "desk", audience=HR_ONLY),
    "advice.*": Place(((Advice, "text"),), "id"),
    "messages.*": Place(((Message, "text"),), "id"),
    "notes.*": Place(((Note, "text"),), "id"),
    "evidence.*": Place(((Evidence, "filename"), (Evidence, "description")), "id", said=("filename", "description")),
    **{f"evidence.*.{name}": Place(((Evidence, name),), "id") for name in ("filename", "description", "sha256")},
    "data_protection.*.reason": Place(((ProtectionDecision, "reason"),), "question"),
    "conflict.reason": Place(((Conflict, "reason"),), audience=DESK_ONLY),
    # An allegation may be the reason once more, word for word.
    "hr.reason": Place(
        ((ReferralDecision, "reason"), (Referral, "reason")), copied=("referral.allegation",), audience=HR_ONLY
    ),
    **{
        f"referral.{name}": Place(((Referral, name),), audience=HR_ONLY)
        for name in ("allegation", "mitigation", "subject_told")
    },
    "held_because": Place(((Case, "held_because"),), audience=HR_ONLY),
    "hold_released.reason": Place(said=("reason",), kind="hold_released", audience=HR_ONLY),
    # Words that only the timeline keeps, but for the first.
    "opened.reason": Place(((Case, "opened_because"),), said=("reason",), kind="opened"),
    "reopened.reason": Place(said=("reason",), kind="reopened"),
    "purged.reason": Place(said=("reason",), kind="purged"),
    "revealed.reason": Place(said=("reason",), kind="revealed", audience=HR_ONLY),
    "withdrawal_reason": Place(),
    "closing_note": Place(),
}


SAID_AS = {(place.kind, name): path for path, place in PLACES.items() if place.kind for name in place.said}
"""The path that an entry of a kind calls by a name of its own."""


def find_place(path: str) -> tuple[Place, str] | None:
    """The place that a path names, and what stands for its star; None for what is no path of words."""
    area, _, rest = path.partition(".")
    which, _, name = rest.partition(".")
    if "*" in path:
        return None
    if path in PLACES:
        return PLACES[path], which if PLACES[path].key else ""
    place = PLACES.get(f"{area}.*.{name}" if name else f"{area}.*")
    return (place, which) if place is not None and which else None


def paths_held(view: Mapping[str, Any]) -> list[str]:
    """What could be purged of a case: every path under which this view, with its timeline, still holds words.

    What its reader may not see, such as a note for HR alone, is not in the view, and so not named.
    """
    destroyed = {file["id"]: file["destroyed_at"] is not None for file in view["evidence"]}
    found = [f"evidence.{which}" for which, gone in destroyed.items() if not gone]
    for entry in view["timeline"]:
        for change in entry["changes"]:
            words = not change["erased"] and (change["before"] or change["after"])
            path = _path_said(entry["kind"], change["field"])
            # The hash of a file goes only after it; and why nobody could be told is in our own words.
            kept = path.endswith(".sha256") and not destroyed[path.split(".")[1]]
            if words and find_place(path) and not kept and entry["kind"] != "not_informed":
                found.append(path)
    return list(dict.fromkeys(found))


def _path_said(kind: str, field: str) -> str:
    """The path of what an entry of this kind calls so: what was told to the subject is the fact once more."""
    field = field.removeprefix(DISCLOSED)
    return SAID_AS.get((kind, field), field)


def names_said(path: str, place: Place) -> set[str]:
    """Under which names the timeline keeps the words of a path."""
    if place.kind is not None:
        return set(place.said)
    told = {f"{DISCLOSED}{path}"} if path in MAY_BE_DISCLOSED else set()
    return ({f"{path}.{name}" for name in place.said} or {path}) | told
