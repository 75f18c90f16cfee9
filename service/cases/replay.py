"""What a case's entries add up to; `replay_rows.py` holds it against the rows.

Every path that an entry can carry is a line of a table below, with the column it speaks of; a path that is in no
table is history only. An entry also witnesses who and when: the tables say which columns keep that. Values stand as the
timeline spells them (`chain.plain`). An erased field is unknown, until a later entry sets it again.
"""

from collections.abc import Iterable
from typing import Any

from service.cases.facts import COLUMNS
from service.records.enums import StepKind, StepState
from service.timeline.chain import plain

ERASED = object()
"""Stands for a value that was lawfully destroyed."""
ACTOR, AT = "actor_id", "at"
"""What an entry witnesses."""

# JSON path -> column of the case.
CASE: dict[str, str] = COLUMNS | {
    "kind": "kind",
    "stage": "stage",
    "severity": "severity",
    "playbook": "playbook_version",
    "posted_by_me": "posted_by_me",
    "not_manager": "not_manager",
    "guarded": "guarded",
    "opened_at": "opened_at",
    "opened_because": "opened_because",
    "withdrawal_asked_at": "withdrawal_asked_at",
    "resolution": "resolution",
    "reported_at": "reported_at",
    "reporter_id": "reporter_id",
    "triaged_at": "triaged_at",
    "closed_at": "closed_at",
}
# What a column holds before any entry speaks of it, where that is not nothing.
AT_FIRST: dict[str, Any] = {"codes": [], "posted_by_me": True, "not_manager": False, "guarded": False}

# steps.KIND.NAME, evidence.ID.NAME -> column of the step, or of the file.
STEP = (
    *("state", "taken_at", "verified_at", "released_at", "public_text", "link", "note", "cannot_at", "cannot_reason"),
    *("reason", "recorded_at", "taken_by_id", "verified_by_id"),
)
EVIDENCE = (
    *("filename", "media_type", "size", "sha256", "description", "captured_at", "captured_zone"),
    *("destroyed_at", "added_by_id", "added_at"),
)
# What a file loses when it is destroyed; what it was, and its hash, stay.
LOST = ("filename", "description")
# routes.DESK.NAME -> column of the desk's routes; a case can be sent to one desk twice, so all of them are collected.
ROUTE = ("sent_at", "because", "reason", "acknowledged_at", "acknowledged_by_id", "ended_at", "person")
COLLECTED = frozenset({"conflict.person", "conflict.reason"})
# AREA.ID -> the `text` of a row.
SPOKEN = ("advice", "messages", "notes")

# Where a path means something else in one kind of entry; None: it is history only.
RENAMED: dict[tuple[str, str], str | None] = {
    ("opened", "reason"): "opened_because",
    ("not_informed", "routes.line_manager.reason"): None,
    ("referral_decided", "hr.reason"): "hr.decision.reason",
    ("referral_proposed", "hr.reason"): "hr.proposed.reason",
}
# What an entry of a kind witnesses of the case; and what it sets back.
WITNESSED_OF_CASE: dict[str, dict[str, str]] = {
    "reported": {"reported_at": AT, "reporter_id": ACTOR},
    "triaged": {"triaged_at": AT},
    "closed": {"closed_at": AT},
}
SET_BACK: dict[str, tuple[str, ...]] = {"reopened": ("closed_at", "duplicate_of")}
# What an entry that sets a path witnesses beside it.
WITNESSED: dict[str, dict[str, str]] = {
    "steps.*.taken_at": {"taken_by_id": ACTOR, "recorded_at": AT},
    "steps.*.verified_at": {"verified_by_id": ACTOR},
    "routes.*.acknowledged_at": {"acknowledged_by_id": ACTOR},
    "evidence.*.sha256": {"added_by_id": ACTOR, "added_at": AT},
    "advice.*": {"by_id": ACTOR, "at": AT},
    "messages.*": {"by_id": ACTOR, "at": AT},
    "notes.*": {"by_id": ACTOR, "at": AT},
    "hr.decision": {"by_id": ACTOR, "at": AT},
    "hr.proposed": {"by_id": ACTOR, "at": AT},
    "data_protection.*.tell": {"by_id": ACTOR, "at": AT},
}
# The step that is taken when Amends itself first sends a case to a desk; after `sent`, only one that was due.
INFORMS = {"line_manager": StepKind.INFORM_MANAGER, "digital_unit": StepKind.INFORM_DIGITAL_UNIT}
INFORMED_BY = frozenset({"informed", "manager_named"})


def replay(entries: Iterable[Any]) -> dict[str, Any]:
    """The state after these entries (rows of `entries.of_case`, oldest first), as `{path: value}`."""
    state: dict[str, Any] = {}
    for entry in entries:
        fields = entry.fields or {}
        for said in entry.commitments:
            path = RENAMED.get((entry.kind, said), said)
            if path is not None:
                _set(state, path, fields[said]["after"] if said in fields else ERASED)
                for name, what in WITNESSED.get(_pattern(path), {}).items():
                    _set(state, _beside(path, name), plain(getattr(entry, what)))
        for name, what in WITNESSED_OF_CASE.get(entry.kind, {}).items():
            state[name] = plain(getattr(entry, what))
        state |= dict.fromkeys(SET_BACK.get(entry.kind, ()))
        if entry.kind == "purged":
            _purge(state, entry)
        _inform(state, entry)
    return state


def _pattern(path: str) -> str:
    area, _, rest = path.partition(".")
    return path if area == "hr" or not rest else ".".join([area, "*", *rest.split(".")[1:]])


def _beside(path: str, name: str) -> str:
    """`steps.delete.taken_at` is a column among others; `messages.3` is a row, and `hr.decision` stands for one."""
    area, _, rest = path.partition(".")
    if area == "hr" or "." not in rest:
        return f"{path}.{name}"
    return f"{path.rpartition('.')[0]}.{name}"


def _set(state: dict[str, Any], path: str, after: Any) -> None:
    if path in COLLECTED or (path.startswith("routes.") and path.rpartition(".")[2] in ROUTE):
        collect(state, path, after)
    else:
        state[path] = after


def collect(state: dict[str, Any], path: str, value: Any) -> None:
    """Add to what stands under a path that several rows share."""
    if value is not None:
        state.setdefault(path, []).append(value)


def _purge(state: dict[str, Any], entry: Any) -> None:
    for path in (entry.fields or {}).get("purged", {}).get("after", ()):
        if path.startswith("evidence."):
            state |= {f"{path}.{name}": ERASED for name in LOST}
            state[f"{path}.destroyed_at"] = plain(entry.at)
        else:
            state[path] = ERASED


def _inform(state: dict[str, Any], entry: Any) -> None:
    for desk, kind in INFORMS.items():
        step = f"steps.{kind.value}"
        before = state.get(f"{step}.state")
        if f"routes.{desk}.sent_at" not in entry.commitments or before in (None, StepState.TAKEN):
            continue
        if entry.kind in INFORMED_BY or before == StepState.DUE:
            at = plain(entry.at)
            state |= {f"{step}.state": StepState.TAKEN.value, f"{step}.taken_at": at, f"{step}.recorded_at": at}
