"""Rotas, and how the caller wants to be told, as JSON."""

from datetime import datetime
from typing import Any

from litestar import get, patch, put
from litestar.params import FromQuery
from sqlmodel import Session

from service.core.errors import NotPermitted
from service.people.identity import Me as Person
from service.people.preferences import change_preferences, read_preferences
from service.people.rota import set_rota
from service.records.enums import DeskName, Role
from service.web.api.duty_answers import PreferencesOut, RotaOut
from service.web.duty_schemas import PreferencesIn, RotaIn, changes_of, day_words, duty_of
from service.web.given import Db, Me, Now, Sent
from service.web.rota import chosen_desk, rota_of

SHIFT = ("person", "days", "starts", "ends", "zone")


@get("/api/rota", opt={"answer": RotaOut}, sync_to_thread=True)
def read_rota(db: Db, me: Me, now: Now, desk: FromQuery[str | None] = None) -> dict[str, Any]:
    """Who is on duty at a desk, now and in the coming week; without `desk` at the first of your own."""
    return shown_rota(db, chosen_desk(me, desk), now)


@put("/api/rota", opt={"body": RotaIn, "answer": RotaOut}, sync_to_thread=True)
def put_rota(db: Db, me: Me, now: Now, sent: Sent) -> dict[str, Any]:
    """Put a rota in the place of the one before. A gap is accepted, and shown."""
    if Role.ADMINISTRATOR not in me.roles and not any(me.desks.values()):
        raise NotPermitted("Whoever leads the desk changes its rota.")
    told = sent.read(RotaIn)
    set_rota(db, me, told.desk, [duty_of(shift) for shift in told.shifts])
    return shown_rota(db, told.desk, now)


def shown_rota(db: Session, desk: DeskName, at: datetime) -> dict[str, Any]:
    """A rota in its public shape."""
    rota = rota_of(db, desk, at)
    shifts = [{name: shift[name] for name in SHIFT} for shift in rota["shifts"]]
    return rota | {"shifts": shifts, "on_duty": [person["email"] for person in rota["on_duty"]]}


@get("/api/preferences", opt={"answer": PreferencesOut}, sync_to_thread=True)
def preferences(db: Db, me: Me, now: Now) -> dict[str, Any]:
    """How you want to be told, when you work, and who stands in for you."""
    return shown_preferences(db, me, now)


@patch("/api/preferences", opt={"body": PreferencesIn, "answer": PreferencesOut}, sync_to_thread=True)
def patch_preferences(db: Db, me: Me, now: Now, sent: Sent) -> dict[str, Any]:
    """Change what is named; null takes the default."""
    change_preferences(db, me, changes_of(sent.read(PreferencesIn)), now)
    return shown_preferences(db, me, now)


def shown_preferences(db: Session, me: Person, at: datetime) -> dict[str, Any]:
    """Preferences in their public shape."""
    said = read_preferences(db, me, at)
    return said | {"working_days": day_words(said["working_days"])}


routes = [read_rota, put_rota, preferences, patch_preferences]
