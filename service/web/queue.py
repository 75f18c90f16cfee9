"""The queue of a desk: worst first, narrowed by what stands in the address."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment
from litestar import get
from litestar.params import FromQuery
from litestar.response import Response
from markupsafe import Markup
from sqlmodel import Session

from service.cases.asked import asked_of_me
from service.cases.lists import MOST, list_cases
from service.cases.narrowing import Filters
from service.cases.views import views_of
from service.core.errors import Invalid, NotFound, NotPermitted
from service.people.identity import Me as Person
from service.records.enums import DeskName
from service.timeline import reads
from service.web.cursors import cursor_of, place_or_start
from service.web.filters import NAMES, on_a_page, read_filters, unknown_in
from service.web.given import Asked, Db, Me, Now
from service.web.pages import by_field, go_to, page
from service.web.visit import current

TYPED = frozenset({"q", "platform", "assigned", "from", "to"})
MOST_NAMED = 5
A_SESSION = timedelta(hours=12)
"""How long a page may look again by itself for what was searched; whoever says so without having searched is noted."""
FOR_DESKS = "The queue is for the desks. Your own cases are under My cases."


@get("/queue", sync_to_thread=True)
def queue(db: Db, me: Me, now: Now, asked: Asked, cursor: FromQuery[str | None] = None) -> Response[str]:
    """A desk's open cases, or those sent to me as a manager; the closed ones when they are asked for."""
    if any(asked.get(name) == "" for name in NAMES):
        # A form sends its empty boxes too: they would make an address that nobody can read or pass on.
        return go_to("/queue?" + urlencode({name: value for name, value in asked.items() if value}))
    said = said_in(asked)
    try:
        wanted = read_filters(said, me.zone)
    except Invalid as wrong:
        return _shown(db, me, said, desk_of(me, None), [], now, status=422, errors=on_a_page(by_field(wrong)))
    desk = desk_of(me, wanted.desk)
    narrowed = in_queue(wanted, desk)
    in_order = f"cases {narrowed.order}"
    place = place_or_start(in_order, cursor)
    rows, last = list_cases(db, me, narrowed, at=now, after=place)
    if desk is DeskName.LINE_MANAGER:
        rows = _of_the_reader(db, me, rows, now)
    following, unknown = cursor_of(in_order, last), unknown_in(asked, "cursor")[:MOST_NAMED]
    return _shown(db, me, said, desk, rows, now, next=following, first=place, q=narrowed.q, unknown=unknown)


def _of_the_reader(db: Session, me: Person, rows: list[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """These rows with what is asked of the reader as next, and not what others owe."""
    asked = {row["reference"]: row for row in asked_of_me(db, me, at, most=MOST)}
    nothing = {"next_due": None, "overdue": False}
    return [
        row | {"mine": True} | {name: asked.get(row["reference"], nothing)[name] for name in nothing} for row in rows
    ]


def said_in(asked: dict[str, str]) -> dict[str, str]:
    """The filters of an address as they were typed; the worst first, where no order is named."""
    said = {name: asked[name] for name in NAMES if asked.get(name, "").strip()}
    return {"order": "worst"} | said


def in_queue(wanted: Filters, desk: DeskName) -> Filters:
    """What a queue shows: the desk's cases, and of these the open ones unless a stage is asked for."""
    return Filters(**{**vars(wanted), "desk": desk, "open_only": wanted.stage is None})


def desk_of(me: Person, asked: DeskName | None) -> DeskName:
    """Whose queue it is. Raises NotFound for a desk that is not the reader's, NotPermitted where they have none."""
    if asked is DeskName.LINE_MANAGER or asked in me.desks:
        return asked
    if asked is not None and me.desks:
        raise NotFound
    if me.desks:
        return first_desk(me.desks)
    if not me.manages:
        raise NotPermitted(FOR_DESKS)
    return DeskName.LINE_MANAGER


def _shown(
    db: Session,
    me: Person,
    said: dict[str, str],
    desk: DeskName,
    rows: list[dict[str, Any]],
    now: datetime,
    status: int = 200,
    errors: dict[str, str] | None = None,
    q: str | None = None,
    **more: Any,
) -> Response[str]:
    views = views_of(db, me)
    if q and not (current().by_itself and reads.noted(db, me.id, "search", q, since=now - A_SESSION)):
        reads.log(db, me.id, None, "search", through="page", at=now, detail=q)
    managing = desk is DeskName.LINE_MANAGER or me.manages
    tabs = list(me.desks) + ([DeskName.LINE_MANAGER] if managing else [])
    return page(
        "queue.html",
        me,
        status,
        rows=rows,
        desk=desk.value,
        desks=[{"desk": name.value} for name in tabs],
        filters=(filters := said | {"desk": desk.value}),
        panel=_panel(tuple(filters.items()), desk.value, tuple((errors or {}).items())),
        views=views,
        errors=errors or {},
        **more,
    )


def shown_again(
    db: Session, me: Person, now: datetime, said: dict[str, str], status: int, errors: dict[str, str], name: str
) -> Response[str]:
    """The queue once more, after a view of it could not be kept."""
    wanted = read_filters({"order": "worst"} | said, me.zone)
    desk = desk_of(me, wanted.desk)
    rows, _ = list_cases(db, me, in_queue(wanted, desk), at=now)
    return _shown(db, me, {"order": "worst"} | said, desk, rows, now, status, errors, typed_name=name)


def _panel(filters: tuple[tuple[str, str], ...], desk: str, errors: tuple[tuple[str, str], ...]) -> str:
    """The form of filters; kept, unless somebody's own words or a mistake are in it: most queues are alike."""
    pages = current().house.pages
    own = errors or any(name in TYPED for name, _ in filters)
    return (_made_panel if own else _kept_panel)(pages, filters, desk, errors)


def _made_panel(
    pages: Environment, filters: tuple[tuple[str, str], ...], desk: str, errors: tuple[tuple[str, str], ...]
) -> str:
    template = pages.get_template("partials/queue-filter.html")
    return Markup(template.render(filters=dict(filters), desk=desk, errors=dict(errors)))  # noqa: S704 - a template's


_kept_panel = lru_cache(maxsize=256)(_made_panel)


def first_desk(desks: dict[DeskName, bool]) -> DeskName:
    """The desk whose queue opens first, in the order the desks are named."""
    return next(desk for desk in DeskName if desk in desks)


def pairs_of(back: str) -> list[tuple[str, str]]:
    """The filters of an address that a form carries along; whatever else stands in it is left out."""
    return [(name, value) for name, value in parse_qsl(back.lstrip("?")) if name in (*NAMES, "cursor")]


def query_of(back: str) -> str:
    """The address that a form came from, with nothing in it but filters: a notice never leads anywhere else."""
    return f"?{urlencode(pairs_of(back))}" if back else ""


routes = [queue]
