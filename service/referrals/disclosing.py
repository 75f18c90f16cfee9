"""What the person a referral is about may read: that which was disclosed, as far as it was there by then.

Files and findings that come later wait until they are disclosed by a deed of their own: nobody reads what HR did not
mean to show.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.records.referrals import Copied, Finding, Referral
from service.referrals.changes import Changes, put, put_row
from service.referrals.find import room_files

EVIDENCE, FINDINGS = "evidence", "findings"
"""The parts that grow."""
WAITS: Mapping[str, Any] = {EVIDENCE: Copied, FINDINGS: Finding}


def let_read(db: Session, referral: Referral, *facts: str, at: datetime) -> Changes:
    """Let the person read these parts as they are now; returns what an entry says of it."""
    changes = put(referral, disclosed=sorted({*referral.disclosed, *facts}))
    if EVIDENCE in facts:
        for file in room_files(db, referral, disclosed=False):
            changes |= put_row(db, file, disclosed_at=at)
    for table in (WAITS[fact] for fact in facts if fact in WAITS):
        waiting = select(table).where(col(table.referral_id) == referral.id, col(table.waits_since).is_not(None))
        for row in db.execute(waiting.order_by(col(table.id))).scalars():
            changes |= put_row(db, row, waits_since=None)
    return changes


def waits(referral: Referral, part: str, at: datetime) -> datetime | None:
    """Since when what comes now waits: nothing, where its part is not disclosed at all yet."""
    return at if part in referral.disclosed else None
