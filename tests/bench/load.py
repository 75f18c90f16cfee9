"""Loads a server over keep-alive connections, in a process of its own: `python -m tests.bench.load` reads its order as
JSON from standard input and answers with what it measured.

A few lines on bare sockets: a client that took as long as the server would measure itself.
"""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import uvloop

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Measured:
    """Answers a second, and how long an answer took in milliseconds: the median, and the 95th percentile."""

    rate: float
    median: float
    p95: float
    answers: int


def load(
    port: int,
    path: str,
    *,
    seconds: float,
    connections: int = 8,
    headers: dict[str, str] | None = None,
    bodies: list[str] | None = None,
    status: int = 200,
) -> Measured:
    """Ask for one address for so long, or post these bodies in turn. Raises when any answer has another status."""
    order = {
        "port": port,
        "path": path,
        "seconds": seconds,
        "connections": connections,
        "headers": headers or {},
        "bodies": bodies or [],
        "status": status,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        cwd=ROOT,
        # Not a warning of ours, and not to be paid for: the client is no part of what is measured.
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    if done.returncode:
        raise AssertionError(done.stderr[-2000:])
    return Measured(**json.loads(done.stdout))


class Line(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, order: dict, requests: list[bytes], told: list[float], until: float) -> None:
        self.requests, self.told, self.until = requests, told, until
        self.status = f"HTTP/1.1 {order['status']} ".encode()
        self.ended = asyncio.get_running_loop().create_future()
        self.buffer, self.wanted, self.begun = b"", 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.buffer, self.wanted, self.begun = b"", 0, perf_counter()
        self.transport.write(self.requests[0])
        if len(self.requests) > 1:
            self.requests.append(self.requests.pop(0))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.wanted:
            head = self.buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            at = self.buffer.lower().find(b"content-length:", 0, head)
            length = int(self.buffer[at + 15 : self.buffer.index(b"\r\n", at)]) if at >= 0 else 0
            self.wanted = head + 4 + length
        if len(self.buffer) < self.wanted:
            return
        now = perf_counter()
        if not self.buffer.startswith(self.status):
            self.end(RuntimeError(self.buffer[:1500].decode("utf-8", "replace")))
            return
        self.told.append(now - self.begun)
        if now < self.until:
            self.ask()
        else:
            self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(exc or RuntimeError("The server closed the connection"))

    def end(self, wrong: Exception | None = None) -> None:
        if not self.ended.done():
            self.ended.set_exception(wrong) if wrong else self.ended.set_result(None)
            self.transport.close()


def _request(order: dict, body: str | None) -> bytes:
    lines = [f"{'GET' if body is None else 'POST'} {order['path']} HTTP/1.1", f"Host: 127.0.0.1:{order['port']}"]
    lines += [f"{name}: {value}" for name, value in order["headers"].items()]
    content = (body or "").encode()
    if body is not None:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


async def _measure(order: dict) -> Measured:
    loop, told = asyncio.get_running_loop(), list[float]()
    requests = [_request(order, body) for body in order["bodies"] or [None]]
    begun = perf_counter()
    until = begun + order["seconds"]
    lines = [
        (await loop.create_connection(lambda: Line(order, requests, told, until), "127.0.0.1", order["port"]))[1]
        for _ in range(order["connections"])
    ]
    await asyncio.gather(*(line.ended for line in lines))
    passed = perf_counter() - begun
    told.sort()
    return Measured(len(told) / passed, median(told) * 1000, told[int(len(told) * 0.95)] * 1000, len(told))


if __name__ == "__main__":
    print(json.dumps(vars(uvloop.run(_measure(json.load(sys.stdin))))))
