"""One transaction a request: kept whole or not at all; and a key that is used once makes one record."""

import contextlib
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from litestar import Litestar, Router, get, post
from litestar.response import Response
from sqlalchemy import func, insert, select, text
from sqlmodel import col

from service.app import empty_app
from service.core.database import open_database
from service.core.errors import Invalid, Refusal
from service.people.identity import Me
from service.records.enums import Employer
from service.records.people import DeskMember, Person, Unit
from service.web.forms import Sent
from service.web.given import Db
from service.web.given import Me as Somebody
from service.web.once import Replay, once_begin, once_end
from service.web.pages import page
from service.web.sessions import PUBLIC


def units(database) -> int:
    with database.read() as db:
        return db.execute(select(func.count()).select_from(Unit)).scalar_one()


def test_a_snapshot_sees_one_moment(database):
    """A paper is gathered by many statements, and somebody writes meanwhile."""
    with database.snapshot() as db:
        before = db.execute(select(func.count()).select_from(Unit)).scalar_one()
        with database.write() as other:
            other.execute(insert(Unit).values(name="Meanwhile"))
        assert units(database) == before + 1
        assert db.execute(select(func.count()).select_from(Unit)).scalar_one() == before


@post("/api/try/good", opt=PUBLIC, sync_to_thread=True)
def good(db: Db) -> dict[str, str]:
    db.execute(insert(Unit).values(name=f"Kept {uuid.uuid4()}"))
    return {}


@post("/api/try/refused", opt=PUBLIC, sync_to_thread=True)
def refused(db: Db) -> dict[str, str]:
    db.execute(insert(Unit).values(name="Not kept"))
    raise Refusal("Not now")


@post("/try/shown-again", sync_to_thread=True)
def shown_again(db: Db, me: Somebody) -> Response:
    db.execute(insert(Unit).values(name="Not kept"))
    return page("error.html", me, status=422, title="Look again", detail="")


@post("/api/try/uncommitted", opt=PUBLIC, sync_to_thread=True)
def uncommitted(db: Db) -> dict[str, str]:
    db.execute(text("PRAGMA defer_foreign_keys=ON"))
    db.execute(insert(DeskMember).values(person_id=999_999, desk="hr", lead=False))
    return {"said": "yes"}


@get("/api/try/written", opt=PUBLIC, sync_to_thread=True)
def written(db: Db) -> dict[str, str]:
    db.execute(insert(Unit).values(name="Not kept"))
    return {}


@pytest.fixture(scope="module")
def routed() -> Litestar:
    """An application of this module's own, with routes to try things at."""
    app = empty_app()
    app.register(Router("/", route_handlers=[good, refused, shown_again, uncommitted, written]))
    return app


def test_an_answer_is_given_once_everything_is_kept(browser, database):
    before = units(database)
    assert browser().post("/api/try/good").status_code == 201
    assert units(database) == before + 1


def test_many_at_once_are_all_kept(browser, database):
    before = units(database)
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: browser().post("/api/try/good").status_code, range(200)))
    assert set(answers) == {201}
    assert units(database) == before + 200


def test_a_no_keeps_nothing(sign_in, browser, database):
    before = units(database)
    assert browser().post("/api/try/refused").json()["detail"] == "Not now"
    assert sign_in("staff").fill_in("/try/shown-again").status_code == 422
    assert units(database) == before


def test_a_commit_that_fails_is_never_a_yes(browser, database, settings):
    if "postgresql" in settings.database_url:
        pytest.skip("SQLite looks at foreign keys at the commit; that is how this commit is made to fail")
    answer = browser().post("/api/try/uncommitted")
    assert answer.status_code == 409
    assert "said" not in answer.text


def test_looking_stores_nothing(browser, database):
    before = units(database)
    browser().get("/api/try/written")
    assert units(database) == before


def test_a_database_that_is_gone_is_told_as_such(browser, database, settings, tmp_path):
    if "sqlite" in settings.database_url:
        database.close()
        (tmp_path / "amends.db").unlink()
        (tmp_path / "amends.db").mkdir()
    else:
        pytest.skip("the same code path; stopping a server that other tests share would be rude")
    answer = browser().post("/api/try/good")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert answer.headers["retry-after"]
    assert browser().get("/health").status_code == 200
    assert browser().get("/ready").status_code == 503


def sent(clock, body=b"{}", key="k1") -> Sent:
    return Sent(
        "POST", "/api/cases", clock(), body=body, content_type="application/json", headers={"idempotency-key": key}
    )


@pytest.fixture
def somebody(cast_url) -> Me:
    database = open_database(cast_url)
    with database.read() as db:
        person = db.execute(select(Person).where(col(Person.email) == "staff@demo.example")).scalar_one()
    database.close()
    return Me(person.id, person.email, person.name, person.zone, Employer.FCO)


def test_a_key_used_twice_makes_one_record(cast_url, somebody, clock):
    database = open_database(cast_url)

    def ask(number: int) -> Replay | None:
        with database.write() as db:
            if again := once_begin(db, somebody, sent(clock)):
                return again
            db.execute(insert(Unit).values(name=f"Made by {number}"))
            time.sleep(0.05)
            once_end(db, somebody, sent(clock), 201, "SM-2026-000007")
        return None

    before = units(database)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert answers.count(None) == 1
    assert answers.count(Replay(201, "SM-2026-000007")) == 7
    assert units(database) == before + 1
    with database.write() as db, pytest.raises(Invalid, match="another request"):
        once_begin(db, somebody, sent(clock, b'{"kind": "advice"}'))
    database.close()


def test_a_request_that_failed_may_be_sent_again_with_its_key(cast_url, somebody, clock):
    database = open_database(cast_url)
    with contextlib.suppress(Refusal), database.write() as db:
        assert once_begin(db, somebody, sent(clock)) is None
        raise Refusal
    with database.write() as db:
        assert once_begin(db, somebody, sent(clock)) is None
    database.close()
