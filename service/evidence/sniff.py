"""Which kind of file this is, by its content and never by its name.

No library decides here. Those that are kept up either want a system library, learn from examples (and so may be
talked round), or guess a format among hundreds where this has to accept eight and be sure of them.

What was decided about files that are two things at once. The original must stay as it is, byte for byte, so nothing
is cut off; a file is what it *begins* as, and is only ever served as that, as an attachment with the extension of
that kind, `nosniff`, in a sandbox (`download.py`).

- A GIF that is also JavaScript, a JPEG with a ZIP behind it: taken as the picture. Phones put films behind their
  JPEGs, so what follows a picture refuses nobody; no browser runs an `image/gif` that says `nosniff`.
- A PDF that begins later than at the first byte is no PDF here, though readers would open it; nor is it a text: a
  text or an e-mail with `%PDF-` in its first 1,024 characters is refused.
- A text or an e-mail that begins like a program, a script, an archive or a page is refused, wherever the white
  space, the byte order mark and the invisible characters in front of it end.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from service.core.errors import Invalid, invalid

PNG = "image/png"
JPEG = "image/jpeg"
WEBP = "image/webp"
GIF = "image/gif"
PDF = "application/pdf"
TXT = "text/plain"
EML = "message/rfc822"
MP4 = "video/mp4"

TAKEN = "a picture (PNG, JPEG, WebP or GIF), a PDF, a text file, an e-mail (.eml) or an MP4 video"
OTHERWISE = f"This kind of file cannot be added. Add {TAKEN}. A screenshot is fine."
UNPACK = "This is an archive or an office document. Take the files out, or save the document as a PDF, and add those."
PROGRAM = f"This begins like a program or a script. Add {TAKEN}."
PAGE = "This begins like a web page, an SVG or an XML file. Add a screenshot of it, or save it as a PDF."
PHOTOGRAPH = "This picture is in a format that Amends cannot show. Save it as JPEG or PNG, or add a screenshot of it."
FILM = "Of videos only MP4 can be added, and no sound files. Save it as MP4, or add a screenshot of it."
NOT_UTF_8 = f"This is not a text that Amends can read (it must be UTF-8 without control characters). Add {TAKEN}."

# Major brands of ISO base media files that carry moving pictures (the register at mp4ra.org), without the spaces that
# fill them to four letters. Sound alone (M4A, M4B), QuickTime (qt) and still pictures are not among them.
FILM_BRANDS = frozenset(
    b"isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 mp71 mmp4 avc1 dash cmfc msnv MSNV NDSC NDSH NDSM NDSP "
    b"NDSS M4V M4VH M4VP f4v F4V XAVC 3gp4 3gp5 3gp6 3gp7 3gp8 3gp9 3ge6 3ge7 3gg6 3gs7 3g2a 3g2b 3g2c".split()
)
STILL_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1 avif avis avio jxl crx miaf".split())


@dataclass(frozen=True)
class Stranger:
    """A format that is not taken: the bytes it begins with (at `offset`), and what the person can do about it."""

    begins: bytes
    advice: str
    offset: int = 0


STRANGERS = (
    Stranger(b"PK\x03\x04", UNPACK),
    Stranger(b"PK\x05\x06", UNPACK),
    Stranger(b"PK\x07\x08", UNPACK),
    Stranger(b"Rar!\x1a\x07", UNPACK),
    Stranger(b"7z\xbc\xaf\x27\x1c", UNPACK),
    Stranger(b"\x1f\x8b", UNPACK),
    Stranger(b"BZh", UNPACK),
    Stranger(b"\xfd7zXZ\x00", UNPACK),
    Stranger(b"\x28\xb5\x2f\xfd", UNPACK),
    Stranger(b"MSCF\x00", UNPACK),
    Stranger(b"ustar", UNPACK, 257),
    Stranger(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"{UNPACK} Save an e-mail from Outlook as .eml."),
    Stranger(b"\x7fELF", PROGRAM),
    Stranger(b"\xca\xfe\xba\xbe", PROGRAM),
    Stranger(b"\xcf\xfa\xed\xfe", PROGRAM),
    Stranger(b"\x00asm", PROGRAM),
    Stranger(b"ITSF\x03", PROGRAM),
    Stranger(b"II*\x00", PHOTOGRAPH),
    Stranger(b"MM\x00*", PHOTOGRAPH),
    Stranger(b"\x00\x00\x01\x00", PHOTOGRAPH),
    Stranger(b"8BPS", PHOTOGRAPH),
    Stranger(b"\xff\x0a", PHOTOGRAPH),
    Stranger(b"\x1a\x45\xdf\xa3", FILM),
    Stranger(b"FLV\x01", FILM),
    Stranger(b"OggS", FILM),
    Stranger(b"\x00\x00\x01\xba", FILM),
    Stranger(b"ID3", FILM),
    Stranger(b"\xff\xfe", "This text is in UTF-16. Save it as UTF-8 and add it again."),
    Stranger(b"\xfe\xff", "This text is in UTF-16. Save it as UTF-8 and add it again."),
)

POSTSCRIPT = "This begins like a PostScript file. Save it as a PDF and add that."
DAMAGED_PDF = "This PDF is damaged, or something stands in front of it. Save it as a PDF again, or add a screenshot."

# What a text or an e-mail may not begin with, once white space and invisible characters are passed over: all of the
# above, and what only matters in a file that would otherwise pass for a text.
NOT_A_TEXT = (
    *(stranger for stranger in STRANGERS if stranger.offset == 0),
    Stranger(b"MZ", PROGRAM),
    Stranger(b"#!", PROGRAM),
    Stranger(b"%!", POSTSCRIPT),
    Stranger(b"%PDF", DAMAGED_PDF),
    Stranger(b"{\\rtf", UNPACK),
    Stranger(b"Rar!", UNPACK),
    Stranger(b"MSCF", UNPACK),
    Stranger(b"!<arch>", UNPACK),
    Stranger(b"xar!", UNPACK),
    Stranger(b"Cr24", PROGRAM),
    Stranger(b"FWS", PROGRAM),
    Stranger(b"CWS", PROGRAM),
    Stranger(b"ZWS", PROGRAM),
    Stranger(b"ITSF", PROGRAM),
    Stranger(b"[InternetShortcut]", PROGRAM),
    Stranger(b"[Desktop Entry]", PROGRAM),
    Stranger(b"SQLite format 3", OTHERWISE),
    Stranger(b"GIF8", PHOTOGRAPH),
    Stranger(b"RIFF", PHOTOGRAPH),
)
# Any markup at all, whatever its name and letters: HTML, SVG, XML, a comment, PHP, ASP. "<3" and "< 10" are texts.
MARKUP = re.compile(r"<[A-Za-z!?/%]")
PDF_HEADS = re.compile(rb"%PDF-[12]\.[0-9]")
LATE_PDF_WITHIN = 1024
HEADER_LINE = re.compile(r"([!-9;-~]+)[ \t]*:.*")
MAIL_SAYS_WHEN = frozenset({"date", "received", "message-id"})
NOT_CONTROLS = "\t\n\r"


def kind_of(head: bytes, whole: bytes | None = None) -> str:
    """The media type of a file, one of the eight that are taken.

    `head` is how it begins, `whole` all of it. Without `whole` the answer is provisional: it lets an upload be refused
    before it has arrived, and a text is judged by its head alone. Raises Invalid for the field `file`, with what the
    person can do about it.
    """
    content = head if whole is None else whole
    if not content:
        raise invalid("file", "This file is empty. Choose another one.")
    for media_type, recognises in BINARY.items():
        if recognises(content):
            return media_type
    for stranger in STRANGERS:
        if content.startswith(stranger.begins, stranger.offset):
            raise invalid("file", stranger.advice)
    if content[4:8] == b"ftyp":
        raise invalid("file", PHOTOGRAPH if _brands(content) & STILL_BRANDS else FILM)
    if _is_mail(content, ended=whole is not None):
        return EML
    _begins_like_nothing_else(_text(content, ended=whole is not None))
    return TXT


def _is_png(content: bytes) -> bool:
    return content.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")


def _is_jpeg(content: bytes) -> bool:
    # The marker that follows the start of the image is a table, a frame, application data or a comment.
    return content.startswith(b"\xff\xd8\xff") and len(content) > 3 and 0xC0 <= content[3] <= 0xFE


def _is_webp(content: bytes) -> bool:
    return content.startswith(b"RIFF") and content[8:12] == b"WEBP" and content[12:16] in (b"VP8 ", b"VP8L", b"VP8X")


def _is_gif(content: bytes) -> bool:
    return content.startswith((b"GIF87a", b"GIF89a")) and len(content) >= 13


def _is_pdf(content: bytes) -> bool:
    return PDF_HEADS.match(content) is not None


def _is_mp4(content: bytes) -> bool:
    length = int.from_bytes(content[:4], "big")
    if content[4:8] != b"ftyp" or not 16 <= length <= 1024 or length % 4:
        return False
    return content[8:12].strip() in FILM_BRANDS and not _brands(content) & STILL_BRANDS


def _brands(content: bytes) -> set[bytes]:
    """Every brand that an `ftyp` box names: the major one, and after its version the compatible ones."""
    length = min(int.from_bytes(content[:4], "big"), 1024)
    box = content[:length]
    return {brand.strip() for brand in [box[8:12], *(box[at : at + 4] for at in range(16, len(box), 4))]}


BINARY: dict[str, Callable[[bytes], bool]] = {
    PNG: _is_png,
    JPEG: _is_jpeg,
    WEBP: _is_webp,
    GIF: _is_gif,
    PDF: _is_pdf,
    MP4: _is_mp4,
}


def _text(content: bytes, *, ended: bool) -> str:
    """The content as clean text. A head may end inside a character; a whole file may not."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        if ended or fault.start < len(content) - 3 or fault.reason != "unexpected end of data":
            raise invalid("file", NOT_UTF_8 if _looks_like_words(content) else OTHERWISE) from None
        text = content[: fault.start].decode("utf-8")
    if not _clean(text):
        raise invalid("file", NOT_UTF_8)
    return text


def _clean(text: str) -> bool:
    return not any(unicodedata.category(sign) == "Cc" and sign not in NOT_CONTROLS for sign in set(text))


def _looks_like_words(content: bytes) -> bool:
    return not any(byte < 32 and byte not in b"\t\n\r" for byte in content[:4096])


def _begins_like_nothing_else(text: str) -> None:
    # Nothing a reader would pass over may hide what comes first: white space, byte order marks, joiners.
    first = next((at for at, sign in enumerate(text) if not (sign.isspace() or unicodedata.category(sign) == "Cf")), 0)
    begins = text[first : first + 32].encode()
    for stranger in NOT_A_TEXT:
        if begins.startswith(stranger.begins):
            raise invalid("file", stranger.advice)
    if MARKUP.match(text, first):
        raise invalid("file", PAGE)
    if "%PDF-" in text[:LATE_PDF_WITHIN]:
        raise invalid("file", DAMAGED_PDF)


def _is_mail(content: bytes, *, ended: bool) -> bool:
    """Whether it begins with the header of an e-mail (RFC 5322): From, and a line that only mail has.

    Only the header must be clean text. A body may be in any character set; Japanese mail is full of escape signs.
    """
    if b"\x00" in content:
        return False
    raw, gap, _body = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").partition(b"\n\n")
    if not gap and not ended:
        raw = raw.rpartition(b"\n")[0]
    try:
        header = _text(raw, ended=True)
    except Invalid:
        return False
    names: set[str] = set()
    # Only where RFC 5322 ends a line: `splitlines` also breaks at signs that people write.
    for line in header.rstrip("\n").split("\n"):
        if line[:1] in (" ", "\t") and names:
            continue
        field = HEADER_LINE.fullmatch(line)
        if field is None:
            return False
        names.add(field[1].lower())
    if "from" not in names or names.isdisjoint(MAIL_SAYS_WHEN):
        return False
    _begins_like_nothing_else(header)
    return True
