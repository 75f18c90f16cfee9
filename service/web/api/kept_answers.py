"""The shapes of what is answered about how long records are kept."""

from datetime import datetime

from typing_extensions import TypedDict


class HoldOut(TypedDict):
    """That a case is kept for legal reasons."""

    at: datetime
    reason: str


class ApprovedOut(TypedDict):
    """Who approved that what a case holds is destroyed."""

    at: datetime
    by: str


class KeptOut(TypedDict):
    """A case as its keeper sees it; `rule` is a key of the playbook's `[retention]`, its years, and the version."""

    reference: str
    kind: str
    outcome: str | None
    desk: str
    reported_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    rule: str
    kept_by: list[str]
    hold: HoldOut | None
    approved: ApprovedOut | None
    disposed_at: datetime | None
    may: list[str]


class RetentionOut(TypedDict):
    """A page of them."""

    items: list[KeptOut]
    next: str | None
