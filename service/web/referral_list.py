"""The list of referrals on a page, and what an address asks of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from litestar import get
from litestar.response import Response

from service.core.errors import FieldError, Invalid
from service.people.identity import Me as Person
from service.records.enums import DeskName, ReferralStage
from service.referrals.room import Order, Wanted, by_stage, list_referrals, place_of_row
from service.web.cursors import cursor_of, place_or_start
from service.web.given import Asked, Db, Me, Now
from service.web.pages import by_field, page

PAGE = 50
NARROWED = ("stage", "appointed", "overdue")
ALL = "all"
"""The stage of an address that means every stage, the ended ones too."""
LONGEST, LONGEST_NAME = 300, 60


@get("/referrals", sync_to_thread=True)
def referrals(db: Db, me: Me, now: Now, asked: Asked) -> Response[str]:
    """Somebody's referrals, what is due first at the top. HR reads those that have ended when it asks for them."""
    errors: dict[str, str] = {}
    try:
        wanted = read_wanted(me, asked)
    except Invalid as wrong:
        errors, wanted = by_field(wrong), Wanted()
    # Outside HR somebody has few, and looks for one of them.
    all_of_them = asked.get("stage") or DeskName.HR not in me.desks
    wanted = replace(wanted, ended=None if all_of_them else False, order=Order.NEAREST)
    place = place_or_start(f"referrals {wanted.order}", asked.get("cursor"))
    rows = list_referrals(db, me, wanted, at=now, after=place, limit=PAGE + 1)
    kept = {name: asked.get(name, "") for name in NARROWED}
    return page(
        "referrals.html",
        me,
        422 if errors else 200,
        rows=rows[:PAGE],
        next=cursor_after(wanted, rows, PAGE),
        stages=by_stage(db, me),
        kept=kept,
        errors=errors,
        link=lambda **other: address({**kept, **other}),
    )


def address(said: Mapping[str, str]) -> str:
    """The list's address with these filters."""
    return "/referrals?" + urlencode({name: word for name, word in said.items() if word})


def read_wanted(me: Person, said: Mapping[str, str], beside: tuple[str, ...] = ("cursor",)) -> Wanted:
    """What an address asks of the list. Raises Invalid naming each filter that is unknown or does not parse.

    `appointed` is `me`, `none` or an e-mail address; `beside` are the names in the address that are no filters.
    """
    known = f"Choose one of: {', '.join(NARROWED)}."
    faults = [FieldError(name[:LONGEST_NAME], known) for name in said if name not in (*NARROWED, *beside)]
    stage, appointed, overdue = (said.get(name, "").strip() for name in NARROWED)
    if stage not in ("", ALL, *ReferralStage):
        faults.append(FieldError("stage", f"Choose one of: {', '.join((ALL, *ReferralStage))}."))
    if overdue not in ("", "true", "false"):
        faults.append(FieldError("overdue", "Choose true or false."))
    if "\x00" in appointed or len(appointed) > LONGEST:
        faults.append(FieldError("appointed", "Choose me, none, or an e-mail address."))
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), faults)
    return Wanted(
        stage=ReferralStage(stage) if stage not in ("", ALL) else None,
        appointed=(me.email if appointed == "me" else appointed).lower() or None,
        overdue=overdue == "true",
    )


def cursor_after(wanted: Wanted, rows: list[dict[str, Any]], most: int) -> str | None:
    """What goes on after a page of `most`, where there is more."""
    return cursor_of(f"referrals {wanted.order}", place_of_row(rows[most - 1])) if len(rows) > most else None


routes = [referrals]
