"""Everybody’s settings: how to be told, when they work, who stands in; and below, for administrators, ours."""

from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.response import Response
from sqlmodel import Session

from service.core.errors import Refusal
from service.people.identity import Me as Person
from service.people.preferences import DEFAULTS, change_preferences, read_preferences
from service.records.enums import Role
from service.web.duty_schemas import AbsenceIn, PreferencesIn, changes_of, day_words
from service.web.forms import Sent as Body
from service.web.given import Db, Me, Now, Sent
from service.web.pages import by_field, go_to, page
from service.web.people import setting_rows
from service.web.visit import current

DONE = "Your settings are saved."
FORMS = {
    "notifications": ("notify", "digest_at", "phone"),
    "working-week": ("working_days",),
    "deputy": ("deputy",),
}
"""Each form with its fields: one that is sent empty takes the default."""


@get("/settings", sync_to_thread=True)
def settings_page(db: Db, me: Me, now: Now) -> Response:
    """What is set."""
    return show(db, me, now)


def show(
    db: Session, me: Person, now: datetime, refusal: Refusal | None = None, sent: Body | None = None
) -> Response[str]:
    """The page; after a refusal with its reasons and the words that were typed."""
    said = read_preferences(db, me, now)
    return page(
        "settings.html",
        me,
        refusal.status if refusal else 200,
        said=said | {"working_days": day_words(said["working_days"])},
        sections=_sections() if Role.ADMINISTRATOR in me.roles else [],
        errors=by_field(refusal) if refusal else {},
        typed=sent.typed if sent else {},
        open_form=sent.path if sent else "",
    )


def _sections() -> list[dict[str, Any]]:
    """What the environment said at the start, with what each setting means; never a secret."""
    house = current().house
    playbook = {"name": "Version", "value": house.rules.version, "meaning": "New cases are judged by this one."}
    return [
        {"title": "Environment", "rows": setting_rows(house.settings)},
        {"title": "Playbook", "rows": [playbook]},
    ]


def _change(db: Session, me: Person, now: datetime, sent: Body, changes: Any) -> Response:
    try:
        change_preferences(db, me, changes(), now)
    except Refusal as refusal:
        db.rollback()
        return show(db, me, now, refusal, sent)
    return go_to("/settings", DONE)


def _sent_in(form: str, sent: Body) -> Any:
    names = FORMS[form]

    def changes() -> dict[str, Any]:
        told = changes_of(sent.form(PreferencesIn))
        return {name: told.get(name, [] if name == "working_days" else DEFAULTS[name]) for name in names}

    return changes


@post("/settings/notifications", status_code=303, sync_to_thread=True)
def set_notifications(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """How to be told of what is not urgent, and by which phone of what is."""
    return _change(db, me, now, sent, _sent_in("notifications", sent))


@post("/settings/working-week", status_code=303, sync_to_thread=True)
def set_working_week(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """On which days they work."""
    return _change(db, me, now, sent, _sent_in("working-week", sent))


@post("/settings/deputy", status_code=303, sync_to_thread=True)
def set_deputy(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """Who stands in for them."""
    return _change(db, me, now, sent, _sent_in("deputy", sent))


@post("/settings/absences", status_code=303, sync_to_thread=True)
def add_absence(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """Add a time away."""

    def changes() -> dict[str, Any]:
        told = sent.form(AbsenceIn, me.zone)
        return {"absences": [(told.from_, told.until), *_absences(db, me, now)]}

    return _change(db, me, now, sent, changes)


@post("/settings/absences/remove", status_code=303, sync_to_thread=True)
def remove_absence(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """Remove a time away."""

    def changes() -> dict[str, Any]:
        told = sent.form(AbsenceIn)
        return {"absences": [each for each in _absences(db, me, now) if each != (told.from_, told.until)]}

    return _change(db, me, now, sent, changes)


def _absences(db: Session, me: Person, now: datetime) -> list[tuple[datetime, datetime]]:
    return [(each["from"], each["until"]) for each in read_preferences(db, me, now)["absences"]]


routes = [settings_page, set_notifications, set_working_week, set_deputy, add_absence, remove_absence]
