"""Destroying what a case or a referral holds: all of it in one transaction, so that a worker that is killed has done it
or has not.

Only then the bytes go, in the order of `evidence/destroy.py`: the outbox asks for them in the same transaction.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, insert, or_, select
from sqlmodel import Session, SQLModel, col

from service.cases.free_words import GONE
from service.cases.guarding import destroy_copies
from service.cases.likeness import keep_keys
from service.cases.playbook import Playbook
from service.cases.relations import walls
from service.cases.tombstone import COLUMNS, KINDS, is_kept
from service.core.database import Database
from service.core.errors import Refusal
from service.records.cases import Case, Confidence
from service.records.enums import DeskName, Kind
from service.records.evidence import Evidence
from service.records.people import DeskMember
from service.records.referrals import Referral
from service.records.timeline import Once, Outbox, ReadEntry, TimelineEntry
from service.referrals import tombstone as referral_tombstone
from service.referrals.changes import put
from service.referrals.policy import apart_from
from service.retention.keeping import require_due, say, stop
from service.timeline import entries, erasing, outbox

PARTIES = ("reporter", "raiser", "asked", "subject")
"""As whom the read log knows those who had a part in a case; their lines would tell who they were."""
STAY = (TimelineEntry, ReadEntry, Outbox, Referral, *COLUMNS)


def dispose(
    database: Database, rules: Playbook, at: datetime, *, case_id: int | None = None, referral_id: int | None = None
) -> bool:
    """Destroy what was approved; False where that was taken back meanwhile, or is done."""
    with database.write() as db:
        # Read under its lock: whoever holds it for legal reasons at this moment is first, or too late. A hold on the
        # case keeps its referral as well, so the case is locked before it.
        if referral_id is not None:
            of = select(col(Referral.case_id)).where(col(Referral.id) == referral_id)
            case_id = db.execute(of).scalar_one()
        # Whoever writes twice to a referral has its key to the case looked at: that must not wait for this.
        mine = select(Case).where(col(Case.id) == case_id)
        case = db.execute(mine.with_for_update(key_share=referral_id is not None)).scalar_one()
        record: Case | Referral = case
        if referral_id is not None:
            own = select(Referral).where(col(Referral.id) == referral_id)
            record = db.execute(own.with_for_update()).scalar_one()
        if record.disposal_asked_at is None or record.disposed_at is not None:
            return False
        try:
            require_due(db, record, rules, at)
        except Refusal as kept:
            told = {**stop(record), "kept_by": (None, [error.field for error in kept.errors])}
            say(db, None, record, "disposal_stopped", told, at)
            return False
        if isinstance(record, Case):
            _destroy(db, record, at)
        else:
            _destroy_referral(db, case, record, at)
        return True


def _destroy(db: Session, case: Case, at: datetime) -> None:
    parties = _parties(db, case)
    apart = {row.person_id for row in db.execute(walls([case.id]))}
    told = put(case, kept_apart=_somebody_at(db, case.holding_desk, apart))
    if case.kind == Kind.ADVICE:
        destroy_copies(db, None, case, "The question itself is destroyed: its time is over.", at)
    entries.add(db, case, "disposed", actor=None, at=at, changes=told)
    erasing.erase_all(db, case, but=lambda kind, field: kind in KINDS or is_kept(field))
    files = _mark_files(db, case, at)
    case.disposed_at = at
    for table in _tables_with("case_id", Case):
        if table in COLUMNS:
            mine: Any = (table.id if table is Case else table.case_id) == case.id
            for row in db.execute(select(table).where(mine)).scalars():
                _blank(db, row, COLUMNS[table])
        elif table not in STAY:
            db.execute(delete(table).where(table.case_id == case.id))
    keep_keys(case)
    db.flush()
    lines = or_(col(ReadEntry.seen_as).in_(PARTIES), col(ReadEntry.person_id).in_(parties))
    db.execute(delete(ReadEntry).where(col(ReadEntry.case_id) == case.id, lines))
    db.execute(delete(Once).where(col(Once.made).in_([case.reference, *files])))
    theirs = (col(Outbox.case_id) == case.id, col(Outbox.kind) != outbox.DISPOSE)
    db.execute(delete(Outbox).where(*theirs))
    db.execute(insert(Outbox), outbox.to_destroy(case.id, case.version, files, f"pdf/{case.id}", at))


def _destroy_referral(db: Session, case: Case, referral: Referral, at: datetime) -> None:
    subject = referral.subject_id
    told = put(referral, kept_apart=_somebody_at(db, DeskName.HR, apart_from(db, referral)))
    entries.add(db, referral, "room_disposed", actor=None, at=at, changes=told | {"disposed_at": (None, at)})
    erasing.erase_all(db, referral, but=referral_tombstone.is_kept)
    referral_tombstone.erase_from_case(db, case, referral)
    uploads = list(db.execute(select(col(Evidence.id)).where(col(Evidence.referral_id) == referral.id)).scalars())
    places = (*referral_tombstone.places_of(referral), *referral_tombstone.folders_of_files(db, referral))
    for table in _tables_with("referral_id"):
        # Of a case's files the rows stay; those of the room go, once it is known where their bytes are.
        if table is Evidence or table not in STAY:
            db.execute(delete(table).where(table.referral_id == referral.id))
    referral.disposed_at = at
    _blank(db, referral, referral_tombstone.COLUMNS)
    db.flush()
    theirs = (col(ReadEntry.case_id) == case.id, col(ReadEntry.referral_id) == referral.id)
    lines = or_(col(ReadEntry.seen_as).in_(PARTIES), col(ReadEntry.person_id) == subject)
    db.execute(delete(ReadEntry).where(*theirs, lines))
    # A key says by whom a file was sent, and when.
    db.execute(delete(Once).where(col(Once.made).in_([referral.reference, *uploads])))
    db.execute(delete(Outbox).where(col(Outbox.referral_id) == referral.id, col(Outbox.kind) != outbox.DISPOSE))
    db.execute(insert(Outbox), [row for place in places for row in outbox.to_destroy_under(place, at)])


def _parties(db: Session, case: Case) -> set[int]:
    raised = db.execute(select(col(Confidence.person_id)).where(col(Confidence.case_id) == case.id)).scalars()
    return {person for person in (case.reporter_id, case.subject_id, *raised) if person is not None}


def _somebody_at(db: Session, desk: DeskName, people: Collection[int]) -> bool | None:
    """Whether any of these people sits at a desk; None for nobody, as in a record that stands."""
    seat = (col(DeskMember.desk) == desk, col(DeskMember.person_id).in_(people))
    return db.execute(select(exists().where(*seat))).scalar() or None


def _mark_files(db: Session, case: Case, at: datetime) -> list[str]:
    """The files of a case, each from now on destroyed, be it once more."""
    files = list(db.execute(select(Evidence).where(col(Evidence.case_id) == case.id)).scalars())
    for file in files:
        file.destroyed_at = at
    return [file.id for file in files]


def _tables_with(key: str, itself: type | None = None) -> Iterator[Any]:
    """Every table whose rows belong to a record, whichever are added later; with the table of the record `itself`."""
    for mapper in SQLModel._sa_registry.mappers:
        table = mapper.class_
        if table is itself or key in table.__table__.columns:
            yield table


def _blank(db: Session, row: Any, kept: Iterable[str]) -> None:
    """Leave of a row what a tombstone keeps: elsewhere nothing, or what stands there before anybody says anything."""
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
