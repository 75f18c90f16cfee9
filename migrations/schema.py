"""Bring a database to the newest schema, or say whether it is there. This is all that others call.

`migrate` and `take_back` need Alembic; `schema_is_current` and `newest` do not, so that a start stays quick.
"""

import importlib
import pkgutil
from collections.abc import Callable
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel import Session, SQLModel

from service.core.database import Database, open_database

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent
# Any number that nothing else on the same PostgreSQL server locks: "AMND" in ASCII.
ADVISORY_LOCK = 0x414D4E44


def newest() -> str:
    """The number of the last migration, such as `0003`: the files are numbered without gaps."""
    return max(path.name[:4] for path in (HERE / "versions").glob("[0-9]*.py"))


def migrate(url: str, revision: str = "head") -> str:
    """Bring the database at `url` up to `revision`; returns the number it now has.

    All of it is one transaction under one lock, on both engines: of two starts at the same moment the second waits
    and finds the work done, and a migration that fails leaves nothing behind.
    """
    from alembic import command

    return _run(url, lambda config: command.upgrade(config, revision))


def take_back(url: str, revision: str) -> str:
    """Take the database at `url` back to `revision` (`base`: no tables at all); returns the number it now has."""
    from alembic import command

    return _run(url, lambda config: command.downgrade(config, revision))


def schema_is_current(url: str) -> bool:
    """Whether the database at `url` has the newest schema. Raises OperationalError when it cannot be reached."""
    with closing(open_database(url, pool=1)) as database:
        return is_current(database)


def is_current(database: Database) -> bool:
    """The same for a database that is open."""
    with database.read() as db:
        return number(db) == newest()


def number(db: Session) -> str:
    """The number of the last migration that was applied; empty when there was none."""
    try:
        return str(db.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
    except (OperationalError, ProgrammingError) as absent:
        # Only a missing table means an empty database; one that does not answer is the caller's to tell.
        if "no such table" in str(absent.orig) or getattr(absent.orig, "sqlstate", "") == "42P01":
            db.rollback()
            return ""
        raise


def every_table() -> MetaData:
    """The tables as the records say they are, with every module of `service.records` read."""
    import service.records

    for module in pkgutil.iter_modules(service.records.__path__):
        importlib.import_module(f"service.records.{module.name}")
    return SQLModel.metadata


def config_for(connection: Connection | None = None) -> "Config":
    """Alembic's configuration, made here in place of an ini file; `env.py` works on `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def locked(url: str) -> Any:
    """One transaction that nobody else migrates in, and on SQLite with foreign keys looked at only at its end.

    SQLite changes a table by copying it, and would otherwise take what refers to the old one along.
    """
    with closing(open_database(url, pool=1)) as database, database.writing.connect() as connection:
        embedded = connection.dialect.name == "sqlite"
        raw: Any = connection.connection.dbapi_connection
        if embedded:
            raw.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            if not embedded:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            yield connection
            if embedded and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
                raise RuntimeError(f"the migration leaves rows that refer to nothing: {broken[:5]}")


def _run(url: str, work: Callable[["Config"], object]) -> str:
    every_table()
    with locked(url) as connection:
        work(config_for(connection))
        with Session(connection) as db:
            return number(db) if connection.dialect.has_table(connection, "alembic_version") else ""
