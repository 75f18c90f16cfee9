"""How long records are kept, as JSON."""

from collections.abc import Callable
from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from service.retention.keeping import require_a_lead
from service.retention.listing import list_retention, one_line
from service.web.api.kept_answers import KeptOut, RetentionOut
from service.web.api.waiting import page_size
from service.web.cursors import cursor_of, place_of
from service.web.given import Db, Me, Now, Rules, Sent
from service.web.once import once_begin, once_end
from service.web.retention import BODIES, DONE, chosen, do, named

SAYS = {
    "hold": "Keep a case or a referral for legal reasons until it is released; what was approved is stopped.",
    "release": "Keep a case or a referral no longer than others.",
    "dispose": "Approve that what a case or a referral holds is destroyed; 409 names each rule by which it is kept.",
}


@get("/api/retention", opt={"answer": RetentionOut}, sync_to_thread=True)
def retention(
    db: Db,
    me: Me,
    now: Now,
    rules: Rules,
    show: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[str | None] = None,
) -> dict[str, Any]:
    """A page of what the desks hold that you lead: `show` is due, coming, held or disposed (leads)."""
    require_a_lead(me)
    wanted, most = chosen(show), page_size(limit)
    place = place_of(f"retention {wanted}", cursor)
    rows, last = list_retention(db, me, wanted, rules, at=now, after=place, limit=most)
    return {"items": rows, "next": cursor_of(f"retention {wanted}", last)}


def _deed_route(deed: str) -> HTTPRouteHandler:
    make: Callable[..., Any] = post(
        f"/api/retention/{deed}",
        opt={"body": BODIES[deed], "answer": KeptOut, "once": True},
        operation_id=f"retention_{deed}",
        status_code=200,
        sync_to_thread=True,
    )

    def act(db: Db, me: Me, now: Now, rules: Rules, sent: Sent) -> dict[str, Any]:
        require_a_lead(me)
        if replay := once_begin(db, me, sent):
            return one_line(db, me, named(db, me, replay.made), rules, now)
        record = do(db, me, deed, sent.read(BODIES[deed]), rules, now)
        once_end(db, me, sent, 200, record.reference)
        db.flush()
        return one_line(db, me, record, rules, now)

    act.__doc__ = f"{SAYS[deed]} (leads)"
    return make(act)


routes = [retention, *(_deed_route(deed) for deed in DONE)]
