"""Server-sent events from a server of its own: who hears what, how soon, and how it all ends."""

import asyncio
import json
import shutil
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from queue import Empty, Queue

import httpx
import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from service.app import open_house
from service.core.clock import now
from service.core.database import open_database
from service.demo.cast import AT, PASSWORD
from service.people.directory import find
from service.people.identity import by_token, hashed, make_token
from service.records.enums import Scope
from service.records.people import ApiToken, BrowserSession, DeskMember
from service.web.live import Live
from tests.conftest import Browser
from tests.makers import NO_DANGER, OFFICIAL
from tests.served import served, tokens

pytestmark = pytest.mark.slow
SOON = 1.0
QUIET = 1.5
BEGIN = ("cases", {"cases": [], "all": True})
"""The first word of every stream: look at everything, and from now on hear of each change."""
REPORT = {"kind": "mistake", "account": OFFICIAL, "codes": ["other"], "facts_wrong": "no", **NO_DANGER}


class Stream:
    """One open stream, read in a thread of its own."""

    def __init__(self, url: str, **options) -> None:
        self.events: Queue = Queue()
        self.begun = threading.Event()
        self.status = 0
        self.thread = threading.Thread(target=self._read, args=(url, options), daemon=True)
        self.thread.start()
        assert self.begun.wait(20)

    def _read(self, url, options) -> None:
        name = ""
        try:
            with httpx.stream("GET", f"{url}/api/events", timeout=60, **options) as answer:
                self.status = answer.status_code
                for line in answer.iter_lines():
                    self.begun.set()
                    if line.startswith("event: "):
                        name = line[7:]
                    elif line.startswith("data: "):
                        self.events.put((name, json.loads(line[6:])))
        except httpx.HTTPError:
            pass
        finally:
            self.begun.set()
            self.events.put(("closed", None))

    def next(self, within: float = SOON):
        """The next event, if it comes in time."""
        try:
            return self.events.get(timeout=within)
        except Empty:
            return None

    def hears(self, reference: str, within: float = SOON) -> bool:
        """Whether a case is named in time."""
        until = time.monotonic() + within
        while (left := until - time.monotonic()) > 0:
            event = self.next(left)
            if event and event[0] == "cases" and reference in {each["reference"] for each in event[1]["cases"]}:
                return True
        return False


class Target:
    def __init__(self, service, url: str) -> None:
        self.service, self.database_url, self.url = service, url, service.url
        self.keys = tokens(url, "staff colleague manager digital digital2 hr hr2 outsider auditor admin")

    def post(self, who: str, path: str, **body) -> dict:
        done = httpx.post(f"{self.url}/api{path}", json=body, headers=self.keys[who], timeout=30)
        assert done.status_code in (200, 201), done.text
        return done.json()

    def report(self, who: str = "staff") -> str:
        return self.post(who, "/cases", **REPORT)["reference"]

    def listen(self, who: str) -> Stream:
        stream = Stream(self.url, headers=self.keys[who])
        assert stream.status == 200
        assert stream.next(5) == BEGIN
        return stream

    def underneath(self, *statements) -> None:
        database = open_database(self.database_url, pool=1)
        with database.write() as db:
            for statement in statements:
                db.execute(statement(db))
        database.close()


@contextmanager
def running(request, tmp_path, engine: str, workers: int = 1):
    if engine == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_files")["cast"], tmp_path / "amends.db")
        url, drop = f"sqlite:///{tmp_path}/amends.db", lambda: None
    else:
        postgres = request.getfixturevalue("postgres")
        name = postgres.copy("cast")
        url, drop = postgres.url(name), lambda: postgres.drop(name)
    with served(url, tmp_path, workers) as service:
        yield Target(service, url)
    drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request, tmp_path):
    with running(request, tmp_path, request.param) as target:
        yield target


def test_a_change_is_heard_by_those_who_see_the_case(target):
    streams = {who: target.listen(who) for who in ("staff", "manager", "digital", "auditor", "hr", "outsider", "admin")}
    case = target.report()
    heard = {who for who, stream in streams.items() if stream.hears(case, QUIET)}
    assert heard == {"staff", "manager", "digital", "auditor"}
    assert all(streams[who].next(0.1) is None for who in ("hr", "outsider", "admin"))
    target.post("digital", f"/cases/{case}/send", desk="hr", reason="Look at this.")
    assert streams["hr"].hears(case)
    assert streams["digital"].hears(case)
    target.post("digital", f"/cases/{case}/conflict", person="digital@demo.example", reason="A cousin.")
    assert not streams["digital"].hears(case, QUIET)
    target.post("staff", f"/cases/{case}/steps/delete/take")
    assert streams["hr"].hears(case)
    assert not streams["digital"].hears(case, QUIET)


def test_nobody_hears_of_what_they_may_not_read(target):
    """They see the case, and not that something happened which is for others."""
    case = target.report()
    target.post("digital", f"/cases/{case}/send", desk="hr", reason="Look at this.")
    names = ("staff", "manager", "digital", "auditor", "hr")
    streams = {who: target.listen(who) for who in names}

    def hear() -> set[str]:
        return {who for who, stream in streams.items() if stream.hears(case, QUIET)}

    for audience, heard in (
        ("digital_unit", {"digital"}),
        ("line_manager", {"manager", "digital", "hr"}),
        ("reporter", set(names) - {"auditor"}),
    ):
        target.post("digital", f"/cases/{case}/notes", text="A word", audience=audience)
        assert hear() == heard | {"auditor"}, audience
    target.post("staff", f"/cases/{case}/messages", text="A word")
    assert hear() == {"staff", "digital", "auditor"}
    target.post("digital", f"/cases/{case}/acknowledge")
    assert hear() == set(names)


def test_who_raised_a_concern_hears_of_their_part(target):
    concern = {"kind": "concern", "post": {"url": "https://x.com/fco/status/1"}, "narrative": "Look.", **NO_DANGER}
    case = target.post("colleague", "/cases", **concern)["reference"]
    streams = {who: target.listen(who) for who in ("colleague", "digital")}
    target.post("digital", f"/cases/{case}/notes", text="A word", audience="digital_unit")
    assert {who for who, stream in streams.items() if stream.hears(case, QUIET)} == {"digital"}
    target.post("digital", f"/cases/{case}/messages", text="A word")
    assert {who for who, stream in streams.items() if stream.hears(case, QUIET)} == {"colleague", "digital"}


def test_who_looks_is_told_to_the_same_desk_and_not_to_the_one_who_looks(target):
    case = target.report()
    target.post("digital", f"/cases/{case}/send", desk="hr", reason="Look at this.")
    streams = {who: target.listen(who) for who in ("hr", "hr2", "digital", "staff")}
    page = signed_in(target, "hr")
    page.get(f"/cases/{case}")
    assert page.fill_in(f"/cases/{case}/looking").status_code == 200
    assert {who for who, stream in streams.items() if stream.hears(case, QUIET)} == {"hr2"}


def test_two_processes_hear_what_either_does(request, tmp_path):
    with running(request, tmp_path, "sqlite", workers=2) as target:
        streams = [target.listen("digital") for _ in range(6)]
        case = target.report()
        assert all(stream.hears(case) for stream in streams)


def signed_in(target, who: str) -> Browser:
    browser = Browser(base_url=target.url)
    assert browser.sign_in(who + AT, PASSWORD).status_code == 303
    return browser


def test_a_page_listens_with_its_session_and_no_longer_than_it(target):
    browser = signed_in(target, "digital")
    stream = Stream(target.url, cookies=dict(browser.cookies))
    assert stream.next(5) == BEGIN
    assert stream.hears(target.report())
    target.underneath(lambda _: delete(BrowserSession))
    case = target.report()
    assert stream.next() == ("ended", {"why": "signed-out"})
    assert not stream.hears(case, 0.5)
    assert Stream(target.url, cookies=dict(browser.cookies)).status == 401
    assert Stream(target.url).status == 401


def test_listening_does_not_keep_a_session_alive(target):
    browser = signed_in(target, "digital")
    late = now().replace(microsecond=0)
    target.underneath(lambda _: update(BrowserSession).values(seen_at=late - timedelta(minutes=14, seconds=50)))
    stream = Stream(target.url, cookies=dict(browser.cookies))
    assert (stream.status, stream.next(5)) == (200, BEGIN)
    assert stream.next(25) == ("ended", {"why": "signed-out"})


def test_a_token_that_is_taken_back_and_a_seat_that_is_lost(target):
    gone, moved = target.listen("digital"), target.listen("digital2")

    def of(name, table):
        return lambda db: delete(table).where(col(table.person_id) == find(db, name + AT).id)

    target.underneath(of("digital", ApiToken), of("digital2", DeskMember))
    case = target.report()
    assert gone.next(SOON) == ("ended", {"why": "signed-out"})
    assert not moved.hears(case, QUIET)


def test_whoever_comes_while_it_is_being_looked_is_there(settings):
    """A look takes its time. Whoever begins to listen meanwhile was not asked about, and is not gone for that."""
    looks, second, go_on = count(1), threading.Event(), threading.Event()

    def clock() -> datetime:
        if next(looks) == 2:
            second.set()
            go_on.wait(20)
        return now()

    house = open_house(settings, clock)
    with house.database.write() as db:
        keys = [make_token(db, find(db, who + AT), [Scope.READ], 1, now()) for who in ("digital", "digital2")]
        listeners = [(by_token(db, key, now()), hashed(key)) for key in keys]

    async def told() -> list[bytes]:
        live = Live(house)
        first, late = (live.listen(live.listener(*each)) for each in listeners)
        words = [await anext(first), await anext(first)]
        await asyncio.to_thread(second.wait, 20)
        words.append(await anext(late))
        go_on.set()
        words.append(await asyncio.wait_for(anext(late), 20))
        live.end()
        return [words[1], words[3]]

    assert asyncio.run(told()) == [b'event: cases\ndata: {"cases":[],"all":true}\n\n'] * 2
    house.database.close()


def test_a_bounded_number_for_each_person(target):
    streams = [target.listen("outsider") for _ in range(10)]
    assert {stream.status for stream in streams} == {200}
    refused = httpx.get(f"{target.url}/api/events", headers=target.keys["outsider"], timeout=10)
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many")
    assert target.listen("digital").status == 200
    assert httpx.head(f"{target.url}/api/events", headers=target.keys["digital"], timeout=10).status_code == 200


def test_the_server_ends_with_streams_open(target):
    streams = [target.listen(who) for who in ("digital", "digital2", "staff")]
    begun = time.monotonic()
    assert target.service.end(within=10) == 0
    assert time.monotonic() - begun < 5
    assert [stream.next(3) for stream in streams] == [("ended", {"why": "again"})] * 3
