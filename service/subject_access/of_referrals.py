"""What HR holds about somebody in a referral that is about them, and that they had a part in another.

Nothing is given of a referral that they were not told of. Of any other they are given what HR told them, the letters to
them, files that HR disclosed, and what was handed to them or came from them; once it is closed, what HR found and noted
as well. What was copied from the case is given with the case, by its rules. Whoever had a part in somebody else's is
told that they had it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.core.taken_out import OPENS
from service.records.cases import Case
from service.records.code_words import CODES
from service.records.enums import LetterKind, PaperKind, ReferralStage
from service.records.evidence import Evidence
from service.records.list_words import ACCESS_LETTERS, APPEAL_INVITATION, REPLIED_IN, REPLIED_OUTSIDE
from service.records.people import Person
from service.records.referrals import (
    Appeal,
    Appointment,
    Finding,
    Hearing,
    Letter,
    Paper,
    Referral,
    ReferralNote,
    Suspension,
)
from service.records.room_entry_words import ENTRIES_TO_SUBJECT
from service.records.room_words import (
    APPOINTED,
    DISCLOSED,
    ENDED,
    FINDINGS,
    HELD_OF_REFERRAL,
    LETTERS,
    PAPERS,
    ROOM_SAYS,
)
from service.records.words import STEPS
from service.referrals import bundle, their_copy
from service.referrals.find import room_files, rows_of
from service.referrals.gates import Standing
from service.referrals.letter_parts import TABLE
from service.referrals.parts import alleged
from service.referrals.standing import standing_of
from service.subject_access.lines import Item, Line, chunks, file_item, item, on_day, redacted, titled, when
from service.subject_access.others import within
from service.subject_access.theirs import referrals_of
from service.subject_access.third_parties import Known, Redactor, is_a_name
from service.timeline.entries import of_referral

UNDISCLOSED = "undisclosed"
"""The rule by which something about somebody is not given to them: it was not disclosed yet."""
AT_THE_HEARING = "somebody at the hearing"
NOT_THE_PAPER = "It names somebody else: its words are given, and not the paper."


def others_in(db: Session, referral: Referral) -> tuple[Known, ...]:
    """Everybody else who has a part in a referral, and who was at a hearing, be that name in no directory."""
    parts = (Known(*each) for each in bundle.others(db, referral))
    heard = (
        Known(name, "", AT_THE_HEARING, in_words=False)
        for row in rows_of(db, Hearing, referral)
        for name in row.present
        if is_a_name(name)
    )
    return (*parts, *heard)


def in_referral(db: Session, redactor: Redactor, referral: Referral) -> Redactor:
    """The same with everybody who has to do with a referral or its case, names of files, and what HR chose."""
    inside = within(db, redactor, db.get_one(Case, referral.case_id))
    return replace(
        inside,
        known=(*inside.known, *others_in(db, referral)),
        files=(*inside.files, *bundle.file_names(db, referral)),
        also=their_copy.words_of(db, referral),
    )


def of_a_referral(db: Session, person: Person, referral: Referral, redact: Redactor) -> Iterator[Item]:
    """What is given of one that is about them."""
    of = referral.reference

    def given(part: str, lines: list[Line], *which: str, **more: Any) -> Item:
        return Item(part, titled(part, *which, about=of), redacted(lines, redact), **more)

    def held() -> Iterator[Item]:
        if referral.informed_at is None:
            yield given("undisclosed_referral", [], withheld=UNDISCLOSED)
            return
        over = referral.stage in (ReferralStage.CLOSED, ReferralStage.RETURNED)
        yield given("referral", list(_told(db, person, referral, over)), on_day(referral.received_at, person))
        if over and (noted := list(_noted(db, person, referral))):
            yield given("referral_notes", noted)
        for row in rows_of(db, Paper, referral):
            lines = [[PAPERS[row.kind], when(row.at, person)], ["How", row.how], ["What", row.text]]
            day = on_day(row.at, person)
            if row.kind == PaperKind.SERVED:
                yield given("paper", lines, day)
            else:
                yield given("reply", lines, REPLIED_IN if row.by_id == person.id else REPLIED_OUTSIDE, day)
        letters = rows_of(db, Letter, referral)
        called = {row.id: _letter_called(db, referral, row) for row in letters}
        for row in letters:
            sent = f"sent {on_day(row.sent_at, person)}"
            yield _letter(given("letter", _letter_lines(row, person), called[row.id], sent), row)
        for file in room_files(db, referral, disclosed=True):
            names = ("id", "filename", "description", "captured_at", "added_at", "sha256")
            yield file_item("room_file", {name: getattr(file, name) for name in names}, person, redact, of)
        seen = [row for row in of_referral(db, referral.id) if "subject" in row.audience.split()]
        yield from chunks("timeline", person, ((row.at, _entry(row, called)) for row in seen), of)

    for each in held():
        yield replace(each, case_id=referral.case_id, referral_id=referral.id, about=of)


def _entry(row: Any, letters: Mapping[int, str]) -> str:
    """What happened, and which letter it was that HR sent."""
    said = ENTRIES_TO_SUBJECT[row.kind]
    sent = {int(field.split(".")[1]) for field in row.commitments if field.startswith("letters.")}
    return f"{said.rstrip('.')}: {letters[sent.pop()]}." if sent & letters.keys() else said


def _letter_called(db: Session, referral: Referral, row: Letter) -> str:
    """Which letter it is, with when the hearing was to be as the letter says."""
    if row.kind != LetterKind.INVITATION:
        return ACCESS_LETTERS[row.kind]
    hearings = [each for each in rows_of(db, Hearing, referral) if each.invited_at <= row.sent_at]
    said = APPEAL_INVITATION if hearings and hearings[-1].appeal else ACCESS_LETTERS[row.kind]
    at = next(iter(row.says.get("when", ())), "")
    return said.format(when=at) if at else said.removesuffix(" at {when}")


def _told(db: Session, person: Person, referral: Referral, over: bool) -> Iterator[Line]:
    """What they were told, and once it is over all that was alleged, found and decided."""
    # A file may be called as whoever raised it would know it: what they may read of the list is for HR to say.
    shown = {*referral.disclosed, *(DISCLOSED.keys() - {"evidence"} if over else ())}
    now = standing_of(db, referral, referral.received_at)
    out, no_count = now.apart if referral.decided_at is None else frozenset(), f", {ROOM_SAYS['no_count']}"
    parts: Mapping[str, list[str]] = {
        "allegation": [alleged(referral) or ""],
        "rules": [CODES[code] for code in referral.rules],
        "reason": [referral.reason],
        "mitigation": [referral.mitigation or ""],
        "steps_taken": [
            f"{STEPS[step['kind']]}: {when(datetime.fromisoformat(step['taken_at']), person)}"
            for step in referral.steps_taken
        ],
        "evidence": _file_names(db, referral),
        "findings": [
            f"{FINDINGS[row.kind]}{no_count if row.by_id in out else ''}: {row.text}"
            for row in rows_of(db, Finding, referral)
            if over or row.waits_since is None
        ],
        "hearing": [
            *(said for row in rows_of(db, Hearing, referral) for said in _hearing(row, person)),
            *([ROOM_SAYS["called_anew"]] if _called_in_vain(db, referral, now) else []),
        ],
        "outcome": [
            ENDED[referral.outcome] if referral.outcome else "",
            referral.outcome_reason or "",
            referral.informal_because or "",
            f"The warning lives to {when(referral.warning_until, person)}." if referral.warning_until else "",
        ],
        "appeal": [said for row in rows_of(db, Appeal, referral) for said in (row.grounds, row.reason or "")],
        "suspension": [
            f"{when(row.from_at, person)} to {when(row.ended_at or row.review_at, person)}: {row.reason}"
            for row in rows_of(db, Suspension, referral)
        ],
    }
    yield [HELD_OF_REFERRAL["received"], when(referral.received_at, person)]
    yield [HELD_OF_REFERRAL["informed"], referral.informed_text or ""]
    for name, label in DISCLOSED.items():
        if name in shown and (texts := [said for said in parts[name] if said]):
            yield [label, *texts]


def _called_in_vain(db: Session, referral: Referral, now: Standing) -> bool:
    """Whether the hearing that was called last does not count any more."""
    rows = rows_of(db, Hearing, referral)
    return bool(rows) and (now.appeal_invited_for if rows[-1].appeal else now.invited_for) is None


def _file_names(db: Session, referral: Referral) -> list[str]:
    named = (col(Evidence.id).in_(referral.evidence_ids), col(Evidence.destroyed_at).is_(None))
    return list(db.execute(select(col(Evidence.filename)).where(*named).order_by(col(Evidence.id))).scalars())


def _hearing(row: Hearing, person: Person) -> Iterator[str]:
    yield f"{when(row.hearing_at, person)}, {row.place}"
    yield row.text
    yield from (said if isinstance(said, str) else ", ".join(map(str, said)) for said in row.states.values() if said)
    yield row.postponed_because or ""
    if row.held_at is not None:
        yield f"{when(row.held_at, person)}: {', '.join(row.present)}"


def _noted(db: Session, person: Person, referral: Referral) -> Iterator[Line]:
    """What HR wrote for itself: planning, while anything is planned."""
    for name in ("subject_told", "considered_text", "paused_because", "returned_because"):
        if said := getattr(referral, name):
            yield [HELD_OF_REFERRAL[name], said]
    for row in rows_of(db, Hearing, referral):
        if row.notes:
            yield [HELD_OF_REFERRAL["hearing_notes"], row.notes]
    for row in rows_of(db, ReferralNote, referral):
        yield [when(row.at, person), row.text]


def _letter_lines(row: Letter, person: Person) -> list[Line]:
    said = {part.title: [row.wording.get(part.name, ""), *row.says.get(part.name, ())] for part in TABLE[row.kind]}
    parts = [[title, *filter(None, texts)] for title, texts in said.items() if any(texts)]
    return [[LETTERS[row.kind], f"sent {when(row.sent_at, person)}"], *parts]


def _letter(given: Item, row: Letter) -> Item:
    """With its PDF, where the rule takes nothing out of its words: what is printed cannot be taken out of it."""
    if not row.says:
        return given
    if any(OPENS in text for _, *texts in given.lines for text in texts):
        return replace(given, lines=[*given.lines, [HELD_OF_REFERRAL["paper"], NOT_THE_PAPER]])
    return replace(given, letter_id=row.id, key=row.key)


def parts_held(db: Session, person: Person) -> Iterator[Item]:
    """That somebody had a part in referrals about others, and when; nothing of what they read or wrote there."""
    held = select(Appointment.part, Appointment.from_at, Appointment.until_at).where(
        col(Appointment.person_id) == person.id
    )
    lines = [
        [f"{APPOINTED[part]} in a referral", when(since, person), *([f"until {when(until, person)}"] if until else [])]
        for part, since, until in db.execute(held.order_by(col(Appointment.id)))
    ]
    mine = {person.name.casefold(), person.email.casefold()}
    heard = select(Hearing.present, Hearing.held_at).where(
        col(Hearing.held_at).is_not(None), col(Hearing.referral_id).not_in(referrals_of(person.id))
    )
    for present, at in db.execute(heard.order_by(col(Hearing.id))):
        if mine & {" ".join(name.split()).casefold() for name in present}:
            lines.append([HELD_OF_REFERRAL["present"], when(at, person)])
    if lines:
        yield item("part_held", lines)
