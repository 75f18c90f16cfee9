"""What happened, in order, and who looked. Entries are never updated or deleted: the database refuses it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from service.records.columns import Table, json_list

DONE = "done_at IS NOT NULL"
WAITING = "done_at IS NULL AND failed_at IS NULL"
FAILED = "failed_at IS NOT NULL"


class TimelineEntry(Table, table=True):
    """One thing that happened, in a case or in a referral: one of the two is named.

    `position` is the place in the whole log, gapless; `sequence` the place in its own chain. `commitments`
    maps each changed field to the salted hash of its values, which live in `timeline_values` and can be erased by law.
    `hash` covers everything here and the previous entry's hash.
    """

    __tablename__ = "timeline_entry"
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    case_id: int | None = Field(default=None, foreign_key="case_file.id")
    referral_id: int | None = Field(default=None, foreign_key="referral.id")
    sequence: int
    kind: str = Field(max_length=60)
    actor_id: int | None = Field(default=None, foreign_key="person.id")
    at: datetime
    audience: str = Field(max_length=200)
    commitments: dict[str, str] = Field(sa_type=json_list())
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    __table_args__ = (
        UniqueConstraint("case_id", "sequence"),
        Index("ix_timeline_entry_referral", "referral_id", "sequence", unique=True),
        CheckConstraint("(case_id IS NULL) <> (referral_id IS NULL)", name="ck_timeline_entry_one_record"),
    )


class TimelineValues(Table, table=True):
    """What an entry commits to: `{field: {salt, before, after}}`. An erased field keeps its commitment only."""

    __tablename__ = "timeline_values"
    position: int = Field(foreign_key="timeline_entry.position", primary_key=True)
    fields: dict[str, Any] = Field(sa_type=json_list())


class TimelineHead(Table, table=True):
    """How long the log is; one row, and the lock that makes positions gapless."""

    __tablename__ = "timeline_head"
    id: int = Field(primary_key=True)
    position: int = 0


class ReadEntry(Table, table=True):
    """Who opened what, when and through what; written before a byte leaves.

    `seen_as` is how they stood to the case (`policy.seen_as`): None for a search or an export, and in old lines.
    """

    __tablename__ = "read_entry"
    id: int = Field(default=None, primary_key=True)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    """None for whoever runs the service, from its command line."""
    case_id: int | None = Field(default=None, foreign_key="case_file.id")
    referral_id: int | None = None
    """Of which referral of the case, by number alone: the log outlasts whatever it tells of."""
    what: str = Field(max_length=60)
    detail: str = Field(default="", max_length=300)
    through: str = Field(max_length=20)
    seen_as: str | None = Field(default=None, max_length=40)
    at: datetime
    __table_args__ = (
        Index("ix_read_entry_person", "person_id", "at"),
        Index("ix_read_entry_case", "case_id", "person_id"),
        Index("ix_read_entry_case_at", "case_id", "at"),
        Index("ix_read_entry_at", "at"),
    )


class ManyReads(Table, table=True):
    """That one person read more than thirty different cases within an hour, from `since` to `at`.

    How many is not kept: an auditor who is walled from one of them could tell it from the number.
    """

    __tablename__ = "many_reads"
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    since: datetime
    at: datetime
    __table_args__ = (Index("ix_many_reads_person", "person_id", "at"),)


class ReadWatch(Table, table=True):
    """Up to when the read log was looked through for that; one row, which one worker at a time moves on.

    Lines from before `cleared_until` have been kept for as long as they are kept: no others can be deleted.
    """

    __tablename__ = "read_watch"
    id: int = Field(primary_key=True)
    looked_until: datetime | None = None
    cleared_until: datetime | None = None


class Outbox(Table, table=True):
    """Something to be done after the change that caused it is safe. `dedupe` makes it once, whoever asks.

    Nobody tries a row with `failed_at` again before an administrator asks for it: `error` says why. `tried_at` is when
    it was first tried.
    """

    __tablename__ = "outbox"
    id: int = Field(default=None, primary_key=True)
    kind: str = Field(max_length=60)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    case_id: int | None = Field(default=None, foreign_key="case_file.id", index=True)
    referral_id: int | None = Field(default=None, foreign_key="referral.id", index=True)
    body: dict[str, Any] = Field(default_factory=dict, sa_type=json_list())
    dedupe: str = Field(max_length=200, unique=True)
    due_at: datetime
    tries: int = 0
    leased_until: datetime | None = None
    tried_at: datetime | None = None
    done_at: datetime | None = None
    failed_at: datetime | None = None
    error: str | None = Field(default=None, sa_type=Text)
    __table_args__ = (
        Index("ix_outbox_waiting", "kind", "due_at", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
        Index("ix_outbox_failed", "id", sqlite_where=text(FAILED), postgresql_where=text(FAILED)),
        Index("ix_outbox_done", "done_at", "kind", sqlite_where=text(DONE), postgresql_where=text(DONE)),
    )


class OutboxTally(Table, table=True):
    """How many rows of each kind were `done` up to a moment, be they cleared since; one row."""

    __tablename__ = "outbox_tally"
    id: int = Field(primary_key=True)
    done: dict[str, int] = Field(default_factory=dict, sa_type=json_list())
    until: datetime | None = None


class Once(Table, table=True):
    """An Idempotency-Key that was used: what was asked (its HMAC) and which record it made."""

    __tablename__ = "once"
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    key: str = Field(max_length=200, primary_key=True)
    asked: str = Field(max_length=64)
    status: int
    made: str = Field(default="", max_length=60)
    at: datetime
