"""Who is told: the desk that holds a case, the line manager, and every route it is sent along."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.deadlines import WorkingWeek, due
from service.cases.playbook import Playbook
from service.people.availability import Told, line_manager_of, members
from service.records.cases import Case, Conflict, Route
from service.records.enums import DeskName, Instead, Severity
from service.records.people import Person
from service.timeline import entries


def conflicted_people(db: Session, case: Case) -> frozenset[int]:
    """Everybody who must learn nothing of the case through a desk: reporter, subject, and those named."""
    named = db.execute(select(col(Conflict.person_id)).where(col(Conflict.case_id) == case.id)).scalars()
    return frozenset(person for person in (case.reporter_id, case.subject_id, *named) if person is not None)


def desk_to_hold(db: Session, playbook: Playbook, planned: set[DeskName], conflicted: frozenset[int]) -> DeskName:
    """The desk that triages, advises, waives, verifies and closes a case.

    The digital unit; FCO Services' desk for their cases without it; the playbook's alternate when everybody at the
    desk is conflicted.
    """
    desk = DeskName.DIGITAL_UNIT if DeskName.DIGITAL_UNIT in planned else DeskName.FCO_SERVICES
    people = {person.id for person in members(db, desk)}
    return DeskName(playbook.alternate.desk) if people and people <= conflicted else desk


def manager_to_tell(db: Session, case: Case, at: datetime, conflicted: frozenset[int] | None = None) -> Told | None:
    """The line manager of whose post it is, passing over anyone conflicted; None when there is nobody to tell."""
    whose = db.get(Person, case.subject_id or case.reporter_id)
    skip = conflicted_people(db, case) if conflicted is None else conflicted
    return line_manager_of(db, whose, at, skip) if whose else None


def send_to(
    db: Session,
    playbook: Playbook,
    case: Case,
    desk: DeskName,
    *,
    because: str,
    actor: int | None,
    at: datetime,
    told: Told | None = None,
    reason: str | None = None,
    kind: str = "informed",
    audience: tuple[str, ...] = (),
    also: Mapping[str, tuple[object, object]] | None = None,
    moves: bool = True,
) -> Route:
    """Open a route, note it on the timeline with its reason, and ask that those people be told.

    `moves`: whether the case's version does (`entries.add`).
    """
    person, instead = (told.person, told.instead) if told else (None, None)
    route = Route(
        case_id=case.id,
        desk=desk,
        person_id=person.id if person else None,
        because=because,
        instead=instead,
        reason=reason,
        sent_at=at,
    )
    run_acknowledgement(playbook, route, Severity(case.severity), person)
    db.add(route)
    changes: dict[str, tuple[object, object]] = {
        f"routes.{desk}.sent_at": (None, at),
        f"routes.{desk}.because": (None, because),
    }
    if person:
        changes[f"routes.{desk}.person"] = (None, person.email)
    if instead:
        changes[f"routes.{desk}.instead"] = (None, instead)
    if reason:
        changes[f"routes.{desk}.reason"] = (None, reason)
    changes |= also or {}
    tell: tuple[int | str, ...] = (person.id,) if person and person.id else (desk.value,)
    entries.add(db, case, kind, actor=actor, at=at, changes=changes, audience=audience, tell=tell, moves=moves)
    return route


def run_acknowledgement(
    playbook: Playbook, route: Route, severity: Severity, person: Person | None, since: datetime | None = None
) -> None:
    """Start or restart a route's clock, from when it was sent, or `since` then.

    Working days run in the person's zone and week, or in the desk's.
    Whoever is told because somebody else has not read it has no clock of their own, or one late manager would rouse
    the whole line above.
    """
    within = playbook.acknowledge_within(DeskName(route.desk), severity)
    route.runs_from = since or route.runs_from
    route.remind_at = route.acknowledge_by = None
    if within is None or route.instead == Instead.LATE:
        return
    zone, week = playbook.working_time.desk_zone, playbook.working_time.desk_week
    if person is not None:
        zone, week = person.zone, WorkingWeek(frozenset(person.working_days))
    told = due(route.runs_from or route.sent_at, within, zone, week, playbook)
    route.remind_at, route.acknowledge_by = told.remind_at, told.at


def hand_over(db: Session, playbook: Playbook, case: Case, desk: DeskName, *, at: datetime) -> None:
    """Let a desk hold the case, or the alternate where everybody at that desk is conflicted.

    The new holder is told where the case is not there yet, and whoever at the old desk had the case has it no longer.
    """
    before, after = DeskName(case.holding_desk), desk_to_hold(db, playbook, {desk}, conflicted_people(db, case))
    if after is before:
        return
    case.holding_desk = after
    changes: dict[str, tuple[object, object]] = {"holding_desk": (before, after)}
    if case.assigned_to_id is not None:
        changes["assigned_to"] = (db.get_one(Person, case.assigned_to_id).email, None)
        case.assigned_to_id = None
    entries.add(db, case, "held_by", actor=None, at=at, changes=changes)
    db.flush()
    if after not in {route.desk for route in open_routes(db, case)}:
        send_to(db, playbook, case, after, because=f"{case.kind}.alternate_desk", actor=None, at=at)


def not_to_tell(db: Session, case: Case, at: datetime) -> frozenset[int]:
    """Who is passed over as a line manager: anyone conflicted, and their own where the reporter asked for that."""
    skip = conflicted_people(db, case)
    own = manager_to_tell(db, case, at) if case.not_manager else None
    return skip | {own.person.id} if own else skip


def open_routes(db: Session, case: Case) -> list[Route]:
    """The case's present stays at desks, oldest first."""
    return list(
        db.execute(
            select(Route).where(col(Route.case_id) == case.id, col(Route.ended_at).is_(None)).order_by(col(Route.id))
        ).scalars()
    )
