"""What HR reads of referrals."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, select
from sqlmodel import Session, col

from service.core.errors import NotFound, NotPermitted
from service.people.identity import Me
from service.records.cases import Case, Confidence, Conflict
from service.records.enums import DeskName, ReferralStage
from service.records.evidence import Evidence
from service.records.people import Person
from service.records.referrals import Referral

MOST = 101
"""A page of a hundred, and one more to know whether there is another."""


def list_referrals(db: Session, me: Me, *, before: int | None = None, limit: int = 50) -> list[Any]:
    """Rows of the referrals this person may open, newest first. Raises NotPermitted outside HR."""
    if DeskName.HR not in me.desks:
        raise NotPermitted("Referrals are read by Human Resources.")
    query = select(Referral).where(_not_about(me)).order_by(col(Referral.id).desc()).limit(min(limit, MOST))
    if before is not None:
        query = query.where(col(Referral.id) < before)
    return list(db.execute(query).scalars())


def waiting_referrals(db: Session, me: Me) -> int:
    """How many referrals have been received and nothing more, for somebody at the HR desk; otherwise none."""
    if DeskName.HR not in me.desks:
        return 0
    received = select(func.count()).where(col(Referral.stage) == ReferralStage.RECEIVED, _not_about(me))
    return db.execute(received).scalar_one()


def read_referral(db: Session, me: Me, reference: str) -> dict[str, Any]:
    """One referral as HR reads it. Raises NotFound when it is absent, or not for these eyes."""
    if DeskName.HR not in me.desks or len(reference) > 20 or "\x00" in reference:
        raise NotFound
    referral = db.execute(
        select(Referral).where(col(Referral.reference) == reference, _not_about(me))
    ).scalar_one_or_none()
    if referral is None:
        raise NotFound
    people = {
        person.id: {"email": person.email, "name": person.name}
        for person in db.execute(
            select(Person).where(col(Person.id).in_([referral.referred_by_id, referral.subject_id]))
        ).scalars()
    }
    files = db.execute(select(Evidence).where(col(Evidence.id).in_(referral.evidence_ids))).scalars()
    return {
        "id": referral.id,
        "case_id": referral.case_id,
        "reference": referral.reference,
        "stage": referral.stage,
        "version": referral.version,
        "allegation": referral.allegation,
        "reason": referral.reason,
        "rules": list(referral.rules),
        "playbook": referral.playbook_version,
        "mitigation": referral.mitigation,
        "self_reported": referral.self_reported,
        "subject_told": referral.subject_told,
        "steps_taken": [
            {**step, "taken_at": datetime.fromisoformat(step["taken_at"])} for step in referral.steps_taken
        ],
        "evidence": [{"id": file.id, "filename": file.filename, "sha256": file.sha256} for file in files],
        "received_at": referral.received_at,
        "referred_by": people.get(referral.referred_by_id),
        "subject": people.get(referral.subject_id),
        "people": {"investigator": None, "decision_maker": None, "appeal_hearer": None},
        "may": [],
    }


def referral_of(db: Session, me: Me, case_id: int) -> str:
    """The reference of a case's newest referral, for those who may read it. Raises NotFound."""
    if DeskName.HR not in me.desks:
        raise NotFound
    made = select(col(Referral.reference)).where(col(Referral.case_id) == case_id, _not_about(me))
    reference = db.execute(made.order_by(col(Referral.id).desc())).scalars().first()
    if reference is None:
        raise NotFound
    return reference


def _not_about(me: Me) -> Any:
    """Subject, reporter and those named as conflicted do not read it as HR."""
    named = exists().where(col(Conflict.case_id) == col(Referral.case_id), col(Conflict.person_id) == me.id)
    reported = exists().where(col(Case.id) == col(Referral.case_id), col(Case.reporter_id) == me.id)
    raised = exists().where(col(Confidence.case_id) == col(Referral.case_id), col(Confidence.person_id) == me.id)
    apart = (~each.correlate(Referral) for each in (named, reported, raised))
    return and_(col(Referral.subject_id).is_distinct_from(me.id), *apart)
