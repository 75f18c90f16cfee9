"""The queue of a desk: worst first, filtered in the address."""

from litestar import get
from litestar.params import FromQuery
from litestar.response import Response

from service.cases.lists import Filters, list_cases
from service.core.errors import NotFound, NotPermitted
from service.records.enums import DeskName
from service.web.cursors import cursor_of, place_of
from service.web.filters import read_filters
from service.web.given import Db, Me, Now
from service.web.pages import page

NAMES = ("stage", "kind", "severity", "desk", "overdue", "assigned", "order")


@get("/queue", sync_to_thread=True)
def queue(
    db: Db,
    me: Me,
    now: Now,
    stage: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    severity: FromQuery[str | None] = None,
    desk: FromQuery[str | None] = None,
    overdue: FromQuery[str | None] = None,
    assigned: FromQuery[str | None] = None,
    order: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[str]:
    """A desk's open cases; the closed ones when they are asked for."""
    if not me.desks:
        raise NotPermitted("The queue is for the desks. Your own cases are under My cases.")
    said = dict(zip(NAMES, (stage, kind, severity, desk, overdue, assigned, order or "worst"), strict=True))
    wanted = read_filters(**said)
    chosen = wanted.desk or first_desk(me.desks)
    if chosen not in me.desks:
        raise NotFound
    narrowed = Filters(**{**vars(wanted), "desk": chosen, "open_only": wanted.stage is None})
    in_order = f"cases {narrowed.order}"
    rows, last = list_cases(db, me, narrowed, at=now, after=place_of(in_order, cursor))
    following = cursor_of(in_order, last)
    shown = {name: value for name, value in said.items() if value} | {"desk": chosen.value}
    desks = [{"desk": name.value} for name in me.desks]
    return page(
        "queue.html", me, rows=rows, desk=chosen.value, desks=desks, filters=shown, next=following, first=cursor
    )


def first_desk(desks: dict[DeskName, bool]) -> DeskName:
    """The desk whose queue opens first, in the order the desks are named."""
    return next(desk for desk in DeskName if desk in desks)


routes = [queue]
