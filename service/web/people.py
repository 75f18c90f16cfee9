"""The directory, to be read: it is changed where it comes from; and the settings of the service in words."""

from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from litestar import get
from litestar.params import FromQuery
from litestar.response import Response
from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.core.errors import NotPermitted, invalid
from service.core.settings import MEANING, Settings
from service.people.availability import empty_desks
from service.records.enums import DeskName, Role
from service.records.people import DeskMember, PersonRole, Unit
from service.records.people import Person as Record
from service.web.given import Db, Me
from service.web.pages import page

PAGE = 100
READERS = frozenset({DeskName.DIGITAL_UNIT, DeskName.HR})
SECRET = frozenset({"secret_key"})
COLUMNS = (
    *(Record.id, Record.email, Record.name, Record.zone),
    *(Record.employer, Record.engagement, Record.active),
)


@get("/people", sync_to_thread=True)
def people(db: Db, me: Me, cursor: FromQuery[str | None] = None) -> Response:
    """Everyone in the directory, by name, for those who run desks or the service."""
    if Role.ADMINISTRATOR not in me.roles and not READERS & set(me.desks):
        raise NotPermitted("The directory is for administrators, the digital unit and HR.")
    rows, following = list_people(db, cursor)
    empty = empty_desks(db) if Role.ADMINISTRATOR in me.roles else []
    return page("people.html", me, rows=rows, next=following, empty_desks=empty)


def list_people(db: Session, cursor: str | None = None, most: int = PAGE) -> tuple[list[dict[str, Any]], str | None]:
    """People as rows, by e-mail address, `most` at a time; and the cursor of the next ones, if there are any."""
    if cursor is not None and not 0 < len(cursor) <= 300:
        raise invalid("cursor", "This list has to be read from its start")
    manager = aliased(Record)
    query = (
        select(
            *COLUMNS,
            col(Unit.name).label("unit"),
            col(manager.email).label("manager"),
        )
        .outerjoin(Unit, col(Unit.id) == col(Record.unit_id))
        .outerjoin(manager, col(manager.id) == col(Record.manager_id))
        .order_by(col(Record.email))
        .limit(most + 1)
    )
    found = db.execute(query.where(col(Record.email) > cursor) if cursor else query).all()
    shown = found[:most]
    ids = [row.id for row in shown]
    desks: dict[int, dict[str, bool]] = {}
    seats = select(DeskMember.person_id, DeskMember.desk, DeskMember.lead).where(col(DeskMember.person_id).in_(ids))
    for seat in db.execute(seats):
        desks.setdefault(seat.person_id, {})[seat.desk.value] = seat.lead
    roles: dict[int, list[str]] = {}
    held_roles = select(PersonRole.person_id, PersonRole.role).where(col(PersonRole.person_id).in_(ids))
    for held in db.execute(held_roles):
        roles.setdefault(held.person_id, []).append(held.role.value)
    rows = [{**row._asdict(), "desks": desks.get(row.id, {}), "roles": sorted(roles.get(row.id, []))} for row in shown]
    return rows, shown[-1].email if len(found) > most else None


def setting_rows(settings: Settings) -> list[dict[str, str]]:
    """Each setting as `{name, value, meaning}`; secrets, and passwords within addresses, are left out."""
    return [
        {
            "name": f"AMENDS_{field.name.upper()}",
            "value": "(set, not shown)" if field.name in SECRET else without_password(getattr(settings, field.name)),
            "meaning": MEANING[field.name],
        }
        for field in fields(settings)
    ]


def without_password(value: Any) -> str:
    """An address without its password; anything else as text."""
    if isinstance(value, bool):
        return "1" if value else "0"
    parts = urlsplit(str(value))
    if parts.scheme == "notify" and "@" not in parts.netloc:
        return "notify://"
    if "@" not in parts.netloc:
        return str(value) or "(empty)"
    who, _, where = parts.netloc.rpartition("@")
    # What stands before the @ is a name, but for GOV.UK Notify, whose key it is.
    named = "" if parts.scheme == "notify" else f"{who.partition(':')[0]}@"
    return parts._replace(netloc=f"{named}{where}", query="").geturl()


routes = [people]
