"""Shows the timeline of a case as far as a reader's eyes go."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from service.cases import in_part as in_parts
from service.cases.naming import addresses_told, names_for
from service.cases.parts import People, name_of
from service.cases.sentences import sentence
from service.people.identity import Me
from service.records.cases import Case
from service.records.notice_words import AMENDS
from service.records.people import Person
from service.records.words import WHO_DID
from service.timeline import entries
from service.timeline.chain import ACTOR
from service.timeline.confidence import REPORTER, SEALED

SPOKEN = ("advice.", "messages.", "notes.")
NOT_SHOWN = frozenset({ACTOR, SEALED, "subject_id"})
"""Fields of an entry that are for the record alone: who did it stands beside it, and a number tells nobody anything."""


def timeline_view(db: Session, case: Case, through: frozenset[str], me: Me | None = None) -> list[dict[str, Any]]:
    """The entries these eyes may see, oldest first; for an auditor only what kind of thing happened, and when."""
    return entries_view(db, case, entries.of_case(db, case.id), through, me)


def entries_view(
    db: Session, case: Case, rows: list[Any], through: frozenset[str], me: Me | None = None
) -> list[dict[str, Any]]:
    """The same of entries that were read before."""
    people = people_named(db, {row.actor_id for row in rows}, addresses_told(rows))
    return timeline_told(case, rows, people, through, me)


def timeline_told(
    case: Case, rows: list[Any], people: People, through: frozenset[str], me: Me | None
) -> list[dict[str, Any]]:
    """The same with those who are named in them read before."""
    seen = []
    names = names_for([row for row in rows if through & {*row.audience.split()}], people, through, me)
    for row in rows:
        audience = row.audience.split()
        own_note = me is not None and row.actor_id == me.id and row.kind.startswith("note_")
        readable = bool(through.intersection(audience)) or own_note
        if not readable and "auditor" not in through:
            continue
        entry: dict[str, Any] = {"kind": row.kind, "at": row.at}
        if readable:
            kept = row.fields or {}
            entry |= {
                "actor": _actor(case, row, people, through, me),
                "changes": [
                    _change(field, kept.get(field), numbered="digital_unit" in through)
                    for field in row.commitments
                    if field not in NOT_SHOWN and not field.endswith(".with_id") and not _unchanged(kept.get(field))
                ],
                "audience": audience,
            }
            entry["words"] = sentence(entry, case.kind, names)
        seen.append(entry)
    return seen


def _actor(case: Case, row: Any, people: People, through: frozenset[str], me: Me | None) -> str:
    """Who did it; to somebody with a part in a concern nobody else is named."""
    if not row.actor_id:
        return WHO_DID["raiser"] if (row.fields or {}).get(ACTOR, {}).get("after") == REPORTER else AMENDS
    named = through - in_parts.EYES or row.actor_id == case.reporter_id or (me is not None and row.actor_id == me.id)
    return name_of(people, row.actor_id) if named else WHO_DID["desk"]


def _unchanged(kept: dict[str, Any] | None) -> bool:
    # Some entries are written whatever they find; what stayed as it was is no change to show.
    return kept is not None and kept["before"] == kept["after"]


def _change(field: str, kept: dict[str, Any] | None, *, numbered: bool) -> dict[str, Any]:
    # `messages.12` would tell how much others write. Only whoever can purge it needs its number.
    name = field if numbered or not field.startswith(SPOKEN) else field.partition(".")[0]
    if kept is None:
        return {"field": name, "before": None, "after": None, "erased": True}
    return {"field": name, "before": kept["before"], "after": kept["after"], "erased": False}


_WHO = select(Person.id, Person.email, Person.name, Person.zone).where(
    col(Person.id).in_(bindparam("people", expanding=True))
    | col(Person.email).in_(bindparam("addresses", expanding=True))
)


def people_named(db: Session, ids: Iterable[int | None], addresses: Iterable[str] = ()) -> People:
    """Those who have these numbers, or these addresses, by number."""
    wanted, named = sorted({person_id for person_id in ids if person_id is not None}), sorted(addresses)
    if not wanted and not named:
        return {}
    found = db.connection().execute(_WHO, {"people": wanted, "addresses": named})
    return {row.id: {"email": row.email, "name": row.name, "zone": row.zone} for row in found}
