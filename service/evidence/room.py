"""Files of the HR room: kept as those of a case are, by the same rules, and found from no case."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from service.core.errors import FieldError, Refusal
from service.evidence.receive import MOST_FILES, Examined, check_captured_at, row_of
from service.people.identity import Me
from service.records.evidence import Evidence
from service.records.referrals import Referral
from service.referrals.changes import add_row
from service.referrals.find import Found
from service.referrals.life import Act, require_open
from service.timeline import entries

TOO_MANY = (
    f"A referral holds {MOST_FILES} files of its own at most, and this one is full. Say in a note what else there is."
)


def add_to_room(
    db: Session,
    me: Me,
    here: Found,
    examined: Examined,
    evidence_id: str,
    *,
    captured_at: datetime | None = None,
    captured_zone: str | None = None,
    description: str | None = None,
    at: datetime,
) -> Evidence:
    """Enter a stored file in a referral, whose row is locked, and on its timeline. Moments are aware.

    Raises Invalid for a capture that lies in the future, and a Refusal (409) where it holds 20 files of its own.
    """
    referral = here.referral
    check_captured_at(captured_at, at)
    require_open(Act.ADD_EVIDENCE, here.stage)
    require_place(db, referral)
    evidence = row_of(examined, evidence_id, captured_at=captured_at, description=description, at=at)
    evidence.referral_id = referral.id
    evidence.captured_zone = captured_zone if captured_at else None
    evidence.added_by_id = me.id
    entries.add(db, referral, "room_file_added", actor=me.id, at=at, changes=add_row(db, evidence))
    return evidence


def require_place(db: Session, referral: Referral) -> None:
    """Raise a Refusal (409) for a referral that holds 20 files of its own."""
    standing = select(func.count()).where(
        col(Evidence.referral_id) == referral.id, col(Evidence.destroyed_at).is_(None)
    )
    if db.execute(standing).scalar_one() >= MOST_FILES:
        raise Refusal(TOO_MANY, [FieldError("file", TOO_MANY)])
