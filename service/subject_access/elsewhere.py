"""Where words that a reviewer took out of one part still stand: in another part, or in a file that is text.

They are named, and nothing is refused for it: the same word may tell of somebody in one part and of nobody in another,
so a person decides. A picture, a film and a PDF are not looked into.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

from sqlalchemy import select
from sqlmodel import Session, col

from service.core.errors import NotFound
from service.core.storage import Store
from service.evidence.places import original_key
from service.evidence.sniff import EML, TXT
from service.records.evidence import Evidence
from service.records.subject_access import AccessItem, AccessRedaction, AccessRequest
from service.subject_access.third_parties import outside, plain

TOGETHER = 20


@dataclass(frozen=True)
class Still:
    """A part by its number and title where `words` still stand; `in_file`: in its file, of which nothing is taken."""

    number: int
    title: str
    words: str
    in_file: bool = False


def times_in(item: AccessItem, words: str) -> int:
    """How often words stand in a part, beside what was taken out of it."""
    return sum(outside(text).count(words) for _, *texts in item.lines for text in texts)


def still_there(db: Session, store: Store, request: AccessRequest) -> list[Still]:
    """Every part, in order, where words that were taken out of another still stand. Raises Unavailable where a file
    cannot be read now.
    """
    taken = select(AccessRedaction.words).where(
        col(AccessRedaction.request_id) == request.id, col(AccessRedaction.words).is_not(None)
    )
    words = [each for each in dict.fromkeys(db.execute(taken.order_by(col(AccessRedaction.id))).scalars()) if each]
    if not words:
        return []
    given = (
        select(AccessItem, Evidence.media_type)
        .outerjoin(Evidence, col(Evidence.id) == col(AccessItem.file_id))
        .where(col(AccessItem.request_id) == request.id, col(AccessItem.withheld).is_(None))
        .order_by(col(AccessItem.number))
    )
    found: list[Still] = []
    for item, kind in db.execute(given.execution_options(yield_per=TOGETHER)):
        found += [Still(item.number, item.title, each) for each in words if times_in(item, each)]
        if kind in (TXT, EML):
            held = _text_in(store, item.file_id, kind)
            found += [Still(item.number, item.title, each, in_file=True) for each in words if each in held]
    return found


def _text_in(store: Store, file_id: str, kind: str) -> str:
    """What a file says, as words are compared; nothing, where it was destroyed since it was gathered."""
    try:
        content = store.read(original_key(file_id))
    except NotFound:
        return ""
    said = [content.decode("utf-8", "replace")]
    if kind == EML:
        # As its readers see it too: a mail program writes letters and lines in its own way.
        mail = message_from_bytes(content)
        said += [*map(_head, mail.values()), *_texts_of(mail)]
    return plain("\n".join(said))


def _head(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        # Written wrongly, or in a character set that nobody knows: what is left is how it is written.
        return ""


def _texts_of(mail: Message) -> Iterator[str]:
    for part in mail.walk():
        content = part.get_payload(decode=True) if part.get_content_maintype() == "text" else None
        if isinstance(content, bytes):
            try:
                yield content.decode(part.get_content_charset("utf-8"), "replace")
            except LookupError:
                yield content.decode("utf-8", "replace")
