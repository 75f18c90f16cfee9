"""A case as a PDF: from the variant's own view, kept by content, made in the pool."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar.response import Response
from sqlalchemy import select
from sqlmodel import Session, col

from service.cases import policy
from service.cases.in_part import EYES
from service.cases.queries import Found, find_case
from service.cases.view import case_view
from service.core.errors import NotFound, NotPermitted, Refusal, invalid
from service.core.storage import Store
from service.documents.case_summary import content_key, summary
from service.documents.pool import Pool
from service.evidence.places import preview_key
from service.people.identity import Me
from service.records.cases import Case
from service.timeline import entries, reads
from service.timeline.proof import entries_json

AUDIENCES = ("reporter", "subject", "line_manager", "digital_unit", "hr", "adviser")
LONGEST_WAIT = 60


@dataclass(frozen=True)
class Paper:
    """One variant of a case's summary: what goes into it, and where it is kept once it is made."""

    document: Mapping[str, Any]
    kept_at: str
    still: Callable[[], bool]
    """Whether the case still stands as it did. While a PDF is made, its words may be destroyed."""


def audience_for(wanted: str | None, allowed: list[str]) -> str:
    """The variant asked for, or the reader's own. Raises Invalid for an unknown one, NotPermitted for another's."""
    if wanted is not None and wanted not in AUDIENCES:
        raise invalid("audience", f"Choose one of: {', '.join(AUDIENCES)}.")
    if not allowed or (wanted is not None and wanted not in allowed):
        raise NotPermitted("This copy is for somebody else.")
    return wanted or allowed[0]


def paper(db: Session, store: Store, case: Case, audience: str, *, made_by: str, at: datetime) -> Paper:
    """Everything one variant shows, from its own view: nothing that another reader may see is in it to be hidden."""
    through = policy.made_through(audience, case)
    if through <= EYES:
        # Kept for whoever asks for it next: the name would be that of who raised it, or of who works on it.
        made_by = "Amends"
    view = case_view(db, case, through, at=at, timeline=True)
    pictures = {
        file["id"]: store.read(preview_key(file["id"]))
        for file in view.get("evidence", ())
        if file["preview"] and file["destroyed_at"] is None
    }
    proof = entries_json(entries.of_case(db, case.id), case.reference, through)
    document = summary(view, audience, at, made_by, proof, pictures)
    version, engine = case.version, db.get_bind().engine
    stands = select(col(Case.version)).where(col(Case.id) == case.id)

    def still() -> bool:
        with engine.connect() as connection:
            return connection.execute(stands).scalar() == version

    return Paper(document, f"pdf/{case.id}/{content_key(document)}.pdf", still)


def begin(pool: Pool, store: Store, one: Paper) -> Future[bytes]:
    """Have it made, and kept as soon as it is; a paper that is being made already is not begun twice."""
    making = pool.making(one.kept_at)
    if making is not None:
        return making
    future = pool.submit(one.document, key=one.kept_at)

    def keep(made: Future[bytes]) -> None:
        # Kept after a purge, it would have the purged words for good: the worker looks only twice.
        if not made.cancelled() and made.exception() is None and one.still():
            store.keep(one.kept_at, made.result())
            # Keeping it takes a while as well.
            if not one.still():
                store.destroy(one.kept_at)

    future.add_done_callback(keep)
    return future


def bytes_of(pool: Pool, store: Store, one: Paper) -> bytes:
    """The PDF: from the store when this content was made before, else made now. Raises a Refusal when it cannot be."""
    if store.exists(one.kept_at):
        return store.read(one.kept_at)
    try:
        return begin(pool, store, one).result(timeout=LONGEST_WAIT)
    except TimeoutError as wrong:
        raise Refusal("Making the PDF takes longer than usual. Try again in a minute.") from wrong


def pdf(
    db: Session,
    store: Store,
    pool: Pool,
    me: Me,
    now: datetime,
    reference: str,
    audience: str | None,
    through: str,
) -> Response[bytes]:
    """Find the case, make or fetch its paper outside any transaction, note the look, hand it over."""

    def make() -> tuple[Found, str, Paper, bytes]:
        here = find_case(db, me, reference)
        chosen = audience_for(audience, policy.variants(policy.eyes(here.held), here.case))
        one = paper(db, store, here.case, chosen, made_by=me.name, at=now)
        # Making it may take seconds: nothing is kept open meanwhile.
        db.close()
        return here, chosen, one, bytes_of(pool, store, one)

    here, chosen, one, made = make()
    if not one.still():
        # Once more, as it stands now; a case that changes all the time is shown as it stood.
        here, chosen, one, made = make()
    reads.log(db, me.id, here.case.id, "pdf", through=through, at=now, detail=chosen, seen_as=here.seen_as)
    headers = {"Content-Disposition": f'attachment; filename="{reference}-{chosen}.pdf"'}
    return Response(made, media_type="application/pdf", headers=headers)


def case_named(db: Session, reference: str) -> Case:
    """A case for whoever runs the service, who needs no relation to it. Raises NotFound."""
    case = db.execute(select(Case).where(col(Case.reference) == reference)).scalar_one_or_none()
    if case is None:
        raise NotFound(f"There is no case {reference}")
    return case
