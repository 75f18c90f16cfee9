"""Saved views, on the page of the queue."""

from litestar import post
from litestar.params import FromPath
from litestar.response import Response

from service.cases.views import drop_view, save_view
from service.core.errors import NotFound, NotPermitted, Refusal
from service.web.filters import read_filters
from service.web.given import Data, Db, Me, Now, Sent
from service.web.pages import by_field, go_to
from service.web.queue import pairs_of, query_of, shown_again


@post("/queue/views", status_code=303, sync_to_thread=True)
def keep_view(db: Db, database: Data, me: Me, now: Now, sent: Sent) -> Response:
    """Keep what the queue shows now as a view."""
    filters = {name: value for name, value in pairs_of(sent.one("back")) if name != "cursor"}
    try:
        read_filters(filters, me.zone)
        save_view(db, me, name=sent.one("name").strip(), filters=filters, at=now)
        db.flush()
    except (NotFound, NotPermitted):
        raise
    except Refusal as refusal:
        db.rollback()
        with database.read() as fresh:
            return shown_again(fresh, me, now, filters, refusal.status, by_field(refusal), sent.one("name"))
    return go_to(f"/queue{query_of(sent.one('back'))}", "Your view is kept.")


@post("/queue/views/{view_id:str}/drop", status_code=303, sync_to_thread=True)
def take_view_away(db: Db, me: Me, sent: Sent, view_id: FromPath[str]) -> Response:
    """Take one of my views away."""
    drop_view(db, me, view_id)
    return go_to(f"/queue{query_of(sent.one('back'))}", "Your view is gone.")


routes = [keep_view, take_view_away]
