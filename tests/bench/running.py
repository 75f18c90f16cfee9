"""Starts servers for a benchmark, and ends those that it started."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from service.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
AMENDS = str(Path(sys.executable).with_name("amends"))
LONGEST_START = 60


@dataclass(frozen=True)
class Running:
    """A server that answers at `port`; `pid` is the process that was started, `seconds` what its start took."""

    port: int
    pid: int
    seconds: float


@contextmanager
def service(settings: Settings, *, workers: int = 2) -> Iterator[Running]:
    """Amends itself, without its background work."""
    order = [AMENDS, "serve", "--port", "0", "--no-worker", "--workers", str(workers)]
    told = {f"AMENDS_{name.upper()}": str(value) for name, value in vars(settings).items() if value}
    told["AMENDS_DEMO"] = "1"
    with _started(order, told, "/now") as running:
        yield running


@contextmanager
def floors(database: Path) -> Iterator[Running]:
    """The bare routes on one database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    order = [sys.executable, "-m", "tests.bench.floors", str(port)]
    with _started(order, {"BENCH_DATABASE": str(database)}, "/queue", port) as running:
        yield running


def resident(pid: int) -> list[float]:
    """The resident memory of the web processes below `pid`, in megabytes."""
    return [int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024 for status, _ in _web_processes(pid)]


def anonymous(pid: int) -> list[float]:
    """The part of it that no file stands behind: a database that is mapped into memory is not counted."""
    return [int(re.search(r"RssAnon:\s+(\d+)", status)[1]) / 1024 for status, _ in _web_processes(pid)]


def worked(pid: int) -> float:
    """How many seconds processors have worked for the web processes below `pid`: others hardly count."""
    ticks = 0
    for _, stat in _web_processes(pid):
        # The second field is the program's name, in brackets, and may hold anything.
        fields = stat.rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _web_processes(pid: int) -> Iterator[tuple[str, str]]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            status, stat = (path / "status").read_text(), (path / "stat").read_text()
            command = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if f"PPid:\t{pid}\n" in status and b"resource_tracker" not in command and b"service.documents" not in command:
            yield status, stat


@contextmanager
def _started(order: list[str], told: dict[str, str], path: str, port: int = 0) -> Iterator[Running]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
    begun = time.perf_counter()
    process = subprocess.Popen(
        order, cwd=ROOT, env={**clean, **told}, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        if not port:
            said = process.stdout.readline()
            port = int(re.search(r":(\d+) ", said)[1])
        _wait(process, port, path)
        yield Running(port, process.pid, time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


def _wait(process: subprocess.Popen, port: int, path: str) -> None:
    until = time.perf_counter() + LONGEST_START
    while time.perf_counter() < until and process.poll() is None:
        try:
            asking = HTTPConnection("127.0.0.1", port, timeout=LONGEST_START)
            asking.request("GET", path)
            status = asking.getresponse().status
            asking.close()
            assert status == 200, status
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("The server did not start")
