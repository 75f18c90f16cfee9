"""The people of the demonstration: who they are, where they sit, whom they report to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from sqlmodel import Session

from service.core.clock import LONDON
from service.people.passwords import set_password
from service.records.enums import DeskName, Employer, Role
from service.records.people import DeskMember, Person, PersonRole, Shift, Unit

PASSWORD = "demo-amends-2026"  # noqa: S105 - of the demonstration only, and shown on its sign-in page
AT = "@demo.example"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Member:
    """One of the cast. `manager` and `unit` by name; a desk with True is led."""

    name: str
    who: str
    unit: str
    manager: str = ""
    zone: str = LONDON
    employer: Employer = Employer.FCO
    desk: DeskName | None = None
    lead: bool = False
    role: Role | None = None


CAST = {
    "head": Member("Head of department", "Head of a department; the manager’s manager", "Directorate Asia Pacific"),
    "manager": Member("Line manager", "Line manager, in New York", "Embassy Tokyo", "head", "America/New_York"),
    "staff": Member("Member of staff", "Reports a mistake, from Tokyo", "Embassy Tokyo", "manager", "Asia/Tokyo"),
    "colleague": Member("Colleague", "A colleague with the same manager", "Embassy Tokyo", "manager"),
    "outsider": Member("Outsider", "Staff, with no part in anyone’s case", "Consular Services", "head"),
    "services": Member(
        "FCO Services staff", "Works for FCO Services", "FCO Services", "manager", employer=Employer.FCO_SERVICES
    ),
    "digital": Member(
        "Digital unit lead",
        "Digital unit, duty lead",
        "Digital Transformation Unit",
        "head",
        desk=DeskName.DIGITAL_UNIT,
        lead=True,
    ),
    "digital2": Member(
        "Digital unit member", "Digital unit", "Digital Transformation Unit", "digital", desk=DeskName.DIGITAL_UNIT
    ),
    "hr": Member("HR lead", "HR, lead", "Human Resources", "head", desk=DeskName.HR, lead=True),
    "hr2": Member("HR caseworker", "HR caseworker", "Human Resources", "hr", desk=DeskName.HR),
    "hr3": Member("Second HR caseworker", "HR caseworker", "Human Resources", "hr", desk=DeskName.HR),
    "media": Member("Media Office", "Media Office", "Media Office", "head", desk=DeskName.MEDIA_OFFICE),
    "data": Member("Data protection", "Data protection", "Data Protection", "head", desk=DeskName.DATA_PROTECTION),
    "servicesdesk": Member(
        "FCO Services desk",
        "The FCO Services desk",
        "FCO Services",
        employer=Employer.FCO_SERVICES,
        desk=DeskName.FCO_SERVICES,
    ),
    "auditor": Member("Auditor", "Auditor", "Internal Audit", "head", role=Role.AUDITOR),
    "admin": Member("Administrator", "Administrator", "Technology", "head", role=Role.ADMINISTRATOR),
}

WORK, SATURDAY = [0, 1, 2, 3, 4], 5


def shown_cast() -> tuple[dict[str, str], ...]:
    """Everyone as the sign-in page shows them."""
    order = ("staff", "manager", "digital", "hr", *CAST)
    return tuple({"email": name + AT, "who": CAST[name].who} for name in dict.fromkeys(order))


@cache
def _password_hash() -> str:
    # One hash for all: argon2id is slow on purpose, and this password is no secret.
    someone = Person(email="someone" + AT, name="Someone", created_at=LONG_AGO)
    with Session() as nowhere:
        set_password(nowhere, someone, PASSWORD)
    return someone.password_hash or ""


def make_cast(db: Session, at: datetime) -> dict[str, Person]:
    """Put the cast into an empty directory; returns them by the name before the @.

    Desk leads and managers are as the public interface says; everyone's password is PASSWORD.
    """
    units: dict[str, Unit] = {}
    people: dict[str, Person] = {}
    for member in CAST.values():
        if member.unit not in units:
            units[member.unit] = Unit(name=member.unit)
            db.add(units[member.unit])
    db.flush()
    for name, member in CAST.items():
        people[name] = Person(
            email=name + AT,
            name=member.name,
            unit_id=units[member.unit].id,
            zone=member.zone,
            employer=member.employer,
            password_hash=_password_hash(),
            created_at=at,
        )
        db.add(people[name])
    db.flush()
    for name, member in CAST.items():
        if member.manager:
            people[name].manager_id = people[member.manager].id
        seat = people[name].id
        if seat is not None and member.desk is not None:
            db.add(DeskMember(person_id=seat, desk=member.desk, lead=member.lead))
        if seat is not None and member.role is not None:
            db.add(PersonRole(person_id=seat, role=member.role))
    db.flush()
    return people


def make_rota(db: Session, people: Mapping[str, Person]) -> None:
    """The digital unit by day and by night: its lead at work, its other member on call, and gaps at the weekend."""
    on_call = [*WORK, SATURDAY]
    for name, days, starts, ends in (("digital", WORK, "08:00", "18:00"), ("digital2", on_call, "18:00", "08:00")):
        seat = people[name].id or 0
        db.add(Shift(desk=DeskName.DIGITAL_UNIT, person_id=seat, days=days, starts=starts, ends=ends, zone=LONDON))
