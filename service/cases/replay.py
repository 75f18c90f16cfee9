"""What a case's entries add up to; `replay_rows.py` holds it against the rows.

The tables below say which column each path of an entry speaks of; a path that is in no table is history only. An entry
also witnesses who and when, and some columns follow from what stood before it: the tables say which columns keep that.
Clocks, zones and what is made from a file's bytes are on no timeline, and nothing here speaks of them. Values stand as
the timeline spells them (`chain.plain`). An erased field is unknown, until a later entry sets it again.
"""

from collections.abc import Iterable
from typing import Any

from service.cases.exposure import MOMENTS
from service.cases.facts import COLUMNS
from service.cases.tombstone import ASKED, DISPOSAL, HELD, is_kept
from service.records.enums import StepKind, StepState
from service.timeline.chain import ACTOR as DOER
from service.timeline.chain import plain
from service.timeline.confidence import REPORTER

ERASED = object()
"""Stands for a value that was lawfully destroyed."""
ACTOR, AT = "actor_id", "at"
"""What an entry witnesses."""
ANSWERED_BY = "answered_by"
"""The desk whose answer it is, where that is not the one that holds the case."""
HOLDER, FROM_REPORTER, AUDIENCE = "the desk that holds it", "whether its actor is the reporter", "whom its kind is for"
"""What follows from an entry and from what stood before it."""

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
    "confidential": "confidential",
    "disclosed_at": "disclosed_at",
    "holding_desk": "holding_desk",
    "hr.suggested": "hr_suggested",
    "hr.because": "hr_because",
    "data_protection.aware_at": "aware_at",
    "data_protection.decide_by": "decide_by",
    "said_same_as": "said_same_as",
    **{name: name for name in (*HELD, *DISPOSAL)},
    **{moment: moment for moment in MOMENTS},
}
# What a column holds before any entry speaks of it, where that is not nothing.
AT_FIRST: dict[str, Any] = {
    "codes": [],
    "posted_by_me": True,
    "not_manager": False,
    "guarded": False,
    "confidential": False,
    "hr.suggested": False,
    "hr.because": [],
}

# steps.KIND.NAME, evidence.ID.NAME -> column of the step, or of the file.
STEP = (
    *("state", "taken_at", "verified_at", "released_at", "public_text", "link", "note", "cannot_at", "cannot_reason"),
    *("reason", "recorded_at", "taken_by_id", "verified_by_id"),
)
EVIDENCE = (
    *("filename", "media_type", "size", "sha256", "description", "captured_at", "captured_zone"),
    *("destroyed_at", "added_by_id", "added_at"),
)
# What a file loses when it is destroyed; what it was stays, and so does its hash unless that is named as well.
LOST = ("filename", "description")
# routes.DESK.NAME -> column of the desk's routes; a case can be sent to one desk twice, so all of them are collected.
ROUTE = (
    *("sent_at", "because", "instead", "reason", "acknowledged_at", "acknowledged_by_id", "answered_at"),
    *("ended_at", "person"),
)
# What HR received, as the decision says it; the rest of a referral follows from that entry, and has no path there.
REFERRAL: dict[str, str] = {
    "allegation": "allegation",
    "rules": "rules",
    "mitigation": "mitigation",
    "subject_told": "subject_told",
    "evidence": "evidence_ids",
    "self_reported": "self_reported",
    "conflict_checked_at": "conflict_checked_at",
    "reason": "reason",
    "playbook": "playbook_version",
    "referred_by_id": "referred_by_id",
    "subject_id": "subject_id",
    "received_at": "received_at",
}
RECEIVED = "referral.self_reported"
# Areas of which a case may have several rows: their values stand in the order they came.
SEVERAL = ("conflict.", "hr.decision", "hr.proposed", "hr.returned", "referral.", "revealed")
# AREA.ID -> the `text` of a row, and what stands beside it.
SPOKEN: dict[str, tuple[str, ...]] = {
    "advice": ("by_id", "at", "desk"),
    "messages": ("by_id", "at", "from_reporter", "with_id"),
    "notes": ("by_id", "at", "audience"),
}

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
    "hold_placed": {"held_at": AT},
    "disposal_approved": {"disposal_asked_at": AT, "disposal_asked_by_id": ACTOR},
    "disposed": {"disposed_at": AT},
}
SET_BACK: dict[str, tuple[str, ...]] = {
    "reopened": ("closed_at", "duplicate_of", *ASKED),
    "hold_placed": ASKED,
    "hold_released": HELD,
    "disposal_stopped": ASKED,
    "not_informed": ("steps.inform_manager.taken_at", "steps.inform_manager.recorded_at"),
}
# What an entry that sets a path witnesses beside it.
WITNESSED: dict[str, dict[str, str]] = {
    "steps.*.taken_at": {"taken_by_id": ACTOR, "recorded_at": AT},
    "steps.*.verified_at": {"verified_by_id": ACTOR},
    "routes.*.acknowledged_at": {"acknowledged_by_id": ACTOR},
    "evidence.*.sha256": {"added_by_id": ACTOR, "added_at": AT},
    "advice.*": {"by_id": ACTOR, "at": AT, "desk": HOLDER},
    "messages.*": {"by_id": ACTOR, "at": AT, "from_reporter": FROM_REPORTER},
    "notes.*": {"by_id": ACTOR, "at": AT, "audience": AUDIENCE},
    "conflict.person": {"at": AT},
    "hr.decision": {"by_id": ACTOR, "at": AT, "desk": HOLDER},
    "hr.proposed": {"by_id": ACTOR, "at": AT},
    "data_protection.*.tell": {"by_id": ACTOR, "at": AT},
    "revealed": {"by_id": ACTOR, "at": AT},
}
# The step that is taken when Amends itself first sends a case to a desk; after `sent`, only one that was due, or one
# that the entry itself names.
INFORMS = {"line_manager": StepKind.INFORM_MANAGER, "digital_unit": StepKind.INFORM_DIGITAL_UNIT}
INFORMED_BY = frozenset({"informed", "manager_named"})


def replay(entries: Iterable[Any]) -> dict[str, Any]:
    """The state after these entries (rows of `entries.of_case`, oldest first), as `{path: value}`."""
    state: dict[str, Any] = {}
    for entry in entries:
        fields = entry.fields or {}
        for said in entry.commitments:
            path = RENAMED.get((entry.kind, said), said)
            if path is not None and said != DOER:
                _set(state, path, fields[said]["after"] if said in fields else ERASED)
                state |= {name: plain(entry.at) for name, paths in MOMENTS.items() if path in paths}
                for name, what in WITNESSED.get(_pattern(path), {}).items():
                    _set(state, _beside(path, name), _witnessed(state, entry, what))
        for name, what in WITNESSED_OF_CASE.get(entry.kind, {}).items():
            state[name] = plain(getattr(entry, what))
        state |= dict.fromkeys(SET_BACK.get(entry.kind, ()))
        if entry.kind == "purged":
            _purge(state, entry)
        if entry.kind == "disposed":
            _dispose(state, entry)
        if entry.kind == "referral_decided":
            _refer(state, entry)
        _inform(state, entry)
    return state


def _witnessed(state: dict[str, Any], entry: Any, what: str) -> Any:
    if what == HOLDER:
        return (entry.fields or {}).get(ANSWERED_BY, {}).get("after") or state.get("holding_desk")
    if what == FROM_REPORTER:
        unnamed = (entry.fields or {}).get(DOER, {}).get("after") == REPORTER
        return unnamed or (entry.actor_id is not None and entry.actor_id == state.get("reporter_id"))
    if what == AUDIENCE:
        return str(entry.kind).removeprefix("note_")
    return plain(getattr(entry, what))


def _pattern(path: str) -> str:
    area, _, rest = path.partition(".")
    return path if area in ("hr", "conflict") or not rest else ".".join([area, "*", *rest.split(".")[1:]])


def _beside(path: str, name: str) -> str:
    """`steps.delete.taken_at` is a column among others; `messages.3` is a row, and `hr.decision` stands for one."""
    area, _, rest = path.partition(".")
    if area == "hr" or "." not in rest:
        return f"{path}.{name}"
    return f"{path.rpartition('.')[0]}.{name}"


def _set(state: dict[str, Any], path: str, after: Any) -> None:
    if is_collected(path):
        collect(state, path, after)
    else:
        state[path] = after


def is_collected(path: str) -> bool:
    """Whether several rows share this path."""
    area, _, rest = path.partition(".")
    if area == "routes":
        return rest.rpartition(".")[2] in ROUTE
    return path.startswith(SEVERAL) or (area == "data_protection" and "." in rest)


def collect(state: dict[str, Any], path: str, value: Any) -> None:
    """Add to what stands under a path that several rows share; what a row leaves empty is left out."""
    if value not in (None, [], ""):
        state.setdefault(path, []).append(value)


def _purge(state: dict[str, Any], entry: Any) -> None:
    for path in (entry.fields or {}).get("purged", {}).get("after", ()):
        if path.startswith("evidence.") and path.count(".") == 1:
            state |= {f"{path}.{name}": ERASED for name in LOST}
            state[f"{path}.destroyed_at"] = plain(entry.at)
        elif not is_collected(path):
            # What several rows share is unknown already, where the entries have lost it; what came later stands.
            state[path] = ERASED


def _dispose(state: dict[str, Any], entry: Any) -> None:
    """Of what was destroyed nothing is known but what a tombstone keeps."""
    for path in [path for path in state if not is_kept(path)]:
        state[path] = ERASED
        if path.startswith("evidence."):
            state[f"evidence.{path.split('.')[1]}.destroyed_at"] = plain(entry.at)


def _refer(state: dict[str, Any], entry: Any) -> None:
    """What a referral keeps of its case, as the case stood when HR was told."""
    fields = entry.fields or {}
    if fields.get("hr.decision", {}).get("after") != "referred":
        return
    if RECEIVED in entry.commitments and RECEIVED not in fields:
        # No purge takes this: what HR received was destroyed as a whole.
        for name in REFERRAL.keys() | {"steps_taken"}:
            collect(state, f"referral.{name}", ERASED)
        return
    taken = [f"steps.{kind.value}" for kind in StepKind if state.get(f"steps.{kind.value}.state") == StepState.TAKEN]
    followed = {
        "reason": fields["hr.reason"]["after"] if "hr.reason" in fields else ERASED,
        "playbook": state.get("playbook"),
        "referred_by_id": entry.actor_id,
        "subject_id": state.get("subject_id", state.get("reporter_id") if state.get("posted_by_me", True) else None),
        "received_at": plain(entry.at),
        "steps_taken": [f"{step.partition('.')[2]} {state.get(f'{step}.taken_at')}" for step in taken],
    }
    for name, value in followed.items():
        collect(state, f"referral.{name}", value)


def _inform(state: dict[str, Any], entry: Any) -> None:
    for desk, kind in INFORMS.items():
        step = f"steps.{kind.value}"
        before = state.get(f"{step}.state")
        if f"routes.{desk}.sent_at" not in entry.commitments:
            continue
        waited = before not in (None, StepState.TAKEN) and (entry.kind in INFORMED_BY or before == StepState.DUE)
        if waited or f"{step}.state" in entry.commitments:
            at = plain(entry.at)
            state |= {f"{step}.state": StepState.TAKEN.value, f"{step}.taken_at": at, f"{step}.recorded_at": at}
