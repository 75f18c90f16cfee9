"""Steps, deadlines and routes, row by row as the department's table has them."""

from dataclasses import replace

import pytest

from service.cases.deadlines import Within
from service.cases.plan import Facts, judge, plan_asked
from service.cases.playbook import load
from service.records.enums import AccountType, Answer, Code, DeskName, Employer, Kind, Severity, StepKind, StepState

PLAYBOOK = load()
YES, NO, UNSURE = Answer.YES, Answer.NO, Answer.UNSURE
OFFICIAL, WORK, PERSONAL = AccountType.OFFICIAL, AccountType.WORK, AccountType.PERSONAL
CRITICAL, HIGH, MEDIUM, LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW

# The columns are critical, high, medium and low.
TABLE = {
    "delete": (15, 30, 60, 240),
    "apologise": (60, 60, 120, 480),
    "correct": (60, 120, 240, 1440),
    "digital_unit": (15, 60, 240, "1wd"),
    "fco_services": (15, 60, 240, "1wd"),
    "data_protection": (15, 60, 240, "1wd"),
    "line_manager": (60, 240, "1wd", "2wd"),
    "media_office": (60, 240, "1wd", "2wd"),
    "triage": (30, 120, "1wd", "2wd"),
    "advice": (60, 120, "1wd", "1wd"),
}


def mistake(*codes: Code, **facts: object) -> Facts:
    return Facts(kind=Kind.MISTAKE, codes=frozenset(codes), **facts)  # type: ignore[arg-type]


def steps_of(facts: Facts) -> dict[str, StepState]:
    return {step.kind.value: step.state for step in judge(PLAYBOOK, facts).steps}


def routes_of(facts: Facts) -> dict[str, str]:
    return {route.desk.value: route.because for route in judge(PLAYBOOK, facts).routes}


@pytest.mark.parametrize("column", range(4))
def test_the_table_of_deadlines(column: int) -> None:
    severity = (CRITICAL, HIGH, MEDIUM, LOW)[column]
    # account_compromised is critical without being guarded, so that no clock is held.
    code = (Code.ACCOUNT_COMPROMISED, Code.MINISTERIAL_MOVEMENTS, Code.DISREPUTE, Code.OTHER)[column]
    judged = judge(PLAYBOOK, mistake(code, facts_wrong=YES))
    assert judged.severity is severity
    minutes = {step.kind.value: step.minutes for step in judged.steps}
    assert minutes == {
        "delete": TABLE["delete"][column],
        "apologise": TABLE["apologise"][column],
        "correct": TABLE["correct"][column],
        "inform_manager": None,
        "inform_digital_unit": None,
    }
    assert judged.triage_within == Within.parse(TABLE["triage"][column])
    for desk in DeskName:
        within = PLAYBOOK.acknowledge_within(desk, severity)
        assert (within.shown() if within else None) == (TABLE[desk.value][column] if desk.value in TABLE else None)
    asked = judge(PLAYBOOK, Facts(kind=Kind.ADVICE, codes=frozenset({code}), ask=(DeskName.MEDIA_OFFICE,)))
    assert asked.advice_within == Within.parse(TABLE["advice"][column])


@pytest.mark.parametrize(
    ("facts", "correct", "apologise"),
    [
        (mistake(), StepState.NOT_NEEDED, StepState.DUE),
        (mistake(facts_wrong=NO), StepState.NOT_NEEDED, StepState.DUE),
        (mistake(facts_wrong=UNSURE), StepState.UNDECIDED, StepState.DUE),
        (mistake(facts_wrong=YES), StepState.DUE, StepState.DUE),
        (mistake(Code.FACTUAL_ERROR), StepState.DUE, StepState.DUE),
        (mistake(Code.FACTUAL_ERROR, safety_risk=YES), StepState.HELD, StepState.HELD),
        (mistake(facts_wrong=NO, safety_risk=YES), StepState.NOT_NEEDED, StepState.HELD),
        (mistake(facts_wrong=UNSURE, safety_risk=YES), StepState.UNDECIDED, StepState.HELD),
        (mistake(Code.FACTUAL_ERROR, Code.ACCOUNT_COMPROMISED), StepState.DUE, StepState.DUE),
    ],
)
def test_correcting_and_apologising(facts: Facts, correct: StepState, apologise: StepState) -> None:
    steps = steps_of(facts)
    assert (steps["correct"], steps["apologise"]) == (correct, apologise)
    assert steps["delete"] is StepState.DUE


def test_a_post_that_is_gone_is_deleted() -> None:
    assert steps_of(mistake(deleted=True, safety_risk=YES))["delete"] is StepState.TAKEN


@pytest.mark.parametrize(
    ("facts", "routes"),
    [
        (mistake(), {"line_manager": "mistake.line_manager", "digital_unit": "mistake.digital_unit"}),
        (mistake(not_manager=True), {"digital_unit": "mistake.digital_unit"}),
        (
            mistake(employer=Employer.FCO_SERVICES, account_type=PERSONAL),
            {"fco_services": "mistake.fco_services", "line_manager": "mistake.line_manager"},
        ),
        (
            mistake(employer=Employer.FCO_SERVICES, account_type=OFFICIAL),
            {
                "fco_services": "mistake.fco_services",
                "line_manager": "mistake.line_manager",
                "digital_unit": "mistake.official_account",
            },
        ),
        (Facts(kind=Kind.CONCERN), {"digital_unit": "concern.digital_unit"}),
        (Facts(kind=Kind.CONCERN, employer=Employer.FCO_SERVICES), {"digital_unit": "concern.digital_unit"}),
        (
            Facts(kind=Kind.ADVICE, ask=(DeskName.MEDIA_OFFICE, DeskName.LINE_MANAGER)),
            {"media_office": "advice.media_office", "line_manager": "advice.line_manager"},
        ),
        (Facts(kind=Kind.ADVICE, ask=(DeskName.DIGITAL_UNIT,)), {"digital_unit": "advice.digital_unit"}),
        (Facts(kind=Kind.ADVICE), {"digital_unit": "advice.nobody_asked"}),
        (
            Facts(kind=Kind.ADVICE, ask=(DeskName.LINE_MANAGER,), not_manager=True),
            {"digital_unit": "advice.nobody_asked"},
        ),
        (
            Facts(kind=Kind.CONCERN, codes=frozenset({Code.PERSONAL_DATA})),
            {"digital_unit": "concern.digital_unit", "data_protection": "personal_data.code"},
        ),
        (
            Facts(kind=Kind.CONCERN, personal_data=UNSURE),
            {"digital_unit": "concern.digital_unit", "data_protection": "personal_data.answer"},
        ),
    ],
)
def test_routes(facts: Facts, routes: dict[str, str]) -> None:
    assert routes_of(facts) == routes


def test_data_protection_decides_within_seventy_two_hours() -> None:
    clocks = {route.desk: route.decide_within for route in judge(PLAYBOOK, mistake(personal_data=YES)).routes}
    assert clocks[DeskName.DATA_PROTECTION] == Within(minutes=72 * 60)
    assert clocks[DeskName.DIGITAL_UNIT] is None


def test_the_desk_that_holds_the_case() -> None:
    assert judge(PLAYBOOK, mistake()).holding_desk is DeskName.DIGITAL_UNIT
    services = mistake(employer=Employer.FCO_SERVICES)
    assert judge(PLAYBOOK, services).holding_desk is DeskName.FCO_SERVICES
    assert judge(PLAYBOOK, replace(services, account_type=OFFICIAL)).holding_desk is DeskName.DIGITAL_UNIT


def test_informing_follows_the_routes() -> None:
    services = judge(PLAYBOOK, mistake(employer=Employer.FCO_SERVICES, account_type=WORK))
    unit = next(step for step in services.steps if step.kind is StepKind.INFORM_DIGITAL_UNIT)
    assert unit.state is StepState.NOT_NEEDED
    assert "FCO Services" in (unit.reason or "")
    withheld = judge(PLAYBOOK, mistake(not_manager=True))
    manager = next(step for step in withheld.steps if step.kind is StepKind.INFORM_MANAGER)
    assert manager.state is StepState.DUE
    assert manager.reason


def test_a_severity_set_by_a_person_moves_every_time() -> None:
    judged = judge(PLAYBOOK, mistake(Code.OTHER), decided=HIGH)
    assert (judged.severity, judged.because) == (HIGH, ("triage.severity",))
    assert {step.kind: step.minutes for step in judged.steps}[StepKind.DELETE] == 30
    assert judged.routes[0].acknowledge_within == Within(minutes=240)


def test_steps_that_a_desk_asks_for() -> None:
    asked = plan_asked(PLAYBOOK, [StepKind.CORRECT, StepKind.DELETE], HIGH)
    assert [(step.kind, step.state, step.minutes) for step in asked] == [
        (StepKind.DELETE, StepState.DUE, 30),
        (StepKind.CORRECT, StepState.DUE, 120),
    ]
    guarded = plan_asked(PLAYBOOK, [StepKind.APOLOGISE, StepKind.DELETE], CRITICAL, guarded=True)
    assert [(step.kind, step.state, step.minutes) for step in guarded] == [
        (StepKind.DELETE, StepState.DUE, 15),
        (StepKind.APOLOGISE, StepState.HELD, None),
    ]
