"""Opens the file of a stranger for a bundle: the pages of a PDF as pictures with their words, and what an e-mail says.

Runs in a worker of the pool: a file that makes PDFium use too much time or memory, or crash, ends that worker and
nothing else.
"""

import io
import json
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

DOTS_AN_INCH, POINTS_AN_INCH = 130, 72
MOST_DOTS = 1800
"""The longest side of a page, however large it says it is: as sharp as A4."""
QUALITY = 75
PAGES_A_TURN = 10
MOST_WORDS = 4_000
"""Letters of a page that are told to whoever cannot see its picture: a full page has about 3,000."""
HEADS = ("From", "To", "Cc", "Date", "Subject")
UNSEEN = frozenset({"head", "script", "style"})
BREAKS = frozenset({"br", "div", "li", "p", "tr", "h1", "h2", "h3", "h4", "blockquote"})


def draw(file: str, first: int, into: str) -> dict[str, Any]:
    """Draw up to ten pages of a PDF from page `first` (from 0), each to `into` with its number and `.jpg` behind it.

    Answers `of`, how many pages it has, the words of each page that was drawn, and how many `seconds` of a processor
    it took. Raises PdfiumError for a file that is broken or wants a password.
    """
    begun = time.process_time()
    with pdfium.PdfDocument(file) as document:
        # What was written into a form is no part of its pages.
        document.init_forms()
        numbers = range(first, min(first + PAGES_A_TURN, len(document)))
        pages = [_page(document[number], f"{into}{number}.jpg") for number in numbers]
        return {"of": len(document), "pages": pages, "seconds": time.process_time() - begun}


def _page(page: pdfium.PdfPage, into: str) -> str:
    scale = min(DOTS_AN_INCH / POINTS_AN_INCH, MOST_DOTS / max(*page.get_size(), 1))
    drawn = io.BytesIO()
    page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB").save(drawn, "JPEG", quality=QUALITY)
    # Not by Pillow, which does not say that a disk is full.
    Path(into).write_bytes(drawn.getvalue())
    return " ".join(page.get_textpage().get_text_bounded(errors="replace")[:MOST_WORDS].split())


def read_mail(file: str, into: str) -> dict[str, Any]:
    """Write what an e-mail says to the file `into`: who wrote whom and when, its text, and what came with it.

    Answers how many bytes that is.
    """
    mail = message_from_bytes(Path(file).read_bytes(), EmailMessage, policy=policy.default)
    heads = [f"{name}: {' '.join(str(mail[name]).split())}" for name in HEADS if mail[name]]
    body = mail.get_body(("plain", "html"))
    with_it = [f"With it: {part.get_filename() or part.get_content_type()}" for part in mail.iter_attachments()]
    written = "\n".join([*heads, "", _text_of(body) if body else "It has no text.", "", *with_it]).strip()
    return {"size": Path(into).write_bytes(written.encode("utf-8", "replace"))}


def _text_of(body: Any) -> str:
    try:
        text = body.get_content()
    except LookupError:
        # In a character set that nobody knows.
        text = body.get_payload(decode=True).decode("utf-8", "replace")
    return (_words_of(text) if body.get_content_subtype() == "html" else text).strip()


class _Seen(HTMLParser):
    """The words of a page that its readers see."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unseen += tag in UNSEEN
        self.words += ["\n"] if tag in BREAKS else []

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in UNSEEN))

    def handle_data(self, data: str) -> None:
        self.words += [] if self._unseen else [data]


def _words_of(page: str) -> str:
    seen = _Seen()
    seen.feed(page)
    lines = (" ".join(line.split()) for line in "".join(seen.words).split("\n"))
    return "\n".join(line for line in lines if line)


def answer_to(order: dict[str, Any]) -> bytes:
    """What the pool asks for, as JSON: `draw` or `mail`."""
    return json.dumps(draw(**order["draw"]) if "draw" in order else read_mail(**order["mail"])).encode()
