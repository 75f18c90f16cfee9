"""Turns *tell these people* into what waits for each of them in the app, and the messages that say so.

All of a batch is one transaction: nobody is told twice, and nothing is half told.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.core.database import insert_on
from service.people.preferences import next_digest, preferences_of
from service.people.rota import duty_leads
from service.records.cases import Case, Conflict
from service.records.enums import Notify
from service.records.notifications import Notification, Preference
from service.records.people import DeskMember, Person
from service.records.timeline import Outbox

MAIL, URGENT_MAIL, TEXT, DIGEST = "mail", "urgent_mail", "text", "digest"
MESSAGES = (TEXT, URGENT_MAIL, MAIL, DIGEST)
"""What leaves the house, in the order in which it is looked for: after an hour without a server, what is urgent first.

A text is always urgent.
"""


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
    new = db.execute(put, [_notification(each, keys[each.dedupe]) for each in reached.values()]).scalars().all()
    said = preferences_of(db, {reached[dedupe].person_id for dedupe in new})
    messages = [
        message
        for dedupe in new
        for message in _messages(reached[dedupe], keys[dedupe], said.get(reached[dedupe].person_id), at)
    ]
    if messages:
        db.execute(insert_on(db)(Outbox).on_conflict_do_nothing(), messages)
    return len(new)


def _reach(db: Session, rows: Sequence[Any], at: datetime, texts: bool) -> Iterator[Reached]:
    """Whom each row reaches: the person it names, or everybody active at its desk who is not conflicted."""
    named = {row.person_id for row in rows if row.person_id is not None}
    people = dict(
        db.execute(select(col(Person.id), col(Person.zone)).where(col(Person.id).in_(named), col(Person.active))).all()
    )
    at_desks = _at_desks(db, {row.body["desk"] for row in rows if row.person_id is None})
    outside = _outside(db, {row.case_id for row in rows if row.person_id is None and row.case_id is not None})
    awake: dict[tuple[str, int | None], set[int]] = {}
    for row in rows:
        if row.person_id is not None:
            if row.person_id in people:
                yield Reached(row.person_id, people[row.person_id], row, texts)
            continue
        desk = row.body["desk"]
        if texts and row.body.get("urgent") and (desk, row.case_id) not in awake:
            # Whoever must learn nothing of this case must not be the only one who would have been woken.
            skip = frozenset(person for case, person in outside if case == row.case_id and person is not None)
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


def _outside(db: Session, cases: set[int]) -> set[tuple[int, int | None]]:
    """Who must learn nothing of these cases through a desk: reporter, subject, and those named."""
    parts = select(col(Case.id), Case.reporter_id, Case.subject_id).where(col(Case.id).in_(cases))
    found = {(case, person) for case, *people in db.execute(parts) for person in people}
    named = select(Conflict.case_id, Conflict.person_id).where(col(Conflict.case_id).in_(cases))
    return found | {(case, person) for case, person in db.execute(named)}


def _notification(each: Reached, key: str) -> dict[str, Any]:
    return {
        "key": key,
        "person_id": each.person_id,
        "case_id": each.row.case_id,
        "kind": each.row.body.get("entry", "informed"),
        "what": each.row.body.get("what"),
        "urgent": each.urgent,
        "at": each.row.due_at,
        "dedupe": each.dedupe,
    }


def _messages(each: Reached, key: str, said: Preference | None, at: datetime) -> Iterator[Mapping[str, Any]]:
    """The outbox rows of one notification, as this person wants to hear of it; what is urgent is told at once."""
    notify = Notify(said.notify) if said else Notify.AT_ONCE
    row = {"person_id": each.person_id, "case_id": each.row.case_id, "due_at": at, "tries": 0}
    body = {"notification": key, "urgent": each.urgent}
    if each.urgent or notify is Notify.AT_ONCE:
        kind = URGENT_MAIL if each.urgent else MAIL
        yield row | {"kind": kind, "body": body, "dedupe": f"{MAIL}:{each.dedupe}"}
    elif notify is Notify.DIGEST and said is not None:
        due = next_digest(each.zone, said.digest_at, at)
        name = f"{DIGEST}:{each.person_id}:{due:%Y%m%dT%H%M}"
        yield row | {"kind": DIGEST, "case_id": None, "body": {}, "dedupe": name, "due_at": due}
    if each.urgent and each.awake and said is not None and said.phone:
        yield row | {"kind": TEXT, "body": body, "dedupe": f"{TEXT}:{each.dedupe}"}
