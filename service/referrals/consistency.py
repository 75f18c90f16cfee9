"""How similar referrals ended, for whoever decides: like cases are to be treated alike (Acas guide, *consistency*)."""

from collections import Counter
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.relations import ME
from service.people.identity import Me
from service.records.enums import Code, Outcome
from service.records.referrals import Referral
from service.referrals.policy import apart

FEWEST = 5
"""Fewer would say who they were (product.md, *Insights*)."""
LOOKED_AT = 500
"""The latest so many decisions: a department decides a few dozen in a year."""


def comparable_outcomes(db: Session, me: Me, referral: Referral) -> dict[str, Any] | None:
    """The outcomes of other people's referrals that cited one of the same rules; None where there are fewer than five.

    Without any that the reader may have no part in, and with nothing of whom they were about: each outcome with its
    number, the mildest first, and how many of them all had reported themselves.
    """
    rules = frozenset(Code(rule) for rule in referral.rules)
    decided = (
        select(Referral.outcome, Referral.rules, Referral.self_reported)
        .where(
            col(Referral.outcome).is_not(None),
            # Nobody could say any more whether it was the reader's own.
            col(Referral.disposed_at).is_(None),
            col(Referral.id) != referral.id,
            col(Referral.subject_id).is_distinct_from(referral.subject_id),
            ~apart(ME),
        )
        .order_by(col(Referral.decided_at).desc())
        .limit(LOOKED_AT)
    )
    alike = [row for row in db.execute(decided, {"me": me.id}) if rules & {Code(rule) for rule in row.rules}]
    if len(alike) < FEWEST:
        return None
    counted = Counter(Outcome(row.outcome) for row in alike)
    return {
        "number": len(alike),
        "self_reported": sum(row.self_reported for row in alike),
        "outcomes": [{"outcome": each, "number": counted[each]} for each in Outcome if counted[each]],
    }
