"""What a run of the tests keeps from one test to the next, as a service keeps it that runs for days.

Every test opens a database of its own. SQLAlchemy keeps what it has compiled for each engine, and for a flush for each
dialect: each test compiled all its statements anew, and what was compiled for databases long gone stayed in memory,
where Python looked through it again and again for something to throw away.
"""

import gc
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.orm import Mapper
from sqlalchemy.util import LRUCache
from sqlmodel import SQLModel

PLAIN = (str, int, tuple, type(None))
compiled: LRUCache[tuple[Any, ...], Any] = LRUCache(20_000)
alike: dict[tuple[Any, ...], int] = {}
kinds: WeakKeyDictionary[Dialect, int] = WeakKeyDictionary()


class Statements:
    """Compiled statements, found by every dialect that is like the one they were compiled for.

    Each connection keeps a dialect of its own: one that commits by itself is not lent to others.
    """

    def get(self, key: tuple[Any, ...]) -> Any:
        """The compiled statement, where there is one."""
        return compiled.get((kinds[key[0]], *key[1:]))

    def __setitem__(self, key: tuple[Any, ...], statement: Any) -> None:
        """Keep it."""
        compiled[kinds[key[0]], *key[1:]] = statement


STATEMENTS = Statements()


@event.listens_for(Engine, "engine_connect")
def share_statements(connection: Connection) -> None:
    """Have this connection look among all that is compiled."""
    dialect = connection.dialect
    if dialect not in kinds:
        # Connected, it knows its server too. What is not plain it makes for itself, by its class.
        told = sorted((name, value) for name, value in vars(dialect).items() if isinstance(value, PLAIN))
        kinds[dialect] = alike.setdefault((type(dialect), dialect.dbapi, *told), len(alike))
    connection.execution_options(compiled_cache=STATEMENTS)


def pytest_collection_finish() -> None:
    """Have flushes look there too, and set aside what stays until the end: modules, tables, the tests themselves."""
    mapper: Mapper[Any]
    for mapper in SQLModel._sa_registry.mappers:
        mapper._compiled_cache = STATEMENTS
    _set_aside()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """After each file, set aside what was compiled for it."""
    yield
    if nextitem is None or nextitem.path != item.path:
        _set_aside()


def _set_aside() -> None:
    # What is frozen the collector never looks through again.
    gc.collect()
    gc.freeze()
