"""Filters and search at a hundred times the cases, and a thousand open queues that hear of one report."""

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from statistics import median

import httpx
import pytest
from sqlalchemy import insert

from service.core.clock import now
from service.core.database import open_database
from service.people.identity import make_token
from service.records.enums import DeskName, Scope
from service.records.people import DeskMember, Person
from tests.bench import crowded
from tests.bench.conftest import Place, _place
from tests.bench.running import service
from tests.bench.table import Table
from tests.bench.test_bench_pages import in_turn, middle, pages
from tests.bench.test_bench_reporting import report as reported

pytestmark = pytest.mark.bench
NARROWED = "/queue?stage=closed&kind=mistake&from=2020-01-01&q=the"
COMMON, RARE = "the", "administrator"
TENTH = 10_000
CLIENTS, EACH = 1_000, 10
ROUNDS = 5


@pytest.fixture(scope="module")
def tenth() -> Iterator[Place]:
    """A tenth of the large database."""
    yield from _place(crowded.many(TENTH))


def test_a_narrowed_queue(small: Place, large: Place, table: Table):
    measured = []
    for place in (small, large):
        headers = place.signed_in("digital")
        page = httpx.get(f"http://127.0.0.1:{place.amends.port}{NARROWED}", headers=headers).text
        assert page.count('role="row" class="row') == 50
        measured.append(pages(place.amends, NARROWED, headers, connections=1))
    few, many = in_turn(*measured)
    table.add(f"queue, three filters and a search: median at {crowded.FEW:,}", middle(few, "median"), "ms")
    table.add(f"queue, three filters and a search: median at {crowded.MANY:,}", middle(many, "median"), "ms")
    grown = median(one.median / other.median for one, other in zip(many, few, strict=True))
    table.add("… grows", grown, "×", at_most=1.5)


def test_a_search(tenth: Place, large: Place, table: Table):
    for word in (COMMON, RARE):
        less, many = in_turn(
            *(
                pages(place.amends, f"/api/cases?q={word}&order=worst", place.token("digital"), connections=1)
                for place in (tenth, large)
            )
        )
        table.add(f"search for “{word}” in {TENTH:,}: median", middle(less, "median"), "ms")
        table.add(f"search for “{word}” in {crowded.MANY:,}: median", middle(many, "median"), "ms", at_most=15)
        grown = median(one.median / other.median for one, other in zip(many, less, strict=True))
        table.add("… grows", grown, "×", at_most=1.5)


def listeners(url: str) -> list[str]:
    """The tokens of a hundred more people at the digital unit."""
    database, keys = open_database(url, pool=1), []
    with database.write() as db:
        for number in range(CLIENTS // EACH):
            person = Person(email=f"listener{number}@demo.example", name=f"Listener {number}", created_at=now())
            db.add(person)
            db.flush()
            db.execute(insert(DeskMember).values(person_id=person.id, desk=DeskName.DIGITAL_UNIT, lead=False))
            keys.append(make_token(db, person, list(Scope), 1, now()))
    database.close()
    return keys


async def _listen(port: int, key: str, begun: asyncio.Semaphore, heard: asyncio.Queue) -> None:
    async with begun:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        told = f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n"
        writer.write(told.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.partition(b"\r\n")[0], head
        await reader.readuntil(b'"all":true}')
    heard.put_nowait("begun")
    while line := await reader.readline():
        if line.startswith(b"data: "):
            heard.put_nowait((time.perf_counter(), json.loads(line[6:])["cases"]))


async def _told(port: int, keys: list[str], report: dict[str, str]) -> list[float]:
    """For each round: from the answer to a report until the last of all clients has heard of it."""
    begun, heard = asyncio.Semaphore(50), asyncio.Queue()
    open_ones = [asyncio.create_task(_listen(port, key, begun, heard)) for key in keys for _ in range(EACH)]
    for _ in open_ones:
        assert await asyncio.wait_for(heard.get(), 60) == "begun"
    took = []
    async with httpx.AsyncClient(timeout=30) as web:
        for _ in range(ROUNDS):
            answer = await web.post(
                f"http://127.0.0.1:{port}/api/cases", content=json.dumps(reported()), headers=report
            )
            assert answer.status_code == 201, answer.text
            kept, last, told = time.perf_counter(), 0.0, 0
            while told < CLIENTS:
                at, cases = await asyncio.wait_for(heard.get(), 20)
                if answer.json()["reference"] in {each["reference"] for each in cases}:
                    last, told = max(last, at), told + 1
            took.append(last - kept)
            await asyncio.sleep(0.3)
    for one in open_ones:
        one.cancel()
    return took


def test_a_thousand_open_queues(tmp_path, table: Table):
    path = tmp_path / "live.db"
    shutil.copyfile(crowded.few(), path)
    with service(crowded.settings(path), workers=1) as amends:
        keys = listeners(f"sqlite:///{path}")
        report = Place(path, amends, amends).token("staff")
        took = asyncio.run(_told(amends.port, keys, report))
    table.add(f"{CLIENTS:,} open queues hear of a report: the last of them", median(took) * 1000, "ms", at_most=1000)
    table.add("… the slowest round", max(took) * 1000, "ms")
