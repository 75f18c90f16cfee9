"""Files of the HR room in and out, for the page and for the API alike."""

from dataclasses import dataclass
from datetime import datetime

from litestar.response import Response
from sqlalchemy import select
from sqlmodel import Session, col

from service.core.errors import NotFound
from service.core.storage import Store
from service.evidence.download import preview_headers
from service.evidence.room import add_to_room, require_place
from service.people.identity import Me
from service.records.cases import Case
from service.records.evidence import Evidence
from service.referrals.find import Found, evidence_of, find_referral
from service.referrals.life import Act
from service.timeline import reads
from service.web.evidence import Taken, sent_out, where_kept
from service.web.forms import Sent
from service.web.room_deeds import found
from service.web.schemas import EvidenceIn


@dataclass
class OfReferral:
    """A referral, as where a file is to go."""

    me: Me
    sent: Sent
    reference: str

    def find(self, db: Session) -> Found:
        """The referral: seen (404), open (409), permitted (403), as the sender saw it (412)."""
        return found(db, self.me, self.reference, Act.ADD_EVIDENCE, self.sent.if_match, lock=False)

    def fits(self, db: Session, here: Found, told: EvidenceIn, filename: str) -> None:
        """Any file does."""

    def has_place(self, db: Session, here: Found) -> None:
        """While it holds fewer than 20 of its own."""
        require_place(db, here.referral)


def enter_in_room(db: Session, me: Me, here: Found, taken: Taken, now: datetime) -> Evidence:
    """Enter a file that is in the store already in its referral."""
    file = add_to_room(db, me, here, taken.examined, taken.evidence_id, **taken.said(me), at=now)
    db.flush()
    taken.entered = True
    return file


def streamed_in_room(
    db: Session, store: Store, me: Me, now: datetime, reference: str, file_id: str, through: str
) -> Response:
    """A file of a referral, to be saved, once the look is noted."""
    here, file, pixels_alone = _file_of(db, me, reference, file_id)
    _note(db, me, here, file, through, now)
    return sent_out(store, file, pixels_alone=pixels_alone)


def pictured_in_room(
    db: Session, store: Store, me: Me, now: datetime, reference: str, file_id: str, through: str
) -> Response[bytes]:
    """The small picture of a file of a referral, once the look is noted. Raises NotFound where there is none."""
    here, file, _ = _file_of(db, me, reference, file_id)
    picture = store.read(where_kept(file, preview=True))
    _note(db, me, here, file, through, now)
    headers = preview_headers()
    return Response(picture, headers=headers, media_type=headers["Content-Type"])


def _file_of(db: Session, me: Me, reference: str, file_id: str) -> tuple[Found, Evidence, bool]:
    """A file for those in the room, and for whom it is about once it was disclosed with the evidence; and whether it is
    given without what a camera wrote into it. Raises NotFound.
    """
    here = find_referral(db, me, reference)
    told = not here.in_the_room
    if (told and "evidence" not in here.referral.disclosed) or file_id not in evidence_of(db, here.referral, told=told):
        raise NotFound
    there = (col(Evidence.id) == file_id, col(Evidence.destroyed_at).is_(None))
    row = db.execute(
        select(Evidence, col(Case.confidential)).outerjoin(Case, col(Case.id) == col(Evidence.case_id)).where(*there)
    ).one_or_none()
    if row is None:
        raise NotFound
    file, confidential = row
    return here, file, bool(confidential) and file.added_by_id is None


def _note(db: Session, me: Me, here: Found, file: Evidence, through: str, now: datetime) -> None:
    said = here.as_logged | {"detail": file.id}
    reads.log(db, me.id, here.referral.case_id, "evidence", through=through, at=now, **said)
