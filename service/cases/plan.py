"""What a case needs: facts in, judgement out. Pure: no database and no clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from service.cases.deadlines import Within
from service.cases.playbook_rules import Rule, StepRule
from service.cases.playbook_shape import Playbook
from service.core.errors import FieldError, Invalid
from service.records.code_words import CODES
from service.records.enums import (
    AccountType,
    Answer,
    Code,
    DeskName,
    Employer,
    Kind,
    Severity,
    StepKind,
    StepState,
)

SAID_TWICE = {"facts_wrong": Code.FACTUAL_ERROR, "personal_data": Code.PERSONAL_DATA}
"""Questions whose *yes* is the same fact as a code."""
SET_AT_TRIAGE = "triage.severity"
"""The rule that is named when a person set the severity."""


@dataclass(frozen=True)
class Facts:
    """What a judgement looks at. `employer` is that of the reporter; an absent answer has not been asked or given."""

    kind: Kind
    codes: frozenset[Code] = frozenset()
    facts_wrong: Answer | None = None
    safety_risk: Answer | None = None
    possibly_classified: Answer | None = None
    personal_data: Answer | None = None
    media_interest: bool = False
    account_type: AccountType | None = None
    employer: Employer = Employer.FCO
    deleted: bool = False
    posted_by_me: bool = True
    not_manager: bool = False
    ask: tuple[DeskName, ...] = ()


class Contradiction(Invalid):
    """One fact was said twice in one breath, once as a yes and once as a no."""

    title = "Two of your answers do not agree"


@dataclass(frozen=True)
class PlannedStep:
    """A step as judged. `minutes` runs from the report, release, decision or asking; absent while no clock runs."""

    kind: StepKind
    state: StepState
    minutes: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class PlannedRoute:
    """A desk that is told, the rule that says so, and the desk's clocks."""

    desk: DeskName
    because: str
    acknowledge_within: Within | None
    decide_within: Within | None = None


@dataclass(frozen=True)
class Judgement:
    """What the playbook makes of the facts. `because` names every rule of the winning severity that fits.

    `triage_within` is absent for advice, which is never triaged; `advice_within` for everything else.
    """

    severity: Severity
    because: tuple[str, ...]
    guarded: bool
    guarded_because: tuple[str, ...]
    steps: tuple[PlannedStep, ...]
    routes: tuple[PlannedRoute, ...]
    holding_desk: DeskName
    hr_suggested: bool
    hr_because: tuple[Code, ...]
    triage_within: Within | None
    advice_within: Within | None


def settle(facts: Facts) -> Facts:
    """The facts of one body, each fact that can be said twice said twice: `facts_wrong` yes and `factual_error`,
    `personal_data` yes and the code of that name. The code outweighs an *unsure*.

    Raises Contradiction (422) for the code together with *no*. Source: our default.
    """
    for question, code in SAID_TWICE.items():
        answer = getattr(facts, question)
        if code in facts.codes and answer is Answer.NO:
            message = f"You chose “{CODES[code]}”, and answered no to the question that asks the same. Change one."
            raise Contradiction(message, [FieldError(question, message)])
        if answer is Answer.YES:
            facts = replace(facts, codes=facts.codes | {code})
        elif code in facts.codes:
            facts = _answered(facts, question, Answer.YES)
    return facts


def change(before: Facts, **changes: Any) -> Facts:
    """The facts after a later body that names only what it changes; `None` clears. `before` is settled, and so is this.

    What is said later stands: a *no*, an *unsure* or a cleared answer removes the code it once implied, and codes given
    again without one turn its answer to *no*. Raises Contradiction when the later body contradicts itself.
    """
    if "codes" in changes:
        changes["codes"] = frozenset(changes["codes"] or ())
    after = replace(before, **changes)
    for question, code in SAID_TWICE.items():
        answer = getattr(after, question)
        if "codes" in changes and question not in changes:
            had = code in before.codes
            if code in after.codes:
                after = _answered(after, question, Answer.YES)
            elif had:
                after = _answered(after, question, Answer.NO)
        elif "codes" not in changes and question in changes and answer is not Answer.YES:
            after = replace(after, codes=after.codes - {code})
    return settle(after)


def _answered(facts: Facts, question: str, answer: Answer) -> Facts:
    given: dict[str, Any] = {question: answer}
    return replace(facts, **given)


def fits(rule: Rule, facts: Facts) -> bool:
    """Whether every condition of a rule holds. `otherwise` and `asked` look beyond the facts and are not asked here."""
    return (
        (not rule.kinds or facts.kind in rule.kinds)
        and (not rule.employers or facts.employer in rule.employers)
        and (not rule.accounts or facts.account_type in rule.accounts)
        and (not rule.codes or bool(facts.codes & rule.codes))
        and (not rule.answers or any(getattr(facts, asked) in wanted for asked, wanted in rule.answers.items()))
        and (not rule.media_interest or facts.media_interest)
        and (not rule.any_code or bool(facts.codes))
    )


def judge(playbook: Playbook, facts: Facts, decided: Severity | None = None) -> Judgement:
    """Severity, steps, routes and the HR suggestion for a case, at the moment of its report.

    `decided` is a severity that a person set at triage; it replaces the rules' own and every time follows it. Raises
    Contradiction for facts that `settle` refuses. Source: the playbook.
    """
    facts = settle(facts)
    severity, because = (decided, (SET_AT_TRIAGE,)) if decided else _severity(playbook, facts)
    guarded_because = tuple(rule.name for rule in playbook.guarded.rules if fits(rule, facts))
    routes = _routes(playbook, facts, severity)
    told = {route.desk for route in routes}
    steps = tuple(
        _step(playbook, rule, facts, severity, bool(guarded_because), told)
        for rule in playbook.steps
        if facts.kind in rule.kinds
    )
    hr_suggested, hr_because = _hr(playbook, facts)
    advice = facts.kind is Kind.ADVICE
    return Judgement(
        severity=severity,
        because=because,
        guarded=bool(guarded_because),
        guarded_because=guarded_because,
        steps=steps,
        routes=routes,
        holding_desk=DeskName.FCO_SERVICES
        if DeskName.FCO_SERVICES in told and DeskName.DIGITAL_UNIT not in told
        else DeskName.DIGITAL_UNIT,
        hr_suggested=hr_suggested,
        hr_because=hr_because,
        triage_within=None if advice else playbook.deadlines.triage_done[severity],
        advice_within=playbook.deadlines.advice_answered[severity] if advice else None,
    )


def plan_asked(
    playbook: Playbook, kinds: Iterable[StepKind], severity: Severity, guarded: bool = False
) -> tuple[PlannedStep, ...]:
    """Steps that a desk asks for, in the playbook's order; their minutes run from the asking.

    Asking for a correction says that one is needed. On a guarded case words for the public are held all the same.
    """
    wanted = set(kinds)
    return tuple(_clocked(playbook, rule, severity, guarded=guarded) for rule in playbook.steps if rule.step in wanted)


def _severity(playbook: Playbook, facts: Facts) -> tuple[Severity, tuple[str, ...]]:
    fitting = [rule for rule in playbook.severity.rules if fits(rule, facts)]
    first = fitting[0]
    if first.otherwise:
        return first.severity, (first.name,)
    return first.severity, tuple(
        rule.name for rule in fitting if rule.severity is first.severity and not rule.otherwise
    )


def _routes(playbook: Playbook, facts: Facts, severity: Severity) -> tuple[PlannedRoute, ...]:
    found: dict[DeskName, PlannedRoute] = {}
    own_kind = False
    for rule in playbook.routes:
        if rule.desk in found or not fits(rule, facts):
            continue
        if rule.asked and rule.desk not in facts.ask:
            continue
        if rule.otherwise and own_kind:
            continue
        # Who is told instead of the line manager is for the holding desk to name.
        if rule.desk is DeskName.LINE_MANAGER and facts.not_manager:
            continue
        own_kind = own_kind or bool(rule.kinds)
        decide = Within(minutes=rule.decide_within_hours * 60) if rule.decide_within_hours else None
        acknowledge = playbook.acknowledge_within(rule.desk, severity)
        found[rule.desk] = PlannedRoute(rule.desk, rule.name, acknowledge, decide)
    return tuple(found.values())


def _step(
    playbook: Playbook, rule: StepRule, facts: Facts, severity: Severity, guarded: bool, told: set[DeskName]
) -> PlannedStep:
    if rule.step is StepKind.DELETE and facts.deleted:
        return PlannedStep(rule.step, StepState.TAKEN)
    if rule.only_if_facts_wrong and facts.facts_wrong is Answer.UNSURE:
        return PlannedStep(rule.step, StepState.UNDECIDED, reason=rule.undecided_because)
    if rule.only_if_facts_wrong and facts.facts_wrong is not Answer.YES:
        return PlannedStep(rule.step, StepState.NOT_NEEDED, reason=rule.not_needed_because)
    if rule.informs and rule.informs not in told:
        if rule.informs is DeskName.LINE_MANAGER and facts.not_manager:
            return PlannedStep(rule.step, StepState.DUE, reason=rule.waiting_because)
        return PlannedStep(rule.step, StepState.NOT_NEEDED, reason=rule.not_needed_because)
    return _clocked(playbook, rule, severity, guarded=guarded)


def _clocked(playbook: Playbook, rule: StepRule, severity: Severity, *, guarded: bool) -> PlannedStep:
    if rule.held_when_guarded and guarded:
        return PlannedStep(rule.step, StepState.HELD, reason=rule.held_because)
    return PlannedStep(rule.step, StepState.DUE, playbook.minutes_for(rule.step, severity))


def _hr(playbook: Playbook, facts: Facts) -> tuple[bool, tuple[Code, ...]]:
    if any(fits(rule, facts) for rule in playbook.hr_suggestion.never):
        return False, ()
    fitting = [rule for rule in playbook.hr_suggestion.rules if fits(rule, facts)]
    named = {code for rule in fitting for code in (rule.codes or facts.codes) & facts.codes}
    return bool(fitting), tuple(code for code in Code if code in named)
