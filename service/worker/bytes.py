"""What the worker does in the evidence store: destroys what was purged, and sweeps up what nobody needs."""

import logging
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from service.core import folders
from service.core.database import Database
from service.core.errors import Unavailable
from service.core.settings import Settings
from service.core.storage import Store, open_store
from service.evidence import destroy
from service.referrals import letters

SWEEP_EVERY = timedelta(hours=1)

log = logging.getLogger("amends.worker")


@cache
def store_of(url: str) -> Store:
    """The store at an address, opened once in this process."""
    # Opened at the first need, and kept: a folder that goes away later must be seen as away, not be made anew.
    return open_store(url)


def destroy_purged(database: Database, settings: Settings, row: Any, _at: datetime) -> None:
    """Do one row of kind `destroy`. Raises Unavailable, and is then tried again."""
    destroy.destroy_purged(database, store_of(settings.evidence_url), row.body)


def sweep(database: Database, settings: Settings, at: datetime) -> int:
    """Destroy what is left over; returns how many keys went. A store that is away is swept in the next hour."""
    folders.sweep()
    try:
        store = store_of(settings.evidence_url)
        return destroy.sweep(database, store, at) + letters.sweep(database, store, at - destroy.LEFT_ALONE)
    except Unavailable:
        log.warning("the evidence store does not answer, so nothing was swept")
        return 0
