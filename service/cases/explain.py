"""What a playbook would make of a report: the answer of `amends playbook explain`."""

from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from service.cases.plan import Facts, judge
from service.cases.playbook_shape import Playbook
from service.core.errors import FieldError, Invalid
from service.records.enums import AccountType, Answer, Code, DeskName, Employer, Kind

WRONG_HERE = {
    "missing": "This is missing",
    "extra_forbidden": "This is not a field of a report",
    "bool_type": "Write true or false",
}


class SaidAccount(BaseModel):
    """Of the account only the type is judged."""

    model_config = ConfigDict(extra="ignore")
    type: AccountType | None = None


class SaidFacts(BaseModel):
    """The body of POST /api/cases, plus the employer. What is not judged is let through as it is."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    employer: Employer | None = None
    account: SaidAccount | None = None
    codes: list[Code] | None = None
    facts_wrong: Answer | None = None
    safety_risk: Answer | None = None
    possibly_classified: Answer | None = None
    personal_data: Answer | None = None
    media_interest: StrictBool | None = None
    deleted_at: Any = None
    posted_by_me: StrictBool | None = None
    not_manager: StrictBool | None = None
    ask: list[DeskName] | None = None
    post: Any = None
    guidance: Any = None
    narrative: Any = None
    confidential: Any = None
    about: Any = None


def read_facts(playbook: Playbook, body: object) -> Facts:
    """The facts in a report's body. Raises Invalid (422) naming every field that cannot be read or judged."""
    try:
        said = SaidFacts.model_validate(body)
    except ValidationError as wrong:
        faults = [
            FieldError(
                ".".join(str(part) for part in error["loc"]) or "body", WRONG_HERE.get(error["type"], error["msg"])
            )
            for error in wrong.errors(include_url=False)
        ]
        raise Invalid("The facts cannot be read", faults) from wrong
    asked = tuple(said.ask or ())
    wrong_desks = [desk for desk in asked if desk not in playbook.desks_to_ask]
    if wrong_desks:
        message = f"Nobody is asked for advice at {wrong_desks[0].value}"
        raise Invalid(message, [FieldError("ask", message)])
    return Facts(
        kind=said.kind,
        codes=frozenset(said.codes or ()),
        facts_wrong=said.facts_wrong,
        safety_risk=said.safety_risk,
        possibly_classified=said.possibly_classified,
        personal_data=said.personal_data,
        media_interest=bool(said.media_interest),
        account_type=said.account.type if said.account else None,
        employer=said.employer or Employer.FCO,
        deleted=said.deleted_at is not None,
        posted_by_me=said.posted_by_me is not False,
        not_manager=bool(said.not_manager),
        ask=asked,
    )


def explain(playbook: Playbook, body: object) -> dict[str, Any]:
    """The judgement of a report before anything is sent, in the shape of the public interface.

    `minutes` and `acknowledge_within` are minutes or `"1wd"`, and null where no clock runs. Raises Invalid, and
    Contradiction where one body says a fact both ways.
    """
    judged = judge(playbook, read_facts(playbook, body))
    return {
        "severity": judged.severity.value,
        "because": list(judged.because),
        "steps": [
            {"kind": step.kind.value, "state": step.state.value, "minutes": step.minutes} for step in judged.steps
        ],
        "routes": [
            {
                "desk": route.desk.value,
                "because": route.because,
                "acknowledge_within": route.acknowledge_within.shown() if route.acknowledge_within else None,
            }
            for route in judged.routes
        ],
        "hr_suggested": judged.hr_suggested,
        "hr_because": [code.value for code in judged.hr_because],
    }
