"""Amends as people meet it: a process of its own on the loopback address, which can be killed and started again."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from threading import Barrier
from typing import TypeVar

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
AMENDS = str(Path(sys.executable).with_name("amends"))
SECRET = "a-secret-for-tests-only-0123456789"
STARTS_WITHIN = 60
"""Seconds; on a machine that is busy with everything else a start may wait for its turn."""
Result = TypeVar("Result")


def environment(**settings: str) -> dict[str, str]:
    """This machine's environment with these settings of Amends and no others."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
    return plain | {f"AMENDS_{name.upper()}": value for name, value in settings.items()}


def in_folder(folder: Path, database_url: str, **more: str) -> dict[str, str]:
    """Settings under which everything that is kept lies in this folder, but for the database."""
    kept = {"evidence_url": f"file://{folder}/evidence", "mail_url": f"file://{folder}/mail", "secret_key": SECRET}
    return environment(**{"database_url": database_url, "demo": "1", **kept, **more})


class Process:
    """One command of ours that runs until it is told to end, or until its `with` is left; its words go to a file."""

    def __init__(self, command: list[str], settings: Mapping[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.told = folder / f"{command[1] if len(command) > 1 else command[0]}-{time.monotonic_ns()}.txt"
        self.began = time.monotonic()
        with self.told.open("wb") as out:
            self.running = subprocess.Popen(
                command, cwd=folder, env=dict(settings), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        if self.running.poll() is None:
            self.end()

    @property
    def words(self) -> str:
        """Everything it has said so far."""
        return self.told.read_text()

    def address(self) -> str:
        """Where it serves, once it says so."""
        until = time.monotonic() + STARTS_WITHIN
        while not (found := re.search(r"http://\S+:\d+", self.words)):
            assert self.running.poll() is None, f"it ended with {self.running.returncode}: {self.words}"
            assert time.monotonic() < until, f"it does not say where it serves: {self.words}"
            time.sleep(0.02)
        return found[0]

    @cached_property
    def url(self) -> str:
        """Where it serves."""
        return self.address()

    def hears(self, sign: signal.Signals) -> None:
        """Wait until it does something of its own about this signal: before that, it would just be gone."""
        until = time.monotonic() + STARTS_WITHIN
        while not int(re.findall(r"SigCgt:\s*(\w+)", self._about("status"))[0], 16) >> (sign - 1) & 1:
            assert self.running.poll() is None, f"it ended with {self.running.returncode}: {self.words}"
            assert time.monotonic() < until, self.words
            time.sleep(0.05)

    def worked(self) -> float:
        """Seconds that it has computed, without what it started."""
        ticks = self._about("stat").rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def _about(self, what: str) -> str:
        return Path(f"/proc/{self.running.pid}/{what}").read_text()

    def children(self) -> set[int]:
        """The processes that it has started, and those that they have, as far as they still run."""
        parents: dict[int, int] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
        found = {self.running.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self.running.pid}

    def kill(self) -> None:
        """No warning and no clearing up: it and what it started are gone, as when the machine's memory runs out."""
        family = self.children()
        self.running.kill()
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.running.wait()

    def end(self, sign: signal.Signals = signal.SIGTERM, within: float = 30) -> int:
        """Tell it to end, as the system does; its exit code. Nothing that it started may outlive it."""
        family = self.children()
        if self.running.poll() is None:
            self.running.send_signal(sign)
        try:
            code = self.running.wait(within)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait()
            code = -9
        until = time.monotonic() + 5
        while (left := {pid for pid in family if _runs(pid)}) and time.monotonic() < until:
            time.sleep(0.05)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, f"{len(left)} of the processes it started outlived it: {self.words}"
        return code


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def started(settings: Mapping[str, str], folder: Path, *options: str) -> Process:
    """`amends serve` at a free port of the loopback, ready to answer."""
    process = Process([AMENDS, "serve", "--host", "127.0.0.1", "--port", "0", *options], settings, folder)
    assert httpx.get(f"{process.url}/ready", timeout=STARTS_WITHIN).status_code == 200, process.words
    return process


@contextmanager
def serving(settings: Mapping[str, str], folder: Path, *options: str) -> Iterator[Process]:
    """The same; ended, and looked after, when left."""
    with started(settings, folder, *options) as process:
        yield process
        code = process.end()
        assert code == 0, f"it ended with {code}: {process.words}"
        assert "Traceback" not in process.words, process.words


@contextmanager
def served(database_url: str, folder: Path, workers: int = 1) -> Iterator[Process]:
    """The same on this database, without the background work."""
    with serving(in_folder(folder, database_url), folder, "--workers", str(workers), "--no-worker") as process:
        yield process


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
