"""Guarded cases: the holding desk opens their fields, and destroys content that got in before the guard was up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.facts import COLUMNS
from service.cases.judging import steps_of
from service.core.errors import Refusal, invalid
from service.people.identity import Me
from service.records.cases import Advice, Case, Message, Note
from service.records.enums import StepKind
from service.records.evidence import Evidence
from service.timeline import entries

SPILLS = ("post.url", "post.text", "post.audience", "guidance.from", "account.handle", "account.platform", "narrative")
TOLD = ("withdrawal_reason",)
"""Words that only the timeline keeps."""
STEP_WORDS = ("public_text", "link", "note", "cannot_reason")
SPOKEN: dict[str, Any] = {"messages": Message, "advice": Advice, "notes": Note}


def open_fields(db: Session, me: Me, case: Case, *, reason: str, at: datetime) -> None:
    """Let words, links and files in again on a guarded case. Raises a Refusal (409) when it is open already."""
    if not case.guarded:
        raise Refusal("This case is not guarded.")
    if case.opened_at is not None:
        raise Refusal("This case is open already.")
    case.opened_at, case.opened_because = at, reason
    entries.add(db, case, "opened", actor=me.id, at=at, changes={"opened_at": (None, at), "reason": (None, reason)})


def purge(db: Session, me: Me, case: Case, *, fields: Sequence[str], reason: str, at: datetime) -> list[Evidence]:
    """Destroy spilt content wherever the record keeps it; the timeline keeps its commitments and still verifies.

    `fields` are JSON paths (`post.text`, `narrative`, `steps.apologise.public_text`, `messages.3`, `evidence.ID`,
    `withdrawal_reason`).
    Returns the evidence whose bytes the caller destroys after commit. Raises Invalid for a field that holds nothing.
    """
    if not case.guarded:
        raise Refusal("Only a guarded case can be purged.")
    destroyed: list[Evidence] = []
    for field in dict.fromkeys(fields):
        there = _destroy(db, case, field, at)
        if isinstance(there, Evidence):
            destroyed.append(there)
        names = {field, f"{field}.filename", f"{field}.description"} if isinstance(there, Evidence) else {field}
        # Words that somebody has cleared again are gone from the row, and still on the timeline.
        if entries.erase(db, case, names) == 0 and not there:
            raise invalid("fields", f"There is nothing in {field[:100]}.")
    purged = sorted(dict.fromkeys(fields))
    entries.add(db, case, "purged", actor=me.id, at=at, changes={"purged": (None, purged), "reason": (None, reason)})
    return destroyed


def _destroy(db: Session, case: Case, field: str, at: datetime) -> Evidence | bool:
    """Empty the field's row; whether it held anything, or the file. Raises Invalid for what is no field of words."""
    area, _, rest = field.partition(".")
    if field in SPILLS:
        held = getattr(case, COLUMNS[field]) is not None
        setattr(case, COLUMNS[field], None)
        return held
    if field in TOLD:
        return False
    if area == "steps":
        return _destroy_step_words(db, case, field, rest)
    if area in SPOKEN and rest.isdigit() and len(rest) < 19:
        table = SPOKEN[area]
        spoken = db.execute(
            select(table).where(col(table.id) == int(rest), col(table.case_id) == case.id)
        ).scalar_one_or_none()
        if spoken is not None and spoken.text is not None:
            spoken.text = None
            db.add(spoken)
            return True
    if area == "evidence":
        file = db.execute(
            select(Evidence).where(col(Evidence.id) == rest, col(Evidence.case_id) == case.id)
        ).scalar_one_or_none()
        if file is not None and file.destroyed_at is None:
            file.destroyed_at, file.filename, file.description = at, "destroyed", None
            db.add(file)
            return file
    raise invalid("fields", f"There is nothing in {field[:100]}.")


def _destroy_step_words(db: Session, case: Case, field: str, rest: str) -> bool:
    kind, _, name = rest.partition(".")
    for step in steps_of(db, case):
        if name in STEP_WORDS and kind in set(StepKind) and step.kind == kind:
            held = getattr(step, name) is not None
            setattr(step, name, None)
            db.add(step)
            return held
    raise invalid("fields", f"There is nothing in {field[:100]}.")
