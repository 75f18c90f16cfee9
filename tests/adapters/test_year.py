"""A year of cases with two workers that are killed all the time: nothing is missed, and nothing comes twice."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_double
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from service.cases import pinned, playbook
from service.cases.deadlines import MONDAY_TO_FRIDAY, Within, deadline, reminder_at
from service.cases.intake import report_mistake
from service.core.database import Database, open_database
from service.core.settings import Settings
from service.notifications.fan_out import MAIL, URGENT_MAIL
from service.people.directory import find
from service.people.identity import Me
from service.records.cases import Alarm, Case
from service.records.enums import AccountType, Answer, Code, DeskName, Employer, StepKind
from service.records.notifications import Notification
from service.records.timeline import Outbox, TimelineEntry, TimelineValues
from service.routing.acknowledge import acknowledge
from service.routing.triage import triage
from service.steps.take import take_step
from service.timeline.outbox import KEPT_DONE
from service.verification.log import verify_log
from service.worker import run

pytestmark = pytest.mark.slow

CASES, WORKERS = 60, 2
START = datetime(2026, 12, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
NEVER = START + 10 * YEAR
PATIENCE_SECONDS = 60
LONDON, NEW_YORK = "Europe/London", "America/New_York"
RULES = playbook.load()

# The deadlines of product.md, by hand: minutes, or working days.
DELETE = {"critical": 15, "high": 30, "medium": 60, "low": 240}
APOLOGISE = {"critical": 60, "high": 60, "medium": 120, "low": 480}
DESK_READS = {"critical": 15, "high": 60, "medium": 240, "low": "1 wd"}
MANAGER_READS = {"critical": 60, "high": 240, "medium": "1 wd", "low": "2 wd"}
TRIAGE = {"critical": 30, "high": 120, "medium": "1 wd", "low": "2 wd"}
FACTS: dict[str, tuple[AccountType, Code]] = {
    "critical": (AccountType.OFFICIAL, Code.ACCOUNT_COMPROMISED),
    "high": (AccountType.OFFICIAL, Code.MINISTERIAL_MOVEMENTS),
    "medium": (AccountType.OFFICIAL, Code.WRONG_ACCOUNT),
    "low": (AccountType.PERSONAL, Code.WRONG_ACCOUNT),
}
Ring = tuple[str, str, datetime]


@dataclass
class Life:
    """One case: how bad, when reported, and when, if ever, each thing is done."""

    severity: str
    reported: datetime
    done: dict[str, datetime]
    case_id: int = 0
    clocks: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, table, zone in (
            ("delete", DELETE, LONDON),
            ("apologise", APOLOGISE, LONDON),
            ("acknowledge.digital_unit", DESK_READS, LONDON),
            ("acknowledge.line_manager", MANAGER_READS, NEW_YORK),
            ("triage", TRIAGE, LONDON),
        ):
            told = (self.reported, Within.parse(table[self.severity]), zone, MONDAY_TO_FRIDAY, RULES)
            self.clocks[what] = (reminder_at(*told), deadline(*told))

    def expected(self) -> list[Ring]:
        """What has to ring, and when exactly."""
        rings: list[Ring] = []
        for what, (reminder, due) in self.clocks.items():
            if reminder < self.done[what]:
                rings.append(("reminded", what, reminder))
            if due < self.done[what]:
                rings.append(("escalated", what, due))
        desk = "acknowledge.digital_unit"
        due, read = self.clocks[desk][1], min(self.done[desk], self.done["acknowledge.line_manager"])
        if self.severity == "critical" and due < self.done[desk]:
            again = (due + timedelta(minutes=15 * number) for number in range(1, 9))
            rings += [("repeated", desk, moment) for moment in again if moment < read]
        return sorted(rings)


def lives(chance: Random) -> list[Life]:
    """A year of them: some all done at once, some never, most somewhere between."""
    made = []
    for _ in range(CASES):
        severity = chance.choice(list(FACTS))
        reported = START + chance.random() * YEAR
        hasty = chance.choice([0.3, 1.0, 3.0, 200.0])
        life = Life(severity, reported, dict.fromkeys(("delete", "apologise", "triage"), NEVER))
        life.done = {
            what: reported + (due - reported) * chance.random() * hasty for what, (_, due) in life.clocks.items()
        }
        # Triage acknowledges for the desk as well.
        life.done["acknowledge.digital_unit"] = min(life.done["acknowledge.digital_unit"], life.done["triage"])
        made.append(life)
    return made


class World:
    """The database, the people, and the clock that everybody in every process goes by."""

    def __init__(self, settings: Settings, clock: c_double) -> None:
        self.settings, self.clock = settings, clock
        self.database = open_database(settings.database_url)
        with self.database.write() as db:
            pinned.register(db, playbook.SHIPPED, START)
            self.people = {name: self._me(db, name) for name in ("staff", "manager", "digital")}

    def _me(self, db: Session, name: str) -> Me:
        person = find(db, f"{name}@demo.example")
        assert person is not None
        desks = {DeskName.DIGITAL_UNIT: True} if name == "digital" else {}
        return Me(person.id or 0, person.email, person.name, person.zone, Employer.FCO, desks)

    def report(self, life: Life, at: datetime) -> None:
        """It happened."""
        account, code = FACTS[life.severity]
        facts: dict[str, Any] = {"account.type": account, "codes": [code], "facts_wrong": Answer.NO}
        facts |= dict.fromkeys(("safety_risk", "possibly_classified", "personal_data"), Answer.NO)
        with self.database.write() as db:
            case = report_mistake(db, self.people["staff"], facts, playbook=RULES, at=at)
            assert case.severity == life.severity
            life.case_id = case.id

    def do(self, life: Life, what: str, at: datetime) -> None:
        """Somebody did what they owed."""
        with self.database.write() as db:
            case = db.execute(select(Case).where(col(Case.id) == life.case_id).with_for_update()).scalar_one()
            if what == "triage":
                triage(db, self.people["digital"], case, at=at, facts={})
            elif what.startswith("acknowledge"):
                who = "manager" if what.endswith("line_manager") else "digital"
                acknowledge(db, self.people[who], case, at=at)
            else:
                said = "Sorry: this was posted by mistake. It is not an official view. It was not posted by us."
                words = said if what == "apologise" else None
                take_step(db, self.people["staff"], case, StepKind(what), at=at, public_text=words)

    def set(self, at: datetime) -> None:
        """Move everybody's clock."""
        self.clock.value = at.timestamp()

    def busy(self, at: datetime) -> bool:
        """Whether something is left that any worker could do at this moment."""
        with self.database.read() as db:
            if db.execute(select(func.count()).where(col(Case.ripe_at) <= at)).scalar():
                return True
            free = or_(col(Outbox.leased_until).is_(None), col(Outbox.leased_until) < at)
            waits = (col(Outbox.done_at).is_(None), col(Outbox.failed_at).is_(None))
            due = select(func.count()).where(*waits, col(Outbox.due_at) <= at, free)
            return bool(db.execute(due).scalar())


def work_for_ever(settings: Settings, clock: c_double) -> None:
    """A worker as `amends worker` is one, by the clock of this world."""
    run.IDLE_SECONDS = 0.002
    database = open_database(settings.database_url)
    run.work(database, settings, lambda: datetime.fromtimestamp(clock.value, UTC), Event())


class Workers:
    """Two of them; one that is killed is followed by another."""

    def __init__(self, world: World) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload([__name__])
        self.world, self.killed = world, 0
        self.there = [self._start() for _ in range(WORKERS)]

    def _start(self) -> Any:
        told = (self.world.settings, self.world.clock)
        worker = self.context.Process(target=work_for_ever, args=told, daemon=True)
        worker.start()
        return worker

    def kill(self, which: int) -> None:
        """SIGKILL, in the middle of whatever it does."""
        os.kill(self.there[which].pid, signal.SIGKILL)
        self.there[which].join()
        self.there[which] = self._start()
        self.killed += 1

    def end(self) -> None:
        """No more work."""
        for worker in self.there:
            os.kill(worker.pid, signal.SIGKILL)
            worker.join()


@contextmanager
def working(world: World) -> Iterator[Workers]:
    """The workers, for as long as the year lasts."""
    workers = Workers(world)
    try:
        yield workers
    finally:
        workers.end()


def quiet(busy: Callable[[], bool]) -> None:
    """Wait until nothing is left to do."""
    until = time.monotonic() + PATIENCE_SECONDS
    while busy():
        assert time.monotonic() < until, "the workers never came to an end"
        time.sleep(0.002)


def rung(database: Database) -> dict[int, list[Ring]]:
    """What every case's timeline says has rung."""
    found: dict[int, list[Ring]] = {}
    wanted = (
        select(TimelineEntry.case_id, TimelineEntry.kind, TimelineEntry.at, TimelineValues.fields)
        .join(TimelineValues, col(TimelineValues.position) == col(TimelineEntry.position))
        .where(col(TimelineEntry.kind).in_(("reminded", "escalated", "repeated")))
    )
    with database.read() as db:
        for case_id, kind, at, fields in db.execute(wanted):
            found.setdefault(case_id, []).append((kind, fields["alarm.what"]["after"], at.astimezone(UTC)))
    return {case_id: sorted(rings) for case_id, rings in found.items()}


def written(database: Database) -> dict[int, Any]:
    """The rows of the outbox that are mail, by number; those that stand for others which were cleared left out."""
    with database.read() as db:
        rows = db.execute(select(Outbox).where(col(Outbox.kind).in_((MAIL, URGENT_MAIL)))).scalars()
        return {row.id: row for row in rows if "notifications" in row.body}


def test_a_year_of_cases_with_two_workers_and_kills(settings: Settings) -> None:
    """Every reminder, escalation and repeat at its very moment, once; and everybody told of each, once."""
    chance = Random(20261121)
    # Without a lock: whoever is killed while holding it would stop the clock for everybody.
    clock = multiprocessing.get_context("forkserver").Value("d", START.timestamp(), lock=False)
    world, year = World(settings, clock), lives(chance)
    happenings: list[tuple[datetime, int, Life, str]] = []
    for place, life in enumerate(year):
        happenings.append((life.reported, place, life, "report"))
        happenings += [(moment, place, life, what) for what, moment in life.done.items() if what != "triage"]
        happenings.append((life.done["triage"], place, life, "triage"))
        happenings += [(moment, place, life, "") for _, _, moment in life.expected()]
    letters: dict[int, Any] = {}
    looked = START
    with working(world) as workers:
        for moment, _, life, what in sorted(happenings, key=lambda each: (each[0], each[1], each[3] != "report")):
            world.set(moment)
            if what == "report":
                world.report(life, moment)
            elif what == "acknowledge.digital_unit" and life.done[what] == life.done["triage"]:
                continue
            elif what:
                world.do(life, what, moment)
            if chance.random() < 0.08:
                time.sleep(chance.random() * 0.02)
                workers.kill(chance.randrange(WORKERS))
            quiet(lambda: world.busy(moment))  # noqa: B023 - it is asked before the next moment comes
            if moment - looked > KEPT_DONE / 3:
                # What is done is cleared after a time: it is looked at while it is there.
                letters |= written(world.database)
                looked = moment
        # Whatever a killed one had taken goes to the others when its lease runs out.
        for later in (moment + timedelta(minutes=3), moment + timedelta(hours=2)):
            world.set(later)
            quiet(lambda: world.busy(later))  # noqa: B023 - likewise
    assert workers.killed > 20
    kept = rung(world.database)
    for life in year:
        assert kept.get(life.case_id, []) == life.expected(), life
    with world.database.read() as db:
        alarms = Counter(db.execute(select(Alarm.case_id)).scalars())
        assert alarms == {life.case_id: len(life.expected()) for life in year if life.expected()}
        rows = list(db.execute(select(Outbox)).scalars())
        assert [row.id for row in rows if row.done_at is None or row.error] == []
        told = Counter(each.partition(":")[0] for each in db.execute(select(Notification.dedupe)).scalars())
        positions = db.execute(
            select(TimelineEntry.position).where(col(TimelineEntry.kind).in_(("reminded", "escalated", "repeated")))
        ).scalars()
        assert [position for position in positions if not told[str(position)]] == []
        assert verify_log(db) == []
        # Each of it is told by one mail, whoever was killed; what came together for one person is in one.
        by_mail = list((letters | written(world.database)).values())
        mailed = Counter(key for row in by_mail for key in row.body["notifications"])
        assert mailed == Counter(db.execute(select(Notification.key)).scalars())
        whose = dict(db.execute(select(Notification.key, Notification.person_id)).all())
        assert all(whose[key] == row.person_id for row in by_mail for key in row.body["notifications"])
    # One that was written twice has the same name.
    assert len(list(Path(settings.mail_url.removeprefix("file://")).glob("*.eml"))) == len(by_mail)
    assert 0 < len(by_mail) < sum(told.values())
    world.database.close()
