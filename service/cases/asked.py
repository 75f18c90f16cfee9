"""What waits for somebody on their home page: at their desks, the worst there, and what is asked of them."""

from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, literal_column, or_, select
from sqlmodel import Session, col

from service.cases import policy
from service.cases.clocks import NOTHING_DUE
from service.cases.lists import AT_MOST, MOST, as_row, listing, rows_of
from service.cases.narrowing import CLOSED, NOT_MINE, Filters, type_of, waits_at
from service.cases.relations import ME, Desks, Roles
from service.core.database import is_sqlite
from service.people.identity import Me
from service.records.cases import Case, Route, Step
from service.records.enums import DeskName, Kind, StepKind, StepState


def waiting_at_desks(db: Session, me: Me, most: int = 100) -> dict[DeskName, int]:
    """How many open cases wait unacknowledged at each of the reader's desks, counted no further than `most`."""
    desks, given = frozenset(me.desks), {"me": me.id, "most": most}
    return {desk: db.execute(_unread(desks, me.roles, desk), given).scalar_one() for desk in me.desks}


@lru_cache(maxsize=512)
def _unread(desks: Desks, roles: Roles, desk: DeskName) -> Select[Any]:
    waits = (col(Route.acknowledged_at).is_(None), col(Route.ended_at).is_(None), col(Case.stage) != CLOSED, *NOT_MINE)
    unread: Select[Any] = (
        select(literal_column("1"))
        .select_from(Route)
        .join(Case, col(Case.id) == col(Route.case_id))
        .where(col(Route.desk) == desk, *waits, policy.sees(policy.reader(desks, roles)))
        .limit(AT_MOST)
    )
    return select(func.count()).select_from(unread.subquery())


def worst_waiting(db: Session, me: Me, at: datetime) -> list[dict[str, Any]]:
    """Of what is due or waits unacknowledged at the reader's desks the worst case, one for each desk."""
    desks, embedded = frozenset(me.desks), is_sqlite(db)
    found = {
        row.id: row for desk in me.desks for row in rows_of(db, _worst(desks, me.roles, desk, embedded), me, at, 1)
    }
    return [as_row(row, at) for row in sorted(found.values(), key=lambda row: (row.severity_rank, row.next_due_at))]


@lru_cache(maxsize=512)
def _worst(desks: Desks, roles: Roles, desk: DeskName, embedded: bool) -> Select[Any]:
    query = listing(desks, roles, Filters(desk=desk, open_only=True, order="worst"), embedded)
    return query.where(or_(waits_at(desk), col(Case.next_due_at) < NOTHING_DUE))


def asked_of_me(db: Session, me: Me, at: datetime, most: int = 20) -> list[dict[str, Any]]:
    """Open cases in which something is asked of this person, worst first, each with the nearest such thing as its next.

    Their own steps that are due, and what was sent to them as a line manager and waits to be read.
    """
    asked: dict[int, tuple[datetime, str]] = {}
    for soonest in _asked():
        for case_id, due, what in db.connection().execute(soonest, {"me": me.id}):
            mine = (due or NOTHING_DUE, what)
            asked[case_id] = min(asked.get(case_id, mine), mine)
    if not asked:
        return []
    query = _of_these(frozenset(me.desks), me.roles, is_sqlite(db))
    rows = rows_of(db, query, me, at, 3 * MOST, {"cases": list(asked)})
    # In the order of what is owed: how bad a case is, is not for everybody who owes something.
    rows = sorted(rows, key=lambda row: (1 if row.part else row.severity_rank, asked[row.id]))
    return [as_row(row, at) | _owed(*asked[row.id], at) for row in rows[:most]]


@cache
def _asked() -> tuple[Select[Any], ...]:
    steps: Select[*tuple[Any, ...]] = (
        select(col(Step.case_id), col(Step.due_at), col(Step.kind))
        .join(Case, col(Case.id) == col(Step.case_id))
        .where(or_(col(Step.asked_of_id) == ME, and_(col(Case.reporter_id) == ME, col(Case.kind) != Kind.CONCERN)))
        .where(col(Case.stage) != CLOSED, col(Step.state) == StepState.DUE)
        .where(col(Step.kind).not_in((StepKind.INFORM_MANAGER, StepKind.INFORM_DIGITAL_UNIT)))
    )
    with_me = (col(Route.person_id) == ME, col(Route.desk) == DeskName.LINE_MANAGER, col(Route.ended_at).is_(None))
    to_read: Select[*tuple[Any, ...]] = select(
        col(Route.case_id), col(Route.acknowledge_by), literal_column("'acknowledge.line_manager'")
    ).where(*with_me, col(Route.acknowledged_at).is_(None))
    to_answer: Select[*tuple[Any, ...]] = select(
        col(Route.case_id), col(Route.answer_by), literal_column("'advice.line_manager'")
    ).where(*with_me, col(Route.answer_by).is_not(None), col(Route.answered_at).is_(None))
    owed = ((steps, Step.due_at), (to_read, Route.acknowledge_by), (to_answer, Route.answer_by))
    return tuple(statement.order_by(col(owed_by)).limit(MOST) for statement, owed_by in owed)


@lru_cache(maxsize=256)
def _of_these(desks: Desks, roles: Roles, embedded: bool) -> Select[Any]:
    these = bindparam("cases", expanding=True, type_=type_of(Case.id))
    return listing(desks, roles, Filters(), embedded).where(col(Case.id).in_(these), col(Case.stage) != CLOSED)


def _owed(due: datetime, what: str, at: datetime) -> dict[str, Any]:
    known = due < NOTHING_DUE
    return {"next_due": {"what": what, "at": due} if known else None, "overdue": known and due <= at, "mine": True}
