"""The parts of a case's view: each row as a reader sees it."""

from datetime import datetime
from typing import Any

from service.people.identity import Me
from service.records.cases import Case, Route, Step
from service.records.enums import StepState
from service.records.evidence import Evidence
from service.records.said import Message, ProtectionDecision, ReferralDecision

People = dict[int | None, dict[str, str]]


def name_of(people: People, person_id: int | None) -> str:
    return people[person_id]["name"] if person_id in people else ""


def facts_shown(case: Case) -> dict[str, Any]:
    return {
        "account": {
            "type": case.account_type,
            "platform": case.platform,
            "handle": case.handle,
            "names_employer": case.names_employer,
            "views_personal": case.views_personal,
        },
        "post": {
            "url": case.url,
            "text": case.text,
            "posted_at": case.posted_at,
            "posted_zone": case.posted_zone,
            "discovered_at": case.discovered_at,
            "still_visible": case.still_visible,
            "audience": case.audience,
            "reach": case.reach,
            "copies": case.copies,
        },
        "guidance": {"sought": case.guidance_sought, "from": case.guidance_from}
        | (
            {"case": case.guidance_case, "at": case.guidance_at, "answer": case.guidance_answer}
            if case.guidance_case
            else {}
        ),
        "codes": list(case.codes),
        "facts_wrong": case.facts_wrong,
        "safety_risk": case.safety_risk,
        "possibly_classified": case.possibly_classified,
        "personal_data": case.personal_data,
        "media_interest": case.media_interest,
        "narrative": case.narrative,
    }


def state_shown(step: Any, at: datetime) -> str:
    """A step's state as people see it: *overdue* is *due* with its moment passed."""
    overdue = step.state == StepState.DUE and step.due_at is not None and step.due_at <= at
    return "overdue" if overdue else StepState(step.state).value


def step_shown(step: Step, people: People, at: datetime, content: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": step.kind,
        "state": state_shown(step, at),
        "due_at": step.due_at,
        "minutes": step.minutes,
        "taken_at": step.taken_at,
        "taken_zone": step.taken_zone,
        "recorded_at": step.recorded_at,
        "verified_at": step.verified_at,
    }
    if content:
        shown |= {
            "verified_by": name_of(people, step.verified_by_id) or None,
            "reason": step.reason,
            "public_text": step.public_text,
            "link": step.link,
            "note": step.note,
            "cannot_at": step.cannot_at,
            "cannot_reason": step.cannot_reason,
            "asked_of": people[step.asked_of_id]["email"] if step.asked_of_id else None,
            "asked_name": name_of(people, step.asked_of_id) or None,
            "asked_because": step.asked_because,
        }
    return shown


def route_shown(route: Route, people: People, content: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "desk": route.desk,
        "because": route.because,
        "sent_at": route.sent_at,
        "acknowledge_by": route.acknowledge_by,
        "acknowledged_at": route.acknowledged_at,
        "ended_at": route.ended_at,
    }
    if content:
        shown |= {
            "instead": route.instead,
            "person": people[route.person_id]["email"] if route.person_id else None,
            "name": name_of(people, route.person_id) or None,
            "reason": route.reason,
            "acknowledged_by": name_of(people, route.acknowledged_by_id) or None,
        }
    if route.answer_by or route.answered_at:
        shown |= {"answer_by": route.answer_by, "answered_at": route.answered_at}
    return shown


def message_shown(row: Message, people: People) -> dict[str, Any]:
    """A line; `with` is whom it was said to or by, beside the reporter."""
    shown: dict[str, Any] = {"id": row.id, "text": row.text, "by": name_of(people, row.by_id) or None}
    shown |= {"from_reporter": row.from_reporter, "at": row.at}
    return shown | ({"with": people[row.with_id]["email"]} if row.with_id else {})


def file_shown(file: Evidence, people: People, *, confidential: bool = False) -> dict[str, Any]:
    """A file; of one that was sent in confidence, whether what lies in it beside the pixels is taken out."""
    shown = {
        "id": file.id,
        "filename": file.filename,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
        "description": file.description,
        "captured_at": file.captured_at,
        "captured_zone": file.captured_zone,
        "by": name_of(people, file.added_by_id),
        "added_at": file.added_at,
        "scanned": file.scanned,
        "destroyed_at": file.destroyed_at,
        "preview": file.preview is not None and file.destroyed_at is None,
        "preview_width": file.preview_width,
        "preview_height": file.preview_height,
    }
    if confidential and file.added_by_id is None:
        shown["details"] = "taken_out" if file.preview is not None else "left_in"
    return shown


def referred_by(decisions: list[ReferralDecision], me: Me | None) -> bool:
    """Whether this person referred the case, or proposed it before it was decided: they may see what became of it."""
    decided = next((place for place, row in enumerate(decisions) if row.counts), len(decisions))
    return me is not None and any(row.refer and row.by_id == me.id for row in decisions[: decided + 1])


def hr_shown(
    case: Case,
    decisions: list[ReferralDecision],
    decided: ReferralDecision | None,
    referral: Any | None,
    people: People,
    *,
    quiet: bool,
) -> dict[str, Any]:
    shown: dict[str, Any] = {"suggested": case.hr_suggested, "because": list(case.hr_because)}
    if quiet:
        return shown
    proposed = next((row for row in reversed(decisions) if not row.counts), None)
    return shown | {
        "decision": ("referred" if decided.refer else "not_referred") if decided else None,
        "reason": decided.reason if decided else None,
        "passed_on": referral.received_at if referral and not referral.returned_at else None,
        **_returned(referral),
        "proposed": {
            "refer": proposed.refer,
            "reason": proposed.reason,
            "by": name_of(people, proposed.by_id),
            "at": proposed.at,
        }
        if proposed
        else None,
    }


def _returned(referral: Any | None) -> dict[str, Any]:
    """When HR gave a referral back, and why; nothing of it where that did not happen, or HR's record is destroyed."""
    if referral is None or referral.returned_because is None:
        return {}
    return {"returned": {"at": referral.returned_at, "reason": referral.returned_because}}


def protection_shown(case: Case, decisions: list[ProtectionDecision], people: People) -> dict[str, Any]:
    return {
        "aware_at": case.aware_at,
        "decide_by": case.decide_by,
        "decisions": [
            {
                "question": row.question,
                "tell": row.tell,
                "reason": row.reason,
                "by": name_of(people, row.by_id),
                "at": row.at,
            }
            for row in decisions
        ],
    }
