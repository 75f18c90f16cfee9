"""An exported PDF, checked on a machine that has nothing but the file.

Only the attachment is read, by our own few lines: a PDF library would be one more thing to trust, and the file may
come from anybody. An attachment is always a stream of its own in a PDF, whatever else is packed together.
"""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from service.timeline.proof import NAME, faults_in

EMBEDDED = re.compile(rb"/Type\s*/EmbeddedFile\b")
STREAM = re.compile(rb"\bstream\r?\n")
FLATE = re.compile(rb"/Filter\s*\[?\s*/FlateDecode\b")
OURS = (b'{"entries":', b'{"reference":')
MOST_BYTES = 64 * 1024 * 1024


def verify_pdf(path: Path | str) -> list[str]:
    """Everything that is wrong with the entries inside a PDF, a line each; none when they hold.

    Raises OSError when the file cannot be read. That the pages say what the entries say is not checked here.
    """
    content = Path(path).read_bytes()
    if not content.startswith(b"%PDF-"):
        return ["This is not a PDF"]
    found = [attachment for attachment in _attachments(content) if attachment.startswith(OURS)]
    if not found:
        return [
            f"The PDF does not carry {NAME}: it was not exported by Amends, or what made it verifiable was taken out"
        ]
    if len(found) > 1:
        return [f"The PDF carries {NAME} {len(found)} times: something was added after it was exported"]
    return faults_in(found[0])


def _attachments(content: bytes) -> Iterator[bytes]:
    for mark in EMBEDDED.finditer(content):
        opening = content.rfind(b" obj", 0, mark.start())
        begins = STREAM.search(content, mark.end())
        if begins is None:
            continue
        # Most programs write the filter before or after the type, so the whole dictionary is looked at.
        packed = FLATE.search(content, max(opening, 0), begins.start())
        yield _unpacked(content, begins.end()) if packed else _plain(content, begins.end())


def _unpacked(content: bytes, start: int) -> bytes:
    # A stream says itself where it ends; the bound keeps a hostile one from filling the memory.
    try:
        return zlib.decompressobj().decompress(memoryview(content)[start:], MOST_BYTES)
    except zlib.error:
        return b""


def _plain(content: bytes, start: int) -> bytes:
    end = content.find(b"endstream", start)
    return content[start : end if end >= 0 else len(content)].rstrip(b"\r\n")
