"""The playbook a case was judged by: its text is kept with its first use, and it judges that case ever after."""

import tomllib
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.playbook import Playbook, PlaybookError
from service.cases.playbook_source import read_text
from service.core.database import insert_on
from service.records.cases import PlaybookText


def register(db: Session, path: Path, at: datetime) -> None:
    """Keep the text of the playbook that judges new cases, once for each version.

    Raises PlaybookError when the text has changed but its version has not: cases pin the version, so it must not move.
    """
    text = read_text(path, path.name)
    version = _version_of(text)
    insert = insert_on(db)(PlaybookText)
    # Two processes may start at once: the first one's text stands, and is compared like any other.
    db.execute(insert.values(version=version, text=text, first_used_at=at).on_conflict_do_nothing())
    kept = db.execute(select(col(PlaybookText.text)).where(col(PlaybookText.version) == version)).scalar_one()
    if kept != text:
        line = next((n for n, words in enumerate(text.splitlines(), 1) if words.startswith("version")), 1)
        raise PlaybookError(
            line, f"version {version} is in use with another text: give this one a new version", str(path)
        )


@lru_cache(maxsize=16)
def _version_of(text: str) -> str:
    return str(tomllib.loads(text)["version"])


def playbook_of(db: Session, version: str) -> Playbook:
    """The playbook that a case pins."""
    known = _parsed.get(version)
    if known is None:
        kept = db.get(PlaybookText, version)
        if kept is None:
            raise LookupError(f"playbook {version} was never registered")
        known = _parsed[version] = _parse(kept.text)
    return known


@lru_cache(maxsize=16)
def _parse(text: str) -> Playbook:
    return Playbook.model_validate(tomllib.loads(text))


# A version's text never changes once it is registered, so what was parsed stays right for the life of the process.
_parsed: dict[str, Playbook] = {}
