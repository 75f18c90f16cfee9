"""What waits for the person who is signed in: the page behind the bell."""

from collections.abc import Iterable
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from service.notifications.links import go_link
from service.notifications.waiting import MOST_COUNTED, grouped, list_waiting, mark_all_read, mark_case_read, shown
from service.people.identity import Me as Person
from service.timeline.watching import MANY_READ
from service.web.cursors import cursor_of, place_or_start
from service.web.given import Db, House, Me, Now, Sent
from service.web.pages import go_to, page
from service.web.visit import House as Everything

PAGE = 50
"""Notifications on a page: a case whose older ones do not fit any more stands on the next page again."""
ELSEWHERE = {MANY_READ: ("/audit", "The read log")} | dict.fromkeys(
    ("access_asked", "access_due", "access_late", "access_ready"), ("/subject-access", "What is held about somebody")
)
"""Where that leads which is about no case, and what it is about."""


@get("/notifications", sync_to_thread=True)
def notifications(db: Db, me: Me, house: House, cursor: FromQuery[str | None] = None) -> Response[str]:
    """What waits, what is urgent before the rest, then what was seen; by case, the newest first."""
    place = place_or_start("notifications", cursor)
    rows = list_waiting(db, me, before=place[-1] if place else None, limit=PAGE + 1)
    # However old, what waits stands on the first page.
    ahead = [] if place else list_waiting(db, me, unread=True, limit=MOST_COUNTED)
    following = cursor_of("notifications", (0, 0, rows[PAGE - 1].id) if len(rows) > PAGE else None)
    both = {row.id: row for row in (*rows[:PAGE], *ahead)}
    groups = [_group(house, me, each) for each in grouped([both[key] for key in sorted(both, reverse=True)])]
    groups.sort(key=lambda group: (not group["waiting"], not group["urgent"]))
    newest = rows[0].key if rows else ""
    return page("notifications.html", me, groups=groups, newest=newest, next=following, first=place)


def _group(house: Everything, me: Person, rows: list[Any]) -> dict[str, Any]:
    """What is told of one case: what waits, and what was read or is settled."""
    items = [shown(row) | {"waits": row.waits} for row in rows]
    waiting = _lines(item for item in items if item["waits"])
    past = _lines(item for item in items if not item["waits"])
    # Where nothing waits any more, the last thing that was told stands there by itself.
    last = past.pop(0) if past and not waiting else None
    return {
        "key": rows[0].key,
        "case": items[0].get("case"),
        "referral": rows[0].referral,
        "about": ELSEWHERE.get(rows[0].kind, ("", ""))[1],
        "link": _link(house, me, rows[0]),
        "urgent": any(item["waits"] and item["urgent"] for item in items),
        "waiting": waiting,
        "last": last,
        "past": past,
        "earlier": sum(item["times"] for item in past),
    }


def _lines(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What says the same as a newer one is one line with it, which says how often: `times`."""
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        found.setdefault(item["words"], item | {"times": 0})["times"] += 1
    return list(found.values())


def _link(house: Everything, me: Person, row: Any) -> str:
    """To the case, or to the referral."""
    if row.referral is not None:
        return f"/referrals/{row.referral}"
    if row.case_id is None:
        return ELSEWHERE.get(row.kind, ("",))[0]
    return f"/cases/{row.reference}" if row.content else go_link("", house.settings.secret_key, row.case_id, me.id)


@post("/notifications/read", status_code=303, sync_to_thread=True)
def read_all(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """Mark everything as read that was there when the page was made."""
    mark_all_read(db, me, sent.one("newest"), now)
    return go_to("/notifications", "Everything that was here is marked as seen.")


@post("/notifications/{key:str}/read", status_code=303, sync_to_thread=True)
def read_case(db: Db, me: Me, now: Now, key: FromPath[str]) -> Response:
    """Mark as read what is told of one case, as far as it was there when the page was made."""
    mark_case_read(db, me, key, now)
    return go_to("/notifications")


routes = [notifications, read_all, read_case]
