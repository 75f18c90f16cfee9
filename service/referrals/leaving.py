"""Somebody who leaves has no part in a referral any more: each gate that asks for them is open again, and whoever leads
the room is told. What they found, and a hearing that they called, stays; one that they held is
held anew by who decides in their place.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.records.cases import Case
from service.records.people import Person
from service.records.referrals import Appointment, Referral
from service.referrals.clocks import keep_next_due
from service.referrals.conflict import end_parts
from service.referrals.lapse import lapse
from service.referrals.life import Act, open_at
from service.referrals.policy import keepers
from service.timeline import entries


def rooms_of(db: Session, leavers: Collection[Person]) -> list[Referral]:
    """The referrals in which any of these has a part now, under their locks. Ask for them before anything is entered:
    whoever works there may wait for the timeline.
    """
    theirs = select(col(Appointment.referral_id)).where(
        col(Appointment.person_id).in_([leaver.id for leaver in leavers]), col(Appointment.until_at).is_(None)
    )
    rooms = select(Referral).where(col(Referral.id).in_(theirs), col(Referral.disposed_at).is_(None))
    # The case before its referral, as everywhere.
    cases = select(col(Case.id)).where(col(Case.id).in_(rooms.with_only_columns(col(Referral.case_id))))
    db.execute(cases.order_by(col(Case.id)).with_for_update(key_share=True)).all()
    return list(db.execute(rooms.order_by(col(Referral.id)).with_for_update(key_share=True)).scalars())


def leave_rooms(db: Session, rooms: Collection[Referral], leaver: Person, *, at: datetime) -> None:
    """End what somebody who has left does in these rooms; whoever leads one is asked to appoint somebody else."""
    for referral in rooms:
        if changes := end_parts(db, referral, leaver, at):
            # At the end of a referral nobody is appointed any more.
            tell = keepers(db, referral) if open_at(Act.APPOINT, referral.stage) else ()
            changes |= {"person": (None, leaver.email)}
            entries.add(db, referral, "room_left", actor=None, at=at, changes=changes, tell=tell)
            keep_next_due(db, referral)
            lapse(db, referral, at)
