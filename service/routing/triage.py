"""Triage: the holding desk confirms what went wrong and how serious it is; once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.cases.changing import set_columns, settle_codes
from service.cases.clocks import keep_next_due
from service.cases.judging import judge_again
from service.cases.lifecycle import MOVES, Move
from service.cases.policy import Act, require_stage
from service.cases.recipients import acknowledged, open_routes, reaches
from service.cases.speaking import keep_note
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import NoteAudience, Severity, Stage
from service.records.people import Person
from service.routing.assign import check_assignable
from service.timeline import entries


def triage(
    db: Session,
    me: Me,
    case: Case,
    *,
    at: datetime,
    facts: Mapping[str, Any],
    severity: Severity | None = None,
    assigned_to: Person | None = None,
    note: str | None = None,
) -> None:
    """Take a case in hand. `facts` holds `codes` and `facts_wrong` where the desk corrects them.

    Triaging also acknowledges for the desk. Raises a Refusal (409) when the case is triaged or closed already.
    """
    if assigned_to is not None:
        check_assignable(db, case, assigned_to)
    confirmed = settle_codes(db, case, facts)
    require_stage(Act.TRIAGE, case)
    changes = set_columns(case, confirmed, me.zone)
    case.stage, case.triaged_at = MOVES[Stage.REPORTED, Move.TRIAGE].stage, at
    changes["stage"] = (Stage.REPORTED, case.stage)
    if assigned_to is not None:
        changes["assigned_to"] = (None, assigned_to.email)
        case.assigned_to_id = assigned_to.id
    entries.add(db, case, "triaged", actor=me.id, at=at, changes=changes)
    acknowledged(db, me, case, [r for r in open_routes(db, case) if r.acknowledged_at is None and reaches(me, r)], at)
    judge_again(db, case, actor=me.id, at=at, chosen=severity, by_desk=True)
    if note:
        keep_note(db, me, case, text=note, audience=NoteAudience.DIGITAL_UNIT, at=at)
    keep_next_due(db, case)
