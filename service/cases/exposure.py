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
    """When the post went, as its rows have it; None while it is up."""
    deleted = next((step for step in steps if step.kind == StepKind.DELETE), None)
    taken = (deleted.taken_at, deleted.recorded_at) if deleted else (None, None)
    return went_at(*taken, case.still_visible, case.visibility_at)


def went_at(
    deleted_at: datetime | None, recorded_at: datetime | None, visible: bool | None, told_at: datetime | None
) -> datetime | None:
    """When it was deleted, or was first told (`told_at`) to be no longer visible.

    Who says that it is still visible after it was said to be deleted is believed: the later word counts.
    """
    if visible and told_at and recorded_at:
        return deleted_at if recorded_at > told_at else None
    return deleted_at or (told_at if visible is False else None)


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
