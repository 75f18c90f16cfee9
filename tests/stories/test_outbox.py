"""What could not be delivered is shown to administrators, who have it tried again; and it shows no case."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlmodel import col

from migrations.schema import migrate, take_back
from service.records.cases import Case
from service.records.people import Person
from service.records.timeline import Outbox
from service.worker.post import Post
from service.worker.run import clear_done
from tests.conftest import START
from tests.mailbox import free_port
from tests.makers import do_what_is_due, report


@pytest.fixture
def given_up(database, token, clock):
    """Two mails about a case that were refused."""
    case = report(token("staff"))
    with database.write() as db:
        person = db.execute(select(col(Person.id)).where(col(Person.email) == "manager@demo.example")).scalar_one()
        here = db.execute(select(col(Case.id)).where(col(Case.reference) == case["reference"])).scalar_one()
        row = {"kind": "mail", "person_id": person, "case_id": here, "body": {}, "due_at": clock(), "tries": 3}
        lost = row | {"failed_at": clock(), "error": "The mail server does not take mail for this address (550)"}
        db.execute(insert(Outbox), [lost | {"dedupe": f"mail:{number}"} for number in (1, 2)])
    return case


def test_it_is_listed_with_whom_it_was_for_and_why(token, sign_in, given_up, clock):
    clock.forward(minutes=10)
    told = token("admin").get("/api/outbox")
    assert told.status_code == 200
    outbox = told.json()
    assert (outbox["failed"], outbox["done"], outbox["oldest_seconds"]) == (2, 0, 600)
    assert outbox["waiting"] == 2
    first = outbox["items"][0]
    assert (first["kind"], first["person"], first["tries"]) == ("mail", "manager@demo.example", 3)
    assert first["error"] == "The mail server does not take mail for this address (550)"
    page = sign_in("admin").get("/outbox").text
    assert "does not take mail for this address (550)" in page
    for words in (told.text, page):
        assert given_up["reference"] not in words
        assert given_up["title"] not in words


def test_one_or_all_are_tried_again(token, sign_in, given_up):
    admin, browser = token("admin"), sign_in("admin")
    first, second = (row["id"] for row in admin.get("/api/outbox").json()["items"])
    again = admin.post(f"/api/outbox/{first}/retry", json={})
    assert (again.status_code, again.json()["failed"], again.json()["waiting"]) == (200, 1, 3)
    assert admin.post(f"/api/outbox/{first}/retry", json={}).status_code == 409
    browser.get("/outbox")
    assert browser.fill_in(f"/outbox/{second}/retry").status_code == 303
    assert admin.get("/api/outbox").json()["failed"] == 0
    assert "Nothing was given up." in browser.get("/outbox").text


def test_all_at_once(token, sign_in, given_up):
    browser = sign_in("admin")
    browser.get("/outbox")
    assert browser.fill_in("/outbox/retry").status_code == 303
    assert "2 will be tried again." in browser.get("/outbox").text
    assert token("admin").get("/api/outbox").json()["failed"] == 0


@pytest.mark.parametrize("row", ["0", "999999", "x", "-1", "9" * 30, "%00", "١"])
def test_what_is_not_there_is_absent(token, row):
    assert token("admin").post(f"/api/outbox/{row}/retry", json={}).status_code == 404


def test_it_is_for_administrators(token, sign_in):
    for name in ("staff", "digital", "hr", "auditor"):
        assert token(name).get("/api/outbox").status_code == 403
        assert token(name).post("/api/outbox/1/retry", json={}).status_code == 403
        assert token(name).get("/metrics").status_code == 403
    assert sign_in("digital").get("/outbox").status_code == 403
    assert token("admin", scopes="read").post("/api/outbox/1/retry", json={}).status_code == 403


def test_the_same_numbers_for_prometheus(token, browser, given_up, clock):
    clock.forward(seconds=90)
    told = token("admin").get("/metrics")
    assert told.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = told.text.splitlines()
    assert 'amends_outbox_failed{kind="mail"} 2' in lines
    assert 'amends_outbox_waiting{kind="tell"} 2' in lines
    assert 'amends_outbox_oldest_seconds{kind="tell"} 90' in lines
    assert 'amends_outbox_done{kind="tell"} 0' in lines
    assert browser().get("/metrics").status_code == 401


def test_what_fails_again_and_again_grows_old(token, database, settings, clock):
    """Each try puts it off into the future; it has waited since the first all the same."""
    report(token("staff"))
    do_what_is_due(database, settings, clock)
    post = Post(database, replace(settings, mail_url=f"smtp://127.0.0.1:{free_port()}"), clock)
    for _ in range(40):
        post.work_once()
        clock.forward(minutes=1)
    admin = token("admin")
    assert admin.get("/api/outbox").json()["oldest_seconds"] == 2400
    assert 'amends_outbox_oldest_seconds{kind="mail"} 2400' in admin.get("/metrics").text.splitlines()


def counted(client, name: str = "done") -> dict[str, int]:
    """A number of the metrics, by kind."""
    found = re.findall(rf'^amends_outbox_{name}{{kind="([^"]+)"}} (\d+)$', client.get("/metrics").text, re.MULTILINE)
    return {kind: int(number) for kind, number in found}


def test_what_was_done_a_month_ago_is_cleared_and_still_counted(database, token, clock):
    """In batches; what was given up stays, and so does what waits and what was done since."""
    admin = token("admin")
    with database.write() as db:
        person = db.execute(select(Person.id)).scalars().first()
        row = {"kind": "mail", "person_id": person, "due_at": clock(), "body": {}, "tries": 1}
        for number in range(1200):
            db.add(Outbox(dedupe=f"old {number}", done_at=clock(), **row))
        db.add(Outbox(dedupe="dead", failed_at=clock(), error="no", **row))
        db.add(Outbox(dedupe="told", done_at=clock(), **row | {"kind": "tell"}))
        db.add(Outbox(dedupe="waits", **row | {"due_at": clock() + timedelta(days=90)}))
        db.add(Outbox(dedupe="young", done_at=clock() + timedelta(days=20), **row))
    before = counted(admin)
    assert before == {"mail": 1201, "tell": 1}
    assert clear_done(database, clock.forward(days=29)) == 0
    assert clear_done(database, clock.forward(days=2)) == 1201
    assert clear_done(database, clock()) == 0
    assert counted(admin) == before
    assert (counted(admin, "failed")["mail"], counted(admin, "waiting")["mail"]) == (1, 1)
    with database.read() as db:
        left = set(db.execute(select(Outbox.dedupe)).scalars())
    assert left == {"dead", "waits", "young"}
    # Months later the next are counted with them.
    assert clear_done(database, clock.forward(days=40)) == 1
    assert counted(admin) == before
    assert admin.get("/api/outbox").json()["done"] == 1202


def test_what_is_counted_for_good_is_counted_once(database, token, clock, settings):
    """By the hour: what was done since, and by a clock that goes after; and when the migration is taken back."""
    admin = token("admin")

    def do(name):
        with database.write() as db:
            db.add(Outbox(kind="mail", dedupe=name, done_at=clock() - timedelta(minutes=30), due_at=clock()))

    for number in range(5):
        do(f"done {number}")
        assert clear_done(database, clock.forward(minutes=45)) == 0
        do(f"late {number}")
        assert counted(admin) == {"mail": 2 * number + 2}
    assert clear_done(database, clock.forward(days=30, minutes=-90)) == 7
    assert counted(admin) == {"mail": 10}
    take_back(settings.database_url, "0016")
    with database.read() as db:
        old = db.execute(text("SELECT dedupe, tries FROM outbox WHERE dedupe LIKE 'cleared:%'")).all()
    migrate(settings.database_url)
    assert old == [("cleared:mail", 7)]
    assert counted(admin) == {"mail": 10}
    clear_done(database, clock.forward(days=31))
    assert counted(admin) == {"mail": 10}


@pytest.mark.parametrize("asked", ["cleared", "counted"])
def test_nobody_reads_thirty_days_for_it(database, settings, asked):
    with database.write() as db:
        clear_done(database, START)
        if settings.database_url.startswith("postgresql"):
            db.execute(text("SET LOCAL enable_seqscan = off"))
        found = {
            "cleared": "id FROM outbox WHERE done_at < :at ORDER BY done_at LIMIT 500",
            "counted": "kind, count(*) FROM outbox WHERE done_at IS NOT NULL AND done_at >= :at GROUP BY kind",
        }
        explain = "EXPLAIN QUERY PLAN" if settings.database_url.startswith("sqlite") else "EXPLAIN"
        plan = db.execute(text(f"{explain} SELECT {found[asked]}"), {"at": START}).all()
    assert "ix_outbox_done" in str(plan)


def test_two_who_clear_at_once_count_each_row_once(database, token, clock):
    with database.write() as db:
        for number in range(1500):
            db.add(Outbox(kind="tell", dedupe=f"old {number}", done_at=clock(), due_at=clock()))
    clock.forward(days=31)
    with ThreadPoolExecutor(4) as threads:
        cleared = list(threads.map(lambda _: clear_done(database, clock()), range(4)))
    assert sum(cleared) == 1500
    assert counted(token("admin")) == {"tell": 1500}


def test_home_says_that_something_could_not_be_sent(sign_in, given_up):
    page = sign_in("admin").get("/").text
    assert "2 messages could not be sent" in page
    assert 'href="/outbox"' in page.partition("<main")[2].partition("</main>")[0]
    assert "Nothing is waiting for you" not in page
    assert "could not be sent" not in sign_in("staff").get("/").text
