"""The summary of a case: which parts of a view may be printed, and what is worked out from them before printing.

The view a reader is given (`service/cases/view.py`) has only what that reader may see. This module copies named
keys from it, so that a key added to the view later is not printed before somebody decides that it should be.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from service.core.clock import LONDON, in_zone
from service.core.templating import day
from service.documents import words
from service.documents.made_with import MADE_WITH
from service.records.enums import Kind
from service.records.words import PDF_AUDIENCES
from service.timeline.proof import NAME as ENTRIES

TEMPLATE = "documents/case-summary.html"

PERSON = {"name": True, "email": True, "zone": True}
ALLOWED: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("reference", "kind", "stage", "status", "severity", "version", "reported_at", "playbook", "title"),
            *("posted_by_me", "not_manager", "confidential", "codes", "facts_wrong", "safety_risk"),
            *("possibly_classified", "personal_data", "media_interest", "narrative", "guarded", "assigned_name"),
            *("holding_desk", "triaged_at", "triage_due_at", "resolution", "duplicate_of", "closed_at"),
            "withdrawal_asked_at",
        ),
        True,
    ),
    "reporter": PERSON,
    "subject": PERSON,
    "account": dict.fromkeys(("type", "platform", "handle", "names_employer", "views_personal"), True),
    "post": dict.fromkeys(
        ("url", "text", "posted_at", "posted_zone", "discovered_at", "still_visible", "audience", "reach", "copies"),
        True,
    ),
    "guidance": dict.fromkeys(("sought", "from", "case", "at", "answer"), True),
    "opened": {"at": True, "reason": True},
    "live": {"since": True, "until": True},
    "exposure": {"scheduled_paused": True, "scheduled_paused_at": True},
    "disclosed": {"facts": True, "at": True},
    "steps": dict.fromkeys(
        (
            *("kind", "state", "due_at", "taken_at", "taken_zone", "recorded_at", "verified_at", "verified_by"),
            *("reason", "public_text", "link", "note", "cannot_at", "cannot_reason", "asked_of"),
        ),
        True,
    ),
    "routes": dict.fromkeys(
        (
            *("desk", "name", "because", "instead", "reason", "sent_at", "acknowledge_by", "acknowledged_at"),
            *("acknowledged_by", "ended_at"),
        ),
        True,
    ),
    "hr": {
        **dict.fromkeys(("suggested", "because", "decision", "reason", "passed_on"), True),
        "proposed": dict.fromkeys(("refer", "reason", "by", "at"), True),
    },
    "data_protection": {
        **dict.fromkeys(("aware_at", "decide_by"), True),
        "decisions": dict.fromkeys(("question", "tell", "reason", "by", "at"), True),
    },
    "advice": dict.fromkeys(("text", "by", "desk", "at"), True),
    "messages": dict.fromkeys(("text", "by", "with", "from_reporter", "from_me", "at"), True),
    "about": dict.fromkeys(("what", "email", "description"), True),
    "notes": dict.fromkeys(("text", "by", "audience", "at"), True),
    "evidence": dict.fromkeys(
        (
            *("id", "filename", "media_type", "size", "sha256", "description", "captured_at", "captured_zone", "by"),
            *("added_at", "scanned", "destroyed_at"),
        ),
        True,
    ),
    "timeline": {
        **dict.fromkeys(("kind", "at", "actor", "role", "words"), True),
        "changes": dict.fromkeys(("field", "before", "after", "erased"), True),
    },
}

# What is on the paper of somebody who has a part in a concern: those keys of `ALLOWED`, and no others.
FACTS_TOLD = ("account", "post", "codes", "facts_wrong", "personal_data")
PART = ("reference", "kind", "title", "status", "version", "messages", "timeline", *FACTS_TOLD)
PARTS: dict[str, tuple[str, ...]] = {
    "subject": (*PART, "disclosed"),
    "raiser": (
        *(*PART, "about", "reported_at", "confidential", "guarded", "narrative", "safety_risk", "possibly_classified"),
        *("guidance", "media_interest", "evidence", "withdrawal_asked_at"),
    ),
}

OMITTED = {
    "subject": (
        "who raised it, and what they wrote",
        "what you have not been told yet",
        "what others said about it, and what HR knows, if they are involved at all",
    ),
    "reporter": (
        "notes and messages that the desk that has the case or HR keep for themselves",
        "anything that HR has not told you yet, if they are involved at all",
        "for a concern: what others said and did about it",
    ),
    "line_manager": (
        "the name of somebody who asked to report in confidence",
        "notes that the desk that has the case or HR keep for themselves",
        "decisions about HR that are not yours",
    ),
    "digital_unit": (
        "the name of somebody who asked to report in confidence, unless it was revealed with a reason",
        "what HR keeps in its own record, and its notes",
    ),
    "adviser": ("notes that are for others",),
    "hr": (
        "the name of somebody who asked to report in confidence, unless it was revealed with a reason",
        "what is kept in the record of a referral: that has its own papers",
    ),
}


def summary(
    view: Mapping[str, Any],
    audience: str,
    made_at: datetime,
    made_by: str,
    entries_json: bytes,
    pictures: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    """The document of one variant, ready for `Pool.submit`.

    `view` is what this audience may see; `made_at` is aware; `made_by` is a person's name; `entries_json` are the
    case's entries and commitments as this audience may have them, attached so that the file can be verified without
    the server; `pictures` are small JPEGs by evidence id. Only pictures of evidence in the view, and not destroyed,
    are taken. Raises KeyError for an audience that has no variant.

    A kept PDF states when and for whom this content was *first* made: asked for again unchanged, the same file is
    given, and "made" still tells that first moment.
    """
    part = PARTS.get("raiser" if "status" in view and audience == "reporter" else audience)
    case = _copied(view, {key: ALLOWED[key] for key in part} if part else ALLOWED)
    shown = {one["id"] for one in case.get("evidence") or () if not one.get("destroyed_at")}
    kept = {name: data for name, data in (pictures or {}).items() if name in shown}
    zone = _zone(case)
    context: dict[str, Any] = {
        "case": case,
        "audience": audience,
        "for_whom": for_whom(case, audience),
        "omitted": OMITTED[audience],
        "zone": zone,
        "put_right": _put_right(case),
        "days": _days(case.get("timeline") or (), zone),
        "pictures": sorted(kept),
        "entries_name": ENTRIES,
        "entries_sha256": hashlib.sha256(entries_json).hexdigest(),
        "letters_missing": False,
    }
    document: dict[str, Any] = {
        "template": TEMPLATE,
        "context": context,
        "pictures": kept,
        "attachments": [
            {
                "name": ENTRIES,
                "bytes": entries_json,
                "description": f"The entries of {case['reference']} and what each commits to",
                "relationship": "Data",
            }
        ],
    }
    identifier = content_key(document)
    context |= {
        "made_at": made_at,
        "made_by": made_by,
        "made_stamp": words.stamp(made_at),
        "identifier": identifier[:32],
    }
    return document


def for_whom(case: Mapping[str, Any], audience: str) -> str:
    """Who this copy is for, in words; of a question nobody has reported anything."""
    asked = case.get("kind") == Kind.ADVICE and audience == "reporter"
    return "the person who asked" if asked else PDF_AUDIENCES[audience]


def content_key(document: Mapping[str, Any]) -> str:
    """SHA-256 over everything that shows, but for when and by whom it was made: equal keys are equal papers.

    What it is made with belongs to what shows: an upgrade gives out no old papers.
    """
    made = ("made_at", "made_by", "made_stamp", "identifier")
    context = {name: value for name, value in document["context"].items() if name not in made}
    told = {
        "context": context,
        "pictures": {name: hashlib.sha256(data).hexdigest() for name, data in document["pictures"].items()},
        "attachments": [{**one, "bytes": hashlib.sha256(one["bytes"]).hexdigest()} for one in document["attachments"]],
        "made_with": MADE_WITH,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode("utf-8", "surrogatepass")).hexdigest()


def _copied(value: Any, allowed: Any) -> Any:
    """The named keys of a view, and no others; a list is a list of such."""
    if allowed is True or value is None:
        return value
    if isinstance(value, Mapping):
        return {name: _copied(value[name], allowed[name]) for name in allowed if name in value}
    return [_copied(one, allowed) for one in value]


def _zone(case: Mapping[str, Any]) -> str:
    """Where the poster was: as the post says, else the subject's zone, the reporter's, or London."""
    people = (case.get("subject"), case.get("reporter"))
    said = (case.get("post") or {}).get("posted_zone")
    return said or next((one["zone"] for one in people if one and one.get("zone")), LONDON)


def _put_right(case: Mapping[str, Any]) -> dict[str, Any]:
    """What the box on the first page says of putting it right: when the last step was taken, or which are open."""
    steps: Sequence[Mapping[str, Any]] = case.get("steps") or ()
    states = ("overdue", "due", "held", "undecided")
    still_open = {state: [step["kind"] for step in steps if step["state"] == state] for state in states}
    taken = [step["taken_at"] for step in steps if step["state"] == "taken" and step.get("taken_at")]
    reported, last = case.get("reported_at"), max(taken, default=None)
    live = case.get("live") or {}
    return {
        "ended": case.get("stage") == "closed",
        "open": {state: kinds for state, kinds in still_open.items() if kinds},
        "last": last,
        "after": last - reported if last and reported and last > reported else None,
        "live": live["until"] - live["since"] if live.get("since") and live.get("until") else None,
    }


def _days(timeline: Sequence[Mapping[str, Any]], zone: str) -> list[dict[str, Any]]:
    """The timeline by day, as days are where the poster was."""
    days = groupby(timeline, key=lambda entry: day(in_zone(entry["at"], zone), zone))
    return [{"day": name, "entries": list(entries)} for name, entries in days]
