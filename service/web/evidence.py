"""Files in and out, for the page and for the API alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

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
from service.records.evidence import Evidence
from service.timeline import reads
from service.web.forms import Sent
from service.web.schemas import EvidenceIn


@dataclass
class Taken:
    """A file that is in the store, and not yet in its case or its referral."""

    told: EvidenceIn
    evidence_id: str
    examined: Examined
    entered: bool = False

    def said(self, me: Me) -> dict[str, Any]:
        """What was said of it beside its bytes."""
        captured = self.told.captured_at
        zone = zone_told_in(captured, me.zone) if captured else None
        return {"captured_at": captured, "captured_zone": zone, "description": self.told.description}


class Door(Protocol):
    """Where a file is to go. Each look is one of its own: what was there may be gone when the file has come."""

    def find(self, db: Session) -> Any:
        """What it is to be entered in: seen (404), permitted (403), as the sender saw it (412)."""

    def fits(self, db: Session, here: Any, told: EvidenceIn, filename: str) -> None:
        """Raise Invalid where it may not hold this file, whatever its bytes."""

    def has_place(self, db: Session, here: Any) -> None:
        """Raise a Refusal (409) where it is closed, or full."""


@dataclass
class OfCase:
    """A case, as where a file is to go."""

    me: Me
    sent: Sent
    reference: str

    def find(self, db: Session) -> Found:
        """The case."""
        here = find_case(db, self.me, self.reference)
        policy.require(Act.ADD_EVIDENCE, here.held, self.me)
        self.sent.if_match(version_of(db, here))
        return here

    def fits(self, db: Session, here: Found, told: EvidenceIn, filename: str) -> None:
        """A guarded case holds none, unless the desk opened it."""
        refuse_closed(here.case, {"file": filename, "description": told.description})

    def has_place(self, db: Session, here: Found) -> None:
        """While it is in hand, and holds fewer than 20."""
        require_stage(Act.ADD_EVIDENCE, here.case)
        require_room(db, here.case)


@contextmanager
def taken_in(
    database: Database, store: Store, door: Door, sent: Sent, now: datetime, zone: str | None
) -> Iterator[Taken]:
    """Put a file into the store, for as long as it takes to `enter` it; what is not entered then leaves no bytes.

    The guard may have gone up meanwhile, the case may be full or closed by now, or the same upload was kept before.
    """
    taken = _take_in(database, store, door, sent, now, zone)
    kept = False
    try:
        yield taken
        kept = taken.entered
    finally:
        if not kept:
            discard(store, taken.evidence_id)


def _take_in(database: Database, store: Store, door: Door, sent: Sent, now: datetime, zone: str | None) -> Taken:
    """Look at a file and put it into the store, before any transaction that writes; see `receive`.

    Refused in the usual order: unseen (404), not permitted (403), stale (412), the file or its words (422), closed or
    full (409).
    """
    with database.read() as db:
        here = door.find(db)
        told = sent.form(EvidenceIn, zone)
        file = sent.files.get("file")
        if file is None:
            raise invalid("file", "Choose a file to add.")
        door.fits(db, here, told, file.filename)
        if told.captured_at is not None and told.captured_at > now:
            raise invalid("captured_at", "This time has not come yet. Check the date, the time and the zone.")
    examined = examine(file.file.read(), file.filename)
    with database.read() as db:
        here = door.find(db)
        door.fits(db, here, told, examined.filename)
        door.has_place(db, here)
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
    file = add_evidence(db, me, here.case, taken.examined, taken.evidence_id, **taken.said(me), at=now)
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


def tells_who(here: Found, file: Evidence) -> bool:
    """Whether what lies in a file beside its pixels could tell this reader who raised a concern in confidence."""
    return here.case.confidential and file.added_by_id is None and Relation.RAISER not in here.held
