"""The front: home, what to do now, and whether the service is well."""

from litestar import get
from litestar.response import Response

from migrations.schema import is_current
from service.cases.lists import asked_of_me, list_cases, waiting_at_desks
from service.cases.narrowing import Filters
from service.cases.wording import compose_apology, correction_to_fill_in
from service.core.database import alive
from service.core.errors import Unavailable
from service.people.availability import empty_desks
from service.records.enums import Role
from service.referrals.room import waiting_referrals
from service.web.given import Data, Db, Me, Now, Rules, Somebody
from service.web.pages import page
from service.web.sessions import GREETS, PUBLIC
from service.web.visit import current

PLAIN = "text/plain"
SHOWN = 20


@get("/", sync_to_thread=True)
def home(db: Db, me: Me, now: Now) -> Response:
    """What waits for me, my own open cases, my desks."""
    waiting = asked_of_me(db, me, now)
    mine, _ = list_cases(db, me, Filters(mine=True, open_only=True), at=now, limit=SHOWN)
    counts = waiting_at_desks(db, me)
    desks = [{"desk": desk.value, "waiting": waits} for desk, waits in counts.items()]
    referrals = waiting_referrals(db, me)
    empty = empty_desks(db) if Role.ADMINISTRATOR in me.roles else []
    return page("home.html", me, waiting=waiting, mine=mine, desks=desks, referrals=referrals, empty_desks=empty)


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
