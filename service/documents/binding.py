"""Binds the leaves of a bundle into one file: pages, tags, links and bookmarks, with the number of every page.

Runs in a worker of the pool. A file that was laid out whole would take 4 MB of memory for each page; leaves are laid
out by themselves, and here their objects are copied as they are: 100 kB for each page, and what is large of them stays
on the disk. The tags of each leaf come along: they hang under one document, and their numbers go on from those of the
leaf before (ISO 32000-1, 14.7.4.4).
"""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, Stream

LINK = "bundle:"
"""Before the name of a part, in the address of a link that leads to it: a leaf does not have the others."""
FONT = re.compile(rb"/(\S+)(\s+[\d.]+\s+Tf)")
NUMBERS = "Numbers"
LARGE = 16 * 2**10
"""Bytes of a picture or a font that are not held in memory."""


def bind(
    leaves: Sequence[str], numbers: str, starts: Mapping[str, int], marks: Sequence[Sequence[str]], into: str
) -> None:
    """Write the bound file. `leaves` are files in order; `numbers` is one with a page for each of theirs, on which its
    number stands; `starts` says by name which page a part begins on, from 0; `marks` are bookmarks, a title and a name.
    """
    bound = pikepdf.new()
    nums, top = Array(), bound.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, K=Array()))
    tree = bound.make_indirect(Dictionary(Nums=nums))
    root = bound.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=Array([top]), ParentTree=tree))
    top.P = root
    free = count()
    bound.Root.StructTreeRoot = root
    aside: dict[str, Any] = {}
    for path in leaves:
        with pikepdf.open(path) as leaf:
            if path == leaves[0]:
                _dress(bound, leaf)
            aside |= _lay_aside(bound, leaf, path)
            _bring_in(bound, leaf, top, nums, free)
    _read_when_written(bound, aside)
    with pikepdf.open(numbers) as numbered:
        _number_pages(bound, numbered)
        _lead_links(bound, starts)
        with bound.open_outline() as outline:
            outline.root.extend(OutlineItem(title, starts[name]) for title, name in marks)
        packed = pikepdf.ObjectStreamMode.generate
        bound.save(into, object_stream_mode=packed, fix_metadata_version=False, deterministic_id=True)


def _lay_aside(bound: Pdf, leaf: Pdf, path: str) -> dict[str, Any]:
    """Take what is large out of a leaf, each into a file of its own: where it goes in the bound file, and that file.

    What is copied from one file to another is held in memory until it is written: 300 kB for a page that is a picture.
    """
    large = [each for each in leaf.objects if isinstance(each, Stream) and int(each.Length) > LARGE]
    aside: dict[str, Any] = {}
    for number, each in enumerate(large):
        file = Path(f"{path}.{number}")
        file.write_bytes(each.read_raw_bytes())
        told = dict(each.items())
        each.write(b"")
        _tell(each, told)
        aside[str(file)] = bound.copy_foreign(each)
    return aside


def _read_when_written(bound: Pdf, aside: Mapping[str, Any]) -> None:
    """Let what was laid aside be read from its files, one after another, as the bound file is written."""
    told = {file: dict(stream.items()) for file, stream in aside.items()}
    named = {"obj:{} {} R".format(*stream.objgen): file for file, stream in aside.items()}
    order = {name: {"stream": {"dict": {}, "datafile": file}} for name, file in named.items()}
    bound.update_from_qpdf_json(io.BytesIO(json.dumps({"qpdf": [{"jsonversion": 2}, order]}).encode()))
    for file, stream in aside.items():
        _tell(stream, told[file])


def _tell(stream: Any, told: Mapping[str, Any]) -> None:
    """Say of a stream what was said of it before what it holds was put in its place."""
    for key, value in told.items():
        if key != "/Length":
            stream[key] = value


def _bring_in(bound: Pdf, leaf: Pdf, top: Any, nums: Any, free: "count[int]") -> None:
    """The pages of a leaf, and then its tags, whose references to these pages are kept."""
    begins = len(bound.pages)
    bound.pages.extend(leaf.pages)
    root = bound.copy_foreign(leaf.Root.StructTreeRoot)
    mapped = {int(key): value for key, value in _pairs(root.ParentTree.Nums)}
    renumbered: dict[int, int] = {}
    for number in sorted(mapped):
        renumbered[number] = next(free)
        nums.extend((renumbered[number], mapped[number]))
    for page in list(bound.pages)[begins:]:
        page.obj.StructParents = renumbered[int(page.obj.StructParents)]
        for note in page.obj.get("/Annots", ()):
            if "/StructParent" in note:
                note.StructParent = renumbered[int(note.StructParent)]
    for document in root.K:
        for element in document.K:
            element.P = top
            top.K.append(element)


def _pairs(flat: Any) -> Iterator[tuple[Any, Any]]:
    them = iter(flat)
    return zip(them, them, strict=True)


def _number_pages(bound: Pdf, numbered: Pdf) -> None:
    """Set the number on each page, as the running line that it is in its own file."""
    fonts: dict[str, Any] = {}
    for page, number in zip(bound.pages, numbered.pages, strict=True):
        for name, font in number.obj.Resources.Font.items():
            if name not in fonts:
                fonts[name] = bound.copy_foreign(font)
        # Pages of a leaf share what they draw with.
        own = page.obj.Resources = _copied(page.obj.Resources)
        own.Font = _copied(own.get("/Font", Dictionary()))
        for name, font in fonts.items():
            own.Font[f"/{NUMBERS}{name[1:]}"] = font
        drawn = FONT.sub(lambda said: b"/" + NUMBERS.encode() + said[1] + said[2], number.obj.Contents.read_bytes())
        page.contents_add(b"q", prepend=True)
        page.contents_add(b"Q\nq\n" + drawn + b"\nQ")


def _copied(dictionary: Any) -> Any:
    return Dictionary(dict(dictionary.items()))


def _lead_links(bound: Pdf, starts: Mapping[str, int]) -> None:
    """Let each link to another part lead to the page that it begins on."""
    for page in bound.pages:
        for note in page.obj.get("/Annots", ()):
            address = str(note.A.URI) if "/A" in note and "/URI" in note.A else ""
            if address.startswith(LINK):
                there = bound.pages[starts[address.removeprefix(LINK)]].obj
                note.A = Dictionary(S=Name.GoTo, D=Array([there, Name.Fit]))


def _dress(bound: Pdf, first: Pdf) -> None:
    """What a file says of itself as a whole, as the first leaf says it."""
    for key in ("/Lang", "/MarkInfo", "/ViewerPreferences", "/Metadata"):
        bound.Root[key] = bound.copy_foreign(first.make_indirect(first.Root[key]))
    bound.trailer.Info = bound.copy_foreign(first.trailer.Info)
    bound.trailer.ID = Array([bytes(each) for each in first.trailer.ID])
