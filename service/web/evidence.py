"""Files in and out, for the page and for the API alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from litestar.response import Response, Stream
from sqlalchemy import select
from sqlmodel import Session, col

from service.cases import policy
from service.cases.facts import refuse_closed
from service.cases.moments import zone_told_in
from service.cases.policy import Act, require_stage
from service.cases.queries import Found, find_case, version_of
from service.cases.relations import Relation
from service.cases.view import visible
from service.core.database import Database
from service.core.errors import NotFound, Unavailable, invalid
from service.core.storage import Store
from service.evidence.destroy import discard
from service.evidence.download import bare_headers, download_headers
from service.evidence.places import new_id, original_key, preview_key
from service.evidence.receive import Examined, add_evidence, examine, require_room, store_files
from service.evidence.sniff import JPEG
from service.people.identity import Me
from service.records.cases import Case
from service.records.evidence import Evidence
from service.referrals.find import find_referral
from service.referrals.hear import evidence_of
from service.timeline import reads
from service.web.forms import Sent
from service.web.schemas import EvidenceIn


@dataclass
class Taken:
    """A file that is in the store, and not yet in its case."""

    told: EvidenceIn
    evidence_id: str
    examined: Examined
    entered: bool = False


@contextmanager
def taken_in(
    database: Database, store: Store, me: Me, sent: Sent, reference: str, now: datetime, zone: str | None
) -> Iterator[Taken]:
    """Put a file into the store, for as long as it takes to `enter` it; what is not entered then leaves no bytes.

    The guard may have gone up meanwhile, the case may be full or closed by now, or the same upload was kept before.
    """
    taken = _take_in(database, store, me, sent, reference, now, zone)
    kept = False
    try:
        yield taken
        kept = taken.entered
    finally:
        if not kept:
            discard(store, taken.evidence_id)


def _take_in(
    database: Database, store: Store, me: Me, sent: Sent, reference: str, now: datetime, zone: str | None
) -> Taken:
    """Look at a file and put it into the store, before any transaction that writes; see `receive`.

    Refused in the usual order: the case unseen (404), not permitted (403), stale (412), the file or its words (422),
    the case closed (409).
    """
    with database.read() as db:
        here = find_case(db, me, reference)
        policy.require(Act.ADD_EVIDENCE, here.held, me)
        sent.if_match(version_of(db, here))
        told = sent.form(EvidenceIn, zone)
        file = sent.files.get("file")
        if file is None:
            raise invalid("file", "Choose a file to add.")
        refuse_closed(here.case, {"file": file.filename, "description": told.description})
        if told.captured_at is not None and told.captured_at > now:
            raise invalid("captured_at", "This time has not come yet. Check the date, the time and the zone.")
    examined = examine(file.file.read(), file.filename)
    with database.read() as db:
        here = find_case(db, me, reference)
        refuse_closed(here.case, {"file": examined.filename, "description": told.description})
        require_stage(Act.ADD_EVIDENCE, here.case)
        require_room(db, here.case)
    taken = Taken(told, new_id(), examined)
    try:
        store_files(store, examined, taken.evidence_id)
    except Unavailable:
        # The original may be there already, without its preview.
        discard(store, taken.evidence_id)
        raise
    return taken


def enter(db: Session, me: Me, here: Found, taken: Taken, now: datetime) -> Evidence:
    """Enter a file that is in the store already in its case."""
    told = taken.told
    file = add_evidence(
        db,
        me,
        here.case,
        taken.examined,
        taken.evidence_id,
        captured_at=told.captured_at,
        captured_zone=zone_told_in(told.captured_at, me.zone) if told.captured_at else None,
        description=told.description,
        at=now,
    )
    db.flush()
    taken.entered = True
    return file


def file_of(db: Session, here: Found, evidence_id: str) -> Evidence:
    """A file of this case that has not been destroyed. Raises NotFound for eyes that read no files of it.

    Whoever raised a concern reads back those that they added.
    """
    through, raiser = policy.eyes(here.held), Relation.RAISER in here.held
    if not (raiser or "evidence" in visible(here.case, through)) or not evidence_id.isalnum():
        raise NotFound
    file = db.execute(
        select(Evidence).where(
            col(Evidence.id) == evidence_id,
            col(Evidence.case_id) == here.case.id,
            col(Evidence.destroyed_at).is_(None),
        )
    ).scalar_one_or_none()
    if file is None or (raiser and file.added_by_id != here.case.reporter_id):
        raise NotFound
    return file


def where_kept(file: Evidence, *, preview: bool) -> str:
    """Where the bytes lie. Raises NotFound for a preview that was never made."""
    if not preview:
        return original_key(file.id)
    if file.preview is None:
        raise NotFound
    return preview_key(file.id)


def streamed(db: Session, store: Store, me: Me, now: datetime, reference: str, file_id: str, through: str) -> Response:
    """The original, once the look is noted; to others than a confidential reporter, of their pictures the pixels alone.

    What is no picture is given as it came: nobody can take a name out of an e-mail or a film without changing it.
    """
    here = find_case(db, me, reference)
    file = file_of(db, here, file_id)
    reads.log(db, me.id, here.case.id, "evidence", through=through, at=now, detail=file.id, seen_as=here.seen_as)
    return sent_out(store, file, pixels_alone=tells_who(here, file))


def sent_out(store: Store, file: Evidence, *, pixels_alone: bool) -> Response:
    """A file to be saved, whose reading is noted; of a picture, where asked for, nothing but the pixels."""
    if pixels_alone and file.preview is not None:
        # Only now: what decodes pictures is large, and a start should not wait for it.
        from service.evidence.preview import bare

        made = bare(store.read(where_kept(file, preview=False)), file.media_type)
        content, media_type = made or (store.read(where_kept(file, preview=True)), JPEG)
        headers = bare_headers(file, media_type, len(content))
        return Response(content, headers=headers, media_type=media_type)
    headers = download_headers(file)
    return Stream(store.stream(where_kept(file, preview=False)), headers=headers, media_type=headers["Content-Type"])


def streamed_in_room(
    db: Session, store: Store, me: Me, now: datetime, reference: str, file_id: str, through: str
) -> Response:
    """A file of a referral, for those in its room; for whom it is about once the evidence was disclosed."""
    here = find_referral(db, me, reference)
    told = here.in_the_room or "evidence" in here.referral.disclosed
    if not told or file_id not in evidence_of(db, here.referral):
        raise NotFound
    there = (col(Evidence.id) == file_id, col(Evidence.destroyed_at).is_(None))
    row = db.execute(
        select(Evidence, col(Case.confidential)).join(Case, col(Case.id) == Evidence.case_id).where(*there)
    ).one_or_none()
    if row is None:
        raise NotFound
    file, confidential = row
    seen_as = "hr" if here.in_the_room else "subject"
    reads.log(db, me.id, file.case_id, "evidence", through=through, at=now, detail=file.id, seen_as=seen_as)
    return sent_out(store, file, pixels_alone=confidential and file.added_by_id is None)


def tells_who(here: Found, file: Evidence) -> bool:
    """Whether what lies in a file beside its pixels could tell this reader who raised a concern in confidence."""
    return here.case.confidential and file.added_by_id is None and Relation.RAISER not in here.held
