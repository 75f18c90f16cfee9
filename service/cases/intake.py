"""The moment something is told: the case, its plan and its routes exist at once, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

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
from service.cases.guidance import copied
from service.cases.judging import RANK, suggest_hr
from service.cases.likeness import keep_keys
from service.cases.moments import check_moments, check_taken_at, zone_told_in
from service.cases.plan import Facts, Judgement, judge, settle
from service.cases.playbook import Playbook
from service.cases.recipients import desk_to_hold, informed, manager_to_tell, own_managers, send_to, wall_off
from service.cases.references import unused_reference
from service.cases.relations import ADVISERS
from service.core.clock import in_utc
from service.core.errors import FieldError, invalid
from service.people.identity import Me
from service.records.cases import Case, Route, Step
from service.records.enums import AccountType, Answer, Code, DeskName, Employer, Kind, StepKind, StepState
from service.records.people import Person
from service.timeline import entries
from service.timeline.confidence import SEALED, seal

NOT_TO_BE_TOLD = "The reporter asked that they are not told."
NO_MANAGER = "Nobody is set as your line manager. The desk that has your case knows, and you can name somebody."


_INSERT_STEPS = insert(Step.__table__)  # type: ignore[attr-defined]  # every table model has one


@dataclass(frozen=True)
class Report:
    """What a report is, beside the facts of the post: of a mistake, a concern (`about` somebody, perhaps in
    confidence), or a question before posting that is put to the desks in `ask`.
    """

    kind: Kind = Kind.MISTAKE
    posted_by_me: bool = True
    not_manager: bool = False
    deleted_at: datetime | None = None
    confidential: bool = False
    about: Person | None = None
    ask: tuple[DeskName, ...] = ()

    def subject(self, me: Me) -> int | None:
        """Whose post it is, as far as the report says."""
        if self.kind is Kind.CONCERN:
            return self.about.id if self.about else None
        return me.id if self.kind is Kind.MISTAKE and self.posted_by_me else None


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
    """Open a case for a mistake, as `open_case` does."""
    told = Report(posted_by_me=posted_by_me, not_manager=not_manager, deleted_at=deleted_at)
    return open_case(db, me, told, facts, playbook=playbook, at=at)


def open_case(db: Session, me: Me, told: Report, facts: Mapping[str, Any], *, playbook: Playbook, at: datetime) -> Case:
    """Open a case: judged, planned and sent to those who must know, and all of it on the timeline.

    `facts` maps JSON paths (`post.url`) to values; moments are aware, in the offset they were told in. Raises Invalid
    naming each field that is wrong, or that a guarded case closes; then nothing is stored.
    """
    check_about(me, told)
    settled = settle(_facts(me, told, facts))
    judgement = judge(playbook, settled)
    given = {path: value for path, value in facts.items() if value is not None}
    given["codes"] = [code for code in Code if code in settled.codes]
    for question in ("facts_wrong", "personal_data"):
        if (answer := getattr(settled, question)) is not None:
            given[question] = answer
    if judgement.guarded:
        _refuse_content(given)
    given |= copied(db, me, given, mine=told.kind is Kind.MISTAKE)
    check_moments(given, at, posted_at=given.get("post.posted_at"))
    check_taken_at("deleted_at", told.deleted_at, given.get("post.posted_at"), at)

    # In a concern, who raised it is named by nothing that is written beside it.
    wished = told.not_manager and told.kind is not Kind.CONCERN
    apart = own_managers(db, db.get_one(Person, me.id), at) if wished else []
    case = _insert_case(db, me, told, given, judgement, playbook, at, apart)
    steps = {plan.kind: _plan(playbook, case, plan.kind, plan.state, plan.reason, at) for plan in judgement.steps}
    if told.deleted_at is not None:
        _already_deleted(steps[StepKind.DELETE], me, told.deleted_at, at)
    said, judged = _what_was_told(case, told, given), _what_was_judged(case, steps, judgement)
    if told.confidential:
        said[SEALED] = (None, seal(db, case, me.id))
        db.flush()
    if told.kind is Kind.CONCERN:
        # Whoever raised it reads back what they told, and not what it was judged to be.
        entries.add(db, case, "reported", actor=me.id, at=at, changes=said)
        entries.add(db, case, "judged", actor=None, at=at, changes=judged)
    else:
        entries.add(db, case, "reported", actor=me.id, at=at, changes=said | judged)
    suggest_hr(db, case, judgement, at)
    for manager in apart:
        wall_off(db, case, manager, reason=NOT_TO_BE_TOLD, actor=me.id, at=at)
    with db.no_autoflush:
        routes = _send(db, playbook, case, judgement, steps, me, at)
    if steps:
        db.connection().execute(_INSERT_STEPS, [step.model_dump(exclude={"id"}) for step in steps.values()])
    clocks = list(running(case, steps.values(), routes, undecided=case.decide_by is not None))
    set_next_due(playbook, case, clocks, routes, rung=[])
    case.version = 1
    return case


def check_about(me: Me, told: Report) -> None:
    """Raise Invalid for a concern about oneself: one's own post is a mistake, and putting it right is what helps."""
    if told.kind is Kind.CONCERN and told.about is not None and told.about.id == me.id:
        raise invalid("about.email", "This is you. Report your own post as a mistake: then we help you put it right.")


def _facts(me: Me, told: Report, facts: Mapping[str, Any]) -> Facts:
    whose = Employer(told.about.employer) if told.about else Employer.FCO

    def answer(name: str) -> Answer | None:
        return facts.get(name)

    return Facts(
        kind=told.kind,
        codes=frozenset(facts.get("codes") or ()),
        facts_wrong=answer("facts_wrong"),
        safety_risk=answer("safety_risk"),
        possibly_classified=answer("possibly_classified"),
        personal_data=answer("personal_data"),
        media_interest=bool(facts.get("media_interest")),
        account_type=AccountType(facts["account.type"]) if facts.get("account.type") else None,
        employer=whose if told.kind is Kind.CONCERN else me.employer,
        deleted=told.deleted_at is not None,
        posted_by_me=told.posted_by_me,
        not_manager=told.not_manager,
        ask=told.ask,
    )


def _refuse_content(given: Mapping[str, Any]) -> None:
    faults = [FieldError(path, WHY_CLOSED) for path in CLOSED_WHEN_GUARDED if given.get(path)]
    if faults:
        raise NotKept(WHY_CLOSED, faults)


def _insert_case(
    db: Session,
    me: Me,
    told: Report,
    given: Mapping[str, Any],
    judgement: Judgement,
    playbook: Playbook,
    at: datetime,
    apart: Sequence[Person],
) -> Case:
    posted_at, subject_id = given.get("post.posted_at"), told.subject(me)
    conflicted = frozenset({me.id, *(person.id for person in apart)} | ({subject_id} if subject_id else set()))
    case = Case(
        **{COLUMNS[path]: in_utc(value) for path, value in given.items()},
        reference=unused_reference(db, Case, "SM", at),
        kind=told.kind,
        reporter_id=None if told.confidential else me.id,
        subject_id=subject_id,
        posted_by_me=told.posted_by_me,
        confidential=told.confidential,
        not_manager=told.not_manager,
        # Where a confidential reporter is says who they may be; of the poster it says nothing.
        posted_zone=zone_told_in(posted_at, me.zone) if posted_at and not told.confidential else None,
        reported_at=at,
        playbook_version=playbook.version,
        severity=judgement.severity,
        severity_rank=RANK[judgement.severity],
        guarded=judgement.guarded,
        holding_desk=desk_to_hold(db, playbook, judgement.holding_desk, conflicted),
        next_due_at=NOTHING_DUE,
    )
    if told.kind is not Kind.ADVICE:
        run_triage(playbook, case)
    if any(route.desk is DeskName.DATA_PROTECTION for route in judgement.routes):
        start_protection_clock(playbook, case)
    keep_moments(case, given, at)
    keep_keys(case)
    db.add(case)
    db.flush()
    return case


def _plan(playbook: Playbook, case: Case, kind: StepKind, state: StepState, reason: str | None, at: datetime) -> Step:
    step = Step(case_id=case.id, kind=kind, state=state, reason=reason)
    if state is StepState.DUE:
        run_clock(playbook, case, step, at)
    return step


def _already_deleted(step: Step, me: Me, deleted_at: datetime, at: datetime) -> None:
    step.state, step.reason = StepState.TAKEN, None
    step.taken_at, step.taken_zone = deleted_at, zone_told_in(deleted_at, me.zone)
    step.taken_by_id, step.recorded_at = me.id, at


def _what_was_told(case: Case, told: Report, given: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    changes: dict[str, tuple[Any, Any]] = {path: (None, value) for path, value in given.items() if value != []}
    changes["kind"] = (None, told.kind)
    if case.not_manager:
        changes["not_manager"] = (None, True)
    if not case.posted_by_me:
        changes["posted_by_me"] = (None, False)
    if case.confidential:
        changes["confidential"] = (None, True)
    if told.about is not None:
        changes["about.email"] = (None, told.about.email)
    if told.ask:
        changes["ask"] = (None, list(told.ask))
    return changes


def _what_was_judged(case: Case, steps: Mapping[StepKind, Step], judgement: Judgement) -> dict[str, tuple[Any, Any]]:
    changes: dict[str, tuple[Any, Any]] = {
        "holding_desk": (None, case.holding_desk),
        "stage": (None, case.stage),
        "severity": (None, case.severity),
        "because": (None, list(judgement.because)),
        "playbook": (None, case.playbook_version),
    }
    if case.kind == Kind.CONCERN:
        # Whom HR would look at; for people it stands above, by its address.
        changes["subject_id"] = (None, case.subject_id)
    if case.decide_by:
        changes |= {
            "data_protection.aware_at": (None, case.aware_at),
            "data_protection.decide_by": (None, case.decide_by),
        }
    if case.guarded:
        changes["guarded"] = (None, True)
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
    me: Me,
    at: datetime,
) -> list[Route]:
    routes = []
    for planned in judgement.routes:
        told = manager_to_tell(db, case, at, frozenset({me.id})) if planned.desk is DeskName.LINE_MANAGER else None
        if planned.desk is DeskName.LINE_MANAGER and told is None:
            if StepKind.INFORM_MANAGER in steps:
                steps[StepKind.INFORM_MANAGER].reason = NO_MANAGER
            changes = {"routes.line_manager.reason": (None, NO_MANAGER)}
            entries.add(db, case, "not_informed", actor=None, at=at, changes=changes)
            continue
        routes.append(send_to(db, playbook, case, planned.desk, because=planned.because, actor=None, at=at, told=told))
        if INFORMS_OF.get(planned.desk) in steps:
            informed(steps[INFORMS_OF[planned.desk]], at)
    holder, there = DeskName(case.holding_desk), {DeskName(route.desk) for route in routes}
    if holder not in there and _must_know(case, there):
        because = f"{case.kind}.alternate_desk" if holder == playbook.alternate.desk else "advice.nobody_asked"
        routes.append(send_to(db, playbook, case, holder, because=because, actor=None, at=at))
    return routes


def _must_know(case: Case, there: set[DeskName]) -> bool:
    """Whether the desk that holds a case is told although no rule sends it there.

    It then stands in for a desk that may not see it; or nobody else is left of those whom a question was put to.
    """
    return case.kind != Kind.ADVICE or there.isdisjoint({DeskName.LINE_MANAGER, *ADVISERS})


INFORMS_OF = {
    DeskName.LINE_MANAGER: StepKind.INFORM_MANAGER,
    DeskName.DIGITAL_UNIT: StepKind.INFORM_DIGITAL_UNIT,
}
