"""Turns every no, and every fault, into problem+json or a page. The only place that does."""

import errno
import json
import logging
import traceback
from typing import Any
from urllib.parse import quote

import msgspec
from litestar.connection import Request
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Response
from pydantic import ValidationError
from sqlalchemy import exc as sql

from service.core.errors import (
    FieldError,
    Invalid,
    Malformed,
    NotConfirmed,
    NotFound,
    NotPermitted,
    NotSignedIn,
    Refusal,
    TooLarge,
    TooMany,
    Unavailable,
)
from service.web.complaints import complaints
from service.web.forms import NotThisType
from service.web.keeping import continue_page, kept_words, local_path, sign_in_page, worth_keeping
from service.web.pages import count_waiting, go_to, page
from service.web.sessions import READS, StalePage, look
from service.web.threads import in_thread
from service.web.visit import Visit, current

LOG = logging.getLogger("amends.web")
PROBLEM = "application/problem+json"
RETRY_SECONDS = "10"
SQLITE_ERROR = 1
"""A statement that SQLite cannot make sense of, which its driver calls operational: our fault, not the disk's."""
DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})


class NotAllowed(Refusal):
    """The address is there, but not for this method; `allow` lists what it takes."""

    status = 405
    slug = "method"
    title = "That cannot be done at this address"

    def __init__(self, allow: str) -> None:
        super().__init__()
        self.allow = allow


class Clash(Refusal):
    """Two people did the same at the same moment, and the other one was first."""

    slug = "clash"
    title = "Somebody did this at the same moment. Look again, then decide"


class Failed(Refusal):
    """A fault of ours. Its cause is in the log, never in the answer."""

    status = 500
    slug = "failed"
    title = "Something went wrong on our side. Nothing was saved"


BY_STATUS: dict[int, type[Refusal]] = {
    400: Malformed,
    401: NotSignedIn,
    403: NotPermitted,
    404: NotFound,
    413: TooLarge,
    415: NotThisType,
    429: TooMany,
    503: Unavailable,
}


def answer(_: Request, wrong: Exception) -> Response:
    """What the sender hears. Never says more about an unseen thing than about an absent one."""
    visit = current()
    visit.undo = True
    refusal = as_refusal(wrong)
    if refusal.status >= 500:
        _log(visit, refusal, wrong)
    try:
        return problem(refusal) if visit.is_api else _shown(visit, refusal)
    except Exception as worse:  # noqa: BLE001 - the error page is broken: say it barely rather than not at all
        _log(visit, refusal, worse)
        bare = f"<!DOCTYPE html><title>{refusal.title}</title><h1>{refusal.title}</h1>"
        return Response(bare, media_type="text/html", status_code=refusal.status, headers=_headers(refusal))


async def know_who(wrong: Exception, scope: Any) -> None:
    """Before an error page: find out who is there, and what waits for them, so that its masthead is as on any page.

    The page for no address then looks like that for no sight. A database that is away is not asked once more.
    """
    visit = current()
    visit.unread = 0
    if not visit.is_api:
        try:
            await look(Request(scope), visit)
            if visit.me and not isinstance(as_refusal(wrong), Unavailable):
                visit.unread = await in_thread(count_waiting, visit, visit.me)
        except Exception as worse:  # noqa: BLE001 - the error page must come even when nobody can be looked up
            LOG.warning(json.dumps({"event": "nobody could be looked up", "why": type(worse).__name__}))


def as_refusal(wrong: Exception) -> Refusal:
    """Any exception as a refusal."""
    if isinstance(wrong, Refusal):
        return wrong
    if isinstance(wrong, HTTPException):
        return _of_framework(wrong)
    if isinstance(wrong, ValidationError):
        return Invalid(errors=complaints(wrong))
    if isinstance(wrong, sql.SQLAlchemyError):
        return _of_database(wrong)
    if isinstance(wrong, OverflowError | UnicodeEncodeError):
        return Invalid("One of the values cannot be stored: a number is too large, or a text holds half a character.")
    if isinstance(wrong, OSError) and wrong.errno in DISK:
        return Unavailable()
    return Failed()


def _of_framework(wrong: HTTPException) -> Refusal:
    if wrong.status_code == 405:
        allow = {each.strip() for each in (wrong.headers or {}).get("allow", "").split(",") if each.strip()}
        return NotAllowed(", ".join(sorted(allow | ({"HEAD"} if "GET" in allow else set()))))
    if isinstance(wrong, ValidationException) and isinstance(wrong.extra, list):
        if any(str(each.get("source")) == "path" for each in wrong.extra):
            return NotFound()
        return Invalid(errors=[FieldError(each.get("key", ""), each.get("message", "")) for each in wrong.extra])
    return BY_STATUS.get(wrong.status_code, Failed if wrong.status_code >= 500 else Malformed)()


def _of_database(wrong: sql.SQLAlchemyError) -> Refusal:
    if isinstance(wrong, sql.DBAPIError) and getattr(wrong.orig, "sqlite_errorcode", None) == SQLITE_ERROR:
        return Failed()
    if isinstance(wrong, sql.OperationalError | sql.InterfaceError | sql.TimeoutError):
        return Unavailable()
    if isinstance(wrong, sql.DBAPIError) and wrong.connection_invalidated:
        return Unavailable()
    if isinstance(wrong, sql.IntegrityError):
        return Clash()
    if isinstance(wrong, sql.DataError) or type(wrong) is sql.StatementError:
        return Invalid("One of the values cannot be stored.")
    return Failed()


def problem(refusal: Refusal) -> Response:
    """A refusal as `application/problem+json` (RFC 9457)."""
    told: dict[str, Any] = {
        "type": f"/problems/{refusal.slug}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": _detail(refusal),
    }
    if refusal.errors:
        told["errors"] = [{"field": error.field, "message": error.message} for error in refusal.errors]
    return Response(
        msgspec.json.encode(told), status_code=refusal.status, media_type=PROBLEM, headers=_headers(refusal)
    )


def _shown(visit: Visit, refusal: Refusal) -> Response:
    if isinstance(refusal, NotSignedIn):
        if visit.method in READS:
            after = local_path(visit.path + (f"?{visit.query}" if visit.query else ""))
            return go_to(f"/sign-in?next={quote(after, safe='')}" if after != "/" else "/sign-in")
        return sign_in_page(status=401, after=_page_of(visit.path), kept=kept_words(visit))
    if isinstance(refusal, NotConfirmed):
        return sign_in_page(status=403, after=_page_of(visit.path), kept=kept_words(visit))
    if isinstance(refusal, StalePage) and visit.me and (kept := worth_keeping(visit)):
        return continue_page(visit.me, visit.path, list(kept.items()), refusal.status)
    detail = " ".join(dict.fromkeys(error.message for error in refusal.errors)) or _detail(refusal)
    return page("error.html", visit.me, refusal.status, _headers(refusal), title=refusal.title, detail=detail)


def _page_of(path: str) -> str:
    """The page a form stood on: `/cases/SM-…/steps/delete/take` belongs to `/cases/SM-…`."""
    return "/" + "/".join(path.strip("/").split("/")[:2])


def _detail(refusal: Refusal) -> str:
    return refusal.title if isinstance(refusal, NotFound) else refusal.detail


def _headers(refusal: Refusal) -> dict[str, str]:
    if isinstance(refusal, NotSignedIn) and current().is_api:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(refusal, NotAllowed):
        return {"Allow": refusal.allow}
    if isinstance(refusal, TooMany):
        return {"Retry-After": str(refusal.retry_after)}
    return {"Retry-After": RETRY_SECONDS} if refusal.status == 503 else {}


def _log(visit: Visit, refusal: Refusal, wrong: Exception) -> None:
    """One line without anybody's words: an exception's own text may hold the values of a statement."""
    frames = traceback.extract_tb(wrong.__traceback__)
    line = {
        "event": refusal.slug,
        "status": refusal.status,
        "request_id": visit.request_id,
        "method": visit.method,
        "why": type(wrong).__name__,
        "cause": type(wrong.__cause__).__name__ if wrong.__cause__ else None,
        "where": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }
    LOG.error(json.dumps(line))
