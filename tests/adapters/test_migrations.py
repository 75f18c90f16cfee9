"""Every migration goes up and down on both engines, with data in it, and says what the records say."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from migrations.draft import draft
from migrations.schema import (
    config_for,
    every_table,
    is_current,
    locked,
    migrate,
    newest,
    schema_is_current,
    take_back,
)
from service.cases import playbook
from service.cases.intake import report_mistake
from service.core.database import alive, open_database
from service.demo.cast import make_cast
from service.people.directory import find
from service.people.identity import Me
from service.records.enums import Employer, Role
from service.records.people import PersonRole
from tests.conftest import START

ROOT = Path(__file__).parents[2]
NUMBERS = [path.name[:4] for path in sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))]


def tables(url: str) -> set[str]:
    """What stands in the database, apart from Alembic's own and what search is made of."""
    with locked(url) as connection:
        there = set(inspect(connection).get_table_names()) - {"alembic_version"}
    return {name for name in there if not name.startswith("search_")}


def test_the_numbers_have_no_gap() -> None:
    """Each migration follows the one before it, and the last is what Alembic takes for the newest."""
    assert [f"{number:04}" for number in range(1, len(NUMBERS) + 1)] == NUMBERS
    assert ScriptDirectory.from_config(config_for()).get_heads() == [newest()]


def test_the_records_say_what_the_migrations_make(engine_url: str) -> None:
    """`alembic check`: nothing to draft."""
    with locked(engine_url) as connection:
        command.check(config_for(connection))
    assert tables(engine_url) == set(every_table().tables)


def test_there_is_nothing_to_draft() -> None:
    """The command that drafts the next migration agrees."""
    assert draft("nothing at all") == ""


def test_down_and_up_with_a_case_in_it(cast_url: str) -> None:
    """What a later migration made goes, and what an earlier one made stays."""
    report_something(cast_url)
    assert schema_is_current(cast_url)
    for number in [*reversed(NUMBERS[:-1]), "base"]:
        assert take_back(cast_url, number) == number.removeprefix("base")
        assert not schema_is_current(cast_url)
        if number == "0001":
            database = open_database(cast_url)
            with database.read() as db:
                assert find(db, "staff@demo.example") is not None
            database.close()
    assert tables(cast_url) == set()
    assert migrate(cast_url) == newest()
    assert migrate(cast_url) == newest()
    assert schema_is_current(cast_url)


def report_something(url: str) -> None:
    """A case, its entries and its messages, so that a migration has rows to carry."""
    database = open_database(url)
    with database.write() as db:
        staff = find(db, "staff@demo.example")
        assert staff is not None
        me = Me(id=staff.id or 0, email=staff.email, name=staff.name, zone=staff.zone, employer=Employer.FCO)
        report_mistake(db, me, {"post.text": "Wrong window."}, playbook=playbook.load(), at=START)
    database.close()


def test_the_log_begins_at_nothing(engine_url: str) -> None:
    """One row counts the log, and the database is ready."""
    database = open_database(engine_url)
    assert alive(database)
    assert is_current(database)
    with database.read() as db:
        assert db.execute(text("SELECT id, position FROM timeline_head")).all() == [(1, 0)]
    database.close()


def test_two_starts_at_once_make_one_schema(engine_url: str) -> None:
    """The second waits for the first, and finds the work done."""
    take_back(engine_url, "base")
    with ThreadPoolExecutor(4) as together:
        assert list(together.map(migrate, [engine_url] * 4)) == [newest()] * 4
    assert schema_is_current(engine_url)


def test_two_processes_at_once_make_one_schema(tmp_path: Path) -> None:
    """The same for an embedded database that is not there yet."""
    code = f"from migrations.schema import migrate; print(migrate('sqlite:///{tmp_path}/new/amends.db'))"
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [process.communicate()[0].strip() for process in started] == [newest()] * 3


def test_a_migration_that_fails_leaves_nothing(engine_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it is one transaction, on both engines."""
    take_back(engine_url, "base")
    break_the_last(monkeypatch)
    with pytest.raises(RuntimeError, match="on purpose"):
        migrate(engine_url)
    assert tables(engine_url) == set()
    assert not schema_is_current(engine_url)


def break_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every migration run, and then fail before the commit."""
    upgrade: Callable[..., None] = command.upgrade

    def failing(*given: object) -> None:
        upgrade(*given)
        raise RuntimeError("on purpose")

    monkeypatch.setattr(command, "upgrade", failing)


def test_a_word_is_kept_by_its_value(engine_url: str) -> None:
    """What the records call an enumeration is plain text to the database."""
    database = open_database(engine_url)
    with database.write() as db:
        people = make_cast(db, START)
        db.add(PersonRole(person_id=people["staff"].id, role=Role.AUDITOR))
    with database.read() as db:
        roles = db.execute(text("SELECT role FROM person_role ORDER BY role")).scalars().all()
    database.close()
    assert roles == ["administrator", "auditor", "auditor"]
