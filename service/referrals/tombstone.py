"""What is left of a referral once what it held is destroyed: its reference, how it ended, when, and under which rule.

As with a case (`cases/tombstone.py`), whatever is not named here goes: every row of the room, and every other column.
"""

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.tombstone import DISPOSAL, HELD
from service.records.cases import Case
from service.records.evidence import Evidence
from service.records.referrals import Referral
from service.timeline import erasing

KINDS = frozenset({"room_disposal_approved", "room_disposed"})
"""Entries that keep who did it: who let it go stays known."""
ENDS = ("stage", "outcome", "returned_at", "decided_at", "warning_until", "closed_at", *DISPOSAL)
COLUMNS = frozenset(
    (
        *("id", "reference", "case_id", "version", "entries", "last_hash", "playbook_version", "received_at"),
        *ENDS,
    )
)
KEPT_LATER = (*HELD, *DISPOSAL)
"""What an entry says of the referral about how long it is kept."""


def is_kept(kind: str, path: str) -> bool:
    """Whether a path of an entry outlasts what a referral held."""
    return kind in KINDS or path in ENDS


def erase_from_case(db: Session, case: Case, referral: Referral) -> None:
    """Destroy what the case's entries say of what HR received, and of why HR returned it; the commitments stay.

    That it was referred, by whom and why is the case's own, and goes with it.
    """
    for kind, area, at in (
        ("referral_decided", "referral.", referral.received_at),
        ("referral_returned", "hr.returned_because", referral.returned_at),
    ):
        if at is not None:
            erasing.erase_at(db, case, kind, at, area)


def places_of(referral: Referral) -> tuple[str, ...]:
    """Where the store keeps what was made of a referral, by prefix; the PDFs of its case say what HR received."""
    return (f"letters/{referral.case_id}/{referral.id}", f"pdf/{referral.case_id}")


def folders_of_files(db: Session, referral: Referral) -> list[str]:
    """Where the bytes lie of the files that were added in its room."""
    mine = select(col(Evidence.id)).where(col(Evidence.referral_id) == referral.id)
    return [f"evidence/{file}" for file in db.execute(mine).scalars()]


def is_blank(referral: Referral) -> bool:
    """Whether nothing but a tombstone is left in the row."""
    return all(
        getattr(referral, column.name) in (None, False, [], "", "destroyed")
        for column in referral.__table__.columns  # type: ignore[attr-defined]  # every table model has one
        if column.name not in COLUMNS
    )
