"""The bundle of a referral for a hearing, and its summary: what was read of it, as sections of plain blocks.

A block is text and nothing else by the time it is here, so that other people can be taken out of all of it by one rule
(`redact`), before anything is laid out.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from service.core.templating import TEMPLATES
from service.documents import bundle_parts, words
from service.documents.bundle_parts import Section, exhibit_blocks
from service.records.field_words import TABLES

TEMPLATE = "documents/bundle.html"
Redact = Callable[[Any], Any]


def document(
    told: Mapping[str, Any],
    sections: Sequence[Section],
    exhibits: Sequence[Mapping[str, Any]],
    pictures: Mapping[str, bytes],
    made_at: datetime,
    *,
    key: str,
    redact: Redact,
) -> dict[str, Any]:
    """The paper of a copy, ready for `Pool.submit`; `key` is that of `key_of`.

    `told` says `reference`, `title`, `for_whom`, `cover` (rows of a label and a text), `left_out` and `zone`; a `short`
    one has no contents page. Nothing of the cover, the sections or the exhibits is laid out before `redact`.
    """
    zone = told["zone"]
    parts = [*sections, *(exhibit_blocks(each, zone, shown=each["id"] in pictures) for each in exhibits)]
    context: dict[str, Any] = {
        **told,
        "cover": redact(told["cover"]),
        "parts": redact(parts),
        "numbers": {each["id"]: each["number"] for each in exhibits},
        "letters_missing": False,
    }
    context |= {
        "made_at": words.moment(made_at, zone),
        "made_stamp": words.stamp(made_at),
        "identifier": key[:32],
    }
    return {"template": TEMPLATE, "context": context, "pictures": dict(pictures)}


def key_of(kind: str, state: Any) -> str:
    """SHA-256 over what a paper is made from: equal keys are equal papers, but for when they were made.

    The template, its style, its words, this code and WeasyPrint's version belong to it: an upgrade gives out no old
    papers.
    """
    template = TEMPLATES / TEMPLATE
    shapes = (template, template.with_suffix(".css"), Path(bundle_parts.__file__), Path(__file__))
    hashes = [hashlib.sha256(one.read_bytes()).hexdigest() for one in shapes]
    told = [kind, state, hashes, TABLES, version("weasyprint")]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode("utf-8", "surrogatepass")).hexdigest()
