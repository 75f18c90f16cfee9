"""Before somebody posts: the clearance framework as a path of questions, and the question put to those who know.

The answers to the path stand in its address. Nothing is stored before somebody asks.
"""

from typing import Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.response import Response

from service.cases.facts import CLOSED_WHEN_GUARDED
from service.cases.playbook import Playbook
from service.cases.playbook_questions import Answer, Question, walk
from service.core.errors import FieldError, Invalid, Refusal
from service.people.identity import Me as Person
from service.records.enums import DeskName, Kind, Verdict
from service.web.cases import contacts, not_kept
from service.web.deeds import report
from service.web.forms import Sent as Body
from service.web.given import Asked, Db, Me, Now, Rules, Sent
from service.web.keeping import ASK, guards, own_policy
from service.web.pages import back_to, by_field, page
from service.web.reporting import ANSWER, SAFETY
from service.web.schemas import ReportIn

CHECK = "/before-you-post"
DONE = "Your question is sent. The answer will stand here, and we tell you when it comes."
SAY_SOMETHING = "Write your question, or the words that you want to post."
WORDS = ("post.text", "narrative")


@get(CHECK, sync_to_thread=False)
def before_you_post(me: Me, rules: Rules, asked: Asked) -> Response[str]:
    """The next question of the path, or where it ends: go ahead, ask first, or do not post; and why."""
    path = walk(rules.before_you_post, asked)
    answered = [
        {"asks": question.asks, "says": answer.says, "again": _way(path.answered[:number])}
        for number, (question, answer) in enumerate(path.answered)
    ]
    choices = [
        {"says": answer.says, "way": _way((*path.answered, (path.asked, answer)))}
        for answer in (path.asked.answers if path.asked else ())
        if path.asked
    ]
    return page(
        "before-you-post.html",
        me,
        path=path,
        answered=answered,
        choices=choices,
        ask=_way_to_ask(path.end),
        phones=_phones(rules, path.end) if path.end else [],
        own_policy=own_policy(me),
    )


def _way(answered: tuple[tuple[Question, Answer], ...]) -> str:
    said = urlencode([(question.question, answer.answer) for question, answer in answered])
    return f"{CHECK}?{said}" if said else CHECK


def _way_to_ask(end: Answer | None) -> str:
    return f"{ASK}?{urlencode({'of': ' '.join(end.whom)})}" if end and end.whom else ASK


def _phones(rules: Playbook, end: Answer) -> list[dict[str, str]]:
    """Whom to phone where it cannot wait: those to ask, or security; and the number for the night."""
    if end.ends is Verdict.GO_AHEAD:
        return []
    whom = end.whom if end.ends is Verdict.ASK_FIRST else ("security",)
    found = (getattr(rules.contacts, each, None) for each in (*whom, "out_of_hours"))
    return [{"who": contact.name, "phone": contact.phone} for contact in found if contact]


@get(ASK, sync_to_thread=False)
def ask_form(me: Me, rules: Rules, asked: Asked) -> Response[str]:
    """The empty form, with those ticked whom the path led to."""
    return form(me, rules, of=[desk for desk in rules.desks_to_ask if desk in asked.get("of", "").split()])


@post(ASK, status_code=303, sync_to_thread=True)
def ask(db: Db, me: Me, now: Now, sent: Sent, rules: Rules) -> Response:
    """Put the question, or show the form again with what was typed."""
    try:
        told = sent.form(ReportIn, me.zone)
        _require_enough(told, guarded=guards(sent.typed, rules))
        case = report(db, me, told, rules, now)
        db.flush()
    except Refusal as refusal:
        db.rollback()
        return form(me, rules, refusal=refusal, sent=sent)
    return back_to(case.reference, DONE)


def _require_enough(told: ReportIn, *, guarded: bool) -> None:
    """Raise Invalid for a safety question left open, for another kind of report, and where nothing is asked."""
    faults = [
        FieldError(name, f"{question} {ANSWER}") for name, question in SAFETY.items() if getattr(told, name) is None
    ]
    if told.kind is not Kind.ADVICE:
        faults.append(FieldError("kind", "Only a question is asked here."))
    if not faults and not guarded and not (told.narrative or (told.post and told.post.text)):
        faults.append(FieldError("narrative", SAY_SOMETHING))
    if faults:
        raise Invalid("Something is still missing.", faults)


def form(
    me: Person,
    rules: Playbook,
    *,
    of: list[DeskName] | None = None,
    refusal: Refusal | None = None,
    sent: Body | None = None,
) -> Response[str]:
    """The form; after a refusal with its reasons and the words that were typed."""
    typed: dict[str, Any] = dict(sent.typed) if sent else {}
    closed = set(CLOSED_WHEN_GUARDED) if guards(typed, rules) else not_kept(refusal)
    return page(
        "ask.html",
        me,
        refusal.status if refusal else 200,
        errors=by_field(refusal) if refusal else {},
        typed={name: value for name, value in typed.items() if name not in closed},
        desks=rules.desks_to_ask,
        of=of or [],
        can_read=rules.who_can_read.advice,
        contacts=contacts(rules),
        own_policy=own_policy(me),
    )


routes = [before_you_post, ask_form, ask]
