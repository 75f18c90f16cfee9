"""The exhibits of a bundle: what stands of each file on paper, and which of them share a leaf.

Pictures are shown, texts and e-mails printed, and of a PDF every page is a picture with its words beside it. Of a long
one there are several pieces, each of which is read as its turn comes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from service.core.saying import dated
from service.core.taken_out import CLOSES, LONGEST_NAME, OPENS
from service.documents import words
from service.documents.bundle_parts import Block, Parts, Redact, Section, heading, quoted, rows, says, section
from service.records.words import FILE_KINDS

LETTERS_A_LEAF = 40_000
"""Text of about fifteen pages: so long takes a worker a second or two, and 100 MB."""
PAGES_A_LEAF = 16
LETTERS_A_PAGE = 2_700
MOST_LETTERS, MOST_LINES = 100_000, 2_000
"""What is printed of a text: some forty pages."""
MOST_PAGES = 100
"""What is shown of a PDF."""
LONGEST_LINE = 100
TEXT, MAIL, PDF = "text/plain", "message/rfc822", "application/pdf"
GOES_ON = "It goes on in the file, which can be read in Amends. The hash tells it is the same."
NOT_PRINTED = "This file cannot be printed. Read it in Amends; the hash tells that it is the same."
File = Mapping[str, Any]


@dataclass(frozen=True)
class Files:
    """How files are read: the beginning of a text by its id, and whether it goes on; and by its name a picture, or a
    page, as a JPEG.
    """

    text: Callable[[str], tuple[str, bool]]
    picture: Callable[[str], bytes]


@dataclass(frozen=True)
class Piece:
    """A piece of an exhibit, of so many that it has, from 0."""

    file: File
    number: int
    of: int


def called(file: File) -> str:
    """What a file is called in a line: others are taken out before it is cut, as a name that is cut in two is none."""
    said = " ".join(str(file["description"] or file["filename"]).split())
    return said if len(said) <= LONGEST_LINE else f"{said[:LONGEST_LINE].rsplit(' ', 1)[0]} …"


def page_name(file_id: str, number: int) -> str:
    """What the picture of a page of a file is called, from 0."""
    return f"{file_id}.{number}"


def loads(files: Sequence[File], read: Files, zone: str, redact: Redact) -> Iterator[Callable[[], Parts]]:
    """By leaf, what loads the parts of it. `files` are as `leaves.opened` gives them: with `letters` and `pages`."""
    for pieces in _leaves(files):
        yield partial(_load, pieces, read, zone, redact)


def _leaves(files: Sequence[File]) -> Iterator[list[Piece]]:
    """The pieces that share a leaf: those of a few pages, and each piece of what is long alone."""
    some: list[Piece] = []
    pages = 0.0
    for file in files:
        letters = min(file["letters"], MOST_LETTERS)
        of = max(1, -(-letters // LETTERS_A_LEAF), -(-len(file["pages"]) // PAGES_A_LEAF))
        long = 1 + letters / LETTERS_A_PAGE + len(file["pages"])
        if some and pages + long > PAGES_A_LEAF:
            yield some
            some, pages = [], 0.0
        some.append(Piece(file, 0, of))
        pages += long
        for number in range(1, of):
            yield some
            some, pages = [Piece(file, number, of)], PAGES_A_LEAF
    if some:
        yield some


def _load(pieces: Sequence[Piece], read: Files, zone: str, redact: Redact) -> Parts:
    parts = [_part(each, read, zone, redact) for each in pieces]
    names = [block["id"] for part in parts for block in part["blocks"] if block["is"] in ("picture", "page")]
    return parts, {name: read.picture(name) for name in names}


def _part(piece: Piece, read: Files, zone: str, redact: Redact) -> Section:
    file, number = piece.file, piece.number
    part = section(f"exhibit-{number}", "", []) if number else redact(_begins(file, zone))
    shown = list(_pages(file, number))
    # Others are taken out of a text whole, before it is cut.
    return part | {
        "blocks": [*part["blocks"], *redact(shown), *(_text(piece, read, redact) if file["letters"] else ())]
    }


def _begins(file: File, zone: str) -> Section:
    """What a file is, where it came from, and its picture if it has one."""
    number, destroyed = file["number"], file["destroyed_at"]
    blocks = [
        rows(
            ("File", file["filename"]),
            ("Kind and size", f"{FILE_KINDS[file['media_type']]}, {file['size']:,} bytes"),
            ("What it shows", file["description"]),
            ("Where it is from", file["source"] + (f", {dated(at, zone)}" if (at := file["copied_at"]) else "")),
            ("Captured", dated(file["captured_at"], zone) if file["captured_at"] else None),
            ("SHA-256", file["sha256"]),
        )
    ]
    if destroyed:
        blocks.append(says(f"This file was destroyed on {words.day(destroyed)}. Its hash stays."))
    elif file["preview"]:
        what = file["description"] or "a picture without a description"
        blocks.append({"is": "picture", "id": file["id"], "alt": f"Exhibit {number}: {what}"})
    elif not file["letters"] and not file["pages"]:
        blocks.append(says(NOT_PRINTED))
    return section(f"exhibit-{number}", f"Exhibit {number}", blocks) | {"exhibit": number}


def _pages(file: File, number: int) -> Iterator[Block]:
    """The pages of a piece, each told in words as well for whoever cannot see it."""
    of, shown = file["of"], file["pages"]
    for at, says_there in list(enumerate(shown))[number * PAGES_A_LEAF :][:PAGES_A_LEAF]:
        label = f"Exhibit {file['number']}, page {at + 1} of {of}"
        alt = f"{label}. It says: {says_there}" if says_there else f"{label}: a picture without words"
        yield {"is": "page", "id": page_name(file["id"], at), "text": label, "alt": alt}
    if shown and of > len(shown) and (number + 1) * PAGES_A_LEAF >= len(shown):
        yield says(f"It has {of} pages; {len(shown)} are shown. {GOES_ON}")


def _text(piece: Piece, read: Files, redact: Redact) -> Iterator[Block]:
    text, goes_on = read.text(piece.file["id"])
    if piece.number == 0:
        yield heading("How the text begins" if goes_on else "The text in full")
    said = redact(text)
    # Where it was cut before, so may a name have been: that can be told from no other word.
    yield quoted(_cut(_without_last_words(said) if goes_on else said, piece))
    if goes_on and piece.number == piece.of - 1:
        yield says(GOES_ON)


def _without_last_words(text: str) -> str:
    before = text.rsplit(None, LONGEST_NAME)[0] if text.strip() else ""
    # What stands for somebody has blanks in it.
    return before[: before.rfind(OPENS)] if before.rfind(OPENS) > before.rfind(CLOSES) else before


def _cut(text: str, piece: Piece) -> str:
    """A piece of a text, from the end of a line to the end of another where there is one near."""

    def cut(place: int) -> int:
        at = place * len(text) // piece.of
        line = text.find("\n", at, at + LETTERS_A_PAGE)
        return at if line < 0 or place in (0, piece.of) else line + 1

    return text[cut(piece.number) : cut(piece.number + 1)]
