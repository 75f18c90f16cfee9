"""Who works here, which desks they sit at, and how they sign in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlmodel import Field

from service.records.columns import Table, json_list, word
from service.records.enums import DeskName, Employer, Engagement, Role, Scope

MONDAY_TO_FRIDAY = [0, 1, 2, 3, 4]


class Unit(Table, table=True):
    """A team; `substitute_id` is told when somebody in it has no line manager."""

    __tablename__ = "unit"
    id: int = Field(default=None, primary_key=True)
    name: str = Field(max_length=300, unique=True)
    # A person belongs to a unit, and a unit names a person: this side of the circle is tied when both tables stand.
    substitute_id: int | None = Field(
        default=None, index=True, sa_column_args=[ForeignKey("person.id", name="fk_unit_substitute_id", use_alter=True)]
    )


class Person(Table, table=True):
    """A directory record. `zone` is an IANA name; `working_days` counts Monday as 0."""

    __tablename__ = "person"
    id: int = Field(default=None, primary_key=True)
    email: str = Field(max_length=300, unique=True)
    name: str = Field(max_length=300)
    unit_id: int | None = Field(default=None, foreign_key="unit.id", index=True)
    zone: str = Field(default="Europe/London", max_length=60)
    working_days: list[int] = Field(default_factory=lambda: list(MONDAY_TO_FRIDAY), sa_type=json_list())
    employer: Employer = Field(default=Employer.FCO, sa_type=word(Employer))
    engagement: Engagement = Field(default=Engagement.CIVIL_SERVANT, sa_type=word(Engagement))
    manager_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    deputy_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    active: bool = True
    password_hash: str | None = Field(default=None, max_length=300)
    created_at: datetime


class Absence(Table, table=True):
    """A stretch in which a person's deputy stands in for them."""

    __tablename__ = "absence"
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    from_at: datetime
    until_at: datetime


class PersonRole(Table, table=True):
    """A role that a person holds."""

    __tablename__ = "person_role"
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    role: Role = Field(sa_type=word(Role), primary_key=True)


class DeskMember(Table, table=True):
    """A seat at a desk."""

    __tablename__ = "desk_member"
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    desk: DeskName = Field(sa_type=word(DeskName), primary_key=True)
    lead: bool = False
    __table_args__ = (Index("ix_desk_member_desk", "desk"),)


class Shift(Table, table=True):
    """When somebody is on duty at a desk, week after week, as clocks in `zone` (IANA) show it.

    `days` counts Monday as 0. `starts` and `ends` are HH:MM; an end that is not after the start is on the next day, so
    that two equal ones are all day.
    """

    __tablename__ = "shift"
    id: int = Field(default=None, primary_key=True)
    desk: DeskName = Field(sa_type=word(DeskName), index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    days: list[int] = Field(sa_type=json_list())
    starts: str = Field(max_length=5)
    ends: str = Field(max_length=5)
    zone: str = Field(max_length=60)


class BrowserSession(Table, table=True):
    """A signed-in browser. Only the SHA-256 of its key is kept; `csrf` guards its writes."""

    __tablename__ = "browser_session"
    key_hash: str = Field(max_length=64, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    csrf: str = Field(max_length=64)
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    confirmed_at: datetime
    browser: str = Field(default="", max_length=300)


class ApiToken(Table, table=True):
    """A bearer token, kept as its SHA-256; never wider than its owner."""

    __tablename__ = "api_token"
    key_hash: str = Field(max_length=64, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    scopes: list[Scope] = Field(sa_type=json_list())
    created_at: datetime
    ends_at: datetime


class SignInTry(Table, table=True):
    """How often sign-in went wrong lately, for an account or a network address (its SHA-256)."""

    __tablename__ = "sign_in_try"
    key_hash: str = Field(max_length=64, primary_key=True)
    wrong: int = 0
    last_at: datetime
