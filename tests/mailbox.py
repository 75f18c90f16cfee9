"""A real mail server on loopback, with TLS and sign-in, that can be told to refuse, to be slow, or to hang up."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "amends", "s3cret/word@1"


class Mailbox:
    """What arrived, and how the server answers: by recipient, or to everybody at MAIL FROM or DATA."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.sender = ""
        self.data: Callable[[Envelope], str] = lambda _: "250 taken"
        self.signed_in: list[str] = []
        self.private: list[bool] = []

    async def handle_MAIL(  # noqa: N802 - the server's own name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whether it takes mail from us."""
        if self.sender:
            return self.sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 fine"

    async def handle_RCPT(  # noqa: N802 - likewise
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whether it takes mail for this address."""
        if answer := self.refuse.get(address.partition("@")[0]):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        """Take a message, or not."""
        answer = self.data(envelope)
        if answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.private.append(session.ssl is not None)
        return answer

    def sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, told: Any) -> AuthResult:
        """Only the one user."""
        right = isinstance(told, LoginPassword) and (told.login, told.password) == (USER.encode(), PASSWORD.encode())
        if right:
            self.signed_in.append(USER)
        return AuthResult(success=right, handled=False)

    @property
    def recipients(self) -> list[str]:
        """Who got a mail, each as often as they got one."""
        return sorted(mail["To"].partition("@")[0] for mail in self.mails)


class _Wrapped(Controller):
    """TLS from the start."""

    def factory(self) -> SMTP:
        return SMTP(self.handler, **self.SMTP_kwargs)


@contextmanager
def mail_server(
    box: Mailbox, *, port: int = 0, trust: Path | None = None, tls: str = "", auth: bool = False
) -> Iterator[int]:
    """Run it; gives its port. `tls` is `offered`, `required` or `wrapped`; `trust` is the folder of its certificate."""
    chosen = port or free_port()
    context = server_context(trust) if trust and tls else None
    options: dict[str, Any] = {}
    if auth:
        options |= {"authenticator": box.sign_in, "auth_required": True, "auth_require_tls": bool(tls)}
    if context is not None and tls != "wrapped":
        options |= {"tls_context": context, "require_starttls": tls == "required"}
    if tls == "wrapped":
        options["auth_require_tls"] = False
    controller = _Wrapped(
        box, hostname="127.0.0.1", port=chosen, ssl_context=context if tls == "wrapped" else None, **options
    )
    controller.start()
    try:
        yield chosen
    finally:
        controller.stop()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def certificate(folder: Path, days: int = 30) -> Path:
    """A certificate of its own for 127.0.0.1, with its key beside it; gives the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "ca.pem"


def server_context(folder: Path) -> ssl.SSLContext:
    """The server's side of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
