"""The words around lists and settings: how a queue is narrowed and ordered, how a file of it is headed, when to mail.

As in `words.py`: a word that people read is changed here, and only here.
"""

from collections.abc import Mapping

from service.records.enums import Day, Notify

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
}

# How long records are kept: the parts of the list, what keeps a case longer, and the rules of the playbook.
RETENTION: Mapping[str, str] = {
    "due": "May go now",
    "coming": "Within three months",
    "held": "Kept for legal reasons",
    "disposed": "Destroyed",
}
RETENTION_EMPTY: Mapping[str, str] = {
    "due": "Nothing may go yet. A case appears here when its time is over.",
    "coming": "Nothing will be due within three months.",
    "held": "Nothing is kept for legal reasons.",
    "disposed": "Nothing was destroyed yet. What stays of a case then stands here.",
}
KEPT_BY: Mapping[str, str] = {
    "held": "kept for legal reasons",
    "referral": "kept as long as HR keeps its record",
    "merged": "kept until the case it was joined to is destroyed",
    "named": "kept until the report that names it is destroyed",
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
