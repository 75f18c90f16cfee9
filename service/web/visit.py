"""One request, and the house it comes to: what every room of the web knows without being told."""

import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

from service.cases.playbook import Playbook
from service.core.clock import Clock
from service.core.database import Database
from service.core.settings import Settings
from service.core.storage import Store
from service.documents.bindery import Bindery
from service.documents.pool import Pool
from service.people.identity import Me

if TYPE_CHECKING:
    from service.web.forms import Sent

API = "/api"
METRICS = "/metrics"


@dataclass(frozen=True)
class House:
    """What the service is made of. Opened once at the start, shared by every request."""

    settings: Settings
    clock: Clock
    database: Database
    rules: Playbook
    store: Store
    pool: Pool
    bindery: Bindery
    pages: Environment
    demo_cast: tuple[dict[str, str], ...] = ()
    """Who one can be in the demonstration, as `{email, who}`; empty outside it."""

    def close(self) -> None:
        """Stop making documents, then let go of the database."""
        self.pool.close()
        self.database.close()


@dataclass
class Visit:
    """One request: when it came, what for, and who it turned out to be."""

    house: House
    method: str
    path: str
    query: str = ""
    at: datetime = field(kw_only=True)
    """The one moment of this request: every deed in it happened then."""
    request_id: str = field(default_factory=lambda: secrets.token_hex(8))
    me: Me | None = None
    leave_line: Callable[[], object] = lambda: None
    """Lets the next writer on SQLite begin, once this request has committed."""
    looked: bool = False
    """Whether anybody has looked who is there."""
    had_session: bool = False
    """Whether their session is ours, be it that it has run out: a cookie that somebody made up is not."""
    sent: "Sent | None" = None
    cookies: dict[str, str] = field(default_factory=dict)
    unread: int | None = None
    """What the bell says, where that was counted before the page is made."""
    lost: bool = False
    """The address led to no place in a list, which is shown from its start."""
    by_itself: bool = False
    """The page asks by itself: that is no sign that anybody is still there."""
    bodiless: bool = False
    """Only the headers of the answer are wanted."""
    undo: bool = False
    """The answer says no: nothing of this request is to be stored."""

    @property
    def is_api(self) -> bool:
        """Whether a program is asking: it gets problem+json and never a cookie."""
        return self.path in (API, METRICS) or self.path.startswith(API + "/")


_now: ContextVar[Visit] = ContextVar("visit")


def begin(visit: Visit) -> None:
    """Make this the request in hand, for its task and every thread that works for it."""
    _now.set(visit)


def current() -> Visit:
    """The request in hand. Raises LookupError outside one."""
    return _now.get()


def begin_from(scope: Any, house: House) -> Visit:
    """The visit that an ASGI scope describes."""
    visit = Visit(
        house=house,
        method=scope["method"],
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        at=house.clock(),
    )
    begin(visit)
    return visit
