"""What belongs to the queue itself: views that people keep of it, and who is looking at a case now."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from service.records.columns import Table, json_list, word
from service.records.enums import DeskName


class SavedView(Table, table=True):
    """A choice of filters under a name, as they stand in the address: `{"stage": "reported"}`. Its key is random."""

    __tablename__ = "saved_view"
    id: str = Field(max_length=32, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    name: str = Field(max_length=60)
    filters: dict[str, str] = Field(sa_type=json_list())
    created_at: datetime
    __table_args__ = (UniqueConstraint("person_id", "name"),)


class Looking(Table, table=True):
    """Somebody at a desk has a case open, as far as is known `until` then; renewed while their page is open."""

    __tablename__ = "looking"
    case_id: int = Field(foreign_key="case_file.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    desk: DeskName = Field(sa_type=word(DeskName))
    """The desk through which they see it: whoever sits there is told."""
    until: datetime
    __table_args__ = (Index("ix_looking_until", "until"),)
