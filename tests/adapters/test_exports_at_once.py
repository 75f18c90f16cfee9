"""Many files asked for at the same moment, through a real server: a few are made, and nobody else waits for them."""

import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from sqlalchemy import func, insert, select
from sqlmodel import col

from service.core.database import open_database
from service.records.cases import Case
from service.records.timeline import ReadEntry
from tests.makers import report
from tests.served import at_once, served, tokens

pytestmark = pytest.mark.slow

ROWS = 4000
ASK = 30
"""More than there are threads for handlers."""
SOON = 3.0
"""Seconds for a plain answer meanwhile; were the files to take every thread, it would be many times that."""


@pytest.fixture(params=["sqlite", "postgresql"])
def crowded(request, tmp_path):
    """A server with very many cases; its address, its database's, and who asks."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_files")["cast"], tmp_path / "amends.db")
        url, drop = f"sqlite:///{tmp_path}/amends.db", lambda: None
    else:
        postgres = request.getfixturevalue("postgres")
        name = postgres.copy("cast")
        url, drop = postgres.url(name), lambda: postgres.drop(name)
    with served(url, tmp_path) as service:
        keys = tokens(url, "staff digital digital2")
        with httpx.Client(base_url=service.url, headers=keys["staff"], timeout=60) as staff:
            report(staff)
        database = open_database(url, pool=2)
        with database.write() as db:
            first = dict(db.execute(select(Case.__table__)).one()._mapping)
            crowd = [first | {"id": n, "reference": f"SM-2026-{n:07}"} for n in range(1000, 1000 + ROWS)]
            db.execute(insert(Case.__table__), crowd)
        yield service.url, database, keys
        database.close()
    drop()


def test_files_keep_nobody_else_waiting(crowded):
    address, database, keys = crowded
    web = httpx.Client(base_url=address, timeout=180, limits=httpx.Limits(max_connections=ASK + 10))

    def get(path: str) -> tuple[float, httpx.Response]:
        begun = time.monotonic()
        answer = web.get(path, headers=keys["digital"])
        return time.monotonic() - begun, answer

    with ThreadPoolExecutor(ASK + 2) as threads:
        files = threads.submit(at_once, [partial(get, "/api/export.xlsx")] * ASK, ThreadPoolExecutor(ASK))
        waits = []
        while not files.done():
            waited, answer = get("/api/me")
            assert answer.status_code == 200
            waits.append(waited)
        answers = [answer for _, answer in files.result()]
    told = Counter(answer.status_code for answer in answers)
    assert told.keys() == {200, 503}, told
    assert max(waits) < SOON, sorted(waits)[-5:]
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["type"] == "/problems/busy"
            assert int(answer.headers["Retry-After"]) > 0
    # Only what was made is noted, and the places are free again.
    with database.read() as db:
        noted = select(func.count()).where(col(ReadEntry.what) == "export")
        assert db.execute(noted).scalar_one() == told[200]
    for _ in range(3):
        assert get("/api/export.csv?q=nothing")[1].status_code == 200
    web.close()
