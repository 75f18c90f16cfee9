"""The front: home, what to do now, and whether the service is well."""

from typing import Any

from litestar import get
from litestar.response import Response

from migrations.schema import is_current
from service.cases.asked import asked_of_me, waiting_at_desks, worst_waiting
from service.cases.lists import list_cases
from service.cases.narrowing import Filters
from service.cases.wording import compose_apology, correction_to_fill_in
from service.core.database import alive
from service.core.errors import Unavailable
from service.notifications.dead_letters import standing
from service.people.availability import empty_desks
from service.records.enums import DeskName, Role
from service.referrals.room import (
    appointed_to,
    asked_of,
    count_unled,
    has_referrals,
    late_ones,
    returned_to,
    told_of_me,
    waiting_referrals,
)
from service.subject_access.finding import waiting_requests
from service.web.given import Data, Db, Me, Now, Rules, Somebody
from service.web.pages import page
from service.web.sessions import GREETS, PUBLIC
from service.web.visit import current

PLAIN = "text/plain"
SHOWN = 20


@get("/", sync_to_thread=True)
def home(db: Db, me: Me, now: Now) -> Response:
    """What waits for me, my desks and the worst that waits there, my other open cases."""
    waiting = asked_of_me(db, me, now)
    mine, _ = list_cases(db, me, Filters(mine=True, open_only=True), at=now, limit=SHOWN)
    asked = {row["reference"] for row in waiting}
    counts = waiting_at_desks(db, me)
    desks = [{"desk": desk.value, "waiting": waits} for desk, waits in counts.items()]
    referrals = waiting_referrals(db, me)
    shown: dict[str, Any] = {
        "waiting": waiting,
        "mine": [row for row in mine if row["reference"] not in asked],
        "desks": desks,
        "worst": [row for row in worst_waiting(db, me, now) if row["reference"] not in asked],
        "referrals": referrals,
        "returned": returned_to(db, me),
        "told_of_me": told_of_me(db, me),
        "parts": asked_of(db, me, now),
        "copies": waiting_requests(db, me),
        "late": late_ones(db, me, now) if DeskName.HR in me.desks else 0,
        "appointed": appointed_to(db, me, now) if DeskName.HR in me.desks else 0,
        "in_a_room": DeskName.HR not in me.desks and has_referrals(db, me, of_others=True),
    }
    if Role.ADMINISTRATOR in me.roles:
        unsent = sum(each.failed for each in standing(db, me, now))
        shown |= {"empty_desks": empty_desks(db), "unled": count_unled(db), "unsent": unsent}
    return page("home.html", me, **shown)


@get("/now", opt=GREETS, sync_to_thread=True)
def now_page(me: Somebody, rules: Rules) -> Response:
    """What to do this minute. Nothing is collected here."""
    contacts = [
        {"who": contact.name, "phone": contact.phone, "when": ""}
        for contact in (rules.contacts.security, rules.contacts.digital_unit, rules.contacts.out_of_hours)
    ]
    when = "earlier today"
    wording = {"apology": compose_apology(rules, when), "correction": correction_to_fill_in(rules, when)}
    return page("now.html", me, contacts=contacts, wording=wording)


@get("/notes", opt=PUBLIC, sync_to_thread=True)
def notes() -> Response[str]:
    """Where *Leave this page* leads: a page that says nothing of Amends, and keeps nothing."""
    return Response(current().house.pages.get_template("pages/notes.html").render(), media_type="text/html")


@get("/health", opt=PUBLIC, media_type=PLAIN, sync_to_thread=False)
def health() -> str:
    """The process is up."""
    return "ok"


@get("/ready", opt=PUBLIC, media_type=PLAIN, sync_to_thread=True)
def ready(database: Data) -> str:
    """The database answers and holds the newest schema."""
    if not alive(database) or not is_current(database):
        raise Unavailable
    return "ready"


routes = [home, now_page, notes, health, ready]
