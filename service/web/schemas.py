"""The shapes of the public interface: what may be sent, field by field. Nothing else is taken."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool

from service.records.enums import (
    About,
    AccountType,
    Answer,
    Code,
    DeskName,
    Kind,
    NoteAudience,
    Resolution,
    Severity,
    StepKind,
)
from service.routing.protect import Question
from service.web.fields import Address, Count, Email, Long, Moment, OneLine, Reference, Words


class AccountIn(Words):
    """Where it was posted."""

    type: AccountType | None = None
    platform: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\r\n]*$")] | None = None
    handle: OneLine | None = None
    names_employer: StrictBool | None = None
    views_personal: StrictBool | None = None


class ExposureIn(Words):
    """How far a post has gone."""

    still_visible: StrictBool | None = None
    reach: Count | None = None
    media_interest: StrictBool | None = None
    copies: Count | None = None
    scheduled_paused: StrictBool | None = None


class PostIn(Words):
    """What was posted, and when."""

    url: Address | None = None
    text: Long | None = None
    posted_at: Moment | None = None
    discovered_at: Moment | None = None
    still_visible: StrictBool | None = None
    audience: OneLine | None = None
    reach: Count | None = None


class GuidanceIn(Words):
    """Whether somebody was asked before posting."""

    sought: StrictBool | None = None
    from_: OneLine | None = Field(default=None, alias="from")
    case: Reference | None = None


class AboutIn(Words):
    """Whose post a concern is about."""

    what: About | None = None
    email: Email | None = None
    description: Long | None = None


class FactsIn(Words):
    """What is known about the post; every field may be left out, and null clears it. `about` is a concern's."""

    about: AboutIn | None = None

    account: AccountIn | None = None
    post: PostIn | None = None
    guidance: GuidanceIn | None = None
    codes: Annotated[list[Code], Field(max_length=len(Code))] | None = None
    facts_wrong: Answer | None = None
    safety_risk: Answer | None = None
    possibly_classified: Answer | None = None
    personal_data: Answer | None = None
    media_interest: StrictBool | None = None
    narrative: Long | None = None


class ReportIn(FactsIn):
    """What opens a case."""

    kind: Kind
    deleted_at: Moment | None = None
    posted_by_me: StrictBool | None = None
    not_manager: StrictBool | None = None
    confidential: StrictBool | None = None
    ask: Annotated[list[DeskName], Field(max_length=len(DeskName))] | None = None


class TakeIn(Words):
    """A step that was taken."""

    taken_at: Moment | None = None
    link: Address | None = None
    public_text: Long | None = None
    confirmed: StrictBool | None = None
    note: Long | None = None


class NothingIn(Words):
    """No fields at all."""


class ReasonIn(Words):
    """A reason, in words."""

    reason: Long


Asked = Annotated[list[StepKind], Field(min_length=1, max_length=len(StepKind))]


class AskIn(Words):
    """Steps to ask somebody for, and why."""

    steps: Asked
    of: Email
    reason: Long


class TriageIn(Words):
    """What triage confirms."""

    severity: Severity | None = None
    codes: Annotated[list[Code], Field(max_length=len(Code))] | None = None
    facts_wrong: Answer | None = None
    ask_for: Asked | None = None
    ask_of: Email | None = None
    ask_because: Long | None = None
    assigned_to: Email | None = None
    note: Long | None = None


class AssignIn(Words):
    """Who takes the case on; null for nobody."""

    person: Email | None


Filter = Literal[
    "q", "stage", "severity", "kind", "platform", "account_type", "assigned", "overdue", "from", "to", "desk", "order"
]


class ViewIn(Words):
    """A view to keep: the filters as they stand in an address."""

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\r\n]*$")]
    filters: dict[Filter, Annotated[str, Field(max_length=300)]]


class ManagerIn(Words):
    """Who is to be told as the line manager."""

    email: Email


class SendIn(Words):
    """Another desk that should see the case."""

    desk: DeskName
    person: Email | None = None
    reason: Long


class TextIn(Words):
    """Words."""

    text: Long


class MessageIn(TextIn):
    """Words; of a concern, the desk may write to somebody who was asked or told, in place of whoever raised it."""

    to: Email | None = None


class NoteIn(Words):
    """Words for one audience."""

    text: Long
    audience: NoteAudience


class PurgeIn(Words):
    """Which fields hold content that must go, and why."""

    fields: Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=100)]
    reason: Long


class ReferralDecisionIn(Words):
    """To refer to HR or not."""

    refer: StrictBool
    reason: Long
    allegation: Long | None = None
    rules: Annotated[list[Code], Field(max_length=len(Code))] | None = None
    mitigation: Long | None = None
    subject_told: Long | StrictBool | None = None
    evidence: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)] | None = None
    conflict_check: StrictBool | None = None


class ReferralDraftIn(ReferralDecisionIn):
    """The same while it is being built: nothing has to be there yet."""

    refer: StrictBool | None = None  # type: ignore[assignment]  # what is not decided yet
    reason: Long | None = None  # type: ignore[assignment]  # as above


class ProtectionIn(Words):
    """A data protection decision."""

    question: Question
    tell: StrictBool
    reason: Long


class ConflictIn(Words):
    """Who must not see the case, and why."""

    person: Email
    reason: Long


class DiscloseIn(Words):
    """What the person whose post it is should be told."""

    facts: Annotated[list[Annotated[str, Field(max_length=60)]], Field(min_length=1, max_length=30)]


class CloseIn(Words):
    """How a case ends."""

    resolution: Resolution
    note: Long | None = None
    duplicate_of: Reference | None = None


class MergeIn(Words):
    """The case that goes on for both."""

    into: Reference


class SameIn(Words):
    """Another of the reporter's own cases."""

    as_: Reference = Field(alias="as")


class EvidenceIn(Words):
    """What is said beside a file."""

    captured_at: Moment | None = None
    description: Long | None = None


GROUPS: dict[str, type[BaseModel]] = {"account": AccountIn, "post": PostIn, "guidance": GuidanceIn, "about": AboutIn}


def facts_of(sent: FactsIn) -> dict[str, Any]:
    """The facts that were really sent, by JSON path. A group sent as null clears every fact in it."""
    facts: dict[str, Any] = {}
    for name in FactsIn.model_fields:
        if name not in sent.model_fields_set:
            continue
        value = getattr(sent, name)
        if name not in GROUPS:
            facts[name] = value
        elif value is None:
            facts |= {f"{name}.{_alias(GROUPS[name], field)}": None for field in GROUPS[name].model_fields}
        else:
            facts |= {f"{name}.{_alias(type(value), field)}": getattr(value, field) for field in value.model_fields_set}
    return facts


def exposure_of(sent: ExposureIn) -> dict[str, Any]:
    """The same for how far a post has gone."""
    in_post = {"still_visible", "reach", "copies"}
    told = [name for name in ExposureIn.model_fields if name in sent.model_fields_set]
    return {f"post.{name}" if name in in_post else name: getattr(sent, name) for name in told}


def _alias(model: type[BaseModel], field: str) -> str:
    return model.model_fields[field].alias or field
