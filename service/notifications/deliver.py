"""Delivers the messages that the outbox holds, one at a time, each kept as sent before the next is begun."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.core.database import Database
from service.core.settings import Settings
from service.notifications.carriers import Carrier
from service.notifications.fan_out import DIGEST, TEXT
from service.notifications.letters import Letter, letter
from service.notifications.waiting import count_unread, still_waits
from service.people.identity import who_is
from service.people.preferences import preferences_of
from service.records.enums import Notify
from service.records.people import Person


def deliver(database: Database, settings: Settings, carrier: Carrier, row: Any, at: datetime) -> None:
    """Deliver one row of one of the `MESSAGES`; nothing is sent where nothing waits any more.

    Delivering a row again sends the same message under the same Message-ID. Raises Away, Later or Refused.
    """
    with database.read() as db:
        message = what_to_send(db, settings, row, at)
    # Whatever waits outside the database must not hold a transaction open.
    if message is None:
        return
    if row.kind == TEXT:
        carrier.text(message)
    else:
        carrier.mail(message)


def what_to_send(db: Session, settings: Settings, row: Any, at: datetime) -> Letter | None:
    """The message of a row; None where it is no longer wanted, was read meanwhile, or is theirs to know no more.

    A digest is wanted until mail is turned off: what waited for it would be told by nothing else.
    """
    person = db.get(Person, row.person_id) if row.person_id is not None else None
    me = who_is(db, person.id) if person is not None and person.active else None
    if person is None or me is None:
        return None
    urgent = bool(row.body.get("urgent"))
    said = preferences_of(db, [person.id]).get(person.id)
    told = letter(settings, row.dedupe, to=person.email, person_id=person.id, case_id=row.case_id, urgent=urgent, at=at)
    if row.kind == DIGEST:
        wanted = said is None or Notify(said.notify) is not Notify.OFF
        return told if wanted and count_unread(db, me) else None
    if not still_waits(db, me, row.body["notification"]):
        return None
    if row.kind == TEXT:
        return replace(told, to=said.phone) if said is not None and said.phone else None
    return told
