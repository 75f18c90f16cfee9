"""Asking for all that is held about somebody, looking it through and giving it: where a request stands, who may."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases.gathered import UNANSWERED
from service.cases.references import unused_reference
from service.cases.relations import ME, walled
from service.core.clock import months_later
from service.core.database import insert_on
from service.core.errors import NotFound, NotPermitted, Refusal, invalid
from service.core.taken_out import CLOSES, OPENS
from service.evidence.places import original_key
from service.people.directory import find
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import AccessStage, DeskName
from service.records.people import DeskMember, Person
from service.records.referrals import Appointment, Letter, Referral
from service.records.subject_access import AccessItem, AccessRedaction, AccessRequest
from service.records.timeline import Outbox
from service.referrals import their_copy
from service.referrals.policy import apart
from service.subject_access.third_parties import taken_out
from service.timeline import outbox

PACK, DELETE = "pack", "delete_given"
"""What the worker does for a request beside gathering, as kinds of the outbox."""
ON_BEHALF = frozenset({DeskName.HR, DeskName.DATA_PROTECTION})
REVIEWERS = DeskName.DATA_PROTECTION
STAND_IN = DeskName.HR
"""Whose lead looks a request through where nobody at that desk is without a part in it."""
KEPT_FOR = timedelta(days=14)
"""How long the file can be fetched (our default)."""
REMINDER = 0.75
SOMEBODY_ELSES = (
    "You can ask for what is held about yourself. For somebody else, HR or the data protection team asks, "
    "once they have checked who wants it."
)

# Where a request goes from where; what is not here is refused.
MOVES: dict[tuple[AccessStage, str], AccessStage] = {
    (AccessStage.GATHERING, "gathered"): AccessStage.REVIEW,
    (AccessStage.REVIEW, "release"): AccessStage.PACKING,
    (AccessStage.PACKING, "packed"): AccessStage.READY,
    (AccessStage.READY, "delete"): AccessStage.DELETED,
}


def ask(db: Session, me: Me, email: str | None, identity: str | None, *, at: datetime) -> AccessRequest:
    """Ask for all that is held about oneself; or, at HR or data protection, for somebody whose identity was checked.

    It is due in one month (UK GDPR, article 12(3)). Raises NotPermitted for somebody else's, Invalid, and a Refusal
    (409) while an earlier one is not answered.
    """
    person = _person(db, me, email, identity)
    waiting = select(AccessRequest.reference).where(
        col(AccessRequest.person_id) == person.id, col(AccessRequest.stage).in_(UNANSWERED)
    )
    # Under the lock of the person's row: two presses make one request.
    db.execute(select(col(Person.id)).where(col(Person.id) == person.id).with_for_update(key_share=True))
    if earlier := db.execute(waiting).scalar():
        raise Refusal(f"This was asked for already, and is being answered: {earlier}.")
    request = AccessRequest(
        reference=unused_reference(db, AccessRequest, "SA", at),
        person_id=person.id,
        asked_by_id=me.id,
        identity=identity if person.id != me.id else None,
        asked_at=at,
        due_at=months_later(at, 1),
    )
    db.add(request)
    db.flush()
    db.execute(insert(Outbox), [outbox.to_do(outbox.GATHER, request.reference, at, request=request.id)])
    _remind(db, request)
    return request


def to_review(db: Session, request: AccessRequest, at: datetime) -> None:
    """Tell those who look it through that they can, be it once more; and remind them from now on."""
    name = f"access_asked-{request.reference}-{int(at.timestamp())}"
    if whom := _reviewers(db, request):
        about = {"entry": "access_asked", "urgent": False}
        db.execute(insert(Outbox), outbox.to_tell(None, name, whom, at, about))
    _remind(db, request)


def _remind(db: Session, request: AccessRequest) -> None:
    remind_at = request.asked_at + (request.due_at - request.asked_at) * REMINDER
    whom = _reviewers(db, request)
    rows = _to_tell(request, "access_due", whom, remind_at) + _to_tell(request, "access_late", whom, request.due_at)
    if rows:
        db.execute(insert_on(db)(Outbox).on_conflict_do_nothing(), rows)


def _person(db: Session, me: Me, email: str | None, identity: str | None) -> Person:
    if not email or email.strip().lower() == me.email:
        return db.get_one(Person, me.id)
    if not ON_BEHALF & set(me.desks):
        raise NotPermitted(SOMEBODY_ELSES)
    person = find(db, email)
    if person is None:
        raise invalid("person", "Nobody in the directory has this address.")
    if not identity:
        raise invalid("identity", "Say how you checked that it is they who ask.")
    return person


def _to_tell(request: AccessRequest, kind: str, whom: tuple[int | str, ...], at: datetime) -> list[dict[str, Any]]:
    return outbox.to_tell(None, f"{kind}-{request.reference}", whom, at, {"entry": kind, "urgent": False})


# --- who sees which


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

    `person` may be a column.
    """
    mine = col(AccessItem.request_id) == col(AccessRequest.id)
    of_case = exists().where(mine, col(AccessItem.case_id) == col(Case.id), walled(person))
    appointed = exists().where(col(Appointment.referral_id) == col(Referral.id), col(Appointment.person_id) == person)
    in_room = or_(apart(person), appointed.correlate_except(Appointment))
    of_referral = exists().where(mine, col(AccessItem.referral_id) == col(Referral.id), in_room)
    return and_(
        col(AccessRequest.person_id) != person,
        ~of_case.correlate_except(AccessItem, Case),
        ~of_referral.correlate_except(AccessItem, Referral),
    )


def _reviewers(db: Session, request: AccessRequest) -> tuple[int | str, ...]:
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


def items_of(db: Session, request: AccessRequest, *, after: int = 0, limit: int = 50) -> list[AccessItem]:
    """Items of a request, in their order."""
    query = select(AccessItem).where(col(AccessItem.request_id) == request.id, col(AccessItem.number) > after)
    return list(db.execute(query.order_by(col(AccessItem.number)).limit(limit)).scalars())


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


# --- looked through, and given


def redact(
    db: Session, me: Me, request: AccessRequest, *, number: int, text: str | None, reason: str, at: datetime
) -> AccessItem:
    """Take a passage out of an item wherever it stands in it; without `text` the whole item. It is gone from the data.

    Raises a Refusal (409) when it is not being looked through, Invalid for what is not there.
    """
    _require(request, AccessStage.REVIEW)
    item = db.execute(
        select(AccessItem).where(col(AccessItem.request_id) == request.id, col(AccessItem.number) == number)
    ).scalar_one_or_none()
    if item is None or item.withheld is not None:
        raise invalid("item", "There is no such part, or it is taken out already.")
    times = 0
    if text is None:
        item.withheld, item.lines, item.file_id, item.letter_id = reason, [], None, None
    else:
        if OPENS in text or CLOSES in text:
            raise invalid("text", "This is taken out already. Give the words beside it.")
        times = sum(line_text.count(text) for _, *texts in item.lines for line_text in texts)
        if not times:
            raise invalid("text", "These words do not stand in this part. Give them just as they stand there.")
        out = taken_out("taken out")
        item.lines = [[label, *(one.replace(text, out) for one in texts)] for label, *texts in item.lines]
        # Of a paper nothing can be taken out: what is left of a letter is its words.
        item.letter_id = None
    db.add(item)
    whole, by = text is None, me.id
    db.add(
        AccessRedaction(request_id=request.id, number=number, whole=whole, times=times, reason=reason, by_id=by, at=at)
    )
    return item


def release(
    db: Session,
    me: Me,
    request: AccessRequest,
    *,
    looked_through: bool,
    gathered_at: datetime | None = None,
    at: datetime,
) -> None:
    """Give it: the worker packs it. Raises Invalid where they do not say that they looked through all of it, a Refusal
    (409) when it is not being looked through, or was gathered anew since `gathered_at`.
    """
    if gathered_at is not None and request.stage == AccessStage.REVIEW and request.gathered_at != gathered_at:
        raise Refusal("It was gathered again since you opened it. Look it through anew.")
    if not looked_through:
        raise invalid("looked_through", "Say that you have looked through all of it. What is released is theirs.")
    move(request, "release")
    request.released_at, request.released_by_id, request.looked_through = at, me.id, number_of_parts(db, request)
    request.done, request.total = 0, len(db.execute(_numbers(request)).all())
    within = select(AccessItem.referral_id).where(
        col(AccessItem.request_id) == request.id, col(AccessItem.referral_id).is_not(None)
    )
    db.execute(their_copy.given({number for number in db.execute(within).scalars() if number is not None}, at))
    stop_reminding(db, request)
    db.execute(insert(Outbox), [outbox.to_do(PACK, request.reference, at, request=request.id)])


def number_of_parts(db: Session, request: AccessRequest) -> int:
    """How many parts there are to look through, with those that are left out of what is given."""
    mine = select(func.count()).select_from(AccessItem).where(col(AccessItem.request_id) == request.id)
    return db.execute(mine).scalar_one()


def _numbers(request: AccessRequest) -> Select[Any]:
    given = (col(AccessItem.request_id) == request.id, col(AccessItem.withheld).is_(None))
    return select(col(AccessItem.id)).where(*given)


def ready(db: Session, request: AccessRequest, key: str, size: int, at: datetime) -> None:
    """Let the file be fetched from now on, for a while."""
    move(request, "packed")
    request.file_key, request.file_size, request.ready_at, request.delete_at = key, size, at, at + KEPT_FOR
    rows = [outbox.to_do(DELETE, request.reference, request.delete_at, request=request.id)]
    db.execute(insert(Outbox), rows + _to_tell(request, "access_ready", (request.person_id,), at))


def stop_reminding(db: Session, request: AccessRequest) -> None:
    """Remind nobody of a request any more."""
    named = [col(Outbox.dedupe).startswith(f"{kind}-{request.reference}:") for kind in ("access_due", "access_late")]
    db.execute(delete(Outbox).where(or_(*named), *outbox.WAITING))


def move(request: AccessRequest, deed: str) -> None:
    """Move a request on. Raises a Refusal (409) for a move that is not in the table."""
    to = MOVES.get((AccessStage(request.stage), deed))
    if to is None:
        raise Refusal(STANDS[AccessStage(request.stage)])
    request.stage = to


def _require(request: AccessRequest, stage: AccessStage) -> None:
    if request.stage != stage:
        raise Refusal(STANDS[AccessStage(request.stage)])


STANDS = {
    AccessStage.GATHERING: "It is still being gathered. Come back in a few minutes.",
    AccessStage.REVIEW: "It is being looked through.",
    AccessStage.PACKING: "It was released, and is being packed.",
    AccessStage.READY: "It was released, and can be fetched.",
    AccessStage.DELETED: "It was given, and is deleted here.",
}
