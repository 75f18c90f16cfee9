"""The outbox as administrators see it: what waits, what was given up and why, and a button to try again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from service.core.errors import NotFound, NotPermitted, Refusal
from service.notifications.dead_letters import Standing, list_failed, require_administrator, retry, retry_all, standing
from service.people.availability import empty_desks
from service.web.cursors import cursor_of, place_or_start
from service.web.given import Db, Me, Now
from service.web.pages import go_to, page

PAGE = 50


def outbox_of(kinds: Sequence[Standing], rows: Sequence[Any], at: datetime) -> dict[str, Any]:
    """The outbox as it is shown: its numbers, and what was given up."""
    oldest = min((each.oldest for each in kinds if each.oldest), default=None)
    return {
        "waiting": sum(each.waiting for each in kinds),
        "failed": sum(each.failed for each in kinds),
        "done": sum(each.done for each in kinds),
        "oldest_seconds": max(0, int((at - oldest).total_seconds())) if oldest else None,
        "items": [
            {
                "id": str(row.id),
                "kind": row.kind,
                "person": row.person,
                "due_at": row.due_at,
                "failed_at": row.failed_at,
                "tries": row.tries,
                "error": row.error or "",
            }
            for row in rows
        ],
    }


@get("/outbox", sync_to_thread=True)
def outbox_page(db: Db, me: Me, now: Now, cursor: FromQuery[str | None] = None) -> Response[str]:
    """How it stands, and what was given up."""
    require_administrator(me)
    place = place_or_start("outbox", cursor)
    rows = list_failed(db, me, before=place[-1] if place else None, limit=PAGE + 1)
    following = cursor_of("outbox", (0, 0, rows[PAGE - 1].id) if len(rows) > PAGE else None)
    outbox = outbox_of(standing(db, me, now), rows[:PAGE], now)
    return page("outbox.html", me, outbox=outbox, next=following, empty_desks=empty_desks(db))


@post("/outbox/retry", status_code=303, sync_to_thread=True)
def try_all_again(db: Db, me: Me, now: Now) -> Response:
    """Have everything that was given up tried again."""
    again = retry_all(db, me, now)
    return go_to("/outbox", f"{again} will be tried again." if again else "There was nothing to try again.")


@post("/outbox/{row_id:str}/retry", status_code=303, sync_to_thread=True)
def try_again(db: Db, me: Me, now: Now, row_id: FromPath[str]) -> Response:
    """Have one tried again."""
    try:
        retry(db, me, row_id, now)
    except (NotFound, NotPermitted):
        raise
    except Refusal as refusal:
        return go_to("/outbox", refusal.detail)
    return go_to("/outbox", "It will be tried again.")


routes = [outbox_page, try_all_again, try_again]
