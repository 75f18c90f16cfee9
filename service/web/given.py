"""What a handler is given, by name: db, me, now, asked, sent, rules, store, pool, database, house."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated

from litestar.connection import Request
from litestar.di import Dependency, Provide
from litestar.params import SkipValidationMarker
from sqlmodel import Session

from service.cases.playbook import Playbook
from service.core.database import Database, is_sqlite
from service.core.storage import Store as FileStore
from service.documents.pool import Pool as DocumentPool
from service.people.identity import Me as Person
from service.web.forms import BODY_LIMIT
from service.web.forms import Sent as Body
from service.web.receiving import receive
from service.web.sessions import READS
from service.web.threads import end_in_thread, my_turn_to_write
from service.web.visit import House as Everything
from service.web.visit import current

_given = (Dependency(), SkipValidationMarker())

Db = Annotated[Session, *_given]
"""The request's one transaction: begun at its first use, committed before the answer leaves, undone by any no."""
Me = Annotated[Person, *_given]
"""Whoever is signed in, or owns the token."""
Somebody = Annotated[Person | None, *_given]
"""The same on a public route, where nobody may be signed in; still named `me`."""
Now = Annotated[datetime, *_given]
"""The moment of this request."""
Asked = Annotated[dict[str, str], *_given]
"""What stands in the address after the question mark, as it came; of a name that comes twice the last."""
Sent = Annotated[Body, *_given]
"""What was sent; nothing of it is parsed before the handler asks."""
Rules = Annotated[Playbook, *_given]
"""The playbook that judges new cases."""
Store = Annotated[FileStore, *_given]
Pool = Annotated[DocumentPool, *_given]
Data = Annotated[Database, *_given]
"""The database itself, named `database`: for what must be durable on its own, or must not hold a transaction."""
House = Annotated[Everything, *_given]


async def give_db(request: Request) -> AsyncIterator[Session]:
    """One session a request. Nothing is connected before its first statement, in the handler's own thread.

    An exception undoes everything, and so does an answer of 400 or above: a page that shows a form again stores
    nothing. When the commit fails, the answer is the failure.
    """
    visit = current()
    reads = visit.method in READS
    if reads:
        session = Session(visit.house.database.reading, expire_on_commit=False, autoflush=False)
    else:
        session = Session(visit.house.database.writing, expire_on_commit=False)
    embedded = is_sqlite(session)
    # A route that takes files works on them for long before its first statement: it stands in no line meanwhile.
    quick = request.route_handler.resolve_request_max_body_size() == BODY_LIMIT
    async with my_turn_to_write() if embedded and quick and not reads else nullcontext(visit.leave_line) as leave:
        visit.leave_line = leave
        try:
            yield session
        except BaseException:
            await end_in_thread(lambda: _undo(session))
            raise
        if embedded and reads:
            # Nothing to wait for: SQLite only forgets what it was reading.
            _undo(session)
        elif session.in_transaction():
            await end_in_thread(lambda: _undo(session) if visit.undo or reads else _keep(session))


def keep_now(db: Session) -> None:
    """Commit before the answer is made: it only reads, and whoever waits to write need not wait for it."""
    db.commit()
    current().leave_line()


def _keep(session: Session) -> None:
    try:
        session.commit()
    finally:
        _undo(session)


def _undo(session: Session) -> None:
    try:
        session.close()
    except Exception:  # noqa: BLE001 - the connection is lost already, and with it the transaction
        session.invalidate()


async def give_me() -> Person | None:
    """Whoever the guard found."""
    return current().me


async def give_now() -> datetime:
    """The moment of the request."""
    return current().at


async def give_asked(request: Request) -> dict[str, str]:
    """The address's query."""
    return dict(request.query_params.items())


async def give_sent(request: Request) -> Body:
    """The body, read once and within the route's limit."""
    return await receive(request, current())


async def give_rules() -> Playbook:
    """The playbook in force."""
    return current().house.rules


async def give_store() -> FileStore:
    """Where files are kept."""
    return current().house.store


async def give_pool() -> DocumentPool:
    """What makes PDFs."""
    return current().house.pool


async def give_database() -> Database:
    """Both engines."""
    return current().house.database


async def give_house() -> Everything:
    """All of it."""
    return current().house


PROVIDED = {
    "db": Provide(give_db),
    "me": Provide(give_me),
    "now": Provide(give_now),
    "asked": Provide(give_asked),
    "sent": Provide(give_sent),
    "rules": Provide(give_rules),
    "store": Provide(give_store),
    "pool": Provide(give_pool),
    "database": Provide(give_database),
    "house": Provide(give_house),
}
