"""Keeping a case or a referral for legal reasons, releasing it, and approving that what it holds is destroyed."""

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
from service.records.enums import DeskName
from service.records.referrals import Referral
from service.records.timeline import Outbox
from service.referrals.changes import Changes, put
from service.referrals.find import Found as FoundReferral
from service.referrals.policy import Relation as InRoom
from service.retention import referral_rules, rules
from service.timeline import entries, outbox


def looks_after(me: Me) -> bool:
    """Whether somebody leads a desk, or may stand in for whoever leads HR."""
    return any(me.desks.values()) or DeskName.HR in me.desks


def require_a_lead(me: Me) -> None:
    """Raise NotPermitted for whoever leads no desk, outside HR, where they stand in for a lead with a part in it."""
    if not looks_after(me):
        raise NotPermitted("How long records are kept is looked after by whoever leads the desk that holds them.")


def require_lead(here: Found) -> Case:
    """The case, for whoever leads the desk that holds it. Raises NotPermitted for anybody else."""
    if Relation.LEAD not in here.held:
        raise NotPermitted("This is for whoever leads the desk that holds the case.")
    return here.case


def require_keeper(here: FoundReferral) -> Referral:
    """The referral, for whoever leads HR or stands in there. Raises NotPermitted for anybody else in its room."""
    if InRoom.KEEPER not in here.held:
        raise NotPermitted("This is for whoever leads HR.")
    return here.referral


def hold(db: Session, me: Me, record: Case | Referral, *, reason: str, at: datetime) -> None:
    """Keep it, however long, until somebody releases it; what was approved and not yet done is stopped.

    Raises a Refusal (409) when it is kept already.
    """
    if record.held_at is not None:
        raise Refusal("It is kept for legal reasons already. Release that first if the reason has changed.")
    say(db, me, record, "hold_placed", put(record, held_at=at, held_because=reason) | stop(record), at)


def release(db: Session, me: Me, record: Case | Referral, *, reason: str, at: datetime) -> None:
    """Keep it no longer than others. Raises a Refusal (409) when it was not held."""
    if record.held_at is None:
        raise Refusal("It is not kept for legal reasons.")
    told = put(record, held_at=None, held_because=None) | {"reason": (None, reason)}
    say(db, me, record, "hold_released", told, at)


def approve(db: Session, me: Me, record: Case | Referral, playbook: Playbook, *, at: datetime) -> None:
    """Approve that what it holds is destroyed; the worker does it. The caller holds the row lock.

    Raises a Refusal (409) naming each rule by which it is kept, or that somebody has approved it before.
    """
    rule = require_due(db, record, playbook, at)
    if record.disposal_asked_at is not None:
        raise Refusal("Somebody has approved this already. It is destroyed within minutes.")
    told = put(record, disposal_rule=str(rule), disposal_asked_at=at, disposal_asked_by_id=me.id)
    say(db, me, record, "disposal_approved", told, at)
    which = {"case": record.id} if isinstance(record, Case) else {"referral": record.id}
    db.execute(insert(Outbox), outbox.to_dispose(at, **which))


def require_due(db: Session, record: Case | Referral, playbook: Playbook, at: datetime) -> rules.Rule:
    """The rule by which it may go now. Raises a Refusal (409) that names each rule which keeps it."""
    if isinstance(record, Case):
        return rules.require_due(db, record, playbook, at)
    return referral_rules.require_due(db, record, playbook, at)


def stop(record: Case | Referral) -> Changes:
    """Take back what was approved; returns what the entry that the caller writes says of it."""
    return put(record, **dict.fromkeys(ASKED))


def say(
    db: Session,
    me: Me | None,
    record: Case | Referral,
    kind: str,
    told: Changes,
    at: datetime,
) -> None:
    """Add the entry. Nobody who is about to write has to know of it: the version stays."""
    named = kind if isinstance(record, Case) else f"room_{kind}"
    entries.add(db, record, named, actor=me.id if me else None, at=at, changes=told, moves=False)
