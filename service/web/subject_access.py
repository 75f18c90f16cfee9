"""All that is held about somebody: to ask for it, to look it through, and to fetch it."""

import re
from datetime import datetime
from itertools import groupby
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response, Stream
from sqlalchemy import select
from sqlmodel import Session, col

from service.core.errors import Invalid, NotFound, NotPermitted, Refusal
from service.core.storage import Store as FileStore
from service.evidence.download import SEALED, UNKNOWN, attachment
from service.people.identity import Me as Person
from service.records.enums import AccessStage
from service.records.list_words import WITHHELD
from service.records.people import Person as Record
from service.records.subject_access import AccessItem, AccessRequest
from service.subject_access import asking
from service.subject_access.asking import ON_BEHALF
from service.subject_access.elsewhere import still_there
from service.subject_access.finding import file_in, find_request, items_of, list_requests, require_reviewer
from service.subject_access.making import as_item
from service.subject_access.packing import extension_of, group_of, short_title
from service.subject_access.third_parties import count_taken_out
from service.timeline import reads
from service.web.cursors import cursor_of, place_or_start
from service.web.forms import Sent as Body
from service.web.given import Db, Me, Now, Sent, Store
from service.web.kept_schemas import AskIn, ReleaseIn, TakeOutIn
from service.web.pages import by_field, go_to, page

PAGE = 50


def shown_request(me: Person, request: AccessRequest, email: str, *, reviewer: bool) -> dict[str, Any]:
    """A request in its public shape; how much there is tells whoever entered it for somebody else too much."""
    much = {"done": request.done, "total": request.total, "size": request.file_size}
    looked = {"looked_through": request.looked_through} if reviewer else {}
    return (
        (much if reviewer or request.person_id == me.id else {})
        | looked
        | {
            "reference": request.reference,
            "person": email,
            "stage": request.stage,
            "asked_at": request.asked_at,
            "due_at": request.due_at,
            "gathered_at": request.gathered_at,
            "released_at": request.released_at,
            "ready_at": request.ready_at,
            "delete_at": request.delete_at,
            "deleted_at": request.deleted_at,
            "reviews": reviewer,
        }
    )


def shown_item(item: AccessItem) -> dict[str, Any]:
    """An item in its public shape."""
    return {
        "item": item.number,
        "part": item.part,
        "title": item.title,
        "lines": item.lines,
        "file": item.file_id or (f"letter {item.letter_id}" if item.letter_id else None),
        "withheld": item.withheld,
        "taken_out": count_taken_out(text for _, *texts in item.lines for text in texts),
    }


def in_groups(rows: list[Any]) -> list[dict[str, Any]]:
    """Items by what they are of, under its name, each with its short title."""
    each = [(as_item(*row), shown_item(row[0])) for row in rows]
    return [
        {"name": name, "items": [shown | {"title": short_title(item)} for item, shown in some]}
        for name, some in groupby(each, lambda one: group_of(one[0]))
    ]


def name_of(db: Session, request: AccessRequest) -> str:
    """What whoever a request is about is called."""
    return db.execute(select(col(Record.name)).where(col(Record.id) == request.person_id)).scalar_one()


def email_of(db: Session, request: AccessRequest) -> str:
    """Whom a request is about."""
    return db.execute(select(col(Record.email)).where(col(Record.id) == request.person_id)).scalar_one()


def take_out(db: Session, me: Person, reference: str, sent: TakeOutIn, at: datetime) -> list[AccessItem]:
    """Take something out of a request that this person looks through; what it was taken out of."""
    request, reviewer = find_request(db, me, reference, lock=True)
    require_reviewer(reviewer)
    number, text, reason = sent.item, sent.text, sent.reason
    return asking.redact(db, me, request, number=number, text=text, reason=reason, everywhere=sent.everywhere, at=at)


def give(db: Session, me: Person, reference: str, sent: ReleaseIn, at: datetime) -> AccessRequest:
    """Release a request that this person looked through."""
    request, reviewer = find_request(db, me, reference, lock=True)
    require_reviewer(reviewer)
    asking.release(db, me, request, looked_through=sent.looked_through, gathered_at=sent.gathered_at, at=at)
    return request


def file_of(db: Session, store: FileStore, me: Person, reference: str, now: datetime, through: str) -> Response:
    """The file, once the look is noted: for whoever it is about, and for whoever looks it through."""
    request, reviewer = find_request(db, me, reference)
    if not reviewer and request.person_id != me.id:
        raise NotPermitted(
            "It is fetched by the person it is about. For somebody who has left, data protection sends it."
        )
    if request.file_key is None:
        raise Refusal(asking.STANDS[request.stage])
    detail, key, size = request.reference, request.file_key, request.file_size
    reads.log(db, me.id, None, "subject_access_file", through=through, at=now, detail=detail)
    name = attachment(f"amends-{detail}.zip")
    headers = {**SEALED, "Content-Disposition": name, "Content-Length": str(size)}
    return Stream(store.stream(key), media_type="application/zip", headers=headers)


def reviewed_file(
    db: Session, store: FileStore, me: Person, reference: str, number: str, now: datetime, through: str
) -> Response:
    """A file as it would be given, for whoever looks it through before; the look is noted first."""
    request, reviewer = find_request(db, me, reference)
    require_reviewer(reviewer)
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise NotFound
    item, key = file_in(db, request, int(number))
    name = attachment(f"{request.reference}-{number}{extension_of(item.lines, letter=bool(item.letter_id))}")
    reads.log(db, me.id, None, "subject_access", through=through, at=now, detail=request.reference)
    return Stream(store.stream(key), media_type=UNKNOWN, headers={**SEALED, "Content-Disposition": name})


@get("/subject-access", sync_to_thread=True)
def requests_page(db: Db, me: Me, cursor: FromQuery[str | None] = None) -> Response[str]:
    """What was asked for, and a way to ask."""
    return _list(db, me, cursor)


def _list(
    db: Session, me: Person, cursor: str | None = None, refusal: Refusal | None = None, sent: Body | None = None
) -> Response[str]:
    place = place_or_start("subject access", cursor)
    rows = list_requests(db, me, before=place[-1] if place else None, limit=PAGE + 1)
    following = cursor_of("subject access", (0, 0, rows[PAGE - 1][0].id) if len(rows) > PAGE else None)
    shown = [
        shown_request(me, row[0], row.email, reviewer=bool(row.reviews))
        | {"name": row.name, "mine": row[0].person_id == me.id}
        for row in rows[:PAGE]
    ]
    return page(
        "subject-access.html",
        me,
        refusal.status if refusal else 200,
        rows=shown,
        next=following,
        on_behalf=bool(ON_BEHALF & set(me.desks)),
        withheld=WITHHELD,
        errors=by_field(refusal) if refusal else {},
        typed=sent.typed if sent else {},
    )


@post("/subject-access", status_code=303, sync_to_thread=True)
def ask_on_page(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """Ask for what is held about oneself, or about somebody else at HR and data protection."""
    try:
        told = sent.form(AskIn)
        asked = asking.ask(db, me, told.person, told.identity, at=now)
    except NotPermitted:
        raise
    except Refusal as refusal:
        db.rollback()
        return _list(db, me, None, refusal, sent)
    return go_to("/subject-access", f"{asked.reference} is asked for. It is due within one month.")


@get("/subject-access/{reference:str}", sync_to_thread=True)
def review_page(
    db: Db, store: Store, me: Me, now: Now, reference: FromPath[str], cursor: FromQuery[str | None] = None
) -> Response[str]:
    """A request as whoever looks it through sees it, part by part."""
    return _review(db, store, me, now, reference, cursor)


def _review(
    db: Session,
    store: FileStore,
    me: Person,
    now: datetime,
    reference: str,
    cursor: str | None = None,
    refusal: Refusal | None = None,
    sent: Body | None = None,
    open_form: str = "redact",
) -> Response[str]:
    request, reviewer = find_request(db, me, reference)
    require_reviewer(reviewer)
    place = place_or_start(f"items {reference}", cursor)
    rows = items_of(db, request.id, after=place[-1] if place else 0, limit=PAGE + 1)
    following = cursor_of(f"items {reference}", (0, 0, rows[PAGE - 1][0].number) if len(rows) > PAGE else None)
    told = shown_request(me, request, email_of(db, request), reviewer=True)
    told |= {"identity": request.identity, "name": name_of(db, request), **asking.parts_of(db, request)}
    still = still_there(db, store, request) if request.stage == AccessStage.REVIEW else []
    shown = {row[0].number for row in rows[:PAGE]}
    reads.log(db, me.id, None, "subject_access", through="page", at=now, detail=reference)
    return page(
        "subject-access-review.html",
        me,
        refusal.status if refusal else 200,
        request=told,
        groups=in_groups(rows[:PAGE]),
        next=following,
        still=[(each, _place_of(request, each.number, shown)) for each in still],
        still_parts=len({each.number for each in still}),
        withheld=WITHHELD,
        open_form=open_form,
        errors=by_field(refusal) if refusal else {},
        typed=sent.typed if sent else {},
    )


def _place_of(request: AccessRequest, number: int, shown: set[int]) -> str:
    """Where a part stands: on the page that is `shown`, or on one that begins with it."""
    before = cursor_of(f"items {request.reference}", (0, 0, number - 1))
    return f"#i{number}" if number in shown else f"/subject-access/{request.reference}?cursor={before}#i{number}"


@get("/subject-access/{reference:str}/files/{number:str}", sync_to_thread=True)
def reviewed_file_on_page(
    db: Db, store: Store, me: Me, now: Now, reference: FromPath[str], number: FromPath[str]
) -> Response:
    """A file of a part, for whoever looks it through."""
    return reviewed_file(db, store, me, reference, number, now, "page")


@post("/subject-access/{reference:str}/redact", status_code=303, sync_to_thread=True)
def redact_on_page(db: Db, store: Store, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response:
    """Take something out."""
    require_reviewer(find_request(db, me, reference)[1])
    try:
        changed = take_out(db, me, reference, sent.form(TakeOutIn), now)
    except (NotFound, NotPermitted):
        raise
    except Refusal as refusal:
        db.rollback()
        return _review(db, store, me, now, reference, None, refusal, sent)
    said = "It is taken out." if len(changed) == 1 else f"It is taken out of {len(changed)} parts."
    return go_to(f"/subject-access/{reference}#i{changed[0].number}", said)


@post("/subject-access/{reference:str}/release", status_code=303, sync_to_thread=True)
def release_on_page(db: Db, store: Store, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response:
    """Release it."""
    require_reviewer(find_request(db, me, reference)[1])
    try:
        give(db, me, reference, sent.form(ReleaseIn), now)
    except (NotFound, NotPermitted):
        raise
    except Invalid as refusal:
        db.rollback()
        return _review(db, store, me, now, reference, None, refusal, sent, "release")
    except Refusal as refusal:
        db.rollback()
        return go_to(f"/subject-access/{reference}", refusal.detail, refused=True)
    return go_to("/subject-access", "It is released, and is being packed. They are told when it is ready.")


@get("/subject-access/{reference:str}/file.zip", sync_to_thread=True)
def file_on_page(db: Db, me: Me, now: Now, store: Store, reference: FromPath[str]) -> Response:
    """The file."""
    return file_of(db, store, me, reference, now, "page")


routes = [
    requests_page,
    ask_on_page,
    review_page,
    reviewed_file_on_page,
    redact_on_page,
    release_on_page,
    file_on_page,
]
