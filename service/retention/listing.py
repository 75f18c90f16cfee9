"""What may go, what soon may, what is kept for legal reasons, and what has gone: for whoever leads the desk.

A line says nothing of what a case or a referral holds: its reference, its kind, how and when it ended, and under which
rule it goes. Both stand in one list, of two tables: a page is read from each, and put together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, not_, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases.narrowing import type_of
from service.cases.playbook import Playbook
from service.cases.relations import ME, leads_it
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import DeskName, Kind
from service.records.people import Person
from service.records.referrals import Referral
from service.referrals.policy import keeps
from service.retention import referral_rules, rules
from service.retention.keeping import require_a_lead
from service.retention.rules import Rule, years_after

SOON = timedelta(days=90)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Show(StrEnum):
    """Which part of the list."""

    DUE = "due"
    COMING = "coming"
    HELD = "held"
    DISPOSED = "disposed"


Place = tuple[int, int, int]
"""Where a page ended: of which table its last row is, the moment that is sorted by in microseconds since 1970, and its
number.
"""
REFERRAL = "referral"
"""What a line says in place of the kind of a case."""

_approver = aliased(Person)


@dataclass(frozen=True)
class Sort:
    """One of the two tables as the list reads it: its place among lines of one moment, and what keeps a row of it."""

    place: int
    table: Any
    moments: Mapping[Show, Any]
    ended: tuple[ColumnElement[bool], ...]
    kept_by: rules.KeptBy
    over: Any
    columns: tuple[Any, ...]


def _moments(table: Any, ended: Any) -> dict[Show, Any]:
    held, gone = col(table.held_at), col(table.disposed_at)
    return {Show.DUE: ended, Show.COMING: ended, Show.HELD: held, Show.DISPOSED: gone}


CASES = Sort(
    0,
    Case,
    _moments(Case, col(Case.closed_at)),
    rules.ENDED,
    rules.KEPT_BY,
    rules.time_is_over,
    (Case.kind, Case.resolution, Case.holding_desk, Case.reported_at, Case.closed_at),
)
REFERRALS = Sort(
    1,
    Referral,
    _moments(Referral, referral_rules.COUNTS_FROM),
    referral_rules.ENDED,
    referral_rules.KEPT_BY,
    referral_rules.time_is_over,
    (Referral.outcome, Referral.received_at, Referral.returned_at, Referral.warning_until, Referral.closed_at),
)


def list_retention(
    db: Session, me: Me, show: Show, playbook: Playbook, *, at: datetime, after: Place | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of what the desks hold that the reader leads, the oldest first, and where it ended.

    What was destroyed comes the latest first. Raises NotPermitted for whoever leads no desk.
    """
    require_a_lead(me)
    found: list[tuple[Place, dict[str, Any]]] = []
    for sort in (CASES, REFERRALS):
        query = _lines(sort, me).add_columns(sort.moments[show].label("moment"))
        query = _page_of(query.where(_shown(sort, show, playbook, at)), sort, show, after).limit(limit + 1)
        for row in db.execute(query, {"me": me.id}):
            place = sort.place, (row.moment - EPOCH) // timedelta(microseconds=1), row.id
            found.append((place, _line(sort, row, playbook, at)))
    found.sort(key=lambda each: (each[0][1], each[0][0], each[0][2]), reverse=show is Show.DISPOSED)
    page = found[:limit]
    return [line for _, line in page], page[-1][0] if len(found) > limit else None


def _page_of(query: Select[Any], sort: Sort, show: Show, after: Place | None) -> Select[Any]:
    """The rows that come after a place, in the order of the list."""
    moment, number = sort.moments[show], col(sort.table.id)
    latest_first = show is Show.DISPOSED
    if after is not None:
        table, micros, last = after
        ended = literal(EPOCH + timedelta(microseconds=micros), type_of(Case.closed_at))
        here, there = tuple_(moment, literal(sort.place), number), tuple_(ended, literal(table), literal(last))
        query = query.where(here < there if latest_first else here > there)
    return query.order_by(moment.desc(), number.desc()) if latest_first else query.order_by(moment, number)


def one_line(db: Session, me: Me, record: Case | Referral, playbook: Playbook, at: datetime) -> dict[str, Any]:
    """The line of one case or referral, for whoever leads its desk."""
    sort = CASES if isinstance(record, Case) else REFERRALS
    mine = _lines(sort, me).where(col(sort.table.id) == record.id)
    return _line(sort, db.execute(mine, {"me": me.id}).one(), playbook, at)


def _shown(sort: Sort, show: Show, playbook: Playbook, at: datetime) -> ColumnElement[bool]:
    kept = or_(*(predicate for predicate, _ in sort.kept_by.values()))
    due, held = sort.over(at, playbook), col(sort.table.held_at).is_not(None)
    match show:
        case Show.DUE:
            return and_(*sort.ended, due, not_(kept))
        case Show.COMING:
            return and_(*sort.ended, sort.over(at + SOON, playbook), not_(and_(due, not_(kept))), ~held)
        case Show.HELD:
            return and_(held, col(sort.table.disposed_at).is_(None))
        case Show.DISPOSED:
            # Whoever never saw it while it stood, and finds what is left, would know why.
            mine = or_(col(sort.table.kept_apart).is_(None), col(sort.table.disposal_asked_by_id) == ME)
            return and_(col(sort.table.disposed_at).is_not(None), mine)


def _lines(sort: Sort, me: Me) -> Select[Any]:
    table = sort.table
    about = (table.held_at, table.held_because, table.disposal_asked_at, table.disposal_rule, table.disposed_at)
    kept = [predicate.label(name) for name, (predicate, _) in sort.kept_by.items()]
    approved: Any = (col(_approver.email).label("approved_by"), col(_approver.name).label("approver"))
    desks = frozenset(desk for desk, lead in me.desks.items() if lead)
    mine = leads_it(desks, frozenset()) if sort is CASES else keeps(frozenset(me.desks))
    return (
        select(col(table.id), table.reference, table.stage, *sort.columns, *about, *kept, *approved)
        .outerjoin(_approver, col(_approver.id) == col(table.disposal_asked_by_id))
        .where(mine)
    )


def _line(sort: Sort, row: Any, playbook: Playbook, at: datetime) -> dict[str, Any]:
    of, rule, start = _of_case(row, playbook) if sort is CASES else _of_referral(row, playbook)
    told: dict[str, Any] = of | {
        "reference": row.reference,
        "due_at": years_after(start, rule.years) if start else None,
        "rule": row.disposal_rule or str(rule),
        "kept_by": [name for name in sort.kept_by if getattr(row, name)] if row.disposed_at is None else [],
        "hold": {"at": row.held_at, "reason": row.held_because} if row.held_at else None,
        "approved": {"at": row.disposal_asked_at, "by": row.approved_by} if row.disposal_asked_at else None,
        "disposed_at": row.disposed_at,
    }
    told["may"] = _may(told, at)
    return told


def _of_case(row: Any, playbook: Playbook) -> tuple[dict[str, Any], Rule, datetime | None]:
    told: dict[str, Any] = {"kind": row.kind, "outcome": row.resolution, "desk": row.holding_desk}
    told |= {"reported_at": row.reported_at, "closed_at": row.closed_at}
    return told, rules.rule_for(Kind(row.kind), playbook), row.closed_at


def _of_referral(row: Any, playbook: Playbook) -> tuple[dict[str, Any], Rule, datetime | None]:
    """`outcome` is how it ended; `closed_at` is when, or when its warning does: what its years are counted from."""
    start, ended = referral_rules.counts_from(row), referral_rules.ended_as(row.stage, row.outcome)
    told: dict[str, Any] = {"kind": REFERRAL, "outcome": ended if start else None, "desk": DeskName.HR.value}
    told |= {"reported_at": row.received_at, "closed_at": start}
    return told, referral_rules.rule_for(ended, playbook), start


def _may(line: dict[str, Any], at: datetime) -> list[str]:
    """What may be done with it, in this order of buttons."""
    if line["disposed_at"]:
        return []
    over = line["due_at"] is not None and line["due_at"] <= at and not line["kept_by"] and not line["approved"]
    return [*(["dispose"] if over else []), "release" if line["hold"] else "hold"]
