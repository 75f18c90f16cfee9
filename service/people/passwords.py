"""Passwords, kept as argon2id, and how long somebody waits who got them wrong too often."""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select
from sqlmodel import Session, col

from service.core.errors import TooMany, invalid
from service.people.identity import hashed
from service.records.people import Person, SignInTry

FREE_TRIES = 5
LONGEST_BACK_OFF = timedelta(minutes=15)
FORGET_TRIES_AFTER = timedelta(hours=1)
LEAST_PASSWORD = 12
COMMON_PASSWORDS = frozenset(
    "password password1 123456789012 1234567890123 qwertyuiop12 qwertyuiopas letmeinletmein adminadminadmin "
    "passwordpassword password1234 password12345 iloveyouiloveyou welcomewelcome changemechangeme "
    "correcthorsebatterystaple aaaaaaaaaaaa 111111111111 000000000000 abcdefghijkl abcd1234abcd1234".split()
)

_hasher = PasswordHasher()


def set_password(db: Session, person: Person, password: str) -> None:
    """Keep a new password as argon2id. Raises Invalid when it is short or common."""
    if len(password) < LEAST_PASSWORD:
        raise invalid("password", f"Use at least {LEAST_PASSWORD} characters")
    if password.lower() in COMMON_PASSWORDS or len(set(password)) < 4:
        raise invalid("password", "Use a password that is harder to guess")
    person.password_hash = _hasher.hash(password)
    db.add(person)


@lru_cache(maxsize=1)
def _hash_of_nothing() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def check_password(db: Session, email: str, password: str) -> Person | None:
    """The active person with this address and password, or None; an unknown address takes as long to refuse."""
    person = db.execute(select(Person).where(col(Person.email) == email.strip().lower())).scalar_one_or_none()
    known = person.password_hash if person and person.password_hash else _hash_of_nothing()
    right = False
    with suppress(VerifyMismatchError, InvalidHashError):
        right = _hasher.verify(known, password)
    return person if right and person is not None and person.password_hash and person.active else None


def refuse_while_backing_off(db: Session, keys: tuple[str, ...], at: datetime) -> None:
    """Raise TooMany while any of these (account, address) has gone wrong too often too lately.

    After five failures the wait doubles from one second, to at most 15 minutes (our default).
    """
    rows = db.execute(select(SignInTry).where(col(SignInTry.key_hash).in_([hashed(key) for key in keys]))).scalars()
    for tried in rows:
        if tried.wrong >= FREE_TRIES:
            wait = min(timedelta(seconds=2 ** min(tried.wrong - FREE_TRIES, 20)), LONGEST_BACK_OFF)
            left = (tried.last_at + wait - at).total_seconds()
            if left > 0:
                raise TooMany("That did not work several times. Wait a little, then try again.", int(left) + 1)


def count_try(db: Session, keys: tuple[str, str], at: datetime) -> datetime | None:
    """Remember a try as a failed one, for its account and its address; returns when the address failed before this."""
    before = None
    for key_hash in [hashed(key) for key in keys]:
        tried = db.get(SignInTry, key_hash)
        before = tried.last_at if tried else None
        if tried is None:
            db.add(SignInTry(key_hash=key_hash, wrong=1, last_at=at))
        else:
            tried.wrong = 1 if at - tried.last_at > FORGET_TRIES_AFTER else tried.wrong + 1
            tried.last_at = at
            db.add(tried)
    return before


def forget_tries(db: Session, keys: tuple[str, str], at: datetime, before: datetime | None) -> None:
    """After a right one, counted at `at`: forget the account's failures, and those only at its address.

    People behind one address who mistype their own passwords never add up, while whoever tries other people's
    passwords gains nothing by signing in with their own in between.
    """
    account, address = (db.get(SignInTry, hashed(key)) for key in keys)
    own = account.wrong if account else 1
    if account:
        db.delete(account)
    if address and address.wrong <= own:
        db.delete(address)
    elif address:
        address.wrong -= own
        if before and address.last_at == at:
            address.last_at = before
        db.add(address)
