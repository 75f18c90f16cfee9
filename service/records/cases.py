"""A case, its steps, its stays at desks, and who must learn nothing of it."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint
from sqlalchemy import text as written
from sqlmodel import Field

from service.records.columns import Table, json_list, word
from service.records.enums import (
    About,
    AccountType,
    Answer,
    Code,
    DeskName,
    Instead,
    Kind,
    Resolution,
    Ring,
    Severity,
    Stage,
    StepKind,
    StepState,
)


class Case(Table, table=True):
    """What was reported, how it was judged, where it stands. Moments are UTC; `…_zone` says where they were told."""

    __tablename__ = "case_file"
    id: int = Field(default=None, primary_key=True)
    reference: str = Field(max_length=20, unique=True)
    kind: Kind = Field(sa_type=word(Kind))
    stage: Stage = Field(default=Stage.REPORTED, sa_type=word(Stage))
    version: int = 1
    entries: int = 0
    """How many timeline entries the case has: the next one's place in its chain."""
    last_hash: str = Field(default="", max_length=64)

    reporter_id: int | None = Field(default=None, foreign_key="person.id")
    subject_id: int | None = Field(default=None, foreign_key="person.id")
    posted_by_me: bool = True
    confidential: bool = False
    """Who raised it is in `Confidence` alone, and `reporter_id` is empty."""
    not_manager: bool = False
    about_what: About | None = Field(default=None, sa_type=word(About))
    about_description: str | None = Field(default=None, sa_type=Text)

    account_type: AccountType | None = Field(default=None, sa_type=word(AccountType))
    platform: str | None = Field(default=None, max_length=60)
    handle: str | None = Field(default=None, max_length=300)
    names_employer: bool | None = None
    views_personal: bool | None = None
    url: str | None = Field(default=None, max_length=2000)
    text: str | None = Field(default=None, sa_type=Text)
    posted_at: datetime | None = None
    posted_zone: str | None = Field(default=None, max_length=60)
    discovered_at: datetime | None = None
    still_visible: bool | None = None
    audience: str | None = Field(default=None, max_length=300)
    reach: int | None = Field(default=None, sa_type=BigInteger)
    copies: int | None = Field(default=None, sa_type=BigInteger)
    guidance_sought: bool | None = None
    guidance_from: str | None = Field(default=None, max_length=300)
    guidance_case: str | None = Field(default=None, max_length=20)
    """A question of the same reporter's, by its reference; the next two are copied from it when it is named."""
    guidance_at: datetime | None = None
    guidance_answer: str | None = Field(default=None, sa_type=Text)
    codes: list[Code] = Field(default_factory=list, sa_type=json_list())
    facts_wrong: Answer | None = Field(default=None, sa_type=word(Answer))
    safety_risk: Answer | None = Field(default=None, sa_type=word(Answer))
    possibly_classified: Answer | None = Field(default=None, sa_type=word(Answer))
    personal_data: Answer | None = Field(default=None, sa_type=word(Answer))
    media_interest: bool | None = None
    scheduled_paused: bool | None = None
    """Whether posts that wait on a schedule are held back on this account."""
    narrative: str | None = Field(default=None, sa_type=Text)

    reported_at: datetime
    playbook_version: str = Field(max_length=40)
    severity: Severity = Field(sa_type=word(Severity))
    severity_rank: int
    """0 is critical, 3 is low: what a queue sorts by."""
    severity_set_by_id: int | None = Field(default=None, foreign_key="person.id")
    guarded: bool = False
    opened_at: datetime | None = None
    opened_because: str | None = Field(default=None, sa_type=Text)
    holding_desk: DeskName = Field(default=DeskName.DIGITAL_UNIT, sa_type=word(DeskName))
    assigned_to_id: int | None = Field(default=None, foreign_key="person.id")
    triage_from: datetime | None = None
    """From when the time for triage is counted, where that is not the report: the case was opened again."""
    triage_due_at: datetime | None = None
    triage_remind_at: datetime | None = None
    triaged_at: datetime | None = None
    next_due_at: datetime | None = None
    """The nearest moment by which somebody owes something; kept for the queue's order."""
    next_due_what: str | None = Field(default=None, max_length=60)
    """What is owed then: a step's kind, `triage`, `protection`, or `acknowledge.` and a desk."""
    ripe_at: datetime | None = None
    """When the worker next has somebody to remind, or to tell that something is late; nothing when it never has."""
    aware_at: datetime | None = None
    decide_by: datetime | None = None
    """The 72-hour data protection clock, where personal details are involved."""
    decide_remind_at: datetime | None = None

    hr_suggested: bool = False
    hr_because: list[Code] = Field(default_factory=list, sa_type=json_list())
    disclosed_at: datetime | None = None
    """When the desk first told the subject of a concern something of it; what was told stands on the timeline."""
    withdrawal_asked_at: datetime | None = None
    said_same_as: str | None = Field(default=None, max_length=20)
    """Another case of the same reporter, by its reference: they say that this one is the same."""
    resolution: Resolution | None = Field(default=None, sa_type=word(Resolution))
    duplicate_of_id: int | None = Field(default=None, foreign_key="case_file.id")
    closed_at: datetime | None = None

    exposure_at: datetime | None = None
    """When somebody last told how far the post has gone, be it in the report."""
    visibility_at: datetime | None = None
    """When somebody last told whether it can still be seen."""
    paused_at: datetime | None = None
    """When somebody last told whether scheduled posts are paused."""

    held_at: datetime | None = None
    """Since when it is kept for legal reasons, whatever its time is; nothing when it is not."""
    held_because: str | None = Field(default=None, sa_type=Text)
    disposal_asked_at: datetime | None = None
    """When somebody approved that what it holds is destroyed; the worker does it."""
    disposal_asked_by_id: int | None = None
    disposal_rule: str | None = Field(default=None, max_length=60)
    """Under which rule of which playbook, as in `case_years 2 2026.2`."""
    disposed_at: datetime | None = None
    """When what it held was destroyed. What is left is a tombstone (`cases/tombstone.py`), and is found as no case."""
    kept_apart: bool | None = None
    """Whether somebody at its desk was walled off from it then: its tombstone is for whoever approved it alone."""

    link_key: str | None = Field(default=None, max_length=32)
    text_key: str | None = Field(default=None, max_length=32)
    account_key: str | None = Field(default=None, max_length=32)
    """What likely duplicates are found by (`cases/likeness.py`): gone with the facts that they are made of."""
    platform_key: str | None = Field(default=None, max_length=32)
    """What a list is narrowed to a platform by, however that is spelt."""
    __table_args__ = (
        Index(
            "ix_case_open",
            "severity_rank",
            "next_due_at",
            "id",
            sqlite_where=written("stage <> 'closed'"),
            postgresql_where=written("stage <> 'closed'"),
        ),
        Index(
            "ix_case_ripe",
            "ripe_at",
            sqlite_where=written("ripe_at IS NOT NULL"),
            postgresql_where=written("ripe_at IS NOT NULL"),
        ),
        Index("ix_case_worst", "severity_rank", "next_due_at", "id"),
        Index("ix_case_closed", "stage", "closed_at"),
        *(
            Index(
                f"ix_case_{moment.removesuffix('_at')}",
                moment,
                "id",
                sqlite_where=written(f"{moment} IS NOT NULL"),
                postgresql_where=written(f"{moment} IS NOT NULL"),
            )
            for moment in ("held_at", "disposed_at")
        ),
        Index("ix_case_reporter", "reporter_id", "id"),
        Index("ix_case_subject", "subject_id"),
        Index("ix_case_assigned", "assigned_to_id", "stage"),
        *(
            Index(
                f"ix_case_{name}",
                f"{name}_key",
                then,
                sqlite_where=written(f"{name}_key IS NOT NULL"),
                postgresql_where=written(f"{name}_key IS NOT NULL"),
            )
            for name, then in (("link", "id"), ("text", "id"), ("account", "reported_at"))
        ),
        Index(
            "ix_case_duplicate_of",
            "duplicate_of_id",
            sqlite_where=written("duplicate_of_id IS NOT NULL"),
            postgresql_where=written("duplicate_of_id IS NOT NULL"),
        ),
    )


class Step(Table, table=True):
    """One thing that puts a case right. *Taken at* is claimed, *recorded at* is ours, *verified at* is the desk's."""

    __tablename__ = "step"
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_file.id")
    kind: StepKind = Field(sa_type=word(StepKind))
    state: StepState = Field(sa_type=word(StepState))
    minutes: int | None = None
    runs_from: datetime | None = None
    remind_at: datetime | None = None
    due_at: datetime | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    taken_at: datetime | None = None
    taken_zone: str | None = Field(default=None, max_length=60)
    taken_by_id: int | None = Field(default=None, foreign_key="person.id")
    recorded_at: datetime | None = None
    verified_at: datetime | None = None
    verified_by_id: int | None = Field(default=None, foreign_key="person.id")
    released_at: datetime | None = None
    public_text: str | None = Field(default=None, sa_type=Text)
    confirmed: bool = False
    link: str | None = Field(default=None, max_length=2000)
    note: str | None = Field(default=None, sa_type=Text)
    cannot_at: datetime | None = None
    cannot_reason: str | None = Field(default=None, sa_type=Text)
    asked_of_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    """Whom the desk asked for it: the holder of the account, where that is not who reported it."""
    asked_because: str | None = Field(default=None, sa_type=Text)
    __table_args__ = (UniqueConstraint("case_id", "kind"),)


class Route(Table, table=True):
    """A case's stay at a desk, or with a line manager (`person_id`)."""

    __tablename__ = "route"
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_file.id", index=True)
    desk: DeskName = Field(sa_type=word(DeskName))
    person_id: int | None = Field(default=None, foreign_key="person.id")
    because: str = Field(max_length=100)
    instead: Instead | None = Field(default=None, sa_type=word(Instead))
    """Why it is this person, where it is not the manager first thought of."""
    reason: str | None = Field(default=None, sa_type=Text)
    sent_at: datetime
    runs_from: datetime | None = None
    """From when its time is counted, where that is not when it was sent: the case was opened again."""
    remind_at: datetime | None = None
    acknowledge_by: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by_id: int | None = Field(default=None, foreign_key="person.id")
    answer_remind_at: datetime | None = None
    answer_by: datetime | None = None
    """By when advice that was asked for there is owed."""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    __table_args__ = (
        Index("ix_route_person", "person_id", "case_id"),
        Index("ix_route_desk", "desk", "case_id"),
    )


class Alarm(Table, table=True):
    """That a clock of a case has rung: its one reminder, its one escalation, or one of the repeats after that.

    `clock` names one run of it (`cases/clocks.py`); the key makes each ring once, whoever else is at work.
    """

    __tablename__ = "alarm"
    case_id: int = Field(foreign_key="case_file.id", primary_key=True)
    clock: str = Field(max_length=100, primary_key=True)
    ring: Ring = Field(sa_type=word(Ring), primary_key=True)
    number: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime


class Conflict(Table, table=True):
    """Somebody who must learn nothing of a case through a desk, a lead's place or a manager's."""

    __tablename__ = "conflict"
    case_id: int = Field(foreign_key="case_file.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    reason: str = Field(sa_type=Text)
    at: datetime
    __table_args__ = (Index("ix_conflict_person", "person_id", "case_id"),)


class Confidence(Table, table=True):
    """Who raised a confidential concern (`raised`); or must be kept from a case that was merged with theirs.

    It stands nowhere else: the case, its timeline, its files and its messages know them as the reporter alone. The
    entry that opens the case commits to it by a hash with this salt.
    """

    __tablename__ = "confidence"
    case_id: int = Field(foreign_key="case_file.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    raised: bool = True
    salt: str = Field(max_length=32)
    __table_args__ = (Index("ix_confidence_person", "person_id", "case_id"),)


class Revealed(Table, table=True):
    """To whom it was revealed who raised a concern in confidence; why stands on the timeline."""

    __tablename__ = "revealed"
    case_id: int = Field(foreign_key="case_file.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    desk: DeskName = Field(sa_type=word(DeskName))
    at: datetime


class PlaybookText(Table, table=True):
    """The playbook as it stood when a version was first used: a case is judged again by the version it pins."""

    __tablename__ = "playbook_text"
    version: str = Field(max_length=40, primary_key=True)
    text: str = Field(sa_type=Text)
    first_used_at: datetime
