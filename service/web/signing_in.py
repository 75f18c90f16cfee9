"""Signing in and out."""

from datetime import datetime
from typing import Annotated

from litestar import get, post
from litestar.connection import Request
from litestar.params import QueryParameter
from litestar.response import Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from service.core.database import Database
from service.core.errors import NotSignedIn, TooMany
from service.people import identity, passwords
from service.people.identity import Me as Person
from service.records.people import Person as Record
from service.records.people import SignInTry
from service.web.given import Data, Db, House, Now, Sent, Somebody
from service.web.keeping import continue_page, local_path, read_kept, sign_in_page
from service.web.pages import go_to
from service.web.sessions import GREETS, SESSION, address_of, cookie, cookie_name
from service.web.visit import current

WRONG = "That address and password do not match. Check both, then try again"
WRONG_AGAIN = "This is not your password. Look whether capitals are on, then try again"


@get("/sign-in", opt=GREETS, sync_to_thread=True)
def sign_in_form(me: Somebody, after: Annotated[str, QueryParameter(name="next")] = "/") -> Response:
    """The form; somebody who is signed in already goes on."""
    return go_to(local_path(after)) if me else sign_in_page(after=local_path(after))


@post("/sign-in", opt=GREETS, status_code=200, sync_to_thread=True)
def sign_in(request: Request, house: House, database: Data, now: Now, sent: Sent) -> Response:
    """Sign in with an address and a password; the key of the session is new each time."""
    if sent.fault is not None:
        raise sent.fault
    email, after, kept = sent.one("email").strip(), local_path(sent.one("next") or "/"), sent.one("kept")
    try:
        person = who_signs_in(database, email, sent.one("password"), address_of(request, house), now)
    except TooMany as wait:
        again = {"Retry-After": str(wait.retry_after)}
        return sign_in_page(
            status=429,
            after=after,
            errors={"password" if current().me else "email": wait.detail},
            typed={"email": email},
            kept=kept,
            headers=again,
        )
    if person is None:
        errors = {"password": WRONG_AGAIN} if current().me else {"email": WRONG}
        return sign_in_page(status=401, after=after, errors=errors, typed={"email": email}, kept=kept)
    before = current().cookies.get(cookie_name(house, SESSION), "")
    key, me = _begin(database, person, now, request.headers.get("user-agent", ""), before)
    cookies = [cookie(house, SESSION, key)]
    words = read_kept(house, kept)
    return continue_page(me, *words, cookies=cookies) if words else go_to(after, cookies=cookies)


def who_signs_in(database: Database, email: str, password: str, address: str, now: datetime) -> Record | None:
    """The person with this address and password. Raises TooMany while backing off.

    A try counts as wrong before the password is looked at, so that many at once are as slow as one after another;
    the looking itself takes a while and holds no lock.
    """
    keys = (f"account {email.lower()}", f"address {address}")
    with database.read() as db:
        passwords.refuse_while_backing_off(db, keys, now)
    before = None
    for last in (False, True):
        try:
            with database.write() as db:
                _wait_for(db, keys)
                passwords.refuse_while_backing_off(db, keys, now)
                before = passwords.count_try(db, keys, now)
            break
        except IntegrityError:
            # The same first try from two places at once: the other one has made the row.
            if last:
                raise
    with database.read() as db:
        person = passwords.check_password(db, email, password)
    if person is not None:
        with database.write() as db:
            _wait_for(db, keys)
            passwords.forget_tries(db, keys, now, before)
    return person


def _wait_for(db: Session, keys: tuple[str, ...]) -> None:
    """Let nobody else count for these keys before this is committed; in one order, so that no two wait crosswise."""
    hashes = [identity.hashed(key) for key in keys]
    mine = select(SignInTry).where(col(SignInTry.key_hash).in_(hashes)).order_by(col(SignInTry.key_hash))
    db.execute(mine.with_for_update()).all()


def _begin(database: Database, person: Record, now: datetime, browser: str, before: str) -> tuple[str, Person]:
    with database.write() as db:
        if before:
            identity.end_session(db, before)
        key = identity.begin_session(db, person, now, browser)
        me, _ = identity.by_session(db, key, now)
    if me is None:
        raise NotSignedIn
    return key, me


@post("/sign-out", status_code=200, sync_to_thread=True)
def sign_out(db: Db, house: House) -> Response:
    """The session is worthless from now on, here and wherever its key was copied to."""
    identity.end_session(db, current().cookies.get(cookie_name(house, SESSION), ""))
    return go_to("/sign-in", cookies=[cookie(house, SESSION, "", max_age=0)])


routes = [sign_in_form, sign_in, sign_out]
