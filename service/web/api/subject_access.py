"""All that is held about somebody, as JSON."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from service.subject_access import asking
from service.subject_access.finding import find_request, items_of, list_requests, require_reviewer
from service.timeline import reads
from service.web.api.cases import THROUGH
from service.web.api.kept_answers import AccessesOut, AccessItemOut, AccessItemsOut, AccessOut
from service.web.api.waiting import page_size
from service.web.cursors import cursor_of, place_of
from service.web.given import Db, Me, Now, Sent, Store
from service.web.kept_schemas import AskIn, ReleaseIn, TakeOutIn
from service.web.once import once_begin, once_end
from service.web.subject_access import email_of, file_of, give, reviewed_file, shown_item, shown_request, take_out


@get("/api/subject-access", opt={"answer": AccessesOut}, sync_to_thread=True)
def access_requests(
    db: Db, me: Me, cursor: FromQuery[str | None] = None, limit: FromQuery[str | None] = None
) -> dict[str, Any]:
    """A page of the requests about you, those you entered, and those you look through; the latest first."""
    most, place = page_size(limit), place_of("subject access", cursor)
    rows = list_requests(db, me, before=place[-1] if place else None, limit=most + 1)
    following = cursor_of("subject access", (0, 0, rows[most - 1][0].id) if len(rows) > most else None)
    shown = [shown_request(me, row[0], row.email, reviewer=bool(row.reviews)) for row in rows[:most]]
    return {"items": shown, "next": following}


@post(
    "/api/subject-access", opt={"body": AskIn, "answer": AccessOut, "once": True}, status_code=201, sync_to_thread=True
)
def ask_for_access(db: Db, me: Me, now: Now, sent: Sent) -> dict[str, Any]:
    """Ask for all that is held about you; at HR or data protection, for somebody whose identity was checked."""
    if replay := once_begin(db, me, sent):
        request, reviewer = find_request(db, me, replay.made)
    else:
        told = sent.read(AskIn)
        request = asking.ask(db, me, told.person, told.identity, at=now)
        once_end(db, me, sent, 201, request.reference)
        request, reviewer = find_request(db, me, request.reference)
    return shown_request(me, request, email_of(db, request), reviewer=reviewer)


@get("/api/subject-access/{reference:str}", opt={"answer": AccessOut}, sync_to_thread=True)
def access_request(db: Db, me: Me, reference: FromPath[str]) -> dict[str, Any]:
    """Where a request stands."""
    request, reviewer = find_request(db, me, reference)
    return shown_request(me, request, email_of(db, request), reviewer=reviewer)


@get("/api/subject-access/{reference:str}/items", opt={"answer": AccessItemsOut}, sync_to_thread=True)
def access_items(
    db: Db,
    me: Me,
    now: Now,
    reference: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[str | None] = None,
) -> dict[str, Any]:
    """A page of what was gathered, as it would be given (data protection). Noted in the read log."""
    request, reviewer = find_request(db, me, reference)
    require_reviewer(reviewer)
    most, place = page_size(limit), place_of(f"items {reference}", cursor)
    found = items_of(db, request.id, after=place[-1] if place else 0, limit=most + 1)
    following = cursor_of(f"items {reference}", (0, 0, found[most - 1][0].number) if len(found) > most else None)
    shown = [shown_item(row[0]) for row in found[:most]]
    reads.log(db, me.id, None, "subject_access", through=THROUGH, at=now, detail=reference)
    return {"items": shown, "next": following}


@get(
    "/api/subject-access/{reference:str}/items/{number:str}/file",
    opt={"bytes": "application/octet-stream"},
    sync_to_thread=True,
)
def access_item_file(
    db: Db, store: Store, me: Me, now: Now, reference: FromPath[str], number: FromPath[str]
) -> Response:
    """The file of an item, as it would be given (data protection). Noted in the read log."""
    return reviewed_file(db, store, me, reference, number, now, THROUGH)


@post("/api/subject-access/{reference:str}/redact",
      opt={"body": TakeOutIn, "answer": AccessItemOut}, status_code=200, sync_to_thread=True)  # fmt: skip
def take_out_of_access(db: Db, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> dict[str, Any]:
    """Take a passage out of an item, or of every item, or the whole item, before it is given (data protection)."""
    require_reviewer(find_request(db, me, reference)[1])
    return shown_item(take_out(db, me, reference, sent.read(TakeOutIn), now)[0])


@post("/api/subject-access/{reference:str}/release",
      opt={"body": ReleaseIn, "answer": AccessOut, "once": True}, status_code=200, sync_to_thread=True)  # fmt: skip
def release_access(db: Db, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> dict[str, Any]:
    """Give it, once all of it is looked through: it is packed, and they are told when it is ready (data protection)."""
    request, reviewer = find_request(db, me, reference)
    require_reviewer(reviewer)
    if not once_begin(db, me, sent):
        request = give(db, me, reference, sent.read(ReleaseIn), now)
        once_end(db, me, sent, 200, reference)
    return shown_request(me, request, email_of(db, request), reviewer=True)


@get("/api/subject-access/{reference:str}/file.zip", opt={"bytes": "application/zip"}, sync_to_thread=True)
def access_file(db: Db, me: Me, now: Now, store: Store, reference: FromPath[str]) -> Response:
    """The file, for whoever it is about and whoever looks it through. Noted in the read log."""
    return file_of(db, store, me, reference, now, THROUGH)


routes = [
    access_requests,
    ask_for_access,
    access_request,
    access_items,
    access_item_file,
    take_out_of_access,
    release_access,
    access_file,
]
