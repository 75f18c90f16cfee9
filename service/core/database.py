"""The two engines: SQLite embedded, PostgreSQL at scale; and the unit of work on them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import pysqlite3
from sqlalchemy import Connection, Engine, Select, create_engine, event, literal_column, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql import visitors
from sqlmodel import Session

# SQLite 3.7.0 to 3.51.2 can lose a commit when the write-ahead log is reset; these releases mend it.
MENDED_WAL = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
BUSY_SECONDS = 30

Statement = TypeVar("Statement", bound=Select[Any])


@dataclass(frozen=True)
class Database:
    """One pool of connections, opened twice: `reading` begins deferred, `writing` takes SQLite's write lock at once.

    `jotting` has connections of its own, and does not wait for the disk. What it commits outlives whoever is killed; a
    power cut may take it back, until the next that `writing` commits makes both durable.
    """

    reading: Engine
    writing: Engine
    jotting: Engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads; nothing of it is committed."""
        with Session(self.reading, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """The same as of one moment: each statement sees what the first one saw, whatever is committed meanwhile."""
        with self.read() as session:
            if not is_sqlite(session):
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back when anything is raised."""
        with Session(self.writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give every connection back."""
        self.reading.dispose()
        self.jotting.dispose()


def open_database(url: str, *, pool: int = 40) -> Database:
    """Open `sqlite:///PATH` or `postgresql+psycopg://…`; nothing is connected until first use."""
    if url.startswith("sqlite"):
        engine, notes = _open_sqlite(url, pool), _open_sqlite(url, 1, durable=False)
    else:
        engine = _open_postgres(url, min(pool, 20))
        # A note is one statement, which is a transaction by itself: one journey to the server in place of three.
        hasty = {"options": "-c synchronous_commit=off"}
        notes = _open_postgres(url, 1, isolation_level="AUTOCOMMIT", connect_args=hasty)
    return Database(engine, _that_writes(engine), _that_writes(notes))


def _that_writes(engine: Engine) -> Engine:
    """The same connections, to be written through; both know which engine that is."""
    writing = engine.execution_options()
    for each in (engine, writing):
        each.update_execution_options(amends_writing=writing)
    if engine.dialect.name == "sqlite":
        # Takes the lock before it reads, so that two read-then-write deeds cannot both pass.
        event.listen(writing, "begin", _take_write_lock)
    return writing


def _open_postgres(url: str, pool: int, **more: Any) -> Engine:
    return create_engine(url, pool_size=pool, max_overflow=10, pool_pre_ping=True, pool_timeout=10, **more)


def sound_wal(version: tuple[int, ...]) -> bool:
    """Whether this SQLite keeps every commit in write-ahead mode."""
    return version >= MENDED_WAL[-1] or any(version[:2] == mended[:2] and version >= mended for mended in MENDED_WAL)


def _open_sqlite(url: str, pool: int, *, durable: bool = True) -> Engine:
    path = url.removeprefix("sqlite:///")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        module=pysqlite3.dbapi2,
        pool_size=pool,
        max_overflow=10,
        # The one given back last: its pages and statements are still warm, and the others may stay small.
        pool_use_lifo=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS, "isolation_level": None},
    )
    journal = "WAL" if sound_wal(pysqlite3.sqlite_version_info) else "DELETE"
    # Without a write-ahead log anything less than FULL could do more harm than lose the last commits.
    synchronous = "FULL" if durable or journal != "WAL" else "NORMAL"

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        for pragma in (
            f"journal_mode={journal}",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            # What a purge takes out of a row must not stay readable in the file: freed space is written over.
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    def begin(connection: Any) -> None:
        if not connection.in_transaction:
            connection.execute("BEGIN").close()

    # No event of an engine that only reads: SQLAlchemy would then ask at each statement who listens.
    dialect: Any = engine.dialect
    dialect.do_begin = begin
    return engine


def _take_write_lock(connection: Connection) -> None:
    """BEGIN IMMEDIATE, asked for every millisecond.

    SQLite's own waiting sleeps longer each time. Of two busy processes the one that has the lock then keeps it, and the
    other one's processor has nothing to do.
    """
    own: Any = connection.connection.dbapi_connection
    until = monotonic() + BUSY_SECONDS
    own.execute("PRAGMA busy_timeout=0")
    try:
        while monotonic() < until:
            try:
                own.execute("BEGIN IMMEDIATE")
            except pysqlite3.dbapi2.OperationalError as wrong:
                if wrong.sqlite_errorname != "SQLITE_BUSY":
                    break
                sleep(0.001)
            else:
                return
        # In vain, and now said in SQLAlchemy's words.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        own.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")


def fold_in(database: Database) -> None:
    """Bring SQLite's write-ahead log into the file: until then the log holds what a purge has taken out of rows.

    Readers may keep some of it back for a moment; whoever calls this calls it again. PostgreSQL vacuums by itself.
    """
    if database.reading.dialect.name == "sqlite":
        with database.reading.connect() as connection:
            own: Any = connection.connection.dbapi_connection
            own.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def is_sqlite(session: Session) -> bool:
    """Which engine a session speaks to; used only where the two differ in kind."""
    return session.get_bind().dialect.name == "sqlite"


def insert_on(session: Session) -> Callable[..., Any]:
    """The engine's own INSERT, which knows ON CONFLICT."""
    return sqlite.insert if is_sqlite(session) else postgresql.insert


def written_out(statement: Statement) -> Statement:
    """A statement with our own words and numbers written into it; what it is to be given stays bound.

    A policy names dozens of desks and kinds, and each that is bound is handed over anew whenever it is asked.
    """
    written: Any = visitors.replacement_traverse(statement, {}, _written)
    return written


def _written(element: Any, **_more: Any) -> Any:
    if element.__visit_name__ != "bindparam" or element.required or element.callable is not None:
        return None
    values = list(element.value) if element.expanding else [element.value]
    if not values or any(type(value) is bool or not isinstance(value, str | int) for value in values):
        return None
    # In words and whole numbers the engines agree.
    written = element.type.literal_processor(sqlite.dialect())
    words = ", ".join(written(value) for value in values)
    return literal_column(f"({words})" if element.expanding else words, element.type)


def writing(session: Session) -> Engine:
    """The engine that a session reads from, as one that writes."""
    return session.get_bind().engine.get_execution_options()["amends_writing"]


def alive(database: Database) -> bool:
    """Whether the database answers and holds our schema."""
    with database.read() as session:
        return session.execute(text("SELECT count(*) FROM timeline_head")).scalar() == 1
