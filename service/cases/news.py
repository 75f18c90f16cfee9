"""What has changed since a moment of the log, as far as somebody sees it: what an open queue listens to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Select, bindparam, select
from sqlmodel import Session, col

from service.cases import policy
from service.cases.in_part import EYES
from service.cases.relations import Desks, Relation, Roles
from service.people.identity import Me
from service.records.cases import Case
from service.records.queue import Looking
from service.records.timeline import TimelineEntry, TimelineHead
from service.timeline.entries import number_read

MOST_CASES = 500
"""How many changed cases are told apart; after more the whole list is looked at again."""
Changed = dict[int, frozenset[str]]
"""The cases that changed, by number, each with the eyes that may read something of it."""
Looks = frozenset[tuple[int, int, str]]
"""Which case which person looks at, and through which desk."""

_HEAD = select(col(TimelineHead.position)).where(col(TimelineHead.id) == 1)
_SINCE = (
    select(col(TimelineEntry.case_id), col(TimelineEntry.audience))
    .where(col(TimelineEntry.position) > bindparam("since"), col(TimelineEntry.case_id).is_not(None))
    .order_by(col(TimelineEntry.position).desc())
    .limit(5 * MOST_CASES + 1)
)
_LOOKS = select(col(Looking.case_id), col(Looking.person_id), col(Looking.desk))


def head(db: Session) -> int:
    """How long the log is: it grows with everything that changes a case."""
    return db.connection().execute(_HEAD).scalar_one()


def looks(db: Session, at: datetime) -> Looks:
    """Who looks at what at this moment."""
    rows = db.connection().execute(_LOOKS.where(col(Looking.until) > at))
    return frozenset((case, person, desk) for case, person, desk in rows)


def looks_heard(me: Me, looks: Looks) -> set[int]:
    """The cases of these looks that are a reader's to hear of: through a desk of theirs, and not their own."""
    return {case for case, person, desk in looks if desk in me.desks and person != me.id}


def changed_since(db: Session, position: int) -> tuple[Changed, bool]:
    """The cases with an entry after this position, and whether there are more than are named."""
    entries: Sequence[Any] = db.connection().execute(_SINCE, {"since": position}).all()
    cases: dict[int, frozenset[str]] = {}
    for case, audience in entries:
        cases[case] = cases.get(case, frozenset()) | frozenset(audience.split())
    few = dict(list(cases.items())[:MOST_CASES])
    return few, len(entries) > 5 * MOST_CASES or len(cases) > MOST_CASES


@lru_cache(maxsize=256)
def _seen(desks: Desks, roles: Roles) -> Select[Any]:
    me = policy.reader(desks, roles)
    columns = [predicate.label(relation.value) for relation, predicate in policy.relations(me)]
    query = select(col(Case.id), col(Case.reference), col(Case.version), *columns)
    return cast("Select[Any]", query.where(col(Case.id).in_(bindparam("cases", expanding=True)), policy.finds(me)))


def heard_of(db: Session, me: Me, changed: Changed, looked: Collection[int]) -> dict[str, int]:
    """Of these cases those that are a reader's to hear of, as `{reference: version}`.

    Of a change hears whoever may read an entry of it, an auditor of each; of a look whoever sees the case through a
    desk.
    """
    if not changed and not (looked and me.desks):
        return {}
    query = _seen(frozenset(me.desks), me.roles)
    rows = db.connection().execute(query, {"me": me.id, "cases": sorted({*changed, *looked})})
    heard = {}
    for row in rows:
        held = frozenset(relation for relation, _ in policy.relations(me) if getattr(row, relation.value))
        reads = changed.get(row.id, frozenset()) & policy.eyes(held)
        told = reads or (row.id in changed and Relation.AUDITOR in held)
        if told or (row.id in looked and not held.isdisjoint(policy.DESKS)):
            through = policy.eyes(held)
            heard[row.reference] = 1 + number_read(db, row.id, through) if through <= EYES else row.version
    return heard
