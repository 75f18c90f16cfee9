"""What leaves the house: that something is waiting, and a link. No names, no content, no reference."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from ipaddress import ip_address
from string import Template
from urllib.parse import urlsplit

from service.core.mail import plain_address
from service.core.settings import ROOT, Settings
from service.notifications.links import TO_A_REFERRAL, go_link
from service.notifications.refusing import Refused

SUBJECT = "Something is waiting for you in Amends"
URGENT_SUBJECT = "Urgent: something is waiting for you in Amends"
TEMPLATE = ROOT / "templates" / "emails" / "waiting.txt"
NO_ADDRESS = "This person has no address that mail can be sent to"


@dataclass(frozen=True)
class Letter:
    """One message to one person: an e-mail address or a number of a phone, and where the link leads."""

    name: str
    """The same for the same message every time it is tried, and telling nothing."""
    to: str
    subject: str
    link: str
    domain: str
    at: datetime


def letter(
    settings: Settings,
    dedupe: str,
    *,
    to: str,
    person_id: int,
    case_id: int | None,
    urgent: bool,
    at: datetime,
    referral_id: int | None = None,
) -> Letter:
    """The message of an outbox row; its name follows from the row's `dedupe`, and `at` (aware) is its date."""
    told = f"amends:mail:{dedupe}".encode()
    name = hmac.new(settings.secret_key.encode(), told, hashlib.sha256).hexdigest()[:40]
    waiting = f"{settings.base_url.rstrip('/')}/notifications"
    link = go_link(settings.base_url, settings.secret_key, case_id, person_id) if case_id else waiting
    if referral_id:
        link = go_link(settings.base_url, settings.secret_key, referral_id, person_id, purpose=TO_A_REFERRAL)
    return Letter(name, to, URGENT_SUBJECT if urgent else SUBJECT, link, _domain(settings.base_url), at)


def as_mail(letter: Letter, sender: str) -> bytes:
    """The letter as a mail of headers and text. Raises Refused for an address that no mail can be sent to.

    It is written out here: what would parse each header could say nothing of these few, and takes longer than sending.
    """
    if not plain_address(letter.to):
        raise Refused(NO_ADDRESS)
    told = _template().substitute(link=letter.link)
    lines = (
        f"From: Amends <{sender}>",
        f"To: {letter.to}",
        f"Subject: {letter.subject}",
        f"Date: {format_datetime(letter.at)}",
        f"Message-ID: <{letter.name}@{letter.domain}>",
        # Nobody's holiday answer should come back.
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        'Content-Type: text/plain; charset="utf-8"',
        f"Content-Transfer-Encoding: {'7bit' if told.isascii() else '8bit'}",
        "",
        *told.splitlines(),
        "",
    )
    return "\r\n".join(lines).encode()


def sender_of(letter: Letter, options: Mapping[str, str]) -> str:
    """Who it is from: the `from` of our mail address, else `amends@` and our own host."""
    return options.get("from") or f"amends@{letter.domain}"


@cache
def _template() -> Template:
    return Template(TEMPLATE.read_text())


def _domain(base_url: str) -> str:
    host = urlsplit(base_url).hostname or "localhost"
    try:
        ip_address(host)
    except ValueError:
        return host
    return "localhost"
