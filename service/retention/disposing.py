"""Destroying what a case holds: all of it in one transaction, so that a worker that is killed has done it or has not.

Only then the bytes go, in the order of `evidence/destroy.py`: the outbox asks for them in the same transaction.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic.fields import FieldInfo
from sqlalchemy import delete, insert, or_, select
from sqlmodel import Session, SQLModel, col

from service.cases.free_words import GONE
from service.cases.guarding import destroy_copies
from service.cases.likeness import keep_keys
from service.cases.playbook import Playbook
from service.cases.tombstone import COLUMNS, KINDS, is_kept
from service.core.database import Database
from service.core.errors import Refusal
from service.records.cases import Case, Confidence
from service.records.enums import Kind
from service.records.evidence import Evidence
from service.records.timeline import Once, Outbox, ReadEntry, TimelineEntry
from service.retention.keeping import stop
from service.retention.rules import require_due
from service.timeline import entries, outbox

PARTIES = ("reporter", "raiser", "asked", "subject")
"""As whom the read log knows those who had a part in a case; their lines would tell who they were."""
STAY = (TimelineEntry, ReadEntry, Outbox, *COLUMNS)


def dispose(database: Database, rules: Playbook, case_id: int, at: datetime) -> bool:
    """Destroy what was approved; False where that was taken back meanwhile, or is done."""
    with database.write() as db:
        # Read under its lock: whoever holds it for legal reasons at this moment is first, or too late.
        case = db.execute(select(Case).where(col(Case.id) == case_id).with_for_update()).scalar_one()
        if case.disposal_asked_at is None or case.disposed_at is not None:
            return False
        try:
            require_due(db, case, rules, at)
        except Refusal as kept:
            stop(case)
            changes = {"kept_by": (None, [error.field for error in kept.errors])}
            entries.add(db, case, "disposal_stopped", actor=None, at=at, changes=changes, moves=False)
            return False
        _destroy(db, case, at)
        return True


def _destroy(db: Session, case: Case, at: datetime) -> None:
    parties = _parties(db, case)
    if case.kind == Kind.ADVICE:
        destroy_copies(db, None, case, "The question itself is destroyed: its time is over.", at)
    entries.add(db, case, "disposed", actor=None, at=at)
    entries.erase_all(db, case, but=lambda kind, field: kind in KINDS or is_kept(field))
    files = _mark_files(db, case, at)
    case.disposed_at = at
    for table in _tables_of_a_case():
        if table in COLUMNS:
            mine: Any = (table.id if table is Case else table.case_id) == case.id
            for row in db.execute(select(table).where(mine)).scalars():
                _blank(db, row)
        elif table not in STAY:
            db.execute(delete(table).where(table.case_id == case.id))
    keep_keys(case)
    db.flush()
    lines = or_(col(ReadEntry.seen_as).in_(PARTIES), col(ReadEntry.person_id).in_(parties))
    db.execute(delete(ReadEntry).where(col(ReadEntry.case_id) == case.id, lines))
    db.execute(delete(Once).where(col(Once.made) == case.reference))
    theirs = (col(Outbox.case_id) == case.id, col(Outbox.kind) != outbox.DISPOSE)
    db.execute(delete(Outbox).where(*theirs))
    db.execute(insert(Outbox), outbox.to_destroy(case.id, case.version, files, f"pdf/{case.id}", at))


def _parties(db: Session, case: Case) -> set[int]:
    raised = db.execute(select(col(Confidence.person_id)).where(col(Confidence.case_id) == case.id)).scalars()
    return {person for person in (case.reporter_id, case.subject_id, *raised) if person is not None}


def _mark_files(db: Session, case: Case, at: datetime) -> list[str]:
    """The files of a case, each from now on destroyed, be it once more."""
    files = list(db.execute(select(Evidence).where(col(Evidence.case_id) == case.id)).scalars())
    for file in files:
        file.destroyed_at = at
    return [file.id for file in files]


def _tables_of_a_case() -> Iterator[Any]:
    """Every table whose rows belong to a case, whichever are added later."""
    for mapper in SQLModel._sa_registry.mappers:
        table = mapper.class_
        if table is Case or "case_id" in table.__table__.columns:
            yield table


def _at_first(field: FieldInfo) -> Any:
    return GONE if field.is_required() else field.get_default(call_default_factory=True)


def _blank(db: Session, row: Any) -> None:
    """Leave of a row what a tombstone keeps: elsewhere nothing, or what stands there before anybody says anything."""
    kept = COLUMNS[type(row)]
    for column in row.__table__.columns:
        if column.name not in kept:
            field = type(row).model_fields[column.name]
            empty = (
                None
                if column.nullable
                else GONE
                if field.is_required()
                else field.get_default(call_default_factory=True)
            )
            setattr(row, column.name, empty)
    db.add(row)
