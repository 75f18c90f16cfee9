"""Cases as JSON: open one, list them, read one, and every deed of `web/deeds.py`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar import get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Response
from sqlmodel import Session

from service.cases import policy
from service.cases.duplicates import alike
from service.cases.lists import list_cases, summary
from service.cases.narrowing import Filters
from service.cases.policy import Act
from service.cases.queries import Found, find_case, open_acts, version_of
from service.cases.relations import Relation
from service.cases.timeline_view import timeline_view
from service.cases.view import case_view
from service.core.errors import NotFound, NotPermitted
from service.people.identity import Me as Person
from service.records.enums import DeskName, Kind, Role
from service.timeline import reads
from service.web import schemas as shape
from service.web.api.answers import CaseOut, CasesOut, EvidenceOut, FarewellOut, ReadinessOut, TimelineOut
from service.web.cursors import cursor_of, place_of
from service.web.deeds import DEEDS, Deed, found, report, step_kind
from service.web.doing import still_missing
from service.web.evidence import OfCase, enter, streamed, taken_in
from service.web.filters import NAMES, read_filters, whole_number
from service.web.forms import UPLOAD_LIMIT
from service.web.forms import Sent as Body
from service.web.given import Asked, Data, Db, Me, Now, Pool, Rules, Sent, Store, keep_now
from service.web.once import Replay, once_begin, once_end, once_seen
from service.web.sessions import ASKED_LATER
from service.web.summaries import pdf
from service.web.visit import current

THROUGH = "api"


def shown(db: Session, me: Person, here: Found, at: datetime, status: int = 200) -> Response[dict[str, Any]]:
    """A case as its doer may see it now, once the deed is kept, and with it the line that notes the look."""
    case = here.case
    reads.log_in(db, me.id, case.id, "case", through=THROUGH, at=at, seen_as=here.seen_as)
    keep_now(db)
    with current().house.database.read() as after:
        now_here = find_case(after, me, case.reference)
        return Response(as_json(after, me, now_here, at), status_code=status, headers=etag(after, now_here))


def as_json(db: Session, me: Person, here: Found, at: datetime) -> dict[str, Any]:
    """The public shape of a case, for this reader."""
    view = case_view(db, here.case, policy.eyes(here.held), at=at, me=me) | alike(db, me, here)
    return view | {"may": open_acts(here, me, view)}


def etag(db: Session, here: Found) -> dict[str, str]:
    """What `If-Match` compares."""
    return {"ETag": f'"{version_of(db, here)}"'}


@post("/api/cases", opt={"body": shape.ReportIn, "answer": CaseOut, "once": True}, status_code=201, sync_to_thread=True)
def open_case(db: Db, me: Me, now: Now, sent: Sent, rules: Rules) -> Response[dict[str, Any]]:
    """Report a mistake, raise a concern or ask before posting: the case, its plan and its routes exist as soon as
    this answers.
    """
    if replay := once_begin(db, me, sent):
        return shown(db, me, find_case(db, me, replay.made), now, replay.status)
    case = report(db, me, sent.read(shape.ReportIn), rules, now)
    once_end(db, me, sent, 201, case.reference)
    mine = Relation.RAISER if case.kind == Kind.CONCERN else Relation.REPORTER
    return shown(db, me, Found(case, frozenset({mine})), now, 201)


@get("/api/cases", opt={"answer": CasesOut, "filters": NAMES}, sync_to_thread=True)
def cases(
    db: Db, me: Me, now: Now, asked: Asked, cursor: FromQuery[str | None] = None, limit: FromQuery[str | None] = None
) -> dict[str, Any]:
    """A page of the cases you may see. A search is noted in the read log, a plain list is not."""
    filters = read_filters(asked, me.zone, beside=("cursor", "limit"))
    refuse_asking(me, filters)
    in_order = f"cases {filters.order}"
    after, most = place_of(in_order, cursor), whole_number("limit", limit, 50)
    if filters.q:
        reads.log(db, me.id, None, "search", through=THROUGH, at=now, detail=filters.q)
    rows, last = list_cases(db, me, filters, at=now, after=after, limit=most)
    return {"items": [summary(row) for row in rows], "next": cursor_of(in_order, last)}


def refuse_asking(me: Person, filters: Filters) -> None:
    """Raise NotPermitted for the queue of a desk where the reader does not sit, and for an auditor's *who has what*."""
    if filters.desk not in (None, DeskName.LINE_MANAGER) and filters.desk not in me.desks:
        raise NotPermitted("You do not sit at this desk.")
    if filters.assigned not in (None, "me") and Role.AUDITOR in me.roles and not me.desks:
        raise NotPermitted("Auditors do not see who works on a case.")


@get("/api/cases/{reference:str}", opt={"answer": CaseOut}, sync_to_thread=True)
def one_case(db: Db, me: Me, now: Now, reference: FromPath[str]) -> Response[dict[str, Any]]:
    """One case, as far as you may see it."""
    here = find_case(db, me, reference)
    shown_case = as_json(db, me, here, now)
    reads.log(db, me.id, here.case.id, "case", through=THROUGH, at=now, seen_as=here.seen_as)
    return Response(shown_case, headers=etag(db, here))


@get("/api/cases/{reference:str}/timeline", opt={"answer": TimelineOut}, sync_to_thread=True)
def timeline(db: Db, me: Me, now: Now, reference: FromPath[str]) -> dict[str, Any]:
    """The entries you may see, oldest first."""
    here = find_case(db, me, reference)
    seen = timeline_view(db, here.case, policy.eyes(here.held), me)
    reads.log(db, me.id, here.case.id, "timeline", through=THROUGH, at=now, seen_as=here.seen_as)
    return {"items": seen, "next": None}


@patch("/api/cases/{reference:str}", opt={"body": shape.FactsIn, "answer": CaseOut} | ASKED_LATER, sync_to_thread=True)
def change_case(db: Db, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response[dict[str, Any]]:
    """Add or change what is known about the post; judged facts are judged again."""
    return done(next(deed for deed in DEEDS if deed.path == "facts"), db, me, now, sent, reference)


def done(deed: Deed, db: Session, me: Person, now: datetime, sent: Body, reference: str, **place: Any) -> Response:
    """Find the case, do the deed, show the case. The same key again shows the case as it is now."""
    replay: list[Replay] = []
    try:
        here = found(db, me, reference, deed.act, unless_replayed(db, me, sent, replay), sent.reference(deed.other))
    except (NotFound, NotPermitted):
        # What they did then may have ended what they may do now: the answer to it may still be asked for again.
        if (before := once_seen(db, me, sent)) is None:
            raise
        return shown_or_farewell(db, me, reference, now, before.status)
    if replay:
        return shown(db, me, here, now, replay[0].status)
    status = deed.do(db, me, here, sent.read(deed.body), now, **place) or 200
    once_end(db, me, sent, status, reference)
    db.flush()
    return shown_or_farewell(db, me, reference, now, status)


def unless_replayed(db: Session, me: Person, sent: Body, replay: list[Replay]) -> Callable[[int], None]:
    """What `found` asks of the version: that it is the sender's, unless the key says that this was done before."""

    def unchanged(version: int) -> None:
        if again := once_begin(db, me, sent):
            replay.append(again)
        else:
            sent.if_match(version)

    return unchanged


def shown_or_farewell(db: Session, me: Person, reference: str, at: datetime, status: int) -> Response[dict[str, Any]]:
    """The case as its doer may see it now; only its name, for one who has just named a conflict of their own."""
    try:
        return shown(db, me, find_case(db, me, reference), at, status)
    except NotFound:
        return farewell(reference, status)


def farewell(reference: str, status: int) -> Response[dict[str, Any]]:
    """What is left to say of a case to somebody who sees it no more."""
    return Response({"reference": reference, "may": []}, status_code=status)


@post(
    "/api/cases/{reference:str}/referral-readiness",
    opt={"body": shape.ReferralDraftIn, "answer": ReadinessOut},
    status_code=200,
    sync_to_thread=True,
)
def referral_readiness(db: Db, me: Me, sent: Sent, reference: FromPath[str]) -> dict[str, Any]:
    """What a referral that is being built still lacks; nothing of it is kept."""
    here = found(db, me, reference, Act.DECIDE_REFERRAL, sent.if_match)
    left = still_missing(db, here, sent.read(shape.ReferralDraftIn))
    return {"ready": not left, "missing": [{"field": each.field, "message": each.message} for each in left]}


def _route(deed: Deed) -> HTTPRouteHandler:
    options: dict[str, Any] = {"body": deed.body, "answer": CaseOut, "once": True} | ASKED_LATER
    if deed.path == "referral-decision":
        options["statuses"] = (200, 201)
    if deed.path == "conflict":
        options["answer"] = CaseOut | FarewellOut
    make: Callable[..., Any] = post(
        f"/api/cases/{{reference:str}}/{deed.path}",
        opt=options,
        status_code=200,
        operation_id=deed.name,
        summary=deed.do.__doc__,
        sync_to_thread=True,
    )
    if "{kind" in deed.path:

        def step_deed(
            db: Db, me: Me, now: Now, sent: Sent, reference: FromPath[str], kind: FromPath[str]
        ) -> Response[dict[str, Any]]:
            return done(deed, db, me, now, sent, reference, kind=step_kind(kind))

        return make(step_deed)

    def case_deed(db: Db, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response[dict[str, Any]]:
        return done(deed, db, me, now, sent, reference)

    return make(case_deed)


@post(
    "/api/cases/{reference:str}/evidence",
    opt={"upload": shape.EvidenceIn, "answer": EvidenceOut | FarewellOut, "once": True} | ASKED_LATER,
    status_code=201,
    request_max_body_size=UPLOAD_LIMIT,
    sync_to_thread=True,
)
def add_file(
    db: Db, database: Data, store: Store, me: Me, now: Now, sent: Sent, reference: FromPath[str]
) -> Response[dict[str, Any]]:
    """Add a file as evidence."""
    with database.read() as before:
        if again := once_seen(before, me, sent):
            try:
                seen = find_case(before, me, reference)
            except NotFound:
                return farewell(reference, again.status)
            return Response(file_json(before, me, seen, now, again.made), status_code=again.status)
    with taken_in(database, store, OfCase(me, sent, reference), sent, now, None) as taken:
        replay: list[Replay] = []
        here = found(db, me, reference, Act.ADD_EVIDENCE, unless_replayed(db, me, sent, replay))
        if replay:
            return Response(file_json(db, me, here, now, replay[0].made), status_code=replay[0].status)
        file = enter(db, me, here, taken, now)
        once_end(db, me, sent, 201, file.id)
        db.flush()
    return Response(file_json(db, me, here, now, file.id), status_code=201, headers=etag(db, here))


def file_json(db: Session, me: Person, here: Found, at: datetime, evidence_id: str) -> dict[str, Any]:
    """One file as it stands in the case. Raises NotFound for eyes that do not see it any more, as an auditor's."""
    files = case_view(db, here.case, policy.eyes(here.held), at=at, me=me).get("evidence", [])
    if file := next((file for file in files if file["id"] == evidence_id), None):
        return file
    raise NotFound


@get("/api/cases/{reference:str}/evidence/{file_id:str}", opt={"bytes": "*/*"}, sync_to_thread=True)
def read_file(db: Db, store: Store, me: Me, now: Now, reference: FromPath[str], file_id: FromPath[str]) -> Response:
    """A file, byte for byte as it came; of a picture that was sent in confidence, the pixels alone."""
    return streamed(db, store, me, now, reference, file_id, THROUGH)


@get("/api/cases/{reference:str}/summary.pdf", opt={"bytes": "application/pdf"}, sync_to_thread=True)
def summary_pdf(
    db: Db,
    store: Store,
    pool: Pool,
    me: Me,
    now: Now,
    reference: FromPath[str],
    audience: FromQuery[str | None] = None,
) -> Response[bytes]:
    """The case as a PDF, in one of the variants you may have."""
    return pdf(db, store, pool, me, now, reference, audience, THROUGH)


routes = [
    open_case,
    cases,
    one_case,
    change_case,
    timeline,
    *(_route(deed) for deed in DEEDS if deed.path != "facts"),
    referral_readiness,
    add_file,
    read_file,
    summary_pdf,
]
