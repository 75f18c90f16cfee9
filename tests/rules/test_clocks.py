"""However seldom the worker comes by: one reminder at most, one escalation, and nothing for what is done."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session, col

from service.cases import pinned, playbook
from service.cases.clocks import NOTHING_DUE
from service.cases.intake import report_mistake
from service.core.database import Database, open_database
from service.people.directory import find
from service.people.identity import Me
from service.records.cases import Alarm, Case
from service.records.enums import AccountType, Answer, Code, Employer, Ring, StepKind
from service.routing.alarms import ring_ripe
from service.steps.take import take_step

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
RULES = playbook.load()
# High, so that every clock runs in minutes: product.md, *Deadlines*.
DELETE, REMINDED, ESCALATED = 30, Ring.REMINDED, Ring.ESCALATED


@pytest.fixture(scope="module")
def database(sqlite_files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The cast's database; nothing that is done in it is kept."""
    path = tmp_path_factory.mktemp("clocks") / "amends.db"
    shutil.copyfile(sqlite_files["cast"], path)
    opened = open_database(f"sqlite:///{path}")
    with opened.write() as db:
        pinned.register(db, playbook.SHIPPED, START)
    yield opened
    opened.close()


def reported(db: Session) -> tuple[Me, Case]:
    """A mistake of high severity."""
    person = find(db, "staff@demo.example")
    assert person is not None
    me = Me(person.id or 0, person.email, person.name, person.zone, Employer.FCO)
    facts = dict.fromkeys(("facts_wrong", "safety_risk", "possibly_classified", "personal_data"), Answer.NO)
    told = facts | {"account.type": AccountType.OFFICIAL, "codes": [Code.MINISTERIAL_MOVEMENTS]}
    return me, report_mistake(db, me, told, playbook=RULES, at=START)


def rung(db: Session, case: Case, what: str) -> list[tuple[Ring, datetime]]:
    """What has rung for one clock, in order."""
    db.flush()
    mine = select(Alarm.ring, Alarm.at).where(col(Alarm.case_id) == case.id, col(Alarm.clock).startswith(f"{what}."))
    return [(ring, at.astimezone(UTC)) for ring, at in db.execute(mine.order_by(col(Alarm.at)))]


MINUTES = st.floats(0, 90, allow_nan=False).map(lambda minutes: START + timedelta(minutes=minutes))


@given(visits=st.lists(MINUTES, max_size=12), done=MINUTES)
@example(visits=[START + timedelta(minutes=DELETE)], done=START + timedelta(minutes=DELETE))
@example(visits=[START + timedelta(minutes=22.5), START + timedelta(minutes=22.5)], done=START + timedelta(minutes=25))
@settings(max_examples=120)
def test_whenever_the_worker_comes_by(database: Database, visits: list[datetime], done: datetime) -> None:
    """The first visit in the last quarter reminds; the first one at the deadline or later escalates; then silence."""
    reminder, due = START + timedelta(minutes=DELETE * 0.75), START + timedelta(minutes=DELETE)
    with Session(database.writing, expire_on_commit=False) as db:
        me, case = reported(db)
        left = sorted(visits)
        for at in (moment for moment in left if moment <= done):
            ring_ripe(db, at)
        take_step(db, me, case, StepKind.DELETE, at=done)
        for at in (moment for moment in left if moment > done):
            ring_ripe(db, at)
        expected = []
        if early := [at for at in left if reminder <= at < due and at <= done]:
            expected.append((REMINDED, early[0]))
        if late := [at for at in left if due <= at <= done]:
            expected.append((ESCALATED, late[0]))
        assert rung(db, case, "delete") == expected
        db.rollback()


@given(visits=st.lists(st.integers(0, 60 * 24 * 40), min_size=1, max_size=25))
@settings(max_examples=60)
def test_the_worker_is_always_called_back_until_nothing_is_left(database: Database, visits: list[int]) -> None:
    """After a visit the case is ripe later than that visit, or never again; and each key has rung once."""
    with Session(database.writing, expire_on_commit=False) as db:
        _, case = reported(db)
        for minutes in sorted(visits):
            at = START + timedelta(minutes=minutes)
            ring_ripe(db, at)
            assert case.ripe_at is None or case.ripe_at > at
            assert case.next_due_at is not None
            assert case.next_due_at < NOTHING_DUE
            db.flush()
        kept = list(db.execute(select(Alarm).where(col(Alarm.case_id) == case.id)).scalars())
        assert len(kept) == len({(alarm.clock, alarm.ring, alarm.number) for alarm in kept})
        escalated = {alarm.clock for alarm in kept if alarm.ring == ESCALATED}
        late = [alarm for alarm in kept if alarm.ring == REMINDED and alarm.clock in escalated]
        by_clock = {alarm.clock: alarm.at for alarm in kept if alarm.ring == ESCALATED}
        assert all(alarm.at < by_clock[alarm.clock] for alarm in late)
        db.rollback()
