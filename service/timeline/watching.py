"""Notices who reads very many cases in a short time, and tells the auditors: from the read log, once it is written.

Nobody who opens a case waits for this. A worker looks once a minute, through about an hour of lines, and only at the
people who have read many in it.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from service.core.database import Database
from service.records.enums import Role
from service.records.people import PersonRole
from service.records.timeline import ManyReads, Outbox, ReadEntry, ReadWatch
from service.timeline.outbox import to_tell
from service.timeline.reads import raised_in_confidence

MOST = 30
WITHIN = timedelta(hours=1)
"""More than thirty different cases within an hour are told of, and an hour passes before the same person is again."""
EVERY = timedelta(minutes=1)
LATE = timedelta(minutes=5)
"""A line has the moment of its request, and may be written well after that: once a PDF is made, or a lock is free."""
MANY_READ = "many_read"
"""What it is called where people are told of it."""

Line = tuple[datetime, int]


def watch_reads(database: Database, at: datetime) -> bool:
    """Look through what was read since the last time, unless that is less than a minute ago; whether anybody stood out.

    Of several workers that look at once, one keeps what it found.
    """
    with database.read() as db:
        until = db.execute(select(ReadWatch.looked_until)).scalar_one()
        if until is not None and at - until < EVERY:
            return False
        found = list(_read_many(db, (until or at - WITHIN) - LATE))
    with database.write() as db:
        if not _move_on(db, until, at):
            return False
        for person_id, since, moment in found:
            _keep(db, person_id, since, moment, at)
    return bool(found)


def _read_many(db: Session, since: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    """Who had read more than thirty cases within an hour, at a moment after `since`; and that hour's first and last."""
    # What they raised in confidence does not count: a number that does not fit the lines under their name would tell.
    known = (col(ReadEntry.person_id).is_not(None), col(ReadEntry.case_id).is_not(None), ~raised_in_confidence())
    lines = (col(ReadEntry.at) > since - WITHIN, *known)
    different = func.count(func.distinct(ReadEntry.case_id))
    many = select(col(ReadEntry.person_id)).where(*lines)
    for person_id in db.execute(many.group_by(col(ReadEntry.person_id)).having(different > MOST)).scalars().all():
        told = select(ManyReads.at).where(col(ManyReads.person_id) == person_id).order_by(col(ManyReads.at).desc())
        theirs = (
            select(ReadEntry.at, ReadEntry.case_id)
            .where(*lines, col(ReadEntry.person_id) == person_id)
            .order_by(col(ReadEntry.at), col(ReadEntry.id))
        )
        rows = db.execute(theirs, execution_options={"yield_per": 1000})
        for first, last in moments(((row.at, row.case_id) for row in rows), db.execute(told.limit(1)).scalar(), since):
            yield person_id, first, last


def moments(lines: Iterable[Line], told: datetime | None, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The first and last moment of each hour with too many cases in it, of one person's lines in their order.

    Only hours that end after `since` count, and those that end an hour or more after the last that was `told`.
    """
    hour: deque[Line] = deque()
    cases: Counter[int] = Counter()
    for at, case_id in lines:
        hour.append((at, case_id))
        cases[case_id] += 1
        while hour[0][0] <= at - WITHIN:
            _, gone = hour.popleft()
            cases[gone] -= 1
            if not cases[gone]:
                del cases[gone]
        if len(cases) > MOST and at > since and (told is None or at - told >= WITHIN):
            told = at
            yield hour[0][0], at


def _move_on(db: Session, until: datetime | None, at: datetime) -> bool:
    """Whether nobody else has looked meanwhile."""
    mine = update(ReadWatch).where(col(ReadWatch.looked_until).is_not_distinct_from(until)).values(looked_until=at)
    return bool(db.execute(mine.returning(col(ReadWatch.id)), execution_options={"synchronize_session": False}).all())


def _keep(db: Session, person_id: int, since: datetime, moment: datetime, at: datetime) -> None:
    row = ManyReads(person_id=person_id, since=since, at=moment)
    db.add(row)
    db.flush()
    auditors = db.execute(select(PersonRole.person_id).where(col(PersonRole.role) == Role.AUDITOR)).scalars().all()
    told: dict[str, Any] = {"entry": MANY_READ, "urgent": False}
    if rows := to_tell(None, f"many-reads-{row.id}", auditors, at, told):
        db.execute(insert(Outbox), rows)
