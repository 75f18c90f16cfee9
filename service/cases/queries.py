"""Finds cases, and says what may be done with one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, or_, select
from sqlmodel import Session, col

from service.cases import policy
from service.cases.in_part import EYES
from service.cases.policy import Act
from service.cases.relations import Desks, Relation, Roles
from service.core.database import is_sqlite, written_out
from service.core.errors import NotFound
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import DeskName, Kind, Stage, StepKind, StepState
from service.timeline import entries


@dataclass(frozen=True)
class Found:
    """A case, and how the person who asked stands to it."""

    case: Case
    held: frozenset[Relation]

    @property
    def seen_as(self) -> str | None:
        """How the read log names that."""
        return policy.seen_as(self.held)


def version_of(db: Session, here: Found) -> int:
    """What `If-Match` compares. Of a concern that is read in part it counts the entries of that part, and begins at 1:
    how often the desk does something is not for its parties.
    """
    through = policy.eyes(here.held)
    return 1 + entries.number_read(db, here.case.id, through) if through <= EYES else here.case.version


@lru_cache(maxsize=256)
def _find(desks: Desks, roles: Roles) -> Select[*tuple[Any, ...]]:
    me = policy.reader(desks, roles)
    columns = [predicate.label(relation.value) for relation, predicate in policy.relations(me)]
    return written_out(select(Case, *columns).where(policy.finds(me), col(Case.reference) == bindparam("reference")))


def find_case(db: Session, me: Me, reference: str, *, lock: bool = False) -> Found:
    """The only way from a reference to a case. Raises NotFound when it is absent or not for these eyes.

    `lock` takes the case's row, so that two deeds on one case follow one another.
    """
    if len(reference) > 20 or "\x00" in reference:
        raise NotFound
    if lock and not is_sqlite(db):
        # Whoever does not see it must not wait where somebody else works on it. Then lock first, look after: the
        # relations must be those that stand once the row is ours.
        find_case(db, me, reference)
        lock_cases(db, reference)
    row = db.execute(_find(frozenset(me.desks), me.roles), {"me": me.id, "reference": reference}).one_or_none()
    if row is None:
        raise NotFound
    held = frozenset(relation for relation, _ in policy.relations(me) if getattr(row, relation.value))
    return Found(row[0], held)


def is_seen(db: Session, me: Me, reference: str) -> bool:
    """Whether there is such a case for this person."""
    try:
        return bool(find_case(db, me, reference))
    except NotFound:
        return False


def lock_cases(db: Session, *references: str) -> None:
    """Take the rows of these cases, always in one order: two deeds that need the same two cannot block one another."""
    if not is_sqlite(db):
        named = select(col(Case.id)).where(col(Case.reference).in_(references)).order_by(col(Case.reference))
        db.execute(named.with_for_update(key_share=True))


def lock_family(db: Session, reference: str) -> None:
    """Take the rows of a case and of all that it was merged with: some deeds on the one reach the others too.

    The caller has asked whether the case is seen: what it was merged with must not be told by the time it takes.
    """
    while not is_sqlite(db):
        family, taken = _family(db, reference), db.begin_nested()
        lock_cases(db, *family)
        if _family(db, reference) <= family:
            taken.commit()
            return
        # One was merged with it while we waited. All are taken anew: out of their order they could block another.
        taken.rollback()


def merged_with(db: Session, case: Case) -> list[Case]:
    """The cases that ended as the same as this one, or that it ended as the same as, be it by way of a third."""
    others = _family(db, case.reference) - {case.reference}
    return list(db.execute(select(Case).where(col(Case.reference).in_(others)).order_by(col(Case.id))).scalars())


def _family(db: Session, reference: str) -> set[str]:
    found: set[str] = set()
    coming = {reference}
    while coming:
        found |= coming
        mine = select(col(Case.id), col(Case.duplicate_of_id)).where(col(Case.reference).in_(coming)).subquery()
        kin = or_(col(Case.id).in_(select(mine.c.duplicate_of_id)), col(Case.duplicate_of_id).in_(select(mine.c.id)))
        coming = set(db.execute(select(col(Case.reference)).where(kin)).scalars()) - found
    return found


def open_acts(found: Found, me: Me, view: Mapping[str, Any]) -> list[str]:
    """The acts open to this reader now, as far as relation, stage and the case itself allow: the buttons."""
    kind, stage = Kind(found.case.kind), Stage(found.case.stage)
    return [
        act.value
        for act in Act
        if policy.open_at(act, kind, stage)
        and policy.permitted(act, found.held, me)
        and (act not in APPLIES or APPLIES[act](view, me))
        and not (act is Act.NAME_MANAGER and found.case.not_manager and Relation.HOLDER not in found.held)
        and not (act is Act.REVEAL and me.confirmed_at is None)
    ]


def _some_step(*states: str) -> Callable[[Mapping[str, Any], Me], bool]:
    return lambda view, me: any(
        step["state"] in states for step in view.get("steps", ()) if not step["kind"].startswith("inform")
    )


def _waits_for(view: Mapping[str, Any], me: Me) -> bool:
    return any(
        route["acknowledged_at"] is None
        and route["ended_at"] is None
        and (route.get("person") == me.email if route["desk"] == DeskName.LINE_MANAGER else route["desk"] in me.desks)
        for route in view["routes"]
    )


def _may_keep_away(view: Mapping[str, Any], me: Me) -> bool:
    if view["holding_desk"] in me.desks:
        return True
    here = (route for route in view["routes"] if route["ended_at"] is None or route["desk"] == DeskName.DIGITAL_UNIT)
    return any(me.desks.get(DeskName(route["desk"])) for route in here)


def _nobody_informed(view: Mapping[str, Any], me: Me) -> bool:
    untold = any(step["kind"] == StepKind.INFORM_MANAGER and step["state"] == StepState.DUE for step in view["steps"])
    return untold and (view["holding_desk"] in me.desks or not view["not_manager"])


def _may_decide(view: Mapping[str, Any], me: Me) -> bool:
    hr = view["hr"]
    if hr.get("decision") is not None:
        return False
    return view["stage"] != Stage.CLOSED or ("returned" in hr and view["holding_desk"] in me.desks)


# What has nothing to act on is not offered. A deed refuses it all the same, with the case's state.
APPLIES: dict[Act, Callable[[Mapping[str, Any], Me], bool]] = {
    Act.TAKE_STEP: _some_step("due", "overdue"),
    Act.CANNOT: _some_step("due", "overdue"),
    Act.WAIVE: lambda view, me: any(step["state"] in ("due", "overdue", "held", "undecided") for step in view["steps"]),
    Act.RELEASE: _some_step("held"),
    Act.VERIFY: lambda view, me: any(
        step["state"] == StepState.TAKEN and step["verified_at"] is None
        for step in view["steps"]
        if not step["kind"].startswith("inform")
    ),
    Act.ACKNOWLEDGE: _waits_for,
    Act.NAME_MANAGER: _nobody_informed,
    Act.NAME_CONFLICT: _may_keep_away,
    Act.OPEN: lambda view, me: view["guarded"] and view["opened"] is None,
    Act.PURGE: lambda view, me: view["guarded"],
    Act.WITHDRAW: lambda view, me: view.get("withdrawal_asked_at") is None,
    Act.SAY_SAME: lambda view, me: bool(view.get("reported_before")) and view.get("said_same_as") is None,
    Act.DECIDE_REFERRAL: _may_decide,
    Act.DISCLOSE: lambda view, me: bool(view.get("subject")),
    Act.REVEAL: lambda view, me: view["confidential"] and "reporter" not in view,
}
