"""Who is there: cookies, bearer tokens, cross-site guards. Everything is closed unless a route says `public`."""

import hashlib
import hmac
import json
import logging
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any

from litestar.connection import ASGIConnection, Request
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from sqlalchemy.exc import SQLAlchemyError

from service.core.errors import NotPermitted, NotSignedIn
from service.people import identity
from service.people.identity import Me
from service.records.enums import Scope
from service.web.receiving import receive
from service.web.threads import in_thread
from service.web.visit import House, Visit, current

LOG = logging.getLogger("amends.web")
PUBLIC = {"public": True}
"""Open to anyone; nobody looks who is there."""
GREETS = {"public": True, "greets": True}
"""Open to anyone; whoever is signed in is known."""
ASKED_LATER: dict[str, Any] = {"asked_later": True}
"""The deed itself asks whether the token may write, once the case is found: an unseen case is absent first."""
COOKIE_TOO: dict[str, Any] = {"cookie_too": True}
"""A part of the API that our own pages read as well, with the session that they have; it never writes."""
BY_ITSELF = "x-amends-by-itself"
"""The header by which a page says that nobody pressed anything: it does not keep a session from running out."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION, STRANGER, NOTICE = "", "before", "notice"
AT_ONCE = timedelta(seconds=1)
"""What is here within this is taken to come from whoever was there when it began."""
NOT_A_KEY = "This token is unknown, has run out or was taken back"
STALE_PAGE = "This page was open too long, or came from somewhere else. Load it again, then send it."


async def guard(connection: ASGIConnection, handler: BaseRouteHandler) -> None:
    """Default deny. Raises NotSignedIn, or NotPermitted for a token's scope or a write from another site."""
    visit = current()
    visit.by_itself = bool(handler.opt.get("cookie_too") or connection.headers.get(BY_ITSELF))
    if visit.is_api:
        if handler.opt.get("cookie_too") and "authorization" not in connection.headers:
            await look(connection, visit)
            if visit.me is None:
                raise NotSignedIn
        elif not handler.opt.get("public"):
            await _guard_api(connection, handler, visit)
        if visit.method not in READS and isinstance(connection, Request):
            await _take_in(connection, visit)
            if visit.me is None and not handler.opt.get("public"):
                raise NotSignedIn(NOT_A_KEY)
        return
    writes = visit.method not in READS
    if writes:
        refuse_cross_site(connection.headers, visit.house)
    if writes or not handler.opt.get("public") or handler.opt.get("greets"):
        await look(connection, visit)
    if writes and isinstance(connection, Request):
        await _take_in(connection, visit)
    if visit.me is None and not handler.opt.get("public"):
        raise NotSignedIn
    if writes:
        _refuse_forged(connection, visit)


async def _take_in(connection: Request, visit: Visit) -> None:
    """All of it is here before anything waits for the database: a slow sender keeps nobody else waiting.

    What comes slowly is done when the last of it is here. By then its sender may have signed out, lost the token or the
    seat, or given the password too long ago: who is there is asked again. Sending is no idling.
    """
    began = visit.at
    await receive(connection, visit)
    if visit.me is None or visit.at - began <= AT_ONCE:
        return
    if visit.is_api:
        visit.me = await in_thread(_by_token, visit.house, _bearer(connection), visit)
    else:
        key = visit.cookies.get(cookie_name(visit.house, SESSION), "")
        visit.me = await in_thread(_by_session, visit.house, key, visit, began)


async def _guard_api(connection: ASGIConnection, handler: BaseRouteHandler, visit: Visit) -> None:
    key = _bearer(connection)
    if not key:
        raise NotSignedIn("Send a token: Authorization: Bearer TOKEN")
    visit.me = await in_thread(_by_token, visit.house, key, visit)
    visit.looked = True
    if visit.me is None:
        raise NotSignedIn(NOT_A_KEY)
    wanted = Scope.READ if visit.method in READS else Scope.WRITE
    if wanted not in visit.me.scopes and not handler.opt.get("asked_later"):
        raise NotPermitted("This token may not do that")


def _bearer(connection: ASGIConnection) -> str:
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def look(connection: ASGIConnection, visit: Visit) -> None:
    """Find out who holds the session cookie, once a request."""
    if visit.looked:
        return
    visit.looked = True
    visit.cookies = dict(connection.cookies)
    key = visit.cookies.get(cookie_name(visit.house, SESSION), "")
    if key:
        visit.me = await in_thread(_by_session, visit.house, key, visit)


def _by_token(house: House, key: str, visit: Visit) -> Me | None:
    with house.database.read() as db:
        return identity.by_token(db, key, visit.at)


def _by_session(house: House, key: str, visit: Visit, busy_since: datetime | None = None) -> Me | None:
    with house.database.read() as db:
        me, wants_writing = identity.by_session(db, key, visit.at, busy_since)
        visit.had_session = visit.had_session or me is not None or identity.was_issued(db, key)
    if me is not None and wants_writing and not visit.by_itself:
        try:
            with house.database.write() as db:
                identity.seen(db, key, visit.at)
        except SQLAlchemyError as wrong:
            # A full disk or a busy database must not keep people from reading.
            LOG.warning(json.dumps({"event": "session not noted as seen", "why": type(wrong).__name__}))
    return me


def refuse_cross_site(headers: Any, house: House) -> None:
    """Raise NotPermitted when the browser itself says that another site sent this.

    `Origin: null` says nothing: browsers send it for our own forms, because of our referrer policy.
    """
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "null")
    ours = {headers.get("host", ""), house.settings.base_url.partition("://")[2].partition("/")[0]}
    if site not in ("", "same-origin", "none") or (origin != "null" and origin.partition("://")[2] not in ours):
        raise NotPermitted("That came from another site, so nothing was done.")


class StalePage(NotPermitted):
    """A form of ours whose guard has gone out of date: its words are worth keeping."""


def _refuse_forged(connection: ASGIConnection, visit: Visit) -> None:
    sent = visit.sent
    if sent is None:
        raise NotPermitted(STALE_PAGE)
    told = connection.headers.get("x-csrf-token", "") or sent.one("csrf")
    wanted = visit.me.csrf if visit.me else stranger_csrf(visit, visit.cookies.get(_stranger_name(visit), ""))
    if told and wanted and hmac.compare_digest(told.encode(), wanted.encode()):
        return
    if sent.fault is not None:
        raise sent.fault
    raise (StalePage if connection.headers.get("sec-fetch-site") == "same-origin" else NotPermitted)(STALE_PAGE)


def stranger_csrf(visit: Visit, key: str) -> str:
    """What guards the writes of a browser that is not signed in: its cookie, signed."""
    return _mac(visit.house, "stranger", key) if key else ""


def stranger(visit: Visit) -> tuple[str, list[Cookie]]:
    """The guard for a form shown to somebody who is not signed in, and the cookie that it goes with."""
    key = visit.cookies.get(_stranger_name(visit), "")
    if key:
        return stranger_csrf(visit, key), []
    key = secrets.token_urlsafe(24)
    return stranger_csrf(visit, key), [cookie(visit.house, STRANGER, key)]


def _stranger_name(visit: Visit) -> str:
    return cookie_name(visit.house, STRANGER)


def cookie_name(house: House, what: str) -> str:
    """`amends`, or `__Host-amends` where TLS lets a browser insist on it; `what` is session, before or notice."""
    return ("__Host-" if house.settings.secure else "") + "amends" + (f"-{what}" if what else "")


def cookie(house: House, what: str, value: str, max_age: int | None = None) -> Cookie:
    """A cookie that scripts cannot read and other sites cannot make a browser post; 0 seconds takes it back."""
    return Cookie(
        key=cookie_name(house, what),
        value=value,
        path="/",
        httponly=True,
        samesite="lax",
        secure=house.settings.secure or None,
        max_age=max_age,
    )


def signed(house: House, purpose: str, data: Any) -> str:
    """Data as text that nobody else can make: it is not secret, only ours."""
    body = urlsafe_b64encode(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()).decode()
    return f"{body}.{_mac(house, purpose, body)}"


def unsigned(house: House, purpose: str, text: str) -> Any | None:
    """What `signed` was given, or None when the text is not from us or for another purpose."""
    body, _, mac = text.rpartition(".")
    if not body or not hmac.compare_digest(mac.encode(), _mac(house, purpose, body).encode()):
        return None
    return json.loads(urlsafe_b64decode(body))


def passed(house: House, me: Me, what: str) -> str:
    """A word for an address: that somebody went past a page in this session. It is worth nothing to anybody else."""
    return _mac(house, what, me.csrf)[:16]


def _mac(house: House, purpose: str, text: str) -> str:
    return hmac.new(house.settings.secret_key.encode(), f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()


def address_of(request: Request, house: House) -> str:
    """The network address that sign-in tries are counted for.

    `X-Forwarded-For` is believed only from a proxy that the settings name, and only the last address that no such
    proxy has: whatever stands before it anybody can write.
    """
    peer = request.client.host if request.client else ""
    trusted = {each.strip() for each in house.settings.trusted_proxies.split(",") if each.strip()}
    if peer not in trusted:
        return peer
    forwarded = [each.strip() for each in request.headers.get("x-forwarded-for", "").split(",") if each.strip()]
    return next((each for each in reversed(forwarded) if each not in trusted), peer)
