"""The rules of a playbook: when each fits, and what follows. Every part says where it comes from."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from service.records.enums import AccountType, Answer, Code, DeskName, Employer, Kind, Severity, StepKind

Text = Annotated[StrictStr, Field(min_length=1, max_length=2000, pattern=r"\S")]
Name = Annotated[StrictStr, Field(pattern=r"^[a-z0-9_.]+$", max_length=100)]
Question = Literal["safety_risk", "possibly_classified", "personal_data", "facts_wrong"]
CONDITIONS = {"kinds", "employers", "accounts", "codes", "answers", "media_interest", "any_code"}


class Section(BaseModel):
    """A part of the playbook. It never changes once read, and knows no key that is not named here."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Sourced(Section):
    """A part that says whether it is the policy's own word, with the passage, or our default."""

    source: Literal["policy", "our default"]
    passage: Text | None = None

    @model_validator(mode="after")
    def _names_the_passage(self) -> "Sourced":
        if (self.source == "policy") != (self.passage is not None):
            raise ValueError('a part with source = "policy" names its passage, and only such a part does')
        return self


class Conditions(Sourced):
    """When a rule fits: every line has to fit, and within one line any word is enough."""

    kinds: frozenset[Kind] = frozenset()
    employers: frozenset[Employer] = frozenset()
    accounts: frozenset[AccountType] = frozenset()
    codes: frozenset[Code] = frozenset()
    answers: dict[Question, frozenset[Answer]] = {}
    media_interest: Literal[True] | None = None
    any_code: Literal[True] | None = None


class Rule(Conditions):
    """A named rule with at least one condition, or `otherwise`: when nothing else fits."""

    name: Name
    otherwise: Literal[True] | None = None

    @property
    def conditions(self) -> frozenset[str]:
        """Which conditions the rule names."""
        keys = (type(self).model_fields.keys() & CONDITIONS) | {"asked"}
        return frozenset(key for key in keys if getattr(self, key, None))

    @model_validator(mode="after")
    def _has_a_condition(self) -> "Rule":
        if not self.otherwise and not self.conditions:
            raise ValueError(f"the rule '{self.name}' has no condition: it would always fit")
        return self


class SeverityRule(Rule):
    """How severe a case is if the rule fits."""

    severity: Severity


class RouteRule(Rule):
    """Which desk is told if the rule fits, and by when that desk has to decide, where the law says so."""

    desk: DeskName
    asked: Literal[True] | None = None
    decide_within_hours: Annotated[StrictInt, Field(ge=1, le=8760)] | None = None


class StepRule(Sourced):
    """For which kinds of case a step is planned, and what keeps its clock from running."""

    step: StepKind
    kinds: frozenset[Kind]
    only_if_facts_wrong: StrictBool = False
    held_when_guarded: StrictBool = False
    informs: DeskName | None = None
    held_because: Text | None = None
    not_needed_because: Text | None = None
    undecided_because: Text | None = None
    waiting_because: Text | None = None

    @model_validator(mode="after")
    def _gives_reasons(self) -> "StepRule":
        needed = {
            "held_because": self.held_when_guarded,
            "not_needed_because": self.only_if_facts_wrong or self.informs is not None,
            "undecided_because": self.only_if_facts_wrong,
            "waiting_because": self.informs is DeskName.LINE_MANAGER,
        }
        for key, wanted in needed.items():
            if wanted and getattr(self, key) is None:
                raise ValueError(f"the step '{self.step}' needs the key '{key}': people are shown why")
        return self
