"""The read log is kept for as long as the playbook says, and no longer."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from service.cases.playbook import Playbook
from service.records.timeline import ReadEntry, ReadWatch
from service.retention.rules import years_before

CLEARED_TOGETHER = 500
"""So many in one transaction: others who write wait for a few milliseconds."""


def has_old_lines(db: Session, rules: Playbook, at: datetime) -> bool:
    """Whether there may be lines to clear: looking takes no lock."""
    old = col(ReadEntry.at) < years_before(at, rules.retention.read_log_years)
    return db.execute(select(col(ReadEntry.id)).where(old).limit(1)).first() is not None


def clear_old_lines(db: Session, rules: Playbook, at: datetime, most: int = CLEARED_TOGETHER) -> int:
    """Delete the oldest lines that were kept long enough; returns how many.

    The database deletes a line only once the row that says how far was cleared is beyond it. Two workers follow one
    another there.
    """
    until = years_before(at, rules.retention.read_log_years)
    db.execute(update(ReadWatch).where(col(ReadWatch.id) == 1).values(cleared_until=until))
    oldest = select(col(ReadEntry.id)).where(col(ReadEntry.at) < until).order_by(col(ReadEntry.at)).limit(most)
    gone = delete(ReadEntry).where(col(ReadEntry.id).in_(oldest.scalar_subquery())).returning(col(ReadEntry.id))
    return len(db.execute(gone, execution_options={"synchronize_session": False}).all())
