"""The parts of a referral as they are read, each from its rows; who reads which is said in `view.py`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.records.enums import Outcome, ReferralStage
from service.records.evidence import Evidence
from service.records.people import Person
from service.records.referrals import Appeal, Appointment, Copied, Finding, Hearing, Referral, RoomConflict, Suspension
from service.records.words import WHO_DID
from service.referrals.gates import Standing
from service.referrals.standing import appeal_ends
from service.timeline import entries

People = Mapping[int | None, dict[str, str]]
NOBODY = {"email": "", "name": ""}
OF_FILE = (
    *("id", "filename", "media_type", "size", "sha256", "description", "captured_at", "captured_zone"),
    "destroyed_at",
)
PICTURED = ("preview", "preview_width", "preview_height")


def people_of(db: Session, referral: Referral, rows: Mapping[Any, list[Any]], files: list[Evidence]) -> People:
    wanted = {referral.referred_by_id, referral.subject_id, *(file.added_by_id for file in files)}
    wanted |= {row.person_id for table in (Appointment, RoomConflict) for row in rows[table]}
    wanted |= {row.by_id for table, found in rows.items() if table is not Appointment for row in found}
    return who_are(db, wanted)


def who_are(db: Session, ids: set[int | None]) -> dict[int | None, dict[str, str]]:
    found = select(col(Person.id), Person.email, Person.name).where(col(Person.id).in_(ids - {None}))
    return {row.id: {"email": row.email, "name": row.name} for row in db.execute(found)}


def name_of(people: People, person_id: int | None) -> str:
    return people.get(person_id, NOBODY)["name"]


def steps_shown(referral: Referral) -> list[dict[str, Any]]:
    return [{**step, "taken_at": datetime.fromisoformat(step["taken_at"])} for step in referral.steps_taken]


def files_shown(db: Session, ids: list[str]) -> list[dict[str, Any]]:
    """Files of the case, each with what was said of it there; of one that was sent in confidence nobody's name."""
    there = {file.id: file for file in db.execute(select(Evidence).where(col(Evidence.id).in_(ids))).scalars()}
    people = who_are(db, {file.added_by_id for file in there.values()})
    return [
        {name: getattr(file, name) for name in OF_FILE}
        | {"in_case": {"by": name_of(people, file.added_by_id) or WHO_DID["raiser"], "at": file.added_at}}
        | _pictured(file)
        for one in ids
        if (file := there.get(one)) is not None
    ]


def own_file_shown(file: Evidence, people: People) -> dict[str, Any]:
    """A file that was added in the room."""
    shown = {name: getattr(file, name) for name in (*OF_FILE, "added_at", "scanned", "disclosed_at")}
    return shown | {"by": name_of(people, file.added_by_id)} | _pictured(file)


def _pictured(file: Evidence) -> dict[str, Any]:
    """Whether there is a small picture of a file, and in pixels how large it is."""
    there = file.preview is not None and file.destroyed_at is None
    return dict(zip(PICTURED, (there, file.preview_width, file.preview_height), strict=True))


def own_file(db: Session, file: Evidence) -> dict[str, Any]:
    """The same by itself, for whoever has just added it."""
    return own_file_shown(file, who_are(db, {file.added_by_id}))


def alleged(referral: Referral) -> str | None:
    """What is alleged: as the referral states it, or else as it was last written to the person."""
    return referral.allegation or referral.informed_text


def returned_shown(referral: Referral) -> dict[str, Any] | None:
    return {"at": referral.returned_at, "reason": referral.returned_because} if referral.returned_at else None


def informed_shown(referral: Referral) -> dict[str, Any] | None:
    return {"at": referral.informed_at, "text": referral.informed_text} if referral.informed_at else None


def informal_shown(referral: Referral) -> dict[str, Any] | None:
    return {"at": referral.informal_at, "reason": referral.informal_because} if referral.informal_at else None


def finding_shown(row: Finding, people: People, apart: frozenset[int]) -> dict[str, Any]:
    """A finding; of somebody with a conflict it does not count."""
    names = ("kind", "text", "at", "waits_since")
    shown = {name: getattr(row, name) for name in names} | {"evidence": row.evidence_ids}
    return shown | {"by": name_of(people, row.by_id), "counts": row.by_id not in apart}


def hearing_shown(rows: list[Hearing], now: Standing, *, appeal: bool, told: bool = False) -> dict[str, Any] | None:
    """The hearing as it was last called, and whether it counts; the person it is about reads their invitation, and not
    the notes.
    """
    called = [row for row in rows if row.appeal is appeal]
    if not called:
        return None
    row = called[-1]
    shown = {
        "counts": (now.appeal_invited_for if appeal else now.invited_for) is not None,
        "first_invited_at": called[0].invited_at,
        "invited_at": row.invited_at,
        "hearing_at": row.hearing_at,
        "first_at": row.first_at,
        "place": row.place,
        "text": row.text,
        "states": row.states,
        "postponed_because": row.postponed_because,
        "held_at": row.held_at,
        "present": row.present,
    }
    return shown if told else shown | {"notes": row.notes}


def outcome_shown(db: Session, referral: Referral, at: datetime) -> dict[str, Any]:
    """The outcome that stands; and the decision, with the outcome that it was before any appeal, and its reason.

    A warning is live until it has expired by itself.
    """
    until = referral.warning_until
    decided = {
        "outcome": _decided_first(db, referral),
        "reason": referral.outcome_reason,
        "decided_at": referral.decided_at,
        "appeal_by": appeal_ends(referral, at),
        "stands_still": referral.paused_at is not None,
        "warning_until": until,
        "live": until is not None and at < until,
    }
    return {"outcome": referral.outcome, "decision": decided if referral.decided_at else None}


def _decided_first(db: Session, referral: Referral) -> Outcome | None:
    """The outcome as it was decided: where an appeal changed it, the timeline says from what."""
    if referral.stage in (ReferralStage.APPEALED, ReferralStage.CLOSED):
        for entry in entries.of_referral(db, referral.id):
            if entry.kind == "room_appeal_decided" and "outcome" in (entry.fields or {}):
                return Outcome(entry.fields["outcome"]["before"])
    return Outcome(referral.outcome) if referral.outcome else None


def appeal_shown(rows: list[Appeal]) -> dict[str, Any] | None:
    if not rows:
        return None
    row = rows[-1]
    names = ("grounds", "at", "upheld", "outcome", "reason", "decided_at")
    return {name: getattr(row, name) for name in names}


def suspension_shown(rows: list[Suspension]) -> dict[str, Any] | None:
    """The suspension as it stands, with when it began; each review is a row that goes on where the one before ended."""
    if not rows:
        return None
    row, first = rows[-1], len(rows) - 1
    while first and rows[first - 1].ended_at == rows[first].from_at:
        first -= 1
    return {
        "since": rows[first].from_at,
        "reason": row.reason,
        "review_at": row.review_at,
        "ended_at": row.ended_at,
        "reviews": len(rows) - 1 - first,
        "paid": True,
    }


SAID = ("in_case", "captured_at", "captured_zone")
"""Who added a file to the case, and when that was and was taken."""


def copied_shown(row: Copied, people: People, files: list[dict[str, Any]]) -> dict[str, Any]:
    """A piece of the case; of a file as it was called when it was copied, and whether there is a picture of it now."""
    where = {"entry": row.entry} if row.entry is not None else {"evidence": row.evidence_id}
    there = [{name: file[name] for name in (*PICTURED, *SAID)} for file in files if file["id"] == row.evidence_id]
    shown = {"from": where, "said": row.said, "at": row.at, "by": name_of(people, row.by_id)}
    return shown | {"waits_since": row.waits_since} | (there or [{}])[0]
