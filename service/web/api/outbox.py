"""How the outbox stands, as JSON and for Prometheus: for administrators."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from service.notifications.dead_letters import list_failed, require_administrator, retry, standing
from service.web.api.duty_answers import OutboxOut
from service.web.api.waiting import page_size
from service.web.cursors import cursor_of, place_of
from service.web.given import Db, Me, Now, Sent
from service.web.once import once_begin, once_end
from service.web.outbox import outbox_of
from service.web.schemas import NothingIn
from service.web.visit import METRICS

PROMETHEUS = "text/plain; version=0.0.4"
GAUGES = {
    "waiting": "What waits in the outbox.",
    "oldest_seconds": "How long the oldest of it has been due.",
    "failed": "What was given up, until somebody has it tried again.",
    "done": "What was done.",
}


@get("/api/outbox", opt={"answer": OutboxOut}, sync_to_thread=True)
def outbox(
    db: Db, me: Me, now: Now, cursor: FromQuery[str | None] = None, limit: FromQuery[str | None] = None
) -> dict[str, Any]:
    """How the outbox stands, and a page of what was given up, newest first (administrators)."""
    require_administrator(me)
    most, place = page_size(limit), place_of("outbox", cursor)
    rows = list_failed(db, me, before=place[-1] if place else None, limit=most + 1)
    return outbox_of(standing(db, me, now), rows[:most], now) | {
        "next": cursor_of("outbox", (0, 0, rows[most - 1].id) if len(rows) > most else None)
    }


@post("/api/outbox/{row_id:str}/retry", opt={"body": NothingIn, "answer": OutboxOut, "once": True},
      status_code=200, sync_to_thread=True)  # fmt: skip
def retry_one(db: Db, me: Me, now: Now, sent: Sent, row_id: FromPath[str]) -> dict[str, Any]:
    """Have it tried again (administrators)."""
    require_administrator(me)
    if not once_begin(db, me, sent):
        retry(db, me, row_id, now)
        sent.read(NothingIn)
        once_end(db, me, sent, 200, row_id[:18])
    return outbox_of(standing(db, me, now), [], now) | {"next": None}


@get(METRICS, sync_to_thread=True)
def metrics(db: Db, me: Me, now: Now) -> Response[str]:
    """How the outbox stands, for Prometheus; with an administrator's token."""
    kinds = standing(db, me, now)
    lines = []
    for name, says in GAUGES.items():
        lines += [f"# HELP amends_outbox_{name} {says}", f"# TYPE amends_outbox_{name} gauge"]
        for each in kinds:
            value = _seconds(each.oldest, now) if name == "oldest_seconds" else getattr(each, name)
            lines.append(f'amends_outbox_{name}{{kind="{each.kind}"}} {value}')
    return Response("\n".join(lines) + "\n", media_type=PROMETHEUS)


def _seconds(oldest: Any, now: Any) -> int:
    return max(0, int((now - oldest).total_seconds())) if oldest else 0


routes = [outbox, retry_one, metrics]
