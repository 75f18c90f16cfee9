"""What was acknowledged is there: after a kill at any moment, and while the database is away."""

import os
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pysqlite3
import pytest
from sqlalchemy import select, text
from sqlmodel import col

from service.core import database as databases
from service.core.database import open_database
from service.records.cases import Case
from service.records.said import Message
from service.verification.log import verify_log
from tests.makers import NO_DANGER, OFFICIAL
from tests.served import Process, in_folder, started, tokens

KILLS = 10
WRITERS = 6
SEED = int(os.environ.get("KILLED_SEED", "20261120"))
REPORT = {"kind": "mistake", "account": OFFICIAL, "codes": ["wrong_account"], "facts_wrong": "no", **NO_DANGER}


class Load:
    """People who report and write messages as fast as they are answered, and who remember each yes."""

    def __init__(self, service: Process, key: dict[str, str]) -> None:
        self.service, self.key = service, key
        self.under_way, self.enough = Event(), Event()
        self.reported: list[str] = []
        self.said: list[str] = []
        self.refused: list[str] = []

    def write(self, writer: int) -> None:
        """Until the server is gone, or it was enough."""
        with httpx.Client(base_url=self.service.url, headers=self.key, timeout=10) as web:
            try:
                for turn in range(10_000):
                    if self.enough.is_set():
                        return
                    made = web.post("/api/cases", json=REPORT)
                    if made.status_code != 201:
                        self.refused.append(made.text)
                        return
                    reference = made.json()["reference"]
                    self.reported.append(reference)
                    if len(self.reported) >= WRITERS:
                        self.under_way.set()
                    words = f"{reference} {writer} {turn}"
                    if web.post(f"/api/cases/{reference}/messages", json={"text": words}).status_code == 200:
                        self.said.append(words)
            except httpx.TransportError:
                return


@pytest.mark.slow
def test_what_was_acknowledged_outlives_a_kill(sqlite_files, tmp_path):
    path, chance = tmp_path / "amends.db", random.Random(SEED)
    shutil.copyfile(sqlite_files["cast"], path)
    url = f"sqlite:///{path}"
    key = tokens(url, "staff")["staff"]
    settings = in_folder(tmp_path, url)
    service = started(settings, tmp_path, "--no-worker")
    reported: set[str] = set()
    said: set[str] = set()
    try:
        for kill in range(KILLS):
            load = Load(service, key)
            with ThreadPoolExecutor(WRITERS) as threads:
                for writer in range(WRITERS):
                    threads.submit(load.write, writer)
                assert load.under_way.wait(60), load.refused
                time.sleep(chance.uniform(0, 0.5))
                service.kill()
                load.enough.set()
            assert load.refused == []
            reported |= set(load.reported)
            said |= set(load.said)
            service = started(settings, tmp_path, "--no-worker")
            with httpx.Client(base_url=service.url, headers=key) as web:
                for reference in load.reported[-3:]:
                    assert web.get(f"/api/cases/{reference}").status_code == 200, (SEED, kill)
            _is_whole(url, path, reported, said)
    finally:
        service.kill()
    assert len(reported) > KILLS, "hardly anything was written: these kills prove nothing"
    assert said


def _is_whole(url, path, reported: set[str], said: set[str]) -> None:
    database = open_database(url, pool=1)
    with database.read() as db:
        kept = set(db.execute(select(col(Case.reference))).scalars())
        words = set(db.execute(select(col(Message.text))).scalars())
        faults = verify_log(db)
    with database.read() as db:
        assert db.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
        assert db.execute(text("PRAGMA foreign_key_check")).all() == []
    database.close()
    assert reported - kept == set(), "acknowledged, and gone"
    assert said - words == set(), "acknowledged, and gone"
    assert faults == []


HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


class TestLocked:
    """Another process holds the write lock of the embedded database."""

    @pytest.fixture(params=["sqlite"])
    def cast_url(self, sqlite_files, tmp_path, monkeypatch):
        monkeypatch.setattr(databases, "BUSY_SECONDS", 0.3)
        shutil.copyfile(sqlite_files["cast"], tmp_path / "amends.db")
        return f"sqlite:///{tmp_path / 'amends.db'}"

    def test_writing_waits_and_then_says_so_while_reading_goes_on(self, token, sign_in, cast_url, database):
        staff, page = token("staff"), sign_in("staff")
        before = staff.post("/api/cases", json=REPORT).json()["reference"]
        path = cast_url.removeprefix("sqlite:///")
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            _is_away(staff.post("/api/cases", json=REPORT))
            _is_away(staff.post(f"/api/cases/{before}/messages", json={"text": "Lost?"}))
            refused = page.fill_in("/report", {"kind": "mistake", "narrative": "Nothing is kept", **NO_DANGER})
            assert refused.status_code == 503
            assert refused.headers["retry-after"]
            assert staff.get("/api/cases").status_code == 200
            assert page.get("/").status_code == 200
        finally:
            holder.communicate()
        assert staff.post(f"/api/cases/{before}/messages", json={"text": "Once"}).status_code == 200
        _nothing_half_done(database, [before])


class TestRollbackJournal:
    """A library without the mend: SQLite keeps a rollback journal, and a reader and a writer exclude each other."""

    @pytest.fixture(params=["sqlite"])
    def cast_url(self, sqlite_files, tmp_path, monkeypatch):
        monkeypatch.setattr(databases, "BUSY_SECONDS", 1)
        monkeypatch.setattr(pysqlite3, "sqlite_version_info", (3, 40, 1))
        shutil.copyfile(sqlite_files["cast"], tmp_path / "amends.db")
        return f"sqlite:///{tmp_path / 'amends.db'}"

    def test_reading_a_case_does_not_wait_for_its_own_log_line(self, token, sign_in, database):
        staff, page = token("staff"), sign_in("digital")
        case = staff.post("/api/cases", json=REPORT).json()["reference"]
        with database.read() as db:
            assert db.execute(text("PRAGMA journal_mode")).scalar() == "delete"
        for path in ("", "/timeline", "/summary.pdf"):
            assert staff.get(f"/api/cases/{case}{path}").status_code == 200
        assert staff.get(f"/api/cases?q={case}").status_code == 200
        assert page.get(f"/cases/{case}").status_code == 200
        assert page.get(f"/cases/{case}/pdf").status_code == 200


class TestUnreachable:
    """PostgreSQL throws everybody out and lets nobody in, as at a restart."""

    @pytest.fixture
    def cast_url(self, postgres):
        self.postgres, self.name = postgres, postgres.copy("cast")
        yield postgres.url(self.name)
        postgres.drop(self.name)

    def _let_in(self, allowed: bool) -> None:
        with self.postgres.maintenance.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS {str(allowed).lower()}"))
            if not allowed:
                out = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                connection.execute(text(out), {"name": self.name})

    def test_it_says_so_and_resumes_by_itself(self, token, sign_in, browser, database):
        staff, page = token("staff"), sign_in("staff")
        before = staff.post("/api/cases", json=REPORT).json()["reference"]
        self._let_in(False)
        try:
            _is_away(staff.post("/api/cases", json=REPORT))
            _is_away(staff.get(f"/api/cases/{before}"))
            shown = page.get("/cases")
            assert shown.status_code == 503
            assert shown.headers["retry-after"]
            assert "Traceback" not in shown.text
            assert browser().get("/ready").status_code == 503
            assert browser().get("/health").status_code == 200
            assert browser().get("/now").status_code == 200, "what to do this minute needs no database"
        finally:
            self._let_in(True)
        assert browser().get("/ready").status_code == 200
        assert staff.post(f"/api/cases/{before}/messages", json={"text": "Once"}).status_code == 200
        assert page.get("/cases").status_code == 200
        _nothing_half_done(database, [before])

    def test_a_connection_that_dies_in_the_pool_is_not_noticed(self, token):
        staff = token("staff")
        for _ in range(3):
            assert staff.post("/api/cases", json=REPORT).status_code == 201
            with self.postgres.maintenance.connect() as connection:
                out = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                connection.execute(text(out), {"name": self.name})


def _is_away(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/unavailable"


def _nothing_half_done(database, references: list[str]) -> None:
    with database.read() as db:
        assert list(db.execute(select(col(Case.reference))).scalars()) == references
        assert list(db.execute(select(col(Message.text))).scalars()) == ["Once"]
    with database.read() as db:
        assert verify_log(db) == []
