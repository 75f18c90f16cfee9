"""To refer to HR or not: proposed by a routed manager, decided by the desk that holds the case."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.closing import decision_of, has_been_returned
from service.cases.facts import refuse_closed
from service.cases.free_words import GONE
from service.cases.judging import steps_of
from service.cases.pinned import playbook_of
from service.cases.policy import Act, require_stage
from service.cases.references import unused_reference
from service.cases.relations import Relation
from service.core.errors import FieldError, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Code, DeskName, Resolution, Stage, StepState
from service.records.evidence import Evidence
from service.records.referrals import Referral
from service.records.said import ReferralDecision
from service.referrals.clocks import keep_next_due, within
from service.referrals.policy import keepers
from service.referrals.readiness import cited
from service.timeline import entries


def decide_referral(
    db: Session,
    me: Me,
    case: Case,
    held: frozenset[Relation],
    *,
    refer: bool,
    reason: str,
    at: datetime,
    allegation: str | None = None,
    rules: Sequence[Code] = (),
    mitigation: str | None = None,
    subject_told: str | None = None,
    evidence: Sequence[str] = (),
    conflict_check: bool = False,
) -> Referral | None:
    """Decide, or as a manager propose, whether HR should look at a case. Returns the referral when one is made.

    A case that is closed stays so: the desk that has it decides again there where HR returned the referral.
    Raises Invalid for evidence that is not the case's, and for anything a manager words on a closed guarded case; a
    Refusal (409) when the decision is taken already.
    """
    counts = Relation.HOLDER in held
    if not counts:
        words = {"reason": reason, "allegation": allegation, "mitigation": mitigation, "subject_told": subject_told}
        refuse_closed(case, {name: said for name, said in words.items() if said not in ("yes", "no")})
    _check_evidence(db, case, evidence)
    require_stage(Act.DECIDE_REFERRAL, case)
    _require_open(db, case, counts=counts, refer=refer)
    # A manager hears nothing of a decision: their proposal is taken all the same.
    if counts and decision_of(db, case) is not None:
        raise Refusal("This is decided already.")
    proposal = _proposal(db, case)
    if not counts and proposal is not None and proposal.by_id == me.id and proposal.refer == refer:
        raise Refusal("You have proposed this already. The desk that has the case decides.")
    desk = DeskName(case.holding_desk) if counts else DeskName.LINE_MANAGER
    db.add(ReferralDecision(case_id=case.id, by_id=me.id, desk=desk, refer=refer, reason=reason, at=at, counts=counts))
    word = "referred" if refer else "not_referred"
    changes: dict[str, tuple[object, object]] = {"hr.reason": (None, reason)}
    if not counts:
        changes["hr.proposed"] = (None, word)
        entries.add(db, case, "referral_proposed", actor=me.id, at=at, changes=changes, tell=(case.holding_desk,))
        return None
    changes["hr.decision"] = (None, word)
    passed_on = {
        "allegation": allegation,
        "rules": list(cited(case, rules)),
        "mitigation": mitigation,
        "subject_told": subject_told,
        "evidence": list(evidence),
        "self_reported": case.reporter_id is not None and case.reporter_id == case.subject_id,
        "conflict_checked_at": at if conflict_check else None,
    }
    if refer:
        # What HR received is committed to here; its reference is HR's own.
        changes |= {f"referral.{name}": (None, value) for name, value in passed_on.items() if value is not None}
    entries.add(db, case, "referral_decided", actor=me.id, at=at, changes=changes)
    return _pass_on(db, me, case, reason, passed_on, at) if refer else None


def _pass_on(db: Session, me: Me, case: Case, reason: str, passed_on: dict[str, Any], at: datetime) -> Referral:
    """Begin HR's own record with what it is handed."""
    book = playbook_of(db, case.playbook_version)
    referral = Referral(
        reference=unused_reference(db, Referral, "HR", at),
        case_id=case.id,
        referred_by_id=me.id,
        subject_id=case.subject_id,
        reason=reason,
        playbook_version=case.playbook_version,
        evidence_ids=passed_on["evidence"],
        steps_taken=_steps_taken(db, case),
        received_at=at,
        accept_by=within(book, at, book.referrals.acceptance),
        # Why it is referred is for HR alone, and may say who told of it: it never stands in for what is alleged.
        allegation=passed_on["allegation"] or "",
        **{name: value for name, value in passed_on.items() if name not in ("evidence", "allegation")},
    )
    db.add(referral)
    db.flush()
    # HR hears of it through its own room: who of the desk is let in is asked there.
    entries.add(db, referral, "room_received", actor=None, at=at, tell=keepers(db, referral))
    keep_next_due(db, referral)
    return referral


def _require_open(db: Session, case: Case, *, counts: bool, refer: bool) -> None:
    """Raise a Refusal (409) on a closed case, but for what HR returned; and where its end would be another one."""
    if case.stage != Stage.CLOSED:
        return
    if not counts or not has_been_returned(db, case):
        raise Refusal("The case is closed, so this cannot be done now.")
    if not refer and case.resolution == Resolution.REFERRED:
        said = "This case is closed as passed to HR. Open it again first, and then close it in another way."
        raise Refusal(said, [FieldError("refer", said)])


def built_before(db: Session, case: Case) -> dict[str, Any]:
    """What the referral said that HR returned last, to be built up from there; nothing of what was destroyed since."""
    returned = (col(Referral.case_id) == case.id, col(Referral.returned_at).is_not(None))
    query = select(Referral).where(*returned, col(Referral.disposed_at).is_(None)).order_by(col(Referral.id).desc())
    before = db.execute(query.limit(1)).scalar()
    if before is None:
        return {}
    words = {name: getattr(before, name) for name in ("reason", "allegation", "mitigation", "subject_told")}
    kept = {name: said for name, said in words.items() if said and said != GONE}
    return kept | {"rules": list(before.rules), "evidence": list(before.evidence_ids)}


def _proposal(db: Session, case: Case) -> ReferralDecision | None:
    return (
        db.execute(
            select(ReferralDecision)
            .where(col(ReferralDecision.case_id) == case.id, ~col(ReferralDecision.counts))
            .order_by(col(ReferralDecision.id).desc())
        )
        .scalars()
        .first()
    )


def _steps_taken(db: Session, case: Case) -> list[dict[str, str]]:
    """What had been put right when the referral was made: it travels with it."""
    return [
        {"kind": step.kind, "taken_at": step.taken_at.isoformat(), "zone": step.taken_zone or "Etc/UTC"}
        for step in steps_of(db, case)
        if step.state == StepState.TAKEN and step.taken_at is not None
    ]


def _check_evidence(db: Session, case: Case, evidence: Sequence[str]) -> None:
    if not evidence:
        return
    known = set(
        db.execute(
            select(col(Evidence.id)).where(col(Evidence.case_id) == case.id, col(Evidence.destroyed_at).is_(None))
        ).scalars()
    )
    if set(evidence) - known:
        raise invalid("evidence", "Choose from the evidence of this case.")
