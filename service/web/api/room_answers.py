"""The shapes of what the HR room answers: as in `answers.py`, a field that the reader may not see is absent."""

from datetime import datetime
from typing import Any, NotRequired

from typing_extensions import TypedDict

from service.web.api.answers import PersonOut


class ReferralOut(TypedDict):
    """A referral, as somebody in the HR room reads it; whom it is about reads what was disclosed to them."""

    reference: str
    stage: str
    version: NotRequired[int]
    received_at: NotRequired[datetime]
    about: NotRequired[str | None]
    accept_by: NotRequired[datetime | None]
    allegation: NotRequired[str | None]
    states_allegation: NotRequired[bool]
    reason: NotRequired[str]
    rules: NotRequired[list[str]]
    playbook: NotRequired[str]
    mitigation: NotRequired[str | None]
    self_reported: NotRequired[bool]
    subject_told: NotRequired[str | None]
    steps_taken: NotRequired[list[dict[str, Any]]]
    evidence: NotRequired[list[dict[str, Any]]]
    referred_by: NotRequired[PersonOut | None]
    subject: NotRequired[PersonOut | None]
    people: NotRequired[dict[str, str | None]]
    appointments: NotRequired[list[dict[str, Any]]]
    accepted_at: NotRequired[datetime | None]
    returned: NotRequired[dict[str, Any] | None]
    fact_finding_at: NotRequired[datetime | None]
    informed: NotRequired[dict[str, Any] | None]
    disclosed: NotRequired[list[str]]
    findings: NotRequired[list[dict[str, Any]]]
    informal: NotRequired[dict[str, Any] | None]
    hearing: NotRequired[dict[str, Any] | None]
    appeal_hearing: NotRequired[dict[str, Any] | None]
    considered: NotRequired[dict[str, Any] | None]
    outcome: NotRequired[str | None]
    decision: NotRequired[dict[str, Any] | None]
    appeal: NotRequired[dict[str, Any] | None]
    suspension: NotRequired[dict[str, Any] | None]
    paused: NotRequired[dict[str, Any] | None]
    letters: NotRequired[list[dict[str, Any]]]
    drafts: NotRequired[list[dict[str, Any]]]
    copied: NotRequired[list[dict[str, Any]]]
    copyable: NotRequired[dict[str, list[dict[str, Any]]]]
    papers: NotRequired[list[dict[str, Any]]]
    replies: NotRequired[list[dict[str, Any]]]
    conflicts: NotRequired[list[dict[str, Any]]]
    taken_out: NotRequired[list[dict[str, Any]]]
    notes: NotRequired[list[dict[str, Any]]]
    earlier: NotRequired[list[dict[str, Any]]]
    consistency: NotRequired[dict[str, Any] | None]
    closed_at: NotRequired[datetime | None]
    due: NotRequired[dict[str, Any] | None]
    late: NotRequired[bool]
    next: NotRequired[dict[str, Any] | None]
    gates: NotRequired[list[dict[str, Any]]]
    missing: NotRequired[list[dict[str, str]]]
    limits: NotRequired[dict[str, int | None]]
    may: NotRequired[list[str]]


class ReferralsOut(TypedDict):
    """A page of referrals."""

    items: list[ReferralOut]
    next: str | None
