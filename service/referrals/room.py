"""Lists of referrals: the rows somebody may open, narrowed and in order, and what waits to be taken up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases.clocks import NOTHING_DUE
from service.cases.narrowing import type_of
from service.cases.policy import reader, sees
from service.cases.relations import Desks, Roles
from service.core.errors import NotFound, NotPermitted
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import DeskName, Part, ReferralStage
from service.records.people import DeskMember, Person
from service.records.referrals import Appointment, Referral
from service.records.said import ReferralDecision
from service.referrals.ahead import WAIT_FOR_APPEAL, next_of
from service.referrals.policy import apart, finds, is_told, relations
from service.referrals.standing import ASKED, standings_of
from service.timeline.entries import number_told

MOST = 101
"""A page of a hundred, and one more to know whether there is another."""
MOST_RETURNED = 20
ENDED = (ReferralStage.CLOSED, ReferralStage.RETURNED)
NOBODY = "none"
TOGETHER = 500
"""Of so many at once it is looked at how they stand."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Seated = aliased(Person)


class Order(StrEnum):
    """How a list of referrals is ordered: as they came, or what is due first, and what has ended last."""

    NEWEST = "newest"
    NEAREST = "nearest"


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to. `appointed` is the e-mail address of somebody who is, or `none`: nobody is yet."""

    stage: ReferralStage | None = None
    ended: bool | None = None
    appointed: str | None = None
    overdue: bool = False
    order: Order = Order.NEWEST


SHOWN = ("reference", "version", "received_at", "next_due_at", "next_due_what")
"""What a row shows of a referral itself, beside what is looked at of it (`ASKED`)."""
Place = tuple[int, int, int]
"""Where a page ended: whether the last row has ended, its deadline in microseconds since 1970, and its number."""


def _moment(at: datetime) -> ColumnElement[datetime]:
    return literal(at, type_of(Referral.next_due_at))


# Of one that is about themselves somebody sees no more than its stage, so neither does the order of their list.
_DUE = func.coalesce(case((is_told(), None), else_=col(Referral.next_due_at)), _moment(NOTHING_DUE))
_ENDED = case((col(Referral.stage).in_(ENDED), 1), else_=0)


def list_referrals(
    db: Session, me: Me, wanted: Wanted, *, at: datetime, after: Place | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Rows of the referrals this person may open. Raises NotPermitted for somebody who could have none, outside HR.

    Of one that is about themselves they see no more than its stage: `told` says so.
    """
    query = (
        select(
            *(getattr(Referral, name) for name in (*ASKED, *SHOWN)),
            col(Person.name).label("about"),
            is_told().label("told"),
            _ENDED.label("ended"),
            _DUE.label("due"),
        )
        .outerjoin(Person, col(Person.id) == col(Referral.subject_id))
        .where(finds(frozenset(me.desks)), *_narrowed(wanted, at))
        .limit(min(limit, MOST))
    )
    if wanted.order is Order.NEAREST:
        query = query.order_by(_ENDED, _DUE, col(Referral.id))
    else:
        query = query.order_by(col(Referral.id).desc())
    if after is not None:
        query = query.where(_beyond(wanted.order, after))
    rows = db.execute(query, {"me": me.id}).all()
    if not rows and DeskName.HR not in me.desks and not has_referrals(db, me):
        raise NotPermitted("Referrals are read by Human Resources, and by those who are appointed to one.")
    read = [row for row in rows if not row.told]
    people, stands = _appointed(db, [row.id for row in read]), standings_of(db, read, at)
    return [
        {
            **row._asdict(),
            "version": _version(db, row),
            "late": _is_late(row, at),
            "people": people.get(row.id, {}),
            "next": None if row.told else next_of(ReferralStage(row.stage), stands[row.id]),
        }
        for row in rows
    ]


def place_of_row(row: Mapping[str, Any]) -> Place:
    """Where a page ends that ends with this row."""
    return row["ended"], (row["due"] - EPOCH) // timedelta(microseconds=1), row["id"]


def _beyond(order: Order, place: Place) -> ColumnElement[bool]:
    ended, due, last = place
    if order is Order.NEWEST:
        return col(Referral.id) < last
    return tuple_(_ENDED, _DUE, col(Referral.id)) > tuple_(
        literal(ended), _moment(EPOCH + timedelta(microseconds=due)), literal(last)
    )


def _narrowed(wanted: Wanted, at: datetime) -> Iterator[ColumnElement[bool]]:
    if wanted.stage is not None:
        yield col(Referral.stage) == wanted.stage
    if wanted.ended is not None:
        yield int(wanted.ended) == _ENDED
    if wanted.overdue:
        yield _moment(at) > _DUE
    if wanted.appointed is not None:
        now = exists().where(col(Appointment.referral_id) == col(Referral.id), col(Appointment.until_at).is_(None))
        theirs = now.where(col(Appointment.person_id) == col(Seated.id), col(Seated.email) == wanted.appointed)
        # Whom it is about does not hear who is appointed.
        yield and_(~is_told(), ~now if wanted.appointed == NOBODY else theirs)


def _version(db: Session, row: Any) -> int:
    """As `version_of` has it for one referral."""
    return 1 + number_told(db, row.id) if row.told else row.version


def _is_late(row: Any, at: datetime) -> bool:
    return not row.told and row.next_due_at is not None and row.next_due_at < at


def _appointed(db: Session, referrals: list[int]) -> dict[int, dict[Part, dict[str, str]]]:
    """Who is appointed to these referrals now, by part."""
    query = (
        select(Appointment.referral_id, Appointment.part, Person.name, Person.email)
        .join(Person, col(Person.id) == col(Appointment.person_id))
        .where(col(Appointment.referral_id).in_(referrals), col(Appointment.until_at).is_(None))
        .order_by(col(Appointment.id))
    )
    found: dict[int, dict[Part, dict[str, str]]] = {}
    for row in db.execute(query):
        found.setdefault(row.referral_id, {})[Part(row.part)] = {"name": row.name, "email": row.email}
    return found


def by_stage(db: Session, me: Me) -> dict[ReferralStage, int]:
    """How many referrals that somebody may open stand at each stage."""
    query = select(Referral.stage, func.count()).where(finds(frozenset(me.desks))).group_by(col(Referral.stage))
    return {ReferralStage(stage): number for stage, number in db.execute(query, {"me": me.id})}


def returned_to(db: Session, me: Me) -> list[dict[str, Any]]:
    """The cases of somebody's desks whose referral HR returned, and which are not decided again yet; oldest first."""
    query = _returned(frozenset(me.desks), me.roles)
    return [{"reference": row.reference, "at": row.at} for row in db.execute(query, {"me": me.id})] if me.desks else []


@lru_cache(maxsize=256)
def _returned(desks: Desks, roles: Roles) -> Select[Any]:
    decided = exists().where(
        col(ReferralDecision.case_id) == col(Case.id),
        col(ReferralDecision.counts),
        col(ReferralDecision.returned_at).is_(None),
    )
    seen = sees(reader(desks, roles))
    return (
        select(Case.reference, func.max(Referral.returned_at).label("at"))
        .join(Referral, col(Referral.case_id) == col(Case.id))
        .where(col(Referral.returned_at).is_not(None), col(Case.holding_desk).in_(desks), ~decided, seen)
        .group_by(col(Case.id))
        .order_by(func.max(Referral.returned_at), col(Case.id))
        .limit(MOST_RETURNED)
    )


def waiting_referrals(db: Session, me: Me) -> int:
    """How many referrals have been received and nothing more, for whoever is to take them up; otherwise none."""
    if DeskName.HR not in me.desks:
        return 0
    received = select(func.count()).where(col(Referral.stage) == ReferralStage.RECEIVED, finds(frozenset(me.desks)))
    return db.execute(received, {"me": me.id}).scalar_one()


def appointed_to(db: Session, me: Me, at: datetime) -> int:
    """How many referrals that have not ended this person is appointed to."""
    wanted = Wanted(appointed=me.email, ended=False)
    theirs = select(func.count()).select_from(Referral).where(finds(frozenset(me.desks)), *_narrowed(wanted, at))
    return db.execute(theirs, {"me": me.id}).scalar_one()


def late_ones(db: Session, me: Me, at: datetime) -> int:
    """How many referrals that this person may open are late with something, whoever is to do it."""
    late = select(func.count()).select_from(Referral)
    late = late.where(finds(frozenset(me.desks)), *_narrowed(Wanted(ended=False, overdue=True), at))
    return db.execute(late, {"me": me.id}).scalar_one()


def asked_of(db: Session, me: Me, at: datetime) -> list[dict[str, Any]]:
    """The referrals in which the next step is this person's (`ahead.py`), what is due first at the top; a hearing that
    is still to come is one, with its time. What was only received is counted at the desk, and nobody waits with an
    appeal that may come.
    """
    rows = db.execute(_in_hand(frozenset(me.desks)), {"me": me.id}).all()
    found: list[dict[str, Any]] = []
    for place in range(0, len(rows), TOGETHER):
        some = rows[place : place + TOGETHER]
        stands = standings_of(db, some, at)
        for row in some:
            step = next_of(ReferralStage(row.stage), stands[row.id])
            if step and step["what"] != WAIT_FOR_APPEAL and getattr(row, step["waits_for"]):
                found.append({"reference": row.reference, **step})
    return found[:MOST]


@lru_cache(maxsize=256)
def _in_hand(desks: Desks) -> Select[Any]:
    held = (predicate.label(relation.value) for relation, predicate in relations(desks))
    return (
        select(*(getattr(Referral, name) for name in ASKED), Referral.reference, *held)
        .where(col(Referral.stage).not_in((ReferralStage.RECEIVED, *ENDED)), finds(desks), ~is_told())
        .order_by(_DUE, col(Referral.id))
    )


def told_of_me(db: Session, me: Me) -> list[dict[str, Any]]:
    """The referrals about somebody of which HR has told them, the newest first, and whether each is over."""
    rows = db.execute(_told(), {"me": me.id})
    return [{"reference": row.reference, "over": row.stage in ENDED} for row in rows]


@cache
def _told() -> Select[Any]:
    mine = select(Referral.reference, Referral.stage).where(is_told(), col(Referral.disposed_at).is_(None))
    return mine.order_by(col(Referral.id).desc()).limit(MOST)


def count_unled(db: Session) -> int:
    """How many open referrals nobody at HR may take up or lead on: everybody there has a part in it.

    Whoever gives out seats is told no more than how many.
    """
    seat = exists().where(
        col(DeskMember.desk) == DeskName.HR,
        col(DeskMember.person_id) == col(Person.id),
        col(Person.active),
        ~apart(col(Person.id)),
    )
    # A tombstone has ended as well.
    open_ones = select(func.count()).where(col(Referral.stage).not_in(ENDED), ~seat.correlate(Referral))
    return db.execute(open_ones).scalar_one()


def has_referrals(db: Session, me: Me, *, of_others: bool = False) -> bool:
    """Whether there is any referral for this person; `of_others` leaves out those about themselves."""
    return db.execute(_any(frozenset(me.desks), of_others), {"me": me.id}).first() is not None


@lru_cache(maxsize=256)
def _any(desks: Desks, of_others: bool) -> Select[Any]:
    there = select(col(Referral.id)).where(finds(desks))
    return (there.where(~is_told()) if of_others else there).limit(1)


def referral_of(db: Session, me: Me, case_id: int) -> str:
    """The reference of a case's newest referral, for those who may read it. Raises NotFound."""
    made = select(col(Referral.reference)).where(col(Referral.case_id) == case_id, finds(frozenset(me.desks)))
    reference = db.execute(made.order_by(col(Referral.id).desc()), {"me": me.id}).scalars().first()
    if reference is None:
        raise NotFound
    return reference


def reference_of(db: Session, me: Me, referral_id: int) -> str:
    """The reference of a referral by its number, for those who may read it. Raises NotFound."""
    there = select(col(Referral.reference)).where(col(Referral.id) == referral_id, finds(frozenset(me.desks)))
    reference = db.execute(there, {"me": me.id}).scalar()
    if reference is None:
        raise NotFound
    return reference
