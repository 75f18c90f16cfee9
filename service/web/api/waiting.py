"""What waits for the caller, as JSON."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery

from service.core.errors import invalid
from service.notifications.waiting import list_waiting, mark_read, shown
from service.web.api.duty_answers import NotificationOut, NotificationsOut
from service.web.cursors import cursor_of, place_of
from service.web.filters import whole_number
from service.web.given import Db, Me, Now, Sent
from service.web.once import once_begin, once_end
from service.web.schemas import NothingIn

SAID = {None: False, "": False, "0": False, "false": False, "1": True, "true": True}


def page_size(limit: str | None) -> int:
    """How many to list. Raises Invalid beyond 1 to 100."""
    most = whole_number("limit", limit, 50)
    if not 1 <= most <= 100:
        raise invalid("limit", "Choose a number from 1 to 100.")
    return most


@get("/api/notifications", opt={"answer": NotificationsOut}, sync_to_thread=True)
def notifications(
    db: Db,
    me: Me,
    unread: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[str | None] = None,
) -> dict[str, Any]:
    """A page of what waits for you, newest first; `unread=true` leaves out what you have read."""
    if unread not in SAID:
        raise invalid("unread", "Choose true or false.")
    most, place = page_size(limit), place_of("notifications", cursor)
    rows = list_waiting(db, me, unread=SAID[unread], before=place[-1] if place else None, limit=most + 1)
    last = (0, 0, rows[most - 1].id) if len(rows) > most else None
    return {"items": [shown(row) for row in rows[:most]], "next": cursor_of("notifications", last)}


@post("/api/notifications/{key:str}/read", opt={"body": NothingIn, "answer": NotificationOut, "once": True},
      status_code=200, sync_to_thread=True)  # fmt: skip
def read_one(db: Db, me: Me, now: Now, sent: Sent, key: FromPath[str]) -> dict[str, Any]:
    """Say that you have read it; again changes nothing."""
    row = mark_read(db, me, key, now)
    if not once_begin(db, me, sent):
        sent.read(NothingIn)
        once_end(db, me, sent, 200, key)
    return shown(row)


routes = [notifications, read_one]
