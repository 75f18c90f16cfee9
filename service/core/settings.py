"""Settings, read once from the environment. An unknown `AMENDS_*` or a bad value stops the start with one line."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from service.core.mail import read_mail_url

ROOT = Path(__file__).resolve().parents[2]
SHIPPED_PLAYBOOK = ROOT / "service" / "playbook.toml"


class BadSetting(Exception):
    """A setting that cannot be used; its text is one line for the person who starts the service."""


@dataclass(frozen=True)
class Settings:
    """What the environment says. Every field `x` is `AMENDS_X`; the docstring of each stands in `MEANING`."""

    database_url: str = "sqlite:///var/amends.db"
    evidence_url: str = "file://var/evidence"
    base_url: str = "http://127.0.0.1:8000"
    secret_key: str = ""
    demo: bool = False
    playbook: str = str(SHIPPED_PLAYBOOK)
    mail_url: str = "file://var/mail"
    trusted_proxies: str = ""

    @property
    def secure(self) -> bool:
        """Whether the service is reached over TLS, so that cookies may demand it."""
        return self.base_url.startswith("https://")


MEANING = {
    "database_url": "Where the record is kept: `sqlite:///PATH` or `postgresql+psycopg://…`.",
    "evidence_url": "Where files are kept: `file://FOLDER`, `s3://BUCKET/PREFIX`, or `memory://` in tests.",
    "base_url": "The address people use; links in mail are made from it, and TLS cookies follow from it.",
    "secret_key": "At least 32 characters; made and kept in `var/` for the embedded default.",
    "demo": "`1` shows the demo cast at sign-in and allows `amends seed --demo`.",
    "playbook": "The playbook file that judges new cases.",
    "mail_url": "How notifications leave: `file://FOLDER`, `smtp://` or `smtps://USER:PASSWORD@HOST:PORT`, or "
    "`notify://KEY@HOST?email=TEMPLATE`; see the guide on mail.",
    "trusted_proxies": "Addresses of proxies whose `X-Forwarded-For` is believed, separated by commas.",
}


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read every `AMENDS_*`.

    Raises BadSetting for a name nobody knows, a value that does not parse, or a missing secret at scale.
    """
    known = {field.name for field in fields(Settings)}
    given: dict[str, object] = {}
    for name, value in environment.items():
        if not name.startswith("AMENDS_"):
            continue
        key = name.removeprefix("AMENDS_").lower()
        if key not in known:
            raise BadSetting(
                f"{name} is not a setting of Amends. The settings are listed in docs/reference/settings.md"
            )
        given[key] = value.strip()
    if "demo" in given:
        if given["demo"] not in ("", "0", "1"):
            raise BadSetting("AMENDS_DEMO must be 0 or 1")
        given["demo"] = given["demo"] == "1"
    for key in ("database_url", "evidence_url", "base_url", "playbook", "mail_url"):
        if given.get(key) == "":
            del given[key]
    settings = Settings(**given)  # type: ignore[arg-type]  # the loop above has matched every key to a field
    _check(settings)
    if not settings.secret_key:
        settings = Settings(**{**given, "secret_key": _kept_secret(settings)})  # type: ignore[arg-type]  # as above
    return settings


def _check(settings: Settings) -> None:
    if not settings.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise BadSetting("AMENDS_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://")
    if not settings.evidence_url.startswith(("file://", "s3://", "memory://")):
        raise BadSetting("AMENDS_EVIDENCE_URL must begin with file://, s3:// or memory://")
    try:
        read_mail_url(settings.mail_url)
    except ValueError as wrong:
        raise BadSetting(f"AMENDS_MAIL_URL {wrong}") from None
    if urlsplit(settings.base_url).scheme not in ("http", "https") or not urlsplit(settings.base_url).netloc:
        raise BadSetting("AMENDS_BASE_URL must be an address such as https://amends.example")
    if settings.secret_key and len(settings.secret_key) < 32:
        raise BadSetting("AMENDS_SECRET_KEY must have at least 32 characters")
    if not settings.secret_key and not settings.database_url.startswith("sqlite"):
        raise BadSetting("AMENDS_SECRET_KEY must be set when the database is not the embedded one")
    if not Path(settings.playbook).is_file():
        raise BadSetting(f"AMENDS_PLAYBOOK names no file: {settings.playbook}")


def _kept_secret(settings: Settings) -> str:
    """The secret beside the embedded database, made on first use with no other reader than its owner."""
    path = Path(settings.database_url.removeprefix("sqlite:///")).parent / "secret_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
