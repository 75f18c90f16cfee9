"""A referral as it is read: all of it in the room, and by the person it is about what HR disclosed to them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.pinned import playbook_of
from service.people.identity import Me
from service.records.enums import PaperKind, Part, ReferralStage
from service.records.referrals import (
    Appeal,
    Appointment,
    Copied,
    Finding,
    Hearing,
    Paper,
    Referral,
    ReferralNote,
    RoomConflict,
    Suspension,
    TakenOut,
)
from service.records.room_entry_words import ENTRIES_OF_REFERRAL, ENTRIES_TO_SUBJECT
from service.records.room_words import APPOINTED, CHECKS, DISCLOSED, GATES, OWED, TO_DO
from service.referrals import letters, life, policy
from service.referrals.ahead import next_of
from service.referrals.consistency import comparable_outcomes
from service.referrals.find import Found, evidence_of, room_files, rows_of, version_of
from service.referrals.gates import Standing, not_called, not_paused, within_window
from service.referrals.keep import copyable
from service.referrals.life import Act
from service.referrals.parts import (
    PICTURED,
    People,
    alleged,
    appeal_shown,
    copied_shown,
    files_shown,
    finding_shown,
    hearing_shown,
    informal_shown,
    informed_shown,
    name_of,
    outcome_shown,
    own_file_shown,
    people_of,
    returned_shown,
    steps_shown,
    suspension_shown,
    who_are,
)
from service.referrals.policy import Relation
from service.referrals.readiness import missing_in
from service.referrals.standing import standing_of
from service.timeline import entries
from service.timeline.chain import ACTOR
from service.timeline.entries import RINGS_FOR

AMENDS = "Amends"
ROWS = (Appointment, Finding, Hearing, Suspension, Appeal, ReferralNote, Paper, Copied, RoomConflict, TakenOut)
TOLD_OF_FILE = ("id", "filename", "media_type", "sha256", "destroyed_at")
"""What the person it is about reads of a file, beside whether there is a picture of it."""


def referral_view(db: Session, me: Me, here: Found, at: datetime) -> dict[str, Any]:
    """A referral for this reader at a moment. What they may not read is absent, never None."""
    now = standing_of(db, here.referral, at)
    view = _room(db, here, now, at) if here.in_the_room else _told(db, here, now, at)
    if _at_decision(here, now):
        view["earlier"] = earlier_outcomes(db, here.referral, at)
        view["consistency"] = comparable_outcomes(db, me, here.referral)
    if here.in_the_room and (ready := letters.drafts(db, me, here, at)):
        view["drafts"] = ready
    there = {
        Act.PURGE: any("added_at" in file and file["destroyed_at"] is None for file in view.get("evidence", ())),
        Act.TAKE_BACK_CONFLICT: bool(view.get("conflicts")),
        Act.LEAVE_IN: any(each["given_at"] is None for each in view.get("taken_out", ())),
    }
    view["may"] = [act.value for act in Act if there.get(act, True) and _may(act, here, me, now)]
    return view


def _may(act: Act, here: Found, me: Me, now: Standing) -> bool:
    """Whether an act is to be offered: open, theirs, and with something to act on. An unmet gate is shown instead."""
    if not life.open_at(act, here.stage) or not policy.permitted(act, here.held, me, at_appeal=here.at_appeal):
        return False
    if now.paused and not_paused in life.MOVES[here.stage, act].needs:
        return False
    heard, invited = (now.appeal_heard, now.appeal_invited_for) if here.at_appeal else (now.heard, now.invited_for)
    return {
        Act.RESUME: now.paused,
        Act.END_SUSPENSION: now.suspended,
        Act.POSTPONE: invited is not None and not heard,
        Act.HEAR: invited is not None and not heard,
        Act.FIND: not_called(now) is None,
        Act.SUSPEND: now.suspended or (now.informed and here.stage in life.BEFORE_DECISION),
        Act.INVITE: not heard and not now.appeal_decided,
        Act.DECIDE_APPEAL: not now.appeal_decided,
        Act.APPEAL: within_window(now) is None,
        Act.DISCLOSE: now.informed,
        Act.SERVE: now.informed,
        Act.REPLY: now.informed,
        Act.SEND_LETTER: now.informed,
    }.get(act, True)


def _at_decision(here: Found, now: Standing) -> bool:
    """Whoever decides reads what came before once the hearing is over, and not sooner: it must not colour the facts."""
    return Relation.DECISION_MAKER in here.held and here.stage is ReferralStage.HEARING and now.heard


def earlier_outcomes(db: Session, referral: Referral, at: datetime) -> list[dict[str, Any]]:
    """The warnings of the same person, from other referrals, that live at this moment."""
    live = (
        select(Referral.outcome, Referral.decided_at, Referral.warning_until)
        .where(
            col(Referral.subject_id) == referral.subject_id,
            col(Referral.subject_id).is_not(None),
            col(Referral.id) != referral.id,
            col(Referral.warning_until) > at,
        )
        .order_by(col(Referral.decided_at))
    )
    return [
        {"outcome": row.outcome, "decided_at": row.decided_at, "until": row.warning_until} for row in db.execute(live)
    ]


def returned_before(db: Session, referral: Referral) -> list[dict[str, Any]]:
    """The referrals of the same case that HR sent back before this one came, each with why."""
    same = (col(Referral.case_id) == referral.case_id, col(Referral.id) < referral.id)
    sent_back = select(Referral).where(*same, col(Referral.returned_at).is_not(None)).order_by(col(Referral.id))
    return [{"reference": each.reference, **(returned_shown(each) or {})} for each in db.execute(sent_back).scalars()]


def _room(db: Session, here: Found, now: Standing, at: datetime) -> dict[str, Any]:
    """All of it."""
    referral, stage = here.referral, here.stage
    rows = {table: rows_of(db, table, referral) for table in ROWS}
    own, out = room_files(db, referral, destroyed=True), _out(referral, now)
    people = people_of(db, referral, rows, own)
    files = files_shown(db, evidence_of(db, referral))
    # Who was appointed a moment ago may be gone with the referral by now.
    emails = {part.value: people.get(now.people.get(part), {}).get("email") for part in Part}
    view: dict[str, Any] = {
        "reference": referral.reference,
        "stage": stage,
        "version": referral.version,
        "received_at": referral.received_at,
        "accept_by": referral.accept_by if stage is ReferralStage.RECEIVED else None,
        "allegation": alleged(referral),
        "states_allegation": bool(referral.allegation),
        "reason": referral.reason,
        "rules": list(referral.rules),
        "playbook": referral.playbook_version,
        "mitigation": referral.mitigation,
        "self_reported": referral.self_reported,
        "subject_told": referral.subject_told,
        "steps_taken": steps_shown(referral),
        "evidence": [file for file in files if file["id"] in referral.evidence_ids]
        + [own_file_shown(file, people) for file in own],
        "referred_by": people.get(referral.referred_by_id),
        "subject": people.get(referral.subject_id),
        "people": emails,
        "appointments": [
            people[row.person_id] | {"part": row.part, "from": row.from_at, "until": row.until_at}
            for row in rows[Appointment]
        ],
        "accepted_at": referral.accepted_at,
        "returned": returned_shown(referral),
        "returned_before": returned_before(db, referral),
        "fact_finding_at": referral.fact_finding_at,
        "informed": informed_shown(referral),
        "disclosed": list(referral.disclosed),
        "findings": [finding_shown(row, people, out) for row in rows[Finding]],
        "informal": informal_shown(referral),
        "hearing": hearing_shown(rows[Hearing], now, appeal=False),
        "appeal_hearing": hearing_shown(rows[Hearing], now, appeal=True),
        "considered": {"at": referral.considered_at, "text": referral.considered_text, "counts": now.considered}
        if referral.considered_at
        else None,
        **outcome_shown(db, referral, at),
        "appeal": appeal_shown(rows[Appeal]),
        "suspension": suspension_shown(rows[Suspension]),
        "paused": {"at": referral.paused_at, "reason": referral.paused_because} if referral.paused_at else None,
        "letters": letters.listed(db, referral, now),
        "copied": [copied_shown(row, people, files) for row in rows[Copied]],
        "papers": [
            {"kind": row.kind, "how": row.how, "text": row.text, "at": row.at, "recorded_at": row.recorded_at}
            | {"by": name_of(people, row.by_id)}
            for row in rows[Paper]
        ],
        "conflicts": [
            people[row.person_id] | {"reason": row.reason, "at": row.at, "by": name_of(people, row.by_id)}
            for row in rows[RoomConflict]
        ],
        "taken_out": [
            {"words": row.words, "by": name_of(people, row.by_id), "at": row.at, "given_at": row.given_at}
            for row in rows[TakenOut]
        ],
        "notes": [{"text": row.text, "by": name_of(people, row.by_id), "at": row.at} for row in rows[ReferralNote]],
        "closed_at": referral.closed_at,
        "due": {"what": referral.next_due_what, "at": referral.next_due_at} if referral.next_due_at else None,
        "next": next_of(stage, now),
        "gates": [
            {
                "gate": name,
                "met": met,
                "rule": (CHECKS if met else CHECKS | TO_DO)[name],
                "says": GATES[name],
            }
            for name, met in life.gates(stage, now)
        ],
    }
    book = playbook_of(db, referral.playbook_version).referrals
    view["limits"] = {
        "notice_hours": book.hearing_notice_hours,
        "postponement_days": book.companion_postponement.working_days,
        "review_days": book.suspension_review.working_days,
    }
    if stage is ReferralStage.RECEIVED:
        view["missing"] = [{"field": each.field, "message": each.message} for each in missing_in(referral)]
    if life.open_at(Act.COPY, stage):
        view["copyable"] = copyable(db, referral)
    return view


def _told(db: Session, here: Found, now: Standing, at: datetime) -> dict[str, Any]:
    """What was disclosed to the person it is about."""
    referral, shown, out = here.referral, {*here.referral.disclosed}, _out(here.referral, now)
    files = files_shown(db, evidence_of(db, referral, told=True))
    readable = {file["id"] for file in files} if "evidence" in shown else set()
    parts: dict[str, Any] = {
        "allegation": alleged(referral),
        "rules": list(referral.rules),
        "reason": referral.reason,
        "mitigation": referral.mitigation,
        "steps_taken": steps_shown(referral),
        "evidence": [{name: file[name] for name in (*TOLD_OF_FILE, *PICTURED)} for file in files],
        "findings": [
            {"kind": row.kind, "text": row.text, "counts": row.by_id not in out}
            | {"evidence": [each for each in row.evidence_ids if each in readable]}
            for row in rows_of(db, Finding, referral)
            if row.waits_since is None
        ],
        "hearing": hearing_shown(rows_of(db, Hearing, referral), now, appeal=False, told=True),
        "appeal": appeal_shown(rows_of(db, Appeal, referral)),
        "suspension": suspension_shown(rows_of(db, Suspension, referral)),
    }
    view = {name: parts[name] for name in DISCLOSED if name in shown and name in parts}
    if "outcome" in shown:
        view |= {**outcome_shown(db, referral, at), "informal": informal_shown(referral)}
    if "hearing" in shown:
        view["appeal_hearing"] = hearing_shown(rows_of(db, Hearing, referral), now, appeal=True, told=True)
    return view | {
        "reference": referral.reference,
        "stage": here.stage,
        "version": version_of(db, here),
        "informed": informed_shown(referral),
        # Why is HR's: it may be about somebody else.
        "paused": {"at": referral.paused_at} if referral.paused_at else None,
        "letters": letters.listed(db, referral, now),
        "replies": [
            {"text": row.text, "how": row.how, "at": row.at}
            for row in rows_of(db, Paper, referral)
            if row.kind == PaperKind.REPLY
        ],
    }


def _out(referral: Referral, now: Standing) -> frozenset[int]:
    """Whose findings do not count: what was decided stays decided."""
    return now.apart if referral.decided_at is None else frozenset()


def timeline(db: Session, here: Found, *, after: int = 0) -> list[dict[str, Any]]:
    """The entries this reader may see, oldest first, from `after` that of a number; the person it is about reads that
    something happened, and when.
    """
    rows = entries.of_referral(db, here.referral.id)
    eye = "room" if here.in_the_room else "subject"
    seen = [row for row in rows if eye in row.audience.split() and row.sequence > after]
    people = who_are(db, {row.actor_id for row in seen})
    return [_entry(row, people, whole=here.in_the_room) for row in seen]


def _parts(fields: Mapping[str, Any]) -> str:
    """The parts to which an entry appoints people."""
    told = [change["after"] for path, change in fields.items() if re.fullmatch(r"appointments\..*\.part", path)]
    return " and ".join(f"the {APPOINTED[part].lower()}" for part in told if part) or "somebody"


def _entry(row: Any, people: People, *, whole: bool) -> dict[str, Any]:
    fields = row.fields or {}
    due = OWED[fields[RINGS_FOR]["after"]] if RINGS_FOR in fields else ""
    words = ENTRIES_OF_REFERRAL[row.kind].format(due=due, parts=_parts(fields))
    told = {"kind": row.kind, "at": row.at, "words": words}
    if not whole:
        return told | {"words": ENTRIES_TO_SUBJECT[row.kind]}
    changes = [
        {"field": name, "before": fields[name]["before"], "after": fields[name]["after"], "erased": False}
        if name in fields
        else {"field": name, "before": None, "after": None, "erased": True}
        for name in row.commitments
        if name != ACTOR
    ]
    return told | {"actor": people.get(row.actor_id, {"name": AMENDS})["name"], "changes": changes}
