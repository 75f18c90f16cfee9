"""The files and the PDFs of a case, on its page."""

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from service.cases import policy
from service.cases.policy import Act
from service.cases.queries import find_case
from service.core.errors import NotFound, NotPermitted, Refusal
from service.evidence.download import preview_headers
from service.timeline import reads
from service.web.cases import THROUGH, refused
from service.web.deeds import found
from service.web.evidence import OfCase, enter, file_of, streamed, taken_in, where_kept
from service.web.forms import UPLOAD_LIMIT
from service.web.given import Data, Db, House, Me, Now, Pool, Sent, Store
from service.web.pages import back_to, page
from service.web.summaries import begin, paper, pdf


@post(
    "/cases/{reference:str}/evidence",
    request_max_body_size=UPLOAD_LIMIT,
    status_code=303,
    sync_to_thread=True,
)
def add_file(db: Db, database: Data, store: Store, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response:
    """Add a file to the case."""
    try:
        with taken_in(database, store, OfCase(me, sent, reference), sent, now, me.zone) as taken:
            enter(db, me, found(db, me, reference, Act.ADD_EVIDENCE, sent.if_match), taken, now)
    except (NotFound, NotPermitted):
        raise
    except Refusal as refusal:
        return refused(db, database, me, now, reference, refusal, sent)
    return back_to(reference, "The file is kept.")


@get("/cases/{reference:str}/evidence/{file_id:str}", sync_to_thread=True)
def read_file(db: Db, store: Store, me: Me, now: Now, reference: FromPath[str], file_id: FromPath[str]) -> Response:
    """A file, to be saved."""
    return streamed(db, store, me, now, reference, file_id, THROUGH)


@get("/cases/{reference:str}/evidence/{file_id:str}/preview", sync_to_thread=True)
def file_preview(
    db: Db, store: Store, me: Me, now: Now, reference: FromPath[str], file_id: FromPath[str]
) -> Response[bytes]:
    """The small picture of a file."""
    here = find_case(db, me, reference)
    file = file_of(db, here, file_id)
    picture = store.read(where_kept(file, preview=True))
    reads.log(db, me.id, here.case.id, "evidence", through=THROUGH, at=now, detail=file.id, seen_as=here.seen_as)
    headers = preview_headers()
    return Response(picture, headers=headers, media_type=headers["Content-Type"])


@get("/cases/{reference:str}/summary.pdf", sync_to_thread=True)
def summary_pdf(
    db: Db,
    store: Store,
    pool: Pool,
    me: Me,
    now: Now,
    reference: FromPath[str],
    audience: FromQuery[str | None] = None,
) -> Response[bytes]:
    """One of the case's PDFs."""
    return pdf(db, store, pool, me, now, reference, audience, THROUGH)


@get("/cases/{reference:str}/pdf", sync_to_thread=True)
def pdf_page(
    db: Db,
    house: House,
    me: Me,
    now: Now,
    reference: FromPath[str],
    make: FromQuery[str | None] = None,
    seen: FromQuery[str | None] = None,
) -> Response:
    """The PDFs a reader may have; the narrowest is made at once, and the page says how it stands.

    `seen` is how it stood when they looked last: while nothing is new, nothing comes, and so nothing is read out again.
    """
    here = find_case(db, me, reference)
    allowed = policy.variants(policy.eyes(here.held), here.case)
    if not allowed:
        raise NotPermitted("This copy is for somebody else.")
    papers = {audience: paper(db, house.store, here.case, audience, made_by=me.name, at=now) for audience in allowed}
    view = {"reference": here.case.reference}
    reads.log(db, me.id, here.case.id, "pdf", through=THROUGH, at=now, detail="list", seen_as=here.seen_as)
    variants = []
    for audience, one in papers.items():
        if house.store.exists(one.kept_at):
            variants.append({"audience": audience, "state": "ready", "size": house.store.size(one.kept_at)})
            continue
        if audience in (allowed[0], make):
            begin(house.pool, house.store, one)
        making = house.pool.making(one.kept_at) is not None
        variants.append({"audience": audience, "state": "making" if making else "none", "since": now})
    stands = " ".join(f"{variant['audience']}.{variant['state']}" for variant in variants)
    if seen == stands:
        return Response(None, status_code=204)
    making = any(variant["state"] == "making" for variant in variants)
    return page("pdf.html", me, case=view, variants=variants, making=making, stands=stands)


routes = [add_file, read_file, file_preview, summary_pdf, pdf_page]
