"""The bundle of a referral for a hearing, and its summary: which leaves it has, and what is on each.

Whatever is laid out is text and nothing else by the time it is here, so that other people are taken out of all of it by
one rule (`redact`) before. A bundle is planned whole, and its files are read leaf by leaf as their turn comes.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from service.core.templating import TEMPLATES
from service.documents import bundle_parts, words
from service.documents.bundle_parts import Block, Section, exhibit_blocks, heading, quoted, says
from service.documents.paper import styles
from service.records.field_words import TABLES

TEMPLATE = "documents/bundle.html"
Redact = Callable[[Any], Any]
Parts = tuple[list[Section], dict[str, bytes]]
LETTERS_A_LEAF = 40_000
"""Text of about fifteen pages: so long takes a worker a second or two, and 100 MB."""
PAGES_A_LEAF = 16
LETTERS_A_PAGE = 2_700
MOST_LETTERS, MOST_LINES = 100_000, 2_000
"""What is printed of a text: some forty pages."""
LONGEST_LINE = 100
GOES_ON = "It goes on in the file, which can be read in Amends. The hash tells it is the same."


@dataclass(frozen=True)
class Files:
    """How files are read, by id: the beginning of a text and whether it goes on, or the small picture of a picture."""

    text: Callable[[str], tuple[str, bool]]
    picture: Callable[[str], bytes]


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
    made = {"made_at": words.moment(made_at, told["zone"]), "made_stamp": words.stamp(made_at), "identifier": key[:32]}
    return {**told, "cover": redact(told["cover"])} | made


def plan(
    told: Mapping[str, Any],
    sections: Sequence[Section],
    exhibits: Sequence[Mapping[str, Any]],
    files: Files,
    redact: Redact,
) -> Bundle:
    """Plan a bundle of these sections and exhibits; nothing of them is laid out before `redact`."""
    leaves = [leaf for each in sections for leaf in _of_section(each, redact)]
    for group in _grouped(exhibits):
        leaves += _of_exhibits(group, files, told["zone"], redact)
    titles = [(each["title"], each["name"]) for each in sections]
    shown = [(f"Exhibit {each['number']}: {_called(redact(each))}", f"exhibit-{each['number']}") for each in exhibits]
    return Bundle(told, leaves, [*titles, *shown, ("About this copy", "about")])


def summary(told: Mapping[str, Any], sections: Sequence[Section], redact: Redact) -> dict[str, Any]:
    """The document of a summary, which has one leaf and no contents."""
    whole = Bundle(told, [], [])
    return whole.document((redact(list(sections)), {}), {}, first=True, last=True)


def key_of(kind: str, state: Any) -> str:
    """SHA-256 over what a paper is made from: equal keys are equal papers, but for when they were made.

    The template, its style, its words, this code and WeasyPrint's version belong to it: an upgrade gives out no old
    papers.
    """
    template = TEMPLATES / TEMPLATE
    shapes = (template, *styles(TEMPLATE), Path(bundle_parts.__file__), Path(__file__))
    hashes = [hashlib.sha256(one.read_bytes()).hexdigest() for one in shapes]
    told = [kind, state, hashes, TABLES, version("weasyprint")]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode("utf-8", "surrogatepass")).hexdigest()


def _called(file: Mapping[str, Any]) -> str:
    """What a file is called in a line: others are taken out before it is cut, as a name that is cut in two is none."""
    words = " ".join(str(file["description"] or file["filename"]).split())
    return words if len(words) <= LONGEST_LINE else f"{words[:LONGEST_LINE].rsplit(' ', 1)[0]} …"


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


def _grouped(exhibits: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Exhibits that share a leaf: a few pages together, and a long text alone."""
    group: list[Mapping[str, Any]] = []
    pages = 0.0
    for each in exhibits:
        long = min(each["size"], MOST_LETTERS) / LETTERS_A_PAGE if bundle_parts.is_text(each) else 0
        if group and pages + long >= PAGES_A_LEAF:
            yield group
            group, pages = [], 0.0
        group.append(each)
        pages += 1 + long
    if group:
        yield group


def _of_exhibits(group: Sequence[Mapping[str, Any]], files: Files, zone: str, redact: Redact) -> Iterator[Leaf]:
    """One leaf; of a long text as many as it needs, each read when its turn comes."""
    last = group[-1]
    pieces = -(-min(last["size"], MOST_LETTERS) // LETTERS_A_LEAF) if bundle_parts.is_text(last) else 1

    def load(number: int) -> Parts:
        if number > 0:
            return [redact(exhibit_blocks(last, zone)) | {"title": None, "blocks": text_of(last, number)}], {}
        shown = [redact(exhibit_blocks(each, zone)) for each in group]
        for each, part in zip(group, shown, strict=True):
            part["blocks"] += text_of(each, 0) if bundle_parts.is_text(each) else []
        return shown, {each["id"]: files.picture(each["id"]) for each in group if bundle_parts.is_shown(each)}

    def text_of(each: Mapping[str, Any], number: int) -> list[Block]:
        text, goes_on = files.text(each["id"])
        of = pieces if each is last else 1
        # Others are taken out of it whole: a name that is cut in two is none.
        piece = quoted(_piece(redact(text), number, of))
        begin = [] if number else [heading("How the text begins" if goes_on else "The text in full")]
        return [*begin, piece, *([says(GOES_ON)] if goes_on and number == of - 1 else [])]

    return (Leaf(partial(load, number)) for number in range(max(pieces, 1)))


def _piece(text: str, number: int, of: int) -> str:
    """A part of a text, from the end of a line to the end of another where there is one near."""

    def cut(place: int) -> int:
        at = place * len(text) // of
        line = text.find("\n", at, at + LETTERS_A_PAGE)
        return at if line < 0 or place in (0, of) else line + 1

    return text[cut(number) : cut(number + 1)]
