"""The plain words for the record itself: what a field is called, and why something is so."""

from collections.abc import Mapping
from typing import Any

from service.records import (
    code_words,
    entry_words,
    guide_words,
    list_words,
    notice_words,
    room_entry_words,
    room_words,
    words,
)
from service.records.enums import Instead, Likeness

# What a fact is called, on a page, on paper, and in *before and after*: by its whole path, else by its last word.
FIELDS: Mapping[str, str] = {
    "account": "Account",
    "account.type": "Kind of account",
    "account.platform": "Where it was posted",
    "account.handle": "Account name",
    "account.names_employer": "The account names the employer",
    "account.views_personal": "The account says views are personal",
    "post.url": "Link to the post",
    "post.text": "What the post said",
    "post.posted_at": "Posted at",
    "post.posted_zone": "Zone of the post",
    "post.discovered_at": "Noticed at",
    "post.still_visible": "Still visible",
    "post.audience": "Who could see it",
    "post.reach": "How many saw it",
    "post.copies": "Copies seen elsewhere",
    "guidance.sought": "Asked for advice before posting",
    "guidance.from": "Asked whom",
    "guidance.case": "Copied from the question",
    "guidance.at": "Answered at",
    "guidance.answer": "What the answer was",
    "codes": "What went wrong",
    "facts_wrong": "Facts were wrong",
    "safety_risk": "Could put someone at risk",
    "possibly_classified": "May be classified or privileged",
    "personal_data": "Shows personal details of others",
    "media_interest": "Media are asking",
    "scheduled_paused": "Scheduled posts are paused",
    "narrative": "What happened, as reported",
    "posted_by_me": "Posted by the reporter",
    "not_manager": "Line manager is not to be told",
    "confidential": "Confidential",
    "about.what": "What it is about",
    "about.email": "Whose post it is",
    "about.description": "Whose post it is, in words",
    "ask": "Whom you asked",
    "answered_by": "Answered by",
    "answered_at": "Answered at",
    "asked_of": "Asked of",
    "asked_because": "Why",
    "deleted_at": "Deleted at",
    "reported_at": "Reported at",
    "severity": "Severity",
    "severity_set_by": "Severity set by",
    "stage": "Stage",
    "state": "State",
    "guarded": "Guarded",
    "triaged_at": "Looked at",
    "triage_due_at": "To be looked at by",
    "due_at": "Due by",
    "taken_at": "Done at",
    "public_text": "Words posted",
    "link": "Link",
    "note": "Note",
    "reason": "Reason",
    "text": "Text",
    "words": "Words",
    "audience": "Who may read it",
    "assigned_to": "Given to",
    "resolution": "How it ended",
    "desk": "Desk",
    "person": "Person",
    "email": "Work e-mail address",
    "file": "File",
    "evidence": "Evidence",
    "holding_desk": "Desk that holds it",
    "because": "Why",
    "instead": "Why somebody else",
    "kind": "Kind",
    "playbook": "Playbook",
    "sent_at": "Sent at",
    "acknowledged_at": "Read at",
    "acknowledge_by": "To be read by",
    "ended_at": "Ended at",
    "released_at": "Released at",
    "verified_at": "Checked at",
    "cannot_at": "Said at",
    "cannot_reason": "Why not",
    "opened_at": "Opened at",
    "purged": "Destroyed",
    "revealed": "For",
    "disclosed_at": "First told something at",
    "closed_at": "Closed at",
    "closing_note": "Note on closing",
    "duplicate_of": "Same as",
    "also_reported_in": "Also reported in",
    "said_same_as": "Same as, says the reporter",
    "withdrawal_asked_at": "Asked to withdraw at",
    "withdrawal_reason": "Why",
    "conflict.person": "Must not see it",
    "conflict.reason": "Why",
    "hr.suggested": "HR suggested",
    "hr.because": "HR suggested because of",
    "hr.reason": "Why",
    "hr.proposed": "Proposed",
    "hr.decision": "Decided",
    "hr.returned_at": "Returned at",
    "hr.returned_because": "Why HR returned it",
    "referral.allegation": "What is alleged",
    "referral.rules": "Rules it may go against",
    "referral.mitigation": "What counts in their favour",
    "referral.subject_told": "What the person has been told",
    "referral.evidence": "Evidence copied",
    "referral.self_reported": "Reported by themselves",
    "referral.conflict_checked_at": "Conflicts checked at",
    "conflict_check": "Conflicts checked",
    "data_protection.aware_at": "Known since",
    "data_protection.decide_by": "To be decided by",
    "tell": "Decided",
    "filename": "File",
    "description": "What it shows",
    "sha256": "Fingerprint",
    "size": "Size",
    "media_type": "Kind of file",
    "captured_at": "Taken at",
    "captured_zone": "Zone it was taken in",
    "alarm.what": "What was due",
    "alarm.due_at": "Due by",
    "alarm.told": "Told",
    "alarm.desk": "Desk that owes it",
    "alarm.nobody": "Nobody is at",
}

# How a question before posting calls what a report calls otherwise.
FIELDS_OF_ADVICE: Mapping[str, str] = {
    "account.platform": "Where",
    "post.text": "What it would say",
    "post.url": "Link",
    "narrative": "The question",
    "reported_at": "Asked at",
    "ask": "Asked",
    "codes": "What it may touch",
    "facts_wrong": "Facts may be wrong",
    "safety_risk": "Could put someone at risk",
    "possibly_classified": "May be classified or privileged",
    "personal_data": "Shows personal details of others",
    "withdrawal_asked_at": "Taken back at",
}

# What can be destroyed, where the field alone does not say whose words they are.
SPILT: Mapping[str, str] = {
    "data_protection.regulator.reason": "Why to tell the regulator, or not",
    "data_protection.affected.reason": "Why to tell the people affected, or not",
    "conflict.reason": "Why somebody must not see this",
    "hr.reason": "Why to refer it to HR, or not",
    "referral.allegation": "What HR was told: the allegation",
    "referral.mitigation": "What HR was told: mitigation",
    "referral.subject_told": "What HR was told: what the person knows",
    "opened.reason": "Why it was opened for words and files",
    "reopened.reason": "Why the case was opened again",
    "purged.reason": "Why something was destroyed before",
    "revealed.reason": "Why it was revealed who raised it",
    "withdrawal_reason": "Why it was to be withdrawn",
}

# Why somebody was told, and why a case is as bad as it is, by the playbook's rule or by the deed.
BECAUSE: Mapping[str, str] = {
    "mistake.line_manager": "Line manager of the person who reported it.",
    "mistake.digital_unit": "They are told of every mistake, to help.",
    "mistake.fco_services": "FCO Services has its own policy, and this desk looks after it.",
    "mistake.official_account": "An official account is involved.",
    "mistake.alternate_desk": "Nobody at the desk that would hold it may see it, so this desk holds it.",
    "concern.digital_unit": "They are told of every concern.",
    "concern.alternate_desk": "Nobody at the desk that would hold it may see it, so this desk holds it.",
    "advice.line_manager": "Asked for advice.",
    "advice.media_office": "Asked for advice.",
    "advice.digital_unit": "Asked for advice.",
    "advice.alternate_desk": "Nobody at the desk that would hold it may see it, so this desk holds it.",
    "advice.nobody_asked": "Nobody was asked by name.",
    "personal_data.code": "Personal details of others are involved.",
    "personal_data.answer": "Personal details of others may be involved.",
    "sent": "The desk that holds the case sent it there.",
    "named": "Named as the manager to tell.",
    "late.nobody_there": "Nobody is at the desk that should have dealt with it.",
    "critical.code": "What went wrong is critical.",
    "critical.safety_answer": "It could put someone at risk, or may be classified.",
    "high.code": "What went wrong weighs heavily.",
    "high.personal_data_answer": "It may show personal details of others.",
    "high.media_interest": "Journalists are asking.",
    "high.official_account": "An official account said it.",
    "medium.conduct_rule": "A conduct rule may be involved.",
    "medium.official_account": "An official account is involved.",
    "medium.code": "What went wrong weighs a little more.",
    "low.everything_else": "Nothing makes it worse.",
    "guarded.safety_answer": "It could put someone at risk, or may be classified.",
    "guarded.code": "What went wrong must not be repeated.",
    "triage.severity": "Set at triage.",
}

# After that: why it is not the person first thought of. It gives away nobody's conflict.
INSTEAD: Mapping[str, str] = {
    Instead.DEPUTY: "They are away, so their deputy is told.",
    Instead.MOVED_UP: "The next manager up is told in their place.",
    Instead.SUBSTITUTE: "None is set, so the unit’s substitute is told.",
    Instead.LATE: "Nobody had read it in time, so the next manager up is told too.",
}

# How that is said to them, before the name of who reported it.
INSTEAD_MINE: Mapping[str, str] = {
    "manager": "because you manage",
    Instead.DEPUTY: "as the deputy of the line manager of",
    Instead.MOVED_UP: "in place of the line manager of",
    Instead.SUBSTITUTE: "because no line manager is set for",
    Instead.LATE: "because the line manager has not yet read the report of",
}

# What two reports have in common, to the desk, and to somebody who reported both: before a moment.
ALIKE: Mapping[str, str] = {
    Likeness.LINK: "the same link",
    Likeness.TEXT: "the same words",
    Likeness.FILE: "the same file",
    Likeness.ACCOUNT: "the same account within a day",
}
ALIKE_MINE: Mapping[str, str] = {
    Likeness.LINK: "You reported this link",
    Likeness.TEXT: "You reported a post with these words",
    Likeness.FILE: "You reported a post with this picture or file",
    Likeness.ACCOUNT: "You reported a post on this account",
}

# How far a post has gone: of a number for one and for more, of a question for yes and for no.
EXPOSURE: Mapping[str, tuple[str, str]] = {
    "post.reach": ("{} person saw it", "{} people saw it"),
    "post.copies": ("{} copy seen elsewhere", "{} copies seen elsewhere"),
    "post.still_visible": ("still visible", "no longer visible"),
    "media_interest": ("journalists are asking", "no journalist is asking"),
    "scheduled_paused": ("scheduled posts are paused", "scheduled posts are not paused"),
}
# What waits on a schedule would go out beside what went wrong: to whoever reports, and to the desk.
PAUSE: Mapping[str, str] = {
    "mine": "Pause scheduled posts on this account.",
    "desk": "Check that scheduled posts on this account are paused.",
    "why": "A cheerful post beside a mistake makes it worse.",
}

DECISIONS: Mapping[str, str] = {"referred": "Passed to HR", "not_referred": "Not referred to HR"}

# What a box of a form asks for, where a person would not know it by what the field is called in the record.
BOXES: Mapping[str, str] = {
    "reason": "Why",
    "text": "Your words",
    "steps": "What should they do",
    "ask_for": "What should they do",
    "of": "Whom do you ask",
    "ask_of": "Whom do you ask",
    "ask_because": "Why do you ask them",
    "facts": "What should they be told",
}

# Which of the tables speaks for the values of a field: by its whole path, else by its last word.
SPOKEN: Mapping[str, Mapping[str, str]] = {
    "kind": {**room_words.FINDINGS, **room_words.PAPERS, **room_words.LETTERS, **words.KINDS},
    "severity": words.SEVERITIES,
    "stage": {**words.REFERRAL_STAGES, **words.STAGES},
    "outcome": room_words.OUTCOMES,
    "part": room_words.APPOINTED,
    "disclosed": room_words.DISCLOSED,
    "state": words.STEP_STATES,
    "codes": code_words.CODES,
    "rules": code_words.CODES,
    "hr.because": code_words.CODES,
    "facts_wrong": words.ANSWERS,
    "safety_risk": words.ANSWERS,
    "possibly_classified": words.ANSWERS,
    "personal_data": words.ANSWERS,
    "resolution": words.RESOLUTIONS,
    "desk": words.DESKS,
    "about.what": words.ABOUTS,
    "ask": words.DESKS,
    "answered_by": words.DESKS,
    "holding_desk": words.DESKS,
    "revealed": words.DESKS,
    "type": words.ACCOUNT_TYPES,
    "cannot_reason": words.CANNOT_REASONS,
    "media_type": words.FILE_KINDS,
    "because": BECAUSE,
    "instead": INSTEAD,
    "hr.decision": DECISIONS,
    "hr.proposed": DECISIONS,
    "alarm.what": {**room_words.OWED, **words.DUES},
    "alarm.told": words.DESKS,
    "alarm.nobody": words.DESKS,
}
# Whose fields they are: `steps.delete.taken_at` is "Delete the post: done at".
WHOSE: Mapping[str, Mapping[str, str]] = {
    "steps": words.STEPS,
    "routes": words.DESKS,
    "data_protection": words.PROTECTION_QUESTIONS,
}

TABLES: Mapping[str, Any] = {
    name.lower(): table
    for room in (
        vars(words),
        vars(code_words),
        vars(entry_words),
        vars(list_words),
        vars(guide_words),
        vars(notice_words),
        vars(room_words),
        vars(room_entry_words),
        globals(),
    )
    for name, table in room.items()
    if name.isupper() and name[0] != "_" and isinstance(table, dict | tuple)
}
"""Every table by its name in small letters, as templates read them: `words.codes`."""
