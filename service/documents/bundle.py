"""The bundle of a referral for a hearing, and its summary: which leaves it has, and what is on each.

Whatever is laid out is text and nothing else by the time it is here, so that other people are taken out of all of it by
one rule (`redact`) before. A bundle is planned whole, and its files are read leaf by leaf as their turn comes.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.core.saying import dated
from service.documents import bundle_parts, words
from service.documents.bundle_parts import Block, Parts, Redact, Section
from service.documents.exhibits import LETTERS_A_LEAF, File, Files, called, loads
from service.documents.made_with import MADE_WITH

TEMPLATE = "documents/bundle.html"


@dataclass(frozen=True)
class Leaf:
    """Some pages that are laid out by themselves. `late` once it is known where all others begin, which it says."""

    load: Callable[[], Parts]
    late: bool = False


@dataclass(frozen=True)
class Bundle:
    """A bundle as it is planned: what every page says, its leaves in order, and the lines of its contents page."""

    told: Mapping[str, Any]
    leaves: Sequence[Leaf]
    contents: Sequence[tuple[str, str]]

    def document(self, parts: Parts, pages: Mapping[str, int], **more: Any) -> dict[str, Any]:
        """The document of a leaf; `pages` says which page a part begins on, from 1."""
        said: dict[str, Any] = {**self.told, "contents": [], "first": False, "last": False, "letters_missing": False}
        return {
            "template": TEMPLATE,
            "context": said | {"parts": parts[0], "pages": pages} | more,
            "pictures": parts[1],
        }


def said_of(told: Mapping[str, Any], made_at: datetime, key: str, redact: Redact) -> dict[str, Any]:
    """What every leaf says: `told` has `reference`, `title`, `short`, `for_whom`, `cover` (rows of a label and a text),
    `left_out`, `numbers` (of exhibits, by id) and `zone`; `key` is that of `key_of`.
    """
    made = {"made_at": dated(made_at, told["zone"]), "made_stamp": words.stamp(made_at), "identifier": key[:32]}
    return {**told, "cover": redact(told["cover"])} | made


def plan(
    told: Mapping[str, Any],
    sections: Sequence[Section],
    exhibits: Sequence[File],
    files: Files,
    redact: Redact,
) -> Bundle:
    """Plan a bundle of these sections and exhibits; nothing of them is laid out before `redact`."""
    leaves = [leaf for each in sections for leaf in _of_section(each, redact)]
    leaves += [Leaf(load) for load in loads(exhibits, files, told["zone"], redact)]
    titles = [(each["title"], each["name"]) for each in sections]
    shown = [(f"Exhibit {each['number']}: {called(redact(each))}", f"exhibit-{each['number']}") for each in exhibits]
    return Bundle(told, leaves, [*titles, *shown, ("About this copy", "about")])


def summary(told: Mapping[str, Any], sections: Sequence[Section], redact: Redact) -> dict[str, Any]:
    """The document of a summary, which has one leaf and no contents."""
    whole = Bundle(told, [], [])
    # In this order: a name that is cut in two is none.
    parts = [bundle_parts.shortened(each) for each in redact(list(sections))]
    return whole.document((parts, {}), {}, first=True, last=True)


def key_of(kind: str, state: Any) -> str:
    """SHA-256 over what a paper is made from: equal keys are equal papers, but for when they were made.

    What it is made with belongs to it: an upgrade gives out no old papers.
    """
    told = [kind, state, MADE_WITH]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode("utf-8", "surrogatepass")).hexdigest()


def _of_section(section: Section, redact: Redact) -> Iterator[Leaf]:
    late = any(block["is"] == "finding" and block["files"] for block in section["blocks"])
    some: list[Block] = []
    title, long = section["title"], 0
    for block in section["blocks"]:
        if long > LETTERS_A_LEAF:
            yield _leaf({**section, "title": title, "blocks": some}, redact, late=late)
            some, title, long = [], None, 0
        some.append(block)
        # A block is a line at least, and a word of it is no shorter for being a label.
        long += 120 + len(str(block))
    yield _leaf({**section, "title": title, "blocks": some}, redact, late=late)


def _leaf(section: Section, redact: Redact, *, late: bool) -> Leaf:
    return Leaf(lambda: ([redact(section)], {}), late)
