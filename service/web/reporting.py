"""Reporting a mistake: one screen, the safety questions first; the case exists when it is sent."""

from litestar import get, post
from litestar.response import Response

from service.cases.facts import CLOSED_WHEN_GUARDED
from service.cases.playbook import Playbook
from service.core.errors import Refusal
from service.people.identity import Me as Person
from service.web.cases import contacts, not_kept
from service.web.deeds import report
from service.web.forms import Sent as Body
from service.web.given import Db, Me, Now, Rules, Sent
from service.web.pages import back_to, by_field, page
from service.web.schemas import ReportIn

DONE = "Your report is sent. Amends has told the people who must know."
GUARDS = ("safety_risk", "possibly_classified")


@get("/report", sync_to_thread=True)
def report_form(me: Me, rules: Rules) -> Response[str]:
    """The empty form."""
    return form(me, rules)


@post("/report", status_code=303, sync_to_thread=True)
def report_case(db: Db, me: Me, now: Now, sent: Sent, rules: Rules) -> Response:
    """Open the case, or show the form again with what was typed."""
    try:
        case = report(db, me, sent.form(ReportIn, me.zone), rules, now)
        db.flush()
    except Refusal as refusal:
        db.rollback()
        return form(me, rules, refusal, sent)
    return back_to(case.reference, DONE)


def _guards(typed: dict[str, str | list[str]], rules: Playbook) -> bool:
    """Whether these answers or codes, as they were typed, close the boxes for content."""
    codes = {code for rule in rules.guarded.rules for code in rule.codes}
    told = typed.get("codes", [])
    answered = any(typed.get(question) in ("yes", "unsure") for question in GUARDS)
    return answered or not codes.isdisjoint([told] if isinstance(told, str) else told)


def form(me: Person, rules: Playbook, refusal: Refusal | None = None, sent: Body | None = None) -> Response[str]:
    """The form; after a refusal with its reasons and the words that were typed."""
    typed = dict(sent.typed) if sent else {}
    closed = set(CLOSED_WHEN_GUARDED) if _guards(typed, rules) else not_kept(refusal)
    typed = {name: value for name, value in typed.items() if name not in closed}
    errors = by_field(refusal) if refusal else {}
    status = refusal.status if refusal else 200
    return page("report.html", me, status, errors=errors, typed=typed, contacts=contacts(rules))


routes = [report_form, report_case]
