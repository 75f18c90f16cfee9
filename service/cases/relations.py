"""How somebody stands to a case: each relation a predicate over a case and a person, with its walls in it.

The person is always the bound parameter `me`. A predicate depends only on the desks and roles somebody has, so that
what is built of it is built once for each combination.
"""

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    exists,
    false,
    or_,
    select,
    true,
    union_all,
)
from sqlmodel import col

from service.records.cases import Case, Confidence, Conflict, Route, Step
from service.records.enums import DeskName, Kind, Role
from service.records.people import DeskMember


class Relation(StrEnum):
    """How somebody stands to a case."""

    REPORTER = "reporter"
    RAISER = "raiser"
    ASKED = "asked"
    SUBJECT = "subject"
    ADVISER = "adviser"
    ROUTED_MANAGER = "routed_manager"
    HOLDER = "holder"
    LEAD = "lead"
    DIGITAL_UNIT = "digital_unit"
    DESK = "desk"
    DATA_PROTECTION = "data_protection"
    HR_DESK = "hr_desk"
    AUDITOR = "auditor"


Desks = frozenset[DeskName]
Roles = frozenset[Role]
Predicate = Callable[[Desks, Roles], ColumnElement[bool]]

ME: BindParameter[int] = bindparam("me", required=True)


PARTIES = (Case.reporter_id, Case.subject_id)
NAMED = (Conflict, Confidence)
"""Who is walled from a case: its parties, and whoever a row of these names. Nothing reaches them through a desk or a
manager's place."""


def walled(person: Any = ME) -> ColumnElement[bool]:
    """Whether somebody, who may be a column, is walled from a case."""
    return or_(*(_is(party, person) for party in PARTIES), *(_named_in(table, person) for table in NAMED))


def walls(cases: Collection[int], *, known: bool = False) -> CompoundSelect[Any]:
    """Who is walled from which of these cases, a row (`case_id`, `person_id`) for each.

    `known`: only whom the desk knows, without whoever raised something in confidence.
    """
    parties: list[Select[Any]] = [
        select(col(Case.id).label("case_id"), col(party).label("person_id")).where(
            col(Case.id).in_(cases), col(party).is_not(None)
        )
        for party in PARTIES
    ]
    named = [
        select(col(table.case_id), col(table.person_id)).where(col(table.case_id).in_(cases))
        for table in NAMED
        if not (known and table is Confidence)
    ]
    return union_all(*parties, *named)


def _named_in(table: type[Conflict | Confidence], person: Any) -> ColumnElement[bool]:
    named = exists().where(col(table.case_id) == col(Case.id), col(table.person_id) == person)
    return named.correlate_except(table)


def raised_in_confidence() -> ColumnElement[bool]:
    """Whether somebody raised it in confidence themselves."""
    mine = (col(Confidence.case_id) == col(Case.id), col(Confidence.person_id) == ME, col(Confidence.raised))
    return exists().where(*mine).correlate(Case)


def _is(column: Any, person: Any) -> ColumnElement[bool]:
    # `IS NOT DISTINCT FROM` is never NULL: a walled predicate must not turn into "unknown" for an unknown subject.
    return col(column).is_not_distinct_from(person)


def _sent_to(desk: DeskName, *, open_only: bool) -> ColumnElement[bool]:
    conditions = [col(Route.case_id) == col(Case.id), col(Route.desk) == desk]
    if open_only:
        conditions.append(col(Route.ended_at).is_(None))
    return exists().where(*conditions).correlate(Case)


def is_reporter(_desks: Desks, _roles: Roles) -> ColumnElement[bool]:
    """Who reported a mistake, or asked for advice."""
    return and_(col(Case.reporter_id) == ME, col(Case.kind) != Kind.CONCERN)


def raised_it(_desks: Desks, _roles: Roles) -> ColumnElement[bool]:
    """Who raised a concern, by name or in confidence."""
    return and_(col(Case.kind) == Kind.CONCERN, or_(col(Case.reporter_id) == ME, raised_in_confidence()))


def is_asked(_desks: Desks, _roles: Roles) -> ColumnElement[bool]:
    """Who was asked for a step: the holder of the account."""
    return exists().where(col(Step.case_id) == col(Case.id), col(Step.asked_of_id) == ME).correlate(Case)


def is_told_subject(_desks: Desks, _roles: Roles) -> ColumnElement[bool]:
    """Whose post a concern is about, once something of it was disclosed to them."""
    disclosed = (col(Case.kind) == Kind.CONCERN, col(Case.subject_id) == ME, col(Case.disclosed_at).is_not(None))
    return and_(*disclosed)


def advises(desks: Desks, roles: Roles) -> ColumnElement[bool]:
    """Whom a question before posting was put to."""
    asked = [is_routed_manager(desks, roles)]
    asked += [_sits_at(desk)(desks, roles) for desk in sorted(ADVISERS & desks)]
    return and_(col(Case.kind) == Kind.ADVICE, or_(*asked))


def is_routed_manager(_desks: Desks, _roles: Roles) -> ColumnElement[bool]:
    """The line manager it was sent to, while it is with them."""
    routed = (
        exists()
        .where(
            col(Route.case_id) == col(Case.id),
            col(Route.desk) == DeskName.LINE_MANAGER,
            col(Route.person_id) == ME,
            col(Route.ended_at).is_(None),
        )
        .correlate(Case)
    )
    return and_(routed, ~walled())


def holds_it(desks: Desks, _roles: Roles) -> ColumnElement[bool]:
    """Sits at the desk that holds the case."""
    return and_(col(Case.holding_desk).in_(sorted(desks)), ~walled()) if desks else false()


def leads_it(desks: Desks, roles: Roles) -> ColumnElement[bool]:
    """Leads the desk that holds the case."""
    if not desks:
        return false()
    seat = (col(DeskMember.person_id) == ME, col(DeskMember.desk) == col(Case.holding_desk), col(DeskMember.lead))
    return and_(holds_it(desks, roles), exists().where(*seat).correlate(Case))


def in_digital_unit(desks: Desks, _roles: Roles) -> ColumnElement[bool]:
    """The digital unit sees every case that was ever sent to it; a case of FCO Services' own never was."""
    if DeskName.DIGITAL_UNIT not in desks:
        return false()
    return and_(_sent_to(DeskName.DIGITAL_UNIT, open_only=False), ~walled())


def _sits_at(desk: DeskName) -> Predicate:
    def sits_at(desks: Desks, _roles: Roles) -> ColumnElement[bool]:
        return and_(_sent_to(desk, open_only=True), ~walled()) if desk in desks else false()

    return sits_at


def sits_at_open_desk(desks: Desks, roles: Roles) -> ColumnElement[bool]:
    """Sits at the Media Office or FCO Services desk while the case is there."""
    return or_(*(_sits_at(desk)(desks, roles) for desk in (DeskName.MEDIA_OFFICE, DeskName.FCO_SERVICES)))


def is_auditor(_desks: Desks, roles: Roles) -> ColumnElement[bool]:
    """Auditors see that a case exists and when what happened; never what was said."""
    return and_(true(), ~walled()) if Role.AUDITOR in roles else false()


ADVISERS = frozenset({DeskName.MEDIA_OFFICE, DeskName.DIGITAL_UNIT})
"""The desks that may be asked before posting, beside the line manager (policy, *Social media activity in the FCO*)."""

RELATIONS: dict[Relation, Predicate] = {
    Relation.REPORTER: is_reporter,
    Relation.RAISER: raised_it,
    Relation.ASKED: is_asked,
    Relation.SUBJECT: is_told_subject,
    Relation.ADVISER: advises,
    Relation.ROUTED_MANAGER: is_routed_manager,
    Relation.HOLDER: holds_it,
    Relation.LEAD: leads_it,
    Relation.DIGITAL_UNIT: in_digital_unit,
    Relation.DESK: sits_at_open_desk,
    Relation.DATA_PROTECTION: _sits_at(DeskName.DATA_PROTECTION),
    Relation.HR_DESK: _sits_at(DeskName.HR),
    Relation.AUDITOR: is_auditor,
}
