"""An Idempotency-Key is used once: the same request again finds the record that the first one made."""

import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlmodel import Session, col

from service.core.database import insert_on
from service.core.errors import Invalid, invalid
from service.people.identity import Me
from service.records.timeline import Once
from service.web.forms import MULTIPART, Sent

UNFINISHED = 0


@dataclass(frozen=True)
class Replay:
    """What the first request was answered: its status, and the reference or id of what it made."""

    status: int
    made: str


def once_begin(db: Session, me: Me, sent: Sent) -> Replay | None:
    """Claim the request's Idempotency-Key, as the first thing in its transaction; None when it is new or absent.

    Of two at the same moment the second waits here for the first to commit, then replays it; when the first fails, its
    claim is undone with it. Raises Invalid when the key came before with another request.
    """
    key = sent.idempotency_key
    if not key:
        return None
    asked = _asked(sent)
    claimed = db.execute(
        insert_on(db)(Once)
        .values(person_id=me.id, key=key, asked=asked, status=UNFINISHED, made="", at=sent.at)
        .on_conflict_do_nothing()
        .returning(col(Once.key))
    ).first()
    if claimed:
        return None
    before = db.execute(
        select(Once.asked, Once.status, Once.made).where(col(Once.person_id) == me.id, col(Once.key) == key)
    ).one()
    if before.asked != asked:
        raise invalid("Idempotency-Key", "This key was used for another request. Use a new one")
    return Replay(before.status or 200, before.made)


def once_seen(db: Session, me: Me, sent: Sent) -> Replay | None:
    """What this very request was answered before, claiming nothing: for a look ahead of the transaction."""
    try:
        key = sent.idempotency_key
    except Invalid:
        # Refused in its turn, once it is known that the case is there.
        return None
    if not key:
        return None
    before = db.execute(
        select(Once.asked, Once.status, Once.made).where(col(Once.person_id) == me.id, col(Once.key) == key)
    ).first()
    if before is None or before.status == UNFINISHED or before.asked != _asked(sent):
        return None
    return Replay(before.status, before.made)


def once_end(db: Session, me: Me, sent: Sent, status: int, made: str) -> None:
    """Remember what the request made, in the transaction that makes it."""
    if sent.idempotency_key:
        db.execute(
            update(Once)
            .where(col(Once.person_id) == me.id, col(Once.key) == sent.idempotency_key)
            .values(status=status, made=made),
            execution_options={"synchronize_session": False},
        )


def _asked(sent: Sent) -> str:
    parts = [sent.method.encode(), sent.path.encode(), sent.content_type.encode()]
    # A client that sends a form again draws a new boundary: the fields and files are what was asked, not the bytes.
    parts += _parts_of_form(sent) if sent.content_type == MULTIPART and sent.fault is None else [sent.body]
    # It outlives what was sent, so it must not tell, to somebody who has the database and a guess, what was purged.
    return hmac.new(
        sent.secret.encode(), b"".join(len(part).to_bytes(8, "big") + part for part in parts), hashlib.sha256
    ).hexdigest()


def _parts_of_form(sent: Sent) -> list[bytes]:
    parts = []
    for name, values in sorted(sent.fields.items()):
        parts += [b"field", name.encode(), *(b"is " + value.encode() for value in values)]
    for name, file in sorted(sent.files.items()):
        file.file.seek(0)
        digest = hashlib.file_digest(file.file, "sha256").digest()
        file.file.seek(0)
        parts += [b"file", name.encode(), file.filename.encode(), digest]
    return parts
