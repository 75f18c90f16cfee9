"""What is left of a case once what it held is destroyed: its reference, how it ended, when, and under which rule.

Everything that is not named here goes, so that a column or a fact that is added later is not kept by an oversight. What
stays says nothing about anybody: it is what figures are counted from, and what verification needs.
"""

import re

from service.records.cases import Case, Route, Step
from service.records.evidence import Evidence

HELD = ("held_at", "held_because")
ASKED = ("disposal_rule", "disposal_asked_at", "disposal_asked_by_id")
DISPOSAL = (*ASKED, "disposed_at", "kept_apart")
KINDS = frozenset({"disposal_approved", "disposed"})
"""Entries that keep who did it: who let it go stays known."""

# Table -> the columns that stay in a row of it. Rows of every other table of a case go altogether.
COLUMNS: dict[type, frozenset[str]] = {
    Case: frozenset(
        (
            *("id", "reference", "kind", "stage", "version", "entries", "last_hash", "playbook_version"),
            *("severity", "severity_rank", "codes", "account_type", "holding_desk", "resolution", "duplicate_of_id"),
            *("reported_at", "triaged_at", "closed_at", "next_due_at", *DISPOSAL),
        )
    ),
    Step: frozenset("id case_id kind state taken_at recorded_at verified_at due_at".split()),
    Route: frozenset(
        "id case_id desk because instead sent_at acknowledge_by acknowledged_at answered_at ended_at".split()
    ),
    Evidence: frozenset("id case_id media_type size added_at destroyed_at".split()),
}

# The same as paths of the timeline.
_PATHS = (
    *("kind", "stage", "playbook", "severity", "codes", "account.type", "holding_desk", "resolution", "duplicate_of"),
    *("reported_at", "triaged_at", "closed_at", *DISPOSAL),
    *(f"steps.*.{name}" for name in ("state", "taken_at", "recorded_at", "verified_at")),
    *(f"routes.*.{name}" for name in ("because", "instead", "sent_at", "acknowledged_at", "answered_at", "ended_at")),
    *(f"evidence.*.{name}" for name in ("media_type", "size", "added_at", "destroyed_at")),
)
_KEPT = re.compile("|".join(re.escape(path).replace(r"\*", "[^.]+") for path in _PATHS))


def is_kept(path: str) -> bool:
    """Whether a path of the timeline outlasts what a case held."""
    return _KEPT.fullmatch(path) is not None
