"""Keeping a case for legal reasons, letting it go again, and approving that what it holds is destroyed."""

from datetime import datetime

from sqlalchemy import insert
from sqlmodel import Session

from service.cases.playbook import Playbook
from service.cases.queries import Found
from service.cases.relations import Relation
from service.cases.tombstone import ASKED
from service.core.errors import NotPermitted, Refusal
from service.people.identity import Me
from service.records.cases import Case
from service.records.timeline import Outbox
from service.retention.rules import require_due
from service.timeline import entries, outbox


def require_a_lead(me: Me) -> None:
    """Raise NotPermitted for whoever leads no desk."""
    if not any(me.desks.values()):
        raise NotPermitted("How long records are kept is looked after by whoever leads the desk that holds them.")


def require_lead(here: Found) -> Case:
    """The case, for whoever leads the desk that holds it. Raises NotPermitted for anybody else."""
    if Relation.LEAD not in here.held:
        raise NotPermitted("This is for whoever leads the desk that holds the case.")
    return here.case


def hold(db: Session, me: Me, case: Case, *, reason: str, at: datetime) -> None:
    """Keep a case, however long, until somebody releases it; what was approved and not yet done is stopped.

    Raises a Refusal (409) when it is kept already.
    """
    if case.held_at is not None:
        raise Refusal("It is kept for legal reasons already. Release that first if the reason has changed.")
    case.held_at, case.held_because = at, reason
    stop(case)
    changes = {"held_because": (None, reason)}
    entries.add(db, case, "hold_placed", actor=me.id, at=at, changes=changes, moves=False)


def release(db: Session, me: Me, case: Case, *, reason: str, at: datetime) -> None:
    """Keep a case no longer than others. Raises a Refusal (409) when it was not held."""
    if case.held_at is None:
        raise Refusal("It is not kept for legal reasons.")
    changes = {"held_because": (case.held_because, None), "reason": (None, reason)}
    case.held_at = case.held_because = None
    entries.add(db, case, "hold_released", actor=me.id, at=at, changes=changes, moves=False)


def approve(db: Session, me: Me, case: Case, rules: Playbook, *, at: datetime) -> None:
    """Approve that what a case holds is destroyed; the worker does it. The caller holds the case's row lock.

    Raises a Refusal (409) naming each rule by which it is kept, or that somebody has approved it before.
    """
    rule = require_due(db, case, rules, at)
    if case.disposal_asked_at is not None:
        raise Refusal("Somebody has approved this already. It is destroyed within minutes.")
    case.disposal_rule, case.disposal_asked_at, case.disposal_asked_by_id = str(rule), at, me.id
    changes = {"disposal_rule": (None, str(rule))}
    entries.add(db, case, "disposal_approved", actor=me.id, at=at, changes=changes, moves=False)
    db.execute(insert(Outbox), outbox.to_dispose(case.id, at))


def stop(case: Case) -> None:
    """Take back what was approved; the entry that the caller writes says so."""
    for column in ASKED:
        setattr(case, column, None)
