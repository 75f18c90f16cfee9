"""Mail and text messages by way of GOV.UK Notify.

Its templates say no more than ours: each has `((link))`, and `((subject))` as its subject line.
"""

import logging

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient

from service.core.mail import MailAddress, plain_address
from service.notifications.letters import NO_ADDRESS, Letter
from service.notifications.refusing import Away, Later, NotSent, Refused, no_texts

# It logs what Notify answers, and that may repeat somebody's address.
logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)

BAD_REQUEST, TOO_MANY, FAULT = 400, 429, 500


class Notify:
    """The service's own client, with the key and templates of our address."""

    gathers = False

    def __init__(self, address: MailAddress) -> None:
        scheme = "http" if address.tls == "never" else "https"
        base = f"{scheme}://{address.host}:{address.port}"
        self.client = NotificationsAPIClient(address.user, base_url=base, timeout=address.timeout)
        self.templates = address.options

    def mail(self, letter: Letter) -> None:
        """Hand it over. Raises Refused for a message that is not taken, Away for everything else that goes wrong."""
        if not plain_address(letter.to):
            raise Refused(NO_ADDRESS)
        try:
            self.client.send_email_notification(
                letter.to, self.templates["email"], _said(letter), reference=letter.name
            )
        except APIError as wrong:
            raise _no(wrong) from wrong

    def text(self, letter: Letter) -> None:
        """Hand it over as a text message. Raises the same."""
        if "text" not in self.templates:
            raise no_texts()
        try:
            self.client.send_sms_notification(letter.to, self.templates["text"], _said(letter), reference=letter.name)
        except APIError as wrong:
            raise _no(wrong) from wrong

    def flush(self) -> None:
        """Each is theirs as soon as it is handed over."""

    def close(self) -> None:
        """Let go of the connection."""
        self.client.request_session.close()

    def cut(self) -> None:
        """An answer that is on its way is left to itself: the client offers no way to end it."""
        self.close()


def _said(letter: Letter) -> dict[str, str]:
    return {"subject": letter.subject, "link": letter.link}


def _no(wrong: APIError) -> NotSent:
    code = wrong.status_code
    if code == TOO_MANY:
        return Away("GOV.UK Notify takes no more messages just now (429)")
    if code == BAD_REQUEST:
        return Refused("GOV.UK Notify does not take this message (400)")
    if code >= FAULT:
        return Away(f"GOV.UK Notify does not answer ({code})")
    if 200 <= code < 300:
        return Later("GOV.UK Notify answered in a way that is not understood")
    return Away(f"GOV.UK Notify does not accept our key or template ({code})")
