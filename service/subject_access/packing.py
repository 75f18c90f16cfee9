"""Writes what is given as a ZIP: a page to read, the same as JSON, and the files. One item at a time is in memory."""

import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from service.core.errors import NotFound
from service.core.saying import dated
from service.core.storage import Store
from service.evidence.download import EXTENSIONS
from service.evidence.places import original_key
from service.records.list_words import WITHHELD
from service.subject_access.lines import Item, Line

STYLE = (
    "body{font:1.1rem/1.5 Arial,Helvetica,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#0b0c0c}"
    "h1,h2{line-height:1.2}dl{border-top:1px solid #b1b4b6}dt{font-weight:bold;margin-top:.6rem}"
    "dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}"
)


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
    number = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, TemporaryFile() as page, TemporaryFile() as data:
        page.write(_head(packed).encode())
        data.write(b"[")
        for number, item in enumerate(items, 1):
            name = _put_file(made, item, number, store)
            page.write(_section(item, number, name).encode())
            told = {"part": item.part, "title": item.title, "lines": item.lines, "file": name}
            data.write((b"," if number > 1 else b"") + b"\n" + json.dumps(told, ensure_ascii=False).encode())
        page.write(b"</main></body></html>\n")
        data.write(b"\n]\n")
        _put(made, "index.html", page)
        _put(made, "items.json", data)
    return number


def _put(made: zipfile.ZipFile, name: str, from_: IO[bytes]) -> None:
    from_.seek(0)
    with made.open(name, "w", force_zip64=True) as into:
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
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(packed.reference)}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>What is held about {escape(packed.name)}</h1>"
        f"<p>{escape(packed.reference)}. Asked for {dated(packed.asked_at, packed.zone)}, "
        f"made {dated(packed.released_at, packed.zone)}. {checked}</p>"
        "<p>What was taken out stands between ⟦ and ⟧. The same is in <code>items.json</code>, for a program.</p>"
        f"<h2>What such a file leaves out</h2><ul>{left_out}</ul>"
        "<p>You may ask the data protection team to look again, and the Information Commissioner after that.</p>"
    )


def _section(item: Item, number: int, name: str | None) -> str:
    lines = "".join(
        f"<dt>{escape(label)}</dt>" + "".join(f'<dd dir="auto">{escape(text)}</dd>' for text in texts)
        for label, *texts in item.lines
    )
    link = f'<p><a href="{escape(name)}">Open the file</a></p>' if name else ""
    return f'<section id="i{number}"><h2>{escape(item.title)}</h2><dl>{lines}</dl>{link}</section>'
