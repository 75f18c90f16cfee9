"""How facts are judged: severity by hand, rule by rule, and what has to hold for all facts."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cases.plan import Contradiction, Facts, judge, settle
from service.cases.playbook import load
from service.records.enums import AccountType, Answer, Code, DeskName, Employer, Kind, Severity, StepKind, StepState

PLAYBOOK = load()
YES, NO, UNSURE = Answer.YES, Answer.NO, Answer.UNSURE
OFFICIAL, WORK, PERSONAL = AccountType.OFFICIAL, AccountType.WORK, AccountType.PERSONAL
CRITICAL, HIGH, MEDIUM, LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
RANK = {CRITICAL: 0, HIGH: 1, MEDIUM: 2, LOW: 3}

# Written out once more by hand, so that a slip in the playbook shows.
CRITICAL_CODES = {"classified_or_privileged", "personal_safety", "terrorism_or_espionage_risk", "account_compromised"}
HIGH_CODES = {"illegal_or_inappropriate", "ministerial_movements", "personal_data"}
HIGH_ON_OFFICIAL = {"contradicts_policy", "politically_partial", "disrepute", "offensive_to_an_audience"}
MEDIUM_CODES = {"announcement_on_personal_account", "security_clearance_mentioned", "offensive_to_an_audience"}
CONDUCT_RULES = {
    "contradicts_policy",
    "politically_partial",
    "disrepute",
    "classified_or_privileged",
    "illegal_or_inappropriate",
    "code_or_terms_breach",
}
GUARDING_CODES = {"classified_or_privileged", "personal_safety", "terrorism_or_espionage_risk"}


answers = st.sampled_from([None, *Answer])
any_facts = st.builds(
    Facts,
    kind=st.sampled_from(Kind),
    codes=st.frozensets(st.sampled_from(Code), max_size=4),
    facts_wrong=answers,
    safety_risk=answers,
    possibly_classified=answers,
    personal_data=answers,
    media_interest=st.booleans(),
    account_type=st.sampled_from([None, *AccountType]),
    employer=st.sampled_from(Employer),
    deleted=st.booleans(),
    posted_by_me=st.booleans(),
    not_manager=st.booleans(),
    ask=st.lists(st.sampled_from(DeskName), unique=True, max_size=3).map(tuple),
)


def agree(facts: Facts) -> bool:
    return not (
        (Code.FACTUAL_ERROR in facts.codes and facts.facts_wrong is NO)
        or (Code.PERSONAL_DATA in facts.codes and facts.personal_data is NO)
    )


consistent = any_facts.filter(agree)


def severity_by_hand(facts: Facts) -> Severity:
    codes = {code.value for code in facts.codes}
    if facts.facts_wrong is YES:
        codes.add("factual_error")
    if facts.personal_data is YES:
        codes.add("personal_data")
    official = facts.account_type is OFFICIAL
    if codes & CRITICAL_CODES or {facts.safety_risk, facts.possibly_classified} & {YES, UNSURE}:
        return CRITICAL
    if codes & HIGH_CODES or facts.personal_data in (YES, UNSURE) or facts.media_interest:
        return HIGH
    if official and codes & HIGH_ON_OFFICIAL:
        return HIGH
    if codes & CONDUCT_RULES or (official and codes) or codes & MEDIUM_CODES:
        return MEDIUM
    return LOW


def mistake(*codes: Code, **facts: object) -> Facts:
    return Facts(kind=Kind.MISTAKE, codes=frozenset(codes), **facts)  # type: ignore[arg-type]


@given(consistent)
def test_every_combination_of_facts_is_judged_as_by_hand(facts: Facts) -> None:
    judged = judge(PLAYBOOK, facts)
    assert judged.severity is severity_by_hand(facts)
    assert judged.because
    assert all(name.startswith(f"{judged.severity.value}.") for name in judged.because)


@pytest.mark.parametrize("code", [None, *Code])
def test_each_code_on_each_account_alone(code: Code | None) -> None:
    for kind, account, media, employer in product(Kind, [None, *AccountType], [False, True], Employer):
        facts = Facts(
            kind=kind,
            codes=frozenset({code} if code else ()),
            account_type=account,
            media_interest=media,
            employer=employer,
        )
        assert judge(PLAYBOOK, facts).severity is severity_by_hand(facts)


@pytest.mark.parametrize(
    ("facts", "severity", "because"),
    [
        (mistake(Code.ACCOUNT_COMPROMISED), CRITICAL, ("critical.code",)),
        (mistake(safety_risk=UNSURE), CRITICAL, ("critical.safety_answer",)),
        (mistake(possibly_classified=YES), CRITICAL, ("critical.safety_answer",)),
        (mistake(Code.PERSONAL_SAFETY, safety_risk=YES), CRITICAL, ("critical.code", "critical.safety_answer")),
        (mistake(Code.MINISTERIAL_MOVEMENTS), HIGH, ("high.code",)),
        (mistake(personal_data=UNSURE), HIGH, ("high.personal_data_answer",)),
        (mistake(personal_data=YES), HIGH, ("high.code", "high.personal_data_answer")),
        (mistake(media_interest=True), HIGH, ("high.media_interest",)),
        (mistake(Code.OFFENSIVE_TO_AN_AUDIENCE, account_type=OFFICIAL), HIGH, ("high.official_account",)),
        (
            mistake(Code.CODE_OR_TERMS_BREACH, account_type=OFFICIAL),
            MEDIUM,
            ("medium.conduct_rule", "medium.official_account"),
        ),
        (mistake(Code.DISREPUTE, account_type=PERSONAL), MEDIUM, ("medium.conduct_rule",)),
        (mistake(Code.COPYRIGHT, account_type=OFFICIAL), MEDIUM, ("medium.official_account",)),
        (mistake(Code.OFFENSIVE_TO_AN_AUDIENCE, account_type=WORK), MEDIUM, ("medium.code",)),
        (mistake(Code.COPYRIGHT, account_type=WORK), LOW, ("low.everything_else",)),
        (mistake(account_type=OFFICIAL), LOW, ("low.everything_else",)),
        (mistake(facts_wrong=YES, account_type=OFFICIAL), MEDIUM, ("medium.official_account",)),
        (mistake(facts_wrong=UNSURE, account_type=OFFICIAL), LOW, ("low.everything_else",)),
    ],
)
def test_rules_that_fired_are_named(facts: Facts, severity: Severity, because: tuple[str, ...]) -> None:
    judged = judge(PLAYBOOK, facts)
    assert (judged.severity, judged.because) == (severity, because)


@given(
    consistent, st.frozensets(st.sampled_from(Code)), st.sampled_from(["safety_risk", "possibly_classified", "none"])
)
def test_one_fact_more_never_lowers_severity(facts: Facts, codes: frozenset[Code], question: str) -> None:
    facts = settle(facts)
    worse = replace(facts, codes=facts.codes | codes, media_interest=True)
    for asked, code in (("facts_wrong", Code.FACTUAL_ERROR), ("personal_data", Code.PERSONAL_DATA)):
        if code in worse.codes:
            worse = replace(worse, **{asked: YES})
    if question != "none":
        worse = replace(worse, **{question: YES})
    before, after = judge(PLAYBOOK, facts), judge(PLAYBOOK, worse)
    assert RANK[after.severity] <= RANK[before.severity]
    assert after.guarded >= before.guarded
    assert after.hr_suggested >= before.hr_suggested
    if codes & {Code(code) for code in CRITICAL_CODES}:
        assert after.severity is CRITICAL


@given(consistent)
def test_guarded(facts: Facts) -> None:
    said = {code.value for code in facts.codes}
    unsafe = {facts.safety_risk, facts.possibly_classified} & {YES, UNSURE}
    assert judge(PLAYBOOK, facts).guarded is bool(unsafe or said & GUARDING_CODES)


@given(consistent)
def test_only_a_due_step_has_minutes_and_every_other_has_a_reason(facts: Facts) -> None:
    for step in judge(PLAYBOOK, facts).steps:
        if step.state is not StepState.DUE:
            assert step.minutes is None
        if step.state in {StepState.HELD, StepState.UNDECIDED, StepState.NOT_NEEDED}:
            assert step.reason
        if step.state is StepState.DUE and step.kind in {StepKind.DELETE, StepKind.APOLOGISE, StepKind.CORRECT}:
            assert step.minutes


@given(consistent)
def test_steps_by_kind(facts: Facts) -> None:
    judged = judge(PLAYBOOK, facts)
    kinds = [step.kind for step in judged.steps]
    assert kinds == (list(StepKind) if facts.kind is Kind.MISTAKE else [])
    assert (judged.triage_within is None) == (facts.kind is Kind.ADVICE)
    assert (judged.advice_within is None) == (facts.kind is not Kind.ADVICE)


@given(consistent)
def test_every_case_reaches_somebody_and_each_desk_once(facts: Facts) -> None:
    judged = judge(PLAYBOOK, facts)
    desks = [route.desk for route in judged.routes]
    assert desks
    assert len(desks) == len(set(desks))
    assert DeskName.HR not in desks
    assert (DeskName.DATA_PROTECTION in desks) is (
        Code.PERSONAL_DATA in facts.codes or facts.personal_data in {YES, UNSURE}
    )


@given(consistent)
def test_hr_is_suggested_for_conduct_and_for_nothing_else(facts: Facts) -> None:
    codes = {code.value for code in facts.codes}
    because = codes & CONDUCT_RULES
    if facts.account_type is OFFICIAL:
        because |= codes & {"offensive_to_an_audience"}
    if facts.kind is Kind.ADVICE or (facts.kind is Kind.MISTAKE and facts.employer is Employer.FCO_SERVICES):
        because = set()
    judged = judge(PLAYBOOK, facts)
    assert judged.hr_suggested is bool(because)
    assert {code.value for code in judged.hr_because} == because


@given(any_facts)
def test_facts_said_twice_agree_or_are_refused(facts: Facts) -> None:
    if not agree(facts):
        with pytest.raises(Contradiction) as refused:
            settle(facts)
        assert refused.value.status == 422
        assert refused.value.errors[0].field in {"facts_wrong", "personal_data"}
        return
    settled = settle(facts)
    assert (Code.FACTUAL_ERROR in settled.codes) is (settled.facts_wrong is YES)
    assert (Code.PERSONAL_DATA in settled.codes) is (settled.personal_data is YES)
    assert settle(settled) == settled
