"""The shapes of what is answered about how long records are kept."""

from datetime import datetime
from typing import NotRequired

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
    """A case or a referral as its keeper sees it; `rule` is a key of the playbook's `[retention]`, years, version.

    Of a referral `kind` is `referral`, and `closed_at` what its years count from: its end, or that of its warning.
    """

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


class AccessOut(TypedDict):
    """A request for all that is held about somebody; `done` of `total` parts are gathered, or packed.

    How much there is stands for the person themselves, and for whoever looks it through. How many parts were looked
    through before it was released is for the latter alone: some may be left out.
    """

    reference: str
    person: str
    stage: str
    asked_at: datetime
    due_at: datetime
    done: NotRequired[int]
    total: NotRequired[int]
    gathered_at: datetime | None
    released_at: datetime | None
    looked_through: NotRequired[int | None]
    ready_at: datetime | None
    size: NotRequired[int | None]
    delete_at: datetime | None
    deleted_at: datetime | None
    reviews: bool


class AccessesOut(TypedDict):
    """A page of them."""

    items: list[AccessOut]
    next: str | None


class AccessItemOut(TypedDict):
    """One thing that was gathered, as it is given; `taken_out` counts what is out of it already."""

    item: int
    part: str
    title: str
    lines: list[list[str]]
    file: str | None
    withheld: str | None
    taken_out: int


class AccessItemsOut(TypedDict):
    """A page of them."""

    items: list[AccessItemOut]
    next: str | None
