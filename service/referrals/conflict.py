"""A conflict of interest, named in the room: whoever has one is out of it at once, and what they did is to be done by
somebody else. One that was named in error is taken back by whoever leads the room.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.core.errors import Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.people import Person
from service.records.referrals import Referral, RoomConflict
from service.referrals.changes import Changes, add_row, drop_row, put_row
from service.referrals.clocks import keep_next_due
from service.referrals.find import Found, appointed
from service.referrals.lapse import lapse
from service.referrals.policy import keepers, one_with
from service.timeline import entries


def name_conflict(db: Session, me: Me, here: Found, person: Person, *, reason: str, at: datetime) -> None:
    """Keep somebody out of the room, and of every other of the case and of those that are one with it; whoever leads it
    is told.

    Raises Invalid for the person it is about, and a Refusal (409) for the same again. Whoever reported it is noted like
    anybody else: to say no would tell who raised a concern in confidence.
    """
    referral = here.referral
    if person.id == referral.subject_id:
        raise invalid("person", "This is the person it is about. They are not let into the room.")
    known = (col(RoomConflict.referral_id) == referral.id, col(RoomConflict.person_id) == person.id)
    if db.execute(select(RoomConflict).where(*known)).first() is not None:
        raise Refusal("This is noted already.")
    # The others' rows first: whoever works there may wait for the timeline, which is ours once this is said.
    others = [room for room in _rooms(db, one_with(referral.case_id)) if room.id != referral.id]
    row = RoomConflict(referral_id=referral.id, person_id=person.id, reason=reason, at=at, by_id=me.id)
    _say(db, me, referral, add_row(db, row) | end_parts(db, referral, person, at), at)
    lapse(db, referral, at)
    for other in others:
        step_out(db, other, person, at=at)


def take_back(db: Session, me: Me, here: Found, person: Person, *, reason: str, at: datetime) -> None:
    """Let somebody in again whose conflict was named in this room in error. What they did before stays ended: they can
    be appointed anew, unless something else keeps them out. Nobody whom it concerns is here to take back their own.

    Raises Invalid for somebody who was not named in this room.
    """
    referral = here.referral
    named = (col(RoomConflict.referral_id) == referral.id, col(RoomConflict.person_id) == person.id)
    row = db.execute(select(RoomConflict).where(*named)).scalar_one_or_none()
    if row is None:
        raise invalid("person", "No conflict of theirs was named in this room.")
    _say(db, me, referral, drop_row(db, row) | {"reason": (None, reason)}, at, "room_conflict_taken_back")


def leave_rooms(db: Session, case: Case, person: Person, *, at: datetime) -> None:
    """Take the parts in the rooms of a case from somebody whom its desk keeps away from it."""
    for referral in _rooms(db, [case.id]):
        step_out(db, referral, person, at=at)


def leave_each_other(db: Session, case: Case, *, at: datetime) -> None:
    """Where cases have become one: whoever was kept out of the room of one of them leaves those of the others."""
    db.flush()
    rooms = _rooms(db, one_with(case.id))
    named = col(RoomConflict.referral_id).in_([room.id for room in rooms])
    of_them = select(Person).where(col(Person.id).in_(select(col(RoomConflict.person_id)).where(named)))
    for person in db.execute(of_them.order_by(col(Person.id))).scalars().all():
        for room in rooms:
            step_out(db, room, person, at=at)


def step_out(db: Session, referral: Referral, person: Person, *, at: datetime) -> None:
    """End what somebody does in a room whom a wall keeps out of it, and what stands there of what they did; nothing
    where they did nothing there.
    """
    changes = end_parts(db, referral, person, at)
    if changes:
        _say(db, None, referral, changes, at)
    # Of their part that ended the lead was just told.
    lapse(db, referral, at, () if changes else keepers(db, referral))


def _rooms(db: Session, cases: Any) -> list[Referral]:
    mine = select(Referral).where(col(Referral.case_id).in_(cases), col(Referral.disposed_at).is_(None))
    return list(db.execute(mine.order_by(col(Referral.id)).with_for_update(key_share=True)).scalars())


def end_parts(db: Session, referral: Referral, person: Person, at: datetime) -> Changes:
    """End what somebody does in a room; returns what an entry says of it."""
    changes: Changes = {}
    for each in appointed(db, referral, ever=True):
        if each.person_id == person.id and each.until_at is None:
            changes |= put_row(db, each, until_at=at)
    return changes


def _say(
    db: Session, me: Me | None, referral: Referral, changes: Changes, at: datetime, kind: str = "room_conflict"
) -> None:
    # Asked only now: whoever led it may be the one who is out, and then others stand in; or who is back.
    tell = tuple(person for person in keepers(db, referral) if me is None or person != me.id)
    entries.add(db, referral, kind, actor=me.id if me else None, at=at, changes=changes, tell=tell)
    keep_next_due(db, referral)
