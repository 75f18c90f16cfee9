"""What HR has taken out of the copy of whom a referral is about, beside everybody whom the rule takes out: a name that
stands in no directory, or words that tell who somebody is.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Update, select, update
from sqlmodel import Session, col

from service.cases.gathered import gather_again
from service.core.database import writing
from service.core.errors import Refusal, invalid
from service.people.identity import Me
from service.records.enums import AccessStage
from service.records.people import Person
from service.records.referrals import Referral, TakenOut
from service.records.subject_access import AccessItem
from service.referrals.changes import Changes, add_row, drop_row
from service.referrals.find import Found
from service.timeline import entries

MOST = 100
FEWEST_SIGNS = 2
NOT_GIVEN_YET = (AccessStage.GATHERING, AccessStage.REVIEW)


def take_out(db: Session, me: Me, here: Found, *, words: str, at: datetime) -> None:
    """Have words taken out of all that is laid out for the person from now on, however they are written.

    Raises Invalid for the person's own name and for less than two letters or digits, and a Refusal (409) for the same
    again.
    """
    referral = here.referral
    words = " ".join(words.split())
    if sum(sign.isalnum() for sign in words) < FEWEST_SIGNS:
        raise invalid("words", "Give a name or a word, of two letters at least.")
    about = db.get(Person, referral.subject_id) if referral.subject_id is not None else None
    if about is not None and {*words.casefold().split()} <= {*about.name.casefold().split(), about.email.casefold()}:
        raise invalid("words", "This is their own name. It stays in their copy.")
    there = words_of(db, referral)
    if words.casefold() in {said.casefold() for said in there}:
        raise Refusal("This is taken out already.")
    if len(there) >= MOST:
        raise Refusal(f"No more than {MOST} can be taken out.")
    row = TakenOut(referral_id=referral.id, words=words, at=at, by_id=me.id)
    _say(db, me, referral, "room_taken_out", add_row(db, row), at)


def leave_in(db: Session, me: Me, here: Found, *, words: str, at: datetime) -> None:
    """Leave words in the copy that were to be taken out. Raises Invalid for what is not on the list, and a Refusal
    (409) once a copy without them was handed out: beside another it would tell what they were.
    """
    referral = here.referral
    mine = (col(TakenOut.referral_id) == referral.id, col(TakenOut.words) == words)
    row = db.execute(select(TakenOut).where(*mine)).scalars().first()
    if row is None:
        raise invalid("words", "This is not on the list.")
    if row.given_at is not None:
        raise Refusal("A copy without these words was handed out. They stay out of it.")
    _say(db, me, referral, "room_left_in", drop_row(db, row), at)


def words_of(db: Session, referral: Referral) -> tuple[str, ...]:
    """What is taken out of the person's copy beside whom the rule takes out."""
    mine = select(col(TakenOut.words)).where(col(TakenOut.referral_id) == referral.id).order_by(col(TakenOut.id))
    return tuple(db.execute(mine).scalars())


def given(referrals: Iterable[int], at: datetime) -> Update:
    """What notes that copies of these referrals are out: what is taken out of them by now stays out."""
    mine = (col(TakenOut.referral_id).in_(list(referrals)), col(TakenOut.given_at).is_(None))
    return update(TakenOut).where(*mine).values(given_at=at).execution_options(synchronize_session=False)


def note_given(db: Session, referral: Referral, at: datetime) -> None:
    """Note that the person has their copy, in a short transaction of its own before a byte of it leaves."""
    waits = select(col(TakenOut.id)).where(col(TakenOut.referral_id) == referral.id, col(TakenOut.given_at).is_(None))
    if db.execute(waits.limit(1)).first() is None:
        return
    number = referral.id
    db.close()
    with writing(db).begin() as connection:
        connection.execute(given([number], at))


def _say(db: Session, me: Me, referral: Referral, kind: str, changes: Changes, at: datetime) -> None:
    entries.add(db, referral, kind, actor=me.id, at=at, changes=changes)
    # What was gathered for them, and is not released yet, is gathered by the new list.
    gather_again(db, col(AccessItem.referral_id) == referral.id, at, NOT_GIVEN_YET)
