"""The shapes of what the read log answers."""

from datetime import datetime
from typing import NotRequired

from typing_extensions import TypedDict

from service.web.api.answers import PersonOut


class ReadOut(TypedDict):
    """A line of the read log, without content; `person` is absent for whoever must not be named."""

    at: datetime
    who: str
    what: str
    through: str
    person: NotRequired[PersonOut]
    seen_as: NotRequired[str]
    case: NotRequired[str]
    audience: NotRequired[str]
    narrowed_by: NotRequired[list[str]]


class ReadsOut(TypedDict):
    """A page of the read log."""

    items: list[ReadOut]
    next: str | None


class ManyReadsOut(TypedDict):
    """Somebody read more than thirty different cases within an hour."""

    person: PersonOut
    since: datetime
    at: datetime


class AlertsOut(TypedDict):
    """A page of those who did."""

    items: list[ManyReadsOut]
    next: str | None


class LookOut(TypedDict):
    """Somebody looked at the caller's own report."""

    at: datetime
    seen_as: str
    what: str
    through: str
    name: NotRequired[str]


class LooksOut(TypedDict):
    """A page of who looked."""

    items: list[LookOut]
    next: str | None
