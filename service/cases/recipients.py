"""Who is told: the desk that holds a case, the line manager, and every route it is sent along."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.deadlines import Within, WorkingWeek, due
from service.cases.playbook import Playbook
from service.cases.relations import ADVISERS, walls
from service.people.availability import Told, line_manager_of, seated
from service.people.identity import Me
from service.records.cases import Case, Conflict, Route, Step
from service.records.enums import DeskName, Instead, Kind, Severity, StepKind, StepState
from service.records.people import Person
from service.timeline import entries

HIDDEN_FROM_REPORTER = ("digital_unit", "hr")


def conflicted_people(db: Session, case: Case) -> frozenset[int]:
    """Everybody who must learn nothing of the case through a desk: reporter, subject, and those named.

    Whoever raised it in confidence is among them, so nobody may see whom this leaves out: see `known_conflicts`.
    """
    return frozenset(row.person_id for row in db.execute(walls([case.id])))


def known_conflicts(db: Session, case: Case) -> frozenset[int]:
    """Those of them whom the desk knows: what it chooses from, and what it is refused, must tell of nobody else."""
    return frozenset(row.person_id for row in db.execute(walls([case.id], known=True)))


def whose_post(db: Session, case: Case) -> Person | None:
    """Whose post it is, as far as that is known; whoever reports a mistake or asks for advice speaks for it."""
    if case.subject_id is None and case.kind == Kind.CONCERN:
        return None
    return db.get(Person, case.subject_id or case.reporter_id)


def wall_off(db: Session, case: Case, person: Person, *, reason: str, actor: int | None, at: datetime) -> None:
    """Keep somebody from a case: nothing reaches them through a desk, a lead, a manager's place or a delegation."""
    db.add(Conflict(case_id=case.id, person_id=person.id, reason=reason, at=at))
    changes = {"conflict.person": (None, person.email), "conflict.reason": (None, reason)}
    entries.add(db, case, "conflict_named", actor=actor, at=at, changes=changes)


def desk_to_hold(db: Session, playbook: Playbook, desk: DeskName, conflicted: frozenset[int]) -> DeskName:
    """The desk that triages, advises, waives, verifies and closes a case which this one is to hold.

    Where everybody there is conflicted, the playbook's alternate; where everybody is there as well, the digital unit,
    while anybody is left.
    """
    alternate = DeskName(playbook.alternate.desk)
    for candidate in (desk, alternate, DeskName.DIGITAL_UNIT):
        people = seated(db, candidate)
        if not people or not people <= conflicted:
            return candidate
    return alternate


def manager_to_tell(db: Session, case: Case, at: datetime, conflicted: frozenset[int] | None = None) -> Told | None:
    """The line manager of whose post it is, passing over anyone conflicted; None when there is nobody to tell."""
    whose = whose_post(db, case)
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
    run_route(playbook, case, route, person)
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


def run_route(
    playbook: Playbook, case: Case, route: Route, person: Person | None, since: datetime | None = None
) -> None:
    """Start or restart what runs for a route, from when it was sent, or `since` then: reading it, and answering where
    advice was asked for. What is done keeps the deadline that it met or missed.

    Working days run in the person's zone and week, or in the desk's.
    Whoever is told because somebody else has not read it has no clock of their own, or one late manager would rouse
    the whole line above.
    """
    severity = Severity(case.severity)
    read = playbook.acknowledge_within(DeskName(route.desk), severity)
    answer = playbook.deadlines.advice_answered[severity] if case.kind == Kind.ADVICE else None
    if route.desk not in (DeskName.LINE_MANAGER, *ADVISERS):
        answer = None
    route.runs_from = since or route.runs_from
    zone, week = playbook.working_time.desk_zone, playbook.working_time.desk_week
    if person is not None:
        zone, week = person.zone, WorkingWeek(frozenset(person.working_days))

    def within(length: Within | None) -> tuple[datetime | None, datetime | None]:
        if length is None or route.instead == Instead.LATE:
            return None, None
        told = due(route.runs_from or route.sent_at, length, zone, week, playbook)
        return told.remind_at, told.at

    if route.acknowledged_at is None:
        route.remind_at, route.acknowledge_by = within(read)
    if route.answered_at is None:
        route.answer_remind_at, route.answer_by = within(answer)


def run_routes(db: Session, playbook: Playbook, case: Case, since: datetime | None = None) -> None:
    """The same for every open route of a case."""
    for route in open_routes(db, case):
        run_route(playbook, case, route, db.get(Person, route.person_id) if route.person_id else None, since)
        db.add(route)


def reaches(me: Me, route: Route) -> bool:
    """Whether a route leads to this person: as the manager named on it, or through a desk of theirs."""
    if route.desk == DeskName.LINE_MANAGER:
        return route.person_id == me.id
    return route.desk in me.desks


def acknowledged(db: Session, me: Me, case: Case, routes: list[Route], at: datetime) -> None:
    """Note on each route, and on the timeline, who acknowledged it and when."""
    for route in routes:
        route.acknowledged_at, route.acknowledged_by_id = at, me.id
        db.add(route)
        changes = {f"routes.{route.desk}.acknowledged_at": (None, at)}
        # That HR is looking at a case is HR's to disclose.
        audience = HIDDEN_FROM_REPORTER if route.desk == DeskName.HR else ()
        entries.add(db, case, "acknowledged", actor=me.id, at=at, changes=changes, audience=audience)


def hand_over(db: Session, playbook: Playbook, case: Case, desk: DeskName, *, at: datetime) -> None:
    """Let a desk hold the case, or the alternate where everybody at that desk is conflicted.

    The new holder is told where the case is not there yet, and whoever at the old desk had the case has it no longer.
    """
    before, after = DeskName(case.holding_desk), desk_to_hold(db, playbook, desk, conflicted_people(db, case))
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
        if after is DeskName.DIGITAL_UNIT:
            inform = select(Step).where(col(Step.case_id) == case.id, col(Step.kind) == StepKind.INFORM_DIGITAL_UNIT)
            for step in db.execute(inform).scalars():
                informed(step, at)


def informed(step: Step, at: datetime) -> None:
    """Amends itself told them: sent time and recorded time are one."""
    step.state, step.reason = StepState.TAKEN, None
    step.taken_at = step.recorded_at = at


def not_to_tell(db: Session, case: Case, at: datetime) -> frozenset[int]:
    """Who is passed over as a line manager: anyone conflicted, and their own where the reporter asked for that."""
    skip, whose = conflicted_people(db, case), whose_post(db, case)
    return skip | {person.id for person in own_managers(db, whose, at)} if case.not_manager and whose else skip


def own_managers(db: Session, whose: Person, at: datetime) -> list[Person]:
    """A person's line manager, and whoever would be told in their place now: both are meant by *not this manager*."""
    told = line_manager_of(db, whose, at, frozenset({whose.id}))
    manager = db.get(Person, whose.manager_id) if whose.manager_id is not None else None
    found = [manager, told.person if told else None]
    return list({person.id: person for person in found if person is not None and person.id != whose.id}.values())


def open_routes(db: Session, case: Case) -> list[Route]:
    """The case's present stays at desks, oldest first."""
    return list(
        db.execute(
            select(Route).where(col(Route.case_id) == case.id, col(Route.ended_at).is_(None)).order_by(col(Route.id))
        ).scalars()
    )


def whom_to_tell(db: Session, case: Case) -> tuple[int | str, ...]:
    """Whom the reporter's words are for: of a question those whom it was put to, else the desk that holds the case."""
    asked = open_routes(db, case) if case.kind == Kind.ADVICE else []
    return tuple(route.person_id or DeskName(route.desk).value for route in asked) or (case.holding_desk,)
