"""What waits for the person who is signed in: the page behind the bell."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from service.notifications.links import go_link
from service.notifications.waiting import list_waiting, mark_all_read, mark_read, shown
from service.people.identity import Me as Person
from service.web.cursors import cursor_of, place_or_start
from service.web.given import Db, House, Me, Now, Sent
from service.web.pages import go_to, page
from service.web.visit import House as Everything

PAGE = 50


@get("/notifications", sync_to_thread=True)
def notifications(db: Db, me: Me, house: House, cursor: FromQuery[str | None] = None) -> Response[str]:
    """What waits, newest first, and what has been read."""
    place = place_or_start("notifications", cursor)
    rows = list_waiting(db, me, before=place[-1] if place else None, limit=PAGE + 1)
    following = cursor_of("notifications", (0, 0, rows[PAGE - 1].id) if len(rows) > PAGE else None)
    items = [shown(row) | {"link": _link(house, me, row)} for row in rows[:PAGE]]
    return page("notifications.html", me, items=items, next=following, first=place)


def _link(house: Everything, me: Person, row: Any) -> str:
    """To the case; for HR, who are told of a referral and not of its case, the same way as from a mail."""
    if row.case_id is None:
        return ""
    return f"/cases/{row.reference}" if row.content else go_link("", house.settings.secret_key, row.case_id, me.id)


@post("/notifications/read", status_code=303, sync_to_thread=True)
def read_all(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """Mark everything as read that was there when the page was made."""
    mark_all_read(db, me, sent.one("newest"), now)
    return go_to("/notifications", "Everything that was here is marked as read.")


@post("/notifications/{key:str}/read", status_code=303, sync_to_thread=True)
def read_one(db: Db, me: Me, now: Now, key: FromPath[str]) -> Response:
    """Mark one as read."""
    mark_read(db, me, key, now)
    return go_to("/notifications")


routes = [notifications, read_all, read_one]
