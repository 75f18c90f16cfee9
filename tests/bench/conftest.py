"""Benchmarks run only when they are asked for by name: `make bench`, or `pytest -m bench -s`."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from service.core.clock import now
from service.core.database import open_database
from service.demo.cast import AT
from service.people.identity import begin_session, hashed, make_token
from service.records.enums import Scope
from service.records.people import Person
from tests.bench import crowded
from tests.bench.running import Running, floors, service
from tests.bench.table import TABLE, Table


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever runs pytest without a word about benchmarks does not want them."""
    if "bench" in (config.option.markexpr or ""):
        return
    for item in items:
        if item.get_closest_marker("bench"):
            item.add_marker(pytest.mark.skip(reason="measures; make bench runs it"))


def _spent() -> tuple[float, float, float]:
    """Seconds of processor time: all there was, all that was used, and what was used by us and what we started."""
    fields = [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle, ours = fields[3] + fields[4], os.times()
    return sum(fields) / TICKS, (sum(fields) - idle) / TICKS, sum(ours[:4])


TICKS = os.sysconf("SC_CLK_TCK")
BEGUN = _spent()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table, once everything is measured."""
    there, used, ours = (now - then for now, then in zip(_spent(), BEGUN, strict=True))
    TABLE.others = max(0.0, used - ours) / there if there else 0.0
    for line in TABLE.printed() if TABLE.lines else ():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def table() -> Table:
    """Where measurements are noted."""
    return TABLE


@dataclass(frozen=True)
class Place:
    """A database, Amends on it in two processes, and the bare routes on it in two."""

    path: Path
    amends: Running
    floor: Running

    def someone(self, who: str, act: Callable[[Session, Person], str]) -> str:
        """Do something for one of the cast straight in the database."""
        database = open_database(f"sqlite:///{self.path}", pool=1)
        with database.write() as db:
            person = db.execute(select(Person).where(col(Person.email) == who + AT)).scalar_one()
            made = act(db, person)
        database.close()
        return made

    def signed_in(self, who: str) -> dict[str, str]:
        """The headers of a browser in which this person is signed in; `key` is what a bare route looks it up by."""
        key = self.someone(who, lambda db, person: begin_session(db, person, now()))
        return {"Cookie": f"amends={key}", "key": hashed(key)}

    def token(self, who: str) -> dict[str, str]:
        """The headers of a program that acts for this person."""
        key = self.someone(who, lambda db, person: make_token(db, person, list(Scope), 1, now()))
        return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


def _place(path: Path) -> Iterator[Place]:
    with service(crowded.settings(path)) as amends, floors(path) as floor:
        yield Place(path, amends, floor)


@pytest.fixture(scope="module")
def small() -> Iterator[Place]:
    """A thousand cases."""
    yield from _place(crowded.few())


@pytest.fixture(scope="module")
def large() -> Iterator[Place]:
    """A hundred thousand."""
    yield from _place(crowded.many())
