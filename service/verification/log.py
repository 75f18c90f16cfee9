"""The whole log, checked against itself and against the rows that it explains.

What it finds: an entry edited, deleted, inserted or moved; a tail cut off; a value that is not the one committed to;
a row that says something else than its entries. Whoever rewrites entries, values *and* every later hash leaves a log
that agrees with itself; only a copy of the log's end, kept elsewhere, tells that one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases.replay_rows import differences, read_rows
from service.core.database import is_sqlite
from service.records.cases import Case
from service.records.referrals import Referral
from service.records.timeline import TimelineEntry, TimelineHead, TimelineValues
from service.referrals import replay as referred
from service.timeline import chain
from service.timeline.confidence import REPORTER
from service.timeline.entries import of_referral
from service.timeline.proof import value_faults

CASES_AT_ONCE = 200
LINES_OF_ONE_KIND = 100


def verify_log(db: Session, progress: Callable[[int], object] | None = None) -> list[str]:
    """Every fault in the log and in the rows it explains, a line each; none when all is sound.

    A `db` that has not read anything yet sees one moment throughout, however long the check takes. Memory is bounded by
    the entries of 200 cases. `progress` is told how many cases are done.
    """
    if not is_sqlite(db) and not db.in_transaction():
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    by_record = (*_faults_of_cases(db, progress), *_faults_of_referrals(db))
    return [*_faults_of_positions(db), *_faults_of_loose_rows(db), *by_record]


def _faults_of_positions(db: Session) -> Iterator[str]:
    last = db.execute(select(func.max(TimelineEntry.position))).scalar() or 0
    heads = db.execute(select(TimelineHead.id, TimelineHead.position)).all()
    if [head.id for head in heads] != [1]:
        yield "timeline_head: there is not exactly one row that counts the log"
    elif heads[0].position != last:
        yield f"timeline_head: the log should end at position {heads[0].position}, and ends at {last}"
    before = aliased(TimelineEntry)
    orphaned = (
        select(TimelineEntry.position)
        .outerjoin(before, before.position == TimelineEntry.position - 1)
        .where(col(before.position).is_(None), col(TimelineEntry.position) != 1)
        .order_by(col(TimelineEntry.position))
        .limit(LINES_OF_ONE_KIND)
    )
    for position in db.execute(orphaned).scalars():
        yield f"position {position - 1}: there is no entry"


def _faults_of_loose_rows(db: Session) -> Iterator[str]:
    """Rows that a foreign key would forbid: found where somebody switched the keys off."""
    values = (
        select(TimelineValues.position)
        .outerjoin(TimelineEntry, col(TimelineEntry.position) == col(TimelineValues.position))
        .where(col(TimelineEntry.position).is_(None))
        .limit(LINES_OF_ONE_KIND)
    )
    for position in db.execute(values).scalars():
        yield f"position {position}: there are values without an entry"
    entries = (
        select(TimelineEntry.position)
        .outerjoin(Case, col(Case.id) == col(TimelineEntry.case_id))
        .outerjoin(Referral, col(Referral.id) == col(TimelineEntry.referral_id))
        .where(col(Case.id).is_(None), col(Referral.id).is_(None))
        .limit(LINES_OF_ONE_KIND)
    )
    for position in db.execute(entries).scalars():
        yield f"position {position}: the entry belongs to no case and no referral"


def _faults_of_cases(db: Session, progress: Callable[[int], object] | None) -> Iterator[str]:
    last, done = 0, 0
    following = select(col(Case.id)).order_by(col(Case.id)).limit(CASES_AT_ONCE)
    while ids := list(db.execute(following.where(col(Case.id) > last)).scalars()):
        yield from _faults_of_batch(db, ids)
        last, done = ids[-1], done + len(ids)
        # What was read is let go, so that a million cases take no more room than two hundred.
        db.expunge_all()
        if progress:
            progress(done)


def _faults_of_batch(db: Session, ids: list[int]) -> list[str]:
    try:
        cases = list(db.execute(select(Case).where(col(Case.id).in_(ids)).order_by(col(Case.id))).scalars())
        told, rows = _entries_of(db, ids), read_rows(db, cases)
        return [
            fault
            for case in cases
            for fault in (
                *_faults_of_chain(case, told[case.id]),
                *(f"{case.reference}: {each}" for each in differences(told[case.id], rows[case.id])),
            )
        ]
    except (LookupError, ValueError, TypeError, AttributeError) as unreadable:
        # A word that no version of Amends writes, or JSON of another shape: read one by one to say whose it is.
        if len(ids) > 1:
            return [fault for one in ids for fault in _faults_of_batch(db, [one])]
        reference = db.execute(select(Case.reference).where(col(Case.id) == ids[0])).scalar()
        return [f"{reference}: its rows cannot be read: {unreadable}"]


def _entries_of(db: Session, case_ids: list[int]) -> dict[int, list[Any]]:
    rows = db.execute(
        select(
            TimelineEntry.case_id,
            TimelineEntry.position,
            TimelineEntry.sequence,
            TimelineEntry.kind,
            TimelineEntry.actor_id,
            TimelineEntry.at,
            TimelineEntry.audience,
            TimelineEntry.commitments,
            TimelineEntry.previous,
            TimelineEntry.hash,
            TimelineValues.fields,
        )
        .outerjoin(TimelineValues, col(TimelineValues.position) == col(TimelineEntry.position))
        .where(col(TimelineEntry.case_id).in_(case_ids))
        .order_by(col(TimelineEntry.case_id), col(TimelineEntry.sequence))
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for case_id, entries in groupby(rows, lambda row: row.case_id):
        found[case_id] = list(entries)
    return found


def _faults_of_referrals(db: Session) -> Iterator[str]:
    """The same for referrals, one by one: there are few. Those that came before they had a timeline have no entry."""
    last = 0
    following = select(Referral).order_by(col(Referral.id)).limit(1)
    while (referral := db.execute(following.where(col(Referral.id) > last)).scalar()) is not None:
        last = referral.id
        told = of_referral(db, referral.id)
        if told or referral.entries:
            yield from _faults_of_chain(referral, told)
        yield from (f"{referral.reference}: {each}" for each in referred.differences(db, referral, told))
        db.expunge_all()


def _faults_of_chain(record: Case | Referral, entries: list[Any]) -> Iterator[str]:
    previous, position = chain.FIRST, 0
    for place, entry in enumerate(entries, 1):
        where = f"{record.reference} entry {entry.sequence}"
        if entry.sequence != place:
            yield f"{where}: it should be number {place}"
        if entry.previous != previous:
            yield f"{where}: it does not follow from the entry before it"
        if entry.position <= position:
            yield f"{where}: it stands before an earlier one in the log"
        if _hash(record, entry) != entry.hash:
            yield f"{where}: its hash is not the hash of what it says"
        if entry.fields is None:
            yield f"{where}: the row of its values is gone"
        elif not _did(record, entry):
            yield f"{where}: it was not done by whom the row names"
        yield from (f"{where}: {fault}" for fault in value_faults(entry.commitments, entry.fields or {}))
        previous, position = entry.hash, entry.position
    if not entries:
        yield f"{record.reference}: it has no entries"
    if (record.entries, record.last_hash) != (len(entries), previous if entries else ""):
        kind = "case" if isinstance(record, Case) else "referral"
        yield f"{record.reference}: its timeline does not end as the {kind} says, at entry {record.entries}"


def _did(record: Case | Referral, entry: Any) -> bool:
    """Whether the row names who the entry says did it.

    It names nobody where Amends did it, or a confidential reporter; and where that was destroyed with the record.
    """
    if chain.ACTOR not in entry.fields:
        return record.disposed_at is not None and entry.actor_id is None
    said = entry.fields[chain.ACTOR]["after"]
    return bool(said == (entry.actor_id or (REPORTER if said == REPORTER else None)))


def _hash(record: Case | Referral, entry: Any) -> str:
    return chain.entry_hash(
        reference=record.reference,
        position=entry.position,
        sequence=entry.sequence,
        kind=entry.kind,
        at=entry.at,
        audience=entry.audience,
        commitments=entry.commitments,
        previous=entry.previous,
    )
