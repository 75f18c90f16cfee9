"""A bundle for a hearing, of a hundred pages and of three hundred: how long it takes, and how much memory."""

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from shutil import copyfile
from threading import Event, Thread
from time import perf_counter
from typing import Any

import psutil
import pytest
from PIL import Image, ImageDraw
from pypdf import PdfReader

from service.documents import bundle_parts
from service.documents.bindery import Making
from service.documents.bundle import plan, said_of
from service.documents.exhibits import Files
from service.documents.leaves import bound
from service.documents.pool import Pool
from tests.bench.table import Table

pytestmark = pytest.mark.bench
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
LINE = "At nine in the morning it was posted from the wrong account, and by ten past nine it was gone again. "
ALLOWED = 20
"""Seconds for 300 pages on two cores."""
FLAT = 1.25
"""Three times as many pages may take a quarter as much memory again, and no more."""


@cache
def picture(shade: int) -> bytes:
    """What is kept of a screen."""
    made = Image.effect_noise((1000, 1400), 24).convert("RGB")
    ImageDraw.Draw(made).rectangle((90, 300, 910, 900), fill=(shade % 256, 120, 184))
    kept = io.BytesIO()
    made.save(kept, "JPEG", quality=70)
    return kept.getvalue()


def sections(entries: int) -> list[bundle_parts.Section]:
    """A chronology of so many entries, and findings that refer to the first exhibits."""
    told = [bundle_parts.entry("09:00 on 20 November 2026 in London", LINE * 2, [LINE] * 2) for _ in range(entries)]
    findings = [{"is": "finding", "by": "Somebody", "text": LINE, "files": [f"{number:032}"]} for number in range(1, 4)]
    return [
        bundle_parts.section("chronology", "1. Chronology", told),
        bundle_parts.section("findings", "2. Findings", findings),
    ]


def exhibits(pictures: int, texts: int) -> list[dict[str, Any]]:
    """Pictures of a page each, and texts of ten."""
    kinds = ["image/png"] * pictures + ["text/plain"] * texts
    empty = dict.fromkeys(("description", "captured_at", "copied_at", "destroyed_at"))
    return [
        {**empty, "number": number, "id": f"{number:032}", "filename": f"file {number}", "media_type": kind}
        | {"preview": kind == "image/png" or None, "source": "came with the referral", "sha256": "a3" * 32}
        | {"size": 300_000, "letters": 0 if kind == "image/png" else len(LINE) * 270, "pages": [], "of": 0}
        for number, kind in enumerate(kinds, 1)
    ]


def together(pids: Sequence[int]) -> int:
    """The most memory that one of these processes holds now, in bytes."""
    return max((psutil.Process(pid).memory_info().rss for pid in pids if psutil.pid_exists(pid)), default=0)


@pytest.fixture
def pool() -> Iterator[Pool]:
    with Pool(workers=2) as made:
        made.warm()
        yield made


def busy(pids: Sequence[int]) -> float:
    """The processor time that these processes have had, in seconds."""
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def made(pool: Pool, into: Path, times: int) -> tuple[int, float, float, int, int]:
    """Pages, seconds, seconds of processors, the most memory of a worker, and how much this process grew; of a hundred
    pages for each time.
    """
    shown = exhibits(50 * times, 2 * times)
    told = {"reference": "HR-2026-000001", "title": "Bundle", "short": False, "for_whom": "those who hear it"}
    told |= {
        "zone": "Europe/London",
        "cover": [],
        "left_out": [],
        "numbers": {each["id"]: each["number"] for each in shown},
    }
    text = f"{LINE}\n" * 270
    files = Files(lambda _: (text, False), lambda one: picture(int(one) % 8))
    planned = plan(
        said_of(told, AT, "0" * 64, lambda value: value), sections(220 * times), shown, files, lambda value: value
    )
    own, most, over = psutil.Process(), [0, 0], Event()
    before = own.memory_info().rss

    def watch() -> None:
        while not over.wait(0.05):
            most[0] = max(most[0], together(pool.workers()))
            most[1] = max(most[1], own.memory_info().rss - before)

    watcher = Thread(target=watch)
    watcher.start()
    begun, had = perf_counter(), busy(pool.workers())
    bound(pool, planned, Making(), lambda path: copyfile(path, into))
    took, worked = perf_counter() - begun, busy(pool.workers()) - had
    over.set()
    watcher.join()
    return len(PdfReader(into).pages), took, worked, most[0], most[1]


def test_a_bundle(pool: Pool, table: Table, tmp_path: Path) -> None:
    made(pool, tmp_path / "warm.pdf", 1)
    seen = {times: made(pool, tmp_path / f"{times}.pdf", times) for times in (1, 3)}
    for pages, took, worked, worker, own in seen.values():
        table.add(f"bundle of {pages} pages", took, "s", at_most=ALLOWED, absolute=True)
        table.add("… processor time of all workers", worked, "s")
        table.add("… most memory of a worker", worker / 2**20, "MB")
        table.add("… this process grew by", own / 2**20, "MB")
    size = (tmp_path / "3.pdf").stat().st_size
    table.add("… its file", size / 2**20, "MB")
    table.add("memory of a worker, three times the pages", seen[3][3] / seen[1][3], "×", at_most=FLAT)
