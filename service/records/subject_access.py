"""What somebody asked to be given of all that is held about them, and what was gathered for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from service.records.columns import Table, json_list, word
from service.records.enums import AccessStage


class AccessRequest(Table, table=True):
    """A subject access request. `identity` is how it was checked who asks, where somebody else entered it for them."""

    __tablename__ = "access_request"
    id: int = Field(default=None, primary_key=True)
    reference: str = Field(max_length=20, unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    asked_by_id: int = Field(foreign_key="person.id", index=True)
    identity: str | None = Field(default=None, sa_type=Text)
    stage: AccessStage = Field(default=AccessStage.GATHERING, sa_type=word(AccessStage))
    asked_at: datetime
    due_at: datetime
    done: int = 0
    total: int = 0
    """Of how many parts of the record, how many are gathered, or packed."""
    gathered_at: datetime | None = None
    released_at: datetime | None = None
    released_by_id: int | None = Field(default=None, foreign_key="person.id")
    looked_through: int | None = None
    """How many parts there were when whoever released it said that they had looked through all of them."""
    ready_at: datetime | None = None
    file_key: str | None = Field(default=None, max_length=200)
    file_size: int | None = None
    delete_at: datetime | None = None
    deleted_at: datetime | None = None


class AccessItem(Table, table=True):
    """One thing that was gathered: a title and lines (`[label, text]`), or a file. Third parties are out of it already.

    `withheld` is the rule by which it is not given at all, or a reviewer's reason. What comes from a referral names the
    case that it came from as well. With `letter_id` the letter's PDF is given too.
    """

    __tablename__ = "access_item"
    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="access_request.id")
    number: int
    part: str = Field(max_length=40)
    case_id: int | None = Field(default=None, foreign_key="case_file.id", index=True)
    referral_id: int | None = Field(default=None, index=True)
    title: str = Field(max_length=300)
    lines: list[Any] = Field(default_factory=list, sa_type=json_list())
    file_id: str | None = Field(default=None, max_length=32)
    letter_id: int | None = None
    withheld: str | None = Field(default=None, sa_type=Text)
    __table_args__ = (UniqueConstraint("request_id", "number"),)


class AccessRedaction(Table, table=True):
    """What a reviewer took out of an item, by its number, and why.

    What it said stays only while the request is looked through: `words` are looked for in all other items until then.
    """

    __tablename__ = "access_redaction"
    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="access_request.id", index=True)
    number: int
    whole: bool
    times: int
    words: str | None = Field(default=None, sa_type=Text)
    reason: str = Field(sa_type=Text)
    by_id: int = Field(foreign_key="person.id")
    at: datetime
