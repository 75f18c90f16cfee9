"""What the worker does for a request: gathers it in batches, packs it into a file, and deletes what was given.

Each may be done again from its start: whoever is killed has changed nothing that the next does not begin anew.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import delete, exists, insert, select, update
from sqlmodel import Session, col

from service.core.database import Database, fold_in
from service.core.folders import folder
from service.core.storage import Store
from service.records.enums import AccessStage
from service.records.people import Person
from service.records.subject_access import AccessItem, AccessRequest
from service.records.timeline import TimelineEntry
from service.subject_access.asking import move, ready, to_review
from service.subject_access.finding import items_of
from service.subject_access.gathering import gather
from service.subject_access.lines import Item
from service.subject_access.packing import Packed, write_zip
from service.subject_access.theirs import read_cases_of, told_referrals_of

TOGETHER = 20
"""Items that are kept in one transaction; progress is told with each."""
FOLDER = "access"
CHANGES = ("purged", "room_purged", "disposed", "room_disposed", "room_taken_out", "room_left_in")
"""What happens to a case or a referral after which what was gathered of it is not what is to be given."""


Mine = Callable[[Session], bool]
"""Whether what is done here is still this worker's to do; asked in each transaction."""


def gather_request(database: Database, request_id: int, at: datetime, *, mine: Mine) -> bool:
    """Gather what is held about whoever a request is about; False when that was done before.

    Raises Changed where something of it was destroyed meanwhile: it may have been read before that; and where another
    worker has begun anew.
    """
    with database.write() as db:
        _require(db, mine)
        request = db.get_one(AccessRequest, request_id)
        if request.stage != AccessStage.GATHERING:
            return False
        db.execute(delete(AccessItem).where(col(AccessItem.request_id) == request_id))
        request.done, request.total = 0, _number_of_parts(db, request.person_id)
        last = db.execute(select(TimelineEntry.position).order_by(col(TimelineEntry.position).desc()).limit(1)).scalar()
        person_id = request.person_id
    with database.read() as db:
        items = enumerate(gather(db, db.get_one(Person, person_id), at), 1)
        seen: set[tuple[int | None, int | None]] = {(None, None)}
        while some := list(islice(items, TOGETHER)):
            seen |= {(item.case_id, item.referral_id) for _, item in some if item.withheld is None}
            _keep(database, request_id, some, len(seen) - 1, mine)
    with database.write() as db:
        _require(db, mine)
        request = db.get_one(AccessRequest, request_id)
        if _destroyed_since(db, last or 0):
            raise Changed
        move(request, "gathered")
        request.gathered_at, request.done = at, request.total
        to_review(db, request, at)
    return True


def _number_of_parts(db: Session, person_id: int) -> int:
    """How many cases and referrals there are of which something is given."""
    parts = (read_cases_of(person_id), told_referrals_of(person_id))
    return sum(len(db.execute(numbers).all()) for numbers in parts)


def _require(db: Session, mine: Mine) -> None:
    if not mine(db):
        raise Changed


class Changed(Exception):
    """What was gathered is not what is to be given: it is gathered again."""


def _keep(database: Database, request_id: int, items: list[tuple[int, Item]], done: int, mine: Mine) -> None:
    rows = [
        {"request_id": request_id, "number": number, "part": item.part, "case_id": item.case_id}
        | {"title": item.title[:300], "lines": item.lines, "file_id": item.file_id, "withheld": item.withheld}
        | {"referral_id": item.referral_id, "letter_id": item.letter_id}
        for number, item in items
    ]
    with database.write() as db:
        _require(db, mine)
        db.execute(insert(AccessItem), rows)
        db.execute(update(AccessRequest).where(col(AccessRequest.id) == request_id).values(done=done))


def _destroyed_since(db: Session, position: int) -> bool:
    # Of whichever case: it is rare, and what was gathered of it may be gone from here already.
    since = (col(TimelineEntry.position) > position, col(TimelineEntry.kind).in_(CHANGES))
    return bool(db.execute(select(exists().where(*since))).scalar())


def pack_request(database: Database, store: Store, request_id: int, tries: int, at: datetime, *, mine: Mine) -> bool:
    """Make the file of a request that was released; False when that was done before, or is not wanted any more.

    It is written to a folder of its own and then kept, outside any transaction; the key is new at each try. One that
    was made of what is gathered again meanwhile does not stay. Raises Unavailable.
    """
    with database.write() as db:
        _require(db, mine)
    with database.read() as db:
        request = db.get_one(AccessRequest, request_id)
        if request.stage != AccessStage.PACKING:
            if request.file_key is None:
                _destroy_files(store, request_id)
            return False
        person = db.get_one(Person, request.person_id)
        packed = Packed(request.reference, person.name, person.zone, request.asked_at, request.released_at or at)
    key = f"{FOLDER}/{request_id}/{tries}-{int(at.timestamp())}.zip"
    with folder() as made_in:
        file = made_in / "file.zip"
        write_zip(file, packed, _kept_items(database, request_id), store)
        store.keep(key, file)
        size = file.stat().st_size
    with database.write() as db:
        request = db.get_one(AccessRequest, request_id)
        if packed_now := request.stage == AccessStage.PACKING and mine(db):
            request.done = request.total
            ready(db, request, key, size, at)
    if not packed_now:
        store.destroy(key)
    return packed_now


def _kept_items(database: Database, request_id: int) -> Iterator[Item]:
    """What is given, a few at a time in short reads: a purge waits for whoever reads."""
    last = 0
    while True:
        with database.read() as db:
            rows = items_of(db, request_id, after=last, limit=TOGETHER)
        if not rows:
            return
        last = rows[-1][0].number
        yield from (as_item(*row) for row in rows if row[0].withheld is None)


def as_item(kept: AccessItem, about: str | None, key: str | None) -> Item:
    """What was gathered, as it was when it was gathered."""
    of: dict[str, Any] = {"about": about, "referral_id": kept.referral_id, "withheld": kept.withheld, "key": key}
    return Item(kept.part, kept.title, kept.lines, kept.case_id, kept.file_id, **of)


def delete_given(database: Database, store: Store, request_id: int, at: datetime) -> bool:
    """Delete the file and what was gathered, some days after it was ready; False for another stage. Raises Unavailable.

    That it was asked for, when it was given and what a reviewer took out, and why, stay.
    """
    with database.write() as db:
        request = db.get_one(AccessRequest, request_id)
        if request.stage == AccessStage.READY:
            move(request, "delete")
            request.deleted_at, request.file_key = at, None
            db.execute(delete(AccessItem).where(col(AccessItem.request_id) == request_id))
        elif request.stage != AccessStage.DELETED:
            return False
    _destroy_files(store, request_id)
    fold_in(database)
    return True


def _destroy_files(store: Store, request_id: int) -> None:
    for kept in list(store.list(f"{FOLDER}/{request_id}")):
        store.destroy(kept.key)
