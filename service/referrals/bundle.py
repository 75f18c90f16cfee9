"""What a hearing's bundle is made of: what each of its readers may have, and every file as an exhibit."""

from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import and_, exists, or_, select
from sqlmodel import Session, col

from service.records.cases import Case
from service.records.enums import LetterKind
from service.records.evidence import Evidence
from service.records.people import Person
from service.records.referrals import Copied, Referral, RoomConflict
from service.records.room_words import APPOINTED, DISCLOSED, LETTERS
from service.records.timeline import TimelineEntry
from service.referrals import letters
from service.referrals.find import Found, appointed, evidence_of
from service.referrals.letter_parts import TABLE
from service.referrals.policy import Relation

BUNDLE, SUMMARY = "bundle", "summary"
HR, SUBJECT = "hr", "subject"
AT_HR = "somebody at Human Resources"
CAME, COPIED, ADDED = "came with the referral", "copied from the case", "added in the room"
NEVER = {
    HR: (
        "notes that are kept in the room: they are working notes",
        "earlier warnings of the person, and how similar referrals ended: only whoever decides reads them, in Amends",
    ),
    SUBJECT: (
        "what tells who others are, such as names: ⟦what part they had⟧ stands there (Data Protection Act 2018)",
        "the notes that those at HR keep for their own work",
        "what was copied from the case and is no file, and what HR recorded of papers it handed you: ask HR for it",
    ),
}
"""What a copy never holds, and why."""

SHOWN = (
    *("id", "filename", "media_type", "size", "sha256", "description", "captured_at", "added_at", "destroyed_at"),
    "preview",
)
VOID_FOR_ALL = ("room_purged", "room_disposed", "room_conflict", "room_conflict_taken_back")
VOID = {HR: VOID_FOR_ALL, SUBJECT: (*VOID_FOR_ALL, "room_taken_out", "room_left_in")}
VOID_IN_CASE = ("purged", "disposed", "conflict_named", "merged", "parted")
"""After these nobody is given a copy that was gathered before: something in it is destroyed, or is to be taken out, or
was done by somebody who should not. What else comes later is not in it, and takes nothing from it.
"""
UNTOLD: dict[str, Any] = {"description": None, "captured_at": None}
"""What others wrote of a file of the case: whoever raised a concern says there how they came by it."""


class Reach(NamedTuple):
    """How far a copy goes: the numbers of the last entries of a referral and of its case, when it was gathered."""

    entries: int
    of_case: int


def copies(here: Found, kind: str) -> tuple[str, ...]:
    """The copies of the bundle or the summary that this reader may have. Whom it is about may have a summary once they
    are told anything, and the bundle once they are called to a hearing.
    """
    referral = here.referral
    told = "hearing" in referral.disclosed if kind == BUNDLE else referral.informed_at is not None
    own = (SUBJECT,) if told and referral.subject_id is not None else ()
    return (HR, *own) if here.in_the_room else own


def as_read_by(here: Found, copy: str) -> Found:
    """The referral as the reader of a copy finds it: nothing is in theirs that they could not read by themselves."""
    return replace(here, held=frozenset({Relation.SUBJECT})) if copy == SUBJECT else here


def left_out(here: Found, copy: str) -> list[str]:
    """What a copy leaves out, in words."""
    shown = here.referral.disclosed
    untold = [called for name, called in DISCLOSED.items() if name not in shown] if copy == SUBJECT else []
    more = [f"what HR has not told you yet: {'; '.join(each.lower() for each in untold)}"] if untold else []
    return [*more, *NEVER[copy]]


def letters_in_full(db: Session, referral: Referral) -> list[dict[str, Any]]:
    """Every letter that was sent, with its parts as they stood on it."""
    known = {kind: {part.name: part for part in parts} for kind, parts in TABLE.items()}
    return [
        {
            "title": LETTERS[row.kind] + (f", letter {row.number}" if row.number > 1 else ""),
            "sent_at": row.sent_at,
            "sha256": row.sha256,
            "parts": [
                {"title": part.title if part else name, "text": text}
                | {"says": part.said_in(row.says) if part else row.says.get(name, [])}
                for name, text in row.wording.items()
                for part in [known[LetterKind(row.kind)].get(name)]
            ],
        }
        for row in letters.sent(db, referral)
    ]


def exhibits(db: Session, here: Found) -> list[dict[str, Any]]:
    """The files of a referral in order, numbered from 1, for a reader who may have them; each with where it came from.

    A destroyed one keeps its number and its hash. A file has the same number in every copy. Whom it is about reads of a
    file of the case what they wrote themselves.
    """
    referral = here.referral
    if not here.in_the_room and "evidence" not in referral.disclosed:
        return []
    ids = evidence_of(db, referral)
    told = {*evidence_of(db, referral, told=not here.in_the_room)}
    there = {file.id: file for file in db.execute(select(Evidence).where(col(Evidence.id).in_(ids))).scalars()}
    copied = {
        row.evidence_id: row.at
        for row in db.execute(select(Copied).where(col(Copied.referral_id) == referral.id)).scalars()
    }
    return [
        {
            "number": number,
            "source": ADDED if file.referral_id else CAME if file.id in referral.evidence_ids else COPIED,
            "copied_at": copied.get(file.id),
            **{name: getattr(file, name) for name in SHOWN},
            **({} if here.in_the_room or file.referral_id or file.added_by_id == referral.subject_id else UNTOLD),
        }
        for number, file in enumerate((there[one] for one in ids if one in there), 1)
        if file.id in told
    ]


def reach_of(db: Session, referral: Referral) -> Reach:
    """How far a copy goes that is gathered now."""
    case = db.execute(select(col(Case.entries)).where(col(Case.id) == referral.case_id))
    return Reach(referral.entries, case.scalar_one())


def names_in(db: Session, here: Found, copy: str) -> list[Any]:
    """Who is named in a copy, or is taken out of it. Both timelines are chained: beside their reach, this is all that a
    copy is made from.
    """
    referral = here.referral
    about = select(Person.name, Person.email, Person.zone).where(col(Person.id) == referral.subject_id)
    # Whoever has another name now is called by it; and in the copy of whom it is about, everybody else is taken out.
    named = select(Person.name, Person.email).where(col(Person.id) != referral.subject_id) if copy == SUBJECT else None
    rows = [query for query in (about, named) if query is not None]
    known = [tuple(row) for query in rows for row in db.execute(query)]
    return [copy, sorted(map(str, known)), sorted(others(db, referral))]


def is_void(db: Session, referral_id: int, case_id: int, copy: str, reach: Reach) -> bool:
    """Whether a copy of this reach holds, by now, what it must not."""
    mine = (col(TimelineEntry.referral_id) == referral_id, col(TimelineEntry.sequence) > reach.entries)
    its = (col(TimelineEntry.case_id) == case_id, col(TimelineEntry.sequence) > reach.of_case)
    kind = col(TimelineEntry.kind)
    void = or_(and_(*mine, kind.in_(VOID[copy])), and_(*its, kind.in_(VOID_IN_CASE)))
    return bool(db.execute(select(exists().where(void))).scalar_one())


def file_names(db: Session, referral: Referral) -> list[str]:
    """What the files of a referral are called, also those that its reader may not have."""
    mine = select(col(Evidence.filename)).where(col(Evidence.id).in_(evidence_of(db, referral)))
    return list(db.execute(mine).scalars())


def others(db: Session, referral: Referral) -> list[tuple[str, str, str]]:
    """Everybody but whom it is about who has a part in a referral: name, e-mail address, and what part that is."""
    acted = select(TimelineEntry.actor_id).where(
        col(TimelineEntry.referral_id) == referral.id, col(TimelineEntry.actor_id).is_not(None)
    )
    parts: dict[int, str] = {number: AT_HR for number in db.execute(acted).scalars() if number is not None}
    apart = select(col(RoomConflict.person_id)).where(col(RoomConflict.referral_id) == referral.id)
    parts |= dict.fromkeys(db.execute(apart).scalars(), "somebody else")
    for row in appointed(db, referral, ever=True):
        parts[row.person_id] = f"the {APPOINTED[row.part].lower()}"
    if referral.referred_by_id is not None:
        parts[referral.referred_by_id] = "whoever referred it"
    parts.pop(referral.subject_id or 0, None)
    people = select(col(Person.id), Person.name, Person.email).where(col(Person.id).in_(parts))
    return [(name, email, parts[number]) for number, name, email in db.execute(people)]
