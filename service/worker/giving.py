"""What the worker does about requests for all that is held about somebody."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from service.core.database import Database
from service.core.settings import Settings
from service.subject_access import making
from service.timeline import outbox
from service.worker.bytes import store_of

TAKES = timedelta(hours=1)
"""How long nobody else begins what one worker gathers or packs; whoever takes longer is asked for it in each batch."""


def _mine(row: Any, at: datetime) -> Callable[[Session], bool]:
    return lambda db: outbox.hold_longer(db, row, at + TAKES)


def gather(database: Database, _settings: Settings, row: Any, at: datetime) -> None:
    """Do one row of kind `gather`. Raises Changed, and is then tried again."""
    making.gather_request(database, row.body["request"], at, mine=_mine(row, at))


def pack(database: Database, settings: Settings, row: Any, at: datetime) -> None:
    """Do one row of kind `pack`. Raises Unavailable, and is then tried again."""
    store = store_of(settings.evidence_url)
    making.pack_request(database, store, row.body["request"], row.tries, at, mine=_mine(row, at))


def delete_given(database: Database, settings: Settings, row: Any, at: datetime) -> None:
    """Do one row of kind `delete_given`. Raises Unavailable, and is then tried again."""
    making.delete_given(database, store_of(settings.evidence_url), row.body["request"], at)
