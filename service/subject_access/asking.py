"""Asking for all that is held about somebody, looking it through and giving it: and where a request stands."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, delete, func, insert, or_, select
from sqlmodel import Session, col

from service.cases.gathered import UNANSWERED, forget_words
from service.cases.references import unused_reference
from service.core.clock import months_later
from service.core.database import insert_on
from service.core.errors import NotPermitted, Refusal, invalid
from service.core.taken_out import CLOSES, OPENS
from service.people.directory import find
from service.people.identity import Me
from service.records.enums import AccessStage, DeskName
from service.records.people import Person
from service.records.subject_access import AccessItem, AccessRedaction, AccessRequest
from service.records.timeline import Outbox
from service.referrals import their_copy
from service.subject_access.elsewhere import TOGETHER, times_in
from service.subject_access.finding import reviewers
from service.subject_access.lines import titled
from service.subject_access.third_parties import plain, without
from service.timeline import outbox

PACK, DELETE = "pack", "delete_given"
"""What the worker does for a request beside gathering, as kinds of the outbox."""
ON_BEHALF = frozenset({DeskName.HR, DeskName.DATA_PROTECTION})
KEPT_FOR = timedelta(days=14)
"""How long the file can be fetched (our default)."""
REMINDER = 0.75
TITLE_FITS = 300
SOMEBODY_ELSES = (
    "You can ask for what is held about yourself. For somebody else, HR or the data protection team asks, "
    "once they have checked who wants it. (UK GDPR, article 15)"
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
    _remind(db, request, at)
    return request


def to_review(db: Session, request: AccessRequest, at: datetime) -> None:
    """Tell those who look it through that they can, be it once more; and remind them from now on."""
    name = f"access_asked-{request.reference}-{int(at.timestamp())}"
    if whom := reviewers(db, request):
        about = {"entry": "access_asked", "urgent": False}
        db.execute(insert(Outbox), outbox.to_tell(None, name, whom, at, about))
    _remind(db, request, at)


def _remind(db: Session, request: AccessRequest, at: datetime) -> None:
    """Remind once before it is late, and once when it is: what is gathered again when it is late is not due soon."""
    remind_at = request.asked_at + (request.due_at - request.asked_at) * REMINDER
    whom = reviewers(db, request)
    rows = _to_tell(request, "access_late", whom, request.due_at)
    if at < request.due_at:
        rows += _to_tell(request, "access_due", whom, remind_at)
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


# --- looked through, and given


def redact(
    db: Session,
    me: Me,
    request: AccessRequest,
    *,
    number: int,
    text: str | None,
    reason: str,
    everywhere: bool = False,
    at: datetime,
) -> list[AccessItem]:
    """Take a passage out of an item wherever it stands in it, and `everywhere` out of every other as well; without
    `text` the whole item. It is gone from the data. Returns what it was taken out of, that item first.

    Raises a Refusal (409) when it is not being looked through, Invalid for what is not there.
    """
    _require(request, AccessStage.REVIEW)
    held = (col(AccessItem.request_id) == request.id, col(AccessItem.withheld).is_(None))
    item = db.execute(select(AccessItem).where(*held, col(AccessItem.number) == number)).scalar_one_or_none()
    if item is None:
        raise invalid("item", "There is no such part, or it is taken out already.")
    if text is None:
        item.withheld, item.lines, item.file_id, item.letter_id = reason, [], None, None
        db.add_all([item, _noted(me, item, None, 0, reason, at)])
        return [item]
    if OPENS in text or CLOSES in text:
        raise invalid("text", "This is taken out already. Give the words beside it.")
    words = plain(text)
    if not times_in(item, words):
        raise invalid("text", "These words do not stand in this part. Give them just as they stand there.")
    changed = [item]
    if everywhere:
        others = select(AccessItem).where(*held, col(AccessItem.number) != number).order_by(col(AccessItem.number))
        rows = db.execute(others.execution_options(yield_per=TOGETHER)).scalars()
        changed += [other for other in rows if times_in(other, words)]
    for each in changed:
        db.add_all([each, _noted(me, each, words, times_in(each, words), reason, at)])
        _take_out(each, words)
    return changed


def _noted(me: Me, item: AccessItem, words: str | None, times: int, reason: str, at: datetime) -> AccessRedaction:
    return AccessRedaction(
        request_id=item.request_id,
        number=item.number,
        whole=words is None,
        times=times,
        words=words,
        reason=reason,
        by_id=me.id,
        at=at,
    )


def _take_out(item: AccessItem, words: str) -> None:
    before = item.lines
    item.lines = [[label, *(without(one, words) for one in texts)] for label, *texts in before]
    if item.file_id is not None:
        item.title = _called(item, before[0][1], item.lines[0][1])
    # Of a paper nothing can be taken out: what is left of a letter is its words.
    item.letter_id = None


def _called(item: AccessItem, was: str, name: str) -> str:
    """What a file is called at the head of its part, where its name stands as well."""
    title = item.title.replace(was, name)
    return title if was in item.title and len(title) <= TITLE_FITS else titled(item.part)


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
    if not looked_through:
        raise invalid("looked_through", "Say that you have looked through all of it. What is released is theirs.")
    if gathered_at is not None and request.stage == AccessStage.REVIEW and request.gathered_at != gathered_at:
        raise Refusal("It was gathered again since you opened it. Look it through anew.")
    move(request, "release")
    counted = parts_of(db, request)
    request.released_at, request.released_by_id, request.looked_through = at, me.id, counted["parts"]
    request.done, request.total = 0, counted["parts"] - counted["left_out"]
    db.execute(forget_words(request))
    within = select(AccessItem.referral_id).where(
        col(AccessItem.request_id) == request.id, col(AccessItem.referral_id).is_not(None)
    )
    db.execute(their_copy.given({number for number in db.execute(within).scalars() if number is not None}, at))
    stop_reminding(db, request)
    db.execute(insert(Outbox), [outbox.to_do(PACK, request.reference, at, request=request.id)])


def parts_of(db: Session, request: AccessRequest) -> dict[str, int]:
    """How many `parts` there are to look through, how many `files` go with them, and how many are `left_out`."""
    kept = (col(AccessItem.file_id), col(AccessItem.letter_id))
    counts = select(
        func.count(), func.count(func.coalesce(kept[0], cast(kept[1], String))), func.count(col(AccessItem.withheld))
    )
    row = db.execute(counts.where(col(AccessItem.request_id) == request.id)).one()
    return dict(zip(("parts", "files", "left_out"), row, strict=True))


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
