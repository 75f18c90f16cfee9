"""Lists of referrals: the rows somebody may open, and what waits to be taken up."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from service.core.errors import NotFound, NotPermitted
from service.people.identity import Me
from service.records.enums import DeskName, ReferralStage
from service.records.people import Person
from service.records.referrals import Referral
from service.referrals.policy import finds, is_told

MOST = 101
"""A page of a hundred, and one more to know whether there is another."""


def list_referrals(db: Session, me: Me, *, before: int | None = None, limit: int = 50) -> list[Any]:
    """Rows of the referrals this person may open, newest first. Raises NotPermitted for somebody with none, outside HR.

    Of one that is about themselves they see no more than its stage: `told` says so.
    """
    query = (
        select(
            col(Referral.id),
            Referral.reference,
            Referral.stage,
            Referral.version,
            Referral.received_at,
            Referral.next_due_at,
            Referral.next_due_what,
            col(Person.name).label("about"),
            is_told().label("told"),
        )
        .outerjoin(Person, col(Person.id) == col(Referral.subject_id))
        .where(finds(frozenset(me.desks)))
        .order_by(col(Referral.id).desc())
        .limit(min(limit, MOST))
    )
    if before is not None:
        query = query.where(col(Referral.id) < before)
    rows = list(db.execute(query, {"me": me.id}))
    if not rows and before is None and DeskName.HR not in me.desks:
        raise NotPermitted("Referrals are read by Human Resources, and by those who are appointed to one.")
    return rows


def waiting_referrals(db: Session, me: Me) -> int:
    """How many referrals have been received and nothing more, for whoever is to take them up; otherwise none."""
    if DeskName.HR not in me.desks:
        return 0
    received = select(func.count()).where(col(Referral.stage) == ReferralStage.RECEIVED, finds(frozenset(me.desks)))
    return db.execute(received, {"me": me.id}).scalar_one()


def has_referrals(db: Session, me: Me) -> bool:
    """Whether there is any referral for this person."""
    there = select(col(Referral.id)).where(finds(frozenset(me.desks))).limit(1)
    return db.execute(there, {"me": me.id}).first() is not None


def referral_of(db: Session, me: Me, case_id: int) -> str:
    """The reference of a case's newest referral, for those who may read it. Raises NotFound."""
    made = select(col(Referral.reference)).where(col(Referral.case_id) == case_id, finds(frozenset(me.desks)))
    reference = db.execute(made.order_by(col(Referral.id).desc()), {"me": me.id}).scalars().first()
    if reference is None:
        raise NotFound
    return reference


def reference_of(db: Session, me: Me, referral_id: int) -> str:
    """The reference of a referral by its number, for those who may read it. Raises NotFound."""
    there = select(col(Referral.reference)).where(col(Referral.id) == referral_id, finds(frozenset(me.desks)))
    reference = db.execute(there, {"me": me.id}).scalar()
    if reference is None:
        raise NotFound
    return reference
