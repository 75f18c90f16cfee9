"""Applies the playbook's judgement to a case's rows: when it is reported, and again whenever a judged fact changes."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.clocks import keep_next_due, run_clock, run_triage, start_protection_clock, stop_clock
from service.cases.facts import judged_facts
from service.cases.pinned import playbook_of
from service.cases.plan import Judgement, judge
from service.cases.playbook import Playbook
from service.cases.recipients import hand_over, informed, open_routes, run_routes, send_to, whose_post
from service.records.cases import Case, Route, Step
from service.records.enums import Answer, DeskName, Employer, Kind, Severity, StepKind, StepState
from service.records.people import Person
from service.timeline import entries

RANK = {severity: rank for rank, severity in enumerate(Severity)}
SETTLED_BY_HAND = frozenset({StepState.TAKEN, StepState.WAIVED})
INFORMS = frozenset({StepKind.INFORM_MANAGER, StepKind.INFORM_DIGITAL_UNIT})


def steps_of(db: Session, case: Case) -> list[Step]:
    """The case's steps in the order they are taken."""
    order = list(StepKind)
    found = db.execute(select(Step).where(col(Step.case_id) == case.id)).scalars()
    return sorted(found, key=lambda step: order.index(StepKind(step.kind)))


def employer_of(db: Session, case: Case) -> Employer:
    """Whose rules apply: the employer of whose post it is, or of who reported it.

    A case that an employer's own rule has sent to a desk stays under it: who moves takes no old case along.
    """
    rules = playbook_of(db, case.playbook_version).routes
    own = {rule.name: next(iter(rule.employers)) for rule in rules if len(rule.employers) == 1}
    sent = select(col(Route.because)).where(col(Route.case_id) == case.id, col(Route.because).in_(own))
    if (because := db.execute(sent.order_by(col(Route.id)).limit(1)).scalar()) is not None:
        return Employer(own[because])
    person = whose_post(db, case)
    return Employer(person.employer) if person else Employer.FCO


def set_severity(case: Case, severity: Severity) -> None:
    """Keep the severity and what the queue sorts by."""
    case.severity, case.severity_rank = severity, RANK[severity]


def state_without_guard(kind: StepKind, case: Case) -> StepState:
    """What a step is once it is no longer held."""
    if kind is not StepKind.CORRECT:
        return StepState.DUE
    answers = {Answer.YES: StepState.DUE, Answer.UNSURE: StepState.UNDECIDED}
    return answers.get(case.facts_wrong, StepState.NOT_NEEDED)  # type: ignore[arg-type]  # None means no


def judge_again(
    db: Session,
    case: Case,
    *,
    actor: int | None,
    at: datetime,
    chosen: Severity | None = None,
    was: Severity | None = None,
    by_desk: bool = False,
) -> None:
    """Judge the case by its pinned playbook after a fact changed, and say on the timeline what followed.

    `chosen` is the severity a triager set by hand. It stands until new facts are judged worse than those before, which
    were judged `was`; from then on the rules alone decide. A guarded case stays guarded, and a released step stays
    released: only the desk that holds the case opens and releases. After triage, only that desk (`by_desk`) can take
    back what suggests HR.
    """
    playbook = playbook_of(db, case.playbook_version)
    judgement = judge(playbook, judged_facts(case, employer_of(db, case)), decided=chosen)
    changes: dict[str, tuple[object, object]] = {}
    worse = was is None or RANK[judgement.severity] < RANK[was]
    set_by = case.severity_set_by_id
    _judge_severity(playbook, case, judgement, chosen, actor, changes, worse=worse)
    if case.severity_set_by_id != set_by or chosen is not None:
        changes["severity_set_by"] = (_email(db, set_by), _email(db, case.severity_set_by_id))
    if judgement.guarded and not case.guarded:
        changes["guarded"] = (False, True)
        case.guarded = True
    suggest_hr(db, case, judgement, at, takes_back=by_desk or case.triaged_at is None)
    for step in steps_of(db, case):
        _judge_step(playbook, case, step, judgement, at, changes)
    run_routes(db, playbook, case)
    if case.decide_by is None and any(route.desk is DeskName.DATA_PROTECTION for route in judgement.routes):
        changes |= start_protection_clock(playbook, case)
    if changes:
        changes["because"] = (None, list(judgement.because))
        entries.add(db, case, "judged_again", actor=actor if chosen else None, at=at, changes=changes)
    _send_to_new_desks(db, playbook, case, judgement, at)
    keep_next_due(db, case)


def _email(db: Session, person_id: int | None) -> str | None:
    return db.get_one(Person, person_id).email if person_id is not None else None


def _judge_severity(
    playbook: Playbook,
    case: Case,
    judgement: Judgement,
    chosen: Severity | None,
    actor: int | None,
    changes: dict[str, tuple[object, object]],
    *,
    worse: bool,
) -> None:
    before = Severity(case.severity)
    if chosen is not None:
        after, case.severity_set_by_id = chosen, actor
    elif case.severity_set_by_id is not None and not (worse and RANK[judgement.severity] < case.severity_rank):
        after = before
    else:
        after, case.severity_set_by_id = judgement.severity, None
    if after != before:
        changes["severity"] = (before, after)
        set_severity(case, after)
        if case.triaged_at is None and case.kind != Kind.ADVICE:
            run_triage(playbook, case)


def _judge_step(
    playbook: Playbook,
    case: Case,
    step: Step,
    judgement: Judgement,
    at: datetime,
    changes: dict[str, tuple[object, object]],
) -> None:
    kind, before = StepKind(step.kind), StepState(step.state)
    planned = next((plan for plan in judgement.steps if plan.kind is kind), None)
    if planned is None or kind in INFORMS or before in SETTLED_BY_HAND or step.asked_of_id is not None:
        return
    after, reason = planned.state, planned.reason
    held_because = next(rule.held_because for rule in playbook.steps if rule.step is kind)
    if case.guarded and held_because and after is StepState.DUE and step.released_at is None:
        after, reason = StepState.HELD, held_because
    if after is StepState.HELD and step.released_at is not None:
        after, reason = state_without_guard(kind, case), None
    if after is StepState.DUE:
        run_clock(playbook, case, step, step.runs_from or at)
    else:
        stop_clock(step)
    if after is not before:
        step.state, step.reason = after, reason
        changes[f"steps.{kind}.state"] = (before, after)


def _send_to_new_desks(db: Session, playbook: Playbook, case: Case, judgement: Judgement, at: datetime) -> None:
    there = {DeskName(route.desk) for route in open_routes(db, case)}
    for planned in judgement.routes:
        if planned.desk in there or planned.desk is DeskName.LINE_MANAGER:
            continue
        if case.kind == Kind.ADVICE and planned.desk is DeskName.DIGITAL_UNIT:
            # Whom a question is put to was said when it was asked.
            continue
        send_to(db, playbook, case, planned.desk, because=planned.because, actor=None, at=at)
        if planned.desk is DeskName.DIGITAL_UNIT:
            hand_over(db, playbook, case, planned.desk, at=at)
            told = next((step for step in steps_of(db, case) if step.kind == StepKind.INFORM_DIGITAL_UNIT), None)
            if told is not None:
                informed(told, at)


def suggest_hr(db: Session, case: Case, judgement: Judgement, at: datetime, *, takes_back: bool = True) -> None:
    """Keep whether HR is suggested, and why; an entry of its own, since neither reporter nor subject may see it.

    The entry is written whenever the playbook judges, whatever it finds. A reporter's PDF has the bare hash of each
    entry that they may not see: one that is there only when HR is suggested would tell them.
    """
    before = (case.hr_suggested, list(case.hr_because))
    if judgement.hr_suggested or takes_back:
        case.hr_suggested, case.hr_because = judgement.hr_suggested, list(judgement.hr_because)
    changes = {
        "hr.suggested": (before[0], case.hr_suggested),
        "hr.because": (before[1], list(case.hr_because)),
    }
    entries.add(db, case, "hr_judged", actor=None, at=at, changes=changes)
