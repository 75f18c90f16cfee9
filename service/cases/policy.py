"""Who may see and do what, said once: as the list's WHERE, the single read's columns, and the buttons.

A relation is a predicate over a case and a person; the person is always the bound parameter `me`. The statements
depend only on the desks and roles somebody has, so that they are built once for each combination.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, false, or_, true
from sqlmodel import col

from service.core.errors import NotPermitted, Refusal
from service.people.identity import Me
from service.records.cases import Case, Conflict, Route
from service.records.enums import DeskName, Employer, Resolution, Role, Scope, Stage


class Relation(StrEnum):
    """How somebody stands to a case."""

    REPORTER = "reporter"
    ROUTED_MANAGER = "routed_manager"
    HOLDER = "holder"
    DIGITAL_UNIT = "digital_unit"
    DESK = "desk"
    DATA_PROTECTION = "data_protection"
    HR_DESK = "hr_desk"
    AUDITOR = "auditor"


class Act(StrEnum):
    """What a person may do with a case; the names stand in `may` of the public interface."""

    VIEW = "view"
    TAKE_STEP = "take_step"
    CANNOT = "cannot"
    CHANGE_FACTS = "change_facts"
    ADD_EVIDENCE = "add_evidence"
    MESSAGE = "message"
    WITHDRAW = "withdraw"
    SAY_SAME = "say_same"
    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"
    TRIAGE = "triage"
    ASSIGN = "assign"
    NAME_MANAGER = "name_manager"
    EXPOSURE = "exposure"
    VERIFY = "verify"
    WAIVE = "waive"
    RELEASE = "release"
    OPEN = "open"
    PURGE = "purge"
    SEND = "send"
    ADVISE = "advise"
    DECIDE_REFERRAL = "decide_referral"
    DECIDE_PROTECTION = "protection_decision"
    NAME_CONFLICT = "name_conflict"
    MERGE = "merge"
    CLOSE = "close"
    REOPEN = "reopen"


Desks = frozenset[DeskName]
Roles = frozenset[Role]
Predicate = Callable[[Desks, Roles], ColumnElement[bool]]

ME: BindParameter[int] = bindparam("me", required=True)


def walled() -> ColumnElement[bool]:
    """Reporter, subject, or named as conflicted: nothing reaches them through a desk or a manager's place."""
    named = exists().where(col(Conflict.case_id) == col(Case.id), col(Conflict.person_id) == ME).correlate(Case)
    return or_(_is(Case.reporter_id), _is(Case.subject_id), named)


def _is(column: Any) -> ColumnElement[bool]:
    # `IS NOT DISTINCT FROM` is never NULL: a walled predicate must not turn into "unknown" for an unknown subject.
    return col(column).is_not_distinct_from(ME)


def _sent_to(desk: DeskName, *, open_only: bool) -> ColumnElement[bool]:
    conditions = [col(Route.case_id) == col(Case.id), col(Route.desk) == desk]
    if open_only:
        conditions.append(col(Route.ended_at).is_(None))
    return exists().where(*conditions).correlate(Case)


def is_reporter(_desks: Desks, _roles: Roles) -> ColumnElement[bool]:
    """Who reported it."""
    return col(Case.reporter_id) == ME


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


RELATIONS: dict[Relation, Predicate] = {
    Relation.REPORTER: is_reporter,
    Relation.ROUTED_MANAGER: is_routed_manager,
    Relation.HOLDER: holds_it,
    Relation.DIGITAL_UNIT: in_digital_unit,
    Relation.DESK: sits_at_open_desk,
    Relation.DATA_PROTECTION: _sits_at(DeskName.DATA_PROTECTION),
    Relation.HR_DESK: _sits_at(DeskName.HR),
    Relation.AUDITOR: is_auditor,
}

R = Relation
DESKS = (R.HOLDER, R.DIGITAL_UNIT, R.DESK, R.DATA_PROTECTION, R.HR_DESK)

MAY: dict[Act, tuple[Relation, ...]] = {
    Act.VIEW: tuple(Relation),
    Act.TAKE_STEP: (R.REPORTER,),
    Act.CANNOT: (R.REPORTER,),
    Act.CHANGE_FACTS: (R.REPORTER, R.HOLDER),
    Act.ADD_EVIDENCE: (R.REPORTER, R.HOLDER),
    Act.MESSAGE: (R.REPORTER, R.HOLDER),
    Act.WITHDRAW: (R.REPORTER,),
    Act.SAY_SAME: (R.REPORTER,),
    Act.ACKNOWLEDGE: (R.ROUTED_MANAGER, *DESKS),
    Act.NOTE: (R.ROUTED_MANAGER, *DESKS),
    Act.TRIAGE: (R.HOLDER,),
    Act.ASSIGN: (R.HOLDER,),
    Act.NAME_MANAGER: (R.HOLDER, R.REPORTER),
    Act.EXPOSURE: (R.REPORTER, R.HOLDER),
    Act.VERIFY: (R.HOLDER,),
    Act.WAIVE: (R.HOLDER,),
    Act.RELEASE: (R.HOLDER,),
    Act.OPEN: (R.HOLDER,),
    Act.PURGE: (R.HOLDER,),
    Act.SEND: (R.HOLDER,),
    Act.ADVISE: (R.HOLDER,),
    Act.DECIDE_REFERRAL: (R.HOLDER, R.ROUTED_MANAGER),
    Act.DECIDE_PROTECTION: (R.DATA_PROTECTION,),
    Act.NAME_CONFLICT: (R.HOLDER,),
    Act.MERGE: (R.HOLDER,),
    Act.CLOSE: (R.HOLDER,),
    Act.REOPEN: (R.HOLDER,),
}

QUIET_ENDINGS = frozenset({Resolution.REFERRED, Resolution.DUPLICATE})
"""What only the digital unit and HR are told: that a case went to HR is HR's to disclose, and that it repeats another
case is about a case that is absent for most. Since two endings are kept back, neither is named by its absence."""
OPEN = frozenset({Stage.REPORTED, Stage.IN_HAND})
ANY = frozenset(Stage)

# At which stages an act is open. Elsewhere it is refused as a conflict with the case's state, never passed over.
AT: dict[Act, frozenset[Stage]] = {
    Act.VIEW: ANY,
    Act.TAKE_STEP: OPEN,
    Act.CANNOT: OPEN,
    Act.CHANGE_FACTS: OPEN,
    Act.ADD_EVIDENCE: OPEN,
    Act.MESSAGE: ANY,
    Act.WITHDRAW: OPEN,
    Act.SAY_SAME: OPEN,
    Act.ACKNOWLEDGE: OPEN,
    Act.NOTE: ANY,
    Act.TRIAGE: frozenset({Stage.REPORTED}),
    Act.ASSIGN: OPEN,
    Act.NAME_MANAGER: OPEN,
    Act.EXPOSURE: OPEN,
    Act.VERIFY: OPEN,
    Act.WAIVE: OPEN,
    Act.RELEASE: OPEN,
    Act.OPEN: ANY,
    Act.PURGE: ANY,
    Act.SEND: OPEN,
    Act.ADVISE: OPEN,
    Act.DECIDE_REFERRAL: frozenset({Stage.IN_HAND}),
    Act.DECIDE_PROTECTION: ANY,
    Act.NAME_CONFLICT: ANY,
    Act.MERGE: OPEN,
    Act.CLOSE: frozenset({Stage.IN_HAND}),
    Act.REOPEN: frozenset({Stage.CLOSED}),
}

# Through which eyes each relation reads: what a field, an entry or a note is for.
EYES: dict[Relation, str] = {
    R.REPORTER: "reporter",
    R.ROUTED_MANAGER: "line_manager",
    R.HOLDER: "digital_unit",
    R.DIGITAL_UNIT: "digital_unit",
    R.DESK: "desk",
    R.DATA_PROTECTION: "data_protection",
    R.HR_DESK: "hr",
    R.AUDITOR: "auditor",
}

# Which PDF variants somebody may have who reads through these eyes.
VARIANTS: dict[str, tuple[str, ...]] = {
    "reporter": ("reporter",),
    "line_manager": ("line_manager",),
    "digital_unit": ("digital_unit", "line_manager", "reporter"),
    "hr": ("hr",),
}


@lru_cache(maxsize=256)
def _relations(desks: Desks, roles: Roles) -> tuple[tuple[Relation, ColumnElement[bool]], ...]:
    built = ((relation, predicate(desks, roles)) for relation, predicate in RELATIONS.items())
    return tuple((relation, predicate) for relation, predicate in built if str(predicate) != "false")


@lru_cache(maxsize=256)
def _sees(desks: Desks, roles: Roles) -> ColumnElement[bool]:
    allowed = MAY[Act.VIEW]
    return or_(*(predicate for relation, predicate in _relations(desks, roles) if relation in allowed))


def reader(desks: Desks, roles: Roles) -> Me:
    """Anybody with these desks and roles: statements are built for them once, and bound to a person when they run."""
    return Me(0, "", "", "", Employer.FCO, dict.fromkeys(desks, False), roles)


def sees(me: Me) -> ColumnElement[bool]:
    """The WHERE of every list, count and search over cases. Needs the parameter `me`."""
    return _sees(frozenset(me.desks), me.roles)


def reads_content(me: Me) -> ColumnElement[bool]:
    """Whether a listed case may be shown with more than its metadata. Needs the parameter `me`."""
    if Role.AUDITOR not in me.roles:
        return true()
    return or_(*(predicate for relation, predicate in relations(me) if relation is not Relation.AUDITOR))


def relations(me: Me) -> tuple[tuple[Relation, ColumnElement[bool]], ...]:
    """Every relation this person could have, each as a column for the single read. Needs the parameter `me`."""
    return _relations(frozenset(me.desks), me.roles)


def permitted(act: Act, held: frozenset[Relation], me: Me) -> bool:
    """Whether somebody who stands so to a case may do this, whatever its stage."""
    if act is not Act.VIEW and Scope.WRITE not in me.scopes:
        return False
    return not held.isdisjoint(MAY[act])


def require(act: Act, held: frozenset[Relation], me: Me) -> None:
    """Raise NotPermitted unless this relation carries the act."""
    if not permitted(act, held, me):
        raise NotPermitted("This is for somebody else to do.")


def require_stage(act: Act, stage: Stage) -> None:
    """Raise a Refusal (409) naming the case's state when the act is not open at its stage."""
    if stage in AT[act]:
        return
    if act is Act.TRIAGE:
        raise Refusal(f"Triage happens once, and is done. The case is now {_WORDS[stage]}.")
    raise Refusal(f"The case is {_WORDS[stage]}, so this cannot be done now.")


_WORDS = {Stage.REPORTED: "reported and not yet triaged", Stage.IN_HAND: "in hand", Stage.CLOSED: "closed"}


def eyes(held: frozenset[Relation]) -> frozenset[str]:
    """Through which eyes somebody reads who stands so to a case."""
    return frozenset(EYES[relation] for relation in held)


def variants(seen_through: frozenset[str]) -> list[str]:
    """The PDF variants these eyes may have, widest first."""
    return list(dict.fromkeys(variant for eye in VARIANTS for variant in VARIANTS[eye] if eye in seen_through))
