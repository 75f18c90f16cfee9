"""Mail by a real server: with TLS and sign-in, refusing, slow, dead; nobody is held up, and nothing is lost."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote

import pytest
from sqlalchemy import insert, select
from sqlmodel import col

from service.core.database import Database, open_database
from service.core.settings import Settings
from service.notifications.carriers import open_carrier
from service.notifications.letters import Letter
from service.notifications.refusing import Away, Later, Refused
from service.records.notifications import Notification
from service.records.people import Person
from service.records.timeline import Outbox
from service.timeline import outbox
from service.worker.post import LEASE, Post
from service.worker.run import start
from tests.conftest import SteppedClock
from tests.mailbox import PASSWORD, USER, Mailbox, certificate, free_port, mail_server, until

ROOT = Path(__file__).parents[2]
LETTER = Letter(
    "name",
    "staff@demo.example",
    "Something is waiting for you in Amends",
    "https://amends.example/go/x",
    "amends.example",
    datetime(2026, 11, 20, 9, tzinfo=UTC),
)
SIGNED = f"{USER}:{quote(PASSWORD, safe='')}@"


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The cast's database, without any service on it."""
    opened = open_database(settings.database_url)
    yield opened
    opened.close()


@pytest.fixture
def box() -> Mailbox:
    """What a mail server took."""
    return Mailbox()


def to_send(database: Database, clock: SteppedClock, names: str, kind: str = "mail") -> None:
    """A mail that waits for each of these people."""
    with database.write() as db:
        for name in names.split():
            person = db.execute(select(Person).where(col(Person.email) == f"{name}@demo.example")).scalar_one()
            made = db.execute(select(Outbox.id)).all()
            key = f"{len(made):032}"
            db.add(Notification(key=key, person_id=person.id, kind="message", at=clock(), dedupe=f"{name}{key}"))
            body = {"notification": key, "urgent": False}
            row = {"kind": kind, "person_id": person.id, "body": body, "due_at": clock(), "tries": 0}
            db.execute(insert(Outbox).values(dedupe=f"{kind}:{name}{key}", **row))


def rows(database: Database) -> dict[str, Outbox]:
    """The outbox, by whom a row is for."""
    with database.read() as db:
        joined = select(Person.email, Outbox).join(Outbox, col(Outbox.person_id) == col(Person.id))
        return {email.partition("@")[0]: row for email, row in db.execute(joined)}


def post_by(database: Database, settings: Settings, clock: SteppedClock, url: str) -> Post:
    """A worker's post by way of this address."""
    return Post(database, replace(settings, mail_url=url), clock)


def hand_over(url: str, letter: Letter = LETTER) -> None:
    """Send one letter."""
    carrier = open_carrier(url)
    try:
        carrier.mail(letter)
    finally:
        carrier.close()


# How it is handed over.


@pytest.mark.parametrize(("tls", "private"), [("", False), ("offered", True), ("required", True)])
def test_tls_is_used_where_it_is_offered(box, tmp_path, tls, private):
    ca = certificate(tmp_path)
    with mail_server(box, trust=tmp_path, tls=tls) as port:
        hand_over(f"smtp://127.0.0.1:{port}?ca={ca}")
    assert box.private == [private]
    [mail] = box.mails
    assert mail["Message-ID"] == "<name@amends.example>"
    assert mail["From"] == "Amends <amends@amends.example>"
    assert LETTER.link in mail.get_content()


def test_signing_in_over_tls(box, tmp_path):
    ca = certificate(tmp_path)
    with mail_server(box, trust=tmp_path, tls="required", auth=True) as port:
        hand_over(f"smtp://{SIGNED}127.0.0.1:{port}?ca={ca}&tls=required&from=desk@amends.example")
        with pytest.raises(Away, match="does not accept our sign-in"):
            hand_over(f"smtp://{USER}:wrong@127.0.0.1:{port}?ca={ca}")
    assert (box.signed_in, box.private) == ([USER], [True])
    assert box.mails[0]["From"] == "Amends <desk@amends.example>"


def test_tls_from_the_start(box, tmp_path):
    ca = certificate(tmp_path)
    with mail_server(box, trust=tmp_path, tls="wrapped", auth=True) as port:
        hand_over(f"smtps://{SIGNED}127.0.0.1:{port}?ca={ca}")
    assert (box.signed_in, len(box.mails)) == ([USER], 1)


def test_a_password_never_leaves_in_clear(box, tmp_path):
    with mail_server(box) as port:
        with pytest.raises(Away, match="our password was not sent"):
            hand_over(f"smtp://{SIGNED}127.0.0.1:{port}")
        with pytest.raises(Away):
            hand_over(f"smtp://127.0.0.1:{port}?tls=required")
    assert (box.signed_in, box.mails) == ([], [])


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(box, tmp_path):
    certificate(tmp_path)
    with (
        mail_server(box, trust=tmp_path, tls="offered") as port,
        pytest.raises(Away, match="could not be spoken to in private"),
    ):
        hand_over(f"smtp://127.0.0.1:{port}")
    assert box.mails == []


@pytest.mark.parametrize(
    ("answer", "no"),
    [
        ("550 no such person", Refused),
        ("450 busy", Later),
        ("451 greylisted", Later),
        ("553 not here", Refused),
    ],
)
def test_what_a_server_says_of_a_recipient(box, answer, no):
    box.refuse["staff"] = answer
    with mail_server(box) as port, pytest.raises(no, match=rf"\({answer[:3]}\)") as told:
        hand_over(f"smtp://127.0.0.1:{port}")
    assert "staff" not in str(told.value)


@pytest.mark.parametrize("answer", ["530 sign in", "550 not from there", "553 not yours", "554 no", "451 not now"])
def test_what_a_server_says_of_us_is_said_of_no_message(box, answer):
    box.sender = answer
    with mail_server(box) as port, pytest.raises(Away, match=rf"does not take mail from us \({answer[:3]}\)"):
        hand_over(f"smtp://127.0.0.1:{port}")


@pytest.mark.parametrize("answer", ["530 sign in first", "535 not you", "538 not without TLS"])
def test_a_server_that_wants_a_sign_in_only_of_the_recipient_counts_as_away(box, answer):
    box.refuse["staff"] = answer
    with mail_server(box) as port, pytest.raises(Away, match="does not accept our sign-in"):
        hand_over(f"smtp://127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["", "staff", "a b@c", "a@b\nBcc: x@y", "a@b,c@d", "<a@b>", "@", "a@"])
def test_an_address_that_is_none_is_refused_before_anybody_is_asked(address):
    with pytest.raises(Refused):
        hand_over("smtp://127.0.0.1:1", replace(LETTER, to=address))


# What the worker makes of it.


def test_one_who_is_refused_holds_up_nobody(database, settings, clock, box):
    to_send(database, clock, "staff manager digital hr")
    box.refuse |= {"manager": "550 no such person", "hr": "450 busy"}
    with mail_server(box) as port:
        assert post_by(database, settings, clock, f"smtp://127.0.0.1:{port}").work_once()
        assert box.recipients == ["digital", "staff"]
        there = rows(database)
        assert there["manager"].failed_at == clock()
        assert there["manager"].error == "The mail server does not take mail for this address (550)"
        assert (there["hr"].failed_at, there["hr"].due_at - clock()) == (None, timedelta(seconds=10))
        box.refuse.clear()
        clock.forward(seconds=10)
        post_by(database, settings, clock, f"smtp://127.0.0.1:{port}").work_once()
    assert box.recipients == ["digital", "hr", "staff"]
    assert rows(database)["manager"].done_at is None


def test_a_server_that_refuses_us_sets_nothing_apart(database, settings, clock, box):
    """All of it waits, and leaves once the server takes mail from us again."""
    to_send(database, clock, "staff manager digital")
    box.sender = "550 not from there"
    with mail_server(box) as port:
        post = post_by(database, settings, clock, f"smtp://127.0.0.1:{port}")
        assert post.work_once()
        there = rows(database).values()
        assert {row.failed_at for row in there} == {None}
        assert {row.error for row in there} == {"The mail server does not take mail from us (550)"}
        box.sender = ""
        clock.forward(seconds=10)
        assert post.work_once()
    assert box.recipients == ["digital", "manager", "staff"]


def test_a_person_with_no_address_is_set_apart_at_once(database, settings, clock, box):
    to_send(database, clock, "staff manager")
    with database.write() as db:
        db.execute(select(Person).where(col(Person.email) == "staff@demo.example")).scalar_one().email = "nowhere"
    with mail_server(box) as port:
        post_by(database, settings, clock, f"smtp://127.0.0.1:{port}").work_once()
    assert box.recipients == ["manager"]
    assert rows(database)["nowhere"].error == "This person has no address that mail can be sent to"
    assert rows(database)["nowhere"].failed_at == clock()


def test_a_server_that_is_away_for_an_hour(database, settings, clock, box):
    """All is put off at once, it is asked ever more rarely, and everything arrives once it is back."""
    port = free_port()
    post = post_by(database, settings, clock, f"smtp://127.0.0.1:{port}")
    began, asked = clock(), 0
    while clock() - began < timedelta(hours=1):
        if clock() - began < timedelta(minutes=30):
            to_send(database, clock, "staff")
        asked += post.work_once()
        clock.forward(seconds=10)
    assert asked < 15
    assert {row.error for row in rows(database).values()} <= {
        None,
        "The mail server does not answer (ConnectionRefusedError)",
    }
    clock.forward(minutes=10)
    with mail_server(box, port=port):
        while post.work_once():
            pass
    assert len(box.mails) == 180
    assert len({mail["Message-ID"] for mail in box.mails}) == 180


def test_after_a_day_of_trying_it_is_set_apart(database, settings, clock):
    to_send(database, clock, "staff")
    post = post_by(database, settings, clock, f"smtp://127.0.0.1:{free_port()}")
    began = clock()
    while rows(database)["staff"].failed_at is None:
        assert clock() - began < timedelta(hours=25)
        post.work_once()
        clock.forward(minutes=10)
    assert clock() - began >= timedelta(hours=24)
    assert rows(database)["staff"].error == "The mail server does not answer (ConnectionRefusedError)"


def test_a_server_that_never_answers_does_not_time_out_row_by_row(database, settings, clock):
    to_send(database, clock, "staff manager digital hr")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        post = post_by(database, settings, clock, f"smtp://127.0.0.1:{silent.getsockname()[1]}?timeout=1")
        assert post.work_once()
        assert time.monotonic() - began < 3
    assert {row.due_at - clock() for row in rows(database).values()} == {timedelta(seconds=10)}


@contextmanager
def trickling() -> Iterator[tuple[int, Event]]:
    """A server that says one letter at a time of its answer to MAIL FROM; gives its port, and when it was left."""
    left = Event()

    def talk() -> None:
        line, _ = listening.accept()
        with line, suppress(OSError):
            line.sendall(b"220 here\r\n")
            line.recv(1024)
            line.sendall(b"250 good morning\r\n")
            line.recv(1024)
            for _ in range(40):
                line.sendall(b"2")
                time.sleep(0.2)
            return
        left.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=talk, daemon=True)
        thread.start()
        yield listening.getsockname()[1], left
        thread.join(20)


def test_a_server_that_trickles_outlasts_no_lease(database, settings, clock, monkeypatch):
    """Each letter comes in time; the whole message has a limit of its own, and the connection is broken off."""
    monkeypatch.setattr("service.worker.post.LONGEST_SECONDS", 1.0)
    to_send(database, clock, "staff manager")
    with trickling() as (port, left):
        began = time.monotonic()
        assert post_by(database, settings, clock, f"smtp://127.0.0.1:{port}?timeout=5").work_once()
        assert time.monotonic() - began < 4
        assert left.wait(4)
    assert {row.error for row in rows(database).values()} == {"A message was not taken within 1 seconds"}
    assert {row.due_at - clock() for row in rows(database).values()} == {timedelta(seconds=10)}


def test_a_slow_server_holds_up_no_telling(database, settings, clock, box):
    """What is told in the app goes on while a mail is on its way."""

    def slowly(_: object) -> str:
        time.sleep(2)
        return "250 taken"

    box.data = slowly
    to_send(database, clock, "staff manager")
    with mail_server(box) as port:
        end = start(database, replace(settings, mail_url=f"smtp://127.0.0.1:{port}"), clock)
        try:
            time.sleep(0.5)
            began = time.monotonic()
            with database.write() as db:
                person = db.execute(select(Person).where(col(Person.email) == "hr@demo.example")).scalar_one()
                body = {"entry": "message", "urgent": False}
                db.add(Outbox(kind="tell", person_id=person.id, body=body, dedupe="7:7", due_at=clock()))

            def told() -> bool:
                with database.read() as db:
                    return db.execute(select(Notification.id).where(col(Notification.person_id) == person.id)).first()

            until(told)
            assert time.monotonic() - began < 1.9
            until(lambda: len(box.mails) == 3)
        finally:
            end()


def test_a_server_that_breaks_off_on_one_message(database, settings, clock, box):
    """It is tried later, and the others go."""

    def breaks(envelope: object) -> str:
        return "421 closing" if b"staff@" in envelope.content else "250 taken"

    box.data = breaks
    to_send(database, clock, "staff manager digital")
    with mail_server(box) as port:
        post_by(database, settings, clock, f"smtp://127.0.0.1:{port}").work_once()
    assert box.recipients == ["digital", "manager"]
    assert rows(database)["staff"].error == "The mail server broke off (SMTPServerDisconnected)"


def test_what_is_urgent_goes_before_what_has_waited_longer(database, settings, clock, box):
    to_send(database, clock, " ".join(["staff manager digital"] * 20))
    clock.forward(minutes=50)
    to_send(database, clock, "hr", kind="urgent_mail")
    with mail_server(box) as port:
        post = post_by(database, settings, clock, f"smtp://127.0.0.1:{port}")
        post.work_once()
        assert box.recipients == ["hr"]
        while post.work_once():
            pass
    assert len(box.mails) == 61


def test_two_workers_send_nothing_twice(database, settings, clock, box):
    to_send(database, clock, " ".join(["staff manager digital hr media data"] * 10))
    with mail_server(box) as port:
        posts = [post_by(database, settings, clock, f"smtp://127.0.0.1:{port}") for _ in range(2)]

        def work(post: Post) -> None:
            while post.work_once():
                pass

        threads = [Thread(target=work, args=(post,)) for post in posts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert len(box.mails) == len({mail["Message-ID"] for mail in box.mails}) == 60


def test_what_a_killed_worker_had_in_hand_waits_half_a_minute(database, settings, clock, box):
    to_send(database, clock, "staff manager", kind="urgent_mail")
    with database.write() as db:
        outbox.claim(db, clock(), only=("urgent_mail",), lease=LEASE)
    with mail_server(box) as port:
        clock.forward(seconds=29)
        assert not post_by(database, settings, clock, f"smtp://127.0.0.1:{port}").work_once()
        clock.forward(seconds=2)
        assert post_by(database, settings, clock, f"smtp://127.0.0.1:{port}").work_once()
    assert box.recipients == ["manager", "staff"]


def test_what_a_slow_server_is_being_told_nobody_else_tells_it(database, settings, clock, box, monkeypatch):
    """The lease is taken anew meanwhile, also of those behind it."""
    monkeypatch.setattr("service.worker.post.LOOKS_UP_SECONDS", 0.05)
    began, go_on = Event(), Event()

    def slowly(_: object) -> str:
        began.set()
        assert go_on.wait(20)
        return "250 taken"

    box.data = slowly
    to_send(database, clock, "staff manager", kind="urgent_mail")
    with mail_server(box) as port:
        slow = Thread(target=post_by(database, settings, clock, f"smtp://127.0.0.1:{port}").work_once)
        slow.start()
        assert began.wait(20)
        other = post_by(database, settings, clock, f"smtp://127.0.0.1:{port}")
        for _ in range(8):
            clock.forward(seconds=11)
            until(lambda: {row.leased_until for row in rows(database).values()} == {clock() + LEASE})
            assert not other.work_once()
        go_on.set()
        slow.join(20)
    assert box.recipients == ["manager", "staff"]
    assert {row.tries for row in rows(database).values()} == {1}


def test_who_stood_still_for_longer_than_the_lease_sends_no_more_of_it(database, settings, clock, box):
    """What they were telling the server then may reach somebody twice; what was behind it does not."""
    to_send(database, clock, "staff manager digital", kind="urgent_mail")
    with mail_server(box) as port:
        other = post_by(database, settings, clock, f"smtp://127.0.0.1:{port}")

        def stands_still(_: object) -> str:
            box.data = lambda _: "250 taken"
            clock.forward(minutes=1)
            with database.write() as db:
                taken = outbox.claim(db, clock(), only=("urgent_mail",), lease=LEASE)
            assert len(taken) == 3
            return "250 taken"

        box.data = stands_still
        assert post_by(database, settings, clock, f"smtp://127.0.0.1:{port}").work_once()
        assert len(box.mails) == 1
        clock.forward(minutes=1)
        assert other.work_once()
    assert len(box.mails) == 4


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost_and_one_is_doubled_at_most(database, settings, clock, box):
    """A worker process is killed again and again while it sends; every mail arrives, at most one twice a kill."""
    clock.at(datetime.now(UTC).isoformat())
    people = "staff manager digital hr media data head colleague outsider"
    to_send(database, clock, " ".join([people] * 40))
    wanted, kills = 360, 0
    with mail_server(box) as port:
        environment = os.environ | {
            "AMENDS_DATABASE_URL": settings.database_url,
            "AMENDS_SECRET_KEY": settings.secret_key,
            "AMENDS_MAIL_URL": f"smtp://127.0.0.1:{port}",
        }
        code = "import sys; from service.cli import main; sys.exit(main(['worker']))"
        for _ in range(4):
            before = len(box.mails)
            process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
            try:
                until(lambda before=before: len(box.mails) >= before + 15, 60)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
            assert len(box.mails) < wanted, "it was killed before it had sent everything"
            # What it held is free for the next one when its lease runs out.
            with database.write() as db:
                for row in db.execute(select(Outbox).where(col(Outbox.done_at).is_(None))).scalars():
                    row.leased_until = None
        clock.at(datetime.now(UTC).isoformat())
        post = post_by(database, settings, clock, f"smtp://127.0.0.1:{port}")
        while post.work_once():
            pass
    names = [mail["Message-ID"] for mail in box.mails]
    assert len(set(names)) == wanted
    assert len(names) - wanted <= kills
