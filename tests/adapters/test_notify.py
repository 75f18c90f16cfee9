"""GOV.UK Notify by its own client, against a stand-in on loopback that checks what a real one would."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest

from service.core.database import Database, open_database
from service.core.settings import Settings
from service.notifications.carriers import open_carrier, sends_texts
from service.notifications.refusing import Away, Refused
from service.worker.post import Post
from service.worker.run import work_once
from tests.adapters.test_mail import LETTER
from tests.adapters.test_worker import reported, somebody
from tests.conftest import SteppedClock
from tests.mailbox import free_port

SERVICE, SECRET = "8b3aa916-ec82-434e-b0c5-d5d9b371d6a3", "5c25a7b8-6b1e-4d3c-9a44-0d7b6d2f1c11"
KEY = f"amends-{SERVICE}-{SECRET}"


class StandIn(ThreadingHTTPServer):
    """Takes messages as Notify does: the caller's token is checked, and what it asks for is kept."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: tuple[int, dict[str, Any]] = (201, {"id": "1"})
        self.texts: tuple[int, dict[str, Any]] | None = None

    @property
    def url(self) -> str:
        """`AMENDS_MAIL_URL` for it."""
        return f"notify://{KEY}@127.0.0.1:{self.server_port}?tls=never&email=mail-template&text=text-template"

    def sent(self, kind: str) -> dict[str, dict[str, Any]]:
        """What was asked of one kind, by whom it is for."""
        to = "phone_number" if kind == "sms" else "email_address"
        return {body[to].partition("@")[0]: body for path, body in self.asked if path == f"/v2/notifications/{kind}"}


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        """A message."""
        told = jwt.decode(self.headers["Authorization"].removeprefix("Bearer "), SECRET, algorithms=["HS256"])
        assert told["iss"] == SERVICE
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = self.path.endswith("/sms")
        status, answer = (self.server.texts if text else None) or self.server.answer
        if status == 201:
            self.server.asked.append((self.path, body))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def running() -> Iterator[StandIn]:
    """The stand-in, in a thread."""
    server = StandIn()
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def notify() -> Iterator[StandIn]:
    """A stand-in for GOV.UK Notify."""
    with running() as server:
        yield server


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The cast's database, without any service on it."""
    opened = open_database(settings.database_url)
    yield opened
    opened.close()


def test_a_mail_and_a_text_say_the_same_little(notify):
    assert sends_texts(notify.url)
    with closing(open_carrier(notify.url)) as carrier:
        carrier.mail(LETTER)
        carrier.text(replace(LETTER, to="+447700900123"))
    said = {"subject": LETTER.subject, "link": LETTER.link}
    mail = {"email_address": "staff@demo.example", "template_id": "mail-template"}
    text = {"phone_number": "+447700900123", "template_id": "text-template"}
    assert notify.asked == [
        ("/v2/notifications/email", mail | {"personalisation": said, "reference": "name"}),
        ("/v2/notifications/sms", text | {"personalisation": said, "reference": "name"}),
    ]


@pytest.mark.parametrize(
    ("status", "no"), [(400, Refused), (403, Away), (404, Away), (429, Away), (500, Away), (503, Away)]
)
def test_its_answers(notify, status, no):
    notify.answer = (status, {"status_code": status, "errors": [{"error": "X", "message": "staff@demo.example"}]})
    with closing(open_carrier(notify.url)) as carrier, pytest.raises(no) as told:
        carrier.mail(LETTER)
    assert "staff" not in str(told.value)
    assert str(status) in str(told.value)


def test_nobody_there():
    url = f"notify://{KEY}@127.0.0.1:{free_port()}?tls=never&email=x&timeout=1"
    assert not sends_texts(url)
    with closing(open_carrier(url)) as carrier:
        with pytest.raises(Away):
            carrier.mail(LETTER)
        with pytest.raises(Refused, match="Text messages need"):
            carrier.text(LETTER)


def test_texts_go_to_those_on_duty_for_what_is_urgent(notify, database, settings, clock):
    """To whoever is named, and of a desk only to those on duty; to nobody without a number."""
    from service.records.notifications import Preference
    from service.records.people import Shift

    settings = replace(settings, mail_url=notify.url)
    with database.write() as db:
        for number, name in enumerate(("manager", "digital", "digital2")):
            db.add(Preference(person_id=somebody(db, name).id, phone=f"+44770090012{number}"))
        everyday = {"days": list(range(7)), "starts": "08:00", "ends": "18:00", "zone": "Europe/London"}
        db.add(Shift(desk="digital_unit", person_id=somebody(db, "digital2").id, **everyday))
    tell(database, settings, clock, "low")
    assert (notify.sent("email").keys(), notify.sent("sms")) == ({"manager", "digital", "digital2"}, {})
    notify.asked.clear()
    tell(database, settings, clock, "critical")
    assert notify.sent("email").keys() == {"manager", "digital", "digital2"}
    assert notify.sent("sms").keys() == {"+447700900120", "+447700900122"}
    asked = [body["personalisation"]["subject"] for _, body in notify.asked]
    assert set(asked) == {"Urgent: something is waiting for you in Amends"}


def test_texts_that_are_not_taken_hold_up_no_mail(notify, database, settings, clock):
    """A day's texts are used up: mail leaves, and the texts follow when there are some again."""
    from service.records.notifications import Preference

    settings = replace(settings, mail_url=notify.url)
    with database.write() as db:
        db.add(Preference(person_id=somebody(db, "manager").id, phone="+447700900120"))
    notify.texts = (429, {"status_code": 429, "errors": [{"error": "TooManyRequestsError", "message": "daily limit"}]})
    post = tell(database, settings, clock, "critical")
    assert (notify.sent("email").keys(), notify.sent("sms")) == ({"manager", "digital", "digital2"}, {})
    notify.texts = None
    assert not post.work_once()
    clock.forward(seconds=10)
    assert post.work_once()
    assert notify.sent("sms").keys() == {"+447700900120"}


def test_where_the_lead_on_duty_must_not_know_the_next_one_is_texted(notify, database, settings, clock):
    """Digital is on duty by itself and reports the mistake: somebody else at the desk is woken."""
    from service.records.notifications import Preference
    from service.records.people import Shift

    settings = replace(settings, mail_url=notify.url)
    with database.write() as db:
        for number, name in enumerate(("digital", "digital2")):
            db.add(Preference(person_id=somebody(db, name).id, phone=f"+44770090012{number}"))
        everyday = {"days": list(range(7)), "starts": "08:00", "ends": "18:00", "zone": "Europe/London"}
        db.add(Shift(desk="digital_unit", person_id=somebody(db, "digital").id, **everyday))
    reported(database, clock, "digital")
    tell(database, settings, clock, "critical")
    texted = [body["phone_number"] for path, body in notify.asked if path == "/v2/notifications/sms"]
    # One case is the desk's own member's, the other is somebody else's: each wakes whoever may know of it.
    assert sorted(texted) == ["+447700900120", "+447700900121"]


def tell(database: Database, settings: Settings, clock: SteppedClock, severity: str) -> Post:
    """A report of this severity, and everything that follows from it; gives the post that sent it."""
    from sqlalchemy import select
    from sqlmodel import col

    from service.records.timeline import Outbox

    reported(database, clock)
    with database.write() as db:
        for row in db.execute(
            select(Outbox).where(col(Outbox.kind) == "tell", col(Outbox.done_at).is_(None))
        ).scalars():
            row.body = row.body | {"urgent": severity == "critical"}
    work_once(database, settings, clock)
    post = Post(database, settings, clock)
    while post.work_once():
        pass
    return post
