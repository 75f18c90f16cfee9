"""Makes whole pages and the way back to them."""

from typing import Any
from urllib.parse import quote

from litestar.datastructures import Cookie
from litestar.response import Response

from service.core.errors import Refusal
from service.notifications.waiting import count_unread
from service.people.identity import Me
from service.web.sessions import NOTICE, cookie, cookie_name, signed, stranger, unsigned
from service.web.visit import Visit, current

SIGN_IN = "sign-in.html"
REFUSED = "!"
"""Before a notice that says no."""


def page(
    name: str, me: Me | None, status: int = 200, headers: dict[str, str] | None = None, **context: Any
) -> Response:
    """The page `templates/pages/{name}` for this person; a status of 400 or above stores nothing of the request.

    Every page also gets me, csrf, now, base, base_path, status, notice, refused (the notice says no), lost, and unread:
    how many notifications wait.
    """
    visit = current()
    visit.undo = visit.undo or status >= 400
    csrf, cookies = (me.csrf, []) if me else stranger(visit) if name == SIGN_IN else ("", [])
    notice = _notice(visit)
    if notice:
        cookies = [*cookies, cookie(visit.house, NOTICE, "", max_age=0)]
    # Of a refusal it was counted before: the page is often made where nobody may wait for the database.
    unread = visit.unread if visit.unread is not None else count_waiting(visit, me) if me else 0
    parts = visit.house.pages.get_template(f"pages/{name}").generate(
        me=who(me) if me else None,
        csrf=csrf,
        now=visit.at,
        base=visit.house.settings.base_url,
        base_path=visit.path if status < 400 else "",
        notice=notice.removeprefix(REFUSED) if notice else None,
        refused=bool(notice and notice.startswith(REFUSED)),
        unread=unread,
        lost=visit.lost,
        status=status,
        **context,
    )
    # Part by part: one dash in a page would have all of it written with twice as many bytes, and then read again.
    html = b"".join([part.encode() for part in parts])
    return Response(html, status_code=status, media_type="text/html", headers=headers, cookies=cookies)


def who(me: Me) -> dict[str, Any]:
    """A person as templates know them."""
    return {
        "email": me.email,
        "name": me.name,
        "zone": me.zone,
        "desks": {desk.value: lead for desk, lead in me.desks.items()},
        "roles": sorted(role.value for role in me.roles),
        "manages": me.manages,
    }


def go_to(path: str, notice: str = "", cookies: list[Cookie] | None = None, *, refused: bool = False) -> Response:
    """303 to a page of ours, which then shows the notice once; as an error where something was `refused`."""
    visit = current()
    told = (
        [cookie(visit.house, NOTICE, signed(visit.house, NOTICE, REFUSED * refused + notice), max_age=120)]
        if notice
        else []
    )
    return Response(
        b"",
        status_code=303,
        media_type="text/plain",
        headers={"Location": quote(path, safe="/?&=%#:+,@-._~")},
        cookies=[*(cookies or []), *told],
    )


def back_to(reference: str, notice: str = "") -> Response:
    """303 to a case's page."""
    return go_to(f"/cases/{reference}", notice)


def by_field(refusal: Refusal) -> dict[str, str]:
    """A refusal's errors as a page wants them: those of one field in a row, one that names no field under `form`."""
    told: dict[str, str] = {}
    for error in refusal.errors:
        told[error.field] = f"{told[error.field]} {error.message}" if error.field in told else error.message
    return told or {"form": refusal.detail}


def count_waiting(visit: Visit, me: Me) -> int:
    """What the bell of every page says; a short read of its own, whatever became of the request's transaction."""
    with visit.house.database.reading.connect() as connection:
        return count_unread(connection, me)


def _notice(visit: Visit) -> str | None:
    kept = visit.cookies.get(cookie_name(visit.house, NOTICE), "")
    return unsigned(visit.house, NOTICE, kept) if kept else None
