"""Who is looking at a case now: seen by the others at the same desk, so that two do not do the same."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, null, select
from sqlmodel import Session, col

from service.cases.narrowing import NOW
from service.cases.queries import Found
from service.cases.relations import ME, Desks, Relation
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


def lookers_at(desk: DeskName | None, desks: Desks) -> ColumnElement[Any]:
    """Who else of the reader's desks looks at a case of a desk's queue, as a column. Needs `me` and `now`.

    Whoever meets a case in a desk's queue sees it through that desk; a line manager does not.
    """
    if desk is None or desk is DeskName.LINE_MANAGER:
        return null()
    return (
        select(func.aggregate_strings(col(Person.name), " and "))
        .select_from(Looking)
        .join(Person, col(Person.id) == col(Looking.person_id))
        .where(
            col(Looking.case_id) == col(Case.id),
            col(Looking.until) > NOW,
            col(Looking.person_id) != ME,
            col(Looking.desk).in_(sorted(desks)),
        )
        .correlate(Case)
        .scalar_subquery()
    )


_OTHERS = (
    select(col(Person.name))
    .join(Looking, col(Looking.person_id) == col(Person.id))
    .where(
        col(Looking.case_id) == bindparam("case"),
        col(Looking.until) > NOW,
        col(Looking.person_id) != ME,
        col(Looking.desk).in_(bindparam("desks", expanding=True)),
    )
    .order_by(col(Person.name))
)


def others_looking(db: Session, me: Me, here: Found, at: datetime) -> str:
    """Who else of the reader's desks looks at this case: *Digital 2*; nobody for a reader who sees it otherwise."""
    if through_desk(here, me) is None:
        return ""
    asked = {"case": here.case.id, "now": at, "me": me.id, "desks": sorted(me.desks)}
    return " and ".join(db.connection().execute(_OTHERS, asked).scalars())
