"""The words around lists and settings: how a queue is narrowed and ordered, how a file of it is headed, when to mail.

As in `words.py`: a word that people read is changed here, and only here.
"""

from collections.abc import Mapping

from service.records.enums import Day, LetterKind, Notify

# Whose a case is, as a filter says it.
ASSIGNED: Mapping[str, str] = {
    "me": "Mine",
    "none": "Nobody’s",
}
# How a queue is ordered: as a choice, and as a line above it.
ORDERS: Mapping[str, str] = {
    "newest": "Newest first",
    "oldest": "Oldest first",
}
ORDERS_FULL: Mapping[str, str] = {
    "worst": "Worst first, then what is due next",
    **ORDERS,
}

# The columns of a list as a file.
EXPORTED: Mapping[str, str] = {
    "reference": "Reference",
    "severity": "Severity",
    "stage": "Stage",
    "kind": "Kind",
    "title": "What it is",
    "account.platform": "Platform",
    "account.type": "Account",
    "account.handle": "Account name",
    "live_since": "Posted",
    "live_until": "Deleted",
    "reported_at": "Reported",
    "next_due": "Next",
    "next_due_at": "Due",
    "overdue": "Late",
    "holder": "Desk that holds it",
    "assigned_name": "Who looks after it",
    "assigned_to": "Their e-mail address",
    "guarded": "Guarded",
    "closed_at": "Closed",
}

DAYS: Mapping[str, str] = {
    Day.MON: "Monday",
    Day.TUE: "Tuesday",
    Day.WED: "Wednesday",
    Day.THU: "Thursday",
    Day.FRI: "Friday",
    Day.SAT: "Saturday",
    Day.SUN: "Sunday",
}

NOTIFY: Mapping[str, str] = {
    Notify.AT_ONCE: "At once",
    Notify.DIGEST: "Once a day",
    Notify.OFF: "Not by e-mail",
}

# What the outbox holds, for those who look after the service.
OUTBOX_KINDS: Mapping[str, str] = {
    "tell": "Tell people in the app",
    "mail": "E-mail",
    "urgent_mail": "Urgent e-mail",
    "text": "Text message",
    "digest": "Daily e-mail",
    "destroy": "Destroy files",
    "dispose": "Destroy what was kept long enough",
    "gather": "Gather what is held about somebody",
    "pack": "Pack what is given to somebody",
    "delete_given": "Delete what was given to somebody",
}

# How long records are kept: the parts of the list, what keeps a case longer, and the rules of the playbook.
RETENTION: Mapping[str, str] = {
    "due": "May go now",
    "coming": "Within three months",
    "held": "Kept for legal reasons",
    "disposed": "Destroyed",
}
RETENTION_EMPTY: Mapping[str, str] = {
    "due": "Nothing may go yet. It appears here when its time is over.",
    "coming": "Nothing will be due within three months.",
    "held": "Nothing is kept for legal reasons.",
    "disposed": "Nothing was destroyed yet. What is left then stands here.",
}
KEPT_BY: Mapping[str, str] = {
    "held": "kept for legal reasons",
    "referral": "kept as long as HR keeps its record",
    "merged": "kept until the case it was joined to is destroyed",
    "asked_for": "kept until somebody is given what is held about them",
    "named": "kept until the report that names it is destroyed",
    "case_held": "its case is kept for legal reasons",
    "conflict": "kept until another referral of its case is destroyed",
}

# The read log: what was opened, through what, and how somebody stood to the case.
READ_WHAT: Mapping[str, str] = {
    "case": "Opened the case",
    "timeline": "Read the timeline",
    "pdf": "Opened a PDF",
    "evidence": "Opened a file",
    "referral": "Opened the referral",
    "search": "Searched",
    "export": "Downloaded a list of cases",
    "read_log": "Looked in the read log",
    "read_log_export": "Downloaded the read log",
    "subject_access": "Looked through what is held about somebody",
    "subject_access_file": "Downloaded what is held about somebody",
}
READ_THROUGH: Mapping[str, str] = {
    "page": "on a page",
    "api": "by a program",
    "command": "on the server",
}
READ_AS: Mapping[str, str] = {
    "party": "Has a part in the case",
    "line_manager": "Line manager",
    "adviser": "Asked for advice",
    "digital_unit": "Desk that has the case",
    "desk": "Another desk",
    "data_protection": "Data protection team",
    "hr": "Human Resources",
    "auditor": "Auditor",
}
# In the middle of a sentence, to whoever reported it; the desk that has the case goes by its own name.
LOOKED_AS: Mapping[str, str] = {
    "line_manager": "a line manager who was told",
    "adviser": "somebody you asked for advice",
    "desk": "another desk that helps",
    "data_protection": "the data protection team",
    "auditor": "an auditor, who sees no content",
}
THE_RAISER = "The person who raised it"
THE_SERVER = "Whoever runs the service"
# Its columns as a file.
READ_COLUMNS: Mapping[str, str] = {
    "at": "When",
    "who": "Who",
    "email": "Their e-mail address",
    "seen_as": "As what",
    "case": "Case",
    "what": "What",
    "through": "Through what",
    "audience": "For whom",
    "narrowed_by": "Narrowed by",
}

# What is given to somebody who asks for all that is held about them, by its part.
ACCESS_TITLES: Mapping[str, str] = {
    "person": "What the directory says of you",
    "sign_in": "When you signed in",
    "reporter": "What you reported or asked",
    "raiser": "A concern that you raised",
    "subject": "What was disclosed to you",
    "asked": "What was asked of you",
    "referral": "What HR holds about you",
    "referral_notes": "What HR noted about you",
    "undisclosed": "A concern about a post of theirs",
    "undisclosed_referral": "A referral that they were not told of",
    "paper": "Handed to you outside Amends",
    "reply": "Your reply",
    "room_file": "A file that HR disclosed to you",
    "letter": "A letter to you",
    "file": "A file",
    "notes": "Notes about you",
    "part_held": "What part you had in the referrals of others",
    "timeline": "What happened, step by step",
    "looked": "Who looked at it",
    "at_work": "What you did in the cases of others",
    "notified": "What you were told",
    "opened": "What you opened",
}
# Which letter it is; `{when}` is when the hearing was to be as the letter said.
ACCESS_LETTERS: Mapping[str, str] = {
    LetterKind.INFORMING: "what is alleged",
    LetterKind.INVITATION: "your invitation to the hearing at {when}",
    LetterKind.OUTCOME: "the outcome",
    LetterKind.APPEAL_OUTCOME: "the outcome of your appeal",
}
REPLIED_IN, REPLIED_OUTSIDE = "written in Amends", "which reached HR outside Amends"
APPEAL_INVITATION = "your invitation to the hearing of your appeal at {when}"
# What it is grouped by, beside each case and referral.
ACCESS_GROUPS: Mapping[str, str] = {
    "you": "You, and how you sign in",
    "case": "Case",
    "referral": "Referral to HR",
    "use": "What you did, were told and opened",
}
ACCESS_STAGES: Mapping[str, str] = {
    "gathering": "Being gathered",
    "review": "Being checked by the data protection team",
    "packing": "Being packed",
    "ready": "Ready",
    "deleted": "Given, and deleted here",
}
# What such a file leaves out, whether there is any or not: that it is said tells nobody that there is.
WITHHELD: tuple[tuple[str, str], ...] = (
    (
        "Names and addresses of other people. Their part is named instead.",
        "UK Data Protection Act 2018, Schedule 2, paragraph 16: the rights of others.",
    ),
    (
        "Who raised a concern, and any concern that was not disclosed.",
        "UK Data Protection Act 2018, Schedule 2, paragraphs 16 and 22: the rights of others, and planning.",
    ),
    (
        "Notes and plans about a case that is still open, and whether something is for HR.",
        "UK Data Protection Act 2018, Schedule 2, paragraph 22: management forecasts and planning.",
    ),
    (
        "What HR keeps in a record of its own, until HR discloses it; its notes, until the record is closed.",
        "UK Data Protection Act 2018, Schedule 2, paragraph 22: management forecasts and planning.",
    ),
    (
        "What you wrote at work about the cases of others.",
        "UK GDPR, article 15(4): it is about them.",
    ),
)
