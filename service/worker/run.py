"""The background worker: rings the clocks of cases, takes what is due from the outbox, and does it.

Any number may run, on any number of machines; a row is leased to one of them at a time. A worker that dies leaves its
rows to the others when the lease runs out, so everything is done at least once.
"""

import logging
import signal
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import col

from service.core.clock import Clock
from service.core.database import Database
from service.core.settings import Settings
from service.notifications import deliver
from service.records.timeline import Outbox
from service.timeline import outbox
from service.worker.alarms import AWAY, ring_due
from service.worker.bytes import SWEEP_EVERY, destroy_purged, sweep

ROWS_AT_ONCE = 20
IDLE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

Deed = Callable[[Database, Settings, Any, datetime], object]
# What is done for each kind of row. A kind that is missing here waits, and its row says why.
DEEDS: dict[str, Deed] = {"tell": deliver.tell, "destroy": destroy_purged}

log = logging.getLogger("amends.worker")


def work(database: Database, settings: Settings, clock: Clock, stop: Event) -> None:
    """Work until `stop` is set; then end after the row in hand. A database that is away is waited for."""
    pause = IDLE_SECONDS
    # Not at the start: whoever started it with the wrong database has an hour to see that.
    sweep_at = clock() + SWEEP_EVERY
    while not stop.is_set():
        try:
            busy = work_once(database, settings, clock, stop)
            pause = IDLE_SECONDS
            if clock() >= sweep_at:
                sweep_at = clock() + SWEEP_EVERY
                sweep(database, settings, clock())
        except (DBAPIError, NoConnection) as away:
            log.warning("the database does not answer (%s)", type(away).__name__)
            busy, pause = False, min(pause * 2, LONGEST_PAUSE_SECONDS)
        if not busy:
            stop.wait(pause)


def work_once(database: Database, settings: Settings, clock: Clock, stop: Event | None = None) -> bool:
    """Ring the clocks that are due, then do one batch of what is asked for; returns whether there was any."""
    rang = ring_due(database, clock())
    with database.write() as db:
        rows = outbox.claim(db, clock(), ROWS_AT_ONCE)
    for place, row in enumerate(rows):
        if stop is not None and stop.is_set():
            _give_back(database, [left.id for left in rows[place:]])
            break
        _do(database, settings, row, clock)
    return rang or bool(rows)


def start(database: Database, settings: Settings, clock: Clock) -> Callable[[], None]:
    """Work in a thread of this process; returns what ends it, which waits for the row in hand."""
    stop = Event()
    thread = Thread(target=work, args=(database, settings, clock, stop), name="worker", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(LONGEST_PAUSE_SECONDS)

    return end


def work_until_signal(database: Database, settings: Settings, clock: Clock) -> None:
    """Work as a process of its own, until SIGTERM or SIGINT; the row in hand is ended first."""
    stop = Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    work(database, settings, clock, stop)
    database.close()


def _do(database: Database, settings: Settings, row: Any, clock: Clock) -> None:
    try:
        DEEDS[row.kind](database, settings, row, clock())
    except AWAY:
        raise
    except Exception as wrong:  # noqa: BLE001 - whatever one row brings up, the others are done
        # The text of a fault may hold an address or a path; its type says enough to look for it.
        told = f"no worker knows how to do '{row.kind}'" if row.kind not in DEEDS else type(wrong).__name__
        log.warning("outbox row %s is put off: %s", row.id, told)
        with database.write() as db:
            outbox.put_off(db, row.id, row.tries, told, clock())
        return
    with database.write() as db:
        outbox.done(db, row.id, row.tries, clock())


def _give_back(database: Database, ids: list[int]) -> None:
    """Let others have at once what was claimed and not begun."""
    with database.write() as db:
        db.execute(
            update(Outbox).where(col(Outbox.id).in_(ids), col(Outbox.done_at).is_(None)).values(leased_until=None),
            execution_options={"synchronize_session": False},
        )
