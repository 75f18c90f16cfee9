"""Who raised a concern in confidence: known here, and to whoever it is revealed to; the record says *the reporter*."""

from sqlalchemy import select
from sqlmodel import Session, col

from service.records.cases import Case, Confidence, Revealed
from service.timeline import chain

REPORTER = "reporter"
"""What an entry commits to in place of a number, where a confidential reporter did it."""
SEALED = "confidence"
"""The field of the entry that opens a case, which commits to who raised it."""


def reporter_of(db: Session, case: Case) -> int | None:
    """Who reported a case, also where that is confidential. Never for showing."""
    if not case.confidential:
        return case.reporter_id
    raised = (col(Confidence.case_id) == case.id, col(Confidence.raised))
    return db.execute(select(col(Confidence.person_id)).where(*raised)).scalar()


def revealed_to(db: Session, case: Case, person_id: int) -> bool:
    """Whether this person was told who raised the case in confidence, and so is shown it."""
    told = select(col(Revealed.at)).where(col(Revealed.case_id) == case.id, col(Revealed.person_id) == person_id)
    return db.execute(told).first() is not None


def kept_apart(db: Session, case: Case) -> frozenset[int]:
    """Who raised the case in confidence, or one that was merged with it: they learn nothing of it through a desk."""
    return frozenset(db.execute(select(col(Confidence.person_id)).where(col(Confidence.case_id) == case.id)).scalars())


def seal(db: Session, case: Case, person_id: int, *, raised: bool = True) -> str:
    """Keep who raised a case where nothing else stands; returns the hash that its first entry commits to."""
    kept = Confidence(case_id=case.id, person_id=person_id, raised=raised, salt=chain.new_salt())
    db.add(kept)
    return sealed(kept)


def sealed(kept: Confidence) -> str:
    """The hash of who raised it: without the salt in that row it tells nothing."""
    return chain.commitment(SEALED, kept.salt, kept.case_id, kept.person_id)
