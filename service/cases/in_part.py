"""What is shown of a concern to those who read it in part: who raised it, who was asked for a step, whose post it is.

Each part is put together from what its reader may have, never by hiding (product.md, *Who may see and do what*).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from service.cases import policy
from service.cases.facts import CLOSED_ELSEWHERE, CLOSED_WHEN_GUARDED, COLUMNS, is_closed
from service.cases.wording import apology_says
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Code, StepKind
from service.records.words import DESTROYED, PARTS, REVEALED, STATUSES
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
    """The part of a case that these eyes read: what `rows` hold of it, as `{key: value}`.

    Whoever has two parts in it has what was said to them in each.
    """
    view: dict[str, Any] = {
        "reference": case.reference,
        "kind": case.kind,
        "version": 1 + sum(not through.isdisjoint(entry.audience.split()) for entry in rows["timeline"]),
        "guarded": case.guarded,
        "pdf_audiences": policy.variants(through, case),
    }
    said: list[dict[str, Any]] = []
    for eye in ("asked", "subject", "raiser"):
        if eye in through:
            shown = SHOWN[eye](case, rows, me)
            said += [line for line in shown["messages"] if line not in said]
            for key in ("account", "post"):
                shown[key] = view.get(key, {}) | shown[key]
            view |= shown | {"title": PARTS[eye]}
    return view | {"messages": sorted(said, key=lambda line: line["at"])}


def _to_raiser(case: Case, rows: Mapping[str, Any], me: Me | None) -> dict[str, Any]:
    told = _nested(told_by_reporter(case, rows["timeline"]))
    mine = [file for file in rows["evidence"] if file.added_by_id == case.reporter_id]
    if me is not None and case.assigned_to_id == me.id:
        # The desk could not know that it gave it to whoever raised it, and nobody there may be told.
        told["given_to_me"] = True
    if shown := {_asked_by(entry) for entry in rows["timeline"] if entry.kind == "revealed"}:
        told["shown_to"] = sorted(shown)
    return told | {
        "status": STATUSES[case.stage],
        "reported_at": case.reported_at,
        "confidential": case.confidential,
        "closed_fields": [*CLOSED_WHEN_GUARDED, *CLOSED_ELSEWHERE] if is_closed(case) else [],
        "messages": [_line(row) for row in rows["messages"] if row.with_id is None] + _revealed(rows["timeline"]),
        "evidence": [_file(file) for file in mine],
        "withdrawal_asked_at": case.withdrawal_asked_at,
    }


def _to_asked(case: Case, rows: Mapping[str, Any], me: Me | None) -> dict[str, Any]:
    mine = {row.kind for row in rows["steps"] if me is not None and row.asked_of_id == me.id}
    return {
        "account": {"type": case.account_type, "platform": case.platform, "handle": case.handle},
        "post": {"url": case.url},
        "steps": [_asked_for(step, case) for step in rows["shown_steps"] if step["kind"] in mine],
        "messages": _aside(rows, me.id if me else None),
        "closed_fields": [*CLOSED_WHEN_GUARDED, *CLOSED_ELSEWHERE] if is_closed(case) else [],
    }


def _asked_for(step: dict[str, Any], case: Case) -> dict[str, Any]:
    """A step with what their words must say, which follows from what is kept from them."""
    if step["kind"] != StepKind.APOLOGISE:
        return step
    return step | {"must_say": list(apology_says(Code.ACCOUNT_COMPROMISED in case.codes))}


def _to_subject(case: Case, rows: Mapping[str, Any], _: Me | None) -> dict[str, Any]:
    told = [
        {"facts": [field.removeprefix(DISCLOSED) for field in _named(entry)], "at": entry.at}
        for entry in rows["timeline"]
        if entry.kind == "disclosed"
    ]
    facts = _nested(told_to_subject(rows["timeline"]))
    return facts | {"status": STATUSES[case.stage], "disclosed": told, "messages": _aside(rows, case.subject_id)}


def told_to_subject(entries: Iterable[Any]) -> dict[str, Any]:
    """What the person whose post it is was told, by JSON path, as it was told last; what was destroyed is left out."""
    told: dict[str, Any] = {}
    for entry in entries:
        if entry.kind == "disclosed":
            kept = entry.fields or {}
            told |= {field.removeprefix(DISCLOSED): kept[field]["after"] for field in _named(entry) if field in kept}
    return told


def _named(entry: Any) -> list[str]:
    return [field for field in entry.commitments if field.startswith(DISCLOSED)]


def _revealed(entries: Iterable[Any]) -> list[dict[str, Any]]:
    """To whoever raised it: that somebody was told so, by their desk, and the reason that was given."""
    lines = []
    for entry in entries:
        if entry.kind == "revealed":
            kept = entry.fields or {}
            reason = kept["reason"]["after"] if "reason" in kept else None
            text = f"{REVEALED[_asked_by(entry)]}\n{reason or DESTROYED}"
            lines.append({"text": text, "from_me": False, "from_reporter": False, "at": entry.at})
    return lines


def _asked_by(entry: Any) -> str:
    return "hr" if (entry.fields or {}).get("revealed", {}).get("after") == "hr" else "desk"


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
    for path, kept in facts.items():
        group, _, name = path.partition(".")
        value = datetime.fromisoformat(kept) if kept and name.endswith("_at") else kept
        if name:
            shown.setdefault(group, {})[name] = value
        else:
            shown[group] = value
    return shown


def _aside(rows: Mapping[str, Any], person_id: int | None) -> list[dict[str, Any]]:
    return [_line(row) for row in rows["messages"] if person_id is not None and row.with_id == person_id]


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
