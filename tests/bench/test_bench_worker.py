"""How fast the worker tells people what waits for them, and how fast messages leave, each engine with its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from statistics import median
from time import perf_counter, process_time

import pytest
from sqlalchemy import delete, insert, select, text
from sqlmodel import Session, col

from service.core.clock import now
from service.core.database import Database, open_database
from service.core.settings import Settings
from service.records.notifications import Notification
from service.records.people import Person
from service.records.timeline import Outbox
from service.worker.post import Post
from tests.bench.table import Table
from tests.mailbox import Mailbox, mail_server
from tests.makers import do_what_is_due

pytestmark = pytest.mark.bench
ROUNDS = 3
TOLD = 5000
SENT = 500
ALONE = 500


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The cast's database; where the server was told not to wait for its disk, our connections tell it to."""
    opened = open_database(settings.database_url)
    with opened.write() as db:
        if opened.reading.dialect.name != "sqlite":
            db.execute(text(f"ALTER DATABASE {opened.reading.url.database} SET synchronous_commit = on"))
    yield opened
    opened.close()


def to_tell(db: Session, number: int) -> None:
    """As many rows of the outbox: each tells one person."""
    people = list(db.execute(select(col(Person.id))).scalars())
    row = {"kind": "tell", "body": {"entry": "message", "urgent": False}, "due_at": now(), "tries": 0}
    named = [
        row | {"person_id": people[place % len(people)], "dedupe": f"{place}:x", "case_id": None}
        for place in range(number)
    ]
    db.execute(insert(Outbox), named)


def emptied(database: Database) -> None:
    """Nothing waits, and nothing is left."""
    with database.write() as db:
        db.execute(delete(Outbox))
        db.execute(delete(Notification))


def tell(database: Database, settings: Settings) -> float:
    """Effects a second."""
    emptied(database)
    with database.write() as db:
        to_tell(db, TOLD)
    begun = perf_counter()
    do_what_is_due(database, settings, now)
    return TOLD / (perf_counter() - begun)


def one_by_one(database: Database) -> float:
    """The same rows written with nothing around them, a durable transaction for each effect."""
    emptied(database)
    with database.write() as db:
        to_tell(db, ALONE)
    at = datetime.now(UTC)
    begun = perf_counter()
    for number in range(ALONE):
        key = f"{number:032}"
        with database.writing.begin() as connection:
            told = {"key": key, "person_id": 1, "kind": "message", "urgent": False, "at": at, "dedupe": key}
            connection.execute(insert(Notification), told)
            mail = {"kind": "mail", "person_id": 1, "body": {}, "dedupe": f"mail:{key}", "due_at": at, "tries": 0}
            connection.execute(insert(Outbox), mail)
            connection.execute(text("UPDATE outbox SET done_at = due_at WHERE dedupe = :d"), {"d": f"{number}:x"})
    return ALONE / (perf_counter() - begun)


def to_send(db: Session, number: int) -> None:
    """As many mails that wait, each with what it tells of: nothing here is one mail for many things."""
    people = list(db.execute(select(col(Person.id))).scalars())
    told = {"kind": "message", "urgent": False, "at": now()}
    mail = {"kind": "mail", "due_at": now(), "tries": 0}
    whose = [(f"{place:032}", {"person_id": people[place % len(people)]}) for place in range(number)]
    db.execute(insert(Notification), [told | to | {"key": key, "dedupe": key} for key, to in whose])
    rows = [mail | to | {"dedupe": key, "body": {"notifications": [key], "urgent": False}} for key, to in whose]
    db.execute(insert(Outbox), rows)


def send(database: Database, settings: Settings) -> tuple[float, float]:
    """Messages a second, and milliseconds of our processor for each."""
    emptied(database)
    with database.write() as db:
        to_send(db, SENT)
    post = Post(database, settings, now)
    begun, spent = perf_counter(), process_time()
    while post.work_once():
        pass
    return SENT / (perf_counter() - begun), (process_time() - spent) * 1000 / SENT


def bare_inserts(database: Database) -> float:
    """Rows a second, each waiting for the disk by itself: what a mail costs that is noted durably before the next."""
    emptied(database)
    key, at = "x", now()
    begun = perf_counter()
    for number in range(ALONE):
        with database.writing.begin() as connection:
            told = {"key": f"{number:032}", "person_id": 1, "kind": "message", "urgent": False, "at": at}
            connection.execute(insert(Notification), told | {"dedupe": f"{key}{number}"})
    return ALONE / (perf_counter() - begun)


def receive(port: Connection, count: Connection) -> None:
    """A mail server in a process of its own, so that its work is not ours; tells how much it took when asked."""
    box = Mailbox()
    with mail_server(box) as number:
        port.send(number)
        count.recv()
        count.send(len(box.mails))


@contextmanager
def elsewhere() -> Iterator[tuple[int, Callable[[], int]]]:
    """The port of a mail server, and what ends it and tells how many it took."""
    (ours, port), (asked, count) = Pipe(), Pipe()
    server = get_context("spawn").Process(target=receive, args=(port, count), daemon=True)
    server.start()

    def end() -> int:
        asked.send(None)
        taken: int = asked.recv()
        server.join()
        return taken

    yield ours.recv(), end


def test_telling_and_sending(database: Database, settings: Settings, table: Table):
    engine = database.reading.dialect.name
    rounds = [(tell(database, settings), one_by_one(database)) for _ in range(ROUNDS)]
    rate = median(told for told, _ in rounds)
    table.add(f"worker tells people, {engine}", rate, "effects/s", at_least=500, absolute=True)
    alone = median(told / one for told, one in rounds)
    table.add("… times the bare rows, one effect a transaction", alone, "×", at_least=1)
    # A bare row waits for the disk, a message takes the processor: how they compare depends on who else wants which.
    bare = median(bare_inserts(database) for _ in range(ROUNDS))
    table.add("one bare row after another, each durable", bare, "a second")
    in_table(table, "mail into files", [send(database, settings) for _ in range(ROUNDS)], bare)
    with elsewhere() as (port, end):
        by_server = replace(settings, mail_url=f"smtp://127.0.0.1:{port}")
        sent = [send(database, by_server) for _ in range(ROUNDS)]
        assert end() == ROUNDS * SENT
    in_table(table, "mail to a server, each noted before the next", sent, bare)


def in_table(table: Table, what: str, rounds: list[tuple[float, float]], bare: float) -> None:
    """Note how fast messages left, and what each took of the processor: 2 ms allow 500 a second."""
    rate = median(each for each, _ in rounds)
    table.add(f"… {what}", rate, "a second", at_least=500, absolute=True)
    table.add("… times bare durable rows", rate / bare, "×")
    table.add("… our processor for each", median(each for _, each in rounds), "ms", at_most=2, absolute=True)
