"""What may go, what soon may, what is kept for legal reasons, and what has gone: for whoever leads the desk.

A line says nothing of what a case holds: its reference, its kind, how and when it ended, and under which rule it goes.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases.playbook import Playbook
from service.cases.relations import leads_it
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Kind
from service.records.people import Person
from service.retention.keeping import require_a_lead
from service.retention.rules import ENDED, KEPT_BY, due_at, rule_for, time_is_over

SOON = timedelta(days=90)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Show(StrEnum):
    """Which part of the list."""

    DUE = "due"
    COMING = "coming"
    HELD = "held"
    DISPOSED = "disposed"


Place = tuple[int, int, int]
"""Where a page ended: nothing, the moment it is sorted by in microseconds since 1970, and the row's number."""

_approver = aliased(Person)
SORTED_BY = {
    Show.DUE: Case.closed_at,
    Show.COMING: Case.closed_at,
    Show.HELD: Case.held_at,
    Show.DISPOSED: Case.disposed_at,
}


def list_retention(
    db: Session, me: Me, show: Show, rules: Playbook, *, at: datetime, after: Place | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of what the desks hold that the reader leads, the oldest first, and where it ended.

    What was destroyed comes the latest first. Raises NotPermitted for whoever leads no desk.
    """
    require_a_lead(me)
    moment, latest_first = col(SORTED_BY[show]), show is Show.DISPOSED
    query = _lines(me).where(_shown(show, rules, at))
    if after is not None:
        ended, last = EPOCH + timedelta(microseconds=after[1]), after[2]
        beyond = (moment < ended, col(Case.id) < last) if latest_first else (moment > ended, col(Case.id) > last)
        query = query.where(or_(beyond[0], and_(moment == ended, beyond[1])))
    order = (moment.desc(), col(Case.id).desc()) if latest_first else (moment, col(Case.id))
    rows = db.execute(query.order_by(*order).limit(limit + 1), {"me": me.id}).all()
    page = [_line(row, rules, at) for row in rows[:limit]]
    last_row = rows[limit - 1] if len(rows) > limit else None
    return page, _place(last_row, show) if last_row else None


def one_line(db: Session, me: Me, case: Case, rules: Playbook, at: datetime) -> dict[str, Any]:
    """The line of one case, for whoever leads its desk."""
    return _line(db.execute(_lines(me).where(col(Case.id) == case.id), {"me": me.id}).one(), rules, at)


def _shown(show: Show, rules: Playbook, at: datetime) -> ColumnElement[bool]:
    kept = or_(*(predicate for predicate, _ in KEPT_BY.values()))
    due = time_is_over(at, rules)
    match show:
        case Show.DUE:
            return and_(*ENDED, due, not_(kept))
        case Show.COMING:
            return and_(
                *ENDED, time_is_over(at + SOON, rules), not_(and_(due, not_(kept))), col(Case.held_at).is_(None)
            )
        case Show.HELD:
            return and_(col(Case.held_at).is_not(None), col(Case.disposed_at).is_(None))
        case Show.DISPOSED:
            return col(Case.disposed_at).is_not(None)


def _lines(me: Me) -> Select[Any]:
    desks = frozenset(desk for desk, lead in me.desks.items() if lead)
    columns = (
        *(col(Case.id), Case.reference, Case.kind, Case.stage, Case.resolution, Case.holding_desk, Case.reported_at),
        *(
            Case.closed_at,
            Case.held_at,
            Case.held_because,
            Case.disposal_asked_at,
            Case.disposal_rule,
            Case.disposed_at,
        ),
    )
    kept = [predicate.label(name) for name, (predicate, _) in KEPT_BY.items()]
    return (
        select(*columns, *kept, col(_approver.email).label("approved_by"), col(_approver.name).label("approver"))
        .outerjoin(_approver, col(_approver.id) == col(Case.disposal_asked_by_id))
        .where(leads_it(desks, frozenset()))
    )


def _line(row: Any, rules: Playbook, at: datetime) -> dict[str, Any]:
    kind = Kind(row.kind)
    due = due_at(kind, row.closed_at, rules) if row.closed_at else None
    rule = rule_for(kind, rules)
    told: dict[str, Any] = {
        "reference": row.reference,
        "kind": row.kind,
        "outcome": row.resolution,
        "desk": row.holding_desk,
        "reported_at": row.reported_at,
        "closed_at": row.closed_at,
        "due_at": due,
        "rule": row.disposal_rule or str(rule),
        "kept_by": [name for name in KEPT_BY if getattr(row, name)] if row.disposed_at is None else [],
        "hold": {"at": row.held_at, "reason": row.held_because} if row.held_at else None,
        "approved": {"at": row.disposal_asked_at, "by": row.approved_by} if row.disposal_asked_at else None,
        "disposed_at": row.disposed_at,
    }
    told["may"] = _may(told, at)
    return told


def _may(line: dict[str, Any], at: datetime) -> list[str]:
    """What may be done with a case, in this order of buttons."""
    if line["disposed_at"]:
        return []
    over = line["due_at"] is not None and line["due_at"] <= at and not line["kept_by"] and not line["approved"]
    return [*(["dispose"] if over else []), "release" if line["hold"] else "hold"]


def _place(row: Any, show: Show) -> Place:
    moment: datetime = getattr(row, SORTED_BY[show].key)  # type: ignore[union-attr]  # a column has its name
    return 0, (moment - EPOCH) // timedelta(microseconds=1), row.id
