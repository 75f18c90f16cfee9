"""The page of a case, and every deed on it as a form: done and back to the page, or refused with what was typed."""

from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Response
from sqlmodel import Session

from service.cases import policy
from service.cases.asked import asked_of_me
from service.cases.duplicates import alike
from service.cases.exposure import history
from service.cases.facts import FIXED_REASONS, NotKept
from service.cases.free_words import paths_held
from service.cases.guidance import questions_to_name
from service.cases.lists import MOST, list_cases
from service.cases.looking import look, look_away, others_looking, through_desk
from service.cases.narrowing import Filters
from service.cases.pinned import playbook_of
from service.cases.policy import Act
from service.cases.queries import Found, find_case, is_seen, open_acts
from service.cases.read_log import is_own_report
from service.cases.recipients import known_conflicts
from service.cases.relations import Relation
from service.cases.sentences import by_day
from service.cases.view import case_view
from service.cases.wording import compose_apology, correction_to_fill_in
from service.core.database import Database
from service.core.errors import FieldError, NotFound, NotPermitted, Refusal
from service.core.saying import moment
from service.people.directory import at_desk
from service.people.identity import Me as Person
from service.records.enums import DeskName, Kind
from service.referrals.decide import built_before
from service.routing.disclose import left_to_tell
from service.timeline import reads
from service.web import schemas as shape
from service.web.cursors import cursor_of, place_or_start
from service.web.deeds import DEEDS, Deed, found, step_kind
from service.web.doing import still_missing
from service.web.forms import Sent as Body
from service.web.given import Data, Db, House, Me, Now, Sent
from service.web.pages import back_to, by_field, go_to, page
from service.web.visit import House as Place

THROUGH = "page"
YOU_ARE_OUT = "Thank you. You will not see this case again, and others have it."


@get("/cases", sync_to_thread=True)
def my_cases(db: Db, me: Me, now: Now, cursor: FromQuery[str | None] = None) -> Response[str]:
    """Where something is asked of me or was told to me, and the cases I reported, newest first."""
    owed = {row["reference"]: row for row in asked_of_me(db, me, now)}
    parts = [] if cursor else list_cases(db, me, Filters(asked=True), at=now, limit=MOST)[0]
    rows, last = list_cases(db, me, Filters(mine=True), at=now, after=place_or_start("mine", cursor))
    return page(
        "cases.html",
        me,
        asked=[owed.get(row["reference"], row) for row in parts],
        rows=rows,
        next=cursor_of("mine", last),
    )


@get("/cases/{reference:str}", sync_to_thread=True)
def case_page(db: Db, me: Me, now: Now, reference: FromPath[str]) -> Response[str]:
    """One case, with what is to be done now at the top."""
    return show(db, me, now, reference)


def show(
    db: Session,
    me: Person,
    now: datetime,
    reference: str,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    sent: Body | None = None,
    lacking: list[FieldError] | None = None,
) -> Response[str]:
    """The case's page; after a refusal with its reasons and the words that were typed.

    `lacking` is what a referral that is being built still lacks: its form then stands open with what was typed.
    """
    here = find_case(db, me, reference)
    view = case_view(db, here.case, policy.eyes(here.held), at=now, me=me, timeline=True) | alike(db, me, here)
    view["may"] = open_acts(here, me, view)
    playbook = playbook_of(db, here.case.playbook_version)
    others = colleagues(db, here) if {"triage", "assign"} & {*view["may"]} else []
    mine = questions_to_name(db, me) if Act.CHANGE_FACTS in view["may"] and _told_it(here) else []
    looking = others_looking(db, me, here, now)
    again = Act.DECIDE_REFERRAL in view["may"] and Relation.HOLDER in here.held and "returned" in view["hr"]
    built = built_before(db, here.case) if again else {}
    # The last of the database: what is noted ends what was being read, and the page is made outside any transaction.
    reads.log(db, me.id, here.case.id, "case", through=THROUGH, at=now, seen_as=here.seen_as)
    return page(
        page_of(here),
        me,
        status,
        case=view,
        wording=wording(playbook, view),
        contacts=contacts(playbook),
        spread=history(view.get("timeline", [])),
        days=by_day(view.get("timeline", []), me.zone),
        fixed_reasons=FIXED_REASONS,
        questions=mine,
        colleagues=others,
        looks=through_desk(here, me) is not None,
        own_report=is_own_report(here),
        looking=looking,
        disclosable=left_to_tell(view) if Act.DISCLOSE in view["may"] else [],
        purgeable=paths_held(view) if Act.PURGE in view["may"] else [],
        errors=by_field(refusal) if refusal else {error.field: error.message for error in lacking or ()},
        typed=_echo(view, sent, refusal) if sent else {},
        open_form=(sent.path if lacking is None else f"/cases/{reference}/referral-decision") if sent else "",
        ready=None if lacking is None else not lacking,
        built=built,
    )


def page_of(here: Found) -> str:
    """The page for a case, and for how somebody stands to it."""
    held = here.held
    if here.case.kind == Kind.ADVICE:
        return "question.html"
    if held - {Relation.AUDITOR} <= policy.IN_PART and not held.isdisjoint(policy.IN_PART):
        return "concern.html" if Relation.RAISER in held else "asked.html"
    return "manager.html" if held == {Relation.ROUTED_MANAGER} else "case.html"


def _told_it(here: Found) -> bool:
    return here.case.kind == Kind.MISTAKE and Relation.REPORTER in here.held


def colleagues(db: Session, here: Found) -> list[tuple[str, str]]:
    """Who can have the case: the people of the desk that holds it, but for those who must not see it."""
    apart = known_conflicts(db, here.case)
    people = at_desk(db, DeskName(here.case.holding_desk))
    return [(person.email, person.name) for person in people if person.id not in apart]


def refused(
    db: Session, database: Database, me: Person, now: datetime, reference: str, refusal: Refusal, sent: Body
) -> Response[str]:
    """The page again, from a session that only reads: the one that was to write is undone, and lets go of its lock."""
    db.rollback()
    with database.read() as fresh:
        return show(fresh, me, now, reference, status=refusal.status, refusal=refusal, sent=sent)


def _echo(view: dict[str, Any], sent: Body, refusal: Refusal | None) -> dict[str, Any]:
    """What was typed, to be shown again; words that a guarded case closes are not sent back either."""
    closed = {*view.get("closed_fields", []), *not_kept(refusal)}
    return {name: value for name, value in sent.typed.items() if name not in closed}


def not_kept(refusal: Refusal | None) -> set[str]:
    """The fields whose content is not to be shown again."""
    return {error.field for error in refusal.errors} if isinstance(refusal, NotKept) else set()


def wording(playbook: Any, view: dict[str, Any]) -> dict[str, str]:
    """The words the composers offer, with this case's own time in them."""
    post, reporter = view.get("post") or {}, view.get("reporter") or {}
    zone = post.get("posted_zone") or reporter.get("zone") or "Europe/London"
    when = f"at {moment(post['posted_at'], zone)}" if post.get("posted_at") else "earlier today"
    hacked = "account_compromised" in view.get("codes", [])
    return {
        "apology": compose_apology(playbook, when),
        "apology_hacked": compose_apology(playbook, when, hacked=True),
        "correction": correction_to_fill_in(playbook, when, hacked=hacked),
    }


def contacts(playbook: Any) -> list[dict[str, str]]:
    """Whom to phone."""
    people = (playbook.contacts.security, playbook.contacts.digital_unit, playbook.contacts.out_of_hours)
    return [{"who": contact.name, "phone": contact.phone, "when": ""} for contact in people]


def do(
    deed: Deed, db: Session, database: Database, me: Person, now: datetime, sent: Body, reference: str, **place: Any
) -> Response:
    """Do a deed for a form, and go back to the case; a refusal shows the page again with what was typed."""
    try:
        here = found(db, me, reference, deed.act, sent.if_match, sent.reference(deed.other))
        deed.do(db, me, here, sent.form(deed.body, me.zone), now, **place)
        db.flush()
    except (NotFound, NotPermitted):
        raise
    except Refusal as refusal:
        return refused(db, database, me, now, reference, refusal, sent)
    if deed.act is Act.HAVE_CONFLICT and not is_seen(db, me, reference):
        return go_to("/queue" if me.desks else "/", YOU_ARE_OUT)
    # What was merged is closed: its doer goes on where the case does.
    return back_to(sent.reference(deed.other) if deed.act is Act.MERGE else reference, deed.says)


@post("/cases/{reference:str}/referral-readiness", status_code=200, sync_to_thread=True)
def referral_readiness(db: Db, database: Data, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response[str]:
    """The case again, with what the referral that is being built still lacks, and what was typed."""
    try:
        here = found(db, me, reference, Act.DECIDE_REFERRAL, sent.if_match)
        lacking = still_missing(db, here, sent.form(shape.ReferralDraftIn, me.zone))
    except (NotFound, NotPermitted):
        raise
    except Refusal as refusal:
        return refused(db, database, me, now, reference, refusal, sent)
    db.rollback()
    with database.read() as fresh:
        return show(fresh, me, now, reference, sent=sent, lacking=lacking)


def _route(deed: Deed) -> HTTPRouteHandler:
    make = post(f"/cases/{{reference:str}}/{deed.path}", name=f"page_{deed.name}", status_code=303, sync_to_thread=True)
    if "{kind" in deed.path:

        def step_form(
            db: Db, database: Data, me: Me, now: Now, sent: Sent, reference: FromPath[str], kind: FromPath[str]
        ) -> Response:
            return do(deed, db, database, me, now, sent, reference, kind=step_kind(kind))

        return make(step_form)

    def case_form(db: Db, database: Data, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response:
        return do(deed, db, database, me, now, sent, reference)

    return make(case_form)


@post("/cases/{reference:str}/looking", status_code=200, sync_to_thread=True)
def note_looking(db: Db, house: House, me: Me, now: Now, sent: Sent, reference: FromPath[str]) -> Response[str]:
    """Say that this case is open in front of me, or (`gone`) no longer; the page says so by itself."""
    here = find_case(db, me, reference)
    if sent.one("gone"):
        look_away(db, me, here)
    else:
        look(db, me, here, now)
    return _looking_line(db, house, me, now, here)


@get("/cases/{reference:str}/looking", sync_to_thread=True)
def who_looks(db: Db, house: House, me: Me, now: Now, reference: FromPath[str]) -> Response[str]:
    """The line that says who else looks. It is no opening of the case: nothing of it is shown."""
    return _looking_line(db, house, me, now, find_case(db, me, reference))


def _looking_line(db: Session, house: Place, me: Person, now: datetime, here: Found) -> Response[str]:
    line = house.pages.get_template("partials/case/looking.html")
    return Response(line.render(looking=others_looking(db, me, here, now)), media_type="text/html")


routes = [
    my_cases,
    case_page,
    *(_route(deed) for deed in DEEDS),
    referral_readiness,
    note_looking,
    who_looks,
]
