"""What hands messages over: a folder, a mail server, or GOV.UK Notify."""

from typing import Protocol

from service.core.mail import read_mail_url
from service.notifications.letters import Letter


class Carrier(Protocol):
    """Hands over one message at a time, over a connection that it keeps until it is closed.

    One that `gathers` lets none of them out before `flush`, and handing one over again changes nothing.
    """

    gathers: bool

    def mail(self, letter: Letter) -> None:
        """Send it as e-mail. Raises Away, Later or Refused."""

    def text(self, letter: Letter) -> None:
        """Send it as a text message. Raises the same."""

    def flush(self) -> None:
        """Return when all that was handed over is kept for good. Raises Away."""

    def close(self) -> None:
        """Let go of the connection, and of what was not flushed."""

    def cut(self) -> None:
        """Break it off in the middle of a message, from another thread."""


def open_carrier(url: str) -> Carrier:
    """The carrier that `AMENDS_MAIL_URL` names; nothing is connected before the first message."""
    address = read_mail_url(url)
    # Imported as it is needed: most services use one of the three.
    if address.scheme == "file":
        from service.notifications.folder import Folder

        return Folder(address.path)
    if address.scheme == "notify":
        from service.notifications.govuk import Notify

        return Notify(address)
    from service.notifications.smtp import Smtp

    return Smtp(address)


def sends_texts(url: str) -> bool:
    """Whether text messages can be sent by way of `AMENDS_MAIL_URL`."""
    return read_mail_url(url).texts
