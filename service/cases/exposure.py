"""How far a post has gone: for how long it was up, who saw it, and when that was last told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from service.records.cases import Case, Step
from service.records.enums import StepKind
from service.records.field_words import EXPOSURE, FIELDS

# Column that keeps when it was last told -> the facts that it is about, by JSON path.
MOMENTS: dict[str, frozenset[str]] = {
    "exposure_at": frozenset({"post.still_visible", "post.reach", "post.copies", "media_interest", "scheduled_paused"}),
    "visibility_at": frozenset({"post.still_visible"}),
    "paused_at": frozenset({"scheduled_paused"}),
}


def keep_moments(case: Case, told: Iterable[str], at: datetime) -> None:
    """Keep `at` as the moment at which these facts were told, where they speak of exposure."""
    for column, paths in MOMENTS.items():
        if not paths.isdisjoint(told):
            setattr(case, column, at)


def gone_at(case: Case, steps: Iterable[Step]) -> datetime | None:
    """When the post went: when it was deleted, or was first told to be no longer visible; None while it is up.

    Who says that it is still visible after it was said to be deleted is believed: the later word counts.
    """
    deleted = next((step for step in steps if step.kind == StepKind.DELETE), None)
    if case.still_visible and case.visibility_at and deleted and deleted.recorded_at:
        return deleted.taken_at if deleted.recorded_at > case.visibility_at else None
    if deleted is not None and deleted.taken_at is not None:
        return deleted.taken_at
    return case.visibility_at if case.still_visible is False else None


def exposure_shown(case: Case, gone: datetime | None, at: datetime) -> dict[str, Any]:
    """What is known now. `minutes_live` are whole minutes from posting until it went, or until `at`."""
    minutes = max(0, int(((gone or at) - case.posted_at).total_seconds() // 60)) if case.posted_at else None
    return {
        "minutes_live": minutes,
        "reach": case.reach,
        "copies": case.copies,
        "media_interest": case.media_interest,
        "still_visible": case.still_visible,
        "scheduled_paused": case.scheduled_paused,
        "scheduled_paused_at": case.paused_at,
        "updated_at": case.exposure_at,
    }


def history(timeline: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What was told of it, newest first: each with its moment, who told it, and in words what changed."""
    told = []
    for entry in reversed(timeline):
        changes = {change["field"]: change["after"] for change in entry.get("changes", ()) if not change["erased"]}
        said = [in_words(path, changes[path]) for path in EXPOSURE if path in changes]
        if said:
            told.append({"at": entry["at"], "actor": entry["actor"], "said": said})
    return told


def in_words(path: str, value: Any) -> str:
    """One fact of it as people say it: `1,200 people saw it`."""
    if value is None:
        return f"{FIELDS[path]}: not known any more"
    if isinstance(value, bool):
        return EXPOSURE[path][0 if value else 1]
    return EXPOSURE[path][0 if value == 1 else 1].format(f"{value:,}")
