"""What it costs to start, how much memory a web process keeps, and how many statements a page takes."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import pytest
from litestar.testing import TestClient
from sqlalchemy import event, select
from sqlmodel import col

from service.app import create_app
from service.records.cases import Case
from tests.bench import crowded
from tests.bench.conftest import Place
from tests.bench.load import load
from tests.bench.running import ROOT, resident, service
from tests.bench.table import Table

pytestmark = pytest.mark.bench
TIMES = 5


def seconds(code: str) -> tuple[float, float]:
    """How long an interpreter takes that runs this and ends, and how long a processor worked for it."""
    begun, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return perf_counter() - begun, worked


def test_start(table: Table):
    # Once for nothing: the files are read from the disk, and compiled.
    seconds("import service.app")
    found = [(seconds("import service.app"), seconds("pass")) for _ in range(TIMES)]
    took, worked = (median(ours[which] - bare[which] for ours, bare in found) for which in (0, 1))
    remark = f"{worked:.2g} s of a processor"
    table.add("import service.app", took, "s", at_most=0.8, absolute=True, remark=remark)
    started = []
    for _ in range(TIMES):
        with service(crowded.settings(crowded.few()), workers=1) as running:
            started.append(running.seconds)
    table.add("start to first page", median(started), "s", at_most=2, absolute=True)


def test_memory(small: Place, table: Table):
    headers, token = small.signed_in("digital"), small.token("digital")
    for path in ("/queue", "/", "/people", "/now"):
        load(small.amends.port, path, seconds=2, headers=headers)
    load(small.amends.port, "/api/cases", seconds=2, headers=token)
    table.add(
        "memory of a web process after warm-up", max(resident(small.amends.pid)), "MB", at_most=110, absolute=True
    )


@contextmanager
def counted(engine: object) -> Iterator[list[str]]:
    """Every statement that goes to the database meanwhile."""
    told: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        told.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_statements(small: Place, table: Table):
    headers = small.signed_in("digital")
    app = create_app(crowded.settings(small.path))
    database = app.state.house.database
    with database.read() as db:
        by_entries = select(Case.reference, Case.entries).where(~col(Case.guarded), Case.holding_desk == "digital_unit")
        short = db.execute(by_entries.order_by(col(Case.entries))).first()
        long = db.execute(by_entries.order_by(col(Case.entries).desc())).first()
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:

        def statements(path: str) -> int:
            asked = {name: value for name, value in headers.items() if name == "Cookie"}
            assert client.get(path, headers=asked).status_code == 200
            with counted(database.reading) as told:
                client.get(path, headers=asked)
            return len([one for one in told if not one.startswith("BEGIN")])

        few, many = statements("/queue?severity=critical"), statements("/queue")
        table.add("queue page: statements", many, f"(few rows: {few})")
        first, last = (statements(f"/cases/{one.reference}") for one in (short, long))
        table.add("case page: statements", last, f"(with {long.entries} entries; {first} with {short.entries})")
    assert few == many
    assert last - first <= 3
