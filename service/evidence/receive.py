"""Files in: examined first, then stored, then entered in the case.

    examined = examine(content, filename)              # no database, no store; may take seconds
    evidence_id = new_id()
    store_files(store, examined, evidence_id)          # durable before the transaction begins
    add_evidence(db, me, case, examined, evidence_id, …)

The bytes are safe before the row that names them is committed, so a row never promises a file that is not there. A
crash in between leaves bytes that no row names: harmless, and found by `destroy.orphans`. Whoever is refused at the end
calls `destroy.discard`: what a guarded case may not hold must not lie in the store either.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import Session, col

from service.cases.facts import refuse_closed
from service.cases.policy import Act, require_stage
from service.core.errors import FieldError, Refusal, TooLarge, invalid
from service.core.storage import Store
from service.evidence.download import EXTENSIONS
from service.evidence.places import original_key, preview_key
from service.evidence.sniff import kind_of
from service.people.identity import Me
from service.records.cases import Case
from service.records.evidence import Evidence
from service.timeline import entries
from service.timeline.confidence import reporter_of

if TYPE_CHECKING:
    from service.evidence.preview import Preview

MOST_BYTES = 20 * 1024 * 1024
MOST_FILES = 20
MOST_NAME_CHARACTERS = 300
MOST_EXTENSION_CHARACTERS = 20
NAMELESS = "file"
TOO_LARGE = "This file is larger than 20 MB. Add a screenshot or a shorter cut of it."
TOO_MANY = (
    f"A case holds {MOST_FILES} files at most, and this one is full. Tell the desk in a message what else you have."
)
NO_PREVIEW = "The file is kept as it is, but Amends could not make a small picture of it: it is damaged or very large."

# What Windows does not allow in a name, and what would break a header.
_NOT_IN_NAMES = re.compile(r'[<>:"|?*]')


@dataclass(frozen=True)
class Examined:
    """A file that may be kept. `sha256` is of the original, in hexadecimal; `remark` is for whoever sent it."""

    content: bytes = field(repr=False)
    filename: str
    media_type: str
    size: int
    sha256: str
    preview: "Preview | None" = field(default=None, repr=False)
    remark: str = ""


def examine(content: bytes, filename: str) -> Examined:
    """Judge a file by its content, and make its preview. Call it outside any transaction.

    Raises TooLarge above 20 MB, and Invalid for an empty file or one of a kind that is not taken; both name `file`.
    """
    if len(content) > MOST_BYTES:
        raise TooLarge(TOO_LARGE, [FieldError("file", TOO_LARGE)])
    # Only now: what decodes pictures is large, and a start should not wait for it.
    from service.evidence.preview import has_preview, preview

    media_type = kind_of(content[:4096], content)
    small = preview(content, media_type)
    return Examined(
        content=content,
        filename=clean_name(filename),
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        preview=small,
        remark=NO_PREVIEW if small is None and has_preview(media_type) else "",
    )


def clean_name(filename: str) -> str:
    """The name a file was sent under, fit to be shown: no folders, no control or invisible characters, no direction
    overrides (`invoice\u202efdp.exe` reads as a PDF), at most 300 characters with the extension kept. Never trusted.
    """
    base = filename.replace("\\", "/").rsplit("/", 1)[-1]
    # Composed, but not compatibly: the look-alikes that NFKC makes could bring back a slash.
    seen = "".join(sign for sign in unicodedata.normalize("NFC", base) if _is_shown(sign))
    spaced = " ".join(_NOT_IN_NAMES.sub("_", seen).split()).strip(". ")
    if len(spaced) > MOST_NAME_CHARACTERS:
        extension = PurePosixPath(spaced).suffix[:MOST_EXTENSION_CHARACTERS]
        spaced = spaced[: MOST_NAME_CHARACTERS - len(extension)].rstrip(". ") + extension
    return spaced or NAMELESS


def _is_shown(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")


def store_files(store: Store, examined: Examined, evidence_id: str) -> None:
    """Keep the original and its preview, durably, under an id that `new_id` has just made.

    Raises Unavailable when the store cannot take them, and ValueError for an id that other bytes lie under.
    """
    _keep(store, original_key(evidence_id), examined.content)
    if examined.preview is not None:
        _keep(store, preview_key(evidence_id), examined.preview.jpeg)


def _keep(store: Store, key: str, content: bytes) -> None:
    # A first try whose answer was lost has put the same bytes there; anything else is not ours to take for stored.
    if not store.keep(key, content) and store.read(key) != content:
        raise ValueError("This evidence id is in use")


def check_captured_at(captured_at: datetime | None, at: datetime) -> None:
    """Raise Invalid for a capture that lies in the future."""
    if captured_at is not None and captured_at > at:
        raise invalid("captured_at", "This is in the future. Say when the picture was taken, or leave it out.")


def add_evidence(
    db: Session,
    me: Me,
    case: Case,
    examined: Examined,
    evidence_id: str,
    *,
    captured_at: datetime | None = None,
    captured_zone: str | None = None,
    description: str | None = None,
    at: datetime,
) -> Evidence:
    """Enter a stored file in a case, and on its timeline. Moments are aware; `captured_zone` is an IANA name or offset.

    Whether this person may is the caller's to ask; the rest is judged here again, under the case's row lock, since it
    may have changed while the file was on its way. Raises Invalid on a guarded case that the desk has not opened, for
    a capture that lies in the future; a Refusal (409) on a closed case, and on one that holds 20 files.
    """
    _lock(db, case)
    unnamed = case.confidential and me.id == reporter_of(db, case)
    refuse_closed(case, {"file": examined.filename, "description": description})
    check_captured_at(captured_at, at)
    require_stage(Act.ADD_EVIDENCE, case)
    require_room(db, case)
    evidence = row_of(examined, evidence_id, captured_at=captured_at, description=description, at=at)
    evidence.case_id = case.id
    evidence.filename = _plain_name(db, case, examined) if unnamed else examined.filename
    # Where it was taken is where they were.
    evidence.captured_zone = captured_zone if captured_at and not unnamed else None
    evidence.added_by_id = None if unnamed else me.id
    db.add(evidence)
    told = ("filename", "media_type", "size", "sha256", "description", "captured_at", "captured_zone")
    changes = {
        f"evidence.{evidence_id}.{name}": (None, getattr(evidence, name))
        for name in told
        if getattr(evidence, name) is not None
    }
    entries.add(db, case, "evidence_added", actor=me.id, at=at, changes=changes)
    return evidence


def row_of(
    examined: Examined, evidence_id: str, *, captured_at: datetime | None, description: str | None, at: datetime
) -> Evidence:
    """The row of a stored file, which says neither yet whose it is nor who added it."""
    small = examined.preview
    return Evidence(
        id=evidence_id,
        filename=examined.filename,
        media_type=examined.media_type,
        size=examined.size,
        sha256=examined.sha256,
        description=description or None,
        captured_at=captured_at,
        added_at=at,
        preview=preview_key(evidence_id) if small else None,
        preview_width=small.width if small else None,
        preview_height=small.height if small else None,
    )


def _plain_name(db: Session, case: Case, examined: Examined) -> str:
    """The name of a confidential reporter's file: what they called it may say who they are, and is not kept."""
    there = db.execute(select(func.count()).where(col(Evidence.case_id) == case.id)).scalar_one()
    what = "picture" if examined.media_type.startswith("image/") else "file"
    return f"{what}-{there + 1}{EXTENSIONS[examined.media_type][0]}"


def require_room(db: Session, case: Case) -> None:
    """Raise a Refusal (409) on a case that holds 20 files."""
    standing = select(func.count()).where(col(Evidence.case_id) == case.id, col(Evidence.destroyed_at).is_(None))
    if db.execute(standing).scalar_one() >= MOST_FILES:
        raise Refusal(TOO_MANY, [FieldError("file", TOO_MANY)])


def _lock(db: Session, case: Case) -> None:
    """Hold the case's row until commit, and see it as it stands now. On SQLite the transaction holds it already."""
    held = (
        select(Case)
        .where(col(Case.id) == case.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    db.execute(held).scalar_one()
