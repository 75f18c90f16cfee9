"""What a template for paper may use: the pages' environment and words, with people's words made safe to lay out."""

import re
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from service.core.saying import dated
from service.core.telling import filters
from service.core.templating import TEMPLATES, environment
from service.documents import words
from service.records.field_words import TABLES

LONG_WORD, SOME_LETTERS = re.compile(r"\S{200}"), re.compile(r"(?s).{1,100}")
MOST_LINES, MOST_PARAGRAPHS = 2_000, 500
"""What is laid out of one text as lines and as paragraphs: nobody's words have more, and each takes milliseconds."""
RUN_TOGETHER, LINE_END = "From here on, ¶ stands where a line ends.", " ¶ "
ENDS = re.compile("\r\n|[\r\u2028\u2029]")
NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def styles(template: str) -> list[Path]:
    """The style sheets of a template for paper: that of every paper, then its own."""
    return [TEMPLATES / "documents/paper.css", (TEMPLATES / template).with_suffix(".css")]


@cache
def templates() -> jinja2.Environment:
    """The pages' environment, with the same words; on paper moments are told in full, and nothing may be misspelt."""
    made = environment(TABLES)
    made.undefined = jinja2.StrictUndefined
    made.filters |= filters(TABLES, dated)
    made.filters.update(
        people=_people,
        inline=_inline,
        bare=_bare,
        moment=dated,
        lines=_lines,
        clock=_clock,
    )
    return made


def _people(text: object) -> Markup:
    """People's words, line for line; lines that follow one another in one direction are one paragraph.

    WeasyPrint does not know dir="auto", so the direction is found here by the same rule.
    """
    lines = NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", ENDS.sub("\n", str(text))).split("\n")
    if len(lines) > MOST_LINES:
        rest = LINE_END.join(line for line in lines[MOST_LINES:] if line.strip())
        lines = [*lines[:MOST_LINES], RUN_TOGETHER, rest]
    found = [
        (way, list(some))
        for way, some in groupby(lines, key=lambda line: words.direction(line) if line.strip() else "")
        if way
    ]
    if len(found) > MOST_PARAGRAPHS:
        found[MOST_PARAGRAPHS:] = [
            (found[MOST_PARAGRAPHS][0], [line for _, some in found[MOST_PARAGRAPHS:] for line in some])
        ]
    return Markup("").join(
        Markup('<p dir="{}">{}</p>').format(way, Markup("\n").join(_breakable(line) for line in some))
        for way, some in found
    )


def _breakable(line: str) -> Markup:
    """A line whose endless words are cut into spans: laid out whole, 20,000 letters without a space take 10 seconds."""
    if not LONG_WORD.search(line):
        return escape(line)
    return Markup("").join(Markup("<span>{}</span>").format(piece) for piece in SOME_LETTERS.findall(line))


def _lines(value: datetime, zone: str) -> Markup:
    """A moment for a narrow column: the clock first, in bold, and London's on a line of its own."""
    return _stacked(dated(value, zone))


def _clock(value: datetime, zone: str) -> Markup:
    """The time of day beside an entry that stands under its day."""
    return _stacked(words.hours(value, zone))


def _stacked(said: str) -> Markup:
    there, bracket, london = said.partition(" (")
    clock, _, rest = there.partition(" ")
    second = Markup('<br><span class="quiet">{}</span>').format(f"({london}") if bracket else ""
    return Markup("<b>{}</b> {}{}").format(clock, rest, second)


def _inline(text: object) -> Markup:
    """People's words inside a line of ours: a name, a handle, a file name."""
    said = NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", " ".join(str(text).splitlines()))
    return Markup('<bdi dir="{}">{}</bdi>').format(words.direction(said), _breakable(said))


def _bare(text: object) -> Markup:
    """The same with no element round them: whatever stands in a link is a link of its own to WeasyPrint."""
    return escape(NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", " ".join(str(text).splitlines())))
