"""One plain line for a case, and one plain sentence for each thing that happened to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.records.enums import AccountType, Code, DeskName

DESK_WORDS = {
    DeskName.LINE_MANAGER: "the line manager",
    DeskName.DIGITAL_UNIT: "the Digital Transformation Unit",
    DeskName.HR: "Human Resources",
    DeskName.MEDIA_OFFICE: "the Media Office",
    DeskName.FCO_SERVICES: "the FCO Services desk",
    DeskName.DATA_PROTECTION: "the data protection desk",
}

CODE_WORDS = {
    Code.CONTRADICTS_POLICY: "Contradicts government policy",
    Code.POLITICALLY_PARTIAL: "Takes a political side",
    Code.DISREPUTE: "Could harm the department's good name",
    Code.CLASSIFIED_OR_PRIVILEGED: "Classified or privileged material",
    Code.ILLEGAL_OR_INAPPROPRIATE: "Illegal or inappropriate",
    Code.CODE_OR_TERMS_BREACH: "Against the Civil Service Code or terms",
    Code.NO_PRESS_LINE: "Breaking news without a press line",
    Code.POLICY_INTERPRETATION: "Read a policy change before the line was agreed",
    Code.MINISTERIAL_MOVEMENTS: "A minister's movements",
    Code.REBUTTAL: "Rebuttal without clearance",
    Code.OUTSIDE_EXPERTISE: "Outside the account's subject",
    Code.ANNOUNCEMENT_ON_PERSONAL_ACCOUNT: "Announcement on a personal account",
    Code.FACTUAL_ERROR: "Wrong facts",
    Code.OFFENSIVE_TO_AN_AUDIENCE: "Could offend somebody",
    Code.COPYRIGHT: "Somebody else's material",
    Code.ADVERTISING: "Looks like advertising",
    Code.PROTRACTED_ARGUMENT: "A long argument in public",
    Code.PERSONAL_SAFETY: "Could put somebody at risk",
    Code.SECURITY_CLEARANCE_MENTIONED: "Mentions a security clearance",
    Code.TERRORISM_OR_ESPIONAGE_RISK: "Could help terrorism or espionage",
    Code.PERSONAL_DATA: "Somebody's personal details",
    Code.WRONG_ACCOUNT: "Wrong account",
    Code.RELEASED_EARLY: "Released too early",
    Code.ACCOUNT_COMPROMISED: "The account was hacked",
    Code.OTHER: "Something else",
}

ACCOUNT_WORDS = {
    AccountType.OFFICIAL: "official",
    AccountType.WORK: "work-related",
    AccountType.PERSONAL: "personal",
}

# What a list shows first: where a post went wrong is said sooner than what it says.
TITLE_ORDER = (Code.WRONG_ACCOUNT, Code.RELEASED_EARLY, Code.ACCOUNT_COMPROMISED)


def title_of(case: Any) -> str:
    """One line made from the facts, such as "Wrong account · official X". Never the reporter's own words."""
    return title(case.codes, case.account_type, case.platform)


def title(codes: Sequence[str], account_type: str | None, platform: str | None) -> str:
    """The same from the three facts it is made of."""
    first = next((code for code in TITLE_ORDER if code in codes), None) or next(iter(codes), None)
    what = CODE_WORDS[Code(first)] if first else "A mistake"
    where = " ".join(
        word for word in (ACCOUNT_WORDS[AccountType(account_type)] if account_type else "", platform or "") if word
    )
    return f"{what} · {where}" if where else what


STEP_SAID = {
    "delete": "deleting the post",
    "apologise": "the apology",
    "correct": "the correction",
    "inform_manager": "telling the line manager",
    "inform_digital_unit": "telling the digital unit",
}

SENTENCES = {
    "reported": "Reported.",
    "informed": "Amends told {desk}.",
    "not_informed": "No line manager could be told.",
    "facts_changed": "Changed what is known about the post.",
    "judged_again": "The playbook was applied again{severity}.",
    "step_taken": "Done: {step}.",
    "step_cannot": "Not possible for now: {step}.",
    "step_waived": "Not required: {step}.",
    "step_verified": "Verified: {step}.",
    "step_released": "No longer on hold: {step}.",
    "acknowledged": "Read and acknowledged for {desk}.",
    "triaged": "Triaged.",
    "assigned": "Assigned.",
    "sent": "Sent to {desk}.",
    "manager_named": "A manager was named and told.",
    "exposure_changed": "Updated how far the post has gone.",
    "opened": "Opened the fields of this guarded case.",
    "purged": "Destroyed content that should not be kept here.",
    "advised": "Gave advice.",
    "message": "Wrote a message.",
    "note_reporter": "Wrote a note for everybody on the case.",
    "note_line_manager": "Wrote a note for the line manager.",
    "note_digital_unit": "Wrote a note for the desk.",
    "note_hr": "Wrote a note for Human Resources.",
    "evidence_added": "Added evidence.",
    "referral_proposed": "Made a proposal on referral to Human Resources.",
    "referral_decided": "Decided on referral to Human Resources.",
    "protection_decided": "Made a data protection decision.",
    "conflict_named": "Named a conflict of interest.",
    "withdrawal_asked": "Asked to withdraw the report.",
    "closed": "Closed.",
    "resolved": "The resolution was recorded.",
    "hr_judged": "The playbook looked at whether Human Resources should know.",
    "held_by": "Another desk holds the case from now on.",
    "reopened": "Reopened.",
}


def sentence(entry: Mapping[str, Any]) -> str:
    """An entry in words: what happened, without who and when, which stand beside it."""
    fields = [change["field"] for change in entry["changes"]]
    desks = [DESK_WORDS[DeskName(field.split(".")[1])] for field in fields if field.startswith("routes.")]
    steps = [STEP_SAID[field.split(".")[1]] for field in fields if field.startswith("steps.")]
    severity = next((change for change in entry["changes"] if change["field"] == "severity"), None)
    ended = any(field.startswith("routes.") and field.endswith(".ended_at") for field in fields)
    said = "No longer with {desk}." if ended else SENTENCES[entry["kind"]]
    return said.format(
        desk=desks[0] if desks else "the desk",
        step=steps[0] if steps else "a step",
        severity=f": severity is now {severity['after']}" if severity and severity["before"] else "",
    )
