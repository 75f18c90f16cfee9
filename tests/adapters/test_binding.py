"""What is large in a bundle, read from files as it is written: it comes out as it went in."""

import io
from pathlib import Path
from shutil import copyfile

import pikepdf
from PIL import Image

from service.documents import bundle_parts
from service.documents.bindery import Making
from service.documents.binding import LARGE
from service.documents.bundle import plan, said_of
from service.documents.exhibits import PAGES_A_LEAF, Files
from service.documents.leaves import bound
from service.documents.pool import Pool
from tests.conftest import START

MANY = PAGES_A_LEAF + 4


def drawn(number: int) -> bytes:
    kept = io.BytesIO()
    Image.effect_noise((200 + number, 300), 60).convert("RGB").save(kept, "JPEG")
    return kept.getvalue()


def test_each_picture_is_in_it_as_it_was_kept(tmp_path: Path) -> None:
    kept = {f"{number:032}": drawn(number) for number in range(1, MANY + 1)}
    assert min(map(len, kept.values())) > LARGE
    empty = dict.fromkeys(("description", "captured_at", "copied_at", "destroyed_at"))
    shown = [
        {**empty, "number": number, "id": one, "filename": "a", "media_type": "image/png", "preview": True}
        | {"source": "the room", "sha256": "a3" * 32, "size": 1, "letters": 0, "pages": [], "of": 0}
        for number, one in enumerate(kept, 1)
    ]
    told = {"reference": "HR-2026-000001", "title": "Bundle", "short": False, "for_whom": "HR", "zone": "Europe/London"}
    told |= {"cover": [], "left_out": [], "numbers": {each["id"]: each["number"] for each in shown}}
    said = [bundle_parts.section("findings", "1. Findings", [bundle_parts.says("None.")])]
    planned = plan(
        said_of(told, START, "0" * 64, lambda value: value),
        said,
        shown,
        Files(lambda _: ("", False), kept.__getitem__),
        lambda value: value,
    )
    files = [tmp_path / name for name in ("once.pdf", "again.pdf")]
    with Pool(workers=2) as pool:
        for file in files:
            bound(pool, planned, Making(), lambda path, into=file: copyfile(path, into))
    assert files[0].read_bytes() == files[1].read_bytes()
    with pikepdf.open(files[0]) as read:
        there = [
            (each.read_raw_bytes(), int(each.Width), str(each.Filter))
            for page in read.pages
            for each in page.obj.Resources.get("/XObject", {}).values()
        ]
    assert sorted(set(there)) == sorted((kept[one], 200 + int(one), "/DCTDecode") for one in kept)
