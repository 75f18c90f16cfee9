"""What a file is, what may be kept of it, and what is shown: by content, whatever the name says."""

import gzip
import io
import re
import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from service.core.errors import Invalid, TooLarge
from service.evidence.download import EXTENSIONS, attachment, download_headers, preview_headers
from service.evidence.preview import LONGEST_SIDE, MOST_PIXELS, preview
from service.evidence.receive import MOST_BYTES, clean_name, examine
from service.evidence.sniff import BINARY, EML, GIF, JPEG, MP4, NOT_A_TEXT, PDF, PNG, TXT, WEBP, kind_of
from service.records.evidence import Evidence

MAIL = b"Received: from a by b\r\nFrom: Ana <ana@example>\r\nDate: Fri, 20 Nov 2026 23:04:11 +0900\r\nSubject: x\r\n"


def picture(
    form: str, size: tuple[int, int] = (40, 20), mode: str = "RGB", colour: object = "red", **how: object
) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, colour).save(made, form, **how)
    return made.getvalue()


def film(major: bytes, *compatible: bytes) -> bytes:
    brands = major + b"\x00\x00\x02\x00" + b"".join(compatible)
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + b"\x00\x00\x00\x08free"


def png_that_says(width: int, height: int) -> bytes:
    """A PNG whose header promises this many pixels, with a line or two of them in it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\x00" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


TAKEN = {
    "png": (picture("PNG"), PNG),
    "jpeg": (picture("JPEG"), JPEG),
    "webp": (picture("WEBP"), WEBP),
    "webp, lossless": (picture("WEBP", lossless=True), WEBP),
    "gif": (picture("GIF"), GIF),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", PDF),
    "pdf 2": (b"%PDF-2.0\n", PDF),
    "mp4": (film(b"isom", b"isom", b"avc1", b"mp41"), MP4),
    "mp4 of a phone": (film(b"3gp4", b"isom", b"3gp4"), MP4),
    "mp4 of Apple": (film(b"M4V ", b"M4V ", b"mp42"), MP4),
    "text": (b"I posted this from the wrong account.\n", TXT),
    "text with a mark": (b"\xef\xbb\xbfhello", TXT),
    "text in Japanese": ("投稿を消しました。\r\n".encode(), TXT),
    "text in Arabic": ("مرحبا\u200f بك".encode(), TXT),
    "a heart": (b"<3 sorry", TXT),
    "a chat": (b"[20/11/2026, 23:04] Ana: <deleted>", TXT),
    "a chat that looks like mail": (b"From: Ana\nTo: Ben\n\nhello", TXT),
    "mail": (MAIL + b"\r\nhello", EML),
    "mail with bare newlines": (MAIL.replace(b"\r\n", b"\n") + b"\nhello", EML),
    "mail, folded": (b"From: Ana\r\n <ana@example>\r\nDATE: x\r\n\r\n", EML),
    "mail in ISO-2022-JP": (MAIL + b"\r\n\x1b$B$3$s\x1b(B", EML),
    "mail in Latin-1": (MAIL + b"\r\ncaf\xe9", EML),
    "mail without a body": (MAIL, EML),
    "gif that is also a script": (b"GIF89a/*\x0a\x00\x00\x00\x00*/=1;alert(1)", GIF),
    "jpeg with a zip behind it": (picture("JPEG") + b"PK\x03\x04" + b"x" * 40, JPEG),
}

REFUSED = {
    "nothing": b"",
    "program": b"MZ\x90\x00\x03",
    "program without controls": b"MZ this program cannot be run",
    "program behind a mark": b"\xef\xbb\xbfMZ",
    "program as mail": b"MZ-Header: x\r\n" + MAIL + b"\r\n",
    "elf": b"\x7fELF\x02\x01\x01",
    "script": b"#!/bin/sh\nrm -rf /\n",
    "script behind blanks": b"\n\n \t#!/bin/sh\n",
    "html": b"<html><script>alert(1)</script>",
    "html, odd letters": b"<hTmL>",
    "html behind a mark": b"\xef\xbb\xbf \r\n\t<!DocType html>",
    "html behind two marks": b"\xef\xbb\xbf\xef\xbb\xbf<p>",
    "html behind no-break and zero-width": "\u00a0\u200b\u2060\u3000<script>".encode(),
    "a closing tag": b"</p>",
    "comment": b"<!-- --><html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg with a prefix": b"<x:svg xmlns:x='http://www.w3.org/2000/svg'/>",
    "xml": b'<?xml version="1.0"?><svg/>',
    "xml, capitals": b" <?XML version='1.0'?>",
    "php": b"<?= 1 ?>",
    "asp": b"<% x %>",
    "html in UTF-16": "\ufeff<html>".encode("utf-16-le"),
    "html in UTF-16 without a mark": "<html>".encode("utf-16-be"),
    "text in UTF-16": "\ufeffhello".encode("utf-16-le"),
    "text in Latin-1": b"caf\xe9 au lait",
    "text with a NUL": b"hello\x00there",
    "text with an escape": b"hello \x1b[31mred",
    "text with a C1 control": "hello \u009b31m".encode(),
    "text cut inside a letter": "é".encode()[:1],
    "overlong slash": b"hello \xc0\xaf",
    "surrogate": b"hello \xed\xa0\x80",
    "zip": b"PK\x03\x04\x14\x00",
    "empty zip": b"PK\x05\x06" + b"\x00" * 18,
    "old office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "rar": b"Rar!\x1a\x07\x01\x00",
    "rar as a text": b"Rar! is nice",
    "7z": b"7z\xbc\xaf\x27\x1c",
    "gzip": gzip.compress(b"hello"),
    "rtf": b"{\\rtf1 hello}",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "postscript behind blanks": b"  \n%!PS",
    "pdf at 500": b"x" * 500 + b"%PDF-1.7\n1 0 obj\n",
    "pdf behind a newline": b"\n%PDF-1.7\n",
    "pdf in a mail's header": b"X: %PDF-1.7\r\n" + MAIL + b"\r\n",
    "pdf of no version": b"%PDF-x",
    "heic": film(b"heic", b"mif1", b"heic"),
    "avif": film(b"avif", b"mif1", b"miaf"),
    "heic that says isom": film(b"isom", b"heic"),
    "quicktime": film(b"qt  ", b"qt  "),
    "sound": film(b"M4A ", b"isom", b"mp42"),
    "an endless ftyp": b"\xff\xff\xff\xf0ftypisom" + b"\x00" * 40,
    "webm": b"\x1a\x45\xdf\xa3\x01",
    "tiff": b"II*\x00\x08\x00\x00\x00",
    "bmp": b"BM\x46\x00\x00\x00\x00\x00",
    "riff that is a sound": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "half a png": b"\x89PNG\r\n",
    "jpeg of three bytes": b"\xff\xd8\xff",
    "mail with a NUL": MAIL + b"\r\n\x00",
    "shortcut": b"[InternetShortcut]\nURL=file:///etc/passwd\n",
    "tar": b"a" * 257 + b"ustar\x0000",
}


def refusal(content: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        kind_of(content[:4096], content)
    return caught.value


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken_is_known_by_its_content(name: str) -> None:
    content, media_type = TAKEN[name]
    assert kind_of(content[:4096], content) == media_type


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_names_the_field_and_says_what_to_do(name: str) -> None:
    no = refusal(REFUSED[name])
    assert no.status == 422
    assert [fault.field for fault in no.errors] == ["file"]
    assert no.errors[0].message.endswith(".")


def test_a_refusal_says_what_helps() -> None:
    assert "JPEG or PNG" in refusal(REFUSED["heic"]).detail
    assert "MP4" in refusal(REFUSED["quicktime"]).detail
    assert "UTF-8" in refusal(REFUSED["text in Latin-1"]).detail
    assert ".eml" in refusal(REFUSED["old office"]).detail


@given(st.binary(max_size=600))
@example(b"\xef\xbb\xbf")
@example(b" ")
@example(b"\x00\x00\x00\x10ftyp")
def test_no_bytes_crash_it(content: bytes) -> None:
    for whole in (content, None):
        # Anything but an answer or a typed refusal fails.
        with suppress(Invalid):
            assert kind_of(content, whole) in EXTENSIONS


@given(st.sampled_from([content for content, _ in TAKEN.values()]), st.data())
def test_no_changed_byte_crashes_it_or_its_preview(content: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content) - 1))
    changed = content[:at] + data.draw(st.binary(max_size=4)) + content[at + 1 :]
    try:
        media_type = kind_of(changed, changed)
    except Invalid:
        return
    small = preview(changed, media_type)
    assert small is None or small.jpeg.startswith(b"\xff\xd8\xff")


HEADS = [stranger.begins for stranger in NOT_A_TEXT] + [
    b"<html",
    b"<SVG",
    b"<?xml",
    b"<!doctype",
    b"<script",
    b"<?php",
    b"\x7fELF",
]
BLANKS = st.text(alphabet=" \t\r\n\u00a0\u2003\u200b\u2060\ufeff", max_size=5)


@given(st.sampled_from(HEADS), BLANKS, st.text(max_size=200), st.randoms(use_true_random=False))
def test_a_text_that_begins_like_another_format_is_never_a_text(
    head: bytes, before: str, after: str, dice: object
) -> None:
    if head[:1] == b"<":
        head = bytes(dice.choice((byte, byte ^ 0x20)) if chr(byte).isalpha() else byte for byte in head)  # type: ignore[attr-defined]
    content = before.encode() + head + after.encode("utf-8", "surrogatepass")
    with suppress(Invalid):
        assert kind_of(content, content) not in (TXT, EML)


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=200).map(
        lambda words: f"So: {words}"
    )
)
def test_plain_words_in_any_script_are_a_text(words: str) -> None:
    if "%PDF-" not in words:
        assert kind_of(words.encode(), words.encode()) == TXT


@given(st.text(alphabet="aé投😀", min_size=1, max_size=60), st.integers(1, 200))
def test_a_head_is_judged_like_the_whole_wherever_it_was_cut(words: str, cut: int) -> None:
    content = b"It says " + words.encode()
    assert kind_of(content[: max(cut, 8)]) == TXT


def test_a_head_lets_a_wrong_file_be_refused_before_it_has_arrived() -> None:
    with pytest.raises(Invalid):
        kind_of(b"PK\x03\x04" + b"x" * 100)
    assert kind_of(MAIL[:80]) == EML
    # What only the end would give away waits for the end.
    late = b"words " * 1000 + b"\x00"
    assert kind_of(late[:4096]) == TXT
    refusal(late)


def test_every_kind_has_an_extension_to_be_saved_under() -> None:
    assert set(EXTENSIONS) == {*BINARY, TXT, EML}


# Previews


def gps_jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "SECRET-DESCRIPTION"
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 41.0, 22.0), 3: "E", 4: (139.0, 41.0, 30.0), 29: "2026:11:20"})
    return picture(
        "JPEG", (400, 200), exif=exif, comment=b"SECRET-COMMENT", xmp=b"<x:xmpmeta>SECRET-XMP</x:xmpmeta>",
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    )  # fmt: skip


def test_a_preview_carries_nothing_but_the_picture() -> None:
    original = gps_jpeg()
    planted = Image.open(io.BytesIO(original))
    # The test proves nothing unless the original really has it all.
    assert planted.getexif().get_ifd(0x8825)[2] == (35.0, 41.0, 22.0)
    assert all(word in original for word in (b"SECRET-DESCRIPTION", b"SECRET-COMMENT", b"SECRET-XMP", b"ICC_PROFILE"))

    small = preview(original, JPEG)

    assert small is not None
    shown = Image.open(io.BytesIO(small.jpeg))
    assert not shown.getexif()
    assert set(shown.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
    assert not any(word in small.jpeg for word in (b"SECRET", b"Exif", b"ICC_PROFILE", b"http://", b"Photoshop"))
    # Segments by their markers: application data other than JFIF's, and comments, are absent.
    assert b"\xff\xe1" not in small.jpeg[:600]
    assert b"\xff\xfe" not in small.jpeg[:600]


def test_a_preview_is_turned_the_way_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.new("RGB", (200, 100), "white")
    lying.paste("black", (0, 0, 100, 100))
    made = io.BytesIO()
    lying.save(made, "JPEG", exif=exif, quality=95)

    small = preview(made.getvalue(), JPEG)

    assert small is not None
    assert (small.width, small.height) == (100, 200)
    upright = Image.open(io.BytesIO(small.jpeg)).convert("L")
    # A quarter turn clockwise: what lay on the left stands on top.
    assert upright.getpixel((50, 20)) < 40 < 215 < upright.getpixel((50, 180))


@pytest.mark.parametrize(("form", "media_type"), [("PNG", PNG), ("JPEG", JPEG), ("WEBP", WEBP), ("GIF", GIF)])
def test_no_side_of_a_preview_is_longer_than_1200(form: str, media_type: str) -> None:
    small = preview(picture(form, (3000, 500)), media_type)
    assert small is not None
    assert (small.width, small.height) == (LONGEST_SIDE, 200)
    assert Image.open(io.BytesIO(small.jpeg)).size == (LONGEST_SIDE, 200)
    tiny = preview(picture(form, (1, 1)), media_type)
    assert tiny is not None
    assert (tiny.width, tiny.height) == (1, 1)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_what_is_transparent_is_shown_on_white(mode: str) -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    made = io.BytesIO()
    if mode in ("P", "PA"):
        palette = Image.new("P", (20, 20), 0)
        palette.putpalette([0, 0, 0, 255, 0, 0])
        palette.save(made, "PNG", transparency=0)
    else:
        clear.convert(mode).save(made, "PNG")
    small = preview(made.getvalue(), PNG)
    assert small is not None
    assert min(Image.open(io.BytesIO(small.jpeg)).getpixel((10, 10))) > 250


@pytest.mark.parametrize(
    ("mode", "form", "colour", "expected"),
    [("I;16", "PNG", 32768, 128), ("L", "JPEG", 128, 128), ("1", "PNG", 1, 255), ("CMYK", "JPEG", (0, 0, 0, 127), 128)],
)
def test_every_depth_keeps_its_brightness(mode: str, form: str, colour: object, expected: int) -> None:
    small = preview(picture(form, (30, 30), mode, colour), PNG if form == "PNG" else JPEG)
    assert small is not None
    assert Image.open(io.BytesIO(small.jpeg)).getpixel((15, 15)) == pytest.approx((expected,) * 3, abs=4)


def test_only_the_first_frame_of_a_film_of_pictures_is_shown() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    for form, media_type in (("GIF", GIF), ("WEBP", WEBP)):
        made = io.BytesIO()
        frames[0].save(made, form, save_all=True, append_images=frames[1:], duration=100)
        small = preview(made.getvalue(), media_type)
        assert small is not None
        red, _green, blue = Image.open(io.BytesIO(small.jpeg)).getpixel((15, 15))
        assert red > 200 > 60 > blue


# Whole pictures, above our limit and below Pillow's own (179 megapixels): but for ours, each would be shown.
TOO_MANY_PIXELS = {"a row too many": (8000, MOST_PIXELS // 8000 + 1), "long": (70_000, 1), "tall": (1, 70_000)}


@pytest.mark.parametrize("name", TOO_MANY_PIXELS)
def test_a_picture_over_the_limit_has_no_preview_and_one_at_the_limit_has(name: str) -> None:
    bomb = picture("PNG", TOO_MANY_PIXELS[name], "L", 128)
    assert kind_of(bomb[:4096], bomb) == PNG
    assert len(bomb) < 200_000
    assert preview(bomb, PNG) is None
    assert preview(picture("PNG", (8000, MOST_PIXELS // 8000), "L", 128), PNG) is not None


@pytest.mark.parametrize(
    ("side", "progressive", "shown"),
    [(6300, False, True), (6400, False, False), (4000, True, True), (4100, True, False)],
)
def test_a_jpeg_may_be_larger_as_it_is_decoded_small(side: int, progressive: bool, shown: bool) -> None:
    small = preview(picture("JPEG", (side, side), "L", 128, progressive=progressive), JPEG)
    assert (small is not None) == shown
    assert not small or (small.width, small.height) == (LONGEST_SIDE, LONGEST_SIDE)


MANY = """
import io, sys
from concurrent.futures import ThreadPoolExecutor
from PIL import Image
from service.evidence.preview import preview
made = sys.stdin.buffer.read()
with ThreadPoolExecutor(10) as pool:
    assert all(pool.map(lambda _: preview(made, sys.argv[1]), range(10)))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.parametrize(
    ("form", "media_type", "mode", "side"), [("PNG", PNG, "RGBA", 4000), ("JPEG", JPEG, "RGB", 6300)]
)
def test_ten_large_pictures_at_once_take_no_more_memory_than_one(
    form: str, media_type: str, mode: str, side: int
) -> None:
    made = picture(form, (side, side), mode, (10, 20, 30, 40)[: len(mode)])
    command = [sys.executable, "-c", MANY, media_type]
    done = subprocess.run(command, input=made, capture_output=True, check=True, cwd=Path(__file__).parents[2])
    assert int(done.stdout) < 300 * 1024


@pytest.mark.parametrize("size", [*TOO_MANY_PIXELS.values(), (30_000, 30_000)])
def test_the_size_is_looked_at_before_a_single_pixel_is_decoded(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[object] = []
    decode = ImageFile.ImageFile.load
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda file: (decoded.append(file), decode(file))[1])
    # The trap works: a picture of a decent size does reach the decoder.
    assert preview(picture("PNG", (30, 30)), PNG) is not None
    assert decoded
    decoded.clear()
    assert preview(png_that_says(*size), PNG) is None
    assert decoded == []


def test_each_kind_meets_its_own_decoder_only() -> None:
    for form in ("TIFF", "BMP", "ICO", "GIF"):
        assert preview(picture(form), PNG) is None


@pytest.mark.parametrize("media_type", [PNG, JPEG, WEBP, GIF])
def test_a_half_saved_screenshot_is_kept_and_says_that_it_has_no_preview(media_type: str) -> None:
    form = media_type.removeprefix("image/").upper()
    noise = Image.effect_noise((300, 300), 90).convert("RGB")
    made = io.BytesIO()
    noise.save(made, form)
    whole = examine(made.getvalue(), "shot")
    assert whole.preview is not None
    assert whole.remark == ""

    half = examine(made.getvalue()[: len(made.getvalue()) // 2], "shot")

    assert half.media_type == media_type
    assert half.preview is None
    assert "damaged" in half.remark


@pytest.mark.parametrize("media_type", [PDF, MP4, TXT, EML])
def test_what_is_no_picture_has_no_preview_and_no_remark(media_type: str) -> None:
    content = next(content for content, kind in TAKEN.values() if kind == media_type)
    examined = examine(content, "x")
    assert examined.preview is None
    assert examined.remark == ""


# Receiving and giving back


def test_the_original_is_examined_byte_for_byte() -> None:
    original = gps_jpeg()
    examined = examine(original, "C:\\fakepath\\shot.jpg")
    assert examined.content == original
    assert examined.size == len(original)
    assert examined.filename == "shot.jpg"
    assert len(examined.sha256) == 64


def test_20_megabytes_are_taken_and_a_byte_more_is_not() -> None:
    assert examine(b"a" * MOST_BYTES, "a.txt").size == MOST_BYTES
    with pytest.raises(TooLarge) as caught:
        examine(b"a" * (MOST_BYTES + 1), "a.txt")
    assert [fault.field for fault in caught.value.errors] == ["file"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\fakepath\\shot 1.png", "shot 1.png"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
        ("a\x00b.txt", "ab.txt"),
        ("..", "file"),
        ("", "file"),
        ("\u200b", "file"),
        ("写真.png", "写真.png"),
        ("cafe\u0301.png", "caf\u00e9.png"),
        ("  .htaccess ", "htaccess"),
        ('a"b?.png', "a_b_.png"),
        ("x" * 400 + ".jpeg", "x" * 295 + ".jpeg"),
    ],
)
def test_a_name_is_cleaned(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


@given(st.text(max_size=500))
def test_no_name_is_dangerous_and_every_name_makes_a_header(sent: str) -> None:
    name = clean_name(sent)
    assert 0 < len(name) <= 300
    assert not set(name) & set('/\\<>:"|?*\r\n\x00\u202e')
    assert clean_name(name) == name
    line = attachment(name)
    parts = re.fullmatch(r"attachment; filename=\"([ -~]+)\"; filename\*=UTF-8''([!#$&+.^_`|~0-9A-Za-z%-]+)", line)
    assert parts
    assert not set(parts[1]) & set('"\\%;')
    assert unquote(parts[2]) == name


def evidence(**other: object) -> Evidence:
    given = {"id": "0" * 32, "case_id": 1, "filename": "shot.png", "media_type": PNG, "size": 7, "sha256": "0" * 64}
    return Evidence(**{**given, "added_by_id": 1, "added_at": datetime(2026, 11, 20, tzinfo=UTC), **other})


def test_a_download_is_sealed() -> None:
    headers = download_headers(evidence())
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Length"] == "7"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Cache-Control"] == "no-store"
    assert preview_headers()["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("filename", "media_type", "saved"),
    [
        ("note.hta", TXT, "note.hta.txt"),
        ("SHOT.JPEG", JPEG, "SHOT.JPEG"),
        ("shot.png", JPEG, "shot.png.jpg"),
        ("page.html", "text/html", "page.html.bin"),
        ("file", PDF, "file.pdf"),
    ],
)
def test_a_file_is_saved_as_what_it_is(filename: str, media_type: str, saved: str) -> None:
    assert (
        f'filename="{saved}"'
        in download_headers(evidence(filename=filename, media_type=media_type))["Content-Disposition"]
    )


def test_a_name_in_any_script_survives_the_header() -> None:
    line = attachment("写真 100%.png")
    assert line == "attachment; filename=\"100_.png\"; filename*=UTF-8''%E5%86%99%E7%9C%9F%20100%25.png"
    assert attachment("写真.png").startswith('attachment; filename="file.png";')
