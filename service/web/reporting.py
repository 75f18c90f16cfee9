"""Reporting a mistake: one screen, the safety questions first; the case exists when it is sent."""

from typing import Any

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Response

from service.cases.facts import CLOSED_WHEN_GUARDED
from service.cases.plan import Facts, judge
from service.cases.playbook import Playbook
from service.core.errors import FieldError, Invalid, Refusal
from service.people.identity import Me as Person
from service.records.enums import DeskName, Kind
from service.records.words import THE_DESKS
from service.web.cases import contacts, not_kept
from service.web.deeds import report
from service.web.forms import Sent as Body
from service.web.given import Db, House, Me, Now, Rules, Sent
from service.web.keeping import guards, own_policy
from service.web.pages import back_to, by_field, page
from service.web.schemas import ReportIn
from service.web.sessions import passed

DONE = "Your report is sent. Amends has told the people who must know."
SAFETY = ("safety_risk", "possibly_classified", "personal_data")
ANSWER = "Answer yes, no or not sure. Not sure is a good answer."


@get("/report", sync_to_thread=True)
def report_form(me: Me, house: House, rules: Rules, go: FromQuery[str | None] = None) -> Response[str]:
    """The empty form; for somebody of FCO Services first the page that says whose policy applies.

    That they went on stands in the address of the form and nowhere else, and holds for their session alone.
    """
    went_on = passed(house, me, "own policy")
    if own_policy(me) and go != went_on:
        return page("own-policy.html", me, go=went_on, can_read=rules.who_can_read.mistake_fco_services)
    return form(me, rules)


@post("/report", status_code=303, sync_to_thread=True)
def report_case(db: Db, me: Me, now: Now, sent: Sent, rules: Rules) -> Response:
    """Open the case, or show the form again with what was typed."""
    try:
        told = sent.form(ReportIn, me.zone)
        _require_safety_answers(told)
        case = report(db, me, told, rules, now)
        db.flush()
    except Refusal as refusal:
        db.rollback()
        return form(me, rules, refusal, sent)
    return back_to(case.reference, DONE)


def _require_safety_answers(told: ReportIn) -> None:
    """Raise Invalid for a safety question left open: nobody should slip past the guard by scrolling past it."""
    faults = [FieldError(question, ANSWER) for question in SAFETY if getattr(told, question) is None]
    if faults:
        raise Invalid("Answer the questions about safety.", faults)


def _promises(me: Person, rules: Playbook, not_manager: bool) -> dict[str, Any]:
    """Who will be told, and who can read it: as the playbook has it for this person."""
    said, services = rules.who_can_read, own_policy(me)
    instead = "" if services else said.mistake_not_manager
    judged = judge(rules, Facts(kind=Kind.MISTAKE, employer=me.employer, not_manager=not_manager))
    told = [route.desk for route in judged.routes] or [judged.holding_desk]
    return {
        "can_read": (not_manager and instead) or (said.mistake_fco_services if services else said.mistake),
        "can_read_then": instead,
        "tells": ["your line manager" if desk is DeskName.LINE_MANAGER else THE_DESKS[desk] for desk in told],
    }


def form(me: Person, rules: Playbook, refusal: Refusal | None = None, sent: Body | None = None) -> Response[str]:
    """The form; after a refusal with its reasons and the words that were typed."""
    typed = dict(sent.typed) if sent else {}
    closed = set(CLOSED_WHEN_GUARDED) if guards(typed, rules) else not_kept(refusal)
    typed = {name: value for name, value in typed.items() if name not in closed}
    errors = by_field(refusal) if refusal else {}
    status = refusal.status if refusal else 200
    promises = _promises(me, rules, typed.get("not_manager") == "true")
    return page("report.html", me, status, errors=errors, typed=typed, contacts=contacts(rules), **promises)


routes = [report_form, report_case]
