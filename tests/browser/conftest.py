"""A real server, a real browser: one of each for a module, and people who look at the pages on a phone or at a desk."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)
from sqlalchemy import select
from sqlmodel import col

from service.core.clock import now
from service.core.database import Database, open_database
from service.demo.cast import AT, PASSWORD
from service.people.identity import make_token
from service.records.enums import Scope
from service.records.people import Person
from tests.browser.seeing import DESK, PHONE
from tests.served import in_folder, serving

WAITS_FOR = 15_000
"""Milliseconds until something that should come about counts as missing: the machine may be busy."""
PAGES = ("document", "xhr", "fetch")
FLAGS = ["--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage", "--force-color-profile=srgb"]

Opens = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory, sqlite_files: dict[str, Path]) -> str:
    """The cast's database, a copy of this module's own."""
    path = tmp_path_factory.mktemp("site") / "amends.db"
    shutil.copyfile(sqlite_files["cast"], path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[str]:
    """Where Amends serves for this module."""
    folder = tmp_path_factory.mktemp("served")
    with serving(in_folder(folder, database_url), folder) as process:
        yield process.address()


@pytest.fixture
def underneath(database_url: str) -> Iterator[Database]:
    """The database that is served from, to make things the long way round, or to let time pass."""
    opened = open_database(database_url, pool=1)
    yield opened
    opened.close()


@pytest.fixture
def api(address: str, underneath: Database) -> Iterator[Callable[[str], httpx.Client]]:
    """`api("staff")`: that person's client of the API, for what stood there before anybody looked."""
    clients: list[httpx.Client] = []

    def with_token(who: str) -> httpx.Client:
        with underneath.write() as db:
            person = db.execute(select(Person).where(col(Person.email) == who + AT)).scalar_one()
            key = make_token(db, person, list(Scope), 1, now())
        clients.append(httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60))
        return clients[-1]

    yield with_token
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser; nobody is signed in."""
    # Only root needs it: without a user of its own, Chromium's sandbox refuses to start.
    rooted = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=WAITS_FOR)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=[*FLAGS, *rooted]
        )
        yield browser
        browser.close()


@pytest.fixture
def opens(chromium: Browser, address: str) -> Iterator[Opens]:
    """`opens(PHONE, "staff")`: that person's browser; what goes wrong in any of them fails the test at its end."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def opened(size: ViewportSize, who: str = "", scripts: bool = True, **more: Any) -> Page:
        settings = {"viewport": size, "locale": "en-GB", "timezone_id": "Asia/Tokyo", "reduced_motion": "reduce"}
        context = chromium.new_context(base_url=address, java_script_enabled=scripts, **{**settings, **more})
        context.set_default_timeout(WAITS_FOR)
        contexts.append(context)
        _watch(context, address, troubles)
        if who:
            _sign_in(context, who)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def phone(opens: Opens) -> Opens:
    """`phone("staff")`: that person's phone; nobody's without a name; `scripts=False` for one without JavaScript."""
    return lambda who="", **more: opens(PHONE, who, has_touch=True, **more)


@pytest.fixture
def desk(opens: Opens) -> Opens:
    """`desk("digital")`: that person's desk."""
    return lambda who="", **more: opens(DESK, who, **more)


def _watch(context: BrowserContext, address: str, troubles: list[str]) -> None:
    def answered(answer: Response) -> None:
        # A page may well answer no: to a form, to a stranger. A file that pages need may not, and nothing may break.
        if answer.status >= 500 or (answer.status >= 400 and answer.request.resource_type not in PAGES):
            troubles.append(f"{answer.status}: {answer.url}")

    def failed(request: Request) -> None:
        # A download is no page to show, a poll ends when somebody moves on; and only a test cuts the line.
        if request.failure not in ("net::ERR_ABORTED", "net::ERR_INTERNET_DISCONNECTED"):
            troubles.append(f"{request.failure}: {request.url}")

    def left_the_house(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:", "about:")):
            troubles.append(f"asked elsewhere: {request.url}")

    def said(line: ConsoleMessage) -> None:
        # What answers and failures say is heard above already.
        echoes = ("Failed to load resource", "htmx:sendError", "htmx:afterRequest")
        if line.type in ("error", "warning") and not line.text.startswith(echoes):
            troubles.append(f"console: {line.text}")

    context.on("response", answered)
    context.on("requestfailed", failed)
    context.on("request", left_the_house)
    context.on("console", said)
    context.on("weberror", lambda wrong: troubles.append(f"a script broke: {wrong.error}"))


def _sign_in(context: BrowserContext, who: str) -> None:
    page = context.request.get("/sign-in").text()
    guard = re.search(r'name="csrf" value="([^"]+)"', page)
    assert guard, page
    told = {"csrf": unescape(guard[1]), "email": who + AT, "password": PASSWORD}
    answer = context.request.post("/sign-in", form=told, max_redirects=0)
    assert answer.status == 303, answer.text()
