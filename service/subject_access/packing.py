"""Writes what is given as a ZIP: a page to read, the same as JSON, and the files. One item at a time is in memory.

The page begins with its contents, which are known last: what they lead to is written beside them.
"""

import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from service.core.errors import NotFound
from service.core.saying import dated
from service.core.storage import Store
from service.evidence.download import EXTENSIONS
from service.evidence.places import original_key
from service.records.list_words import ACCESS_GROUPS, WITHHELD
from service.subject_access.lines import Item, Line

STYLE = (
    "body{font:1.1rem/1.5 Arial,Helvetica,sans-serif;max-width:46rem;margin:1rem auto;padding:0 1rem;color:#0b0c0c}"
    "h1,h2,h3{line-height:1.2;overflow-wrap:anywhere}h2{margin-top:2.5rem}h3{margin-top:1.8rem}"
    "a{color:#1d70b8}a:focus{outline:3px solid #fd0;background:#fd0;color:#0b0c0c}"
    "nav ul{list-style:none;padding-left:1rem}nav>ul{padding:0}nav a{display:inline-block;padding:.2rem 0}"
    "nav li{overflow-wrap:anywhere}dl{border-top:1px solid #b1b4b6}dt{font-weight:bold;margin-top:.6rem}"
    "dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}"
    "@media print{body{font-size:11pt;max-width:none;margin:0;padding:0}h1,h2,h3,dt{break-after:avoid}"
    "dd{orphans:3;widows:3}a{color:inherit}.up{display:none}}"
)
"""All that the page needs: it is opened from a disk, and fetches nothing."""


@dataclass(frozen=True)
class Packed:
    """What the page says of itself."""

    reference: str
    name: str
    zone: str
    asked_at: datetime
    released_at: datetime
    reviewed: bool = True


def write_zip(path: Path, packed: Packed, items: Iterable[Item], store: Store) -> int:
    """Write the file; returns how many items are in it. Raises Unavailable where a file cannot be read now.

    The page is written beside, item by item, and put in when all are known: a ZIP takes one part at a time.
    """
    number, groups = 0, 0
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made,
        TemporaryFile() as page,
        TemporaryFile() as sections,
        TemporaryFile() as data,
    ):
        page.write(_head(packed).encode())
        data.write(b"[")
        for group, of_group in groupby(items, group_of):
            groups += 1
            page.write(f'<li><a href="#g{groups}">{escape(group)}</a><ul>'.encode())
            sections.write(f'<h2 id="g{groups}">{escape(group)}</h2>'.encode())
            for item in of_group:
                number += 1
                name = _put_file(made, item, number, store)
                page.write(f'<li><a href="#i{number}" dir="auto">{escape(short_title(item))}</a></li>'.encode())
                sections.write(_section(item, number, name).encode())
                told = {"part": item.part, "title": item.title, "lines": item.lines, "file": name}
                data.write((b"," if number > 1 else b"") + b"\n" + json.dumps(told, ensure_ascii=False).encode())
            page.write(b"</ul></li>")
        page.write(b"</ul></nav>")
        _copy(sections, page)
        page.write(b"</main></body></html>\n")
        data.write(b"\n]\n")
        _put(made, "index.html", page)
        _put(made, "items.json", data)
    return number


def group_of(item: Item) -> str:
    """Under what an item stands: its case, its referral, or what is of neither."""
    if item.about:
        return f"{ACCESS_GROUPS['referral' if item.referral_id else 'case']} {item.about}"
    return ACCESS_GROUPS["you" if item.part in ("person", "sign_in") else "use"]


def short_title(item: Item) -> str:
    """What an item is called where its case or referral stands above it."""
    return item.title.removesuffix(f": {item.about}")


def _put(made: zipfile.ZipFile, name: str, from_: IO[bytes]) -> None:
    with made.open(name, "w", force_zip64=True) as into:
        _copy(from_, into)


def _copy(from_: IO[bytes], into: IO[bytes]) -> None:
    from_.seek(0)
    while piece := from_.read(1 << 16):
        into.write(piece)


def _put_file(made: zipfile.ZipFile, item: Item, number: int, store: Store) -> str | None:
    """A file under a name of its own, which tells nothing: what it was called stands in the page."""
    key = item.key or (original_key(item.file_id) if item.file_id else None)
    if key is None:
        return None
    try:
        pieces = store.stream(key)
    except NotFound:
        # Destroyed since it was gathered.
        return None
    name = f"files/{number}{extension_of(item.lines, letter=bool(item.key))}"
    with made.open(name, "w", force_zip64=True) as into:
        for piece in pieces:
            into.write(piece)
    return name


def extension_of(lines: list[Line], *, letter: bool = False) -> str:
    """How the name of an item's file ends, from what the item says it is called; a `letter` is a PDF."""
    if letter:
        return ".pdf"
    called = dict(line[:2] for line in lines if len(line) > 1).get("File", "").lower()
    known = [ending for endings in EXTENSIONS.values() for ending in endings]
    return next((ending for ending in known if called.endswith(ending)), ".bin")


def _head(packed: Packed) -> str:
    left_out = "".join(f"<li>{escape(what)} <small>({escape(source)})</small></li>" for what, source in WITHHELD)
    checked = (
        "A person looked through all of it before it was released."
        if packed.reviewed
        else "Nobody has looked it through yet. Other people are taken out by rule alone: do not pass it on like this."
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What is held about {escape(packed.name)}, {escape(packed.reference)}</title>"
        f"<style>{STYLE}</style></head><body><main><h1>What is held about {escape(packed.name)}</h1>"
        f"<p>{escape(packed.reference)}. Asked for {dated(packed.asked_at, packed.zone)}, "
        f"made {dated(packed.released_at, packed.zone)}. {checked}</p>"
        "<p>What was taken out stands between ⟦ and ⟧. The same is in <code>items.json</code>, for a program.</p>"
        f"<h2>What such a file leaves out</h2><ul>{left_out}</ul>"
        "<p>You may ask the data protection team to look again, and the Information Commissioner after that.</p>"
        '<nav aria-labelledby="contents"><h2 id="contents">Contents</h2><ul>'
    )


def _section(item: Item, number: int, name: str | None) -> str:
    lines = "".join(
        f"<dt>{escape(label)}</dt>" + "".join(f'<dd dir="auto">{escape(text)}</dd>' for text in texts)
        for label, *texts in item.lines
    )
    link = f'<p><a href="{escape(name)}">Open the file</a></p>' if name else ""
    up = '<p class="up"><a href="#contents">Back to the contents</a></p>'
    return (
        f'<section id="i{number}"><h3 dir="auto">{escape(short_title(item))}</h3><dl>{lines}</dl>{link}{up}</section>'
    )
