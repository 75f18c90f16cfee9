"""The service as people run it: a process of its own on the loopback address, that can be killed and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import httpx
from sqlalchemy import select
from sqlmodel import col

from service.core.clock import now
from service.core.database import open_database
from service.demo.cast import AT
from service.people.identity import make_token
from service.records.enums import Scope
from service.records.people import Person

ROOT = Path(__file__).resolve().parents[1]
AMENDS = (sys.executable, "-c", "import sys; from service.cli import main; sys.exit(main())")
STARTS_WITHIN = 60
Result = TypeVar("Result")


class Served:
    """One `amends serve` with as many workers as asked for."""

    def __init__(self, database_url: str, folder: Path, workers: int = 1) -> None:
        self.log = folder / "served.log"
        self.command = (
            *AMENDS,
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--workers",
            str(workers),
            "--no-worker",
        )
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")} | {
            "AMENDS_DATABASE_URL": database_url,
            "AMENDS_EVIDENCE_URL": f"file://{folder}/evidence",
            "AMENDS_MAIL_URL": f"file://{folder}/mail",
            "AMENDS_BASE_URL": "http://127.0.0.1:8000",
            "AMENDS_SECRET_KEY": "a-secret-for-tests-only-0123456789",
            "AMENDS_DEMO": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        """Start it, and return once it answers."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert " at http" in line, self.log.read_text()
        self.url = line.split(" at ")[1].split()[0]
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                if httpx.get(f"{self.url}/ready", timeout=STARTS_WITHIN).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """No warning and no clearing up: it and its workers are gone, as when the machine's memory runs out."""
        self._send(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; whatever is left after a while is killed."""
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        self._send(signal.SIGKILL)

    def _send(self, what: signal.Signals) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, what)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None


@contextmanager
def served(database_url: str, folder: Path, workers: int = 1) -> Iterator[Served]:
    """The service, running, and stopped at the end."""
    service = Served(database_url, folder, workers)
    service.start()
    try:
        yield service
    finally:
        service.stop()


def tokens(database_url: str, names: str, scopes: Iterable[Scope] = tuple(Scope)) -> dict[str, dict[str, str]]:
    """The headers of each of these people, made underneath: `tokens(url, "staff digital")`."""
    database = open_database(database_url, pool=1)
    made = {}
    with database.write() as db:
        for name in names.split():
            person = db.execute(select(Person).where(col(Person.email) == name + AT)).scalar_one()
            made[name] = {"Authorization": f"Bearer {make_token(db, person, list(scopes), 90, now())}"}
    database.close()
    return made


def at_once(deeds: list[Callable[[], Result]], threads: ThreadPoolExecutor) -> list[Result]:
    """Do all of this at the same moment, each in a thread of its own; the results in the same order."""
    gate = Barrier(len(deeds), timeout=60)

    def one(deed: Callable[[], Result]) -> Result:
        gate.wait()
        return deed()

    return list(threads.map(one, deeds))


def error_fields(answer: httpx.Response) -> set[Any]:
    """The fields that a refusal names."""
    return {error["field"] for error in answer.json().get("errors", [])}
