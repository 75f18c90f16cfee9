"""A referral as it is read: all of it in the room, and by the person it is about what HR disclosed to them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.pinned import playbook_of
from service.people.identity import Me
from service.records.enums import Outcome, Part, ReferralStage
from service.records.evidence import Evidence
from service.records.people import Person
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
)
from service.records.room_words import CHECKS, DISCLOSED, ENTRIES_OF_REFERRAL, ENTRIES_TO_SUBJECT, GATES, OWED
from service.referrals import letters, life, policy
from service.referrals.consistency import comparable_outcomes
from service.referrals.find import Found, appeal_ends, room_files, standing_of, version_of
from service.referrals.hear import evidence_of
from service.referrals.keep import copyable
from service.referrals.life import Act, Standing
from service.referrals.policy import Relation
from service.referrals.readiness import missing_in
from service.timeline import entries
from service.timeline.chain import ACTOR
from service.timeline.entries import RINGS_FOR

People = Mapping[int | None, dict[str, str]]
NOBODY = {"email": "", "name": ""}
AMENDS = "Amends"


def referral_view(db: Session, me: Me, here: Found, at: datetime) -> dict[str, Any]:
    """A referral for this reader at a moment. What they may not read is absent, never None."""
    now = standing_of(db, here.referral, at)
    view = _room(db, here, now, at) if here.in_the_room else _told(db, here, at)
    if _at_decision(here, now):
        view["earlier"] = earlier_outcomes(db, here.referral, at)
        view["consistency"] = comparable_outcomes(db, me, here.referral)
    if here.in_the_room and (ready := letters.drafts(db, me, here, at)):
        view["drafts"] = ready
    view["may"] = [act.value for act in Act if _may(act, here, me, now)]
    return view


def _may(act: Act, here: Found, me: Me, now: Standing) -> bool:
    """Whether an act is to be offered: open, theirs, and with something to act on. An unmet gate is shown instead."""
    at_appeal = here.stage is ReferralStage.APPEALED
    if not life.open_at(act, here.stage) or not policy.permitted(act, here.held, me, at_appeal=at_appeal):
        return False
    heard, invited = (now.appeal_heard, now.appeal_invited_for) if at_appeal else (now.heard, now.invited_for)
    return {
        Act.RESUME: now.paused,
        Act.PAUSE: not now.paused,
        Act.END_SUSPENSION: now.suspended,
        Act.POSTPONE: invited is not None and not heard,
        Act.HEAR: invited is not None and not heard,
        Act.INVITE: not heard and not now.appeal_decided,
        Act.DECIDE_APPEAL: not now.appeal_decided,
        Act.APPEAL: life.within_window(now) is None,
        Act.DISCLOSE: now.informed,
        Act.SERVE: now.informed,
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


def _rows(db: Session, table: Any, referral: Referral) -> list[Any]:
    return list(db.execute(select(table).where(table.referral_id == referral.id).order_by(table.id)).scalars())


def _room(db: Session, here: Found, now: Standing, at: datetime) -> dict[str, Any]:
    """All of it."""
    referral, stage = here.referral, here.stage
    rows = {
        table: _rows(db, table, referral)
        for table in (Appointment, Finding, Hearing, Suspension, Appeal, ReferralNote, Paper, Copied, RoomConflict)
    }
    own = room_files(db, referral)
    people = _people(db, referral, rows, own)
    files = _files(db, evidence_of(db, referral))
    appointed = [row for row in rows[Appointment] if row.until_at is None]
    emails = {part.value: None for part in Part} | {row.part: people[row.person_id]["email"] for row in appointed}
    view: dict[str, Any] = {
        "reference": referral.reference,
        "stage": stage,
        "version": referral.version,
        "received_at": referral.received_at,
        "accept_by": referral.accept_by if stage is ReferralStage.RECEIVED else None,
        "allegation": referral.allegation,
        "reason": referral.reason,
        "rules": list(referral.rules),
        "playbook": referral.playbook_version,
        "mitigation": referral.mitigation,
        "self_reported": referral.self_reported,
        "subject_told": referral.subject_told,
        "steps_taken": _steps(referral),
        "evidence": [file for file in files if file["id"] in referral.evidence_ids]
        + [_own_file(file, people) for file in own],
        "referred_by": people.get(referral.referred_by_id),
        "subject": people.get(referral.subject_id),
        "people": {str(part): email for part, email in emails.items()},
        "appointments": [
            people[row.person_id] | {"part": row.part, "from": row.from_at, "until": row.until_at}
            for row in rows[Appointment]
        ],
        "accepted_at": referral.accepted_at,
        "returned": _returned(referral),
        "fact_finding_at": referral.fact_finding_at,
        "informed": _informed(referral),
        "disclosed": list(referral.disclosed),
        "findings": [_finding(row, people) for row in rows[Finding]],
        "informal": _informal(referral),
        "hearing": _hearing(rows[Hearing], appeal=False),
        "appeal_hearing": _hearing(rows[Hearing], appeal=True),
        "considered": {"at": referral.considered_at, "text": referral.considered_text}
        if referral.considered_at
        else None,
        **_outcome(db, referral, at),
        "appeal": _appeal(rows[Appeal]),
        "suspension": _suspension(rows[Suspension]),
        "paused": {"at": referral.paused_at, "reason": referral.paused_because} if referral.paused_at else None,
        "letters": letters.listed(db, referral),
        "copied": [_copied(row, people) for row in rows[Copied]],
        "papers": [
            {"kind": row.kind, "how": row.how, "text": row.text, "at": row.at, "recorded_at": row.recorded_at}
            | {"by": _name(people, row.by_id)}
            for row in rows[Paper]
        ],
        "conflicts": [
            people[row.person_id] | {"reason": row.reason, "at": row.at, "by": _name(people, row.by_id)}
            for row in rows[RoomConflict]
        ],
        "notes": [{"text": row.text, "by": _name(people, row.by_id), "at": row.at} for row in rows[ReferralNote]],
        "closed_at": referral.closed_at,
        "due": {"what": referral.next_due_what, "at": referral.next_due_at} if referral.next_due_at else None,
        "gates": [
            {"gate": name, "met": met, "rule": CHECKS[name], "says": GATES[name]}
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


def _told(db: Session, here: Found, at: datetime) -> dict[str, Any]:
    """What was disclosed to the person it is about."""
    referral, shown = here.referral, {*here.referral.disclosed}
    parts: dict[str, Any] = {
        "allegation": referral.allegation,
        "rules": list(referral.rules),
        "reason": referral.reason,
        "mitigation": referral.mitigation,
        "steps_taken": _steps(referral),
        "evidence": [
            {name: file[name] for name in ("id", "filename", "sha256")}
            for file in _files(db, evidence_of(db, referral, told=True))
        ],
        "findings": [{"kind": row.kind, "text": row.text} for row in _rows(db, Finding, referral)],
        "hearing": _hearing(_rows(db, Hearing, referral), appeal=False, told=True),
        "appeal": _appeal(_rows(db, Appeal, referral)),
        "suspension": _suspension(_rows(db, Suspension, referral)),
    }
    view = {name: parts[name] for name in DISCLOSED if name in shown and name in parts}
    if "outcome" in shown:
        view |= {**_outcome(db, referral, at), "informal": _informal(referral)}
    if "hearing" in shown:
        view["appeal_hearing"] = _hearing(_rows(db, Hearing, referral), appeal=True, told=True)
    return view | {
        "reference": referral.reference,
        "stage": here.stage,
        "version": version_of(db, here),
        "informed": _informed(referral),
        "letters": letters.listed(db, referral),
    }


def timeline(db: Session, here: Found) -> list[dict[str, Any]]:
    """The entries this reader may see, oldest first; the person it is about reads that something happened, and when."""
    rows = entries.of_referral(db, here.referral.id)
    eye = "room" if here.in_the_room else "subject"
    seen = [row for row in rows if eye in row.audience.split()]
    people = _who(db, {row.actor_id for row in seen})
    return [_entry(row, people, whole=here.in_the_room) for row in seen]


def _entry(row: Any, people: People, *, whole: bool) -> dict[str, Any]:
    fields = row.fields or {}
    due = OWED.get(fields.get(RINGS_FOR, {}).get("after"), "something")
    told = {"kind": row.kind, "at": row.at, "words": ENTRIES_OF_REFERRAL[row.kind].format(due=due)}
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


def _people(db: Session, referral: Referral, rows: Mapping[Any, list[Any]], files: list[Evidence]) -> People:
    wanted = {referral.referred_by_id, referral.subject_id, *(file.added_by_id for file in files)}
    wanted |= {row.person_id for table in (Appointment, RoomConflict) for row in rows[table]}
    wanted |= {row.by_id for table, found in rows.items() if table is not Appointment for row in found}
    return _who(db, wanted)


def _who(db: Session, ids: set[int | None]) -> dict[int | None, dict[str, str]]:
    found = select(col(Person.id), Person.email, Person.name).where(col(Person.id).in_(ids - {None}))
    return {row.id: {"email": row.email, "name": row.name} for row in db.execute(found)}


def _name(people: People, person_id: int | None) -> str:
    return people.get(person_id, NOBODY)["name"]


def _steps(referral: Referral) -> list[dict[str, Any]]:
    return [{**step, "taken_at": datetime.fromisoformat(step["taken_at"])} for step in referral.steps_taken]


def _files(db: Session, ids: list[str]) -> list[dict[str, Any]]:
    there = {file.id: file for file in db.execute(select(Evidence).where(col(Evidence.id).in_(ids))).scalars()}
    return [
        {"id": file.id, "filename": file.filename, "sha256": file.sha256, "size": file.size}
        for one in ids
        if (file := there.get(one)) is not None
    ]


def _own_file(file: Evidence, people: People) -> dict[str, Any]:
    """A file that was added in the room."""
    names = ("id", "filename", "media_type", "size", "sha256", "description", "captured_at", "captured_zone")
    shown = {name: getattr(file, name) for name in (*names, "added_at", "scanned", "destroyed_at", "disclosed_at")}
    return shown | {"by": _name(people, file.added_by_id), "preview": file.preview is not None}


def own_file(db: Session, file: Evidence) -> dict[str, Any]:
    """The same by itself, for whoever has just added it."""
    return _own_file(file, _who(db, {file.added_by_id}))


def _returned(referral: Referral) -> dict[str, Any] | None:
    return {"at": referral.returned_at, "reason": referral.returned_because} if referral.returned_at else None


def _informed(referral: Referral) -> dict[str, Any] | None:
    return {"at": referral.informed_at, "text": referral.informed_text} if referral.informed_at else None


def _informal(referral: Referral) -> dict[str, Any] | None:
    return {"at": referral.informal_at, "reason": referral.informal_because} if referral.informal_at else None


def _finding(row: Finding, people: People) -> dict[str, Any]:
    return {"kind": row.kind, "text": row.text, "evidence": row.evidence_ids, "at": row.at} | {
        "by": _name(people, row.by_id)
    }


def _hearing(rows: list[Hearing], *, appeal: bool, told: bool = False) -> dict[str, Any] | None:
    """The hearing as it was last called; the person it is about reads their invitation, and not the notes."""
    called = [row for row in rows if row.appeal is appeal]
    if not called:
        return None
    row = called[-1]
    shown = {
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


def _outcome(db: Session, referral: Referral, at: datetime) -> dict[str, Any]:
    """The outcome that stands; and the decision, with the outcome that it was before any appeal, and its reason.

    A warning is live until it has expired by itself.
    """
    until = referral.warning_until
    decided = {
        "outcome": _decided_first(db, referral),
        "reason": referral.outcome_reason,
        "decided_at": referral.decided_at,
        "appeal_by": appeal_ends(referral, at),
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


def _appeal(rows: list[Appeal]) -> dict[str, Any] | None:
    if not rows:
        return None
    row = rows[-1]
    names = ("grounds", "at", "upheld", "outcome", "reason", "decided_at")
    return {name: getattr(row, name) for name in names}


def _suspension(rows: list[Suspension]) -> dict[str, Any] | None:
    """The suspension as it stands, with when it began; each review is a row of its own."""
    if not rows:
        return None
    row = rows[-1]
    return {
        "since": rows[0].from_at,
        "reason": row.reason,
        "review_at": row.review_at,
        "ended_at": row.ended_at,
        "reviews": len(rows) - 1,
        "paid": True,
    }


def _copied(row: Copied, people: People) -> dict[str, Any]:
    where = {"entry": row.entry} if row.entry is not None else {"evidence": row.evidence_id}
    return {"from": where, "said": row.said, "at": row.at, "by": _name(people, row.by_id)}
