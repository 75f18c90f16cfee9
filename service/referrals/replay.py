"""A referral's rows held against what its entries add up to: the two must be the same.

An entry spells what it changes as the rows do: a column of the referral by its name, a row beside it as
`findings.3.text`. Who did it, the entry says itself. People stand in entries by their address.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.records.evidence import Evidence
from service.records.people import Person
from service.records.referrals import (
    Appeal,
    Appointment,
    Copied,
    Finding,
    Hearing,
    Letter,
    Paper,
    Referral,
    ReferralNote,
    RoomConflict,
    Suspension,
    TakenOut,
)
from service.referrals.tombstone import KEPT_LATER, is_blank
from service.timeline.chain import plain

ERASED = object()
"""Stands for a value that was lawfully destroyed."""

COLUMNS = (
    *("stage", "accepted_at", "returned_at", "returned_because", "fact_finding_at", "informed_at", "informed_text"),
    *("disclosed", "informal_at", "informal_because", "considered_at", "considered_text", "outcome", "outcome_reason"),
    *("decided_at", "appeal_by", "warning_until", "warning_expired_at", "paused_at", "paused_because", "closed_at"),
    *KEPT_LATER,
)
"""What an entry says of the referral itself. What HR received, its case commits to; clocks follow from the rest."""
FIRST: Mapping[str, Any] = {"stage": "received", "disclosed": []}
AREAS: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "appointments": (Appointment, ("person_id", "part", "from_at", "until_at")),
    "findings": (Finding, ("kind", "text", "evidence_ids", "by_id", "at", "waits_since")),
    "hearings": (
        Hearing,
        (
            *("appeal", "invited_at", "hearing_at", "first_at", "place", "text", "states", "postponed_because"),
            *("held_at", "heard_by_id", "lapsed_at", "present", "notes", "by_id"),
        ),
    ),
    "suspensions": (Suspension, ("reason", "from_at", "review_at", "ended_at", "by_id")),
    "appeals": (Appeal, ("grounds", "at", "upheld", "outcome", "reason", "decided_at", "by_id")),
    "conflicts": (RoomConflict, ("person_id", "reason", "at", "by_id")),
    "taken_out": (TakenOut, ("words", "at", "by_id")),
    "notes": (ReferralNote, ("text", "by_id", "at")),
    "papers": (Paper, ("kind", "how", "text", "at", "recorded_at", "by_id")),
    "letters": (Letter, ("kind", "number", "wording", "says", "sha256", "sent_at", "by_id")),
    "files": (
        Evidence,
        (
            *("filename", "media_type", "size", "sha256", "description", "captured_at", "captured_zone"),
            *("added_by_id", "added_at", "disclosed_at", "destroyed_at"),
        ),
    ),
    "copied": (Copied, ("entry", "evidence_id", "said", "at", "by_id", "waits_since")),
}
"""Area of a path -> its table, and the columns that are compared."""
PEOPLE = frozenset({"person_id", "by_id", "added_by_id", "heard_by_id"})


def differences(db: Session, referral: Referral, entries: Iterable[Any]) -> list[str]:
    """Where the rows of a referral say something else than its entries, in a sentence each; none when they agree."""
    said, there = dict(FIRST), _present(db, referral)
    for entry in entries:
        fields = entry.fields or {}
        said |= {
            path: fields[path]["after"] if path in fields else ERASED
            for path in entry.commitments
            if path in COLUMNS or path.partition(".")[0] in AREAS
        }
    faults = []
    for path in sorted(there.keys() | said.keys()):
        expected, now = said.get(path), there.get(path)
        if expected is ERASED:
            if now not in (None, [], {}, "destroyed"):
                faults.append(f"'{path}' was destroyed on the timeline, and the record still holds something")
        elif expected != now:
            faults.append(f"'{path}' is not what the timeline says")
    if referral.disposed_at is not None and not is_blank(referral):
        faults.append("it was destroyed, and the record still holds something")
    return faults


def _present(db: Session, referral: Referral) -> dict[str, Any]:
    state = {name: plain(getattr(referral, name)) for name in COLUMNS}
    for area, (table, columns) in AREAS.items():
        for row in db.execute(select(table).where(table.referral_id == referral.id)).scalars():
            state |= {f"{area}.{row.id}.{name}": plain(shown(db, name, getattr(row, name))) for name in columns}
    return state


def shown(db: Session, name: str, value: Any) -> Any:
    """A column's value as entries spell it: people by their address."""
    if name not in PEOPLE or value is None:
        return value
    return db.execute(select(col(Person.email)).where(col(Person.id) == value)).scalar() or f"row {value}"
