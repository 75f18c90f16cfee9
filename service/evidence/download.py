"""Files out: the headers that keep a stranger's file from doing anything but being saved."""

import unicodedata
from urllib.parse import quote

from service.evidence.sniff import EML, GIF, JPEG, MP4, PDF, PNG, TXT, WEBP
from service.records.evidence import Evidence

EXTENSIONS = {
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    WEBP: (".webp",),
    GIF: (".gif",),
    PDF: (".pdf",),
    TXT: (".txt", ".text", ".log"),
    EML: (".eml",),
    MP4: (".mp4", ".m4v"),
}
UNKNOWN = "application/octet-stream"

SEALED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

# What RFC 8187 lets stand unescaped in an extended value, besides letters and digits.
_ATTRIBUTE_SIGNS = "!#$&+-.^_`|~"


def download_headers(evidence: Evidence) -> dict[str, str]:
    """The response headers for the original: always an attachment, of the kind that its content was found to be."""
    media_type = evidence.media_type if evidence.media_type in EXTENSIONS else UNKNOWN
    return {
        # Without a character set, old readers guess one, and some guesses turn a text into markup.
        "Content-Type": f"{media_type}; charset=utf-8" if media_type == TXT else media_type,
        "Content-Length": str(evidence.size),
        "Content-Disposition": attachment(download_name(evidence.filename, media_type)),
        **SEALED,
    }


def bare_headers(evidence: Evidence, media_type: str, size: int) -> dict[str, str]:
    """The same for a picture that was made anew from the original, so that nothing but the pixels travels along."""
    name = download_name(evidence.filename, media_type)
    return {"Content-Type": media_type, "Content-Length": str(size), "Content-Disposition": attachment(name), **SEALED}


def preview_headers() -> dict[str, str]:
    """The response headers for the small picture that Amends made itself, shown in the page."""
    return {"Content-Type": JPEG, "Content-Disposition": "inline", **SEALED}


def download_name(filename: str, media_type: str) -> str:
    """The file's name with an extension of its kind: a text sent as `note.hta` is saved as `note.hta.txt`.

    The reader's own machine opens files by their names, whatever we say about their kind.
    """
    fitting = EXTENSIONS.get(media_type, (".bin",))
    return filename if filename.lower().endswith(fitting) else filename + fitting[0]


def attachment(filename: str) -> str:
    """A Content-Disposition (RFC 6266) that old clients read in ASCII and others in full (RFC 8187)."""
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    # Quotes and backslashes would need escapes, and a percent sign is decoded by some: all three become underscores.
    safe = "".join("_" if sign in '"\\%;' or not sign.isprintable() else sign for sign in plain).strip()
    if not safe or safe.startswith("."):
        safe = f"file{safe}"
    return f"attachment; filename=\"{safe}\"; filename*=UTF-8''{quote(filename, safe=_ATTRIBUTE_SIGNS)}"
