"""What the worker does about requests for all that is held about somebody."""

from datetime import datetime
from typing import Any

from service.core.database import Database
from service.core.settings import Settings
from service.subject_access import making
from service.worker.bytes import store_of


def gather(database: Database, _settings: Settings, row: Any, at: datetime) -> None:
    """Do one row of kind `gather`. Raises Changed, and is then tried again."""
    making.gather_request(database, row.body["request"], at)


def pack(database: Database, settings: Settings, row: Any, at: datetime) -> None:
    """Do one row of kind `pack`. Raises Unavailable, and is then tried again."""
    making.pack_request(database, store_of(settings.evidence_url), row.body["request"], row.tries, at)


def delete_given(database: Database, settings: Settings, row: Any, at: datetime) -> None:
    """Do one row of kind `delete_given`. Raises Unavailable, and is then tried again."""
    making.delete_given(database, store_of(settings.evidence_url), row.body["request"], at)
