"""The HR room on pages: a referral, and every deed on it as a form."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Response
from sqlmodel import Session

from service.cases.sentences import by_day
from service.core.database import Database
from service.core.errors import NotFound, NotPermitted, Refusal
from service.people.directory import at_desk
from service.people.identity import Me as Person
from service.records.enums import DeskName
from service.referrals import their_copy
from service.referrals.find import Found, find_referral
from service.referrals.life import Act
from service.referrals.picture import picture
from service.referrals.view import referral_view, timeline
from service.timeline import reads
from service.web.bundles import TITLES, papers, pdf
from service.web.evidence import taken_in
from service.web.forms import UPLOAD_LIMIT
from service.web.forms import Sent as Body
from service.web.given import Data, Db, House, Me, Now, Pool, Sent, Store
from service.web.letters import handed, letter_pdf, make_letter
from service.web.pages import by_field, go_to, page
from service.web.room_deeds import DEEDS, Deed, found, ready
from service.web.room_files import OfReferral, enter_in_room, pictured_in_room, streamed_in_room
from service.web.room_schemas import LetterIn

ON_LINES = ("present",)
"""The lists that are typed in one box, each on a line of its own."""
LETS_OUT = (Act.NAME_CONFLICT, Act.TAKE_BACK_CONFLICT)
"""Whoever names their own conflict is out; and whoever stood in for a lead whose conflict they take back."""
PATHS = {deed.act.value: deed.path for deed in DEEDS} | {Act.ADD_EVIDENCE.value: "evidence"}
"""The address below the referral to which the form of an act is sent."""
YOU_ARE_OUT = "You see nothing of this referral from now on. HR goes on with it."


@get("/referrals/{reference:str}", sync_to_thread=True)
def referral(db: Db, me: Me, now: Now, reference: FromPath[str]) -> Response[str]:
    """One referral."""
    return show(db, me, now, reference)


@get("/referrals/{reference:str}/life", sync_to_thread=True)
def life(db: Db, me: Me, now: Now, reference: FromPath[str]) -> Response[str]:
    """The whole life of a referral on one page, for those in its room. Raises NotFound for whom it is about."""
    here = find_referral(db, me, reference)
    if not here.in_the_room:
        raise NotFound
    drawn = picture(referral_view(db, me, here, now), timeline(db, here), now)
    log_reading(db, me, here, now, "page")
    return page("life.html", me, reference=here.referral.reference, picture=drawn)


@get("/referrals/{reference:str}/papers", sync_to_thread=True)
def papers_page(
    db: Db,
    house: House,
    me: Me,
    now: Now,
    reference: FromPath[str],
    make: FromQuery[str | None] = None,
    seen: FromQuery[str | None] = None,
) -> Response:
    """The papers of a referral that a reader may have, and how each stands; `make` begins one.

    `seen` is how they stood when they looked last: while nothing is new, nothing comes, and nothing is read out again.
    """
    here = find_referral(db, me, reference)
    shown = papers(db, house, me, here, now, make)
    chosen = their_copy.words_of(db, here.referral) if here.in_the_room else None
    log_reading(db, me, here, now, "page")
    stands = " ".join(f"{each['name']}.{each['state']}.{each.get('done', '')}{each['path']}" for each in shown)
    if seen == stands:
        return Response(None, status_code=204)
    making = any(each["state"] == "making" for each in shown)
    told: dict[str, Any] = {"papers": shown, "making": making, "stands": stands, "taken_out": chosen}
    return page("papers.html", me, reference=here.referral.reference, **told)


def show(
    db: Session,
    me: Person,
    now: datetime,
    reference: str,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    sent: Body | None = None,
) -> Response[str]:
    """The referral's page; after a refusal with its reasons and the words that were typed."""
    here = find_referral(db, me, reference)
    view = referral_view(db, me, here, now)
    days = by_day(timeline(db, here), me.zone)
    # Offered, not the only ones: somebody outside HR can be appointed as well.
    colleagues = at_desk(db, DeskName.HR) if Act.APPOINT in view["may"] else []
    open_form, typed = _tried(sent), sent.typed if sent and refusal else {}
    log_reading(db, me, here, now, "page")
    return page(
        "referral.html" if here.in_the_room else "told.html",
        me,
        status,
        referral=view,
        days=days,
        colleagues=colleagues,
        paths=PATHS,
        errors=_by_box(refusal) if refusal else {},
        typed=typed,
        open_form=open_form,
        gone=bool(typed) and not _is_there(view, open_form, typed),
    )


def _tried(sent: Body | None) -> str:
    """The address of the form that was sent; a letter is drafted from that which sends it."""
    tried = sent.path.rpartition("/")[2] if sent else ""
    return PATHS[Act.SEND_LETTER] if tried == "draft-letter" else tried


def _is_there(view: Mapping[str, Any], path: str, typed: Mapping[str, Any]) -> bool:
    """Whether a form is still on the page: there is one for each kind of letter that can be written."""
    if path == PATHS[Act.SEND_LETTER]:
        return typed.get("kind") in {draft["kind"] for draft in view.get("drafts") or ()}
    return path in {PATHS.get(act) for act in view["may"]}


def _by_box(refusal: Refusal) -> dict[str, str]:
    """What was wrong by the box of the page: of a list in one box, which line."""
    errors: dict[str, str] = {}
    for field, message in by_field(refusal).items():
        name, _, place = field.rpartition(".")
        if name in ON_LINES and place.isdigit():
            errors.setdefault(name, f"Line {int(place) + 1}: {message}")
        else:
            errors[field] = message
    return errors


def log_reading(db: Session, me: Person, here: Found, at: datetime, through: str) -> None:
    """Note that this referral was opened, before a byte of it leaves."""
    reads.log(db, me.id, here.referral.case_id, "referral", through=through, at=at, **here.as_logged)


def do(deed: Deed, db: Session, database: Database, me: Person, now: datetime, sent: Body, reference: str) -> Response:
    """Do a deed for a form, and go back to the referral; a refusal shows the page again with what was typed."""

    def done() -> Response:
        made = ready(deed, db, me, reference, lambda: sent.form(deed.body, me.zone), now)
        here = found(db, me, reference, deed.act, sent.if_match)
        deed.do(db, me, here, at=now, **dict(sent.form(deed.body, me.zone)), **made)
        db.flush()
        if deed.act in LETS_OUT and not _is_seen(db, me, reference):
            return go_to("/referrals", YOU_ARE_OUT)
        return go_to(f"/referrals/{reference}", deed.says)

    return _or_shown_again(done, db, database, me, now, sent, reference)


def _or_shown_again(
    done: Callable[[], Response], db: Session, database: Database, me: Person, now: datetime, sent: Body, reference: str
) -> Response:
    """What a form leads to; a refusal shows the referral's page again with what was typed."""
    try:
        return done()
    except (NotFound, NotPermitted):
        raise
    except Refusal as refusal:
        db.rollback()
        with database.read() as fresh:
            return show(fresh, me, now, reference, status=refusal.status, refusal=refusal, sent=sent)


def _is_seen(db: Session, me: Person, reference: str) -> bool:
    try:
        return bool(find_referral(db, me, reference))
    except NotFound:
        return False


def _route(deed: Deed) -> HTTPRouteHandler:
    make = post(
        f"/referrals/{{reference:str}}/{deed.path}", name=f"page_room_{deed.name}", status_code=303, sync_to_thread=True
    )

    def form(db: Db, database: Data, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response:
        return do(deed, db, database, me, now, sent, reference)

    return make(form)


@post("/referrals/{reference:str}/evidence", request_max_body_size=UPLOAD_LIMIT, status_code=303, sync_to_thread=True)
def add_file_to_room(
    db: Db, database: Data, store: Store, me: Me, now: Now, sent: Sent, reference: FromPath[str]
) -> Response:
    """Add a file to the referral."""

    def done() -> Response:
        with taken_in(database, store, OfReferral(me, sent, reference), sent, now, me.zone) as taken:
            enter_in_room(db, me, found(db, me, reference, Act.ADD_EVIDENCE, sent.if_match), taken, now)
        return go_to(f"/referrals/{reference}", "The file is kept.")

    return _or_shown_again(done, db, database, me, now, sent, reference)


@get("/referrals/{reference:str}/evidence/{file_id:str}", sync_to_thread=True)
def referral_file(db: Db, store: Store, me: Me, now: Now, reference: FromPath[str], file_id: FromPath[str]) -> Response:
    """A file of a referral, to be saved."""
    return streamed_in_room(db, store, me, now, reference, file_id, "page")


@get("/referrals/{reference:str}/evidence/{file_id:str}/preview", sync_to_thread=True)
def referral_file_preview(
    db: Db, store: Store, me: Me, now: Now, reference: FromPath[str], file_id: FromPath[str]
) -> Response[bytes]:
    """The small picture of a file of a referral."""
    return pictured_in_room(db, store, me, now, reference, file_id, "page")


@post("/referrals/{reference:str}/draft-letter", status_code=200, sync_to_thread=True)
def referral_letter_draft(
    db: Db, database: Data, me: Me, now: Now, sent: Sent, reference: FromPath[str]
) -> Response[Any]:
    """A letter with the wording that was typed, as a PDF that says it is a draft; nothing of it is kept."""

    def done() -> Response:
        here = found(db, me, reference, Act.SEND_LETTER, lambda _: None)
        told = sent.form(LetterIn, me.zone)
        made = make_letter(db, me, here, told, now, draft=True)
        return handed(db, me, here, made.pdf, f"{told.kind}-draft", "page", now)

    return _or_shown_again(done, db, database, me, now, sent, reference)


@get("/referrals/{reference:str}/letters/{kind:str}", sync_to_thread=True)
def referral_letter(
    db: Db, store: Store, pool: Pool, me: Me, now: Now, reference: FromPath[str], kind: FromPath[str]
) -> Response[bytes]:
    """The last letter of a kind that was sent, as a PDF; before the first, what would be sent, marked as a draft."""
    return letter_pdf(db, store, pool, me, now, reference, kind, None, "page")


@get("/referrals/{reference:str}/letters/{kind:str}/{number:str}", sync_to_thread=True)
def referral_letter_before(
    db: Db,
    store: Store,
    pool: Pool,
    me: Me,
    now: Now,
    reference: FromPath[str],
    kind: FromPath[str],
    number: FromPath[str],
) -> Response[bytes]:
    """A letter by its number: the first of a kind is 1."""
    return letter_pdf(db, store, pool, me, now, reference, kind, number, "page")


def _paper_route(kind: str) -> HTTPRouteHandler:
    @get(f"/referrals/{{reference:str}}/{kind}.pdf", name=f"page_{kind}_of_referral", sync_to_thread=True)
    def paper_of_referral(
        db: Db,
        house: House,
        me: Me,
        now: Now,
        reference: FromPath[str],
        audience: FromQuery[str | None] = None,
        before: FromQuery[str | None] = None,
    ) -> Response:
        """A paper of a referral: for those in its room, or the copy of whom it is about; of now, or one of `before`."""
        return pdf(db, house, me, now, reference, kind, audience, "page", before or "")

    return paper_of_referral


routes = [
    referral,
    life,
    add_file_to_room,
    papers_page,
    referral_file,
    referral_file_preview,
    referral_letter_draft,
    referral_letter,
    referral_letter_before,
    *(_paper_route(kind) for kind in TITLES),
    *(_route(deed) for deed in DEEDS),
]
