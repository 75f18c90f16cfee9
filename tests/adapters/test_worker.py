"""The worker and the mail it writes: at least once, never to the wrong person, and nothing said in the open."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import insert, select, text
from sqlmodel import Session, col

from service.cases import playbook
from service.cases.intake import report_mistake
from service.core.database import Database, open_database
from service.core.settings import Settings
from service.notifications.carriers import open_carrier
from service.notifications.deliver import letters_for
from service.notifications.links import go_link, read_go
from service.people.directory import find
from service.people.identity import Me
from service.records.cases import Case, Conflict, Route
from service.records.enums import DeskName, Employer
from service.records.notifications import Notification
from service.records.people import Person
from service.records.timeline import Outbox
from service.timeline import outbox
from service.worker.post import Post
from service.worker.run import DEEDS, start, work, work_once
from tests.conftest import SteppedClock

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-for-tests-only-0123456789"


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The cast's database, without any service on it."""
    opened = open_database(settings.database_url)
    yield opened
    opened.close()


@pytest.fixture
def case(database: Database, clock: SteppedClock) -> Case:
    """A mistake by staff@, told to the manager and the digital unit."""
    return reported(database, clock)


def somebody(db: Session, name: str) -> Person:
    """One of the cast."""
    person = find(db, f"{name}@demo.example")
    assert person is not None
    return person


def reported(database: Database, clock: SteppedClock, name: str = "staff") -> Case:
    """A mistake that this person reports."""
    with database.write() as db:
        person = somebody(db, name)
        me = Me(id=person.id or 0, email=person.email, name=person.name, zone=person.zone, employer=Employer.FCO)
        facts = {"post.text": "CANARY in the post", "account.handle": "@canary"}
        return report_mistake(db, me, facts, playbook=playbook.load(), at=clock())


def mails(settings: Settings) -> dict[str, EmailMessage]:
    """What was written, by whom it is for."""
    folder = Path(settings.mail_url.removeprefix("file://"))
    found: dict[str, EmailMessage] = {}
    for path in folder.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert mail["To"] not in found, "two mails to one person"
        found[mail["To"]] = mail
    return found


def work_off(database: Database, settings: Settings, clock: SteppedClock) -> bool:
    """Do what is due as a worker does, messages too; returns whether there was anything."""
    told = work_once(database, settings, clock)
    return Post(database, settings, clock).work_once() or told


def waiting(database: Database) -> list[Outbox]:
    """Rows of the outbox that are not done."""
    with database.read() as db:
        open_rows = select(Outbox).where(col(Outbox.done_at).is_(None), col(Outbox.failed_at).is_(None))
        return list(db.execute(open_rows).scalars())


def failed(database: Database) -> list[Outbox]:
    """Rows that nobody tries any more."""
    with database.read() as db:
        return list(db.execute(select(Outbox).where(col(Outbox.failed_at).is_not(None))).scalars())


def test_everybody_who_should_know_is_told(
    database: Database, settings: Settings, clock: SteppedClock, case: Case
) -> None:
    """The manager, and everyone at the desk."""
    assert work_off(database, settings, clock)
    assert mails(settings).keys() == {f"{name}@demo.example" for name in ("manager", "digital", "digital2")}
    assert waiting(database) == []
    assert not work_off(database, settings, clock)


def test_a_mail_says_nothing_in_the_open(
    database: Database, settings: Settings, clock: SteppedClock, case: Case
) -> None:
    """No names, no content, no reference; a link that only we can read."""
    work_off(database, settings, clock)
    with database.read() as db:
        manager, staff = somebody(db, "manager"), somebody(db, "staff")
    mail = mails(settings)["manager@demo.example"]
    assert mail["Subject"] == "Something is waiting for you in Amends"
    assert mail["Date"].datetime == clock()
    whole = mail.as_string()
    for secret in (case.reference, "CANARY", "canary", staff.name, staff.email, manager.name):
        assert secret not in whole
    opaque = re.search(r"http://127\.0\.0\.1:8000/go/(\S+)", mail.get_content())
    assert opaque is not None
    assert read_go(settings.secret_key, opaque[1]) == (case.id, manager.id)


def test_mail_is_for_the_service_alone(database: Database, settings: Settings, clock: SteppedClock, case: Case) -> None:
    """Nobody else on the machine reads who was told when; no half-written file is left."""
    work_off(database, settings, clock)
    folder = Path(settings.mail_url.removeprefix("file://"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {path.suffix for path in folder.iterdir()} == {".eml"}


def test_again_is_the_same_message(database: Database, settings: Settings, clock: SteppedClock, case: Case) -> None:
    """A worker that died between sending and saying so sends the same Message-ID, into the same file."""
    work_once(database, settings, clock)
    with database.write() as db:
        rows = outbox.claim(db, clock(), lease=timedelta(minutes=2))
    with closing(open_carrier(settings.mail_url)) as carrier, database.read() as db:
        for letter in letters_for(db, settings, rows, clock()).values():
            carrier.mail(letter)
        carrier.flush()
    first = {email: mail["Message-ID"] for email, mail in mails(settings).items()}
    clock.forward(minutes=3)
    assert work_off(database, settings, clock)
    assert {email: mail["Message-ID"] for email, mail in mails(settings).items()} == first
    assert waiting(database) == []


def test_whoever_must_not_know_is_left_out(database: Database, settings: Settings, clock: SteppedClock) -> None:
    """Reporter, subject and those named as conflicted are not told through their desk; leavers are not told at all."""
    case = reported(database, clock, "hr")
    with database.write() as db:
        db.add(Conflict(case_id=case.id, person_id=somebody(db, "digital2").id, reason="A friend", at=clock()))
        db.add(Route(case_id=case.id, desk=DeskName.HR, because="sent", sent_at=clock()))
        left = somebody(db, "hr2")
        left.active = False
        db.add(left)
        assert left.id is not None
        db.execute(
            insert(Outbox),
            outbox.to_tell(case.id, 9_000, (DeskName.HR.value, left.id), clock(), {"entry": "sent", "urgent": False}),
        )
    work_off(database, settings, clock)
    assert mails(settings).keys() == {f"{name}@demo.example" for name in ("head", "digital", "hr3")}
    assert waiting(database) == []


def test_a_folder_that_is_full_is_waited_for(
    database: Database, settings: Settings, clock: SteppedClock, case: Case
) -> None:
    """All of it is put off at once with its reason, longer each time, and delivered in the end."""
    folder = Path(settings.mail_url.removeprefix("file://"))
    folder.write_text("in the way")
    work_once(database, settings, clock)
    post = Post(database, settings, clock)
    assert post.work_once()
    left = waiting(database)
    assert {row.error for row in left} == {"The folder for mail cannot be written to (FileExistsError)"}
    assert {row.due_at - clock() for row in left} == {timedelta(seconds=10)}
    assert not post.work_once()
    clock.forward(seconds=10)
    post.work_once()
    assert {row.due_at - clock() for row in waiting(database)} == {timedelta(seconds=20)}
    folder.unlink()
    clock.forward(hours=1)
    post.work_once()
    assert len(mails(settings)) == 3
    assert waiting(database) == []


def test_a_kind_nobody_knows_holds_up_nothing(
    database: Database, settings: Settings, clock: SteppedClock, case: Case
) -> None:
    """It fails at once, says why, and the others are done."""
    with database.write() as db:
        db.add(Outbox(kind="sing", dedupe="sing", due_at=clock()))
    work_off(database, settings, clock)
    assert [row.error for row in failed(database)] == ["No worker knows how to do 'sing'"]
    assert waiting(database) == []
    assert len(mails(settings)) == 3


def test_a_row_that_cannot_be_told_holds_up_no_other(
    database: Database, settings: Settings, clock: SteppedClock, case: Case
) -> None:
    """The batch is done one by one; the row at fault is tried for a day, then set apart."""
    with database.write() as db:
        db.add(Outbox(kind="tell", dedupe="0:nowhere", due_at=clock()))
    work_off(database, settings, clock)
    assert [row.error for row in waiting(database)] == ["KeyError"]
    assert len(mails(settings)) == 3
    clock.forward(hours=23)
    work_off(database, settings, clock)
    assert failed(database) == []
    clock.forward(hours=1)
    work_off(database, settings, clock)
    assert [row.error for row in failed(database)] == ["KeyError"]
    assert waiting(database) == []


def test_stopping_ends_after_the_row_in_hand(
    database: Database, settings: Settings, clock: SteppedClock, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was claimed and not begun is free at once for the next worker."""
    stop = Event()

    def last(*_: object) -> None:
        stop.set()

    monkeypatch.setitem(DEEDS, "sing", last)
    with database.write() as db:
        for number in range(3):
            db.add(Outbox(kind="sing", dedupe=f"sing {number}", due_at=clock()))
    work(database, settings, clock, stop)
    left = [row for row in waiting(database) if row.kind == "sing"]
    assert len(left) == 2
    assert {row.leased_until for row in left} == {None}


def test_two_workers_share_the_rows(settings: Settings, database: Database, clock: SteppedClock) -> None:
    """Each row is leased to one of them."""
    for _ in range(5):
        reported(database, clock)
    rows = len(waiting(database))
    with database.write() as db:
        first = outbox.claim(db, clock(), 4)
    with database.write() as db:
        second = outbox.claim(db, clock())
    assert len(first) == 4
    assert len(first) + len(second) == rows
    assert not {row.id for row in first} & {row.id for row in second}


def test_two_workers_tell_nobody_twice(settings: Settings, database: Database, clock: SteppedClock) -> None:
    """At the same time, on the same rows: each of them is told once of each, and mailed once."""
    for _ in range(6):
        reported(database, clock)

    def work_off_all() -> None:
        while work_once(database, settings, clock):
            pass

    workers = [Thread(target=work_off_all) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    with database.read() as db:
        told = db.execute(select(Notification.person_id, Notification.case_id)).all()
        told_of = [row.key for row in db.execute(select(Notification.key))]
        mails_to_go = db.execute(select(Outbox.person_id, Outbox.body).where(col(Outbox.kind) == "mail")).all()
    assert len(told) == len(set(told)) == 18
    assert sorted(key for _, body in mails_to_go for key in body["notifications"]) == sorted(told_of)
    assert {person for person, _ in mails_to_go} == {person for person, _ in told}


def test_a_worker_that_comes_too_late_says_nothing(database: Database, clock: SteppedClock, case: Case) -> None:
    """A lease that ran out belongs to whoever has it now."""
    with database.write() as db:
        late = outbox.claim(db, clock())[0]
    clock.forward(minutes=3)
    with database.write() as db:
        again = outbox.claim(db, clock())[0]
        assert again.id == late.id
    with database.write() as db:
        assert not outbox.done(db, late.id, late.tries, clock())
        assert outbox.done(db, again.id, again.tries, clock())


def test_a_thread_of_the_service(database: Database, settings: Settings, clock: SteppedClock, case: Case) -> None:
    """Inside `serve`: it starts, works and ends."""
    end = start(database, settings, clock)
    until = time.monotonic() + 20
    while waiting(database) and time.monotonic() < until:
        time.sleep(0.05)
    end()
    assert len(mails(settings)) == 3


def test_a_database_that_goes_away_is_waited_for(
    database: Database, settings: Settings, clock: SteppedClock, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop goes on, and does what it could not do."""
    monkeypatch.setattr("service.worker.run.IDLE_SECONDS", 0.01)
    with database.write() as db:
        db.execute(text("ALTER TABLE outbox RENAME TO elsewhere"))
    end = start(database, settings, clock)
    time.sleep(0.2)
    with database.write() as db:
        db.execute(text("ALTER TABLE elsewhere RENAME TO outbox"))
    until = time.monotonic() + 20
    while waiting(database) and time.monotonic() < until:
        time.sleep(0.05)
    end()
    assert len(mails(settings)) == 3


def test_a_process_of_its_own(settings: Settings, database: Database, clock: SteppedClock, case: Case) -> None:
    """`amends worker`: SIGTERM is a good end."""
    environment = os.environ | {
        "AMENDS_DATABASE_URL": settings.database_url,
        "AMENDS_MAIL_URL": settings.mail_url,
        "AMENDS_SECRET_KEY": SECRET,
    }
    code = "import sys; from service.cli import main; sys.exit(main(['worker']))"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
    try:
        until = time.monotonic() + 60
        while waiting(database) and time.monotonic() < until and process.poll() is None:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
    assert len(mails(settings)) == 3


# Links.


def test_a_link_is_ours_alone() -> None:
    """The same for the two every time; other people, cases and keys have other links."""
    link = go_link("https://amends.example/", SECRET, 7, 3)
    assert link == go_link("https://amends.example", SECRET, 7, 3)
    assert re.fullmatch(r"https://amends\.example/go/[A-Za-z0-9_-]{43}", link)
    opaque = link.rpartition("/")[2]
    assert read_go(SECRET, opaque) == (7, 3)
    assert read_go(SECRET[::-1], opaque) is None
    assert len({go_link("", SECRET, case, person) for case in range(9) for person in range(9)}) == 81


@pytest.mark.parametrize("wrong", ["", "x", "é" * 43, "=" * 43, "A" * 43, "A" * 44, "A" * 5000, "..%2f" + "A" * 38])
def test_a_link_that_is_not_ours_leads_nowhere(wrong: str) -> None:
    """And raises nothing."""
    assert read_go(SECRET, wrong) is None


def test_every_changed_link_is_refused() -> None:
    """One letter is enough."""
    opaque = go_link("", SECRET, 7, 3).rpartition("/")[2]
    for place in range(len(opaque) - 1):
        other = "A" if opaque[place] != "A" else "B"
        assert read_go(SECRET, opaque[:place] + other + opaque[place + 1 :]) is None
