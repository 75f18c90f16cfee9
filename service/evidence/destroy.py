"""Files gone: destroying the bytes of a purged file, and finding bytes that no row names.

The order is: the row says `destroyed_at`, and with it the outbox asks that the bytes go; that is committed, then the
bytes go. The other way round, a transaction that fails at its end would leave a row that still promises a file, and
evidence would be lost without a word. This way a store that is away leaves, for a while, bytes that nobody is served
any more: the worker tries until they are gone. The original goes before its preview: it is the one that must not be
left behind, with everything it has.

On a disk, destroying removes the file for good as far as the file system goes; what a snapshot, a backup or a
versioned bucket still holds is for whoever runs those.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from service.core import folders
from service.core.database import Database, fold_in
from service.core.errors import Unavailable
from service.core.storage import STAGING, Store
from service.evidence.places import FOLDER, original_key, preview_key
from service.records.evidence import Evidence

LEFT_ALONE = timedelta(days=1)
MOST_UNKNOWN = 20
"""Crashes leave a file now and then. More than these are the files of another database, or of one that was restored."""

log = logging.getLogger("amends.evidence")


def destroy(store: Store, evidence: Evidence) -> None:
    """Destroy a file's bytes, once its row is committed as destroyed. May be called again; raises Unavailable.

    Raises ValueError for a file that still stands.
    """
    if evidence.destroyed_at is None:
        raise ValueError("Mark the file as destroyed, and commit that, before its bytes go")
    _destroy_bytes(store, evidence.id)


def destroy_purged(database: Database, store: Store, body: dict[str, Any]) -> None:
    """Destroy what a purge has asked for in the outbox: `evidence`, ids of files, and all that is kept under `prefix`.

    What a killed process was making of it goes at once, and what the rows have lost leaves the database's own log too.
    May be called again. Raises Unavailable, and ValueError for a file that still stands.
    """
    folders.sweep()
    with database.read() as db:
        files = db.execute(select(Evidence).where(col(Evidence.id).in_(body.get("evidence", ())))).scalars().all()
    for file in files:
        destroy(store, file)
    if prefix := body.get("prefix"):
        for kept in list(store.list(prefix)):
            store.destroy(kept.key)
    fold_in(database)


def discard(store: Store, evidence_id: str) -> None:
    """Destroy the bytes of an upload that was never entered. A store that fails leaves an orphan, and says nothing."""
    try:
        _destroy_bytes(store, evidence_id)
    except Unavailable:
        log.warning("the bytes of a refused upload are left for the sweep: the store does not answer")


def sweep(database: Database, store: Store, at: datetime) -> int:
    """Destroy every orphan that is older than a day; returns how many keys went. Raises Unavailable.

    When more files than crashes leave are named by no row at all, those stay, and the log says so: the store may belong
    to another database.
    """
    before = at - LEFT_ALONE
    with database.read() as db:
        rows = db.execute(select(col(Evidence.id), col(Evidence.destroyed_at).is_(None))).all()
    known = {row[0] for row in rows}
    keys = list(orphans(store, {row[0] for row in rows if row[1]}, before))
    unknown = {_file_in(key) for key in keys if not key.startswith(f"{STAGING}/")} - known
    if len(unknown) > MOST_UNKNOWN or (unknown and not known):
        log.warning("%s files in the store are in no row: they are left alone; see to it", len(unknown))
        keys = [key for key in keys if _file_in(key) not in unknown]
    for key in keys:
        store.destroy(key)
    return len(keys)


def orphans(store: Store, standing: Collection[str], before: datetime) -> Iterator[str]:
    """Keys that no standing file needs: uploads whose transaction never committed, destructions cut short by a crash.

    `standing` are the ids of every file that is not destroyed, read *after* `before`; what was kept at or after
    `before` (aware) is left alone, since its transaction may still be under way: an hour ago is safe.
    """
    for prefix in (FOLDER, STAGING):
        for kept in store.list(prefix):
            if kept.modified < before and (prefix == STAGING or _file_in(kept.key) not in standing):
                yield kept.key


def _destroy_bytes(store: Store, evidence_id: str) -> None:
    store.destroy(original_key(evidence_id))
    store.destroy(preview_key(evidence_id))


def _file_in(key: str) -> str:
    return key.split("/")[1]
