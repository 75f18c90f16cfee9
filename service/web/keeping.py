"""Keeps what somebody typed through a sign-in that ran out, so that no word has to be written twice."""

from typing import Any
from urllib.parse import urlsplit

from litestar.datastructures import Cookie
from litestar.response import Response

from service.cases.facts import CLOSED_ELSEWHERE, CLOSED_WHEN_GUARDED
from service.cases.playbook import Playbook
from service.people.identity import Me
from service.records.enums import Employer, Kind
from service.web.pages import SIGN_IN, page
from service.web.sessions import signed, unsigned
from service.web.visit import House, Visit, current

KEPT = "kept"
MOST_KEPT = 256 * 1024
"""Bytes of typed words that are carried through a sign-in; files are not."""
NOT_KEPT = frozenset({"/sign-in", "/sign-out"})


REPORT, ASK = "/report", "/before-you-post/ask"
CONFIRMED = "/reveal"
"""The end of the address of what wants a password once more."""
GUARDS = ("safety_risk", "possibly_classified")

Typed = dict[str, str | list[str]]


def guards(typed: Typed, rules: Playbook) -> bool:
    """Whether these answers or codes, as they were typed, close the boxes for content."""
    codes = {code for rule in rules.guarded.rules for code in rule.codes}
    told = typed.get("codes", [])
    answered = any(typed.get(question) in ("yes", "unsure") for question in GUARDS)
    return answered or not codes.isdisjoint([told] if isinstance(told, str) else told)


def worth_keeping(visit: Visit) -> Typed:
    """The words of the form that was sent, without those that its own answers close."""
    typed = visit.sent.typed if visit.sent and visit.path not in NOT_KEPT else {}
    closed = CLOSED_WHEN_GUARDED if visit.path in (REPORT, ASK) and guards(typed, visit.house.rules) else ()
    return {name: value for name, value in typed.items() if name not in closed}


def own_policy(me: Me) -> bool:
    """Whether somebody is told, before they report, that their employer has a policy of its own."""
    return me.employer is Employer.FCO_SERVICES


def kept_words(visit: Visit) -> str:
    """The words of the refused form as signed text; nothing when there are none or too many."""
    fields = list(worth_keeping(visit).items())
    size = sum(len(str(value).encode()) for _, value in fields)
    return signed(visit.house, KEPT, [visit.path, fields]) if fields and size <= MOST_KEPT else ""


def read_kept(house: House, text: str) -> tuple[str, list[tuple[str, Any]]] | None:
    """The address that the words were for, and the words; None when nobody kept any."""
    kept = unsigned(house, KEPT, text) if text else None
    return (kept[0], kept[1]) if kept else None


def sign_in_page(
    *,
    status: int = 200,
    after: str = "/",
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
    kept: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    """The sign-in form, with what waits behind it: the address to go on to, and the words kept.

    Somebody who is signed in is asked for their password once more.
    """
    return page(
        SIGN_IN,
        current().me,
        status,
        headers,
        next=after,
        errors=errors or {},
        typed=typed or {},
        kept=bool(kept),
        kept_field=kept,
        demo_cast=current().house.demo_cast,
    )


def continue_page(
    me: Me, action: str, fields: list[tuple[str, Any]], status: int = 200, cookies: list[Cookie] | None = None
) -> Response:
    """The kept words with one button that sends them to where they were going, under a fresh guard.

    A form that was for a case may have been for a guarded one, so what such a case closes is carried and not shown.
    """
    unshown = () if action in (REPORT, ASK) else (*CLOSED_WHEN_GUARDED, *CLOSED_ELSEWHERE)
    rows = [
        {"name": name, "value": value, "shown": name not in unshown}
        for name, values in fields
        for value in (values if isinstance(values, list) else [values])
        if value
    ]
    rules, reports = current().house.rules, action == REPORT
    own = reports and own_policy(me) and dict(fields).get("kind") == Kind.MISTAKE
    answer = page(
        "continue.html",
        me,
        status,
        action=action,
        confirmed=action.endswith(CONFIRMED),
        kept=rows,
        reports=reports,
        left_out=action in (REPORT, ASK) and guards(dict(fields), rules),
        can_read=rules.who_can_read.mistake_fco_services if own else "",
    )
    answer.cookies.extend(cookies or [])
    return answer


def local_path(wanted: str) -> str:
    """Where to go after signing in: a path of ours, or the start for anything that leads elsewhere."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    stays = wanted.startswith("/") and not wanted.startswith("//") and not parts.scheme and not parts.netloc
    plain = "\\" not in wanted and all(character.isprintable() for character in wanted) and len(wanted) <= 2000
    return wanted if stays and plain and parts.path not in NOT_KEPT else "/"
