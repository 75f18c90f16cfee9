"""The directory: finding people, keeping it in step with a CSV file, and the roles beyond desks.

The columns are email,name,unit,zone,employer,engagement,manager_email,deputy_email,desks,active. `desks` names desks
with spaces or semicolons between them; `digital_unit:lead` leads it. A blank zone, employer, engagement or `active`
takes the default for a new person and keeps what is there for a known one. A blank deputy keeps whom the person has
named; every other blank means *none*.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from service.core.errors import FieldError, Invalid, NotFound, invalid
from service.people.directory_file import Row, read_rows
from service.records.enums import DeskName, Role
from service.records.people import ApiToken, BrowserSession, DeskMember, Person, PersonRole, Unit


@dataclass
class Imported:
    """What an import did: the addresses it added, changed and left alone, and whose access ended."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def find(db: Session, email: str) -> Person | None:
    """The person with this address, whatever its capitals; leavers too."""
    return db.execute(select(Person).where(col(Person.email) == email.strip().lower())).scalar_one_or_none()


def at_desk(db: Session, desk: DeskName) -> list[Any]:
    """Who sits at a desk and has not left, by name, as rows with `id`, `email` and `name`."""
    return list(
        db.connection().execute(
            select(col(Person.id), col(Person.email), col(Person.name))
            .join(DeskMember, col(DeskMember.person_id) == col(Person.id))
            .where(col(DeskMember.desk) == desk, col(Person.active))
            .order_by(col(Person.name), col(Person.id))
        )
    )


def import_csv(db: Session, text: str | bytes, at: datetime) -> Imported:
    """Bring the directory in step with a file: add, change, and end the access of whoever it marks as not active.

    Nobody is removed for being absent from the file. Raises Invalid with one error for each fault, its field named
    `row N, column`, where row 1 is the heading; then nothing is stored.
    """
    rows, faults = read_rows(text)
    known = {person.email: person for person in db.execute(select(Person)).scalars()}
    faults += _unknown_people(rows, known)
    faults += _circles(rows, known)
    if faults:
        raise Invalid(f"Nothing was imported: {len(faults)} things in the file are wrong.", faults)
    done = Imported()
    units = _units(db, rows)
    for row in rows:
        if row.email not in known:
            known[row.email] = Person(email=row.email, name=row.name, created_at=at)
            db.add(known[row.email])
            done.added.append(row.email)
    db.flush()
    seats = _seats(db)
    for row in rows:
        _keep(db, row, known, units, seats, done)
    db.flush()
    return done


def end_access(db: Session, person: Person) -> None:
    """Sign a person out everywhere and end their tokens, at once."""
    db.execute(delete(BrowserSession).where(col(BrowserSession.person_id) == person.id))
    db.execute(delete(ApiToken).where(col(ApiToken.person_id) == person.id))


def set_role(db: Session, email: str, role: Role) -> Person:
    """Give a person a role. Raises NotFound for an unknown address, Invalid for a leaver or a role held already.

    Sessions begun before are ended: people with a role have shorter ones.
    """
    person = find(db, email)
    if person is None:
        raise NotFound(f"Nobody in the directory has the address {email}")
    if not person.active:
        raise invalid("email", f"{person.email} has left")
    if db.get(PersonRole, (person.id, role)) is not None:
        raise invalid("role", f"{person.email} is {role.value} already")
    db.execute(insert(PersonRole).values(person_id=person.id, role=role))
    db.execute(delete(BrowserSession).where(col(BrowserSession.person_id) == person.id))
    return person


def _unknown_people(rows: Iterable[Row], known: Mapping[str, Person]) -> list[FieldError]:
    there = known.keys() | {row.email for row in rows}
    return [
        row.fault(column, f"{email} is neither in this file nor in the directory")
        for row in rows
        for column, email in (("manager_email", row.manager_email), ("deputy_email", row.deputy_email))
        if email and email not in there
    ]


def _circles(rows: Iterable[Row], known: Mapping[str, Person]) -> list[FieldError]:
    """Everybody in the file whose line of managers leads back to themselves."""
    by_id: dict[int | None, str] = {person.id: email for email, person in known.items()}
    above: dict[str, str | None] = {email: by_id.get(person.manager_id) for email, person in known.items()}
    above |= {row.email: row.manager_email for row in rows}
    faults = []
    for row in rows:
        line, manager = [row.email], row.manager_email
        while manager and manager not in line:
            line.append(manager)
            manager = above.get(manager)
        if manager == row.email:
            faults.append(row.fault("manager_email", "this makes a circle: " + " → ".join([*line, row.email])))
    return faults


def _units(db: Session, rows: Iterable[Row]) -> dict[str, Unit]:
    units = {unit.name: unit for unit in db.execute(select(Unit)).scalars()}
    for name in dict.fromkeys(row.unit for row in rows if row.unit and row.unit not in units):
        units[name] = Unit(name=name)
        db.add(units[name])
    return units


def _seats(db: Session) -> dict[int, dict[DeskName, DeskMember]]:
    seats: dict[int, dict[DeskName, DeskMember]] = {}
    for seat in db.execute(select(DeskMember)).scalars():
        seats.setdefault(seat.person_id, {})[DeskName(seat.desk)] = seat
    return seats


def _keep(
    db: Session,
    row: Row,
    known: Mapping[str, Person],
    units: Mapping[str, Unit],
    seats: Mapping[int, dict[DeskName, DeskMember]],
    done: Imported,
) -> None:
    person = known[row.email]
    wanted = {
        "name": row.name,
        "unit_id": units[row.unit].id if row.unit else None,
        "manager_id": known[row.manager_email].id if row.manager_email else None,
        # People name their own deputies: only a file that names another takes the place of that.
        "deputy_id": known[row.deputy_email].id if row.deputy_email else person.deputy_id,
        **{
            name: value
            for name in ("zone", "employer", "engagement", "active")
            if (value := getattr(row, name)) is not None
        },
    }
    was_active = person.active
    changed = {name: value for name, value in wanted.items() if getattr(person, name) != value}
    for name, value in changed.items():
        setattr(person, name, value)
    seated = _sit(db, person, row, seats.get(person.id or 0, {}))
    if was_active and not person.active:
        end_access(db, person)
        done.left.append(row.email)
    if row.email not in done.added:
        (done.changed if changed or seated else done.same).append(row.email)


def _sit(db: Session, person: Person, row: Row, seats: Mapping[DeskName, DeskMember]) -> bool:
    """Give and take seats at desks; returns whether any changed."""
    before = {desk: seat.lead for desk, seat in seats.items()}
    for desk, lead in row.desks.items():
        if desk in seats:
            seats[desk].lead = lead
        else:
            db.execute(insert(DeskMember).values(person_id=person.id, desk=desk, lead=lead))
    for desk in before.keys() - row.desks.keys():
        db.delete(seats[desk])
    return before != row.desks
