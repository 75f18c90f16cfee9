"""What is said and decided in a case: each a row of its own, which nobody changes."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from service.records.columns import Table, word
from service.records.enums import DeskName, NoteAudience


class Advice(Table, table=True):
    """What the desk advised the reporter."""

    __tablename__ = "advice"
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_file.id", index=True)
    by_id: int = Field(foreign_key="person.id")
    desk: DeskName = Field(sa_type=word(DeskName))
    text: str | None = Field(sa_type=Text)
    at: datetime


class Message(Table, table=True):
    """A line to or from the reporter; or, with somebody else (`with_id`), to or from whoever was asked or told.

    A confidential reporter's has no author.
    """

    __tablename__ = "message"
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_file.id", index=True)
    by_id: int | None = Field(default=None, foreign_key="person.id")
    with_id: int | None = Field(default=None, foreign_key="person.id")
    from_reporter: bool
    text: str | None = Field(sa_type=Text)
    at: datetime


class Note(Table, table=True):
    """A note for one audience."""

    __tablename__ = "note"
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_file.id", index=True)
    by_id: int = Field(foreign_key="person.id")
    audience: NoteAudience = Field(sa_type=word(NoteAudience))
    text: str | None = Field(sa_type=Text)
    at: datetime


class ReferralDecision(Table, table=True):
    """To refer or not, proposed by a routed manager or decided by the desk that holds the case."""

    __tablename__ = "referral_decision"
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_file.id", index=True)
    by_id: int = Field(foreign_key="person.id")
    desk: DeskName = Field(sa_type=word(DeskName))
    refer: bool
    reason: str = Field(sa_type=Text)
    at: datetime
    counts: bool
    """A manager's decision is a proposal until the desk that holds the case confirms it."""
    returned_at: datetime | None = None
    """When HR gave it back: from then on the decision is to be taken again."""


class ProtectionDecision(Table, table=True):
    """Whether to tell the regulator, or those affected, about personal details that got out."""

    __tablename__ = "protection_decision"
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_file.id", index=True)
    question: str = Field(max_length=20)
    tell: bool
    reason: str = Field(sa_type=Text)
    by_id: int = Field(foreign_key="person.id")
    at: datetime
