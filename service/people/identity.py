"""Who is there: browser sessions and API tokens. Keys are kept as hashes only; passwords stand in `passwords.py`."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, select, update
from sqlmodel import Session, col

from service.core.errors import Invalid, NotConfirmed, NotPermitted, invalid
from service.records.cases import Route
from service.records.enums import DeskName, Employer, Role, Scope
from service.records.people import ApiToken, BrowserSession, DeskMember, Person, PersonRole

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
IDLE_SENSITIVE = timedelta(minutes=15)
LONGEST_SENSITIVE = timedelta(hours=8)
SENSITIVE_DESKS = frozenset({DeskName.HR, DeskName.DIGITAL_UNIT})
SEEN_EVERY = timedelta(minutes=1)
REMEMBERED = timedelta(days=1)
"""How long a session is kept after its end, so that what is sent late still finds that it was ours."""
CONFIRMED_FOR = timedelta(minutes=5)
"""How long a password counts for what is asked to be confirmed."""
MOST_KEYS = 500
TOKEN_PREFIX = "amends_"  # noqa: S105 - it says what a token is for, and is in every one of them
MOST_TOKEN_DAYS = 90


@dataclass(frozen=True)
class Me:
    """Whoever is asking, as far as any rule needs to know them."""

    id: int
    email: str
    name: str
    zone: str
    employer: Employer
    desks: dict[DeskName, bool] = field(default_factory=dict)
    """The desks they sit at; True where they lead."""
    roles: frozenset[Role] = frozenset()
    manages: bool = False
    """Whether a case is with them now as a line manager."""
    scopes: frozenset[Scope] = frozenset(Scope)
    csrf: str = ""
    """What guards the writes of their browser session; empty for a token."""
    key_hash: str = ""
    confirmed_at: datetime | None = None
    """When they last gave their password in this browser; None for a token."""

    @property
    def in_browser(self) -> bool:
        """Whether they are in a browser that they signed in with: a token can be copied, or was given to a program."""
        return self.confirmed_at is not None


def hashed(key: str) -> str:
    """The only form in which a session key, a token or an address is kept."""
    return hashlib.sha256(key.encode()).hexdigest()


def begin_session(db: Session, person: Person, at: datetime, browser: str = "") -> str:
    """Start a browser session and return its key, which is never stored: 256 random bits, new at every sign-in."""
    key = secrets.token_urlsafe(32)
    desks = set(db.execute(select(DeskMember.desk).where(col(DeskMember.person_id) == person.id)).scalars())
    roles = db.execute(select(PersonRole.role).where(col(PersonRole.person_id) == person.id)).first()
    longest = LONGEST_SENSITIVE if roles or desks & SENSITIVE_DESKS else LONGEST
    db.execute(delete(BrowserSession).where(col(BrowserSession.ends_at) < at - REMEMBERED))
    db.execute(
        insert(BrowserSession).values(
            key_hash=hashed(key),
            person_id=person.id,
            csrf=secrets.token_urlsafe(32),
            created_at=at,
            seen_at=at,
            ends_at=at + longest,
            confirmed_at=at,
            browser=browser[:300],
        )
    )
    return key


def end_session(db: Session, key: str) -> None:
    """Sign out: the key is worthless from now on."""
    db.execute(delete(BrowserSession).where(col(BrowserSession.key_hash) == hashed(key)))


_WHO = (
    Person.id,
    Person.email,
    Person.name,
    Person.zone,
    Person.employer,
    DeskMember.desk,
    DeskMember.lead,
    PersonRole.role,
    exists()
    .where(
        col(Route.person_id) == col(Person.id), col(Route.desk) == DeskName.LINE_MANAGER, col(Route.ended_at).is_(None)
    )
    .correlate(Person)
    .label("manages"),
)
_SESSIONS = (
    select(
        *_WHO,
        BrowserSession.csrf,
        BrowserSession.seen_at,
        BrowserSession.ends_at,
        BrowserSession.key_hash,
        BrowserSession.confirmed_at,
    )
    .join(Person, col(Person.id) == col(BrowserSession.person_id))
    .outerjoin(DeskMember, col(DeskMember.person_id) == col(Person.id))
    .outerjoin(PersonRole, col(PersonRole.person_id) == col(Person.id))
    .where(col(Person.active))
)
_TOKENS = (
    select(*_WHO, ApiToken.scopes, ApiToken.ends_at, ApiToken.key_hash)
    .join(Person, col(Person.id) == col(ApiToken.person_id))
    .outerjoin(DeskMember, col(DeskMember.person_id) == col(Person.id))
    .outerjoin(PersonRole, col(PersonRole.person_id) == col(Person.id))
    .where(col(Person.active))
)
_BY_SESSION = _SESSIONS.where(col(BrowserSession.key_hash) == bindparam("key"))
_BY_TOKEN = _TOKENS.where(col(ApiToken.key_hash) == bindparam("key"))

_BY_ID = (
    select(*_WHO)
    .outerjoin(DeskMember, col(DeskMember.person_id) == col(Person.id))
    .outerjoin(PersonRole, col(PersonRole.person_id) == col(Person.id))
    .where(col(Person.active), col(Person.id).in_(bindparam("who", expanding=True)))
)


def by_session(db: Session, key: str, at: datetime, busy_since: datetime | None = None) -> tuple[Me | None, bool]:
    """Whoever holds this session key, and whether its last-seen moment wants to be written again.

    `busy_since` is when they began to send what is still coming: whoever sends is not idle.
    """
    rows = db.connection().execute(_BY_SESSION, {"key": hashed(key)}).all()
    if not rows or rows[0].ends_at <= at:
        return None, False
    me = _me(rows, csrf=rows[0].csrf, key_hash=rows[0].key_hash, confirmed_at=rows[0].confirmed_at)
    if _is_idle(me, rows[0].seen_at, busy_since or at):
        return None, False
    return me, at - rows[0].seen_at > SEEN_EVERY


def _is_idle(me: Me, seen_at: datetime, at: datetime) -> bool:
    return at - seen_at > (IDLE_SENSITIVE if me.roles or SENSITIVE_DESKS & set(me.desks) else IDLE)


def still_there(db: Session, keys: Sequence[str], at: datetime) -> dict[str, Me]:
    """Who holds each of these sessions and tokens (their hashes) now; one that has ended or is idle is left out."""
    found: dict[str, Me] = {}
    for start in range(0, len(keys), MOST_KEYS):
        some = keys[start : start + MOST_KEYS]
        for query, column in ((_SESSIONS, BrowserSession.key_hash), (_TOKENS, ApiToken.key_hash)):
            by_key: dict[str, list[Any]] = {}
            for row in db.connection().execute(query.where(col(column).in_(some))):
                by_key.setdefault(row.key_hash, []).append(row)
            for key, rows in by_key.items():
                me = _me(rows, key_hash=key)
                idle = query is _SESSIONS and _is_idle(me, rows[0].seen_at, at)
                if rows[0].ends_at > at and not idle:
                    found[key] = me
    return found


def require_confirmed(me: Me, at: datetime) -> None:
    """Raise NotConfirmed unless they gave their password in this browser less than five minutes ago.

    Raises NotPermitted for a token: whoever has one need not be the person it was made for.
    """
    if me.confirmed_at is None:
        raise NotPermitted("A token cannot do this. Sign in, and do it on the page of the case.")
    if at - me.confirmed_at > CONFIRMED_FOR:
        raise NotConfirmed("This shows somebody's name. Give your password once more, then send it.")


def was_issued(db: Session, key: str) -> bool:
    """Whether we made this session key, be it that its session is idle, or ended less than a day ago."""
    known = select(BrowserSession.key_hash).where(col(BrowserSession.key_hash) == hashed(key))
    return db.execute(known).first() is not None


def seen(db: Session, key: str, at: datetime) -> None:
    """Note that a session is in use; at most once a minute, so that reading stays reading."""
    db.execute(update(BrowserSession).where(col(BrowserSession.key_hash) == hashed(key)).values(seen_at=at))


def by_token(db: Session, key: str, at: datetime) -> Me | None:
    """The owner of a bearer token, with no more scope than the token has; None when unknown or expired."""
    rows = db.connection().execute(_BY_TOKEN, {"key": hashed(key)}).all()
    if not rows or rows[0].ends_at <= at:
        return None
    return _me(rows, scopes=frozenset(Scope(scope) for scope in rows[0].scopes))


def who_are(db: Session, people: Iterable[int]) -> dict[int, Me]:
    """These people by id, as a rule knows them, though nobody is asking; leavers are left out."""
    found: dict[int, list[Any]] = {}
    for row in db.connection().execute(_BY_ID, {"who": sorted(people)}):
        found.setdefault(row.id, []).append(row)
    return {person: _me(rows) for person, rows in found.items()}


def make_token(db: Session, person: Person, scopes: list[Scope], days: int, at: datetime) -> str:
    """Make an API token for a person and return it, once. Raises Invalid beyond 90 days or without scope."""
    if not 1 <= days <= MOST_TOKEN_DAYS:
        raise invalid("days", f"A token lives 1 to {MOST_TOKEN_DAYS} days")
    if not scopes:
        raise invalid("scope", "Name at least one scope: read or write")
    if not person.active:
        raise Invalid(f"{person.email} has left")
    key = TOKEN_PREFIX + secrets.token_urlsafe(32)
    db.execute(
        insert(ApiToken).values(
            key_hash=hashed(key),
            person_id=person.id,
            scopes=[scope.value for scope in scopes],
            created_at=at,
            ends_at=at + timedelta(days=days),
        )
    )
    return key


def _me(
    rows: Sequence[Any],
    *,
    csrf: str = "",
    key_hash: str = "",
    scopes: frozenset[Scope] = frozenset(Scope),
    confirmed_at: datetime | None = None,
) -> Me:
    first = rows[0]
    return Me(
        id=first.id,
        email=first.email,
        name=first.name,
        zone=first.zone,
        employer=first.employer,
        desks={row.desk: row.lead for row in rows if row.desk is not None},
        roles=frozenset(row.role for row in rows if row.role is not None),
        manages=bool(first.manages),
        scopes=scopes,
        csrf=csrf,
        key_hash=key_hash,
        confirmed_at=confirmed_at,
    )
