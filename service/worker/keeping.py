"""What the worker does once a time is over: destroys what was approved, and clears old lines of the read log."""

from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

from service.cases import playbook
from service.core.database import Database
from service.core.settings import Settings
from service.retention import disposing
from service.retention.clearing import clear_old_lines, has_old_lines


def dispose(database: Database, settings: Settings, row: Any, at: datetime) -> None:
    """Do one row of kind `dispose`. May be done again: the second time there is nothing to do."""
    rules = playbook.load(Path(settings.playbook))
    disposing.dispose(database, rules, at, case_id=row.case_id, referral_id=row.referral_id)


def clear_reads(database: Database, settings: Settings, at: datetime, stop: Event | None = None) -> int:
    """Clear the lines of the read log that were kept long enough, a few hundred in a transaction; returns how many."""
    rules, cleared = playbook.load(Path(settings.playbook)), 0
    with database.read() as db:
        if not has_old_lines(db, rules, at):
            return 0
    while stop is None or not stop.is_set():
        with database.write() as db:
            now = clear_old_lines(db, rules, at)
        cleared += now
        if not now:
            break
    return cleared
