"""A warm pool of workers that make PDFs, each a process of its own.

WeasyPrint never enters the web process: a worker is another program (`service/documents/render.py`), reached over a
socket. It has no secrets in its environment, may use so much memory, and is killed when a document takes too long.
A worker that dies takes only its own document with it; the next document gets a new one.

Why not a library: `concurrent.futures` breaks wholly when one worker dies. So does Pebble 5.2 when an idle one does.
Why not forkserver: its children import the program that was started (`amends`, with the whole web in it) again.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from multiprocessing import Pipe
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread, Timer
from typing import Any

from service.core.errors import Refusal

LOG = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
GIB = 1024**3
# What a worker needs of the environment: where programs, fonts and the C library's own things are. No AMENDS_*.
KEPT = "PATH HOME LANG LC_ALL TMPDIR XDG_CACHE_HOME FONTCONFIG_FILE FONTCONFIG_PATH LD_LIBRARY_PATH".split()
# Starting a worker on a busy machine; its import is not charged to the document it is started for.
STARTING_SECONDS = 60
MADE, FULL = b"+", b"!"


class DocumentNotMade(Refusal):
    """The PDF could not be made; nothing else is affected, and it may be asked for again."""

    status = 503
    slug = "document-not-made"
    title = "We could not make that PDF. Everything in the case is safe; try again in a minute"


class DocumentTookTooLong(DocumentNotMade):
    """Its time was up, and the worker was stopped."""

    slug = "document-took-too-long"
    title = "That PDF took too long to make, so we stopped. Everything in the case is safe; try again in a minute"


class DocumentWorkerLost(DocumentNotMade):
    """Its worker ended in the midst of it: be it for what was asked of it, or because somebody ended it."""


class DocumentHasNoRoom(DocumentNotMade):
    """The disk is full: nothing is wrong with the document, nor with the file that was to be opened for it."""


class DocumentPoolClosed(DocumentNotMade):
    """The service is going down."""

    slug = "document-pool-closed"
    title = "Amends is about to restart. Ask for the PDF again in a minute"


class Pool:
    """Makes documents on `workers` processes.

    `seconds` is what one document may take, from when a worker begins it; `memory` is each worker's limit in bytes
    (address space); after `documents_each` documents a worker is replaced, so that nothing it leaks can grow.
    Nothing starts before `warm` or the first `submit`.
    """

    def __init__(self, workers: int = 2, seconds: int = 30, memory: int = GIB, documents_each: int = 200) -> None:
        self._count = workers
        self._limits = (seconds, memory, documents_each)
        self._waiting: SimpleQueue[_Order | None] = SimpleQueue()
        self._lanes: list[_Lane] = []
        self._making: dict[str, Future[bytes]] = {}
        self._lock = Lock()
        self._closed = False

    def warm(self) -> None:
        """Start the workers and come back at once; within a second or two they have imported all they need."""
        with self._lock:
            if not self._lanes and not self._closed:
                self._lanes = [_Lane(self._waiting, *self._limits) for _ in range(self._count)]

    def submit(self, document: Mapping[str, Any], key: str | None = None) -> "Future[bytes]":
        """Have a document made; the future holds the PDF, or raises DocumentNotMade or one of its kinds.

        `key` is the document's content key: while a document of that key is being made, its future is given again.
        """
        self.warm()
        with self._lock:
            future: Future[bytes] = Future()
            if self._closed:
                future.set_exception(DocumentPoolClosed())
                return future
            if key is not None and (same := self.making(key)) is not None:
                return same
            if key is not None:
                self._making[key] = future
            self._waiting.put((future, document))
        if key is not None:
            # Outside the lock: a future that is done by now calls back here and at once.
            future.add_done_callback(lambda done: self._forget(key, done))
        return future

    def making(self, key: str) -> "Future[bytes] | None":
        """The future of a document that is waiting or being made now, if there is one: a page can say so."""
        future = self._making.get(key)
        return None if future is None or future.done() else future

    def workers(self) -> list[int]:
        """The process ids of the workers that are there now."""
        return [lane.worker.process.pid for lane in self._lanes if lane.worker is not None]

    def close(self, grace: float = 5.0) -> None:
        """Refuse what waits, give what is being made `grace` seconds, then end every worker and wait for it."""
        with self._lock:
            self._closed = True
            lanes, self._lanes = self._lanes, []
        while not self._waiting.empty():
            order = self._waiting.get()
            if order is not None and order[0].set_running_or_notify_cancel():
                order[0].set_exception(DocumentPoolClosed())
        for _ in lanes:
            self._waiting.put(None)
        for lane in lanes:
            lane.end(grace)

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forget(self, key: str, done: "Future[bytes]") -> None:
        with self._lock:
            if self._making.get(key) is done:
                del self._making[key]


_Order = tuple["Future[bytes]", Mapping[str, Any]]


class _Lane(Thread):
    """One worker and the thread that feeds it: a fault in one lane cannot reach another."""

    def __init__(self, waiting: "SimpleQueue[_Order | None]", seconds: int, memory: int, documents_each: int) -> None:
        super().__init__(name="amends-documents", daemon=True)
        self.waiting = waiting
        self.seconds, self.memory, self.documents_each = seconds, memory, documents_each
        self.worker: _Worker | None = None
        self.start()

    def run(self) -> None:
        self._hire()
        while (order := self.waiting.get()) is not None:
            future, document = order
            if not future.set_running_or_notify_cancel():
                continue
            try:
                pdf = self._make(document)
            except Refusal as refusal:
                future.set_exception(refusal)
            except Exception:
                LOG.exception("The pool could not hand a document to a worker")
                future.set_exception(DocumentNotMade())
            else:
                future.set_result(pdf)
            del order, future, document
        if self.worker is not None:
            self.worker.stop()

    def end(self, grace: float) -> None:
        """Wait for the thread; a worker that is still busy after `grace` seconds is killed, which frees it."""
        self.join(grace)
        if self.is_alive() and self.worker is not None:
            self.worker.process.kill()
            self.join()

    def _make(self, document: Mapping[str, Any]) -> bytes:
        worker = self.worker
        if worker is None or worker.process.poll() is not None:
            worker = self._hire()
        if worker is None:
            raise DocumentWorkerLost
        try:
            return worker.make(document, self.seconds)
        finally:
            if worker.process.poll() is not None or worker.made >= self.documents_each:
                worker.stop()
                self._hire()

    def _hire(self) -> "_Worker | None":
        if self.worker is not None:
            self.worker.stop()
        try:
            self.worker = _Worker(self.seconds, self.memory)
        except OSError:
            LOG.exception("No worker could be started")
            self.worker = None
        return self.worker


class _Worker:
    """A process that makes documents, one after another, and the near end of its socket."""

    def __init__(self, seconds: int, memory: int) -> None:
        self.near, far = Pipe(duplex=True)
        arguments = [str(far.fileno()), str(memory), str(seconds)]
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        # Equal documents make equal bytes: the order of sets must not differ from worker to worker.
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own program, with numbers for arguments
                [sys.executable, "-P", "-m", "service.documents.render", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[far.fileno()],
                # Ctrl+C at the terminal is for the service, which then closes the pool.
                process_group=0,
            )
        except OSError:
            self.near.close()
            raise
        finally:
            # Held here as well, the socket would not tell that the worker has gone.
            far.close()
        self.ready = False
        self.made = 0

    def make(self, document: Mapping[str, Any], seconds: int) -> bytes:
        """One document; raises DocumentTookTooLong after `seconds`, DocumentNotMade where the worker could not."""
        if not self.ready:
            self._within(STARTING_SECONDS, self.near.recv_bytes)
            self.ready = True
        self.made += 1
        answer = self._within(seconds, lambda: self._exchange(document))
        if answer[:1] != MADE:
            LOG.error("A document could not be made: %s", answer[1:].decode("utf-8", "replace"))
            raise DocumentHasNoRoom if answer[:1] == FULL else DocumentNotMade
        return answer[1:]

    def stop(self) -> None:
        """End the process, whatever it is doing, and let go of everything it had."""
        self.process.kill()
        self.process.wait()
        self.near.close()

    def _exchange(self, document: Mapping[str, Any]) -> bytes:
        self.near.send(document)
        return self.near.recv_bytes()

    def _within(self, seconds: float, deed: Callable[[], bytes]) -> bytes:
        """Do something with the worker; when time is up the worker is killed, which ends any wait for it."""
        late = False

        def expire() -> None:
            nonlocal late
            late = True
            self.process.kill()

        clock = Timer(seconds, expire)
        clock.daemon = True
        clock.start()
        try:
            return deed()
        except (EOFError, OSError) as gone:
            self.process.kill()
            code = self.process.wait()
            LOG.error("A worker for documents ended (%s)%s", code, ", its time was up" if late else "")
            raise (DocumentTookTooLong if late else DocumentWorkerLost) from gone
        finally:
            clock.cancel()
