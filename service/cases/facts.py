"""What is known about the post: each fact's place in the interface, its column, and what a guarded case closes."""

from collections.abc import Mapping
from typing import Any

from service.cases.plan import Facts
from service.core.errors import FieldError, Invalid
from service.records.cases import Case
from service.records.enums import AccountType, Answer, Code, Employer, Kind

# JSON path -> column. The path is also the name under which the timeline keeps the change.
COLUMNS = {
    "account.type": "account_type",
    "account.platform": "platform",
    "account.handle": "handle",
    "account.names_employer": "names_employer",
    "account.views_personal": "views_personal",
    "post.url": "url",
    "post.text": "text",
    "post.posted_at": "posted_at",
    "post.discovered_at": "discovered_at",
    "post.still_visible": "still_visible",
    "post.audience": "audience",
    "post.reach": "reach",
    "post.copies": "copies",
    "guidance.sought": "guidance_sought",
    "guidance.from": "guidance_from",
    "guidance.case": "guidance_case",
    "guidance.at": "guidance_at",
    "guidance.answer": "guidance_answer",
    "codes": "codes",
    "facts_wrong": "facts_wrong",
    "safety_risk": "safety_risk",
    "possibly_classified": "possibly_classified",
    "personal_data": "personal_data",
    "media_interest": "media_interest",
    "scheduled_paused": "scheduled_paused",
    "narrative": "narrative",
    "about.what": "about_what",
    "about.description": "about_description",
}
CONCERNS_ONLY = "This belongs to a concern."

# Free words and links are where content gets in. Naming the platform and the account is how the desk finds the post.
CLOSED_WHEN_GUARDED = (
    "post.url",
    "post.text",
    "post.audience",
    "guidance.from",
    "guidance.case",
    "narrative",
    "about.description",
)
CLOSED_ELSEWHERE = ("note", "link", "public_text", "text", "description", "file")

JUDGED = frozenset(
    {"account.type", "codes", "facts_wrong", "safety_risk", "possibly_classified", "personal_data", "media_interest"}
)

WHY_CLOSED = (
    "This case may involve a risk to somebody or classified material. Do not write, paste, link or upload any of it. "
    "The desk that has the case will tell you when this opens."
)


# What may be chosen where typed words could repeat what must not be repeated: by deed, and as the record then says it.
FIXED_REASONS: dict[str, dict[str, str]] = {
    "withdraw": {
        "never_published": "It was never published.",
        "reported_already": "It was reported already.",
        "not_a_mistake": "It was right as it was.",
        "other": "For another reason, to be told by phone.",
    },
    "protection-decision": {
        "no_personal_data": "It shows no personal details.",
        "risk_unlikely": "A risk to the people in it is unlikely.",
        "risk_possible": "There may be a risk to the people in it.",
        "high_risk": "There may be a high risk to the people in it.",
        "not_known_yet": "Not enough is known yet, and the time runs.",
    },
    "conflict": {
        "knows_them": "They know somebody who is involved.",
        "had_a_part": "They had a part in the post.",
        "other": "For another reason, to be told by phone.",
    },
}


class NotKept(Invalid):
    """Content was sent that a guarded case may not hold: it is neither stored nor shown again."""


def judged_facts(case: Case, employer: Employer) -> Facts:
    """The facts that the playbook judges, read from the case."""
    return Facts(
        kind=Kind(case.kind),
        codes=frozenset(Code(code) for code in case.codes),
        facts_wrong=_answer(case.facts_wrong),
        safety_risk=_answer(case.safety_risk),
        possibly_classified=_answer(case.possibly_classified),
        personal_data=_answer(case.personal_data),
        media_interest=bool(case.media_interest),
        account_type=AccountType(case.account_type) if case.account_type else None,
        employer=employer,
        posted_by_me=case.posted_by_me,
        not_manager=case.not_manager,
    )


def _answer(value: Answer | None) -> Answer | None:
    return Answer(value) if value else None


def is_closed(case: Case) -> bool:
    """Whether the fields of this case are closed: it is guarded, and the desk has not opened it."""
    return case.guarded and case.opened_at is None


def refuse_closed(case: Case, sent: Mapping[str, Any]) -> None:
    """Raise Invalid naming every closed field that something was sent for. Nothing of it is kept."""
    if not is_closed(case):
        return
    faults = [FieldError(field, WHY_CLOSED) for field, value in sent.items() if value not in (None, "", [])]
    if faults:
        raise NotKept(WHY_CLOSED, faults)


def reason_kept(case: Case, deed: str, reason: str) -> str:
    """The reason for a deed in words: of a fixed reason its sentence, else what was typed.

    Raises NotKept, naming the fixed reasons, for typed words while the fields of the case are closed.
    """
    fixed = FIXED_REASONS[deed]
    if reason in fixed:
        return fixed[reason]
    if is_closed(case):
        why = f"{WHY_CLOSED} Choose one of: {', '.join(fixed)}."
        raise NotKept(why, [FieldError("reason", why)])
    return reason
