"""What is to be done once a change is safe: rows written in the change's own transaction, claimed by any worker."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, or_, select, update
from sqlmodel import Session, col

from service.core.database import is_sqlite
from service.records.timeline import Outbox, OutboxTally

LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(minutes=10)
TRIED_FOR = timedelta(hours=24)
"""How long something is tried before it is set apart as failed."""
DISPOSE = "dispose"
"""Destroy what a case or a referral holds, once its time is over and somebody approved it."""
GATHER = "gather"
"""Gather what is held about somebody who asked for it."""
PDF_TAKES = timedelta(seconds=90)
COUNTED_AFTER = timedelta(hours=1)
"""What was done so long ago is counted for good: by then whoever noted it has committed that, whatever their clock."""
KEPT_DONE = timedelta(days=30)
"""So long what was done can be looked up, such as whether a mail left; nothing of ours reads it later."""
CLEARED_TOGETHER = 500
"""So many in one transaction: others who write wait for a few milliseconds."""
WAITING = (col(Outbox.done_at).is_(None), col(Outbox.failed_at).is_(None))


def to_tell(
    case_id: int | None,
    position: int | str,
    whom: Sequence[int | str],
    at: datetime,
    about: Mapping[str, Any],
    referral_id: int | None = None,
) -> list[dict[str, Any]]:
    """Rows asking that people (ids) and desks (names) be told that something waits; once for each entry and person.

    `about` has the kind of the timeline's `entry` at `position`, whether the case is critical now (`urgent`), and
    `what` is owed where a clock has rung. What is on no timeline has a name of its own in place of a position.
    """
    told = dict(about)
    return [
        {
            "kind": "tell",
            "person_id": who if isinstance(who, int) else None,
            "case_id": case_id,
            "referral_id": referral_id,
            "body": told if isinstance(who, int) else {**told, "desk": str(who)},
            "dedupe": f"{position}:{who}",
            "due_at": at,
            "tries": 0,
        }
        for who in dict.fromkeys(whom)
    ]


def to_destroy(case_id: int, version: int, files: Sequence[str], prefix: str, at: datetime) -> list[dict[str, Any]]:
    """Rows asking that the bytes of these files, and what is kept under a prefix, be destroyed; then the prefix again.

    A PDF that was being made during the purge is kept after it: a reader waits for one a minute at most.
    """
    row = {"kind": "destroy", "person_id": None, "case_id": case_id, "tries": 0}
    return [
        row
        | {"body": {"evidence": list(files), "prefix": prefix}, "dedupe": f"destroy:{case_id}:{version}", "due_at": at},
        row
        | {
            "body": {"evidence": [], "prefix": prefix},
            "dedupe": f"destroy:{case_id}:{version}:again",
            "due_at": at + PDF_TAKES,
        },
    ]


def to_destroy_under(prefix: str, at: datetime, files: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The same for what no version of a case tells apart: what is kept under a prefix, and these files."""
    again = to_do("destroy", f"{prefix}:again", at, evidence=[], prefix=prefix)
    return [to_do("destroy", prefix, at, evidence=list(files), prefix=prefix), again | {"due_at": at + PDF_TAKES}]


def to_dispose(at: datetime, *, case: int | None = None, referral: int | None = None) -> dict[str, Any]:
    """A row asking that what a case or a referral holds be destroyed, as was approved at that moment."""
    row: dict[str, Any] = {"kind": DISPOSE, "person_id": None, "tries": 0, "body": {}, "due_at": at}
    about = case if referral is None else f"referral-{referral}"
    return row | {"case_id": case, "referral_id": referral, "dedupe": f"{DISPOSE}:{about}:{at.timestamp()}"}


def to_do(kind: str, about: str, at: datetime, **body: Any) -> dict[str, Any]:
    """A row asking for something that is about no case; `about` names it, once for each moment."""
    row: dict[str, Any] = {"kind": kind, "person_id": None, "case_id": None, "tries": 0, "body": body}
    return row | {"dedupe": f"{kind}:{about}:{at.timestamp()}", "due_at": at}


def claim(
    db: Session,
    at: datetime,
    most: int = 50,
    *,
    only: Sequence[str] = (),
    but: Sequence[str] = (),
    lease: timedelta = LEASE,
) -> list[Any]:
    """Take a lease on what is due, of some kinds `only` or of all `but` some; returns rows, oldest first.

    Nobody else gets these rows until the lease runs out.
    """
    due = _due(at, only, but).order_by(col(Outbox.due_at)).limit(most)
    if not is_sqlite(db):
        due = due.with_for_update(skip_locked=True)
    taken = db.execute(
        update(Outbox)
        .where(col(Outbox.id).in_(due.scalar_subquery()))
        .values(leased_until=at + lease, tries=Outbox.tries + 1, tried_at=func.coalesce(Outbox.tried_at, at))
        .returning(
            col(Outbox.id),
            col(Outbox.kind),
            col(Outbox.person_id),
            col(Outbox.case_id),
            col(Outbox.referral_id),
            col(Outbox.body),
            col(Outbox.dedupe),
            col(Outbox.due_at),
            col(Outbox.tries),
            col(Outbox.tried_at),
        ),
        execution_options={"synchronize_session": False},
    ).all()
    return sorted(taken, key=lambda row: row.id)


def is_due(db: Session, at: datetime, *, only: Sequence[str] = (), but: Sequence[str] = ()) -> bool:
    """Whether there is anything to claim: looking takes no lock, so that a worker with nothing to do is in no way."""
    return db.execute(_due(at, only, but).limit(1)).first() is not None


def _due(at: datetime, only: Sequence[str], but: Sequence[str]) -> Select[Any]:
    kind: list[ColumnElement[bool]] = []
    if only:
        kind.append(col(Outbox.kind).in_(only) if len(only) > 1 else col(Outbox.kind) == only[0])
    if but:
        kind.append(col(Outbox.kind).not_in(but))
    free = or_(col(Outbox.leased_until).is_(None), col(Outbox.leased_until) < at)
    return select(col(Outbox.id)).where(*WAITING, *kind, col(Outbox.due_at) <= at, free)


def done(db: Session, row_id: int, tries: int, at: datetime) -> bool:
    """Mark a leased row as done; False when the lease had passed to somebody else meanwhile."""
    return bool(
        db.execute(
            update(Outbox)
            .where(col(Outbox.id) == row_id, col(Outbox.tries) == tries, *WAITING)
            .values(done_at=at, error=None)
            .returning(col(Outbox.id)),
            execution_options={"synchronize_session": False},
        ).all()
    )


_rows: Any = Outbox.__table__  # type: ignore[attr-defined]  # every table model has one
_SENT = (
    update(_rows)
    .where(
        _rows.c.id == bindparam("which"),
        _rows.c.tries == bindparam("mine"),
        _rows.c.done_at.is_(None),
        _rows.c.failed_at.is_(None),
    )
    .values(done_at=bindparam("now"), error=None)
)


def sent(connection: Connection, rows: Sequence[Any], at: datetime) -> None:
    """Mark messages as done that have left; one whose lease had passed to somebody else meanwhile stays as it is."""
    connection.execute(_SENT, [{"which": row.id, "mine": row.tries, "now": at} for row in rows])


def all_done(db: Session, rows: Sequence[Any], at: datetime) -> None:
    """Mark rows as done in the transaction that claimed them."""
    ids = [row.id for row in rows]
    _set(db, col(Outbox.id).in_(ids), done_at=at, leased_until=None, error=None)


def count_done(db: Session, at: datetime) -> None:
    """Count for good what was done up to an hour ago; only what is newer is counted whenever somebody asks."""
    tally = db.execute(select(OutboxTally).with_for_update()).scalar_one()
    until = at - COUNTED_AFTER
    if tally.until is None or tally.until < until:
        tally.done, tally.until = dict(Counter(tally.done) + _done_between(db, tally.until, until)), until
        db.add(tally)


def clear_done(db: Session, at: datetime, most: int = CLEARED_TOGETHER) -> int:
    """Delete rows that were done longer ago than they are kept, the oldest first; returns how many.

    What was given up stays, and so does how much was done.
    """
    count_done(db, at)
    old = _old(at).order_by(col(Outbox.done_at)).limit(most)
    gone = delete(Outbox).where(col(Outbox.id).in_(old.scalar_subquery())).returning(col(Outbox.id))
    return len(db.execute(gone, execution_options={"synchronize_session": False}).all())


def is_old(db: Session, at: datetime) -> bool:
    """Whether there is anything to clear: looking takes no lock."""
    return db.execute(_old(at).limit(1)).first() is not None


def _old(at: datetime) -> Select[Any]:
    return select(col(Outbox.id)).where(col(Outbox.done_at) < at - KEPT_DONE)


def number_done(db: Session) -> Counter[str]:
    """How many rows of each kind were done, those that were cleared among them."""
    tally = db.execute(select(OutboxTally)).scalar_one()
    return Counter(tally.done) + _done_between(db, tally.until, None)


def _done_between(db: Session, since: datetime | None, until: datetime | None) -> Counter[str]:
    there = select(col(Outbox.kind), func.count()).where(col(Outbox.done_at).is_not(None)).group_by(col(Outbox.kind))
    there = there.where(col(Outbox.done_at) >= since) if since is not None else there
    there = there.where(col(Outbox.done_at) < until) if until is not None else there
    return Counter({row[0]: row[1] for row in db.execute(there)})


def put_off(db: Session, row: Any, error: str, at: datetime, until: datetime | None = None) -> None:
    """Try again `until` then, or later, waiting twice as long each time, at most ten minutes.

    After 24 hours of trying it is set apart instead.
    """
    if at - row.tried_at >= TRIED_FOR:
        give_up(db, row, error, at)
        return
    wait = min(timedelta(seconds=5 * 2 ** min(row.tries, 12)), LONGEST_WAIT)
    _set(db, *_mine(row), error=error[:1000], due_at=until or at + wait, leased_until=None)


def give_up(db: Session, row: Any, error: str, at: datetime) -> None:
    """Set a leased row apart as failed: nobody tries it before an administrator asks for it."""
    _set(db, *_mine(row), error=error[:1000], failed_at=at, leased_until=None)


def hold_longer(db: Session, row: Any, until: datetime) -> bool:
    """Keep a leased row for what takes long; False when it had passed to somebody else, who does it now."""
    longer = update(Outbox).where(*_mine(row), *WAITING).values(leased_until=until).returning(col(Outbox.id))
    return bool(db.execute(longer, execution_options={"synchronize_session": False}).all())


def give_back(db: Session, rows: Sequence[Any]) -> None:
    """Let others have at once what was claimed and not begun."""
    for tries in {row.tries for row in rows}:
        ids = [row.id for row in rows if row.tries == tries]
        _set(db, col(Outbox.id).in_(ids), col(Outbox.tries) == tries, *WAITING, leased_until=None)


def hold(db: Session, rows: Sequence[Any], until: datetime) -> set[int]:
    """Keep leased rows from others until then; returns which: what others have by now stays theirs."""
    held: set[int] = set()
    for tries in {row.tries for row in rows}:
        mine = (col(Outbox.id).in_([row.id for row in rows if row.tries == tries]), col(Outbox.tries) == tries)
        keep = update(Outbox).where(*mine, *WAITING).values(leased_until=until).returning(col(Outbox.id))
        held |= set(db.execute(keep, execution_options={"synchronize_session": False}).scalars())
    return held


def _mine(row: Any) -> tuple[ColumnElement[bool], ...]:
    return col(Outbox.id) == row.id, col(Outbox.tries) == row.tries


def _set(db: Session, *where: ColumnElement[bool], **values: Any) -> None:
    changed = update(Outbox).where(*where).values(**values)
    db.execute(changed, execution_options={"synchronize_session": False})
