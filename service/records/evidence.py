"""Files that show what was posted and what was done about it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Text
from sqlmodel import Field

from service.records.columns import Table


class Evidence(Table, table=True):
    """One file, of a case or of a referral. Its bytes live in the evidence store under its id; `preview` is re-encoded
    without metadata. A referral's own says since when the person it is about may read it.
    """

    __tablename__ = "evidence"
    id: str = Field(max_length=32, primary_key=True)
    case_id: int | None = Field(default=None, foreign_key="case_file.id", index=True)
    referral_id: int | None = Field(default=None, foreign_key="referral.id", index=True)
    filename: str = Field(max_length=300)
    media_type: str = Field(max_length=100)
    size: int
    sha256: str = Field(max_length=64, index=True)
    description: str | None = Field(default=None, sa_type=Text)
    captured_at: datetime | None = None
    captured_zone: str | None = Field(default=None, max_length=60)
    added_by_id: int | None = Field(default=None, foreign_key="person.id")
    """None for whoever raised a concern in confidence."""
    added_at: datetime
    preview: str | None = Field(default=None, max_length=200)
    preview_width: int | None = None
    preview_height: int | None = None
    scanned: bool = False
    destroyed_at: datetime | None = None
    disclosed_at: datetime | None = None
    __table_args__ = (CheckConstraint("(case_id IS NULL) <> (referral_id IS NULL)", name="ck_evidence_one_record"),)
