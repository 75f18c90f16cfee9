"""Reporting a mistake over HTTP, durably, against writing as many rows with nothing around them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

import pysqlite3.dbapi2 as sqlite
import pytest

from service.core.clock import now
from tests.bench import crowded
from tests.bench.conftest import Place
from tests.bench.load import Measured, load
from tests.bench.running import floors, service, worked
from tests.bench.table import Table

pytestmark = pytest.mark.bench
ROUNDS = 5
SECONDS = 2.0
OF_CASE = ("step", "route", "timeline_entry", "outbox")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Place]:
    """A copy of the thousand cases that may be written to."""
    path = tmp_path / "own.db"
    shutil.copyfile(crowded.few(), path)
    with service(crowded.settings(path)) as amends, floors(path) as floor:
        yield Place(path, amends, floor)


def report() -> dict:
    """An everyday mistake."""
    return {
        "kind": "mistake",
        "account": {"type": "official", "platform": "X", "handle": "@embassy.example"},
        "post": {"text": "The talks are on Monday.", "posted_at": now().isoformat(), "still_visible": True},
        "codes": ["wrong_account"],
        "facts_wrong": "yes",
        "safety_risk": "no",
        "possibly_classified": "no",
        "personal_data": "no",
        "narrative": "I was signed in to the wrong account.",
    }


class Bare:
    """The rows of the last report in a database, written again and again with raw SQL, a durable transaction each."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite.connect(path, isolation_level=None, timeout=30)
        self.db.row_factory = sqlite.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self.db.execute(f"PRAGMA {pragma}").close()
        self.written = 0
        (case,) = self.db.execute("SELECT max(id) FROM case_file").fetchone()
        self.rows = {
            "case_file": self.found("case_file", "id = ?", case),
            **{
                table: self.found(table, "case_id = ?", case) for table in ("step", "route", "timeline_entry", "outbox")
            },
            "timeline_values": self.found(
                "timeline_values", "position IN (SELECT position FROM timeline_entry WHERE case_id = ?)", case
            ),
        }
        self.count = sum(map(len, self.rows.values()))

    def found(self, table: str, where: str, case: int) -> list[dict]:
        return [dict(row) for row in self.db.execute(f"SELECT * FROM {table} WHERE {where}", (case,))]

    def write(self) -> None:
        self.written += 1
        entries = len(self.rows["timeline_entry"])
        self.db.execute("BEGIN IMMEDIATE")
        head = f"UPDATE timeline_head SET position = position + {entries} RETURNING position"
        last = self.db.execute(head).fetchone()[0]
        case = None
        for table, rows in self.rows.items():
            for place, row in enumerate(rows):
                fresh = {
                    "id": None,
                    "case_id": case,
                    "position": last - entries + 1 + place,
                    "reference": f"B-{self.written}",
                    "dedupe": f"b-{self.written}-{place}",
                }
                values = [fresh.get(name, value) for name, value in row.items()]
                done = self.db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
            if table == "case_file":
                case = done.lastrowid
        self.db.execute("COMMIT")

    def rate(self) -> float:
        """How often a second, over a while."""
        begun, before = perf_counter(), self.written
        while perf_counter() - begun < SECONDS:
            self.write()
        return (self.written - before) / (perf_counter() - begun)


def test_reporting(own: Place, table: Table):
    headers, bodies = own.token("staff"), [json.dumps(report())]

    def sent() -> Measured:
        return load(own.amends.port, "/api/cases", seconds=SECONDS, headers=headers, bodies=bodies, status=201)

    sent()
    bare = Bare(own.path)
    before, rounds = worked(own.amends.pid), [(sent(), bare.rate()) for _ in range(ROUNDS)]
    each = (worked(own.amends.pid) - before) / sum(one.answers for one, _ in rounds) * 1000
    known = f"Roundup 85, django-helpdesk 128; {each:.1f} ms of a processor each"
    rate = median(one.rate for one, _ in rounds)
    table.add(f"bare durable insert of a report's {bare.count} rows", median(alone for _, alone in rounds), "a second")
    table.add("report a mistake, 8 connections", rate, "a second", at_least=300, absolute=True, remark=known)
    table.add("… times slower than the bare insert", median(alone / one.rate for one, alone in rounds), "×", at_most=4)
    table.add("… 95th percentile", median(one.p95 for one, _ in rounds), "ms")
