"""The clocks that run in a case: what is owed by when, and when the worker next has to remind or escalate.

Nothing keeps a list of running clocks: they follow from the case, its steps and its routes as they stand. So a clock
ends with what it is for, and runs anew as soon as what it is judged by changes. Only that one has rung is kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.deadlines import due
from service.cases.pinned import playbook_of
from service.cases.playbook import Playbook
from service.records.cases import Alarm, Case, Route, Step
from service.records.enums import DeskName, Ring, Severity, Stage, StepKind, StepState
from service.records.said import ProtectionDecision

NOTHING_DUE = datetime(9999, 1, 1, tzinfo=UTC)
"""Kept where nobody owes anything, so that both engines sort it last."""
PROTECTION_HOURS = 72
"""For telling the regulator (UK GDPR, article 33)."""
PROTECTION_QUESTIONS = 2
"""Whether to tell the regulator, and whether to tell those affected."""
TRIAGE, PROTECTION = "triage", "protection"


@dataclass(frozen=True)
class Clock:
    """One running clock. `what` says what is owed, `key` which run of it this is; moments are UTC."""

    what: str
    key: str
    remind_at: datetime
    due_at: datetime
    step: Step | None = None
    route: Route | None = None


@dataclass(frozen=True)
class Next:
    """What a case's clocks do next, and when."""

    at: datetime
    ring: Ring
    clock: Clock
    number: int = 1


def run_clock(playbook: Playbook, case: Case, step: Step, runs_from: datetime) -> None:
    """Start or restart a step's clock: its minutes by severity, from the report, release, decision or asking."""
    step.runs_from = runs_from
    step.minutes = playbook.minutes_for(StepKind(step.kind), Severity(case.severity))
    step.remind_at = step.due_at = None
    if step.minutes is not None:
        length = timedelta(minutes=step.minutes)
        step.remind_at, step.due_at = runs_from + length * playbook.reminder_fraction, runs_from + length


def stop_clock(step: Step) -> None:
    """A held, undecided or unneeded step has no deadline."""
    step.runs_from = step.remind_at = step.due_at = None


def run_triage(playbook: Playbook, case: Case, since: datetime | None = None) -> None:
    """Start or restart the clock of triage, from the report or `since`: its time is counted in the desk's hours."""
    case.triage_from = since or case.triage_from
    hours, within = playbook.working_time, playbook.deadlines.triage_done[Severity(case.severity)]
    told = due(case.triage_from or case.reported_at, within, hours.desk_zone, hours.desk_week, playbook)
    case.triage_remind_at, case.triage_due_at = told.remind_at, told.at


def start_protection_clock(playbook: Playbook, case: Case) -> dict[str, tuple[object, object]]:
    """72 hours from awareness, unless the playbook says fewer or more: when the person discovered it, else when it was
    reported (our reading of the rule).

    Returns what changed, for the entry that says so.
    """
    told = (route.decide_within_hours for route in playbook.routes if route.desk is DeskName.DATA_PROTECTION)
    # A playbook may send nothing there by itself: what is sent by hand then has the law's own time.
    hours = next(filter(None, told), PROTECTION_HOURS)
    before, length = (case.aware_at, case.decide_by), timedelta(hours=hours)
    case.aware_at = min(case.discovered_at or case.reported_at, case.reported_at)
    case.decide_remind_at = case.aware_at + length * playbook.reminder_fraction
    case.decide_by = case.aware_at + length
    return {
        "data_protection.aware_at": (before[0], case.aware_at),
        "data_protection.decide_by": (before[1], case.decide_by),
    }


def running(case: Case, steps: Iterable[Step], routes: Iterable[Route], *, undecided: bool) -> Iterator[Clock]:
    """The clocks that run; `routes` are the open ones, `undecided` while a data protection decision is to be made."""
    if case.stage == Stage.CLOSED:
        return
    for step in steps:
        if step.state == StepState.DUE and step.due_at and step.remind_at and step.runs_from:
            what = StepKind(step.kind).value
            yield Clock(what, _key(what, step.runs_from), step.remind_at, step.due_at, step=step)
    for route in routes:
        if route.acknowledged_at is None and route.acknowledge_by and route.remind_at:
            what = f"acknowledge.{DeskName(route.desk).value}"
            key = _key(f"{what}.{route.id}", route.runs_from or route.sent_at)
            yield Clock(what, key, route.remind_at, route.acknowledge_by, route=route)
        if route.answered_at is None and route.answer_by and route.answer_remind_at:
            what = f"advice.{DeskName(route.desk).value}"
            key = _key(f"{what}.{route.id}", route.runs_from or route.sent_at)
            yield Clock(what, key, route.answer_remind_at, route.answer_by, route=route)
    if case.triaged_at is None and case.triage_due_at and case.triage_remind_at:
        key = _key(TRIAGE, case.triage_from or case.reported_at)
        yield Clock(TRIAGE, key, case.triage_remind_at, case.triage_due_at)
    if undecided and case.decide_by and case.decide_remind_at:
        yield Clock(PROTECTION, PROTECTION, case.decide_remind_at, case.decide_by)


def _key(what: str, runs_from: datetime) -> str:
    return f"{what}.{runs_from.astimezone(UTC):%Y%m%dT%H%M%S%f}"


def next_ring(
    playbook: Playbook, case: Case, clocks: Iterable[Clock], routes: list[Route], rung: list[Alarm]
) -> Next | None:
    """What rings next, at its moment; None when nothing more will.

    A clock reminds once and escalates once. The repeats for a case that nobody has acknowledged follow the escalation
    of the desk that holds it (product.md, *Deadlines*).
    """
    done = {(alarm.clock, alarm.ring) for alarm in rung}
    coming: list[Next] = []
    for clock in clocks:
        if (clock.key, Ring.ESCALATED) in done:
            if _repeats(playbook, case, clock, routes):
                coming += _next_repeat(playbook, clock, [alarm for alarm in rung if alarm.clock == clock.key])
        elif (clock.key, Ring.REMINDED) in done:
            coming.append(Next(clock.due_at, Ring.ESCALATED, clock))
        else:
            coming.append(Next(clock.remind_at, Ring.REMINDED, clock))
    return min(coming, key=lambda ring: ring.at, default=None)


def _repeats(playbook: Playbook, case: Case, clock: Clock, routes: list[Route]) -> bool:
    read = clock.what.startswith("acknowledge.")
    holders = read and clock.route is not None and clock.route.desk == case.holding_desk
    unread = all(route.acknowledged_at is None for route in routes)
    return holders and unread and case.severity in playbook.repeat.severities


def _next_repeat(playbook: Playbook, clock: Clock, rung: list[Alarm]) -> Iterator[Next]:
    number = sum(alarm.ring == Ring.REPEATED for alarm in rung) + 1
    if number <= playbook.repeat.times:
        # After the last one, not after the deadline: a worker that was away must not ring eight times at once.
        last = max(alarm.at for alarm in rung)
        yield Next(last + timedelta(minutes=playbook.repeat.every_minutes), Ring.REPEATED, clock, number)


def alarms_of(db: Session, case: Case) -> list[Alarm]:
    """What has rung in a case."""
    return list(db.execute(select(Alarm).where(col(Alarm.case_id) == case.id)).scalars())


def clocks_of(db: Session, case: Case) -> tuple[list[Clock], list[Route]]:
    """The clocks that run in a case, and its open routes. What is not yet written is written first."""
    db.flush()
    steps = db.execute(select(Step).where(col(Step.case_id) == case.id)).scalars()
    open_ones = select(Route).where(col(Route.case_id) == case.id, col(Route.ended_at).is_(None))
    routes = list(db.execute(open_ones.order_by(col(Route.id))).scalars())
    return list(running(case, steps, routes, undecided=_undecided(db, case))), routes


def _undecided(db: Session, case: Case) -> bool:
    if case.decide_by is None:
        return False
    decided = select(col(ProtectionDecision.question)).where(col(ProtectionDecision.case_id) == case.id).distinct()
    return len(db.execute(decided).all()) < PROTECTION_QUESTIONS


def keep_next_due(db: Session, case: Case) -> None:
    """Keep what is owed next, by which the queue is sorted, and when the worker next has something to do."""
    clocks, routes = clocks_of(db, case)
    set_next_due(playbook_of(db, case.playbook_version), case, clocks, routes, alarms_of(db, case))


def set_next_due(playbook: Playbook, case: Case, clocks: list[Clock], routes: list[Route], rung: list[Alarm]) -> None:
    """The same, from rows at hand."""
    nearest = min(((clock.due_at, clock.what) for clock in clocks), default=(NOTHING_DUE, None))
    case.next_due_at, case.next_due_what = nearest
    ring = next_ring(playbook, case, clocks, routes, rung)
    case.ripe_at = ring.at if ring else None
