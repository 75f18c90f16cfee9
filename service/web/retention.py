"""How long records are kept: what may go, what is kept for legal reasons, what has gone."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery
from litestar.response import Response
from sqlmodel import Session

from service.cases.playbook import Playbook
from service.cases.queries import find_case
from service.core.errors import NotFound, NotPermitted, Refusal, invalid
from service.people.identity import Me as Person
from service.records.cases import Case
from service.records.enums import Kind
from service.retention import keeping
from service.retention.keeping import require_a_lead, require_lead
from service.retention.listing import Show, list_retention
from service.retention.rules import rule_for
from service.web.cursors import cursor_of, place_or_start
from service.web.forms import Sent as Body
from service.web.given import Asked, Db, Me, Now, Rules, Sent
from service.web.kept_schemas import KeepIn, LetGoIn
from service.web.pages import by_field, go_to, page

PAGE = 50
ABSENT = "There is no case with this reference that you can see. Use one like SM-2026-000042."
# What is done, and what is said afterwards.
DONE = {
    "hold": "{} is kept for legal reasons.",
    "release": "{} is no longer kept for legal reasons.",
    "dispose": "What {} holds is destroyed within minutes.",
}
BODIES: dict[str, type[LetGoIn]] = {"hold": KeepIn, "release": KeepIn, "dispose": LetGoIn}


def case_to_keep(db: Session, me: Person, reference: str) -> Case:
    """The case that a body names, its row locked. Raises Invalid where there is none to be seen, and NotPermitted."""
    try:
        return require_lead(find_case(db, me, reference.strip().upper(), lock=True))
    except NotFound:
        raise invalid("case", ABSENT) from None


def do(db: Session, me: Person, deed: str, sent: LetGoIn, rules: Playbook, at: datetime) -> Case:
    """Hold, release or approve, as a body says."""
    case = case_to_keep(db, me, sent.case)
    if isinstance(sent, KeepIn):
        {"hold": keeping.hold, "release": keeping.release}[deed](db, me, case, reason=sent.reason, at=at)
    else:
        keeping.approve(db, me, case, rules, at=at)
    return case


def chosen(show: str | None) -> Show:
    """Which part of the list an address names. Raises Invalid."""
    if show not in (None, "", *Show):
        raise invalid("show", f"Choose one of: {', '.join(Show)}.")
    return Show(show or Show.DUE)


@get("/retention", sync_to_thread=True)
def retention_page(
    db: Db, me: Me, now: Now, rules: Rules, asked: Asked, show: FromQuery[str | None] = None
) -> Response[str]:
    """What the desks hold that you lead, and how long it is kept; asked `hold`, `release` or `dispose` for one."""
    return _shown(db, me, now, rules, chosen(show), asked)


def _shown(
    db: Session,
    me: Person,
    now: datetime,
    rules: Playbook,
    show: Show,
    asked: Mapping[str, str] = MappingProxyType({}),
    refusal: Refusal | None = None,
    sent: Body | None = None,
    deed: str = "",
) -> Response[str]:
    place = place_or_start(f"retention {show}", asked.get("cursor"))
    rows, last = list_retention(db, me, show, rules, at=now, after=place, limit=PAGE)
    years = {kind.value: rule_for(kind, rules).years for kind in (Kind.ADVICE, Kind.MISTAKE)}
    return page(
        "retention.html",
        me,
        refusal.status if refusal else 200,
        rows=rows,
        next=cursor_of(f"retention {show}", last),
        show=show.value,
        shows=[each.value for each in Show],
        years=years,
        deed=deed,
        hold=asked.get("hold", "")[:20],
        release=asked.get("release", "")[:20],
        dispose=asked.get("dispose", "")[:20],
        errors=by_field(refusal) if refusal else {},
        typed=sent.typed if sent else {},
    )


def _deed_route(deed: str) -> HTTPRouteHandler:
    make: Callable[..., Any] = post(f"/retention/{deed}", status_code=303, sync_to_thread=True)

    def on_page(db: Db, me: Me, now: Now, rules: Rules, sent: Sent) -> Response:
        """Do it, and show the list again."""
        require_a_lead(me)
        said = sent.one("_show")
        show = Show(said) if said in set(Show) else Show.DUE
        try:
            case = do(db, me, deed, sent.form(BODIES[deed]), rules, now)
        except NotPermitted:
            raise
        except Refusal as refusal:
            db.rollback()
            return _shown(db, me, now, rules, show, {}, refusal, sent, deed)
        return go_to(f"/retention?show={show}", DONE[deed].format(case.reference))

    return make(on_page)


routes = [retention_page, *(_deed_route(deed) for deed in DONE)]
