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
}
