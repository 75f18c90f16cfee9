"""How fast the worker tells people what waits for them, and how fast messages leave, each engine with its own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

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
from service.worker.run import work_once
from tests.bench.table import Table
from tests.mailbox import Mailbox, mail_server

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
    while work_once(database, settings, now):
        pass
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


def send(database: Database, settings: Settings) -> float:
    """Messages a second."""
    emptied(database)
    with database.write() as db:
        to_tell(db, SENT)
    while work_once(database, settings, now):
        pass
    post = Post(database, settings, now)
    begun = perf_counter()
    while post.work_once():
        pass
    return SENT / (perf_counter() - begun)


def test_telling_and_sending(database: Database, settings: Settings, table: Table):
    engine = database.reading.dialect.name
    rounds = [(tell(database, settings), one_by_one(database)) for _ in range(ROUNDS)]
    rate = median(told for told, _ in rounds)
    table.add(f"worker tells people, {engine}", rate, "effects/s", at_least=500, absolute=True)
    alone = median(told / one for told, one in rounds)
    table.add("… times the bare rows, one effect a transaction", alone, "×", at_least=1)
    table.add("… mail into files, kept one by one", median(send(database, settings) for _ in range(ROUNDS)), "a second")
    box = Mailbox()
    with mail_server(box) as port:
        by_server = replace(settings, mail_url=f"smtp://127.0.0.1:{port}")
        table.add("… mail to a server in this process", send(database, by_server), "a second")
    assert len(box.mails) == SENT
