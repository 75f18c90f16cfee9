"""What was said twice or later, and what `playbook explain` prints."""

import pytest

from service.cases.explain import explain
from service.cases.plan import Contradiction, Facts, change, settle
from service.cases.playbook import load
from service.core.errors import Invalid
from service.records.enums import Answer, Code, Kind

PLAYBOOK = load()
YES, NO, UNSURE = Answer.YES, Answer.NO, Answer.UNSURE


def mistake(*codes: Code, **facts: object) -> Facts:
    return Facts(kind=Kind.MISTAKE, codes=frozenset(codes), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "changes", "codes", "answer"),
    [
        (mistake(Code.FACTUAL_ERROR), {"facts_wrong": NO}, set(), NO),
        (mistake(Code.FACTUAL_ERROR), {"facts_wrong": UNSURE}, set(), UNSURE),
        (mistake(Code.FACTUAL_ERROR), {"facts_wrong": None}, set(), None),
        (mistake(facts_wrong=NO), {"facts_wrong": YES}, {Code.FACTUAL_ERROR}, YES),
        (mistake(facts_wrong=NO), {"codes": [Code.FACTUAL_ERROR]}, {Code.FACTUAL_ERROR}, YES),
        (mistake(facts_wrong=YES), {"codes": [Code.COPYRIGHT]}, {Code.COPYRIGHT}, NO),
        (
            mistake(facts_wrong=YES),
            {"codes": [Code.COPYRIGHT], "facts_wrong": YES},
            {Code.COPYRIGHT, Code.FACTUAL_ERROR},
            YES,
        ),
        (mistake(facts_wrong=UNSURE), {"codes": [Code.COPYRIGHT]}, {Code.COPYRIGHT}, UNSURE),
        (mistake(facts_wrong=YES), {"codes": None, "facts_wrong": NO}, set(), NO),
        (mistake(facts_wrong=YES), {"media_interest": True}, {Code.FACTUAL_ERROR}, YES),
    ],
)
def test_what_is_said_later_stands(
    before: Facts, changes: dict[str, object], codes: set[Code], answer: Answer | None
) -> None:
    after = change(settle(before), **changes)
    assert (after.codes, after.facts_wrong) == (codes, answer)


def test_a_later_body_may_not_contradict_itself() -> None:
    with pytest.raises(Contradiction):
        change(mistake(), codes=[Code.PERSONAL_DATA], personal_data=NO)


def test_explain_has_the_shape_of_the_interface() -> None:
    body = {
        "kind": "mistake",
        "employer": "fco",
        "account": {"type": "work", "platform": "Somewhere"},
        "codes": ["factual_error"],
        "narrative": "…",
    }
    assert explain(PLAYBOOK, body) == {
        "severity": "low",
        "because": ["low.everything_else"],
        "steps": [
            {"kind": "delete", "state": "due", "minutes": 240},
            {"kind": "apologise", "state": "due", "minutes": 480},
            {"kind": "correct", "state": "due", "minutes": 1440},
            {"kind": "inform_manager", "state": "due", "minutes": None},
            {"kind": "inform_digital_unit", "state": "due", "minutes": None},
        ],
        "routes": [
            {"desk": "line_manager", "because": "mistake.line_manager", "acknowledge_within": "2wd"},
            {"desk": "digital_unit", "because": "mistake.digital_unit", "acknowledge_within": "1wd"},
        ],
        "hr_suggested": False,
        "hr_because": [],
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ([], "body"),
        ({"kind": "mistake", "colour": "red"}, "colour"),
        ({"kind": "mistake", "codes": ["typo"]}, "codes.0"),
        ({"kind": "mistake", "media_interest": "yes"}, "media_interest"),
        ({"kind": "mistake", "employer": "acme"}, "employer"),
        ({"kind": "mistake", "account": {"type": "shared"}}, "account.type"),
        ({"kind": "advice", "ask": ["hr"]}, "ask"),
        ({"kind": "mistake", "codes": ["factual_error"], "facts_wrong": "no"}, "facts_wrong"),
    ],
)
def test_explain_names_the_field_that_cannot_be_read(body: object, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        explain(PLAYBOOK, body)
    assert [fault.field for fault in refused.value.errors] == [field]
