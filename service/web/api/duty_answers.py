"""The shapes of what is answered about rotas, preferences, notifications and the outbox."""

from datetime import datetime
from typing import NotRequired

from typing_extensions import TypedDict


class ShiftOut(TypedDict):
    """When somebody is on duty, week after week."""

    person: str
    days: list[str]
    starts: str
    ends: str
    zone: str


GapOut = TypedDict("GapOut", {"from": datetime, "until": datetime})
GapOut.__doc__ = "When nobody is on duty."


class RotaOut(TypedDict):
    """A desk's rota."""

    desk: str
    shifts: list[ShiftOut]
    on_duty: list[str]
    gaps: list[GapOut]


AbsenceOut = TypedDict("AbsenceOut", {"from": datetime, "until": datetime})
AbsenceOut.__doc__ = "When somebody is away."


class PreferencesOut(TypedDict):
    """How somebody wants to be told, and when they work."""

    notify: str
    digest_at: str
    phone: str | None
    working_days: list[str]
    deputy: str | None
    absences: list[AbsenceOut]


class NotifiedOfOut(TypedDict):
    """The case that a notification is about."""

    reference: str
    title: str


class NotificationOut(TypedDict):
    """Something that waits."""

    id: str
    kind: str
    words: str
    asks: NotRequired[str]
    urgent: bool
    at: datetime
    read_at: datetime | None
    hearing_at: NotRequired[datetime]
    case: NotRequired[NotifiedOfOut]


class NotificationsOut(TypedDict):
    """A page of what waits."""

    items: list[NotificationOut]
    next: str | None


class OutboxRowOut(TypedDict):
    """Something that was given up."""

    id: str
    kind: str
    person: str | None
    due_at: datetime
    failed_at: datetime
    tries: int
    error: str


class OutboxOut(TypedDict):
    """How the outbox stands, and a page of what was given up."""

    waiting: int
    failed: int
    done: int
    oldest_seconds: int | None
    items: list[OutboxRowOut]
    next: str | None
