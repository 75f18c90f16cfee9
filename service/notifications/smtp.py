"""Mail by way of a mail server: `smtp://` with TLS where it is offered or required, `smtps://` with TLS from the start.

A password never leaves in clear unless the address says `tls=never`, and a certificate is always checked.
"""

import smtplib
import socket
import ssl
from contextlib import suppress

from service.core.mail import MailAddress
from service.notifications.letters import Letter, as_mail, sender_of
from service.notifications.refusing import Away, Later, Refused, no_texts

TRANSIENT = range(400, 500)
CLOSING = 421
OURS = frozenset({530, 535, 538})
"""What a server says of us, whatever it was asked: sign in first, not with that password, not without TLS."""
MOST_BREAKS = 2


class Smtp:
    """One connection to the server, made at the first message and made anew when it breaks."""

    gathers = False

    def __init__(self, address: MailAddress) -> None:
        self.address = address
        self.line: smtplib.SMTP | None = None
        self.broke = 0

    def mail(self, letter: Letter) -> None:
        """Send it. Raises Refused for what the server refuses for good, Later for *not now*, Away when it is not there.

        A server that refuses our own address, or wants us to sign in, counts as away: it is no fault of the message.

        A connection that breaks within a message may be that message's own fault: it is tried later, and only at the
        second in a row the server counts as away.
        """
        sender = sender_of(letter, self.address.options)
        mail = as_mail(letter, sender)
        line = self._connected()
        try:
            _send(line, sender, letter.to, mail)
        except (smtplib.SMTPServerDisconnected, OSError) as wrong:
            if isinstance(wrong, smtplib.SMTPException) and not isinstance(wrong, smtplib.SMTPServerDisconnected):
                raise Later("The mail server answered in a way that is not understood") from wrong
            self._drop()
            self.broke += 1
            told = f"The mail server broke off ({type(wrong).__name__})"
            raise (Away if self.broke >= MOST_BREAKS else Later)(told) from wrong
        self.broke = 0

    def text(self, letter: Letter) -> None:
        """Raises Refused."""
        raise no_texts()

    def flush(self) -> None:
        """Each is the server's as soon as it is handed over."""

    def close(self) -> None:
        """Say goodbye, if anybody is there to hear it."""
        if self.line is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.line.quit()
        self._drop()

    def cut(self) -> None:
        """End the connection under whoever reads from it."""
        sock = self.line.sock if self.line is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            with suppress(OSError):
                line.close()

    def _connected(self) -> smtplib.SMTP:
        if self.line is None:
            try:
                self.line = self._connect()
            except smtplib.SMTPAuthenticationError as wrong:
                raise Away(f"The mail server does not accept our sign-in ({wrong.smtp_code})") from wrong
            except ssl.SSLError as wrong:
                raise Away(f"The mail server could not be spoken to in private ({type(wrong).__name__})") from wrong
            except smtplib.SMTPResponseException as wrong:
                raise Away(f"The mail server does not take mail from us ({wrong.smtp_code})") from wrong
            except (OSError, smtplib.SMTPException) as wrong:
                raise Away(f"The mail server does not answer ({type(wrong).__name__})") from wrong
        return self.line

    def _connect(self) -> smtplib.SMTP:
        told = self.address
        line: smtplib.SMTP | None = None
        try:
            if told.scheme == "smtps":
                line = smtplib.SMTP_SSL(told.host, told.port, timeout=told.timeout, context=self._trust())
            else:
                line = smtplib.SMTP(told.host, told.port, timeout=told.timeout)
            self.line = line
            line.ehlo_or_helo_if_needed()
            private = told.scheme == "smtps"
            if not private and told.tls != "never" and (told.tls == "required" or line.has_extn("starttls")):
                line.starttls(context=self._trust())
                line.ehlo_or_helo_if_needed()
                private = True
            if told.user:
                if not private and told.tls != "never":
                    raise Away("The mail server offers no TLS, so our password was not sent")
                line.login(told.user, told.password)
        except BaseException:
            self.line = None
            if line is not None:
                line.close()
            raise
        return line

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.address.options.get("ca"))


def _send(line: smtplib.SMTP, sender: str, to: str, mail: bytes) -> None:
    """Raises Refused, Later or Away by what the server answers, OSError or SMTPServerDisconnected when it is gone."""
    # The link and the words are plain; only an address may have other letters.
    international = not (sender + to).isascii()
    if international and not line.has_extn("smtputf8"):
        raise Refused("The mail server cannot write to this address")
    try:
        line.sendmail(sender, [to], mail, ["SMTPUTF8", "BODY=8BITMIME"] if international else [])
    except (smtplib.SMTPHeloError, smtplib.SMTPSenderRefused) as wrong:
        # It was not told yet whom the message is for, so it would say the same of every other one.
        raise Away(f"The mail server does not take mail from us ({wrong.smtp_code})") from wrong
    except smtplib.SMTPRecipientsRefused as wrong:
        code = next(iter(wrong.recipients.values()))[0]
        raise _no(code, "The mail server does not take mail for this address") from wrong
    except smtplib.SMTPResponseException as wrong:
        raise _no(wrong.smtp_code, "The mail server does not take this message") from wrong


def _no(code: int, told: str) -> Exception:
    if code == CLOSING:
        return smtplib.SMTPServerDisconnected(f"closing ({code})")
    if code in OURS:
        return Away(f"The mail server does not accept our sign-in ({code})")
    return (Later if code in TRANSIENT else Refused)(f"{told} ({code})")
