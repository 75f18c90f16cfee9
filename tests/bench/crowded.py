"""Databases with many cases in them, made once and kept beside other temporary files.

A thousand cases come from the real deeds. A hundred thousand are that thousand a hundred times over, copied by SQL
with numbers of their own: a list cannot tell them apart, and nobody waits half an hour for them. Their timelines do
not verify, so they are only ever read.
"""

import hashlib
import os
import shutil
import tempfile
from functools import cache
from io import StringIO
from pathlib import Path

import pysqlite3.dbapi2 as sqlite

from migrations.schema import migrate
from service.core.clock import now
from service.core.database import open_database
from service.core.settings import SHIPPED_PLAYBOOK, Settings
from service.demo.seed import seed

ROOT = Path(__file__).resolve().parents[2]
FEW = 1_000
MANY = int(os.environ.get("BENCH_CASES", "100000"))
"""How large the large database is; fewer make a quicker and weaker benchmark."""
MADE_BY = (
    "migrations/versions/*.py",
    "service/demo/*",
    "service/records/*.py",
    "service/playbook.toml",
    "tests/bench/crowded.py",
)
# Tables that are copied, and their columns that count on: by how many cases, by how many positions.
COPIED = {
    "case_file": ("id", ""),
    "step": ("case_id", ""),
    "route": ("case_id", ""),
    "advice": ("case_id", ""),
    "referral_decision": ("case_id", ""),
    "read_entry": ("case_id", ""),
    "timeline_entry": ("case_id", "position"),
    "timeline_values": ("", "position"),
}


@cache
def folder() -> Path:
    """Where the databases of this version of the code are kept; those of other versions go."""
    told = hashlib.sha256()
    for pattern in MADE_BY:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                told.update(path.read_bytes())
    here = Path(tempfile.gettempdir()) / f"amends-bench-{told.hexdigest()[:12]}"
    if not here.exists():
        for old in here.parent.glob("amends-bench-*"):
            shutil.rmtree(old, ignore_errors=True)
        here.mkdir(mode=0o700)
    return here


def few() -> Path:
    """A database with a thousand cases and the demonstration."""
    path = folder() / "few.db"
    if not path.exists():
        making = path.with_suffix(".making")
        for left in making.parent.glob(f"{making.name}*"):
            left.unlink()
        migrate(f"sqlite:///{making}")
        database = open_database(f"sqlite:///{making}")
        seed(database, settings(making), at=now(), cases=FEW, progress=StringIO())
        # Renamed under an open connection, the file would be written to behind that connection's back.
        database.close()
        _fold_in(making)
        making.rename(path)
    return path


def many(cases: int = MANY) -> Path:
    """A database with a hundred times as many, or with `cases` of them."""
    path = folder() / f"many-{cases}.db"
    if not path.exists():
        making = path.with_suffix(".making")
        shutil.copyfile(few(), making)
        with sqlite.connect(making) as connection:
            _multiply(connection, max(0, cases // FEW - 1))
        connection.close()
        _fold_in(making)
        making.rename(path)
    return path


def settings(database: Path) -> Settings:
    """The settings that a database of ours is served with."""
    return Settings(
        database_url=f"sqlite:///{database}",
        evidence_url=f"file://{folder()}/evidence",
        mail_url=f"file://{folder()}/mail",
        secret_key="a-secret-for-benchmarks-only-0123456789",
        playbook=str(SHIPPED_PLAYBOOK),
        demo=True,
    )


def _multiply(connection: sqlite.Connection, times: int) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    (last,) = connection.execute("SELECT max(id) FROM case_file").fetchone()
    (end,) = connection.execute("SELECT position FROM timeline_head").fetchone()
    first = last - FEW + 1
    (begin,) = connection.execute("SELECT min(position) FROM timeline_entry WHERE case_id >= ?", (first,)).fetchone()
    for table, (case, place) in COPIED.items():
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        # A row's own number is left to SQLite.
        names = [name for name in names if name != "id" or table == "case_file"]
        values = {
            case: f"{case} + :cases",
            place: f"{place} + :places",
            "reference": "substr(reference, 1, 8) || (1000000 + id + :cases)",
        }
        of_crowd = f"{case} >= :first" if case else f"{place} >= :begin"
        statement = (
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values.get(n, n) for n in names)} "
            f"FROM {table} WHERE {of_crowd} AND {case or place} <= :{'last' if case else 'end'}"
        )
        for time in range(1, times + 1):
            counted = {"cases": FEW * time, "places": end * time}
            connection.execute(statement, counted | {"first": first, "last": last, "begin": begin, "end": end})
    connection.execute("UPDATE timeline_head SET position = :end", {"end": end * (times + 1)})


def _fold_in(path: Path) -> None:
    connection = sqlite.connect(path)
    connection.execute("PRAGMA journal_mode=WAL").close()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    connection.close()
