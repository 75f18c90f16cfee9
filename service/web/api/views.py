"""Saved views as JSON."""

from typing import Any

from litestar import delete, get, post
from litestar.params import FromPath
from litestar.response import Response
from sqlmodel import Session

from service.cases.views import drop_view, save_view, views_of
from service.core.errors import FieldError, Invalid, NotFound
from service.people.identity import Me as Person
from service.web import schemas as shape
from service.web.api.answers import ViewOut, ViewsOut
from service.web.filters import read_filters
from service.web.given import Db, Me, Now, Sent
from service.web.once import once_begin, once_end


@get("/api/views", opt={"answer": ViewsOut}, sync_to_thread=True)
def views(db: Db, me: Me) -> dict[str, Any]:
    """Your saved views of the queue, by name."""
    return {"items": views_of(db, me), "next": None}


@post("/api/views", opt={"body": shape.ViewIn, "answer": ViewOut, "once": True}, status_code=201, sync_to_thread=True)
def keep_view(db: Db, me: Me, now: Now, sent: Sent) -> Response[dict[str, Any]]:
    """Keep a choice of filters under a name."""
    if replay := once_begin(db, me, sent):
        return Response(_one(db, me, replay.made), status_code=replay.status)
    told = sent.read(shape.ViewIn)
    filters = {str(name): value for name, value in told.filters.items()}
    try:
        read_filters(filters, me.zone)
    except Invalid as wrong:
        wrong.errors = [FieldError(f"filters.{each.field}", each.message) for each in wrong.errors]
        raise
    made = save_view(db, me, name=told.name, filters=filters, at=now)
    once_end(db, me, sent, 201, made)
    return Response(_one(db, me, made), status_code=201)


def _one(db: Session, me: Person, view_id: str) -> dict[str, Any]:
    """One of the reader's views. Raises NotFound for one that was taken away meanwhile."""
    if view := next((view for view in views_of(db, me) if view["id"] == view_id), None):
        return view
    raise NotFound


@delete("/api/views/{view_id:str}", status_code=204, sync_to_thread=True)
def take_view_away(db: Db, me: Me, view_id: FromPath[str]) -> None:
    """Take one of your views away."""
    drop_view(db, me, view_id)


routes = [views, keep_view, take_view_away]
