"""The worker's post: mail, digests and text messages, apart from everything else, so that no mail server holds that up.

A carrier that is away puts all mail, or all texts, off at once. Each message is noted as sent before the next is
begun: whoever is killed in between sends one message twice at most, under the same Message-ID.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

from service.core.clock import Clock
from service.core.database import Database
from service.core.settings import Settings
from service.notifications.carriers import Carrier, open_carrier
from service.notifications.deliver import deliver
from service.notifications.fan_out import MESSAGES, TEXT
from service.notifications.refusing import Away, NotSent, Refused
from service.timeline import outbox
from service.worker.away import AWAY

AT_ONCE = 20
LEASE = timedelta(minutes=5)
FRESH = timedelta(minutes=2)
"""How long a claimed message may wait for its turn: sending it must end well within its lease."""
LONGEST_SECONDS = 90.0
"""How long handing one message over may last in all, however often the server says a little: within the lease."""
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=10)

log = logging.getLogger("amends.worker")


@dataclass
class Way:
    """How it stands with mail, or with texts: none is tried before `until`, and `away` times in a row it was away."""

    kinds: tuple[str, ...]
    until: datetime | None = None
    away: int = 0
    told: str = ""

    def is_open(self, at: datetime) -> bool:
        """Whether it may be tried."""
        return self.until is None or at >= self.until


@dataclass
class Post:
    """The two ways out of one carrier: GOV.UK Notify may take mail and no texts, for its limits are apart."""

    database: Database
    settings: Settings
    clock: Clock
    texts: Way = field(default_factory=lambda: Way((TEXT,)))
    mail: Way = field(default_factory=lambda: Way(tuple(kind for kind in MESSAGES if kind != TEXT)))
    carrier: Carrier | None = field(default=None, repr=False)

    def work_once(self, stop: Event | None = None) -> bool:
        """Send one batch of what is due; returns whether there was any and it could be tried."""
        at = self.clock()
        kinds = [kind for way in (self.texts, self.mail) if way.is_open(at) for kind in way.kinds]
        rows = self._claim(at, kinds) if kinds else []
        if not rows:
            self._hang_up()
            return False
        way = self.texts if rows[0].kind == TEXT else self.mail
        for place, row in enumerate(rows):
            stopped = stop is not None and stop.is_set()
            if stopped or self.clock() - at > FRESH:
                with self.database.write() as db:
                    outbox.give_back(db, rows[place:])
                break
            if not self._send(row, way):
                with self.database.write() as db:
                    for left in rows[place:]:
                        outbox.put_off(db, left, way.told, self.clock(), way.until)
                break
        return True

    def _claim(self, at: datetime, kinds: Sequence[str]) -> list[Any]:
        """A batch of one kind, the first of these that has any."""
        with self.database.read() as db:
            if not outbox.is_due(db, at, only=kinds):
                return []
        with self.database.write() as db:
            for kind in kinds:
                if rows := outbox.claim(db, at, AT_ONCE, only=(kind,), lease=LEASE):
                    return rows
        return []

    def _send(self, row: Any, way: Way) -> bool:
        """Send one message and note how it went; returns False when the carrier is away."""
        try:
            self._deliver(row)
        except AWAY:
            raise
        except Away as away:
            self._count_away(way, str(away))
            return False
        except Exception as wrong:  # noqa: BLE001 - whatever one message brings up, the others are sent
            # The text of a fault may hold an address; its type says enough to look for it.
            told = str(wrong) if isinstance(wrong, NotSent) else type(wrong).__name__
            log.warning("message %s is not sent: %s", row.id, told)
            with self.database.write() as db:
                if isinstance(wrong, Refused):
                    outbox.give_up(db, row, told, self.clock())
                else:
                    outbox.put_off(db, row, told, self.clock())
            return True
        way.away = 0
        with self.database.write() as db:
            outbox.done(db, row.id, row.tries, self.clock())
        return True

    def _deliver(self, row: Any) -> None:
        """Hand it over, in a thread that can be left behind: no limit for each answer ends a server that trickles."""
        carrier = self.carrier = self.carrier or open_carrier(self.settings.mail_url)
        at, over = self.clock(), Future[None]()

        def do() -> None:
            try:
                deliver(self.database, self.settings, carrier, row, at)
            except BaseException as wrong:  # noqa: BLE001 - whatever it is, it is raised where it was asked for
                over.set_exception(wrong)
            else:
                over.set_result(None)

        Thread(target=do, name="message", daemon=True).start()
        wait([over], LONGEST_SECONDS)
        if not over.done():
            self.carrier = None
            carrier.cut()
            raise Away(f"A message was not taken within {LONGEST_SECONDS:.0f} seconds")
        over.result()

    def _count_away(self, way: Way, told: str) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(way.away, 10), LONGEST_PAUSE)
        way.away, way.until, way.told = way.away + 1, self.clock() + pause, told
        what = "text" if way is self.texts else "mail"
        log.warning("no %s leaves for %d seconds: %s", what, pause.total_seconds(), told)
        self._hang_up()

    def _hang_up(self) -> None:
        if self.carrier is not None:
            self.carrier.close()
            self.carrier = None
