"""The desk that holds a concern tells the person whose post it is some facts: those it names, as they stand now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.cases.facts import COLUMNS
from service.cases.in_part import DISCLOSED, MAY_BE_DISCLOSED, told_to_subject
from service.cases.policy import Act, require_stage
from service.core.errors import Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.field_words import FIELDS
from service.records.people import Person
from service.timeline import entries
from service.timeline.chain import plain

NOBODY = (
    "Nobody is known to be the person whose post it is, so there is nobody to tell. "
    "Ask whoever raised it, by a message, whose post it is."
)
LEFT = (
    "This person has left and cannot sign in. Tell them outside Amends, by a letter for example, "
    "and keep a note of what you told them."
)


def disclose(db: Session, me: Me, case: Case, facts: Sequence[str], *, at: datetime) -> None:
    """Tell the subject these facts; what they are told stays as it was told, whatever becomes of the fact.

    Raises Invalid, naming `facts`, for what is never told, such as the words of whoever raised it, and for what is not
    known; a Refusal (409) where nobody can be told, and where they were told all of it before.
    """
    known = _known(case, facts)
    require_stage(Act.DISCLOSE, case)
    subject = db.get(Person, case.subject_id) if case.subject_id else None
    if subject is None:
        raise Refusal(NOBODY)
    if not subject.active:
        raise Refusal(LEFT)
    before = told_to_subject(entries.of_case(db, case.id))
    new = {path: value for path, value in known.items() if path not in before or before[path] != plain(value)}
    if not new:
        raise Refusal("They have been told all of this already.")
    changes: dict[str, tuple[object, object]] = {f"{DISCLOSED}{path}": (None, value) for path, value in new.items()}
    if case.disclosed_at is None:
        case.disclosed_at = at
        changes["disclosed_at"] = (None, at)
    entries.add(db, case, "disclosed", actor=me.id, at=at, changes=changes, tell=(subject.id,))


def left_to_tell(view: Mapping[str, Any]) -> list[str]:
    """Which facts of a case, as its view with the timeline shows it, could be told and were not told so yet."""
    told = {
        change["field"].removeprefix(DISCLOSED): change["after"]
        for entry in view["timeline"]
        if entry["kind"] == "disclosed"
        for change in entry["changes"]
    }
    known = {path: plain(_in_view(view, path)) for path in MAY_BE_DISCLOSED}
    return [path for path, value in known.items() if value not in (None, "", []) and value != told.get(path)]


def _in_view(case: Mapping[str, Any], path: str) -> Any:
    group, _, name = path.partition(".")
    return (case.get(group) or {}).get(name) if name else case.get(group)


def _known(case: Case, facts: Sequence[str]) -> dict[str, Any]:
    never = [path for path in facts if path not in MAY_BE_DISCLOSED]
    if never:
        raise invalid(
            "facts",
            f"{FIELDS.get(never[0], never[0])}: this is not told to the person whose post it is. "
            f"Choose from: {', '.join(MAY_BE_DISCLOSED)}.",
        )
    told = {path: getattr(case, COLUMNS[path]) for path in MAY_BE_DISCLOSED if path in facts}
    empty = [path for path, value in told.items() if value in (None, "", [])]
    if empty:
        raise invalid("facts", f"{FIELDS[empty[0]]}: nothing is known of this, so there is nothing to tell.")
    return told
