"""What is shown of a concern to those who read it in part: who raised it, who was asked for a step, whose post it is.

Each part is put together from what its reader may have, never by hiding (product.md, *Who may see and do what*).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from service.cases.facts import CLOSED_ELSEWHERE, CLOSED_WHEN_GUARDED, COLUMNS, is_closed
from service.people.identity import Me
from service.records.cases import Case
from service.records.words import PARTS, STATUSES
from service.timeline.confidence import REPORTER

EYES = frozenset({"raiser", "asked", "subject"})
DISCLOSED = "disclosed."
"""Before a field of the entry that tells the subject something: the value as it was told."""
# What may be disclosed. Who raised it, and their own words, are never among it.
MAY_BE_DISCLOSED = (
    *("account.type", "account.platform", "account.handle", "post.url", "post.text", "post.posted_at", "codes"),
    *("facts_wrong", "personal_data"),
)


def part_view(case: Case, through: frozenset[str], rows: Mapping[str, Any], me: Me | None) -> dict[str, Any]:
    """The part of a case that these eyes read: what `rows` hold of it, as `{key: value}`."""
    view: dict[str, Any] = {
        "reference": case.reference,
        "kind": case.kind,
        "version": case.version,
        "guarded": case.guarded,
        "pdf_audiences": [],
    }
    for eye in ("asked", "subject", "raiser"):
        if eye in through:
            view |= SHOWN[eye](case, rows, me)
            view["title"] = PARTS[eye]
    return view


def _to_raiser(case: Case, rows: Mapping[str, Any], _: Me | None) -> dict[str, Any]:
    told = _nested(told_by_reporter(case, rows["timeline"]))
    mine = [file for file in rows["evidence"] if file.added_by_id == case.reporter_id]
    return told | {
        "status": STATUSES[case.stage],
        "reported_at": case.reported_at,
        "confidential": case.confidential,
        "closed_fields": [*CLOSED_WHEN_GUARDED, *CLOSED_ELSEWHERE] if is_closed(case) else [],
        "messages": [_line(row) for row in rows["messages"] if row.with_id is None],
        "evidence": [_file(file) for file in mine],
        "withdrawal_asked_at": case.withdrawal_asked_at,
    }


def _to_asked(case: Case, rows: Mapping[str, Any], me: Me | None) -> dict[str, Any]:
    mine = {row.kind for row in rows["steps"] if me is not None and row.asked_of_id == me.id}
    return {
        "account": {"type": case.account_type, "platform": case.platform, "handle": case.handle},
        "post": {"url": case.url},
        "steps": [step for step in rows["shown_steps"] if step["kind"] in mine],
        "messages": _aside(rows, me),
        "closed_fields": [*CLOSED_WHEN_GUARDED, *CLOSED_ELSEWHERE] if is_closed(case) else [],
    }


def _to_subject(case: Case, rows: Mapping[str, Any], me: Me | None) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    told: list[dict[str, Any]] = []
    for entry in rows["timeline"]:
        if entry.kind == "disclosed":
            named = [field for field in entry.commitments if field.startswith(DISCLOSED)]
            kept = {
                field.removeprefix(DISCLOSED): entry.fields[field]["after"] for field in named if field in entry.fields
            }
            facts |= kept
            told.append({"facts": [field.removeprefix(DISCLOSED) for field in named], "at": entry.at})
    return _nested(facts) | {"status": STATUSES[case.stage], "disclosed": told, "messages": _aside(rows, me)}


SHOWN = {"raiser": _to_raiser, "asked": _to_asked, "subject": _to_subject}


def told_by_reporter(case: Case, entries: Iterable[Any]) -> dict[str, Any]:
    """The facts as whoever raised a concern told them, by JSON path: what the desk made of them is not among it."""
    told: dict[str, Any] = {}
    for entry in entries:
        doer = (entry.fields or {}).get("actor", {}).get("after")
        if entry.kind in ("reported", "facts_changed") and doer in (REPORTER, case.reporter_id) and doer is not None:
            told |= {
                path: kept["after"] for path, kept in entry.fields.items() if path in COLUMNS or path == "about.email"
            }
    return told


def _nested(facts: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"account": {}, "post": {}}
    for path, value in facts.items():
        group, _, name = path.partition(".")
        if name:
            shown.setdefault(group, {})[name] = value
        else:
            shown[group] = value
    return shown


def _aside(rows: Mapping[str, Any], me: Me | None) -> list[dict[str, Any]]:
    return [_line(row) for row in rows["messages"] if me is not None and row.with_id == me.id]


def _line(row: Any) -> dict[str, Any]:
    # By the desk, not by name: who works on a concern is not for its parties.
    mine = row.from_reporter or row.by_id == row.with_id
    return {"text": row.text, "from_me": bool(mine), "from_reporter": row.from_reporter, "at": row.at}


def _file(file: Any) -> dict[str, Any]:
    names = (
        "id",
        "filename",
        "media_type",
        "size",
        "sha256",
        "description",
        "captured_at",
        "captured_zone",
        "added_at",
    )
    shown = {name: getattr(file, name) for name in names}
    return shown | {"scanned": file.scanned, "destroyed_at": file.destroyed_at, "preview": file.preview is not None}
