"""Who is on duty at a desk: to be read by the people there, and changed by whoever leads it."""

from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Response
from sqlalchemy import select
from sqlmodel import Session, col

from service.core.errors import NotFound, NotPermitted, Refusal, invalid
from service.people import rota
from service.people.availability import members
from service.people.identity import Me as Person
from service.people.rota import gaps, on_duty, shifts_of
from service.records.enums import DeskName, Role
from service.records.people import Person as Record
from service.web.duty_schemas import ShiftAtIn, ShiftOffIn, day_words, duty_of
from service.web.forms import Sent as Body
from service.web.given import Db, Me, Now, Sent
from service.web.pages import by_field, go_to, page

NO_SEATS = DeskName.LINE_MANAGER
"""Not a desk to sit at."""


def desks_of(me: Person) -> list[DeskName]:
    """The desks whose rota somebody reads. Raises NotPermitted where there are none."""
    everywhere = Role.ADMINISTRATOR in me.roles
    found = [desk for desk in DeskName if desk is not NO_SEATS and (everywhere or desk in me.desks)]
    if not found:
        raise NotPermitted("A rota is for the people at its desk.")
    return found


def chosen_desk(me: Person, said: str | None) -> DeskName:
    """The desk that an address names, or the first of the reader's own. Raises NotPermitted or Invalid."""
    here = desks_of(me)
    if not said:
        return next((desk for desk in here if desk in me.desks), here[0])
    if said not in set(DeskName) - {NO_SEATS}:
        raise invalid("desk", "Choose one of: " + ", ".join(desk for desk in DeskName if desk is not NO_SEATS))
    rota.require_reader(me, DeskName(said))
    return DeskName(said)


def rota_of(db: Session, desk: DeskName, at: datetime) -> dict[str, Any]:
    """A desk's rota as it is shown: its shifts, who is on duty now, and the gaps of the coming two weeks."""
    shifts = shifts_of(db, desk)
    people = select(Record).where(col(Record.id).in_([shift.person_id for shift in shifts]))
    by_id = {person.id: person for person in db.execute(people).scalars()}
    return {
        "desk": desk.value,
        "shifts": [
            {
                "id": shift.id,
                "person": by_id[shift.person_id].email,
                "name": by_id[shift.person_id].name,
                "days": day_words(shift.days),
                "starts": shift.starts,
                "ends": shift.ends,
                "zone": shift.zone,
            }
            for shift in shifts
        ],
        "on_duty": [{"email": person.email, "name": person.name} for person in on_duty(db, desk, at)],
        "gaps": [{"from": since, "until": until} for since, until in gaps(shifts, at)],
    }


def _clock_changes(db: Session, me: Person, desk: DeskName, at: datetime) -> list[dict[str, Any]]:
    """What a reader has to know who reckons by a clock on the wall: theirs, and those that the shifts go by."""
    zones = [me.zone, *(shift.zone for shift in shifts_of(db, desk))]
    return [{"zone": zone, "day": day, "forward": on} for zone, day, on in rota.clock_changes(zones, at)]


@get("/rota", sync_to_thread=True)
def rota_page(db: Db, me: Me, now: Now, desk: FromQuery[str | None] = None) -> Response[str]:
    """A desk's rota."""
    return show(db, me, now, chosen_desk(me, desk))


def show(
    db: Session, me: Person, now: datetime, desk: DeskName, refusal: Refusal | None = None, sent: Body | None = None
) -> Response[str]:
    """The page of a rota; after a refusal with its reasons and the words that were typed."""
    return page(
        "rota.html",
        me,
        refusal.status if refusal else 200,
        rota=rota_of(db, desk, now),
        changes=_clock_changes(db, me, desk, now),
        desks=[each.value for each in desks_of(me)],
        people=[(person.email, f"{person.name} ({person.email})") for person in members(db, desk)],
        may_change=rota.may_change(me, desk),
        errors=by_field(refusal) if refusal else {},
        typed=sent.typed if sent else {},
    )


@post("/rota", status_code=303, sync_to_thread=True)
def add_shift(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """Add one shift."""
    desk = _desk_to_change(me, sent)
    try:
        rota.add_shift(db, me, desk, duty_of(sent.form(ShiftAtIn)))
    except Refusal as refusal:
        db.rollback()
        return show(db, me, now, desk, refusal, sent)
    return go_to(f"/rota?desk={desk}", "The shift is added.")


@post("/rota/remove", status_code=303, sync_to_thread=True)
def remove_shift(db: Db, me: Me, sent: Sent) -> Response:
    """Remove one shift."""
    desk = _desk_to_change(me, sent)
    rota.remove_shift(db, me, desk, int(sent.form(ShiftOffIn).shift))
    return go_to(f"/rota?desk={desk}", "The shift is removed.")


def _desk_to_change(me: Person, sent: Body) -> DeskName:
    desk = sent.one("desk")
    if desk not in set(DeskName) - {NO_SEATS}:
        raise NotFound
    rota.require_changer(me, DeskName(desk))
    return DeskName(desk)


routes = [rota_page, add_shift, remove_shift]
