"""What is said in a case: the desk's advice, messages to and from the reporter, notes for one audience."""

from datetime import datetime

from sqlmodel import Session

from service.cases.facts import refuse_closed
from service.cases.policy import Act, Relation, eyes, require_stage
from service.core.errors import invalid
from service.people.identity import Me
from service.records.cases import Advice, Case, Message, Note
from service.records.enums import NoteAudience
from service.timeline import entries

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
}


def advise(db: Session, me: Me, case: Case, *, text: str, at: datetime) -> None:
    """Record the desk's advice to the reporter (policy, *Dealing with mistakes*: for advice on further handling)."""
    require_stage(Act.ADVISE, case.stage)
    advice = Advice(case_id=case.id, by_id=me.id, desk=case.holding_desk, text=text, at=at)
    db.add(advice)
    db.flush()
    tell = (case.reporter_id,) if case.reporter_id else ()
    entries.add(db, case, "advised", actor=me.id, at=at, changes={f"advice.{advice.id}": (None, text)}, tell=tell)


def say(db: Session, me: Me, case: Case, *, text: str, at: datetime) -> None:
    """A line from the reporter to the desk, or from the desk to the reporter."""
    from_reporter = me.id == case.reporter_id
    if from_reporter:
        refuse_closed(case, {"text": text})
    message = Message(case_id=case.id, by_id=me.id, from_reporter=from_reporter, text=text, at=at)
    db.add(message)
    db.flush()
    to = case.holding_desk if from_reporter else case.reporter_id
    tell = (to,) if to else ()
    entries.add(db, case, "message", actor=me.id, at=at, changes={f"messages.{message.id}": (None, text)}, tell=tell)


def note(
    db: Session, me: Me, case: Case, held: frozenset[Relation], *, text: str, audience: NoteAudience, at: datetime
) -> None:
    """Keep a note for one audience. Raises Invalid for an audience that is not this person's to write for."""
    through = eyes(held)
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
