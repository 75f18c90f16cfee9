"""What waits for somebody: the bell's number, the list behind it, and marking it as read.

A case that a person no longer sees counts nowhere and is listed nowhere, whatever they were once told. Once a case is
closed, what was told of it before waits for nobody.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlmodel import Session, col

from service.cases import policy
from service.cases.relations import ME, Desks, Roles
from service.cases.sentences import title
from service.core.database import written_out
from service.core.errors import NotFound
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Role
from service.records.notice_words import (
    ASKS,
    ASKS_OF,
    ESCALATED,
    NOTIFIED,
    NOTIFIED_ELSE,
    NOTIFIED_OF,
    OUTLASTS,
    REMINDED,
)
from service.records.notifications import Notification
from service.records.referrals import Hearing, Referral
from service.records.room_entry_words import ASKS_OF_REFERRAL, NOTIFIED_IN_ROOM, NOTIFIED_OF_REFERRAL
from service.records.room_words import OWED
from service.records.words import DUES, PARTS
from service.referrals.policy import finds as finds_referral
from service.timeline.watching import MANY_READ

MOST_COUNTED = 100
"""No further: the bell says 99+."""
KEY_LENGTH = 32
CALLED = ("room_invited", "room_postponed")

About = tuple[int | None, int | None]
"""The number of the case that somebody is told of, or of the referral; neither where it is about none."""


@lru_cache(maxsize=256)
def _mine(desks: Desks, roles: Roles) -> tuple[ColumnElement[bool], ...]:
    room = exists().where(col(Referral.id) == col(Notification.referral_id), finds_referral(desks))
    here = [policy.finds(policy.reader(desks, roles)), room.correlate(Notification)]
    about_no_case: ColumnElement[bool] = and_(
        col(Notification.case_id).is_(None), col(Notification.referral_id).is_(None)
    )
    if Role.AUDITOR not in roles:
        about_no_case = and_(about_no_case, col(Notification.kind) != MANY_READ)
    return col(Notification.person_id) == ME, or_(about_no_case, *here)


WAITS = and_(
    col(Notification.read_at).is_(None),
    or_(
        col(Case.closed_at).is_(None),
        col(Notification.at) >= col(Case.closed_at),
        col(Notification.kind).in_(OUTLASTS),
    ),
)


@lru_cache(maxsize=256)
def _count(desks: Desks, roles: Roles) -> Select[Any]:
    unread = (
        select(literal_column("1"))
        .select_from(Notification)
        .outerjoin(Case, col(Case.id) == col(Notification.case_id))
        .where(*_mine(desks, roles), WAITS)
        .limit(MOST_COUNTED)
        .subquery()
    )
    return written_out(select(func.count()).select_from(unread))


@lru_cache(maxsize=256)
def _list(desks: Desks, roles: Roles) -> Select[Any]:
    me = policy.reader(desks, roles)
    return (
        select(
            Notification.id,
            Notification.key,
            Notification.kind,
            Notification.what,
            Notification.urgent,
            Notification.at,
            Notification.read_at,
            Notification.case_id,
            Notification.referral_id,
            select(col(Referral.reference))
            .where(col(Referral.id) == col(Notification.referral_id))
            .correlate(Notification)
            .scalar_subquery()
            .label("referral"),
            _is_about_me().label("about_me"),
            _hearing_at().label("hearing_at"),
            WAITS.label("waits"),
            Case.reference,
            col(Case.kind).label("kind_of_case"),
            Case.codes,
            Case.account_type,
            Case.platform,
            and_(policy.finds(me), or_(policy.reads_content(me), policy.part(me).is_not(None))).label("content"),
            policy.part(me).label("part"),
        )
        .select_from(Notification)
        .outerjoin(Case, col(Case.id) == col(Notification.case_id))
        .where(*_mine(desks, roles))
        .order_by(col(Notification.id).desc())
        .limit(bindparam("most", required=True, type_=Integer()))
    )


def _is_about_me() -> ColumnElement[bool]:
    """Whether it is about a referral of the reader themselves."""
    mine = (col(Referral.id) == col(Notification.referral_id), col(Referral.subject_id) == ME)
    return exists().where(*mine).correlate(Notification)


def _hearing_at() -> ColumnElement[Any]:
    """When the hearing is of whose call or new time somebody was told; nothing of one that does not take place."""
    called = select(col(Hearing.hearing_at)).where(
        col(Hearing.referral_id) == col(Notification.referral_id),
        col(Hearing.invited_at) <= col(Notification.at),
        col(Hearing.lapsed_at).is_(None),
        col(Notification.kind).in_(CALLED),
    )
    return called.order_by(col(Hearing.id).desc()).limit(1).correlate(Notification).scalar_subquery()


def count_unread(db: Session | Connection, me: Me) -> int:
    """How many notifications this person has not read, counted no further than 100.

    It is asked for every page, so a bare connection serves.
    """
    return db.execute(_count(frozenset(me.desks), me.roles), {"me": me.id}).scalar_one()


@lru_cache(maxsize=256)
def _cases(desks: Desks, roles: Roles) -> Select[Any]:
    return (
        select(Notification.key, Notification.case_id, Notification.referral_id)
        .outerjoin(Case, col(Case.id) == col(Notification.case_id))
        .where(col(Notification.key).in_(bindparam("keys", expanding=True)), WAITS)
        .where(*_mine(desks, roles))
    )


def cases_waiting(db: Session, me: Me, keys: Sequence[str]) -> dict[str, About]:
    """The case, or the referral, of each of these notifications that this person has not read and may still hear of."""
    asked = _cases(frozenset(me.desks), me.roles)
    rows = db.connection().execute(asked, {"me": me.id, "keys": list(keys)})
    return {row.key: (row.case_id, row.referral_id) for row in rows}


def list_waiting(
    db: Session, me: Me, *, unread: bool = False, before: int | None = None, limit: int = 50
) -> Sequence[Any]:
    """A page of this person's notifications as rows, newest first; `before` is the number of the last one seen."""
    query = _list(frozenset(me.desks), me.roles)
    if unread:
        query = query.where(WAITS)
    if before is not None:
        query = query.where(col(Notification.id) < before)
    return db.connection().execute(query, {"me": me.id, "most": limit}).all()


def shown(row: Any) -> dict[str, Any]:
    """A notification as it is read. Whoever is told of a referral is not told which case it came from."""
    told = {"id": row.key, "kind": row.kind, "words": _words(row)}
    told |= {"urgent": bool(row.urgent), "at": row.at, "read_at": row.read_at}
    if asks := _asks(row):
        told["asks"] = asks
    if row.hearing_at is not None:
        told["hearing_at"] = row.hearing_at
    if row.referral is not None:
        told["referral"] = {"reference": row.referral}
    if row.case_id is not None and row.content:
        name = PARTS[row.part] if row.part else title(row.kind_of_case, row.codes, row.account_type, row.platform)
        told["case"] = {"reference": row.reference, "title": name}
    return told


def _words(row: Any) -> str:
    if row.referral is not None:
        said = NOTIFIED_OF_REFERRAL.get(row.kind, "Something has changed in a referral.")
        said = said if row.about_me else NOTIFIED_IN_ROOM.get(row.kind, said)
        return said.format(due=OWED[row.what] if row.what else "")
    said = NOTIFIED_OF.get(row.kind_of_case, NOTIFIED).get(row.kind) or NOTIFIED.get(row.kind, NOTIFIED_ELSE)
    return said.format(due=DUES.get(row.what, "something"))


def _asks(row: Any) -> str | None:
    if row.referral is not None:
        return None if row.about_me else ASKS_OF_REFERRAL.get(row.kind)
    by_clock = {"reminded": REMINDED, "escalated": ESCALATED}.get(row.kind, {})
    asks = ASKS_OF.get(row.kind_of_case, ASKS).get(row.kind) or ASKS.get(row.kind)
    return by_clock.get((row.what or "").partition(".")[0]) or asks


def grouped(rows: Sequence[Any]) -> list[list[Any]]:
    """These rows by case: the case with the newest of them first, and in each the newest first."""
    found: dict[tuple[str, int], list[Any]] = {}
    for row in rows:
        # Without a case each stands by itself.
        about = ("referral", row.referral_id) if row.referral_id is not None else ("case", row.case_id)
        about = about if about[1] is not None else ("alone", row.id)
        found.setdefault(about, []).append(row)
    return list(found.values())


def mark_read(db: Session, me: Me, key: str, at: datetime) -> Any:
    """Note that this person has seen it; again changes nothing. Raises NotFound unless it is theirs."""
    _require_key(key)
    mine = _list(frozenset(me.desks), me.roles).where(col(Notification.key) == key)
    row = db.connection().execute(mine, {"me": me.id, "most": 1}).one_or_none()
    if row is None:
        raise NotFound
    _mark(db, at, col(Notification.id) == row.id)
    return db.connection().execute(mine, {"me": me.id, "most": 1}).one()


def mark_case_read(db: Session, me: Me, key: str, at: datetime) -> None:
    """Note that this person has seen what they were told of one case, up to the notification of this key.

    What came after their page was made waits on. Raises NotFound unless it is theirs.
    """
    _require_key(key)
    mine = _list(frozenset(me.desks), me.roles).where(col(Notification.key) == key)
    row = db.connection().execute(mine, {"me": me.id, "most": 1}).one_or_none()
    if row is None:
        raise NotFound
    same = col(Notification.id) == row.id
    if row.case_id is not None:
        same = col(Notification.case_id) == row.case_id
    elif row.referral_id is not None:
        same = col(Notification.referral_id) == row.referral_id
    _mark(db, at, col(Notification.person_id) == me.id, same, col(Notification.id) <= row.id)


def mark_all_read(db: Session, me: Me, newest: str, at: datetime) -> None:
    """Note that this person has seen everything up to the newest that they were shown, by its key.

    What came after their page was made waits on. Raises NotFound unless it is theirs.
    """
    _require_key(newest)
    theirs = select(col(Notification.id)).where(col(Notification.key) == newest, col(Notification.person_id) == me.id)
    last = db.execute(theirs).scalar()
    if last is None:
        raise NotFound
    _mark(db, at, col(Notification.person_id) == me.id, col(Notification.id) <= last)


def _require_key(key: str) -> None:
    if len(key) != KEY_LENGTH or not key.isalnum():
        raise NotFound


def _mark(db: Session, at: datetime, *which: ColumnElement[bool]) -> None:
    seen = update(Notification).where(*which, col(Notification.read_at).is_(None)).values(read_at=at)
    db.execute(seen, execution_options={"synchronize_session": False})
