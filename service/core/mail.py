"""The address that mail leaves by, read once at the start: a folder, a mail server, or GOV.UK Notify."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = ("file", "smtp", "smtps", "notify")
OPTIONS = {
    "file": frozenset[str](),
    "smtp": frozenset({"tls", "timeout", "from", "ca"}),
    "smtps": frozenset({"timeout", "from", "ca"}),
    "notify": frozenset({"tls", "timeout", "email", "text"}),
}
PORTS = {"smtp": 25, "smtps": 465, "notify": 443, "file": 0}
NOTIFY = "api.notifications.service.gov.uk"
SECONDS = 15
LONGEST_SECONDS = 60
LEAST_KEY = 73
"""A Notify key ends with two identifiers of 36 characters and a hyphen between them."""

Tls = Literal["offered", "required", "never"]
TLS: dict[str, Tls] = {"offered": "offered", "required": "required", "never": "never"}


@dataclass(frozen=True)
class MailAddress:
    """Where mail is handed over. `options` are the rest of the address, by name; secrets are kept out of its repr."""

    scheme: str
    path: str = ""
    host: str = ""
    port: int = 0
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    tls: Tls = "offered"
    timeout: float = SECONDS
    options: dict[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> bool:
        """Whether text messages can be sent as well."""
        return self.scheme == "notify" and "text" in self.options


def read_mail_url(url: str) -> MailAddress:
    """Read `AMENDS_MAIL_URL`. Raises ValueError with the rest of a sentence that begins with the setting's name.

    The sentence never repeats the address: it may hold a password.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise ValueError("must begin with file://, smtp://, smtps:// or notify://")
    if scheme == "file":
        if not rest:
            raise ValueError("must name a folder, as in file://var/mail")
        return MailAddress("file", path=rest)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("holds a host or a port that cannot be read") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - OPTIONS[scheme]):
        raise ValueError(f"holds an option that {scheme}:// does not have: {unknown[0][:20]}")
    if parts.path.strip("/") or parts.fragment:
        raise ValueError("must end with the port or with ?options")
    if port == 0:
        raise ValueError("holds a host or a port that cannot be read")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if scheme == "notify":
        host, user = _notify(host, user, options)
    elif not host:
        raise ValueError("must name a host, as in smtp://mail.example:587")
    elif bool(user) != bool(password):
        raise ValueError("must hold a user and a password, or neither")
    if "ca" in options and not Path(options["ca"]).is_file():
        raise ValueError("names a file of certificates (ca) that is not there")
    if "from" in options and not plain_address(options["from"]):
        raise ValueError("holds a sender (from) that is not an e-mail address")
    tls = TLS.get(options.get("tls", "offered"))
    if tls is None:
        raise ValueError("must say tls=required or tls=never, or leave tls out")
    return MailAddress(
        scheme, "", host, port or PORTS[scheme], user, password, tls, _timeout(options.get("timeout")), options
    )


def plain_address(text: str) -> bool:
    """Whether mail could be sent to this: one `@` with something on either side, and nothing that ends a line."""
    who, at, where = text.rpartition("@")
    plain = text.isprintable() and not any(each in " <>,;" for each in text)
    return bool(at and who and where and "@" not in who) and plain


def _notify(host: str, key: str, options: dict[str, str]) -> tuple[str, str]:
    if not key and len(host) >= LEAST_KEY:
        host, key = NOTIFY, host
    if len(key) < LEAST_KEY:
        raise ValueError("must hold the key of GOV.UK Notify, as in notify://KEY@HOST?email=TEMPLATE")
    if not options.get("email"):
        raise ValueError("must name the template of mails, as in notify://KEY@HOST?email=TEMPLATE")
    return host or NOTIFY, key


def _timeout(said: str | None) -> float:
    if said is None:
        return SECONDS
    if not said.isascii() or not said.isdigit() or not 1 <= int(said[:5]) <= LONGEST_SECONDS:
        raise ValueError(f"must say a timeout of 1 to {LONGEST_SECONDS} seconds")
    return float(said)
