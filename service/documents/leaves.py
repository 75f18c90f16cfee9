"""Lays out the leaves of a bundle in the pool, a few at once, and has them bound; before that, opens files there."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from service.core import folders
from service.documents.bindery import Making
from service.documents.bundle import Bundle
from service.documents.exhibits import MAIL, MOST_PAGES, PDF, TEXT, File
from service.documents.pool import DocumentHasNoRoom, DocumentNotMade, DocumentWorkerLost, Pool

AT_ONCE = 2
"""Leaves that are with the pool at the same moment, as many as it has workers: other papers come in between."""
TRIES = 4
WORKERS_LOST = 3
"""So many workers a file may cost before it is left unprinted."""
ROOM = 250 * 2**20
"""Bytes of drawn pages, a thousand of them and more: a file is bound in the memory of a worker."""
MOST_SECONDS = 60
"""Of a processor, for the pages of one file: a hundred of them take two, and large scans thirty."""
Told = dict[str, Any]


def opened(
    pool: Pool, files: Sequence[File], fetch: Callable[[str], Iterable[bytes]], folder: Path, made: Making
) -> list[File]:
    """The same files, each with what can be printed of it: `letters` of text; and the words of its `pages`, `of` many.

    Pages are drawn to the folder, and e-mails written, by name; `fetch` gives the bytes of a file. One that cannot be
    opened has nothing that can be printed. Raises DocumentHasNoRoom where the disk is full.
    """

    def open_one(file: File) -> File:
        there = file["destroyed_at"] is None
        letters = file["size"] if file["media_type"] == TEXT and there else 0
        shown: dict[str, Any] = {"letters": letters, "pages": [], "of": 0}
        if there and file["media_type"] in (MAIL, PDF):
            source = folder / f"{file['id']}.original"
            with source.open("wb") as kept:
                kept.writelines(fetch(file["id"]))
            into = folder / file["id"]
            shown |= _mail(pool, source, into) if file["media_type"] == MAIL else _drawn(pool, source, into, made)
            source.unlink()
        made.step()
        return {**file, **shown}

    made.begin(len(files) + 1)
    with ThreadPoolExecutor(AT_ONCE) as both:
        return list(both.map(open_one, files))


def _mail(pool: Pool, source: Path, into: Path) -> Told:
    try:
        told = _asked(pool, {"mail": {"file": str(source), "into": str(into)}})
    except DocumentHasNoRoom:
        raise
    except DocumentNotMade:
        return {}
    return {"letters": told["size"]}


def _drawn(pool: Pool, source: Path, into: Path, made: Making) -> Told:
    """The pages of a PDF, up to those that cannot be drawn, or for which the bundle has no room."""
    pages: list[str] = []
    of, seconds = MOST_PAGES, 0.0

    def has_room() -> bool:
        return seconds < MOST_SECONDS and sum(each.stat().st_size for each in into.parent.glob("*.jpg")) < ROOM

    while len(pages) < min(of, MOST_PAGES) and has_room():
        order = {"file": str(source), "first": len(pages), "into": f"{into}."}
        try:
            told = _asked(pool, {"draw": order})
        except DocumentHasNoRoom:
            # The bundle would be kept without pages that can be shown.
            raise
        except DocumentNotMade:
            break
        of, seconds = told["of"], seconds + told["seconds"]
        pages += told["pages"]
        made.goes_on()
    return {"pages": pages[:MOST_PAGES], "of": of}


def _asked(pool: Pool, order: Told) -> Told:
    """What a worker tells of a file. Raises DocumentNotMade."""
    for left in reversed(range(WORKERS_LOST)):
        try:
            told: Told = json.loads(pool.submit({"open": order}).result())
        except DocumentWorkerLost:
            # Ended from outside once, it is no fault of the file; one that ends each worker is.
            if not left:
                raise
        else:
            return told
    raise DocumentNotMade


def bound(pool: Pool, bundle: Bundle, made: Making, keep: Callable[[Path], object]) -> None:
    """Lay out every leaf of a bundle, number and bind them, and `keep` the file. Raises DocumentNotMade.

    What says on which page others begin comes last, and again where it turns out longer than was thought.
    """
    made.begin(len(bundle.leaves) + 3)
    with folders.folder() as bound_in:
        files = [str(bound_in / f"{number:04}.pdf") for number in range(len(bundle.leaves) + 2)]
        told = _early(pool, bundle, files, made)
        starts = _late(pool, bundle, files, told, made)
        numbers, whole = bound_in / "numbers.pdf", bound_in / "bundle.pdf"
        pages = sum(each["pages"] for each in told.values())
        stamp = {name: bundle.told[name] for name in ("made_stamp", "identifier")}
        counted = {"template": "documents/numbers.html", "context": {"pages": pages, **stamp}, "into": str(numbers)}
        pool.submit(counted).result()
        made.step()
        marks = [("Contents", "contents"), *bundle.contents]
        order = {"leaves": files, "numbers": str(numbers), "starts": starts, "marks": marks, "into": str(whole)}
        pool.submit({"bind": order}).result()
        keep(whole)


def _early(pool: Pool, bundle: Bundle, files: list[str], made: Making) -> dict[int, Told]:
    """Lay out all that needs to know of no page number; a few leaves at once, so that few are in memory."""
    told: dict[int, Told] = {}
    waiting: deque[tuple[int, Future[bytes]]] = deque()

    def take() -> None:
        number, future = waiting.popleft()
        told[number] = json.loads(future.result())
        made.step()

    for number, leaf in enumerate(bundle.leaves, 1):
        if not leaf.late:
            if len(waiting) == AT_ONCE:
                take()
            document = bundle.document(leaf.load(), {}) | {"into": files[number]}
            waiting.append((number, pool.submit(document)))
    while waiting:
        take()
    return told


def _late(pool: Pool, bundle: Bundle, files: list[str], told: dict[int, Told], made: Making) -> dict[str, int]:
    """Lay out the first leaf, the last and those that refer to others; returns the page that each part begins on."""
    late = [0, *(number for number, leaf in enumerate(bundle.leaves, 1) if leaf.late), len(files) - 1]
    letters_missing = any(each["letters_missing"] for each in told.values())
    for number in late:
        told[number] = {"pages": 2 if number == 0 else 1, "starts": {}}
    for _ in range(TRIES):
        before = [told[number]["pages"] for number in late]
        starts = _starts(told)
        # Before the late ones are laid out once, nobody knows where they begin: any number takes the same room.
        pages = {name: 1 + starts.get(name, 0) for _, name in bundle.contents}
        for number in late:
            if number == 0:
                first = {"contents": bundle.contents, "first": True}
                document = bundle.document(([], {}), pages, **first)
            elif number == len(files) - 1:
                document = bundle.document(([], {}), pages, last=True, letters_missing=letters_missing)
            else:
                document = bundle.document(bundle.leaves[number - 1].load(), pages)
            told[number] = json.loads(pool.submit(document | {"into": files[number]}).result())
        made.step()
        if [told[number]["pages"] for number in late] == before and _starts(told) == starts:
            return starts
    raise DocumentNotMade


def _starts(told: Mapping[int, Told]) -> dict[str, int]:
    starts: dict[str, int] = {}
    begins = 0
    for number in sorted(told):
        starts |= {name: begins + page for name, page in told[number]["starts"].items()}
        begins += told[number]["pages"]
    return starts
