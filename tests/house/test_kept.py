"""Statements stay compiled from one test to the next, and nothing else of a test's database does."""

import sqlite3

from sqlalchemy import create_engine, select
from sqlmodel import col

from service.core.database import open_database
from service.records.people import Person
from tests.kept import STATEMENTS, compiled

ASKED = select(col(Person.id), col(Person.email)).where(col(Person.name) == "Nobody at all")


def test_another_database_finds_what_was_compiled(engine_url):
    for once in (1, 0, 0):
        database, before = open_database(engine_url), len(compiled)
        with database.read() as db:
            assert db.execute(ASKED).all() == []
            assert db.connection().dialect is database.reading.dialect
        database.close()
        assert len(compiled) - before <= once


def test_one_that_commits_by_itself_is_lent_to_nobody(engine_url):
    database = open_database(engine_url)
    for engine, by_itself in ((database.jotting, True), (database.reading, False), (database.jotting, True)):
        with engine.connect() as connection:
            connection.execute(ASKED)
            assert connection.dialect is engine.dialect
            if engine.dialect.name == "postgresql":
                assert connection.connection.driver_connection.autocommit is by_itself
    database.close()


def test_another_driver_compiles_its_own(sqlite_files):
    url = f"sqlite:///{sqlite_files['empty']}"
    ours, other = open_database(url), create_engine(url, module=sqlite3)
    for engine in (ours.reading, other):
        with engine.connect() as connection:
            connection.execute(ASKED)
    with other.connect() as connection:
        assert connection.get_execution_options()["compiled_cache"] is STATEMENTS
    kept = [statement for statement in compiled.values() if "Nobody at all" in statement.params.values()]
    assert {sqlite3, ours.reading.dialect.dbapi} <= {statement.dialect.dbapi for statement in kept}
    ours.close()
    other.dispose()
