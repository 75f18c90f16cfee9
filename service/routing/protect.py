"""Data protection: whether to tell the regulator, and whether to tell those affected, each with reasons."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import keep_next_due
from service.cases.facts import reason_kept
from service.cases.relations import Relation
from service.core.errors import Refusal
from service.people.identity import Me
from service.records.cases import Case
from service.records.said import ProtectionDecision
from service.timeline import entries


class Question(StrEnum):
    """What has to be decided within 72 hours of awareness."""

    REGULATOR = "regulator"
    AFFECTED = "affected"


def decide_protection(
    db: Session,
    me: Me,
    case: Case,
    held: frozenset[Relation],
    question: Question,
    *,
    tell: bool,
    reason: str,
    at: datetime,
) -> None:
    """Record a decision. A later one may overturn it; the same again is refused (409).

    On a closed guarded case, whose 72 hours run all the same, the reason is one of `FIXED_REASONS`; only the desk that
    holds it writes freely.
    """
    if Relation.HOLDER not in held:
        reason = reason_kept(case, "protection-decision", reason)
    last = (
        db.execute(
            select(ProtectionDecision)
            .where(col(ProtectionDecision.case_id) == case.id, col(ProtectionDecision.question) == question)
            .order_by(col(ProtectionDecision.id).desc())
        )
        .scalars()
        .first()
    )
    if last is not None and last.tell == tell:
        raise Refusal("This is decided already.")
    db.add(ProtectionDecision(case_id=case.id, question=question, tell=tell, reason=reason, by_id=me.id, at=at))
    changes = {
        f"data_protection.{question}.tell": (last.tell if last else None, tell),
        f"data_protection.{question}.reason": (None, reason),
    }
    entries.add(db, case, "protection_decided", actor=me.id, at=at, changes=changes)
    keep_next_due(db, case)
