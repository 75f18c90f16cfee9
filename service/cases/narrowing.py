"""What a list of cases is narrowed to: the filters, as conditions on a case and as the values that they are bound to.

A statement is built once for each *kind* of choice; what somebody types is always bound.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, false, literal_column, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op
from sqlmodel import col

from service.cases import policy, searching
from service.cases.likeness import platform_key
from service.cases.relations import ME, Desks, Roles, raised_in_confidence
from service.people.identity import Me
from service.records.cases import Case, Confidence, Route, Step
from service.records.enums import AccountType, DeskName, Kind, Role, Severity, Stage
from service.records.people import Person

CLOSED: ColumnElement[str] = literal_column("'closed'")
"""Written out, so that the index over open cases serves the queue on both engines."""
NOT_MINE = (col(Case.reporter_id).is_distinct_from(ME), col(Case.subject_id).is_distinct_from(ME))
"""Whoever reported a case, or whose post it is, does not meet it in a desk's queue; `sees` walls off conflicts."""
TYPED = ("platform", "assigned", "since", "until", "q")
Assignee = aliased(Person)


def type_of(column: Any) -> Any:
    """The type that a value is bound with, so that both engines compare it as they compare the column."""
    return column.type


NOW = bindparam("now", required=True, type_=type_of(Case.next_due_at))


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. `desk` is one of the reader's own; `assigned` is `me`, `none` or an address.

    `since` and `until` are aware: reported at or after the one, and before the other. `q` is looked for in all that
    the reader may read. `mine` is what they reported, `asked` where they were asked for a step, or told of their post.
    """

    stage: Stage | None = None
    kind: Kind | None = None
    severity: Severity | None = None
    desk: DeskName | None = None
    platform: str | None = None
    account_type: AccountType | None = None
    overdue: bool = False
    assigned: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str | None = None
    open_only: bool = False
    mine: bool = False
    asked: bool = False
    order: str = "newest"

    @property
    def plain(self) -> bool:
        """Whether nothing is chosen or sorted by that a reader in part does not read; see `policy.sees`."""
        # Whoever raised a concern reads whether it is open.
        open_only = self.open_only and self.mine
        alike = Filters(kind=self.kind, mine=self.mine, asked=self.asked, open_only=open_only, order=self.order)
        return self.order != "worst" and self == alike

    def shape(self) -> "Filters":
        """The same choice without what was typed: what a statement depends on."""
        anything: dict[str, Any] = {name: "typed" for name in TYPED if getattr(self, name) is not None}
        if self.assigned in ("me", "none"):
            anything["assigned"] = self.assigned
        if self.q is not None:
            anything["q"] = "reference" if searching.is_reference(self.q) else "words"
        return replace(self, **anything)

    def typed(self, embedded: bool) -> dict[str, Any]:
        """What the statement is bound to, by engine (`embedded`: SQLite). Raises Invalid for a search of no word."""
        given: dict[str, Any] = {name: value for name in TYPED if (value := getattr(self, name)) is not None}
        if self.assigned:
            given["assigned"] = self.assigned.lower()
        if self.platform:
            given["platform"] = platform_key(self.platform)
        return given | (searching.bound(given.pop("q"), embedded) if self.q is not None else {})


def narrowed(me: Me, filters: Filters, embedded: bool) -> list[ColumnElement[bool]]:
    """The conditions of a choice's shape. Needs `me`, `now` and what `typed` gives."""
    chosen: list[ColumnElement[bool]] = []
    for column, value in (
        (Case.kind, filters.kind),
        (Case.severity, filters.severity),
        (Case.account_type, filters.account_type),
    ):
        if value is not None:
            chosen.append(col(column) == value)
    if filters.stage is not None:
        chosen += _at_stage(filters.stage, embedded)
    if filters.platform is not None:
        chosen.append(col(Case.platform_key) == bindparam("platform", required=True))
    if filters.since is not None:
        chosen.append(col(Case.reported_at) >= bindparam("since", required=True, type_=type_of(Case.reported_at)))
    if filters.until is not None:
        chosen.append(col(Case.reported_at) < bindparam("until", required=True, type_=type_of(Case.reported_at)))
    if filters.open_only or filters.overdue:
        chosen.append(col(Case.stage) != CLOSED)
    if filters.overdue:
        chosen.append(col(Case.next_due_at) <= NOW)
    if filters.mine:
        chosen.append(or_(col(Case.reporter_id) == ME, raised_in_confidence()))
    if filters.asked:
        anybody: tuple[Desks, Roles] = (frozenset(), frozenset())
        chosen.append(or_(policy.is_asked(*anybody), policy.is_told_subject(*anybody)))
    wide = Role.AUDITOR in me.roles or DeskName.DIGITAL_UNIT in me.desks
    if filters.desk is not None:
        chosen += [_at_desk(filters.desk), *NOT_MINE]
    elif filters.asked or not (filters.mine or wide):
        chosen.append(_few(me))
    chosen.append(policy.finds(me) if filters.plain else policy.sees(me))
    assigned = in_order(Case.assigned_to_id, embedded) if filters.open_only else col(Case.assigned_to_id)
    if filters.assigned == "me":
        chosen.append(assigned == ME)
    elif filters.assigned == "none":
        chosen.append(assigned.is_(None))
    elif filters.assigned:
        chosen.append(col(Assignee.email) == bindparam("assigned", required=True))
    if filters.overdue or filters.assigned or filters.platform or filters.account_type:
        # By what is found, a filter would tell an auditor what the row does not.
        chosen.append(policy.reads_content(me))
    if filters.q == "reference":
        chosen.append(col(Case.id).in_(searching.by_reference(me, embedded)))
    elif filters.q is not None:
        chosen.append(col(Case.id).in_(searching.by_words(me, None if wide else few_ids(me), embedded)))
    return chosen


_PLAIN: Any = custom_op("+")


def in_order(column: Any, embedded: bool) -> Any:
    """A column whose own index SQLite is to leave alone: it would find the rows by that, and then sort them all."""
    plain: Any = col(column)
    return UnaryExpression(plain, operator=_PLAIN, type_=type_of(column)) if embedded else plain


def _at_stage(stage: Stage, embedded: bool) -> list[ColumnElement[bool]]:
    if stage is Stage.CLOSED:
        return [in_order(Case.stage, embedded) == CLOSED]
    return [col(Case.stage) != CLOSED, in_order(Case.stage, embedded) == stage]


def _at_desk(desk: DeskName) -> ColumnElement[bool]:
    if desk is DeskName.LINE_MANAGER:
        return col(Case.id).in_(
            select(col(Route.case_id)).where(col(Route.person_id) == ME, col(Route.ended_at).is_(None))
        )
    here = (col(Route.desk) == desk, col(Route.ended_at).is_(None))
    if desk is DeskName.DIGITAL_UNIT:
        # Nearly every open case is here: walk the open cases in their order and look each one up.
        # A question is for whom it was put to.
        holds = and_(col(Case.holding_desk) == desk, col(Case.kind) != Kind.ADVICE)
        return or_(holds, exists().where(col(Route.case_id) == col(Case.id), *here))
    return col(Case.id).in_(select(col(Route.case_id)).where(*here))


def waits_at(desk: DeskName | None) -> ColumnElement[bool]:
    """Whether a case waits to be acknowledged at this desk, or by the reader as its line manager."""
    if desk is None:
        return false()
    whom = col(Route.person_id) == ME if desk is DeskName.LINE_MANAGER else col(Route.desk) == desk
    return exists().where(
        col(Route.case_id) == col(Case.id),
        whom,
        col(Route.acknowledged_at).is_(None),
        col(Route.ended_at).is_(None),
        col(Case.stage) != CLOSED,
    )


def few_ids(me: Me) -> Any:
    """The cases that somebody could see who reads no desk's cases at large: their own, and what was sent to them."""
    mine = select(col(Case.id)).where(or_(col(Case.reporter_id) == ME, col(Case.subject_id) == ME))
    reached = or_(col(Route.person_id) == ME, col(Route.desk).in_(sorted(me.desks)))
    raised = select(col(Confidence.case_id)).where(col(Confidence.person_id) == ME)
    asked = select(col(Step.case_id)).where(col(Step.asked_of_id) == ME)
    return mine.union(select(col(Route.case_id)).where(reached), raised, asked)


def _few(me: Me) -> ColumnElement[bool]:
    """Where somebody can only see few cases, start from those; without it every case would be asked about."""
    return col(Case.id).in_(few_ids(me))
