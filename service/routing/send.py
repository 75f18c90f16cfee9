"""The holding desk sends a case to another desk, and names the manager who is to be told."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import keep_next_due, start_protection_clock
from service.cases.pinned import playbook_of
from service.cases.policy import Act, require_stage
from service.cases.recipients import (
    HIDDEN_FROM_REPORTER,
    hand_over,
    informed,
    known_conflicts,
    manager_to_tell,
    not_to_tell,
    open_routes,
    send_to,
)
from service.cases.relations import Relation
from service.core.errors import NotPermitted, Refusal, invalid
from service.people.availability import Told, stand_in
from service.people.identity import Me
from service.records.cases import Case, Step
from service.records.enums import DeskName, StepKind, StepState
from service.records.people import Person
from service.timeline.confidence import kept_apart


def send(
    db: Session, me: Me, case: Case, desk: DeskName, *, reason: str, at: datetime, person: Person | None = None
) -> None:
    """Send the case to another desk as well. `person` names the manager, for `line_manager` only.

    The digital unit holds every case that it is brought into; the desk that sent it there keeps sight of it.

    Raises Invalid when there is nobody to send it to, a Refusal (409) when it is there already.
    """
    told = None
    if desk is DeskName.LINE_MANAGER:
        told = _manager(db, case, person, at)
    elif person is not None:
        raise invalid("person", "A desk is told as a whole. Leave the person out.")
    require_stage(Act.SEND, case)
    there = [route for route in open_routes(db, case) if route.desk == desk]
    if there and (told is None or told.person.id in {route.person_id for route in there}):
        raise Refusal("The case is at that desk already.")
    # That HR is looking at a case is HR's to disclose.
    audience = HIDDEN_FROM_REPORTER if desk is DeskName.HR else ()
    playbook = playbook_of(db, case.playbook_version)
    also: dict[str, tuple[object, object]] = {}
    if desk is DeskName.DATA_PROTECTION and case.decide_by is None:
        also = start_protection_clock(playbook, case)
    elif desk is DeskName.DIGITAL_UNIT:
        also = _digital_unit_informed(db, case, at)
    send_to(
        db,
        playbook,
        case,
        desk,
        also=also,
        because="sent",
        actor=me.id,
        at=at,
        told=told,
        reason=reason,
        kind="sent",
        audience=audience,
    )
    if told is not None:
        _manager_informed(db, case, at)
    if desk is DeskName.DIGITAL_UNIT:
        hand_over(db, playbook, case, desk, at=at)
    keep_next_due(db, case)


def require_naming(case: Case, held: frozenset[Relation]) -> None:
    """Raise NotPermitted for a reporter who asked that their manager is not told: the desk names somebody else."""
    if Relation.HOLDER not in held and case.not_manager:
        raise NotPermitted("The desk that has your case will name somebody else. You need not do anything.")


def name_manager(db: Session, me: Me, case: Case, held: frozenset[Relation], person: Person, *, at: datetime) -> None:
    """Name who is told as the line manager, where nobody is, or where the reporter asked that theirs is not told.

    Raises NotPermitted as `require_naming` does, Invalid for somebody who cannot be told, and a Refusal (409) when
    somebody was told already.
    """
    step = _inform_step(db, case, StepKind.INFORM_MANAGER)
    require_naming(case, held)
    told = _manager(db, case, person, at)
    require_stage(Act.NAME_MANAGER, case)
    if step is None or step.state != StepState.DUE:
        raise Refusal("Somebody has been told already.")
    send_to(
        db,
        playbook_of(db, case.playbook_version),
        case,
        DeskName.LINE_MANAGER,
        because="named",
        actor=me.id,
        at=at,
        told=told,
        kind="manager_named",
    )
    _manager_informed(db, case, at)
    keep_next_due(db, case)


def _manager(db: Session, case: Case, person: Person | None, at: datetime) -> Told:
    told = stand_in(db, person, at, known_conflicts(db, case)) if person else manager_to_tell(db, case, at)
    if told is None and person is None:
        raise invalid("person", "Nobody is set as the line manager. Name somebody.")
    if told is None:
        raise invalid("person", "This person has a part in the case. Name somebody else.")
    if (person is None and case.not_manager) or told.person.id in not_to_tell(db, case, at) - kept_apart(db, case):
        raise invalid("person", "The reporter asked that this person is not told. Name somebody else.")
    return told


def _inform_step(db: Session, case: Case, kind: StepKind) -> Step | None:
    return db.execute(select(Step).where(col(Step.case_id) == case.id, col(Step.kind) == kind)).scalar_one_or_none()


def _manager_informed(db: Session, case: Case, at: datetime) -> None:
    step = _inform_step(db, case, StepKind.INFORM_MANAGER)
    if step is not None and step.state == StepState.DUE:
        informed(step, at)
        db.add(step)


def _digital_unit_informed(db: Session, case: Case, at: datetime) -> dict[str, tuple[object, object]]:
    """What was not needed while the case stayed with another desk is done now. Returns what changed."""
    step = _inform_step(db, case, StepKind.INFORM_DIGITAL_UNIT)
    if step is None or step.state == StepState.TAKEN:
        return {}
    before = step.state
    informed(step, at)
    db.add(step)
    return {"steps.inform_digital_unit.state": (before, StepState.TAKEN)}
