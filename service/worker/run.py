"""The background worker: rings the clocks of cases, takes what is due from the outbox, and does it.

Any number may run, on any number of machines; a row is leased to one of them at a time. A worker that dies leaves its
rows to the others when the lease runs out, so everything is done at least once. Messages leave in a thread of their
own: a mail server that is slow holds up nothing else.
"""

import logging
import signal
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from typing import Any

from service.core import folders
from service.core.clock import Clock
from service.core.database import Database
from service.core.settings import Settings
from service.notifications.carriers import sends_texts
from service.notifications.fan_out import MESSAGES, fan_out
from service.subject_access import asking
from service.timeline import outbox
from service.timeline.watching import watch_reads
from service.worker import giving
from service.worker.alarms import ring_due, ring_referrals
from service.worker.away import AWAY
from service.worker.bytes import SWEEP_EVERY, destroy_purged, sweep
from service.worker.keeping import clear_reads, dispose
from service.worker.post import Post

TELL = "tell"
TOLD_AT_ONCE = 200
ROWS_AT_ONCE = 20
RUNG_TOGETHER = 10
"""Batches of cases whose clocks ring in one pass."""
IDLE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

Deed = Callable[[Database, Settings, Any, datetime], object]

log = logging.getLogger("amends.worker")


def tell_one(database: Database, settings: Settings, row: Any, at: datetime) -> None:
    """Do one row of kind `tell` by itself."""
    with database.write() as db:
        fan_out(db, [row], at, texts=sends_texts(settings.mail_url))


# What is done for each kind of row, apart from messages. A kind that is missing here fails at once, and says so.
DEEDS: dict[str, Deed] = {TELL: tell_one, "destroy": destroy_purged, outbox.DISPOSE: dispose} | {
    outbox.GATHER: giving.gather,
    asking.PACK: giving.pack,
    asking.DELETE: giving.delete_given,
}


def work(database: Database, settings: Settings, clock: Clock, stop: Event) -> None:
    """Work until `stop` is set; then end after the row in hand. A database that is away is waited for."""
    # What a worker was making that was killed may have been destroyed everywhere else since.
    folders.sweep()
    post = Post(database, settings, clock)
    sending = Thread(target=_keep_on, args=(lambda: post.work_once(stop), stop), name="post", daemon=True)
    sending.start()
    # The store not at the start: whoever started it with the wrong database has an hour to see that.
    sweep_at = clock() + SWEEP_EVERY

    def do_what_is_due() -> bool:
        nonlocal sweep_at
        busy = work_once(database, settings, clock, stop)
        if clock() >= sweep_at:
            sweep_at = clock() + SWEEP_EVERY
            clear_done(database, clock(), stop)
            clear_reads(database, settings, clock(), stop)
            sweep(database, settings, clock())
        return busy

    _keep_on(do_what_is_due, stop)
    sending.join(LONGEST_PAUSE_SECONDS)


def _keep_on(do: Callable[[], bool], stop: Event) -> None:
    """Do it again and again, with a pause when there is nothing to do, or no database to ask."""
    pause = IDLE_SECONDS
    while not stop.is_set():
        try:
            busy = do()
            pause = IDLE_SECONDS
        except AWAY as away:
            log.warning("the database does not answer (%s)", type(away).__name__)
            busy, pause = False, min(pause * 2, LONGEST_PAUSE_SECONDS)
        except Exception as wrong:  # noqa: BLE001 - a fault of ours must not end the work for everybody
            log.error("the worker goes on after a fault of ours: %s", type(wrong).__name__)
            busy, pause = False, min(pause * 2, LONGEST_PAUSE_SECONDS)
        if not busy:
            stop.wait(pause)


def work_once(database: Database, settings: Settings, clock: Clock, stop: Event | None = None) -> bool:
    """Ring the clocks that are due, do one batch of each kind of what is asked for, then look at who reads very much.

    Messages are left to the post.

    Returns whether there was any.
    """
    rang = ring_all(database, clock())
    did = _do_what_is_asked(database, settings, clock, stop)
    return watch_reads(database, clock()) or rang or did


def _do_what_is_asked(database: Database, settings: Settings, clock: Clock, stop: Event | None) -> bool:
    with database.read() as db:
        if not outbox.is_due(db, clock(), but=MESSAGES):
            return False
    told = tell_batch(database, settings, clock)
    with database.write() as db:
        rows = outbox.claim(db, clock(), ROWS_AT_ONCE, but=(TELL, *MESSAGES))
    _do_each(database, settings, rows, clock, stop)
    return told or bool(rows)


def ring_all(database: Database, at: datetime) -> bool:
    """Ring what falls due together before anybody is told, as far as 200 cases: it becomes one mail for each person."""
    rang = 0
    while rang < RUNG_TOGETHER and ring_due(database, at):
        rang += 1
    referrals = ring_referrals(database, at)
    return rang > 0 or referrals


def tell_batch(database: Database, settings: Settings, clock: Clock) -> bool:
    """Notify everybody whom a batch of rows reaches, in one transaction; returns whether there was any.

    Where that fails each row is done by itself, so that the one at fault holds up no other.
    """
    try:
        with database.write() as db:
            rows = outbox.claim(db, clock(), TOLD_AT_ONCE, only=(TELL,))
            if rows:
                fan_out(db, rows, clock(), texts=sends_texts(settings.mail_url))
                outbox.all_done(db, rows, clock())
    except AWAY:
        raise
    except Exception as wrong:  # noqa: BLE001 - one row of the batch brought it up; each is now done by itself
        log.warning("a batch could not be told together: %s", type(wrong).__name__)
        with database.write() as db:
            rows = outbox.claim(db, clock(), ROWS_AT_ONCE, only=(TELL,))
        _do_each(database, settings, rows, clock)
    return bool(rows)


def clear_done(database: Database, at: datetime, stop: Event | None = None) -> int:
    """Count what was done, and clear what was done long ago, a few hundred rows in a transaction; returns how many."""
    cleared = 0
    with database.write() as db:
        outbox.count_done(db, at)
    with database.read() as db:
        if not outbox.is_old(db, at):
            return 0
    while stop is None or not stop.is_set():
        with database.write() as db:
            now = outbox.clear_done(db, at)
        cleared += now
        if not now:
            break
    return cleared


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


def _do_each(database: Database, settings: Settings, rows: list[Any], clock: Clock, stop: Event | None = None) -> None:
    for place, row in enumerate(rows):
        if stop is not None and stop.is_set():
            with database.write() as db:
                outbox.give_back(db, rows[place:])
            break
        _do(database, settings, row, clock)


def _do(database: Database, settings: Settings, row: Any, clock: Clock) -> None:
    if row.kind not in DEEDS:
        with database.write() as db:
            outbox.give_up(db, row, f"No worker knows how to do '{row.kind}'", clock())
        return
    try:
        DEEDS[row.kind](database, settings, row, clock())
    except AWAY:
        raise
    except Exception as wrong:  # noqa: BLE001 - whatever one row brings up, the others are done
        # The text of a fault may hold an address or a path; its type says enough to look for it.
        log.warning("outbox row %s is put off: %s", row.id, type(wrong).__name__)
        with database.write() as db:
            outbox.put_off(db, row, type(wrong).__name__, clock())
        return
    with database.write() as db:
        outbox.done(db, row.id, row.tries, clock())
