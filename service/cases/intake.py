"""The moment a mistake is told: the case, its plan and its routes exist at once, in one transaction."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, col

from service.cases.clocks import (
    NOTHING_DUE,
    run_clock,
    run_triage,
    running,
    set_next_due,
    start_protection_clock,
)
from service.cases.exposure import keep_moments
from service.cases.facts import CLOSED_WHEN_GUARDED, COLUMNS, WHY_CLOSED, NotKept
from service.cases.judging import RANK, informed, suggest_hr
from service.cases.likeness import keep_keys
from service.cases.plan import Facts, Judgement, judge, settle
from service.cases.playbook import Playbook
from service.cases.recipients import desk_to_hold, manager_to_tell, send_to
from service.core.clock import in_utc, in_zone, offset_of
from service.core.errors import FieldError, Invalid, invalid
from service.people.identity import Me
from service.records.cases import Case, Route, Step
from service.records.enums import AccountType, Answer, Code, DeskName, Kind, StepKind, StepState
from service.timeline import entries

EARLIEST_YEAR = 2000
NO_MANAGER = "Nobody is set as your line manager. The desk that has your case knows, and you can name somebody."


_INSERT_STEPS = insert(Step.__table__)  # type: ignore[attr-defined]  # every table model has one


def report_mistake(
    db: Session,
    me: Me,
    facts: Mapping[str, Any],
    *,
    playbook: Playbook,
    at: datetime,
    posted_by_me: bool = True,
    not_manager: bool = False,
    deleted_at: datetime | None = None,
) -> Case:
    """Open a case for a mistake: judged, planned and sent to those who must know, and all of it on the timeline.

    `facts` maps JSON paths (`post.url`) to values; moments are aware, in the offset they were told in. Raises Invalid
    naming each field that is wrong, or that a guarded case closes; then nothing is stored.
    """
    settled = settle(_told(me, facts, posted_by_me, not_manager, deleted_at))
    judgement = judge(playbook, settled)
    given = {path: value for path, value in facts.items() if value is not None}
    given["codes"] = [code for code in Code if code in settled.codes]
    for question in ("facts_wrong", "personal_data"):
        if (answer := getattr(settled, question)) is not None:
            given[question] = answer
    if judgement.guarded:
        _refuse_content(given)
    check_moments(given, at, posted_at=given.get("post.posted_at"))
    check_taken_at("deleted_at", deleted_at, given.get("post.posted_at"), at)

    case = _insert_case(db, me, given, judgement, playbook, at, posted_by_me=posted_by_me, not_manager=not_manager)
    steps = {plan.kind: _plan(playbook, case, plan.kind, plan.state, plan.reason, at) for plan in judgement.steps}
    if deleted_at is not None:
        _already_deleted(steps[StepKind.DELETE], me, deleted_at, at)
    entries.add(db, case, "reported", actor=me.id, at=at, changes=_what_was_told(case, given, steps, judgement))
    suggest_hr(db, case, judgement, at)
    with db.no_autoflush:
        routes = _send(db, playbook, case, judgement, steps, at)
    db.connection().execute(_INSERT_STEPS, [step.model_dump(exclude={"id"}) for step in steps.values()])
    clocks = list(running(case, steps.values(), routes, undecided=case.decide_by is not None))
    set_next_due(playbook, case, clocks, routes, rung=[])
    case.version = 1
    return case


def _told(
    me: Me, facts: Mapping[str, Any], posted_by_me: bool, not_manager: bool, deleted_at: datetime | None
) -> Facts:
    def answer(name: str) -> Answer | None:
        return facts.get(name)

    return Facts(
        kind=Kind.MISTAKE,
        codes=frozenset(facts.get("codes") or ()),
        facts_wrong=answer("facts_wrong"),
        safety_risk=answer("safety_risk"),
        possibly_classified=answer("possibly_classified"),
        personal_data=answer("personal_data"),
        media_interest=bool(facts.get("media_interest")),
        account_type=AccountType(facts["account.type"]) if facts.get("account.type") else None,
        employer=me.employer,
        deleted=deleted_at is not None,
        posted_by_me=posted_by_me,
        not_manager=not_manager,
    )


def _refuse_content(given: Mapping[str, Any]) -> None:
    faults = [FieldError(path, WHY_CLOSED) for path in CLOSED_WHEN_GUARDED if given.get(path)]
    if faults:
        raise NotKept(WHY_CLOSED, faults)


def check_moments(given: Mapping[str, Any], at: datetime, *, posted_at: datetime | None) -> None:
    """Raise Invalid for a moment in the future, long before social media, or found before it was posted."""
    faults = []
    for path in ("post.posted_at", "post.discovered_at"):
        moment = given.get(path)
        if moment is None:
            continue
        if moment > at:
            faults.append(FieldError(path, "This time has not come yet. Check the date, the time and the zone."))
        elif moment.year < EARLIEST_YEAR:
            faults.append(FieldError(path, f"This time is before {EARLIEST_YEAR}. Check the year."))
        elif path == "post.discovered_at" and posted_at is not None and moment < posted_at:
            faults.append(FieldError(path, "This time is before the post was made. Check both times."))
    if faults:
        raise Invalid("One of the times cannot be right.", faults)


def check_taken_at(field: str, taken_at: datetime | None, posted_at: datetime | None, at: datetime) -> None:
    """Raise Invalid when something is said to have been done in the future, or before the post it puts right."""
    if taken_at is None:
        return
    if taken_at > at:
        raise invalid(field, "This time has not come yet. Check the date, the time and the zone.")
    if taken_at.year < EARLIEST_YEAR or (posted_at is not None and taken_at < posted_at):
        raise invalid(field, "This time is before the post was made. Check both times.")


def zone_told_in(moment: datetime, zone: str) -> str:
    """The person's own zone when their clocks agree with the moment's offset, else that offset."""
    return zone if in_zone(moment, zone).utcoffset() == moment.utcoffset() else offset_of(moment)


def _insert_case(
    db: Session,
    me: Me,
    given: Mapping[str, Any],
    judgement: Judgement,
    playbook: Playbook,
    at: datetime,
    *,
    posted_by_me: bool,
    not_manager: bool,
) -> Case:
    posted_at = given.get("post.posted_at")
    conflicted = frozenset({me.id})
    case = Case(
        **{COLUMNS[path]: in_utc(value) for path, value in given.items()},
        reference=_unused_reference(db, Case, "SM", at),
        kind=Kind.MISTAKE,
        reporter_id=me.id,
        subject_id=me.id if posted_by_me else None,
        posted_by_me=posted_by_me,
        not_manager=not_manager,
        posted_zone=zone_told_in(posted_at, me.zone) if posted_at else None,
        reported_at=at,
        playbook_version=playbook.version,
        severity=judgement.severity,
        severity_rank=RANK[judgement.severity],
        guarded=judgement.guarded,
        holding_desk=desk_to_hold(db, playbook, {route.desk for route in judgement.routes}, conflicted),
        next_due_at=NOTHING_DUE,
    )
    run_triage(playbook, case)
    if any(route.desk is DeskName.DATA_PROTECTION for route in judgement.routes):
        start_protection_clock(playbook, case)
    keep_moments(case, given, at)
    keep_keys(case)
    db.add(case)
    db.flush()
    return case


def _unused_reference(db: Session, table: type[Any], prefix: str, at: datetime) -> str:
    """A reference drawn at random, so that gaps tell nothing. The unique column settles the rare race."""
    digits = 6
    while True:
        for _ in range(8):
            reference = f"{prefix}-{at.year}-{secrets.randbelow(10**digits):0{digits}}"
            if db.execute(select(table.id).where(col(table.reference) == reference)).first() is None:
                return reference
        digits += 1


def _plan(playbook: Playbook, case: Case, kind: StepKind, state: StepState, reason: str | None, at: datetime) -> Step:
    step = Step(case_id=case.id, kind=kind, state=state, reason=reason)
    if state is StepState.DUE:
        run_clock(playbook, case, step, at)
    return step


def _already_deleted(step: Step, me: Me, deleted_at: datetime, at: datetime) -> None:
    step.state, step.reason = StepState.TAKEN, None
    step.taken_at, step.taken_zone = deleted_at, zone_told_in(deleted_at, me.zone)
    step.taken_by_id, step.recorded_at = me.id, at


def _what_was_told(
    case: Case, given: Mapping[str, Any], steps: Mapping[StepKind, Step], judgement: Judgement
) -> dict[str, tuple[Any, Any]]:
    changes: dict[str, tuple[Any, Any]] = {path: (None, value) for path, value in given.items() if value != []}
    changes["kind"] = (None, Kind.MISTAKE)
    changes["holding_desk"] = (None, case.holding_desk)
    changes["stage"] = (None, case.stage)
    changes["severity"] = (None, case.severity)
    changes["because"] = (None, list(judgement.because))
    changes["playbook"] = (None, case.playbook_version)
    if case.decide_by:
        changes |= {
            "data_protection.aware_at": (None, case.aware_at),
            "data_protection.decide_by": (None, case.decide_by),
        }
    if case.guarded:
        changes["guarded"] = (None, True)
    if case.not_manager:
        changes["not_manager"] = (None, True)
    if not case.posted_by_me:
        changes["posted_by_me"] = (None, False)
    for kind, step in steps.items():
        changes[f"steps.{kind}.state"] = (None, step.state)
        if step.taken_at is not None:
            changes[f"steps.{kind}.taken_at"] = (None, step.taken_at)
    return changes


def _send(
    db: Session,
    playbook: Playbook,
    case: Case,
    judgement: Judgement,
    steps: Mapping[StepKind, Step],
    at: datetime,
) -> list[Route]:
    routes = []
    conflicted = frozenset({case.reporter_id} if case.reporter_id else ())
    for planned in judgement.routes:
        told = manager_to_tell(db, case, at, conflicted) if planned.desk is DeskName.LINE_MANAGER else None
        if planned.desk is DeskName.LINE_MANAGER and told is None:
            steps[StepKind.INFORM_MANAGER].reason = NO_MANAGER
            changes = {"routes.line_manager.reason": (None, NO_MANAGER)}
            entries.add(db, case, "not_informed", actor=None, at=at, changes=changes)
            continue
        routes.append(send_to(db, playbook, case, planned.desk, because=planned.because, actor=None, at=at, told=told))
        if planned.desk in INFORMS_OF:
            informed(steps[INFORMS_OF[planned.desk]], at)
    holder = DeskName(case.holding_desk)
    if holder not in {planned.desk for planned in judgement.routes}:
        routes.append(send_to(db, playbook, case, holder, because="mistake.alternate_desk", actor=None, at=at))
    return routes


INFORMS_OF = {
    DeskName.LINE_MANAGER: StepKind.INFORM_MANAGER,
    DeskName.DIGITAL_UNIT: StepKind.INFORM_DIGITAL_UNIT,
}
