"""Who is looking at a case now: seen by the others at the same desk, so that two do not do the same."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Select, bindparam, delete, or_, select
from sqlmodel import Session, col

from service.cases import policy
from service.cases.narrowing import type_of
from service.cases.policy import ME, Relation
from service.cases.queries import Found
from service.core.database import insert_on
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import DeskName
from service.records.people import Person
from service.records.queue import Looking

LASTS = timedelta(seconds=50)
"""How long one look counts; a page that is open renews it every 20 seconds. Our default."""
THROUGH = {
    Relation.HR_DESK: DeskName.HR,
    Relation.DATA_PROTECTION: DeskName.DATA_PROTECTION,
    Relation.DIGITAL_UNIT: DeskName.DIGITAL_UNIT,
}


def look(db: Session, me: Me, here: Found, at: datetime) -> None:
    """Note that somebody has a case open; nothing for whoever does not see it through a desk.

    No entry of the timeline: it is no deed, and is gone within a minute. The read log has the opening itself.
    """
    desk = through_desk(here, me)
    if desk is None:
        return
    db.execute(delete(Looking).where(col(Looking.until) < at - LASTS))
    row = {"case_id": here.case.id, "person_id": me.id, "desk": desk, "until": at + LASTS}
    put = insert_on(db)(Looking).values(**row)
    db.execute(
        put.on_conflict_do_update(index_elements=["case_id", "person_id"], set_={"until": at + LASTS, "desk": desk})
    )


def look_away(db: Session, me: Me, here: Found) -> None:
    """They have left the page."""
    db.execute(delete(Looking).where(col(Looking.case_id) == here.case.id, col(Looking.person_id) == me.id))


def through_desk(here: Found, me: Me) -> DeskName | None:
    """The desk through which they see it. That HR looks is HR's alone to know, so it is the first to be asked."""
    for relation, desk in THROUGH.items():
        if relation in here.held:
            return desk
    if Relation.HOLDER in here.held:
        return DeskName(here.case.holding_desk)
    sits = [desk for desk in (DeskName.MEDIA_OFFICE, DeskName.FCO_SERVICES) if desk in me.desks]
    return sits[0] if Relation.DESK in here.held and sits else None


@lru_cache(maxsize=256)
def _lookers(desks: policy.Desks, roles: policy.Roles) -> Select[Any]:
    me = policy.reader(desks, roles)
    through_desk = [predicate for relation, predicate in policy.relations(me) if relation in policy.DESKS]
    return cast(
        "Select[Any]",
        select(col(Case.reference), col(Person.name))
        .select_from(Looking)
        .join(Case, col(Case.id) == col(Looking.case_id))
        .join(Person, col(Person.id) == col(Looking.person_id))
        .where(
            col(Looking.until) > bindparam("at", required=True, type_=type_of(Looking.until)),
            col(Looking.person_id) != ME,
            col(Looking.desk).in_(sorted(desks)),
            or_(*through_desk),
        )
        .order_by(col(Looking.until).desc())
        .limit(200),
    )


def looking_at(db: Session, me: Me, at: datetime) -> dict[str, str]:
    """Who of the reader's desks looks at which case, as `{reference: "Digital 2"}`; never the reader."""
    if not me.desks:
        return {}
    seen: dict[str, list[str]] = {}
    query = _lookers(frozenset(me.desks), me.roles)
    for reference, name in db.connection().execute(query, {"me": me.id, "at": at}):
        seen.setdefault(reference, []).append(name)
    return {reference: " and ".join(names) for reference, names in seen.items()}
