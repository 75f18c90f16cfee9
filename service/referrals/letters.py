"""Letters to the person a referral is about: drafted from the record, sent whole or not at all, and frozen then."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.pinned import playbook_of
from service.core.clock import LONDON
from service.core.database import Database
from service.core.errors import FieldError, Invalid, NotFound, NotPermitted, Refusal
from service.core.storage import Store
from service.people.identity import Me
from service.records.enums import LetterKind, ReferralStage
from service.records.people import Person
from service.records.referrals import Hearing, Letter, Referral
from service.records.room_words import GATES, LETTERS
from service.referrals import policy
from service.referrals.changes import add_row
from service.referrals.find import Found, appeal_of, hearing_of, rows_of, suspension_of
from service.referrals.gates import Standing
from service.referrals.letter_parts import TABLE, Record
from service.referrals.life import Act, after
from service.referrals.parts import who_are
from service.referrals.standing import standing_of
from service.referrals.take_up import tell_subject
from service.timeline import entries

FOLDER = "letters"
MOST_UNKNOWN = 20
"""As in `evidence/destroy.py`: more than these are the letters of another database."""

log = logging.getLogger("amends.letters")


def kind_named(said: str) -> LetterKind:
    """The kind of this name. Raises NotFound."""
    if said not in set(LetterKind):
        raise NotFound
    return LetterKind(said)


def record_of(db: Session, here: Found, at: datetime) -> Record:
    """Read what letters are made from."""
    referral = here.referral
    zone = db.execute(select(col(Person.zone)).where(col(Person.id) == referral.subject_id)).scalar() or LONDON
    hours = playbook_of(db, referral.playbook_version).referrals.hearing_notice_hours
    appeal = appeal_of(db, referral)
    again = here.at_appeal or (here.stage is ReferralStage.CLOSED and appeal is not None)
    hearing, suspension = hearing_of(db, referral, appeal=again), suspension_of(db, referral)
    now = standing_of(db, referral, at)
    who = who_are(db, {*now.people.values()})
    if (now.appeal_invited_for if again else now.invited_for) is None:
        # One that does not count, or none: nobody is to be written of it.
        hearing = None
    return Record(
        at=at,
        zone=zone,
        notice=timedelta(hours=hours),
        referral=referral,
        hearing=hearing,
        appeal=appeal,
        suspended_until=suspension.review_at if suspension else None,
        people={part: who[number] for part, number in now.people.items() if number in who},
    )


def unwritable(kind: LetterKind, record: Record) -> list[FieldError]:
    """Each part that the record has nothing for."""
    hours = record.notice // timedelta(hours=1)
    if kind is LetterKind.INVITATION and record.referral.paused_at is not None:
        return [FieldError("paused", GATES["paused"])]
    return [FieldError(part.name, part.lacks.format(hours=hours)) for part in TABLE[kind] if part.says(record) is None]


def drafts(db: Session, me: Me, here: Found, at: datetime) -> list[dict[str, Any]]:
    """The letters that this person may write now, each with its parts as they would be sent."""
    record = record_of(db, here, at)
    return [
        {"kind": kind, "parts": parts_of(kind, record)}
        for kind in LetterKind
        if policy.writes(kind, here.held, me, at_appeal=here.at_appeal) and not unwritable(kind, record)
    ]


def parts_of(kind: LetterKind, record: Record, wording: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Every part of a letter in order. Raises a Refusal (409) naming each that the record has nothing for, and Invalid
    naming each that has no words in a `wording` that was sent.
    """
    if faults := unwritable(kind, record):
        raise Refusal("This letter would lack something that it must say.", faults)
    if wording is not None:
        names = {part.name for part in TABLE[kind]}
        blank = [part for part in TABLE[kind] if not wording.get(part.name, "").strip()]
        wrong = [
            FieldError(f"wording.{part.name}", f"Write this part. A letter must have “{part.title}”.") for part in blank
        ]
        wrong += [
            FieldError(f"wording.{name}", "This letter has no such part.") for name in wording if name not in names
        ]
        if wrong:
            raise Invalid("This letter lacks a part that it must have.", wrong)
    return [
        {
            "name": part.name,
            "title": part.title,
            "wording": (wording or {}).get(part.name, part.wording),
            "says": list(part.says(record) or ()),
        }
        for part in TABLE[kind]
    ]


@dataclass(frozen=True)
class Made:
    """A letter that is ready: its parts, its PDF, and the version of the referral that it was made from."""

    parts: list[dict[str, Any]]
    pdf: bytes
    version: int


def require_writer(kind: LetterKind, here: Found, me: Me) -> None:
    """Raise NotPermitted unless they may write this letter."""
    if not policy.writes(kind, here.held, me, at_appeal=here.at_appeal):
        raise NotPermitted("This letter is for somebody else to write.")


def send(db: Session, store: Store, me: Me, here: Found, kind: LetterKind, made: Made, *, at: datetime) -> None:
    """Send a letter: keep its bytes, and tell the person, who reads it in Amends.

    Raises a Refusal where the referral moved on while it was made.
    """
    referral = here.referral
    require_writer(kind, here, me)
    after(Act.SEND_LETTER, here.stage, standing_of(db, referral, at))
    now = parts_of(kind, record_of(db, here, at), {part["name"]: part["wording"] for part in made.parts})
    # A purge moves no version: what it destroyed is in the letter that was made before.
    if referral.version != made.version or now != made.parts:
        raise Refusal("Something changed while the letter was made. Look at it, and send it again.")
    digest = hashlib.sha256(made.pdf).hexdigest()
    number = len(sent(db, referral, kind)) + 1
    # In a folder of its own: a purge destroys that folder later, and nothing that was sent meanwhile.
    key = f"{FOLDER}/{referral.case_id}/{referral.id}/{kind}-{number}/{digest}.pdf"
    store.keep(key, made.pdf)
    row = Letter(
        referral_id=referral.id,
        kind=kind,
        number=number,
        wording={part["name"]: part["wording"] for part in made.parts},
        says={part["name"]: part["says"] for part in made.parts},
        sha256=digest,
        key=key,
        sent_at=at,
        by_id=me.id,
    )
    tell_subject(db, me, referral, "room_letter_sent", add_row(db, row), at)


def sweep(database: Database, store: Store, before: datetime) -> int:
    """Destroy the PDFs of letters whose sending was never committed; returns how many. Raises Unavailable.

    What was kept at or after `before` (aware) is left alone: it may be on its way. Where more are unknown than crashes
    leave, the store may belong to another database: those stay, and the log says so.
    """
    old = [kept.key for kept in store.list(FOLDER) if kept.modified < before]
    if not old:
        return 0
    with database.read() as db:
        known = set(db.execute(select(col(Letter.key))).scalars())
    orphans = [key for key in old if key not in known]
    if len(orphans) > MOST_UNKNOWN:
        log.warning("%s letters in the store are in no row: they are left alone; see to it", len(orphans))
        return 0
    for key in orphans:
        store.destroy(key)
    return len(orphans)


def sent(db: Session, referral: Referral, kind: LetterKind | None = None) -> list[Letter]:
    """The letters that were sent, oldest first; all of them, or those of a kind."""
    mine = select(Letter).where(col(Letter.referral_id) == referral.id)
    if kind is not None:
        mine = mine.where(col(Letter.kind) == kind)
    return list(db.execute(mine.order_by(col(Letter.id))).scalars())


def listed(db: Session, referral: Referral, now: Standing) -> list[dict[str, Any]]:
    """What the referral says of its letters: `void` names what is said of one to a hearing that does not stand."""
    hearings = rows_of(db, Hearing, referral)
    moved = entries.moments(db, referral, ("room_postponed",))
    return [
        {
            "kind": row.kind,
            "number": row.number,
            "sent_at": row.sent_at,
            "sha256": row.sha256,
            "destroyed": not row.says,
            "void": _void(row, hearings, moved, now),
        }
        for row in sent(db, referral)
    ]


def _void(letter: Letter, hearings: list[Hearing], moved: list[datetime], now: Standing) -> str | None:
    """`no_hearing` or `in_vain` of an invitation to a hearing that is not held, or that was held in vain; `moved` where
    the hearing was put off since, so that it gives an earlier time.
    """
    called = [each for each in hearings if each.invited_at <= letter.sent_at]
    if letter.kind != LetterKind.INVITATION or not called:
        return None
    last = [each for each in hearings if each.appeal is called[-1].appeal][-1]
    counts = now.appeal_invited_for if last.appeal else now.invited_for
    if called[-1] is last and counts is not None:
        return "moved" if any(at > letter.sent_at for at in moved) else None
    return "in_vain" if called[-1].held_at else "no_hearing"


def context(kind: LetterKind, record: Record, to: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """What goes on paper."""
    return {
        "reference": record.referral.reference,
        "kind": kind.value,
        "title": LETTERS[kind],
        "to": to,
        "parts": parts,
    }
