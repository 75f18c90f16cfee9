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
from service.records.enums import DeskName, Kind
from service.records.referrals import Referral
from service.referrals.find import find_referral
from service.retention import keeping
from service.retention.keeping import require_a_lead, require_keeper, require_lead
from service.retention.listing import Show, list_retention
from service.retention.rules import rule_for
from service.web.cursors import cursor_of, place_or_start
from service.web.forms import Sent as Body
from service.web.given import Asked, Db, Me, Now, Rules, Sent
from service.web.kept_schemas import KeepIn, LetGoIn
from service.web.pages import by_field, go_to, page

PAGE = 50
ABSENT = "There is nothing with this reference that you can see. Use one like SM-2026-000042 or HR-2026-000007."
OF_REFERRAL = "HR-"
"""How the reference of a referral begins."""
# What is done, and what is said afterwards.
DONE = {
    "hold": "{} is kept for legal reasons.",
    "release": "{} is no longer kept for legal reasons.",
    "dispose": "What {} holds is destroyed within minutes.",
}
BODIES: dict[str, type[LetGoIn]] = {"hold": KeepIn, "release": KeepIn, "dispose": LetGoIn}


def named(db: Session, me: Person, reference: str, *, lock: bool = False) -> Case | Referral:
    """The case or the referral of a reference, for whoever keeps it. Raises NotFound and NotPermitted."""
    if reference.startswith(OF_REFERRAL):
        return require_keeper(find_referral(db, me, reference, lock=lock))
    return require_lead(find_case(db, me, reference, lock=lock))


def do(db: Session, me: Person, deed: str, sent: LetGoIn, rules: Playbook, at: datetime) -> Case | Referral:
    """Hold, release or approve, as a body says. Raises Invalid where there is none to be seen."""
    try:
        record = named(db, me, sent.case.strip().upper(), lock=True)
    except NotFound:
        raise invalid("case", ABSENT) from None
    if isinstance(sent, KeepIn):
        {"hold": keeping.hold, "release": keeping.release}[deed](db, me, record, reason=sent.reason, at=at)
    else:
        keeping.approve(db, me, record, rules, at=at)
    return record


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
    of_referrals = rules.retention.referral_years.model_dump() if DeskName.HR in me.desks else {}
    return page(
        "retention.html",
        me,
        refusal.status if refusal else 200,
        rows=rows,
        next=cursor_of(f"retention {show}", last),
        show=show.value,
        shows=[each.value for each in Show],
        years=years,
        of_referrals=of_referrals,
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
            record = do(db, me, deed, sent.form(BODIES[deed]), rules, now)
        except NotPermitted:
            raise
        except Refusal as refusal:
            db.rollback()
            return _shown(db, me, now, rules, show, {}, refusal, sent, deed)
        return go_to(f"/retention?show={show}", DONE[deed].format(record.reference))

    return make(on_page)


routes = [retention_page, *(_deed_route(deed) for deed in DONE)]
