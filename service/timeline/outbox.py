"""What is to be done once a change is safe: rows written in the change's own transaction, claimed by any worker."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from service.core.database import is_sqlite
from service.records.timeline import Outbox

LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
PDF_TAKES = timedelta(seconds=90)


def to_tell(case_id: int | None, position: int, whom: Sequence[int | str], at: datetime) -> list[dict[str, Any]]:
    """Rows asking that people (ids) and desks (names) be told that something waits; once for each entry and person."""
    return [
        {
            "kind": "tell",
            "person_id": who if isinstance(who, int) else None,
            "case_id": case_id,
            "body": {} if isinstance(who, int) else {"desk": str(who)},
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


def claim(db: Session, at: datetime, most: int = 50) -> list[Any]:
    """Take a lease on what is due; nobody else gets these rows until the lease runs out. Returns rows, oldest first."""
    waiting = (
        select(col(Outbox.id))
        .where(
            col(Outbox.done_at).is_(None),
            col(Outbox.due_at) <= at,
            or_(col(Outbox.leased_until).is_(None), col(Outbox.leased_until) < at),
        )
        .order_by(col(Outbox.due_at))
        .limit(most)
    )
    if not is_sqlite(db):
        waiting = waiting.with_for_update(skip_locked=True)
    taken = db.execute(
        update(Outbox)
        .where(col(Outbox.id).in_(waiting.scalar_subquery()))
        .values(leased_until=at + LEASE, tries=Outbox.tries + 1)
        .returning(
            col(Outbox.id),
            col(Outbox.kind),
            col(Outbox.person_id),
            col(Outbox.case_id),
            col(Outbox.body),
            col(Outbox.tries),
        ),
        execution_options={"synchronize_session": False},
    ).all()
    return sorted(taken, key=lambda row: row.id)


def done(db: Session, row_id: int, tries: int, at: datetime) -> bool:
    """Mark a leased row as done; False when the lease had passed to somebody else meanwhile."""
    return bool(
        db.execute(
            update(Outbox)
            .where(col(Outbox.id) == row_id, col(Outbox.tries) == tries, col(Outbox.done_at).is_(None))
            .values(done_at=at, error=None)
            .returning(col(Outbox.id)),
            execution_options={"synchronize_session": False},
        ).all()
    )


def put_off(db: Session, row_id: int, tries: int, error: str, at: datetime) -> None:
    """Try again later, waiting twice as long each time, at most an hour."""
    wait = min(timedelta(seconds=5 * 2 ** min(tries, 12)), LONGEST_WAIT)
    db.execute(
        update(Outbox)
        .where(col(Outbox.id) == row_id, col(Outbox.tries) == tries)
        .values(error=error[:1000], due_at=at + wait, leased_until=None),
        execution_options={"synchronize_session": False},
    )
