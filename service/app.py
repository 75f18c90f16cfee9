"""The composition root: opens what the service is made of and puts the rooms together."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

from jinja2 import Environment
from litestar import Litestar, Router
from litestar.types import Message

from service.cases import pinned, playbook
from service.core.clock import Clock, now
from service.core.database import open_database
from service.core.settings import Settings, read_settings
from service.core.storage import open_store
from service.core.templating import environment
from service.demo.cast import shown_cast
from service.documents.bindery import Bindery
from service.documents.pool import Pool
from service.records.field_words import TABLES
from service.web import (
    asking,
    assets,
    audit,
    case_files,
    cases,
    choices,
    exporting,
    from_rows,
    front,
    headers,
    links,
    outbox,
    people,
    queue,
    referral_list,
    referrals,
    reporting,
    retention,
    rota,
    signing_in,
    subject_access,
    views,
    waiting,
)
from service.web.api import audit as api_audit
from service.web.api import cases as api_cases
from service.web.api import duty, me, openapi
from service.web.api import events as api_events
from service.web.api import exports as api_exports
from service.web.api import outbox as api_outbox
from service.web.api import referrals as api_referrals
from service.web.api import retention as api_retention
from service.web.api import subject_access as api_subject_access
from service.web.api import views as api_views
from service.web.api import waiting as api_waiting
from service.web.forms import BODY_LIMIT
from service.web.given import PROVIDED
from service.web.live import Live
from service.web.refusals import answer, know_who
from service.web.sessions import guard
from service.web.threads import use_own_threads
from service.web.visit import House, begin_from

WARM_AFTER_SECONDS = 5

ROUTES = [
    route
    for room in (
        *(
            front,
            signing_in,
            assets,
            reporting,
            asking,
            cases,
            case_files,
            queue,
            from_rows,
            exporting,
            views,
            referral_list,
            referrals,
            people,
        ),
        *(links, waiting, choices, rota, outbox, audit, retention, subject_access),
        *(me, api_cases, api_views, api_events, api_exports, api_referrals, api_waiting, api_outbox, api_audit),
        *(api_retention, api_subject_access, duty, openapi),
    )
    for route in room.routes
]


class Amends(Litestar):
    """The application. A HEAD is answered as the GET would be, without its body."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request: note its moment, then hand it to Litestar."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        if head := scope["method"] == "HEAD":
            # A scope of our own: the server still has to know that no body is to come.
            scope = {**scope, "method": "GET"}
        begin_from(scope, self.state.house).bodiless = head

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
            await send(message)

        await super().__call__(scope, receive, bodiless if head else send)


def create_app(settings: Settings | None = None, clock: Clock = now) -> Litestar:
    """The service, ready to be served.

    Raises BadSetting or PlaybookError, each with one line that says what to mend.
    """
    return move_in(empty_app(), open_house(settings or read_settings(), clock))


def open_house(settings: Settings, clock: Clock) -> House:
    """What the service is made of. Raises as `create_app` does."""
    database = open_database(settings.database_url)
    return House(
        settings=settings,
        clock=clock,
        database=database,
        rules=playbook.load(Path(settings.playbook)),
        store=open_store(settings.evidence_url),
        pool=Pool(),
        bindery=Bindery(database, clock),
        pages=_pages(),
        demo_cast=shown_cast() if settings.demo else (),
    )


@cache
def _pages() -> Environment:
    # Once a process: every template is compiled at its first use.
    return environment(TABLES)


def empty_app() -> Litestar:
    """The routes and who may take them, before there is a house that answers."""
    use_own_threads()
    app = Amends(
        # In one router: registered one by one, a second handler at an address would be put in two threads at once.
        route_handlers=[Router("/", route_handlers=ROUTES)],
        dependencies=PROVIDED,
        guards=[guard],
        exception_handlers={Exception: answer},
        after_exception=[know_who],
        before_send=[headers.set_headers],
        lifespan=[_running],
        logging_config=None,
        openapi_config=None,
        request_max_body_size=BODY_LIMIT,
        debug=False,
    )
    headers.learn_methods(app)
    return app


def move_in(app: Litestar, house: House) -> Litestar:
    """Let this house answer from now on."""
    app.state.house = house
    app.state.live = Live(house)
    return app


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    house: House = app.state.house
    Thread(target=_end_with_parent, name="amends-parent", daemon=True).start()
    with house.database.write() as db:
        pinned.register(db, Path(house.settings.playbook), house.clock())
    # Not at once: the first page must not wait for it, and what only starts and stops never pays for it.
    warming = asyncio.get_running_loop().call_later(WARM_AFTER_SECONDS, house.pool.warm)
    live: Live = app.state.live
    try:
        with live.ending_first():
            yield
    finally:
        live.end()
        warming.cancel()
        house.close()


def _end_with_parent() -> None:
    """Where this is one of several processes that serve: end as on SIGTERM once the process that began them is gone.

    It does the background work too. Without it this one would hold the port and answer, while no mail is ever sent.
    """
    if parent := multiprocessing.parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
