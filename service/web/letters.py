"""Letters of a referral over HTTP: made in the pool before they are sent, and handed over as they were sent."""

from dataclasses import dataclass
from datetime import datetime

from litestar.response import Response, Stream
from sqlmodel import Session

from service.core.errors import NotFound, Refusal
from service.core.storage import Store
from service.documents.letter import letter
from service.documents.pool import Pool
from service.evidence.sniff import PDF
from service.people.identity import Me
from service.records.enums import LetterKind
from service.records.people import Person
from service.records.referrals import Referral
from service.referrals import letters
from service.referrals.find import Found, find_referral
from service.timeline import reads
from service.web.room_schemas import LetterIn
from service.web.visit import current

LONGEST_WAIT = 60


def make_letter(db: Session, me: Me, here: Found, sent: LetterIn, at: datetime, *, draft: bool = False) -> letters.Made:
    """The letter as it would be sent, made outside any transaction; as a `draft` it says so."""
    letters.require_writer(sent.kind, here, me)
    record = letters.record_of(db, here, at)
    parts = letters.parts_of(sent.kind, record, sent.wording)
    said = letters.context(sent.kind, record, addressee(db, here.referral), parts)
    version = here.referral.version
    # Making it takes a while: the row is let go, and so is the line of those who write.
    db.rollback()
    current().leave_line()
    return letters.Made(parts, printed(current().house.pool, letter(said, at, draft=draft)), version)


def addressee(db: Session, referral: Referral) -> str:
    """The name of the person it is about."""
    person = db.get(Person, referral.subject_id) if referral.subject_id is not None else None
    if person is None:
        raise Refusal("Nobody knows yet whom to write to.")
    return person.name


def printed(pool: Pool, document: dict[str, object]) -> bytes:
    """The PDF of a document. Raises a Refusal when it takes too long."""
    try:
        return pool.submit(document).result(timeout=LONGEST_WAIT)
    except TimeoutError as wrong:
        raise Refusal("Making the PDF takes longer than usual. Try again in a minute.") from wrong


def letter_pdf(
    db: Session,
    store: Store,
    pool: Pool,
    me: Me,
    now: datetime,
    reference: str,
    name: str,
    number: str | None,
    through: str,
) -> Response[bytes]:
    """The letter that was sent last, or that of a number, byte for byte; before the first, a draft for its writers."""
    here = find_referral(db, me, reference)
    kind = letters.kind_named(name.removesuffix(".pdf"))
    referral = here.referral
    sent = letters.sent(db, referral, kind)
    if number is not None:
        sent = [row for row in sent if str(row.number) == number.removesuffix(".pdf")]
    elif not sent and here.in_the_room:
        return handed(db, me, here, _draft(db, pool, me, here, kind, now), f"{kind}-draft", through, now)
    if not sent:
        raise NotFound
    last = sent[-1]
    if not last.says:
        raise NotFound("The words of this letter were destroyed. Its hash stays.")
    return handed(db, me, here, store.read(last.key), f"{kind}-{last.number}", through, now)


def _draft(db: Session, pool: Pool, me: Me, here: Found, kind: LetterKind, now: datetime) -> bytes:
    letters.require_writer(kind, here, me)
    record = letters.record_of(db, here, now)
    said = letters.context(kind, record, addressee(db, here.referral), letters.parts_of(kind, record))
    db.close()
    return printed(pool, letter(said, now, draft=True))


@dataclass(frozen=True)
class Kept:
    """A PDF that lies in the store, and is sent in pieces."""

    store: Store
    key: str


def handed(db: Session, me: Me, here: Found, pdf: bytes | Kept, name: str, through: str, now: datetime) -> Response:
    """Note the look, then hand over a PDF of a referral."""
    reference = here.referral.reference
    reads.log(db, me.id, here.referral.case_id, "pdf", through=through, at=now, **here.as_logged)
    headers = {"Content-Disposition": f'attachment; filename="{reference}-{name}.pdf"'}
    if isinstance(pdf, bytes):
        return Response(pdf, media_type=PDF, headers=headers)
    headers["Content-Length"] = str(pdf.store.size(pdf.key))
    return Stream(pdf.store.stream(pdf.key), media_type=PDF, headers=headers)
