"""The shapes of what is answered. A field that the reader may not see is absent, so all but the plainest may be."""

from datetime import datetime
from typing import Any, NotRequired

from typing_extensions import TypedDict


class PersonOut(TypedDict):
    """Somebody with a part in the case."""

    email: str
    name: str
    zone: NotRequired[str]


class StepOut(TypedDict):
    """A step and its three times."""

    kind: str
    state: str
    due_at: datetime | None
    minutes: int | None
    taken_at: datetime | None
    taken_zone: str | None
    recorded_at: datetime | None
    verified_at: datetime | None
    verified_by: NotRequired[str | None]
    reason: NotRequired[str | None]
    public_text: NotRequired[str | None]
    link: NotRequired[str | None]
    note: NotRequired[str | None]
    cannot_at: NotRequired[datetime | None]
    cannot_reason: NotRequired[str | None]
    asked_of: NotRequired[str | None]
    asked_name: NotRequired[str | None]
    asked_because: NotRequired[str | None]
    must_say: NotRequired[list[str]]


class RouteOut(TypedDict):
    """A stay at a desk."""

    desk: str
    because: str
    instead: NotRequired[str | None]
    sent_at: datetime
    acknowledge_by: datetime | None
    acknowledged_at: datetime | None
    answer_by: NotRequired[datetime | None]
    answered_at: NotRequired[datetime | None]
    ended_at: datetime | None
    person: NotRequired[str | None]
    name: NotRequired[str | None]
    reason: NotRequired[str | None]
    acknowledged_by: NotRequired[str | None]


class EvidenceOut(TypedDict):
    """A file."""

    id: str
    filename: str
    media_type: str
    size: int
    sha256: str
    description: str | None
    captured_at: datetime | None
    captured_zone: str | None
    by: NotRequired[str]
    added_at: datetime
    scanned: bool
    destroyed_at: datetime | None
    preview: bool
    preview_width: NotRequired[int | None]
    preview_height: NotRequired[int | None]
    details: NotRequired[str]
    disclosed_at: NotRequired[datetime | None]


class ExposureOut(TypedDict):
    """How far the post has gone, as far as it was told."""

    minutes_live: int | None
    reach: int | None
    copies: int | None
    media_interest: bool | None
    still_visible: bool | None
    scheduled_paused: bool | None
    scheduled_paused_at: datetime | None
    updated_at: datetime | None


class DuplicateOut(TypedDict):
    """A case that looks like this one, and what the two have in common, the strongest first."""

    reference: str
    because: list[str]
    stage: str
    reported_at: datetime
    title: str
    may_merge: bool
    earlier: bool
    guarded: bool


class ReportedBeforeOut(TypedDict):
    """An open case of the reporter's own that looks like this one."""

    reference: str
    because: list[str]
    reported_at: datetime


class CaseOut(TypedDict):
    """A case, as far as its reader may see it; whoever reads a concern in part has `status` in place of the stage."""

    reference: str
    kind: str
    version: int
    guarded: bool
    may: list[str]
    pdf_audiences: list[str]
    status: NotRequired[str]
    stage: NotRequired[str]
    severity: NotRequired[str]
    reported_at: NotRequired[datetime]
    playbook: NotRequired[str]
    confidential: NotRequired[bool]
    holding_desk: NotRequired[str]
    triaged_at: NotRequired[datetime | None]
    closed_at: NotRequired[datetime | None]
    steps: NotRequired[list[StepOut]]
    routes: NotRequired[list[RouteOut]]
    about: NotRequired[dict[str, Any]]
    disclosed: NotRequired[list[dict[str, Any]]]
    disclosed_at: NotRequired[datetime | None]
    given_to_me: NotRequired[bool]
    shown_to: NotRequired[list[str]]
    title: NotRequired[str]
    reporter: NotRequired[PersonOut]
    subject: NotRequired[PersonOut | None]
    posted_by_me: NotRequired[bool]
    not_manager: NotRequired[bool]
    account: NotRequired[dict[str, Any]]
    post: NotRequired[dict[str, Any]]
    guidance: NotRequired[dict[str, Any]]
    codes: NotRequired[list[str]]
    facts_wrong: NotRequired[str | None]
    safety_risk: NotRequired[str | None]
    possibly_classified: NotRequired[str | None]
    personal_data: NotRequired[str | None]
    media_interest: NotRequired[bool | None]
    narrative: NotRequired[str | None]
    closed_fields: NotRequired[list[str]]
    opened: NotRequired[dict[str, Any] | None]
    live: NotRequired[dict[str, Any]]
    exposure: NotRequired[ExposureOut]
    assigned_to: NotRequired[str | None]
    assigned_name: NotRequired[str | None]
    triage_due_at: NotRequired[datetime | None]
    advice: NotRequired[list[dict[str, Any]]]
    messages: NotRequired[list[dict[str, Any]]]
    notes: NotRequired[list[dict[str, Any]]]
    evidence: NotRequired[list[EvidenceOut]]
    hr: NotRequired[dict[str, Any]]
    data_protection: NotRequired[dict[str, Any]]
    resolution: NotRequired[str | None]
    duplicate_of: NotRequired[str | None]
    withdrawal_asked_at: NotRequired[datetime | None]
    duplicates: NotRequired[list[DuplicateOut]]
    also_reported_in: NotRequired[list[str]]
    reported_before: NotRequired[list[ReportedBeforeOut]]
    said_same_as: NotRequired[str | None]


class FarewellOut(TypedDict):
    """What is left to say to somebody who sees the case no more, since they named a conflict of their own."""

    reference: str
    may: list[str]


class SummaryOut(TypedDict):
    """A case in a list; a concern that is read in part has `status` in place of the stage, and little else."""

    reference: str
    kind: str
    version: int
    status: NotRequired[str]
    stage: NotRequired[str]
    severity: NotRequired[str]
    reported_at: NotRequired[datetime]
    closed_at: NotRequired[datetime | None]
    holder: NotRequired[str]
    guarded: NotRequired[bool]
    title: NotRequired[str]
    live_since: NotRequired[datetime | None]
    live_until: NotRequired[datetime | None]
    next_due: NotRequired[dict[str, Any] | None]
    overdue: NotRequired[bool]
    assigned_to: NotRequired[str | None]
    assigned_name: NotRequired[str | None]


class CasesOut(TypedDict):
    """A page of cases."""

    items: list[SummaryOut]
    next: str | None


class ViewOut(TypedDict):
    """A saved view."""

    id: str
    name: str
    filters: dict[str, str]
    created_at: datetime


class ViewsOut(TypedDict):
    """Your saved views."""

    items: list[ViewOut]
    next: str | None


class ChangeOut(TypedDict):
    """A changed field; `erased` when its values were destroyed by law and only the commitment is left."""

    field: str
    before: Any
    after: Any
    erased: bool


class EntryOut(TypedDict):
    """Something that happened."""

    kind: str
    at: datetime
    actor: NotRequired[str]
    words: NotRequired[str]
    audience: NotRequired[list[str]]
    changes: NotRequired[list[ChangeOut]]


class TimelineOut(TypedDict):
    """A case's entries."""

    items: list[EntryOut]
    next: str | None


class ReadinessOut(TypedDict):
    """What a referral that is being built still lacks."""

    ready: bool
    missing: list[dict[str, str]]
