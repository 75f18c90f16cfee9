"""Turns *tell these people* into what waits for each of them in the app, and the messages that say so.

All of a batch is one transaction: nobody is told twice, and nothing is half told. In the app each thing stands by
itself. What one person is told of together is one message, with what is urgent apart from the rest.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from service.cases.relations import walls
from service.core.database import insert_on, is_sqlite
from service.people.preferences import next_digest, preferences_of
from service.people.rota import duty_leads
from service.records.enums import Notify
from service.records.notifications import Notification, Preference
from service.records.people import DeskMember, Person
from service.records.timeline import Outbox
from service.timeline import outbox

MAIL, URGENT_MAIL, TEXT, DIGEST = "mail", "urgent_mail", "text", "digest"
MESSAGES = (TEXT, URGENT_MAIL, MAIL, DIGEST)
"""What leaves the house, in the order in which it is looked for: after an hour without a server, what is urgent first.

A text is always urgent.
"""
FULL = 200
"""A message that tells of so many is not joined any more."""


@dataclass(frozen=True)
class Reached:
    """Somebody whom a row reaches; `awake` where they should also be texted if it is urgent."""

    person_id: int
    zone: str
    row: Any
    awake: bool

    @property
    def dedupe(self) -> str:
        """One name for each entry and person, by whatever way it reaches them."""
        return f"{str(self.row.dedupe).partition(':')[0]}:{self.person_id}"

    @property
    def urgent(self) -> bool:
        """Whether the case was critical when it happened."""
        return bool(self.row.body.get("urgent"))


@dataclass(frozen=True)
class Message:
    """One row of the outbox for one person: it tells of all that they are told of together, whatever the cases."""

    kind: str
    first: Reached
    due: datetime
    keys: list[str] = field(default_factory=list)

    @property
    def to(self) -> str:
        """The same for what goes into one message. A digest is one for each day, whoever writes it first."""
        person = self.first.person_id
        return f"{DIGEST}:{person}:{self.due:%Y%m%dT%H%M}" if self.kind == DIGEST else f"{self.kind}:{person}"

    def row(self) -> dict[str, Any]:
        """As it is inserted."""
        by = MAIL if self.kind == URGENT_MAIL else self.kind
        told = {"notifications": self.keys, "urgent": self.first.urgent}
        return {
            "kind": self.kind,
            "person_id": self.first.person_id,
            "case_id": None,
            "body": {} if self.kind == DIGEST else told,
            "dedupe": self.to if self.kind == DIGEST else f"{by}:{self.first.dedupe}",
            "due_at": self.due,
            "tries": 0,
        }


def fan_out(db: Session, rows: Sequence[Any], at: datetime, *, texts: bool) -> int:
    """Notify everybody whom these outbox rows reach, and write the rows of their messages; returns how many are told.

    `rows` are claimed in this transaction. A row that was done before adds nothing. `texts` is whether text messages
    can be sent at all.
    """
    reached: dict[str, Reached] = {}
    for each in _reach(db, rows, at, texts):
        if each.dedupe not in reached or each.awake:
            reached[each.dedupe] = each
    if not reached:
        return 0
    keys = {dedupe: secrets.token_hex(16) for dedupe in reached}
    put = insert_on(db)(Notification).on_conflict_do_nothing().returning(col(Notification.dedupe))
    new = set(db.execute(put, [_notification(each, keys[each.dedupe]) for each in reached.values()]).scalars())
    said = preferences_of(db, {reached[dedupe].person_id for dedupe in new})
    messages: dict[str, Message] = {}
    for dedupe in (dedupe for dedupe in reached if dedupe in new):
        each = reached[dedupe]
        for kind, due in _ways(each, said.get(each.person_id), at):
            message = Message(kind, each, due)
            messages.setdefault(message.to, message).keys.append(keys[dedupe])
    _join(db, messages)
    if messages:
        db.execute(insert_on(db)(Outbox).on_conflict_do_nothing(), [each.row() for each in messages.values()])
    return len(new)


def _reach(db: Session, rows: Sequence[Any], at: datetime, texts: bool) -> Iterator[Reached]:
    """Whom each row reaches: the person it names, or everybody active at its desk who is not conflicted."""
    named = {row.person_id for row in rows if row.person_id is not None}
    people = dict(
        db.execute(select(col(Person.id), col(Person.zone)).where(col(Person.id).in_(named), col(Person.active))).all()
    )
    at_desks = _at_desks(db, {row.body["desk"] for row in rows if row.person_id is None})
    of_desks = {row.case_id for row in rows if row.person_id is None and row.case_id is not None}
    outside = {(row.case_id, row.person_id) for row in db.execute(walls(of_desks))}
    awake: dict[tuple[str, int | None], set[int]] = {}
    for row in rows:
        if row.person_id is not None:
            if row.person_id in people:
                yield Reached(row.person_id, people[row.person_id], row, texts)
            continue
        desk = row.body["desk"]
        if texts and row.body.get("urgent") and (desk, row.case_id) not in awake:
            # Whoever must learn nothing of this case must not be the only one who would have been woken.
            skip = frozenset(person for case, person in outside if case == row.case_id)
            awake[desk, row.case_id] = {person.id for person in duty_leads(db, desk, at, skip)}
        for person_id, zone in at_desks.get(desk, {}).items():
            if (row.case_id, person_id) not in outside:
                yield Reached(person_id, zone, row, person_id in awake.get((desk, row.case_id), ()))


def _at_desks(db: Session, desks: set[str]) -> dict[str, dict[int, str]]:
    """The active people at these desks, with their zones."""
    found: dict[str, dict[int, str]] = {}
    seats = select(DeskMember.desk, col(Person.id), Person.zone).join(Person, col(Person.id) == DeskMember.person_id)
    for desk, person_id, zone in db.execute(seats.where(col(DeskMember.desk).in_(desks), col(Person.active))):
        found.setdefault(desk, {})[person_id] = zone
    return found


def _notification(each: Reached, key: str) -> dict[str, Any]:
    return {
        "key": key,
        "person_id": each.person_id,
        "case_id": each.row.case_id,
        "referral_id": each.row.referral_id,
        "kind": each.row.body.get("entry", "informed"),
        "what": each.row.body.get("what"),
        "urgent": each.urgent,
        "at": each.row.due_at,
        "dedupe": each.dedupe,
    }


def _ways(each: Reached, said: Preference | None, at: datetime) -> Iterator[tuple[str, datetime]]:
    """By which messages this person wants to hear of it, and when each is due; what is urgent is told at once."""
    notify = Notify(said.notify) if said else Notify.AT_ONCE
    if each.urgent or notify is Notify.AT_ONCE:
        yield (URGENT_MAIL if each.urgent else MAIL), at
    elif notify is Notify.DIGEST and said is not None:
        yield DIGEST, next_digest(each.zone, said.digest_at, at)
    if each.urgent and each.awake and said is not None and said.phone:
        yield TEXT, at


def _join(db: Session, messages: dict[str, Message]) -> None:
    """Let a message that waits, and that nobody has tried yet, tell of this too; it is then taken from `messages`.

    After an hour without a mail server nobody finds sixty of them.
    """
    new = {(each.first.person_id, each.kind): to for to, each in messages.items() if each.kind != DIGEST}
    untried = select(col(Outbox.id), Outbox.person_id, Outbox.kind, Outbox.body).where(
        col(Outbox.kind).in_({kind for _, kind in new}),
        col(Outbox.person_id).in_({person for person, _ in new}),
        *outbox.WAITING,
        col(Outbox.tries) == 0,
    )
    if not is_sqlite(db):
        # Whatever is on its way at this moment is left alone.
        untried = untried.with_for_update(skip_locked=True)
    for row in db.execute(untried.order_by(col(Outbox.id))).all() if new else ():
        before, to = told_of(row), new.get((row.person_id, row.kind))
        if to in messages and len(before) < FULL:
            body = row.body | {"notifications": [*before, *messages.pop(to).keys]}
            joined = update(Outbox).where(col(Outbox.id) == row.id).values(body=body)
            db.execute(joined, execution_options={"synchronize_session": False})


def told_of(row: Any) -> list[str]:
    """The keys of the notifications that a message tells of; one that was written by an earlier release has one."""
    return row.body.get("notifications") or [row.body["notification"]]
