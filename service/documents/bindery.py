"""Makes bundles beside the requests that ask for them, one at a time in a process, and tells how far each is.

Which are being made stands in the database: whoever asks another process is told the same, and none is made twice.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock, Thread

from sqlalchemy import delete, or_, select, update
from sqlmodel import Session, col

from service.core import folders
from service.core.clock import Clock
from service.core.database import Database, insert_on
from service.core.errors import Refusal
from service.documents.pool import DocumentNotMade
from service.records.papers import PaperBeingMade

LOG = logging.getLogger(__name__)
GONE = timedelta(minutes=3)
"""Whoever makes a paper and tells nothing for so long has ended; a leaf takes half a minute at most."""
FORGOTTEN = timedelta(days=1)
TURN_SECONDS, LOOK_SECONDS = 20.0, 0.1


class Making:
    """How far a paper is that is being made here: `done` of `total` parts of it, which `tell` passes on."""

    def __init__(self, tell: Callable[[int, int], object] = lambda _done, _total: None) -> None:
        self.done, self.total, self._tell = 0, 1, tell

    def begin(self, more: int) -> None:
        """Say how many parts there are to come."""
        self.total = self.done + more
        self.goes_on()

    def goes_on(self) -> None:
        """Say that it is still being made."""
        self._tell(self.done, self.total)

    def step(self) -> None:
        """Say that one more is done; the last one is only once the paper is kept."""
        self.done = min(self.done + 1, self.total - 1)
        self.goes_on()


class Bindery:
    """Papers that are being made, by the key they are to be kept under. Of two bundles, the second waits."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._refused: dict[str, Refusal] = {}
        self._turn = Lock()

    def making(self, db: Session, key: str) -> PaperBeingMade | None:
        """The paper of a key that is being made, by whichever process, or that could not be made the last time."""
        row = db.get(PaperBeingMade, key)
        return row if row is not None and (row.failed or row.told_at > self._clock() - GONE) else None

    def under_way(self, db: Session, folder: str) -> dict[str, PaperBeingMade]:
        """The papers of a folder that are being made, by whichever process, by their keys."""
        told = (~col(PaperBeingMade.failed), col(PaperBeingMade.told_at) > self._clock() - GONE)
        rows = db.execute(select(PaperBeingMade).where(*told)).scalars()
        return {row.key: row for row in rows if row.key.startswith(f"{folder}/")}

    def begin(self, key: str, make: Callable[[Making], None]) -> None:
        """Have a paper made and kept, by `make`; one that is being made already is not begun twice."""
        now = self._clock()
        fresh = {"done": 0, "total": 1, "failed": False, "told_at": now}
        taken = or_(col(PaperBeingMade.failed), col(PaperBeingMade.told_at) <= now - GONE)
        with self._database.write() as db:
            db.execute(delete(PaperBeingMade).where(col(PaperBeingMade.told_at) < now - FORGOTTEN))
            claim = insert_on(db)(PaperBeingMade).values(key=key, **fresh)
            claim = claim.on_conflict_do_update(index_elements=["key"], set_=fresh, where=taken)
            if db.execute(claim.returning(col(PaperBeingMade.key))).first() is None:
                return
        self._refused.pop(key, None)
        Thread(target=self._make, args=(key, make), name="amends-bindery", daemon=True).start()

    def wait(self, key: str, seconds: float) -> None:
        """Wait until a paper is kept. Raises why it was not made, and TimeoutError when it takes longer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self._database.read() as db:
                row = self.making(db, key)
            if row is None:
                return
            if row.failed:
                raise self._refused.get(key) or DocumentNotMade()
            time.sleep(LOOK_SECONDS)
        raise TimeoutError

    def _make(self, key: str, make: Callable[[Making], None]) -> None:
        try:
            making = Making(lambda done, total: self._tell(key, done=done, total=total))
            while not self._turn.acquire(timeout=TURN_SECONDS):
                self._tell(key)
            try:
                folders.sweep()
                make(making)
            finally:
                self._turn.release()
        except Refusal as refusal:
            self._refused[key] = refusal
            self._end(key, failed=True)
        except Exception:
            LOG.exception("A bundle could not be made")
            self._end(key, failed=True)
        else:
            self._end(key, failed=False)

    def _tell(self, key: str, **values: object) -> None:
        with self._database.write() as db:
            mine = update(PaperBeingMade).where(col(PaperBeingMade.key) == key)
            db.execute(mine.values(told_at=self._clock(), **values))

    def _end(self, key: str, *, failed: bool) -> None:
        try:
            if failed:
                self._tell(key, failed=True)
                return
            with self._database.write() as db:
                db.execute(delete(PaperBeingMade).where(col(PaperBeingMade.key) == key))
        except Exception:
            # It is passed over once it has told nothing for a while.
            LOG.exception("How far a bundle is could not be told")
