"""A referral to HR: a record of its own, apart from the case it came from, with everything that happens in its room."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text
from sqlmodel import Field

from service.records.columns import Table, json_list, word
from service.records.enums import Code, FindingKind, LetterKind, Outcome, PaperKind, Part, ReferralStage


class Referral(Table, table=True):
    """What HR received, copied at that moment: later changes to the case do not alter it; then its life in HR.

    `entries` and `last_hash` are the end of its own timeline. `disclosed` names what the person it is about may read.
    `ripe_at` is when the worker next has something to do. How long it is kept, and what is left once it is destroyed
    (`referrals/tombstone.py`), is said as of a case.
    """

    __tablename__ = "referral"
    id: int = Field(default=None, primary_key=True)
    reference: str = Field(max_length=20, unique=True)
    case_id: int = Field(foreign_key="case_file.id", index=True)
    stage: ReferralStage = Field(default=ReferralStage.RECEIVED, sa_type=word(ReferralStage))
    version: int = 1
    entries: int = 0
    last_hash: str = Field(default="", max_length=64)
    referred_by_id: int | None = Field(default=None, foreign_key="person.id")
    subject_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    reason: str = Field(sa_type=Text)
    allegation: str = Field(sa_type=Text)
    rules: list[Code] = Field(default_factory=list, sa_type=json_list())
    playbook_version: str = Field(max_length=40)
    mitigation: str | None = Field(default=None, sa_type=Text)
    self_reported: bool = False
    subject_told: str | None = Field(default=None, sa_type=Text)
    evidence_ids: list[str] = Field(default_factory=list, sa_type=json_list())
    steps_taken: list[dict] = Field(default_factory=list, sa_type=json_list())
    conflict_checked_at: datetime | None = None
    received_at: datetime

    accepted_at: datetime | None = None
    returned_at: datetime | None = None
    returned_because: str | None = Field(default=None, sa_type=Text)
    fact_finding_at: datetime | None = None
    informed_at: datetime | None = None
    informed_text: str | None = Field(default=None, sa_type=Text)
    disclosed: list[str] = Field(default_factory=list, sa_type=json_list())
    informal_at: datetime | None = None
    informal_because: str | None = Field(default=None, sa_type=Text)
    considered_at: datetime | None = None
    considered_text: str | None = Field(default=None, sa_type=Text)
    outcome: Outcome | None = Field(default=None, sa_type=word(Outcome))
    outcome_reason: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    appeal_by: datetime | None = None
    warning_until: datetime | None = None
    warning_expired_at: datetime | None = None
    paused_at: datetime | None = None
    paused_because: str | None = Field(default=None, sa_type=Text)
    closed_at: datetime | None = None
    accept_by: datetime | None = None
    next_due_at: datetime | None = None
    next_due_what: str | None = Field(default=None, max_length=60)
    ripe_at: datetime | None = Field(default=None, index=True)

    held_at: datetime | None = None
    held_because: str | None = Field(default=None, sa_type=Text)
    disposal_asked_at: datetime | None = None
    disposal_asked_by_id: int | None = None
    disposal_rule: str | None = Field(default=None, max_length=60)
    disposed_at: datetime | None = None
    kept_apart: bool | None = None


class Appointment(Table, table=True):
    """Who does what in a referral, and for how long they are let in."""

    __tablename__ = "appointment"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    part: Part = Field(sa_type=word(Part))
    from_at: datetime
    until_at: datetime | None = None
    __table_args__ = (Index("ix_appointment_referral", "referral_id", "person_id"),)


class Finding(Table, table=True):
    """One thing that the investigator found, with the evidence for it. Found after findings were disclosed, it waits
    until they are disclosed again.
    """

    __tablename__ = "finding"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    kind: FindingKind = Field(sa_type=word(FindingKind))
    text: str = Field(sa_type=Text)
    evidence_ids: list[str] = Field(default_factory=list, sa_type=json_list())
    by_id: int = Field(foreign_key="person.id")
    at: datetime
    waits_since: datetime | None = None


class Hearing(Table, table=True):
    """A hearing, or that of the appeal. `states` is what its invitation said, as it stood then: the allegation, the
    possible consequences, the evidence and the right to be accompanied. `first_at` is when it was to be at first. It
    has lapsed where a pause took its time.
    """

    __tablename__ = "hearing"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    appeal: bool = False
    invited_at: datetime
    hearing_at: datetime
    first_at: datetime
    place: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    states: dict[str, Any] = Field(sa_type=json_list())
    postponed_because: str | None = Field(default=None, sa_type=Text)
    held_at: datetime | None = None
    heard_by_id: int | None = Field(default=None, foreign_key="person.id")
    lapsed_at: datetime | None = None
    present: list[str] = Field(default_factory=list, sa_type=json_list())
    notes: str | None = Field(default=None, sa_type=Text)
    by_id: int = Field(foreign_key="person.id")


class Suspension(Table, table=True):
    """A suspension, paid and a neutral act, until it is reviewed or ended."""

    __tablename__ = "suspension"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    reason: str = Field(sa_type=Text)
    from_at: datetime
    review_at: datetime
    ended_at: datetime | None = None
    by_id: int = Field(foreign_key="person.id")


class Appeal(Table, table=True):
    """An appeal against the outcome, and what became of it."""

    __tablename__ = "appeal"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    grounds: str = Field(sa_type=Text)
    at: datetime
    upheld: bool | None = None
    outcome: Outcome | None = Field(default=None, sa_type=word(Outcome))
    reason: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    by_id: int = Field(foreign_key="person.id")


class RoomConflict(Table, table=True):
    """Somebody with a part in what a referral is about, as was said in its room. No room of its case lets them in."""

    __tablename__ = "room_conflict"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    reason: str = Field(sa_type=Text)
    at: datetime
    by_id: int = Field(foreign_key="person.id")


class ReferralNote(Table, table=True):
    """A note that stays in the room."""

    __tablename__ = "referral_note"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    text: str = Field(sa_type=Text)
    by_id: int = Field(foreign_key="person.id")
    at: datetime


class TakenOut(Table, table=True):
    """Words that are taken out of the person's copy, beside whom the rule takes out; `given_at` since one is out."""

    __tablename__ = "taken_out"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    words: str = Field(max_length=300)
    at: datetime
    by_id: int = Field(foreign_key="person.id")
    given_at: datetime | None = None


class Paper(Table, table=True):
    """What was served on the person, or what they replied, outside Amends. `at` is when that was, as HR says."""

    __tablename__ = "paper"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    kind: PaperKind = Field(sa_type=word(PaperKind))
    how: str = Field(max_length=300)
    text: str = Field(sa_type=Text)
    at: datetime
    recorded_at: datetime
    by_id: int = Field(foreign_key="person.id")


class Letter(Table, table=True):
    """A letter as it was sent: each part's wording, and beside it what the record said then. Its PDF lies under `key`.

    A letter that is sent again is a row of its own with the next number; none is ever changed.
    """

    __tablename__ = "letter"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    kind: LetterKind = Field(sa_type=word(LetterKind))
    number: int
    wording: dict[str, str] = Field(sa_type=json_list())
    says: dict[str, list[str]] = Field(sa_type=json_list())
    sha256: str = Field(max_length=64)
    key: str = Field(max_length=200)
    sent_at: datetime
    by_id: int = Field(foreign_key="person.id")


class Copied(Table, table=True):
    """A piece of the case as it stood when HR copied it. It came from an entry (by its number) or from a file.

    A file that was copied after the evidence was disclosed waits, until it is disclosed again.
    """

    __tablename__ = "copied"
    id: int = Field(default=None, primary_key=True)
    referral_id: int = Field(foreign_key="referral.id", index=True)
    entry: int | None = None
    evidence_id: str | None = Field(default=None, foreign_key="evidence.id")
    said: dict[str, Any] = Field(sa_type=json_list())
    at: datetime
    by_id: int = Field(foreign_key="person.id")
    waits_since: datetime | None = None


class ReferralAlarm(Table, table=True):
    """That a clock of a referral has rung: its reminder, or that it is late. `clock` names one run of it."""

    __tablename__ = "referral_alarm"
    referral_id: int = Field(foreign_key="referral.id", primary_key=True)
    clock: str = Field(max_length=100, primary_key=True)
    ring: str = Field(max_length=20, primary_key=True)
    at: datetime
