"""The worker's post: mail, digests and text messages, apart from everything else, so that no mail server holds that up.

A carrier that is away puts all of it off at once. Each message is noted as sent before the next is begun: whoever is
killed in between sends one message twice at most, under the same Message-ID.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from service.core.clock import Clock
from service.core.database import Database
from service.core.settings import Settings
from service.notifications.carriers import Carrier, open_carrier
from service.notifications.deliver import deliver
from service.notifications.fan_out import MESSAGES
from service.notifications.refusing import Away, NotSent, Refused
from service.timeline import outbox
from service.worker.away import AWAY

AT_ONCE = 20
LEASE = timedelta(minutes=5)
FRESH = timedelta(minutes=2)
"""How long a claimed message may wait for its turn: sending it must end well within its lease."""
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=10)

log = logging.getLogger("amends.worker")


@dataclass
class Post:
    """How it stands with the carrier: nothing is tried before `until`, and `refused` times it was away in a row."""

    database: Database
    settings: Settings
    clock: Clock
    until: datetime | None = None
    away: int = 0
    told: str = ""
    carrier: Carrier | None = field(default=None, repr=False)

    def work_once(self, stop: Event | None = None) -> bool:
        """Send one batch of what is due; returns whether there was any and it could be tried."""
        at = self.clock()
        if self.until is not None and at < self.until:
            return False
        rows = self._claim(at)
        if not rows:
            self._hang_up()
            return False
        for place, row in enumerate(rows):
            stopped = stop is not None and stop.is_set()
            if stopped or self.clock() - at > FRESH:
                with self.database.write() as db:
                    outbox.give_back(db, rows[place:])
                break
            if not self._send(row):
                with self.database.write() as db:
                    for left in rows[place:]:
                        outbox.put_off(db, left, self.told, self.clock(), self.until)
                break
        return True

    def _claim(self, at: datetime) -> list[Any]:
        with self.database.read() as db:
            if not outbox.is_due(db, at, only=MESSAGES):
                return []
        with self.database.write() as db:
            for kind in MESSAGES:
                if rows := outbox.claim(db, at, AT_ONCE, only=(kind,), lease=LEASE):
                    return rows
        return []

    def _send(self, row: Any) -> bool:
        """Send one message and note how it went; returns False when the carrier is away."""
        if self.carrier is None:
            self.carrier = open_carrier(self.settings.mail_url)
        try:
            deliver(self.database, self.settings, self.carrier, row, self.clock())
        except AWAY:
            raise
        except Away as away:
            self._count_away(str(away))
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
        self.away = 0
        with self.database.write() as db:
            outbox.done(db, row.id, row.tries, self.clock())
        return True

    def _count_away(self, told: str) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(self.away, 10), LONGEST_PAUSE)
        self.away, self.until, self.told = self.away + 1, self.clock() + pause, told
        log.warning("no mail leaves for %d seconds: %s", pause.total_seconds(), told)
        self._hang_up()

    def _hang_up(self) -> None:
        if self.carrier is not None:
            self.carrier.close()
            self.carrier = None
