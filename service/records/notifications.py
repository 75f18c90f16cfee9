"""What waits for whom in the app, and how each person wants to hear of it."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from service.records.columns import Table, word
from service.records.enums import Notify

UNREAD = "read_at IS NULL"
EIGHT = "08:00"


class Notification(Table, table=True):
    """Something that one person should look at. `key` names it to them; `kind` is that of the timeline's entry.
    `what` is what is owed, where a clock has rung.

    `urgent` is whether the case was critical at that moment. `dedupe` makes it once for each entry and person.
    """

    __tablename__ = "notification"
    id: int = Field(default=None, primary_key=True)
    key: str = Field(max_length=32, unique=True)
    person_id: int = Field(foreign_key="person.id")
    case_id: int | None = Field(default=None, foreign_key="case_file.id", index=True)
    referral_id: int | None = Field(default=None, foreign_key="referral.id", index=True)
    kind: str = Field(max_length=60)
    what: str | None = Field(default=None, max_length=60)
    urgent: bool = False
    at: datetime
    read_at: datetime | None = None
    dedupe: str = Field(max_length=200, unique=True)
    __table_args__ = (
        Index("ix_notification_person", "person_id", "id"),
        Index("ix_notification_unread", "person_id", "id", sqlite_where=text(UNREAD), postgresql_where=text(UNREAD)),
    )


class Preference(Table, table=True):
    """How a person wants to be told; whoever has no row here is told at once. `digest_at` is HH:MM in their zone."""

    __tablename__ = "preference"
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    notify: Notify = Field(default=Notify.AT_ONCE, sa_type=word(Notify))
    digest_at: str = Field(default=EIGHT, max_length=5)
    phone: str | None = Field(default=None, max_length=20)
