"""A referral to HR: a record of its own, apart from the case it came from."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from service.records.columns import Table, json_list, word
from service.records.enums import Code, ReferralStage


class Referral(Table, table=True):
    """What HR received, copied at that moment: later changes to the case do not alter it."""

    __tablename__ = "referral"
    id: int = Field(default=None, primary_key=True)
    reference: str = Field(max_length=20, unique=True)
    case_id: int = Field(foreign_key="case_file.id", index=True)
    stage: ReferralStage = Field(default=ReferralStage.RECEIVED, sa_type=word(ReferralStage))
    version: int = 1
    referred_by_id: int = Field(foreign_key="person.id")
    subject_id: int | None = Field(default=None, foreign_key="person.id")
    reason: str = Field(sa_type=Text)
    allegation: str = Field(sa_type=Text)
    rules: list[Code] = Field(default_factory=list, sa_type=json_list())
    playbook_version: str = Field(max_length=40)
    mitigation: str | None = Field(default=None, sa_type=Text)
    self_reported: bool = False
    subject_told: str | None = Field(default=None, sa_type=Text)
    evidence_ids: list[str] = Field(default_factory=list, sa_type=json_list())
    steps_taken: list[dict] = Field(default_factory=list, sa_type=json_list())
    received_at: datetime
