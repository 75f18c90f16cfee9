"""Who listens to what changes: open pages and programs, all fed by one look at the database for each process.

Nobody's connection, thread or transaction is held while they listen. Each look asks how far the log has come; when it
has moved, what each reader may read of it is asked once for each of them, and nobody else hears even that it moved;
but after more than can be told apart, everybody is told to look again, for each may have had a part in it. The same
is the first thing that every listener is told: what they read before may have changed since.
"""

import asyncio
import json
import logging
import signal
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from service.cases.news import MOST_CASES, Looks, changed_since, head, heard_of, looks, looks_heard
from service.core.errors import TooMany, Unavailable
from service.people.identity import Me, still_there
from service.web.visit import House

LOG = logging.getLogger("amends.web")
EVERY_SECONDS = 0.4
"""How often the database is looked at while anybody listens."""
RECHECK_SECONDS = 10.0
"""How often sessions and tokens are looked at besides whenever there is something to tell."""
HEARTBEAT_SECONDS = 15.0
MOST_A_PERSON = 10
MOST_A_PROCESS = 4000


@dataclass(eq=False)
class Listener:
    """One open stream: whose it is, by which key (its hash), and what they have still to be told."""

    me: Me
    key: str
    changed: dict[str, int] = field(default_factory=dict)
    everything: bool = False
    """Whether more has changed than was told apart."""
    begun: bool = False
    """Whether a look has told them where to begin."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended: str = ""
    """Why it is over: `signed-out`, or `again` when the listener is to come back."""


@dataclass
class News:
    """What one look found."""

    position: int
    looks: Looks
    alive: dict[str, Me]
    asked: bool
    """Whether sessions were looked at."""
    told: dict[str, dict[str, int]]
    """By key."""
    everything: bool = False
    """Whether there was more than is told apart."""


@dataclass
class Live:
    """The listeners of this process, and how far the log had come when they were last told."""

    house: House
    listeners: set[Listener] = field(default_factory=set)
    position: int | None = None
    looks: Looks = frozenset()
    checked: float = 0.0
    watching: asyncio.Task[None] | None = None
    ending: bool = False
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "amends-live"))

    async def listen(self, listener: Listener) -> AsyncIterator[bytes]:
        """What a stream sends, for as long as its session lasts and somebody is there."""
        # Not before the stream begins: of one that never does, nothing would be left to end it.
        self.listeners.add(listener)
        if self.ending:
            # It was let in just before: nobody would end it any more.
            listener.ended = "again"
        if self.watching is None or self.watching.done():
            self.position = None
            self.watching = asyncio.get_running_loop().create_task(self._watch())
        try:
            # Enough to pass whatever waits for a first kilobyte, and when to come back after a break.
            yield b"retry: 3000\n: " + b"-" * 1024 + b"\n\n"
            while not listener.ended:
                try:
                    await asyncio.wait_for(listener.wake.wait(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                listener.wake.clear()
                if listener.changed or listener.everything:
                    changed, everything = listener.changed, listener.everything
                    listener.changed, listener.everything = {}, False
                    yield _event("cases", _cases(changed, everything))
            yield _event("ended", {"why": listener.ended})
        finally:
            self.listeners.discard(listener)

    def listener(self, me: Me, key: str) -> Listener:
        """Somebody who may listen. Raises TooMany for a person with ten streams, Unavailable while the service ends."""
        if self.ending or len(self.listeners) >= MOST_A_PROCESS:
            raise Unavailable
        if Counter(other.me.id for other in self.listeners)[me.id] >= MOST_A_PERSON:
            raise TooMany("You listen in too many places already. Close one, then try again.")
        return Listener(me, key)

    def end(self) -> None:
        """Let every listener go; they come back by themselves, to whoever serves then."""
        self.ending = True
        for listener in list(self.listeners):
            listener.ended = "again"
            listener.wake.set()
        if self.watching is not None:
            self.watching.cancel()
        self.thread.shutdown(wait=False)

    @contextmanager
    def ending_first(self) -> Iterator[None]:
        """Meanwhile a signal that ends the server ends the streams first: it waits for every answer to be complete."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def first(number: int, frame: Any) -> None:
            loop.call_soon_threadsafe(self.end)
            if callable(before[number]):
                before[number](number, frame)

        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, first)
        try:
            yield
        finally:
            for number, handler in before.items():
                if signal.getsignal(number) is first:
                    signal.signal(number, handler)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while self.listeners and not self.ending:
            recheck = loop.time() - self.checked > RECHECK_SECONDS
            # Whoever comes while it is being looked is asked about by the next look, and told nothing by this one.
            present = list(self.listeners)
            readers = {listener.key: listener.me for listener in present}
            try:
                news = await loop.run_in_executor(self.thread, self._look, readers, recheck)
            except Exception as wrong:  # noqa: BLE001 - a database that is away for a moment must not end every stream
                LOG.warning(json.dumps({"event": "nothing could be told", "why": type(wrong).__name__}))
                await asyncio.sleep(HEARTBEAT_SECONDS / 5)
                continue
            if news.asked:
                self.checked = loop.time()
            self.position, self.looks = news.position, news.looks
            self._tell(news, present)
            await asyncio.sleep(EVERY_SECONDS)

    def _look(self, readers: dict[str, Me], recheck: bool) -> News:
        """One look, in a thread of its own. Whoever is told anything is there still."""
        at = self.house.clock()
        with self.house.database.read() as db:
            position, seen = head(db), looks(db, at)
            if self.position is None:
                return News(position, seen, {}, asked=False, told={})
            changed, more = changed_since(db, self.position) if position > self.position else ({}, False)
            looked = seen ^ self.looks
            if not (changed or looked or recheck):
                return News(position, seen, {}, asked=False, told={})
            alive = still_there(db, list(readers), at)
            found: dict[tuple[Any, ...], dict[str, int]] = {}
            told = {}
            for key, me in alive.items():
                kind = (me.id, frozenset(me.desks), me.roles)
                if kind not in found:
                    found[kind] = heard_of(db, me, changed, looks_heard(me, looked))
                told[key] = found[kind]
            return News(position, seen, alive, asked=True, told=told, everything=more)

    def _tell(self, news: News, present: list[Listener]) -> None:
        for listener in present:
            if news.asked and listener.key not in news.alive:
                listener.ended = listener.ended or "signed-out"
                listener.wake.set()
                continue
            if news.asked:
                listener.me = news.alive[listener.key]
                listener.changed |= news.told.get(listener.key, {})
            listener.everything |= news.everything or not listener.begun
            listener.begun = True
            if listener.changed or listener.everything:
                listener.wake.set()


def _cases(changed: dict[str, int], everything: bool) -> dict[str, Any]:
    """What a listener is told. More than can be told apart: only that everything is to be looked at again."""
    if everything or len(changed) >= MOST_CASES:
        return {"cases": [], "all": True}
    return {"cases": [{"reference": each, "version": version} for each, version in changed.items()], "all": False}


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
