"""What has changed since a moment of the log, as far as somebody sees it: what an open queue listens to."""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Select, bindparam, or_, select
from sqlmodel import Session, col

from service.cases import policy
from service.people.identity import Me
from service.records.cases import Case
from service.records.queue import Looking
from service.records.timeline import TimelineEntry, TimelineHead

MOST_CASES = 500
"""How many changed cases are told apart; after more the whole list is looked at again."""
Looks = frozenset[tuple[int, int, str]]
"""Which case which person looks at, and through which desk."""

_HEAD = select(col(TimelineHead.position)).where(col(TimelineHead.id) == 1)
_SINCE = (
    select(col(TimelineEntry.case_id))
    .where(col(TimelineEntry.position) > bindparam("since"))
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


def changed_since(db: Session, position: int) -> tuple[set[int], bool]:
    """The cases with an entry after this position, by number, and whether there are more than are named."""
    entries = db.connection().execute(_SINCE, {"since": position}).scalars().all()
    cases = list(dict.fromkeys(entries))
    return set(cases[:MOST_CASES]), len(entries) > 5 * MOST_CASES or len(cases) > MOST_CASES


@lru_cache(maxsize=256)
def _seen(desks: policy.Desks, roles: policy.Roles, through_desk: bool) -> Select[Any]:
    me = policy.reader(desks, roles)
    through = [predicate for relation, predicate in policy.relations(me) if relation in policy.DESKS]
    sees = or_(*through) if through_desk else policy.sees(me)
    query = select(col(Case.reference), col(Case.version))
    return cast("Select[Any]", query.where(col(Case.id).in_(bindparam("cases", expanding=True)), sees))


def seen_of(db: Session, me: Me, cases: Collection[int], *, through_desk: bool = False) -> dict[str, int]:
    """Of these cases those that a reader sees, as `{reference: version}`; or only what they see through a desk."""
    if not cases or (through_desk and not me.desks):
        return {}
    query = _seen(frozenset(me.desks), me.roles, through_desk)
    rows = db.connection().execute(query, {"me": me.id, "cases": sorted(cases)})
    return {reference: version for reference, version in rows}  # noqa: C416 - rows are not pairs to dict()
