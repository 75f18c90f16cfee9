"""The worker's post: mail, digests and text messages, apart from everything else, so that no mail server holds that up.

A carrier that is away puts all mail, or all texts, off at once. Each message is noted as sent before the next is
begun: whoever is killed in between sends one message twice at most, under the same Message-ID. The note does not wait
for the disk; the next batch does, when it is claimed. So a power cut may have one batch sent again.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from threading import Event, Thread
from typing import Any

from sqlalchemy import Connection

from service.core.clock import Clock
from service.core.database import Database
from service.core.settings import Settings
from service.notifications.carriers import Carrier, open_carrier
from service.notifications.deliver import letters_for
from service.notifications.fan_out import MESSAGES, TEXT
from service.notifications.letters import Letter
from service.notifications.refusing import Away, NotSent, Refused
from service.timeline import outbox
from service.worker.away import AWAY

AT_ONCE = 100
LEASE = timedelta(seconds=30)
"""So long what a killed worker had in hand waits for the next one. A worker that lives takes it anew in time."""
LEASE_TAKEN_ANEW = timedelta(seconds=10)
LOOKS_UP_SECONDS = 2.0
"""How often it looks up from a message that is being handed over, whether the lease is to be taken anew."""
FRESH = timedelta(minutes=2)
"""How long a claimed message may wait for its turn: what is urgent and has come since goes first."""
RECENT = timedelta(seconds=1)
"""For so long it holds what was asked of a message: whether it is still wanted, and theirs to know."""
LONGEST_SECONDS = 90.0
"""How long handing one message over may last in all, however often the server says a little."""
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
        with self.database.jotting.connect() as notes:
            Batch(self, self.texts if rows[0].kind == TEXT else self.mail, notes, deque(rows)).send(at, stop)
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

    def hand_over(self, row: Any, letter: Letter, look_up: Callable[[], object]) -> None:
        """Hand it over, in a thread that can be left behind: no limit for each answer ends a server that trickles.

        Meanwhile `look_up` is done every other second: the server is being told, so nobody else may tell it.
        """
        carrier, over = self.opened(), Future[None]()

        def do() -> None:
            try:
                if row.kind == TEXT:
                    carrier.text(letter)
                else:
                    carrier.mail(letter)
            except BaseException as wrong:  # noqa: BLE001 - whatever it is, it is raised where it was asked for
                over.set_exception(wrong)
            else:
                over.set_result(None)

        Thread(target=do, name="message", daemon=True).start()
        for _ in range(ceil(LONGEST_SECONDS / LOOKS_UP_SECONDS)):
            wait([over], min(LONGEST_SECONDS, LOOKS_UP_SECONDS))
            if over.done():
                break
            look_up()
        else:
            self.carrier = None
            carrier.cut()
            raise Away(f"A message was not taken within {LONGEST_SECONDS:.0f} seconds")
        over.result()

    def opened(self) -> Carrier:
        """What carries our messages."""
        self.carrier = self.carrier or open_carrier(self.settings.mail_url)
        return self.carrier

    def count_away(self, way: Way, told: str) -> None:
        """Try none of its messages for a while, longer each time in a row."""
        pause = min(FIRST_PAUSE * 2 ** min(way.away, 10), LONGEST_PAUSE)
        way.away, way.until, way.told = way.away + 1, self.clock() + pause, told
        what = "text" if way is self.texts else "mail"
        log.warning("no %s leaves for %d seconds: %s", what, pause.total_seconds(), told)
        self._hang_up()

    def _hang_up(self) -> None:
        if self.carrier is not None:
            self.carrier.close()
            self.carrier = None


@dataclass
class Batch:
    """Messages of one kind that are claimed: those `left`, and those that have left the house and are to be noted."""

    post: Post
    way: Way
    notes: Connection
    left: deque[Any]
    sent: list[Any] = field(default_factory=list)
    held_at: datetime | None = None
    """When its leases were last taken anew."""
    lost: set[int] = field(default_factory=set)
    """What somebody else has by now: this worker stood still for longer than its lease."""

    def send(self, begun: datetime, stop: Event | None) -> None:
        """Send one after another, and note how each went; once the carrier is away, put off all that are left."""
        clock, database = self.post.clock, self.post.database
        letters: dict[int, Letter] = {}
        asked: datetime | None = None
        self.held_at = begun
        try:
            while self.left:
                if (stop is not None and stop.is_set()) or clock() - begun > FRESH:
                    with database.write() as db:
                        outbox.give_back(db, list(self.left))
                    break
                self._keep_hold()
                if self.left[0].id in self.lost:
                    self.left.popleft()
                    continue
                if asked is None or clock() - asked > RECENT:
                    asked = clock()
                    # Whatever waits outside the database must not hold a transaction open.
                    with database.read() as db:
                        letters = letters_for(db, self.post.settings, list(self.left), asked)
                self._send(self.left[0], letters.get(self.left[0].id))
            self._note()
        except Away as away:
            self.post.count_away(self.way, str(away))
            with database.write() as db:
                for row in (*self.sent, *self.left):
                    outbox.put_off(db, row, self.way.told, clock(), self.way.until)

    def _send(self, row: Any, letter: Letter | None) -> None:
        """Send one message, where anything is to be sent, and note how it went. Raises Away."""
        try:
            if letter is not None:
                self.post.hand_over(row, letter, self._keep_hold)
        except (*AWAY, Away):
            raise
        except Exception as wrong:  # noqa: BLE001 - whatever one message brings up, the others are sent
            self._not_sent(self.left.popleft(), wrong)
            return
        self.sent.append(self.left.popleft())
        if not self.post.opened().gathers:
            self._note()

    def _keep_hold(self) -> None:
        """Take the leases of all that is left anew, well before they run out; go on while the database is away."""
        at = self.post.clock()
        if self.held_at is not None and at - self.held_at < LEASE_TAKEN_ANEW:
            return
        try:
            with self.post.database.write() as db:
                self.lost = {row.id for row in self.left} - outbox.hold(db, [*self.sent, *self.left], at + LEASE)
            self.held_at = at
        except AWAY:
            log.warning("the leases of %d messages could not be taken anew", len(self.left))

    def _not_sent(self, row: Any, wrong: Exception) -> None:
        # The text of a fault may hold an address; its type says enough to look for it.
        told = str(wrong) if isinstance(wrong, NotSent) else type(wrong).__name__
        log.warning("message %s is not sent: %s", row.id, told)
        with self.post.database.write() as db:
            if isinstance(wrong, Refused):
                outbox.give_up(db, row, told, self.post.clock())
            else:
                outbox.put_off(db, row, told, self.post.clock())

    def _note(self) -> None:
        """Note as sent what has left. Raises Away where it could not be kept for good."""
        if not self.sent:
            return
        self.post.opened().flush()
        with self.notes.begin():
            outbox.sent(self.notes, self.sent, self.post.clock())
        self.sent.clear()
        self.way.away = 0
