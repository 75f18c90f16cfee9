"""Destroys what entries say, and leaves what they commit to: the chain still verifies, and tells what is gone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlmodel import Session, col

from service.records.cases import Case
from service.records.referrals import Referral
from service.records.timeline import TimelineEntry, TimelineValues
from service.timeline import chain
from service.timeline.entries import write_pending

ERASED_TOGETHER = 500
"""Numbers in one statement: an engine takes so many and no more."""


def erase(db: Session, record: Case | Referral, fields: set[str], kind: str | None = None) -> int:
    """Destroy the values of these fields in every entry of a record; the commitments stay, so the chain still verifies.

    `kind` leaves entries of other kinds alone. Returns how many values were destroyed.
    """
    write_pending(db)
    values = _values_of(record)
    if kind is not None:
        values = values.where(col(TimelineEntry.kind) == kind)
    rows = db.execute(values).scalars()
    destroyed = 0
    for row in rows:
        kept = {field: value for field, value in row.fields.items() if field not in fields}
        destroyed += len(row.fields) - len(kept)
        if len(kept) != len(row.fields):
            row.fields = kept
            db.add(row)
    return destroyed


def erase_at(db: Session, case: Case, kind: str, at: datetime, beginning: str) -> None:
    """Destroy the values that begin so in the case's entries of a kind that were made at one moment."""
    write_pending(db)
    values = _values_of(case).where(col(TimelineEntry.kind) == kind, col(TimelineEntry.at) == at)
    for row in db.execute(values).scalars():
        row.fields = {field: value for field, value in row.fields.items() if not field.startswith(beginning)}
        db.add(row)


def _values_of(record: Case | Referral) -> Select[Any]:
    mine = col(TimelineEntry.case_id if isinstance(record, Case) else TimelineEntry.referral_id) == record.id
    together = col(TimelineEntry.position) == col(TimelineValues.position)
    return select(TimelineValues).join(TimelineEntry, together).where(mine)


def erase_all(db: Session, record: Case | Referral, *, but: Callable[[str, str], bool]) -> None:
    """Destroy every value of a record's entries, but for those of which `but(kind, field)` says that they stay.

    An entry whose actor is destroyed names nobody in its row either. The commitments stay, so the chain still verifies.
    """
    write_pending(db)
    unnamed = []
    for row, kind in db.execute(_values_of(record).add_columns(col(TimelineEntry.kind))).all():
        row.fields = {field: value for field, value in row.fields.items() if but(kind, field)}
        db.add(row)
        if chain.ACTOR not in row.fields:
            unnamed.append(row.position)
    db.flush()
    for some in range(0, len(unnamed), ERASED_TOGETHER):
        named = col(TimelineEntry.position).in_(unnamed[some : some + ERASED_TOGETHER])
        without = update(TimelineEntry).where(named).values(actor_id=None)
        db.execute(without, execution_options={"synchronize_session": False})
