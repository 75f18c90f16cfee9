"""What a purge of the case destroys in the HR room as well: copies outlast a change, and never a purge."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel import Session, col

from service.records.cases import Case
from service.records.enums import LetterKind
from service.records.evidence import Evidence
from service.records.referrals import Copied, Hearing, Letter, Referral
from service.records.timeline import Outbox
from service.referrals.keep import entries_for_hr
from service.timeline import erasing, outbox

ALLEGED = "referral.allegation"


def destroy_copied(db: Session, case: Case, fields: list[str], at: datetime) -> None:
    """Empty each copied piece of which something was destroyed in the case just now, and what repeats it.

    The referral's entries keep their commitments, so that its timeline still verifies. Copies are emptied as a whole.
    """
    # Under their locks first: what somebody copies at this moment is there then, or is copied without it.
    mine = select(Referral).where(col(Referral.case_id) == case.id).order_by(col(Referral.id))
    referrals = db.execute(mine.with_for_update(key_share=True)).scalars().all()
    told = entries_for_hr(db, case)
    files = select(col(Evidence.id)).where(col(Evidence.case_id) == case.id, col(Evidence.destroyed_at).is_not(None))
    gone = set(db.execute(files).scalars())
    for referral in referrals:
        lost: set[str] = set()
        for piece in db.execute(select(Copied).where(col(Copied.referral_id) == referral.id)).scalars():
            now = told.get(piece.entry or 0, {}).get("changes", ())
            if piece.said and (piece.evidence_id in gone or any(change["erased"] for change in now)):
                piece.said = {}
                lost.add(f"copied.{piece.id}.said")
        for hearing in db.execute(select(Hearing).where(col(Hearing.referral_id) == referral.id)).scalars():
            if hearing.states and any(field == ALLEGED or field.startswith("evidence.") for field in fields):
                hearing.states = {}
                lost.add(f"hearings.{hearing.id}.states")
        if any(field == ALLEGED or field.startswith("evidence.") for field in fields):
            lost |= _letters(db, referral, at)
        if lost:
            erasing.erase(db, referral, lost)


def _letters(db: Session, referral: Referral, at: datetime) -> set[str]:
    """Empty the letters that repeat what was alleged or list the evidence, and have their PDFs destroyed."""
    lost = set()
    for row in db.execute(select(Letter).where(col(Letter.referral_id) == referral.id)).scalars():
        if row.says and row.kind in (LetterKind.INFORMING, LetterKind.INVITATION):
            row.wording, row.says = {}, {}
            lost |= {f"letters.{row.id}.wording", f"letters.{row.id}.says"}
            prefix = row.key.rpartition("/")[0]
            about = f"{referral.reference}:{row.kind}:{row.number}"
            db.execute(insert(Outbox), [outbox.to_do("destroy", about, at, evidence=[], prefix=prefix)])
    return lost
