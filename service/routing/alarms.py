"""What happens when a clock rings: a reminder to whoever owes it, and once it is late, word to the next one up.

Each is an entry on the timeline, written with the rows that tell those people, in one transaction.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import PROTECTION, TRIAGE, Clock, Next, alarms_of, clocks_of, next_ring, set_next_due
from service.cases.pinned import playbook_of
from service.cases.playbook import Playbook
from service.cases.recipients import conflicted_people, not_to_tell, open_routes, send_to
from service.core.database import is_sqlite
from service.people.availability import Told, line_manager_of, members
from service.people.rota import duty_leads, next_on_rota
from service.records.cases import Alarm, Case
from service.records.enums import DeskName, Instead, Ring
from service.records.people import Person
from service.timeline import entries

TOGETHER = 20
Changes = dict[str, tuple[object, object]]


def ring_ripe(db: Session, at: datetime, *, most: int = TOGETHER, only: int | None = None) -> int:
    """Ring whatever is to ring by now; returns in how many cases.

    Cases that somebody else works on at this moment are left to them, or to the next time.
    """
    ripe = select(Case).where(col(Case.ripe_at) <= at).order_by(col(Case.ripe_at)).limit(most)
    if only is not None:
        ripe = ripe.where(col(Case.id) == only)
    if not is_sqlite(db):
        ripe = ripe.with_for_update(skip_locked=True, key_share=True)
    cases = list(db.execute(ripe).scalars())
    for case in cases:
        ring(db, case, at)
    return len(cases)


def ring(db: Session, case: Case, at: datetime) -> None:
    """Ring the clocks of one case, whose row the caller has locked; then keep when they ring next.

    A reminder that could not be given before its deadline passed is left out: the escalation says all there is to say
    (our default).
    """
    playbook, rung = playbook_of(db, case.playbook_version), alarms_of(db, case)
    clocks, routes = clocks_of(db, case)
    while (coming := next_ring(playbook, case, clocks, routes, rung)) is not None and coming.at <= at:
        if coming.ring is Ring.REMINDED and coming.clock.due_at <= at:
            coming = replace(coming, ring=Ring.ESCALATED)
        RINGS[coming.ring](db, playbook, case, coming, at)
        alarm = Alarm(case_id=case.id, clock=coming.clock.key, ring=coming.ring, number=coming.number, at=at)
        db.add(alarm)
        rung.append(alarm)
        if coming.ring is Ring.ESCALATED:
            # It may have brought in somebody who owes something from now on.
            clocks, routes = clocks_of(db, case)
    set_next_due(playbook, case, clocks, routes, rung)


def _remind(db: Session, _: Playbook, case: Case, coming: Next, at: datetime) -> None:
    clock = coming.clock
    if clock.step is not None:
        person: int | None = clock.step.asked_of_id or case.reporter_id
    elif clock.route is not None:
        person = clock.route.person_id
    else:
        person = case.assigned_to_id if clock.what == TRIAGE else None
    _tell(db, case, coming, at, [db.get_one(Person, person)] if person else [], _desk(case, clock))


def _escalate(db: Session, playbook: Playbook, case: Case, coming: Next, at: datetime) -> None:
    clock, desk = coming.clock, _desk(case, coming.clock)
    target = playbook.escalation.step if clock.step is not None else getattr(playbook.escalation, desk)
    late = [route.person_id for route in open_routes(db, case) if route.instead == Instead.LATE]
    if clock.what.startswith("advice.") and desk is DeskName.LINE_MANAGER and late:
        # The next manager up has it already, since it was not read in time either.
        _tell(db, case, coming, at, [db.get_one(Person, person) for person in late if person], desk)
        return
    if target == "managers_manager" and (told := _managers_manager(db, case, clock, at)) is not None:
        because = clock.route.because if clock.route else ""
        send_to(
            db,
            playbook,
            case,
            DeskName.LINE_MANAGER,
            because=because,
            actor=None,
            at=at,
            told=Told(told.person, Instead.LATE),
            kind=Ring.ESCALATED.value,
            also=_said(coming),
            moves=False,
        )
        return
    if desk is DeskName.LINE_MANAGER:
        desk = DeskName(case.holding_desk)
    skip = conflicted_people(db, case)
    if not _somebody_at(db, desk, skip):
        _pass_on(db, playbook, case, coming, at, desk)
        return
    _tell(db, case, coming, at, duty_leads(db, desk, at, skip) if target == "duty_lead" else [], desk)


def _somebody_at(db: Session, desk: str, skip: frozenset[int]) -> bool:
    return any(person.id not in skip for person in members(db, desk))


def _pass_on(db: Session, playbook: Playbook, case: Case, coming: Next, at: datetime, empty: DeskName) -> None:
    """Nobody is at the desk: the playbook's alternate gets the case to see as well, and its lead on duty is told.

    Where nobody is there either, the entry says so alone; administrators are warned of empty desks.
    """
    desk, skip = DeskName(playbook.alternate.desk), conflicted_people(db, case)
    nobody: Changes = {"alarm.nobody": (None, empty)}
    if not _somebody_at(db, desk, skip):
        _tell(db, case, coming, at, [], empty, nobody)
    elif desk in {route.desk for route in open_routes(db, case)}:
        _tell(db, case, coming, at, duty_leads(db, desk, at, skip), desk, nobody)
    else:
        also = _said(coming) | nobody
        kind, because = Ring.ESCALATED.value, "late.nobody_there"
        send_to(db, playbook, case, desk, because=because, actor=None, at=at, kind=kind, also=also, moves=False)


def _managers_manager(db: Session, case: Case, clock: Clock, at: datetime) -> Told | None:
    """The next manager up who may be told and is not told yet."""
    if clock.route is None or clock.route.person_id is None:
        return None
    there = {route.person_id for route in open_routes(db, case) if route.person_id is not None}
    late = db.get_one(Person, clock.route.person_id)
    return line_manager_of(db, late, at, not_to_tell(db, case, at) | there)


def _repeat(db: Session, playbook: Playbook, case: Case, coming: Next, at: datetime) -> None:
    """To the next on the rota, passing over whoever must not know; where nobody is there, on the alternate's."""
    desk, skip = DeskName(case.holding_desk), conflicted_people(db, case)
    nobody: Changes = {}
    if not _somebody_at(db, desk, skip):
        nobody, desk = {"alarm.nobody": (None, desk)}, DeskName(playbook.alternate.desk)
    # The first is who was told when it was late.
    person = next_on_rota(db, desk, at, coming.number + 1, skip=skip)
    _tell(db, case, coming, at, [person] if person else [], desk, nobody)


def _desk(case: Case, clock: Clock) -> DeskName:
    """The desk that owes it; for a step, and for triage, the one that holds the case."""
    if clock.route is not None:
        return DeskName(clock.route.desk)
    return DeskName.DATA_PROTECTION if clock.what == PROTECTION else DeskName(case.holding_desk)


def _tell(
    db: Session,
    case: Case,
    coming: Next,
    at: datetime,
    people: list[Person],
    desk: DeskName,
    nobody: Changes | None = None,
) -> None:
    """Tell these people, or the whole desk where there is nobody to name; of one where nobody is, the entry says so."""
    nobody = nobody or {}
    if not people and not _somebody_at(db, desk, conflicted_people(db, case)):
        nobody = {"alarm.nobody": (None, desk)} | nobody
        told, tell = list[str](), tuple[int | str, ...]()
    else:
        told = [person.email for person in people] or [desk.value]
        tell = tuple(person.id or 0 for person in people) or (desk.value,)
    changes = _said(coming) | {"alarm.desk": (None, desk), "alarm.told": (None, told)} | nobody
    entries.add(db, case, coming.ring.value, actor=None, at=at, changes=changes, tell=tell, moves=False)


def _said(coming: Next) -> Changes:
    return {"alarm.what": (None, coming.clock.what), "alarm.due_at": (None, coming.clock.due_at)}


RINGS = {Ring.REMINDED: _remind, Ring.ESCALATED: _escalate, Ring.REPEATED: _repeat}
