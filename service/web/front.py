"""The front: home, what to do now, and whether the service is well."""

from litestar import get
from litestar.response import Response

from migrations.schema import is_current
from service.cases.lists import Filters, asked_of_me, list_cases, waiting_at_desks
from service.core.database import alive
from service.core.errors import Unavailable
from service.web.given import Data, Db, Me, Now, Rules, Somebody
from service.web.pages import page
from service.web.sessions import GREETS, PUBLIC

PLAIN = "text/plain"
SHOWN = 20


@get("/", sync_to_thread=True)
def home(db: Db, me: Me, now: Now) -> Response:
    """What waits for me, my own open cases, my desks."""
    waiting = asked_of_me(db, me, now)
    mine, _ = list_cases(db, me, Filters(mine=True, open_only=True), at=now, limit=SHOWN)
    counts = waiting_at_desks(db, me)
    desks = [{"desk": desk.value, "name": "", "waiting": waits} for desk, waits in counts.items()]
    return page("home.html", me, waiting=waiting, mine=mine, desks=desks)


@get("/now", opt=GREETS, sync_to_thread=True)
def now_page(me: Somebody, rules: Rules) -> Response:
    """What to do this minute. Nothing is collected here."""
    contacts = [
        {"who": contact.name, "phone": contact.phone, "when": ""}
        for contact in (rules.contacts.security, rules.contacts.digital_unit, rules.contacts.out_of_hours)
    ]
    said = {"apology": rules.words.apology.ordinary, "correction": rules.words.correction.ordinary}
    return page("now.html", me, contacts=contacts, wording={name: _to_fill_in(text) for name, text in said.items()})


def _to_fill_in(template: str) -> str:
    return template.format(when="earlier today", said="[what it said].", fact="[what is right].")


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


routes = [home, now_page, health, ready]
