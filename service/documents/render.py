"""Makes a PDF of a document: the worker's side, and the only file that imports WeasyPrint.

`python -m service.documents.render DESCRIPTOR MEMORY SECONDS` is one worker of `service/documents/pool.py`. It reads
documents from the socket it inherited, answers each with bytes, and ends when the socket closes.

A document is plain data: `{template, context, pictures: {evidence id: JPEG}, attachments: [{name, bytes, …}]}`. With
`into`, a file, it is one leaf of a bundle; `{bind: …}` has leaves bound, and `{open: …}` a stranger's file opened.
"""

import errno
import gc
import json
import logging
import os
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pydyf  # type: ignore[import-untyped]  # it ships no types

from service.core.templating import TEMPLATES
from service.documents import paper, tagging

# Fontconfig reads this when WeasyPrint is imported, and never again.
os.environ.setdefault("FONTCONFIG_FILE", str(TEMPLATES / "documents" / "fonts.conf"))
# FontTools writes the date into the fonts it cuts down, and equal documents should make equal bytes.
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")

from weasyprint import CSS, HTML, Attachment
from weasyprint.draw import text as drawing
from weasyprint.images import RasterImage
from weasyprint.pdf.stream import Stream
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

FONTS = "fonts-noto-core fonts-noto-color-emoji fonts-droid-fallback"
MOST_GLYPHS = 4000
"""Pictures of emoji that a worker keeps, about 5 kB each: as many as there are."""
MADE, REFUSED, FULL = b"+", b"-", b"!"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
Finish = Callable[[Any, Any], None]
# Indic scripts, Myanmar and Khmer: vowels that are written after a consonant may stand before it.
REORDERED = re.compile("[\u0900-\u0dff\u1000-\u109f\u1780-\u17ff]")


class OutOfReach(FatalURLFetchingError):
    """A document asked for something that is not its own. It is a BaseException, as WeasyPrint's is, and stops it."""


class OwnPictures(URLFetcher):
    """Serves `evidence:ID` from the pictures that came with the document, and `data:`; there is no other way out."""

    def __init__(self, pictures: dict[str, bytes]) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False)
        self.pictures = pictures

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """The picture of that name; raises OutOfReach for any other address, before anything is opened."""
        scheme, _, name = url.partition(":")
        if scheme == "data":
            return super().fetch(url, headers)
        if scheme == "evidence" and name in self.pictures:
            return URLFetcherResponse(url, self.pictures[name], {"Content-Type": "image/jpeg"})
        raise OutOfReach("A document may only show the pictures that came with it")


class MissingLetters(logging.Handler):
    """Notices that a script had no font: WeasyPrint says so in its log, and nowhere else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.noticed = False
        self.told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Only the fact is kept; the record itself may hold people's words."""
        self.noticed = self.noticed or "glyph" in record.getMessage().lower()


def render(document: dict[str, Any]) -> bytes:
    """The PDF/UA-1 file of a document; equal documents make equal bytes.

    Raises OutOfReach where the document asks for anything but its own pictures, and whatever Jinja or WeasyPrint
    raise for a document they cannot make. A script without a font is said on the closing page, and once on stderr.
    """
    letters = _letters()
    letters.noticed = False
    pdf = _write(document, document["context"])
    if letters.noticed:
        if not letters.told:
            letters.told = True
            sys.stderr.write(f"Some letters have no font here, and a PDF shows boxes for them. Install {FONTS}\n")
        pdf = _write(document, {**document["context"], "letters_missing": True})
    return pdf


def leaf(document: dict[str, Any]) -> bytes:
    """Write a document to the file `into`, to be bound with others: answers as JSON how many pages it has, which page
    each named place of it is on, and whether letters had no font.
    """
    letters = _letters()
    letters.noticed = False
    told: dict[str, Any] = {"pages": 0, "starts": {}}

    def finish(laid_out: Any, pdf: Any) -> None:
        tagging.finish(pdf)
        tagging.leave_out_header_names(pdf)
        told["pages"] = len(laid_out.pages)
        for number, page in enumerate(laid_out.pages):
            for name in page.anchors:
                told["starts"].setdefault(name, number)

    Path(document["into"]).write_bytes(_write(document, document["context"], finish))
    return json.dumps({**told, "letters_missing": letters.noticed}).encode()


def answer_to(document: dict[str, Any]) -> bytes:
    """What a document asks for: a PDF; or a leaf of a bundle, its binding, or what a file shows, which are files."""
    # Here, since only a bundle needs them.
    if "bind" in document:
        from service.documents.binding import bind

        bind(**document["bind"])
        return b""
    if "open" in document:
        from service.documents.opening import answer_to as opened

        return opened(document["open"])
    return leaf(document) if "into" in document else render(document)


def page_of(document: dict[str, Any]) -> str:
    """The HTML that a document is laid out from."""
    return paper.templates().get_template(document["template"]).render(document["context"])


def serve(connection: Connection, seconds: int) -> None:
    """Answer documents until the other side goes away. One that fails is answered with a reason, never with words
    of the document; one that outlives its time ends this process, even where nobody is left to do it."""
    _warm()
    answer = MADE
    while True:
        try:
            connection.send_bytes(answer)
            # Boxes hold one another: left to itself, Python keeps those of many documents, 30 MB of them.
            answer, document = MADE, {}
            gc.collect()
            document = connection.recv()
        except (EOFError, OSError):
            # OSError where the pool was killed: what it had not read yet makes the socket break, not end.
            return
        # The pool kills first; this one is for a worker whose pool has gone.
        signal.alarm(seconds + 5)
        try:
            answer = MADE + answer_to(document)
        except MemoryError:
            # What is left of the memory cannot be trusted: the pool starts another worker.
            os._exit(70)
        except (Exception, FatalURLFetchingError) as problem:  # noqa: BLE001 - the pool turns it into a refusal
            full = isinstance(problem, OSError) and problem.errno in NO_ROOM
            answer = (FULL if full else REFUSED) + _reason(problem).encode()
        signal.alarm(0)


def _write(document: dict[str, Any], context: dict[str, Any], finish: Finish | None = None) -> bytes:
    made = datetime.fromisoformat(context["made_stamp"])
    attachments = [
        Attachment(
            string=one["bytes"],
            name=one["name"],
            description=one.get("description"),
            relationship=one.get("relationship", "Data"),
            # WeasyPrint writes the digits with a Z, whatever the zone.
            created=made.astimezone(UTC),
            modified=made.astimezone(UTC),
        )
        for one in document.get("attachments", ())
    ]
    page = HTML(string=page_of({**document, "context": context}), url_fetcher=OwnPictures(document.get("pictures", {})))
    return page.write_pdf(
        stylesheets=[_style(document["template"])],
        font_config=_fonts(),
        attachments=attachments,
        pdf_identifier=context["identifier"].encode(),
        pdf_variant="pdf/ua-1",
        finisher=finish or (lambda _laid_out, pdf: tagging.finish(pdf)),
    )


_marked = Stream.marked


@contextmanager
def _marked_with_its_text(stream: Stream, box: Any, tag: str) -> Iterator[None]:
    """Scripts whose letters change places carry their text beside them, or copying them out would lose vowels."""
    with _marked(stream, box, tag):
        # What has just been begun: tag, properties, operator.
        properties = stream.stream[-2]
        if isinstance(properties, pydyf.Dictionary) and REORDERED.search(text := getattr(box, "text", None) or ""):
            properties["ActualText"] = pydyf.String(text)
        yield


Stream.marked = _marked_with_its_text


_glyphs: dict[str, RasterImage] = {}


def _picture_of(picture: Any, name: str, png: bytes) -> RasterImage:
    """The picture of an emoji, by font and glyph: read and packed once, not wherever it stands in a text.

    That took 2 ms each, 40 seconds for 20,000 of them.
    """
    if len(_glyphs) >= MOST_GLYPHS:
        _glyphs.clear()
    if name not in _glyphs:
        _glyphs[name] = RasterImage(picture, name, png)
    return _glyphs[name]


drawing.RasterImage = _picture_of


@cache
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@cache
def _style(template: str) -> CSS:
    sheets = "\n".join(sheet.read_text("utf-8") for sheet in paper.styles(template))
    return CSS(string=sheets, font_config=_fonts())


@cache
def _letters() -> MissingLetters:
    letters = MissingLetters()
    logging.getLogger("weasyprint").addHandler(letters)
    return letters


def _warm() -> None:
    """Parse the style and open a font of every script, so that the first reader does not wait for it."""
    style = _style("documents/case-summary.html")
    scripts = "Aa <b>Bb</b> 我 日本 한국 عربي עברית हिन्दी Русский 🙂 <code>0f</code>"
    page = HTML(string=f'<html lang="en-GB"><title>Warm</title><p>{scripts}', url_fetcher=OwnPictures({}))
    page.write_pdf(stylesheets=[style], font_config=_fonts(), pdf_variant="pdf/ua-1")
    # What is here by now stays, and is not looked through after each document: that took 20 ms.
    gc.collect()
    gc.freeze()


def _reason(problem: BaseException) -> str:
    """Where it went wrong, without what was being written: the words of a document do not belong in a log."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    at = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "unknown"
    return f"{type(problem).__name__} at {at}"


def main(arguments: list[str]) -> None:
    """Be a worker: `arguments` are the inherited socket, the memory it may have (bytes), and seconds a document."""
    descriptor, memory, seconds = (int(one) for one in arguments)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # A dump of this process would hold people's words.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Pages come first: somebody is waiting for them on a phone.
    os.nice(5)
    serve(Connection(descriptor), seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
