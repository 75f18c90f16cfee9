"""What is said in a case: the desk's advice, messages to and from the reporter, notes for one audience."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import keep_next_due
from service.cases.facts import refuse_closed
from service.cases.policy import Act, eyes, require_stage
from service.cases.recipients import acknowledged, open_routes, reaches, whom_to_tell
from service.cases.relations import Relation
from service.core.errors import invalid
from service.people.identity import Me
from service.records.cases import Case, Step
from service.records.enums import Kind, NoteAudience
from service.records.people import Person
from service.records.said import Advice, Message, Note
from service.timeline import entries
from service.timeline.audiences import DESK_ONLY
from service.timeline.confidence import reporter_of

# For whom somebody may write who reads through these eyes.
WRITES_FOR: dict[str, frozenset[NoteAudience]] = {
    "digital_unit": frozenset(NoteAudience),
    "line_manager": frozenset({NoteAudience.REPORTER, NoteAudience.LINE_MANAGER, NoteAudience.DIGITAL_UNIT}),
    "desk": frozenset({NoteAudience.DIGITAL_UNIT}),
    "data_protection": frozenset({NoteAudience.DIGITAL_UNIT}),
    "hr": frozenset({NoteAudience.HR, NoteAudience.DIGITAL_UNIT}),
}
# Which notes may be read through which eyes. Their author reads them always.
READS: dict[str, frozenset[NoteAudience]] = {
    "digital_unit": frozenset({NoteAudience.REPORTER, NoteAudience.LINE_MANAGER, NoteAudience.DIGITAL_UNIT}),
    "line_manager": frozenset({NoteAudience.REPORTER, NoteAudience.LINE_MANAGER}),
    "reporter": frozenset({NoteAudience.REPORTER}),
    "hr": frozenset({NoteAudience.REPORTER, NoteAudience.LINE_MANAGER, NoteAudience.HR}),
    "desk": frozenset({NoteAudience.REPORTER}),
    "data_protection": frozenset({NoteAudience.REPORTER}),
    "adviser": frozenset({NoteAudience.REPORTER}),
}
"""Whoever raised a concern reads none: it is written about somebody else, and what is for them is a message."""
NO_NOTES = "Whoever raised a concern reads no notes. Write them a message, or choose other readers."
ASK_THE_DESK = "Whoever raised a concern reads no notes. Choose other readers: the desk can write to them."


def advise(db: Session, me: Me, case: Case, *, text: str, at: datetime) -> None:
    """Record advice to the reporter: that of the desk that holds the case (policy, *Dealing with mistakes*), or the
    answer of whoever was asked before posting, which also acknowledges.
    """
    require_stage(Act.ADVISE, case)
    asked = [route for route in open_routes(db, case) if reaches(me, route)] if case.kind == Kind.ADVICE else []
    desk = asked[0].desk if asked else case.holding_desk
    advice = Advice(case_id=case.id, by_id=me.id, desk=desk, text=text, at=at)
    db.add(advice)
    db.flush()
    changes: dict[str, tuple[object, object]] = {f"advice.{advice.id}": (None, text)}
    if case.kind == Kind.ADVICE:
        changes["answered_by"] = (None, desk)
    for route in asked:
        if route.answered_at is None:
            changes[f"routes.{route.desk}.answered_at"] = (None, at)
            route.answered_at = at
    # Of a concern nobody is advised but its desk: what is for whoever raised it is a message.
    reporter = case.reporter_id if case.kind != Kind.CONCERN else None
    tell = (reporter,) if reporter else ()
    entries.add(db, case, "advised", actor=me.id, at=at, changes=changes, tell=tell)
    acknowledged(db, me, case, [route for route in asked if route.acknowledged_at is None], at)
    keep_next_due(db, case)


def say(
    db: Session,
    me: Me,
    case: Case,
    held: frozenset[Relation],
    *,
    text: str,
    at: datetime,
    to: Person | None = None,
) -> None:
    """A line from the reporter to the desk, or from the desk to the reporter.

    Of a concern, also to and from whoever was asked for a step, or was told something as its subject: `to` names them,
    and nobody but them and the desk reads it. Raises Invalid, naming `to`, for anybody else.
    """
    from_reporter = not held.isdisjoint({Relation.REPORTER, Relation.RAISER})
    # Who was asked answers the desk, also where they sit at it.
    asked = not held.isdisjoint({Relation.ASKED, Relation.SUBJECT})
    aside = me.id if not from_reporter and (asked or Relation.HOLDER not in held) else None
    if to is not None:
        aside = _spoken_aside(db, case, to)
    if Relation.HOLDER not in held:
        refuse_closed(case, {"text": text})
    by_id = None if from_reporter and case.confidential else me.id
    message = Message(case_id=case.id, by_id=by_id, with_id=aside, from_reporter=from_reporter, text=text, at=at)
    db.add(message)
    db.flush()
    reader = aside or reporter_of(db, case)
    readers = whom_to_tell(db, case) if Relation.HOLDER not in held else (reader,) if reader else ()
    changes: dict[str, tuple[object, object]] = {f"messages.{message.id}": (None, text)}
    if aside is not None:
        changes[f"messages.{message.id}.with_id"] = (None, aside)
    entries.add(
        db,
        case,
        "message",
        actor=me.id,
        at=at,
        changes=changes,
        tell=readers,
        audience=DESK_ONLY if aside else (),
    )


def _spoken_aside(db: Session, case: Case, person: Person) -> int:
    asked = db.execute(select(col(Step.id)).where(col(Step.case_id) == case.id, col(Step.asked_of_id) == person.id))
    told = person.id == case.subject_id and case.disclosed_at is not None
    if person.id is None or case.kind != Kind.CONCERN or (asked.first() is None and not told):
        raise invalid("to", "Only somebody who was asked for a step, or told of this, can be written to.")
    return person.id


def note(
    db: Session, me: Me, case: Case, held: frozenset[Relation], *, text: str, audience: NoteAudience, at: datetime
) -> None:
    """Keep a note for one audience. Raises Invalid for an audience that is not this person's to write for, and on a
    concern for whoever raised it, who reads none.
    """
    through = eyes(held)
    if case.kind == Kind.CONCERN and audience is NoteAudience.REPORTER:
        raise invalid("audience", NO_NOTES if Relation.HOLDER in held else ASK_THE_DESK)
    if not any(audience in WRITES_FOR.get(eye, ()) for eye in through):
        raise invalid("audience", "You cannot write notes for these readers.")
    if Relation.HOLDER not in held:
        refuse_closed(case, {"text": text})
    keep_note(db, me, case, text=text, audience=audience, at=at)


def keep_note(db: Session, me: Me, case: Case, *, text: str, audience: NoteAudience, at: datetime) -> None:
    """Write the note and its entry, which only its readers see."""
    kept = Note(case_id=case.id, by_id=me.id, audience=audience, text=text, at=at)
    db.add(kept)
    db.flush()
    entries.add(db, case, f"note_{audience}", actor=me.id, at=at, changes={f"notes.{kept.id}": (None, text)})


def readable(audience: NoteAudience, through: frozenset[str]) -> bool:
    """Whether a note for this audience is shown to these eyes."""
    return any(audience in READS.get(eye, ()) for eye in through)
