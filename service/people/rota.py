"""Whom to turn to at a desk, and in what order."""

from datetime import datetime

from sqlmodel import Session, col, select

from service.people.availability import members
from service.records.people import DeskMember, Person


def duty_leads(db: Session, desk: str, _at: datetime) -> list[Person]:
    """The leads of a desk, or everybody there where it has none; never nobody while somebody sits there."""
    seats = select(DeskMember.person_id).where(col(DeskMember.desk) == desk, col(DeskMember.lead))
    leads = set(db.execute(seats).scalars())
    there = members(db, desk)
    return [person for person in there if person.id in leads] or there


def next_on_rota(db: Session, desk: str, _at: datetime, number: int) -> Person | None:
    """The `number`-th person to try at a desk, counted from 1 and round again; None where nobody sits there."""
    there = members(db, desk)
    return there[(number - 1) % len(there)] if there else None
