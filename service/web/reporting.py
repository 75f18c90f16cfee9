"""Reporting a mistake, or a post that worries somebody: one screen, the safety questions first; the case exists when
it is sent.
"""

from typing import Annotated, Any

from litestar import get, post
from litestar.params import FromQuery, QueryParameter
from litestar.response import Response
from sqlmodel import Session

from service.cases.facts import CLOSED_WHEN_GUARDED
from service.cases.guidance import questions_to_name
from service.cases.plan import Facts, judge
from service.cases.playbook import Playbook
from service.core.errors import FieldError, Invalid, Refusal
from service.people.identity import Me as Person
from service.records.enums import Answer, DeskName, Kind
from service.records.words import SAFETY, THE_DESKS
from service.web.cases import contacts, not_kept
from service.web.deeds import report
from service.web.forms import Sent as Body
from service.web.given import Db, House, Me, Now, Rules, Sent
from service.web.keeping import guards, own_policy
from service.web.pages import back_to, by_field, page
from service.web.schemas import ReportIn
from service.web.sessions import passed

DONE = {
    Kind.MISTAKE: "Your report is sent. Amends has told the people who must know.",
    Kind.CONCERN: "We have it. Thank you for telling us.",
}
FORMS = {Kind.MISTAKE: "report.html", Kind.CONCERN: "raise.html"}
OTHERS_POST = "2"
"""In the address, in place of a word: a browser's history is read by others too."""
SAY_WHICH = "Say what worries you, add a link, or name the account."
ANSWER = "Answer yes, no or not sure."


@get("/report", sync_to_thread=True)
def report_form(
    db: Db,
    me: Me,
    house: House,
    rules: Rules,
    go: FromQuery[str | None] = None,
    which: Annotated[str | None, QueryParameter(name="form")] = None,
) -> Response[str]:
    """The empty form, of a mistake or (`?form=2`) of a post that is somebody else's; of a mistake by somebody of FCO
    Services first the page that says whose policy applies.

    That they went on stands in the address of the form and nowhere else, and holds for their session alone.
    """
    if which == OTHERS_POST:
        return form(db, me, rules, Kind.CONCERN)
    went_on = passed(house, me, "own policy")
    if own_policy(me) and go != went_on:
        return page("own-policy.html", me, go=went_on, can_read=rules.who_can_read.mistake_fco_services)
    return form(db, me, rules, Kind.MISTAKE)


@post("/report", status_code=303, sync_to_thread=True)
def report_case(db: Db, me: Me, now: Now, sent: Sent, rules: Rules) -> Response:
    """Open the case, or show the form again with what was typed."""
    kind = Kind.CONCERN if sent.one("kind") == Kind.CONCERN else Kind.MISTAKE
    try:
        told = sent.form(ReportIn, me.zone)
        _require_enough(told)
        case = report(db, me, told, rules, now)
        db.flush()
    except Refusal as refusal:
        db.rollback()
        return form(db, me, rules, kind, refusal, sent)
    return back_to(case.reference, DONE[kind])


def _require_enough(told: ReportIn) -> None:
    """Raise Invalid for a safety question left open: nobody should slip past the guard by scrolling past it; and for a
    concern of which nobody could tell what it is about.
    """
    faults = [
        FieldError(name, f"{question} {ANSWER}") for name, question in SAFETY.items() if getattr(told, name) is None
    ]
    named = (told.narrative, told.post and (told.post.url or told.post.text), told.account and told.account.handle)
    if told.kind is Kind.CONCERN and not any(named) and not faults:
        faults = [FieldError("account.handle" if _is_guarded(told) else "narrative", SAY_WHICH)]
    if faults:
        raise Invalid("Something is still missing.", faults)


def _is_guarded(told: ReportIn) -> bool:
    return {told.safety_risk, told.possibly_classified} != {Answer.NO}


def _promises(me: Person, rules: Playbook, kind: Kind, not_manager: bool) -> dict[str, Any]:
    """Who will be told, and who can read it: as the playbook has it for this person."""
    if kind is Kind.CONCERN:
        told = judge(rules, Facts(kind=kind)).routes
        return {"can_read": rules.who_can_read.concern, "tells": [THE_DESKS[route.desk] for route in told]}
    said, services = rules.who_can_read, own_policy(me)
    instead = "" if services else said.mistake_not_manager
    judged = judge(rules, Facts(kind=Kind.MISTAKE, employer=me.employer, not_manager=not_manager))
    desks = [route.desk for route in judged.routes] or [judged.holding_desk]
    return {
        "can_read": (not_manager and instead) or (said.mistake_fco_services if services else said.mistake),
        "can_read_then": instead,
        "tells": ["your line manager" if desk is DeskName.LINE_MANAGER else THE_DESKS[desk] for desk in desks],
    }


def form(
    db: Session, me: Person, rules: Playbook, kind: Kind, refusal: Refusal | None = None, sent: Body | None = None
) -> Response[str]:
    """The form; after a refusal with its reasons and the words that were typed."""
    typed = dict(sent.typed) if sent else {}
    closed = set(CLOSED_WHEN_GUARDED) if guards(typed, rules) else not_kept(refusal)
    typed = {name: value for name, value in typed.items() if name not in closed}
    errors = by_field(refusal) if refusal else {}
    status = refusal.status if refusal else 200
    promises = _promises(me, rules, kind, typed.get("not_manager") == "true")
    questions = questions_to_name(db, me) if kind is Kind.MISTAKE else []
    told: dict[str, Any] = {"errors": errors, "typed": typed, "contacts": contacts(rules), "questions": questions}
    return page(FORMS[kind], me, status, **told, **promises)


routes = [report_form, report_case]
