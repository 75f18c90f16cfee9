"""References of cases, referrals and requests: drawn at random, so that gaps tell nothing."""

import secrets
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlmodel import Session, col

TRIES = 8
"""So often is another one drawn before it gets a digit more."""


def unused_reference(db: Session, table: Any, prefix: str, at: datetime) -> str:
    """A reference that nothing in this table has, like `SM-2026-000042`. The unique column settles the rare race."""
    digits = 6
    while True:
        for _ in range(TRIES):
            reference = f"{prefix}-{at.year}-{secrets.randbelow(10**digits):0{digits}}"
            if db.connection().execute(_taken(table), {"reference": reference}).first() is None:
                return reference
        digits += 1


@lru_cache
def _taken(table: Any) -> Select[Any]:
    return select(table.id).where(col(table.reference) == bindparam("reference"))
