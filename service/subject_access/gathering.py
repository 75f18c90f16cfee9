"""Gathers what is held about one person, part by part, with third parties taken out of it by rule.

What somebody has a part in is read through their own eyes, as everywhere (`cases/view.py`), so nothing is in it that
they must not learn: who raised a concern, what was not disclosed, what HR does. Beyond that, law gives them what was
noted about them once nothing more is planned; `WITHHELD` says what it does not give, and by which passage.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select
from sqlmodel import Session, col

from service.cases.read_log import TOLD_OF
from service.cases.view import case_view
from service.people.identity import Me
from service.records.cases import Case, Confidence, Step
from service.records.entry_words import HAPPENED
from service.records.enums import Day, Kind, NoteAudience, Stage
from service.records.field_words import TABLES
from service.records.list_words import LOOKED_AS, READ_THROUGH, READ_WHAT
from service.records.notice_words import NOTIFIED, NOTIFIED_ELSE
from service.records.notifications import Notification, Preference
from service.records.people import Absence, ApiToken, BrowserSession, DeskMember, Person, PersonRole, Shift, Unit
from service.records.referrals import Referral
from service.records.room_entry_words import ENTRIES_OF_REFERRAL
from service.records.said import Note
from service.records.timeline import ReadEntry, TimelineEntry
from service.records.words import THE_DESKS
from service.subject_access.lines import (
    Item,
    Line,
    chunks,
    entry_told,
    file_item,
    item,
    lines_of,
    on_day,
    redacted,
    titled,
    when,
)
from service.subject_access.of_referrals import UNDISCLOSED, in_referral, of_a_referral, parts_held
from service.subject_access.others import redactor_for, within
from service.subject_access.theirs import cases_of, referrals_of
from service.subject_access.third_parties import Redactor


def gather(db: Session, person: Person, at: datetime) -> Iterator[Item]:
    """Everything that is held about somebody, in the order in which it is given; read as it is asked for."""
    redactor = redactor_for(db, person)
    yield from _about(db, person, redactor)
    for case_id in db.execute(cases_of(person.id).order_by(col(Case.id))).scalars().all():
        case = db.get_one(Case, case_id)
        yield from _of_case(db, person, case, within(db, redactor, case), at)
        # One case after another, and no long read: a purge waits for whoever reads.
        db.expunge_all()
        db.rollback()
    for referral_id in db.execute(referrals_of(person.id).order_by(col(Referral.id))).scalars().all():
        referral = db.get_one(Referral, referral_id)
        yield from of_a_referral(db, person, referral, in_referral(db, redactor, referral))
        db.expunge_all()
        db.rollback()
    yield from parts_held(db, person)
    yield from _done_at_work(db, person)
    yield from _notified(db, person)
    yield from _opened(db, person)


# --- the directory, and how they sign in


def _about(db: Session, person: Person, redact: Redactor) -> Iterator[Item]:
    unit = db.get(Unit, person.unit_id) if person.unit_id else None
    told: dict[str, Any] = {
        "Name": person.name,
        "Work e-mail address": person.email,
        "Unit": unit.name if unit else None,
        "Time zone": person.zone,
        "Working days": ", ".join(TABLES["days"][list(Day)[day]] for day in person.working_days),
        "Employer": TABLES["employers"][person.employer],
        "Engagement": TABLES["engagements"][person.engagement],
        "Line manager": _called(db, person.manager_id),
        "Deputy": _called(db, person.deputy_id),
        "Works here": "yes" if person.active else "no",
        "In Amends since": when(person.created_at, person),
        "Signs in with a password": "yes" if person.password_hash else "no",
    }
    lines = [[label, redact(str(value)) if label != "Unit" else value] for label, value in told.items() if value]
    seats, shifts = _rows(db, DeskMember, person), _rows(db, Shift, person)
    desks: Any = TABLES["desks"]
    lines += [["Desk", f"{desks[seat.desk]}{', leads it' if seat.lead else ''}"] for seat in seats]
    lines += [["Role", TABLES["roles"][held.role]] for held in _rows(db, PersonRole, person)]
    lines += [["Away", f"{when(a.from_at, person)} to {when(a.until_at, person)}"] for a in _rows(db, Absence, person)]
    lines += [["On duty", f"{desks[one.desk]}, {one.starts} to {one.ends}, {one.zone}"] for one in shifts]
    said = db.get(Preference, person.id)
    if said is not None:
        lines += [["Told by e-mail", TABLES["notify"][said.notify]], ["Phone", said.phone or "none"]]
    yield item("person", lines)
    used = [
        (one.created_at, f"last seen {when(one.seen_at, person)}, with {one.browser or 'a browser'}")
        for one in _rows(db, BrowserSession, person)
    ]
    used += [
        (one.created_at, f"a token for programs, until {when(one.ends_at, person)}")
        for one in _rows(db, ApiToken, person)
    ]
    yield from chunks("sign_in", person, used)


def _called(db: Session, person_id: int | None) -> str | None:
    return db.execute(select(col(Person.name)).where(col(Person.id) == person_id)).scalar() if person_id else None


def _rows(db: Session, table: Any, person: Person) -> list[Any]:
    return list(db.execute(select(table).where(_is(table, person))).scalars())


def _is(table: Any, person: Person) -> Any:
    return table.person_id == person.id


# --- cases


def _of_case(db: Session, person: Person, case: Case, redact: Redactor, at: datetime) -> Iterator[Item]:
    through = _eyes(db, person, case)
    if case.kind == Kind.CONCERN and case.subject_id == person.id and case.disclosed_at is None:
        title = titled("undisclosed", about=case.reference)
        yield Item("undisclosed", title, [], case.id, None, UNDISCLOSED, about=case.reference)
    if not through:
        return
    view = case_view(db, case, through, at=at, me=_as_me(person), timeline=True)
    part = next(eye for eye in ("reporter", "raiser", "subject", "asked") if eye in through)
    for each in _in_parts(db, person, case, view, through, part, redact):
        yield replace(each, case_id=case.id, about=case.reference)


def _in_parts(
    db: Session,
    person: Person,
    case: Case,
    view: Mapping[str, Any],
    through: frozenset[str],
    part: str,
    redact: Redactor,
) -> Iterator[Item]:
    """What somebody reads of a case: what it is, its timeline, its files, notes about them, and who looked at it."""
    of = case.reference
    since = {"subject": case.disclosed_at, "asked": None}.get(part, case.reported_at)
    title = titled(part, on_day(since, person) if since else None, about=of)
    yield Item(part, title, redacted(lines_of(view, person), redact))
    story = ((entry["at"], redact(entry_told(entry, person))) for entry in view.get("timeline", ()))
    yield from chunks("timeline", person, story, of)
    for file in view.get("evidence", ()):
        if file["destroyed_at"] is None:
            yield file_item("file", file, person, redact, of)
    if "reporter" in through and (noted := _noted(db, person, case)):
        yield Item("notes", titled("notes", about=of), redacted(noted, redact))
    if through & TOLD_OF.keys():
        yield from _looked(db, person, case, through)


def _eyes(db: Session, person: Person, case: Case) -> frozenset[str]:
    """Through whose eyes somebody reads a case as one who has a part in it: not as the desk or manager they are."""
    raised = select(col(Confidence.case_id)).where(
        col(Confidence.case_id) == case.id, col(Confidence.person_id) == person.id, col(Confidence.raised)
    )
    asked = select(col(Step.id)).where(col(Step.case_id) == case.id, col(Step.asked_of_id) == person.id)
    concern, mine = case.kind == Kind.CONCERN, case.reporter_id == person.id
    told = {
        "reporter": mine and not concern,
        "raiser": concern and (mine or db.execute(raised).first() is not None),
        "subject": concern and case.subject_id == person.id and case.disclosed_at is not None,
        "asked": db.execute(asked.limit(1)).first() is not None,
    }
    return frozenset(eye for eye, holds in told.items() if holds)


def _as_me(person: Person) -> Me:
    return Me(person.id, person.email, person.name, person.zone, person.employer)


def _noted(db: Session, person: Person, case: Case) -> list[Line]:
    """What was noted about somebody who reported, once nothing more is planned: it ended, and HR has nothing of it."""
    stands = (col(Referral.case_id) == case.id, col(Referral.disposed_at).is_(None))
    referred = db.execute(select(exists().where(*stands))).scalar()
    if case.stage != Stage.CLOSED or referred:
        return []
    audiences = (NoteAudience.LINE_MANAGER, NoteAudience.DIGITAL_UNIT)
    notes = select(Note.at, Note.text).where(col(Note.case_id) == case.id, col(Note.audience).in_(audiences))
    return [[when(noted_at, person), text] for noted_at, text in db.execute(notes.order_by(col(Note.id))) if text]


def _looked(db: Session, person: Person, case: Case, through: frozenset[str]) -> Iterator[Item]:
    mine, desk = next(eye for eye in TOLD_OF if eye in through), THE_DESKS[case.holding_desk]
    lines = select(ReadEntry.at, ReadEntry.what, ReadEntry.seen_as).where(
        col(ReadEntry.case_id) == case.id,
        col(ReadEntry.person_id) != person.id,
        col(ReadEntry.seen_as).in_(sorted(TOLD_OF[mine])),
    )
    rows = db.execute(lines.order_by(col(ReadEntry.at), col(ReadEntry.id)))
    looked = ((row.at, f"{READ_WHAT.get(row.what, row.what)}: {LOOKED_AS.get(row.seen_as) or desk}") for row in rows)
    yield from chunks("looked", person, looked, case.reference)


# --- what they did, were told and opened


def _done_at_work(db: Session, person: Person) -> Iterator[Item]:
    """What somebody did in the cases of others: that it happened, and when. What they wrote there is about others."""
    mine = col(TimelineEntry.actor_id) == person.id
    others = or_(
        col(TimelineEntry.case_id).not_in(cases_of(person.id)),
        col(TimelineEntry.referral_id).not_in(referrals_of(person.id)),
    )
    entries = select(TimelineEntry.at, TimelineEntry.kind).where(mine, others)
    rows = db.execute(entries.order_by(col(TimelineEntry.position)))
    in_a_room = {kind: said.format(due="something", parts="somebody") for kind, said in ENTRIES_OF_REFERRAL.items()}
    happened = {**HAPPENED, **in_a_room}
    yield from chunks("at_work", person, ((row.at, happened[row.kind]) for row in rows))


def _notified(db: Session, person: Person) -> Iterator[Item]:
    told = select(Notification.at, Notification.kind, Notification.read_at).where(_is(Notification, person))
    rows = db.execute(told.order_by(col(Notification.id)))
    yield from chunks(
        "notified",
        person,
        (
            (row.at, NOTIFIED.get(row.kind, NOTIFIED_ELSE).format(due="something"))
            + ((f"seen {when(row.read_at, person)}",) if row.read_at else ())
            for row in rows
        ),
    )


def _opened(db: Session, person: Person) -> Iterator[Item]:
    read = select(ReadEntry.at, ReadEntry.what, ReadEntry.through).where(col(ReadEntry.person_id) == person.id)
    rows = db.execute(read.order_by(col(ReadEntry.at), col(ReadEntry.id)))
    opened = (
        (row.at, f"{READ_WHAT.get(row.what, row.what)} {READ_THROUGH.get(row.through, '')}".strip()) for row in rows
    )
    yield from chunks("opened", person, opened)
