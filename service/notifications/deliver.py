"""Delivers what the outbox holds. A mail carries no names, no content and no reference: only that something waits."""

import hashlib
import hmac
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session

from service.cases.recipients import conflicted_people
from service.core.database import Database
from service.core.settings import Settings
from service.notifications.folder import Folder
from service.notifications.links import go_link
from service.people.availability import members
from service.records.cases import Case
from service.records.people import Person

SUBJECT = "Something is waiting for you in Amends"
BODY = """Something is waiting for you in Amends.

{link}

You will be asked to sign in. This message says no more, because mail is not a safe place for it.
"""


def tell(database: Database, settings: Settings, row: Any, at: datetime) -> int:
    """Deliver one row of kind `tell`: a mail to each person it reaches. Returns how many were written.

    `row` has `id`, `person_id`, `case_id` and `body`. Delivering a row again writes the same messages under the same
    Message-ID. Raises OSError when the mail cannot be kept.
    """
    with database.read() as db:
        people = [(person.id or 0, person.email) for person in whom(db, row)]
    # Whatever waits outside the database must not hold a transaction open.
    folder = Folder(settings.mail_url)
    for person_id, email in people:
        name = _name(settings, row.id, person_id)
        folder.put(name, message(settings, name, person_id, email, row.case_id, at))
    return len(people)


def whom(db: Session, row: Any) -> list[Person]:
    """Whom a row reaches: the person it names, or everybody active at its desk who is not conflicted with the case."""
    if row.person_id is not None:
        person = db.get(Person, row.person_id)
        return [person] if person is not None and person.active else []
    case = db.get(Case, row.case_id) if row.case_id else None
    outside = conflicted_people(db, case) if case else frozenset()
    return [person for person in members(db, row.body["desk"]) if person.id not in outside]


def message(
    settings: Settings, name: str, person_id: int, email: str, case_id: int | None, at: datetime
) -> EmailMessage:
    """The mail as it leaves. `name` makes its Message-ID; `at` is aware."""
    domain = _domain(settings.base_url)
    link = go_link(settings.base_url, settings.secret_key, case_id, person_id) if case_id else settings.base_url
    mail = EmailMessage()
    mail["From"] = f"Amends <amends@{domain}>"
    mail["To"] = email
    mail["Subject"] = SUBJECT
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{name}@{domain}>"
    # Nobody's holiday answer should come back, and no mail program should group one case's messages with another's.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(BODY.format(link=link))
    return mail


def _name(settings: Settings, row_id: int, person_id: int) -> str:
    """One name for each row and person; the numbers themselves would tell how much there is to tell."""
    told = f"amends:mail:{row_id}:{person_id}".encode()
    return hmac.new(settings.secret_key.encode(), told, hashlib.sha256).hexdigest()[:40]


def _domain(base_url: str) -> str:
    host = urlsplit(base_url).hostname or "localhost"
    try:
        ip_address(host)
    except ValueError:
        return host
    return "localhost"
