"""The HR room as JSON: the list, a referral, its timeline, and every deed of `web/room_deeds.py`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Response
from sqlmodel import Session

from service.core.errors import NotFound, invalid
from service.people.identity import Me as Person
from service.records.enums import Part
from service.referrals.find import Found, find_referral, room_files, version_of
from service.referrals.life import Act
from service.referrals.parts import own_file
from service.referrals.room import Order, list_referrals
from service.referrals.view import referral_view
from service.referrals.view import timeline as entries_seen
from service.timeline import reads
from service.web.api.answers import EvidenceOut, TimelineOut
from service.web.api.cases import farewell, unless_replayed
from service.web.api.room_answers import ReferralOut, ReferralsOut
from service.web.bundles import BUNDLE, SUMMARY, pdf
from service.web.cursors import place_of
from service.web.evidence import taken_in
from service.web.filters import whole_number
from service.web.forms import UPLOAD_LIMIT
from service.web.forms import Sent as Body
from service.web.given import Asked, Data, Db, House, Me, Now, Pool, Sent, Store, keep_now
from service.web.letters import handed, letter_pdf, make_letter
from service.web.once import Replay, once_end, once_seen
from service.web.referral_list import cursor_after, read_wanted
from service.web.referrals import log_reading
from service.web.room_deeds import DEEDS, Deed, found, ready
from service.web.room_files import OfReferral, enter_in_room, streamed_in_room
from service.web.room_schemas import LetterIn
from service.web.schemas import EvidenceIn
from service.web.sessions import ASKED_LATER
from service.web.visit import current

THROUGH = "api"
LISTED = ("reference", "stage", "version", "received_at", "about", "late", "next")


@get("/api/referrals", opt={"answer": ReferralsOut}, sync_to_thread=True)
def referrals(
    db: Db, me: Me, now: Now, asked: Asked, cursor: FromQuery[str | None] = None, limit: FromQuery[str | None] = None
) -> dict[str, Any]:
    """A page of the referrals you may open: `stage`, `appointed` (me, none or an e-mail address), `overdue`, `order`.

    Newest first, or with `order=nearest` what is due next, and what has ended last.
    """
    order, most = asked.get("order", "") or Order.NEWEST, whole_number("limit", limit, 50)
    if order not in set(Order):
        raise invalid("order", f"Choose one of: {', '.join(Order)}.")
    if not 1 <= most <= 100:
        raise invalid("limit", "Choose a number from 1 to 100.")
    wanted = replace(read_wanted(me, asked, ("cursor", "limit", "order")), order=Order(order))
    rows = list_referrals(db, me, wanted, at=now, after=place_of(f"referrals {order}", cursor), limit=most + 1)
    return {"items": [_listed(row) for row in rows[:most]], "next": cursor_after(wanted, rows, most)}


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the list; whom it is about hears when HR tells them, and not when it came."""
    if row["told"]:
        return {name: row[name] for name in ("reference", "stage", "version")}
    due = {"what": row["next_due_what"], "at": row["next_due_at"]} if row["next_due_at"] else None
    people = {part.value: row["people"].get(part, {}).get("email") for part in Part}
    return {name: row[name] for name in LISTED} | {"due": due, "people": people}


@get("/api/referrals/{reference:str}", opt={"answer": ReferralOut}, sync_to_thread=True)
def referral(db: Db, me: Me, now: Now, reference: FromPath[str]) -> Response[dict[str, Any]]:
    """One referral, as far as you may see it."""
    here = find_referral(db, me, reference)
    view = referral_view(db, me, here, now)
    log_reading(db, me, here, now, THROUGH)
    return Response(view, headers=etag(db, here))


@get("/api/referrals/{reference:str}/timeline", opt={"answer": TimelineOut}, sync_to_thread=True)
def referral_timeline(db: Db, me: Me, now: Now, reference: FromPath[str]) -> dict[str, Any]:
    """The entries of a referral that you may see, oldest first."""
    here = find_referral(db, me, reference)
    seen = entries_seen(db, here)
    log_reading(db, me, here, now, THROUGH)
    return {"items": seen, "next": None}


@post(
    "/api/referrals/{reference:str}/evidence",
    opt={"upload": EvidenceIn, "answer": EvidenceOut, "once": True} | ASKED_LATER,
    status_code=201,
    request_max_body_size=UPLOAD_LIMIT,
    sync_to_thread=True,
)
def add_file_to_room(
    db: Db, database: Data, store: Store, me: Me, now: Now, sent: Sent, reference: FromPath[str]
) -> Response[dict[str, Any]]:
    """Add a file to the referral as evidence; it shows nowhere in the case that it came from."""
    with database.read() as before:
        if again := once_seen(before, me, sent):
            return _file_json(before, find_referral(before, me, reference), again.made, again.status)
    with taken_in(database, store, OfReferral(me, sent, reference), sent, now, None) as taken:
        replay: list[Replay] = []
        here = found(db, me, reference, Act.ADD_EVIDENCE, unless_replayed(db, me, sent, replay))
        if replay:
            return _file_json(db, here, replay[0].made, replay[0].status)
        file = enter_in_room(db, me, here, taken, now)
        once_end(db, me, sent, 201, file.id)
        db.flush()
    return _file_json(db, here, file.id, 201)


def _file_json(db: Session, here: Found, file_id: str, status: int) -> Response[dict[str, Any]]:
    """One file as it stands in the room. Raises NotFound for whom it is about, and for one that is gone."""
    there = [file for file in room_files(db, here.referral) if file.id == file_id and here.in_the_room]
    if not there:
        raise NotFound
    return Response(own_file(db, there[0]), status_code=status, headers=etag(db, here))


@get("/api/referrals/{reference:str}/evidence/{file_id:str}", opt={"bytes": "*/*"}, sync_to_thread=True)
def referral_file(db: Db, store: Store, me: Me, now: Now, reference: FromPath[str], file_id: FromPath[str]) -> Response:
    """A file of a referral, byte for byte as it came."""
    return streamed_in_room(db, store, me, now, reference, file_id, THROUGH)


@get("/api/referrals/{reference:str}/letters/{kind:str}", opt={"bytes": "application/pdf"}, sync_to_thread=True)
def referral_letter(
    db: Db, store: Store, pool: Pool, me: Me, now: Now, reference: FromPath[str], kind: FromPath[str]
) -> Response[bytes]:
    """The last letter of a kind sent: `informing.pdf`, `invitation.pdf`, `outcome.pdf` or `appeal-outcome.pdf`.

    Before the first was sent, whoever may write it gets what would be sent, marked as a draft.
    """
    return letter_pdf(db, store, pool, me, now, reference, kind, None, THROUGH)


@post(
    "/api/referrals/{reference:str}/draft-letter",
    opt={"body": LetterIn, "bytes": "application/pdf"} | ASKED_LATER,
    status_code=200,
    sync_to_thread=True,
)
def referral_letter_draft(db: Db, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response[bytes]:
    """A letter with this wording, as a PDF that says it is a draft; nothing of it is kept."""
    here = found(db, me, reference, Act.SEND_LETTER, sent.if_match)
    told = sent.read(LetterIn)
    made = make_letter(db, me, here, told, now, draft=True)
    return handed(db, me, here, made.pdf, f"{told.kind}-draft", THROUGH, now)


def _paper_route(kind: str, says: str) -> HTTPRouteHandler:
    make: Callable[..., Any] = get(
        f"/api/referrals/{{reference:str}}/{kind}.pdf",
        opt={"bytes": "application/pdf"},
        operation_id=f"referral_{kind}",
        summary=says,
        sync_to_thread=True,
    )

    def paper_of_referral(
        db: Db,
        house: House,
        me: Me,
        now: Now,
        reference: FromPath[str],
        audience: FromQuery[str | None] = None,
    ) -> Response:
        return pdf(db, house, me, now, reference, kind, audience, THROUGH)

    return make(paper_of_referral)


def etag(db: Session, here: Found) -> dict[str, str]:
    """What `If-Match` compares."""
    return {"ETag": f'"{version_of(db, here)}"'}


def shown(db: Session, me: Person, here: Found, at: datetime, status: int = 200) -> Response[dict[str, Any]]:
    """A referral as its doer may see it now, once the deed is kept, and with it the line that notes the look."""
    reads.log_in(db, me.id, here.referral.case_id, "referral", through=THROUGH, at=at, **here.as_logged)
    keep_now(db)
    with current().house.database.read() as after:
        try:
            now_here = find_referral(after, me, here.referral.reference)
        except NotFound:
            return farewell(here.referral.reference, status)
        return Response(referral_view(after, me, now_here, at), status_code=status, headers=etag(after, now_here))


def done(deed: Deed, db: Session, me: Person, now: datetime, sent: Body, reference: str) -> Response[dict[str, Any]]:
    """Find the referral, do the deed, show the referral. The same key again shows it as it is now."""
    replay: list[Replay] = []
    if (before := once_seen(db, me, sent)) is not None:
        return shown(db, me, find_referral(db, me, reference), now, before.status)
    made = ready(deed, db, me, reference, lambda: sent.read(deed.body), now)
    here = found(db, me, reference, deed.act, unless_replayed(db, me, sent, replay))
    if replay:
        return shown(db, me, here, now, replay[0].status)
    deed.do(db, me, here, at=now, **dict(sent.read(deed.body)), **made)
    once_end(db, me, sent, 200, reference)
    db.flush()
    return shown(db, me, here, now)


def _route(deed: Deed) -> HTTPRouteHandler:
    make: Callable[..., Any] = post(
        f"/api/referrals/{{reference:str}}/{deed.path}",
        opt={"body": deed.body, "answer": ReferralOut, "once": True} | ASKED_LATER,
        status_code=200,
        operation_id=f"referral_{deed.name}",
        summary=deed.summary,
        sync_to_thread=True,
    )

    def referral_deed(db: Db, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response[dict[str, Any]]:
        return done(deed, db, me, now, sent, reference)

    return make(referral_deed)


routes = [
    referrals,
    referral,
    referral_timeline,
    add_file_to_room,
    referral_file,
    referral_letter,
    referral_letter_draft,
    _paper_route(BUNDLE, "The bundle for a hearing. `audience` is hr or subject: the subject's has others taken out."),
    _paper_route(SUMMARY, "A referral in short. `audience` is hr or subject: the subject's has others taken out."),
    *(_route(deed) for deed in DEEDS),
]
