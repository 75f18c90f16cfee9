"""Finds requests for whoever may know of them, and says who looks one through."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases.relations import ME, walled
from service.core.errors import NotFound, NotPermitted
from service.evidence.places import original_key
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import AccessStage, DeskName
from service.records.people import DeskMember, Person
from service.records.referrals import Appointment, Letter, Referral
from service.records.subject_access import AccessItem, AccessRequest
from service.referrals.policy import apart
from service.subject_access.theirs import cases_of, referrals_of

REVIEWERS = DeskName.DATA_PROTECTION
STAND_IN = DeskName.HR
"""Whose lead looks a request through where nobody at that desk is without a part in it."""


def reviews(me: Me) -> ColumnElement[bool]:
    """Whether somebody may look a request through: at the data protection desk, not about them, with no part in it.

    Where nobody at the desk is left, the lead of HR who has no part in it does. Needs the parameter `me`.
    """
    if REVIEWERS in me.desks:
        return _fit(ME)
    if not me.desks.get(STAND_IN):
        return col(AccessRequest.id) < 0
    seat, person = aliased(DeskMember), aliased(Person)
    there = (col(seat.desk) == REVIEWERS, col(person.id) == col(seat.person_id), col(person.active))
    return and_(_fit(ME), ~exists().where(*there, _fit(person.id)).correlate(AccessRequest))


def _fit(person: Any) -> ColumnElement[bool]:
    """Whether a request is neither about somebody nor of anything that they have a part in, or were appointed to.

    That goes by what was gathered; while it is gathered, by all that will be. `person` may be a column.
    """
    gathering = col(AccessRequest.stage) == AccessStage.GATHERING
    mine, asked_by = col(AccessItem.request_id) == col(AccessRequest.id), col(AccessRequest.person_id)
    appointed = exists().where(col(Appointment.referral_id) == col(Referral.id), col(Appointment.person_id) == person)
    in_room = or_(apart(person), appointed.correlate_except(Appointment))

    def kept_from(table: Any, kept_in: Any, theirs: Select[Any], out: ColumnElement[bool]) -> ColumnElement[bool]:
        held = exists().where(mine, kept_in == table.id, out).correlate_except(AccessItem, table)
        to_come = exists().where(col(table.id).in_(theirs), out).correlate_except(table)
        return or_(held, and_(gathering, to_come))

    return and_(
        asked_by != person,
        ~kept_from(Case, col(AccessItem.case_id), cases_of(asked_by), walled(person)),
        ~kept_from(Referral, col(AccessItem.referral_id), referrals_of(asked_by), in_room),
    )


def reviewers(db: Session, request: AccessRequest) -> tuple[int | str, ...]:
    """Whom to tell that there is something to look through: the desk, or whoever stands in for it."""
    fit = (col(AccessRequest.id) == request.id, col(Person.active), _fit(col(Person.id)))
    seats = select(col(Person.id)).join(DeskMember, col(DeskMember.person_id) == col(Person.id)).where(*fit)
    if db.execute(seats.where(col(DeskMember.desk) == REVIEWERS).limit(1)).first() is not None:
        return (REVIEWERS,)
    leads = (col(DeskMember.desk) == STAND_IN, col(DeskMember.lead))
    return tuple(db.execute(seats.where(*leads).order_by(col(Person.id))).scalars())


def sees(me: Me) -> ColumnElement[bool]:
    """Whether somebody may know of a request: it is about them, they entered it, or they review it."""
    mine = or_(col(AccessRequest.person_id) == me.id, col(AccessRequest.asked_by_id) == me.id)
    return or_(mine, reviews(me))


def _seen(me: Me) -> Any:
    return select(AccessRequest, reviews(me).label("reviews")).where(sees(me))


def find_request(db: Session, me: Me, reference: str, *, lock: bool = False) -> tuple[AccessRequest, bool]:
    """A request, and whether this person reviews it. Raises NotFound when it is absent or not for them."""
    if len(reference) > 20 or "\x00" in reference:
        raise NotFound
    mine = _seen(me).where(col(AccessRequest.reference) == reference)
    row = db.execute(mine.with_for_update(of=AccessRequest) if lock else mine, {"me": me.id}).one_or_none()
    if row is None:
        raise NotFound
    return row[0], bool(row[1])


def list_requests(db: Session, me: Me, *, before: int | None = None, limit: int = 50) -> list[Any]:
    """The requests that somebody may know of, the latest first, as rows with the person and whether they review it."""
    query = (
        _seen(me)
        .add_columns(col(Person.name).label("name"), col(Person.email).label("email"))
        .join(Person, col(Person.id) == col(AccessRequest.person_id))
        .order_by(col(AccessRequest.id).desc())
        .limit(limit)
    )
    return list(
        db.execute(query.where(col(AccessRequest.id) < before) if before is not None else query, {"me": me.id}).all()
    )


def waiting_requests(db: Session, me: Me, most: int = 20) -> list[Any]:
    """The requests that somebody is to look through, be they still gathered: what is due first stands first."""
    if REVIEWERS not in me.desks and not me.desks.get(STAND_IN):
        return []
    waits = col(AccessRequest.stage).in_((AccessStage.GATHERING, AccessStage.REVIEW))
    columns = (AccessRequest.reference, AccessRequest.stage, AccessRequest.due_at, Person.name)
    query = (
        select(*map(col, columns))
        .join(Person, col(Person.id) == col(AccessRequest.person_id))
        .where(waits, reviews(me))
        .order_by(col(AccessRequest.due_at), col(AccessRequest.id))
    )
    return list(db.execute(query.limit(most), {"me": me.id}))


def items_of(db: Session, request_id: int, *, after: int = 0, limit: int = 50) -> list[Any]:
    """Items of a request in their order, each with the reference that it is of, and where a letter's PDF is kept."""
    about = func.coalesce(col(Referral.reference), col(Case.reference))
    query: Select[*tuple[Any, ...]] = (
        select(AccessItem, about.label("about"), col(Letter.key).label("key"))
        .outerjoin(Referral, col(Referral.id) == col(AccessItem.referral_id))
        .outerjoin(Case, col(Case.id) == col(AccessItem.case_id))
        .outerjoin(Letter, col(Letter.id) == col(AccessItem.letter_id))
        .where(col(AccessItem.request_id) == request_id, col(AccessItem.number) > after)
    )
    return list(db.execute(query.order_by(col(AccessItem.number)).limit(limit)).all())


def file_in(db: Session, request: AccessRequest, number: int) -> tuple[AccessItem, str]:
    """An item with a file, and where the store has that. Raises NotFound for one without."""
    query = select(AccessItem, Letter.key).outerjoin(Letter, col(Letter.id) == col(AccessItem.letter_id))
    row = db.execute(
        query.where(col(AccessItem.request_id) == request.id, col(AccessItem.number) == number)
    ).one_or_none()
    if row is None or not (row[1] or row[0].file_id):
        raise NotFound
    return row[0], row[1] or original_key(row[0].file_id)


def require_reviewer(reviewer: bool) -> None:
    """Raise NotPermitted for everybody else."""
    if not reviewer:
        raise NotPermitted("This is for the data protection team, or for whoever stands in for it.")
