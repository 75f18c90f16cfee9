"""What a template for paper may use: the pages' environment and words, with people's words made safe to lay out."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

import jinja2
from markupsafe import Markup, escape

from service.core.templating import WORDS, environment
from service.documents import words

LONG_WORD, SOME_LETTERS = re.compile(r"\S{200}"), re.compile(r"(?s).{1,100}")
NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# The page speaks to the person who reports; a paper is read by others.
FIELDS = {
    "narrative": "What happened",
    "account.names_employer": "The account names the employer",
}


@cache
def templates() -> jinja2.Environment:
    """The pages' environment, with the same words; on paper moments are told in full, and nothing may be misspelt."""
    made = environment()
    made.undefined = jinja2.StrictUndefined
    made.filters.update(
        people=_people,
        inline=_inline,
        moment=words.moment,
        lines=_lines,
        clock=_clock,
        field=_field,
        why=_why,
        lower_first=lambda said: said[:1].lower() + said[1:],
    )
    made.filters["told"] = _told_on_paper(made.filters["told"])
    return made


def _people(text: object) -> Markup:
    """People's words, line for line; lines that follow one another in one direction are one paragraph.

    WeasyPrint does not know dir="auto", so the direction is found here by the same rule.
    """
    said = NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", str(text).replace("\r\n", "\n").replace("\r", "\n"))
    paragraphs = groupby(said.split("\n"), key=lambda line: words.direction(line) if line.strip() else "")
    return Markup("").join(
        Markup('<p dir="{}">{}</p>').format(way, Markup("\n").join(_breakable(line) for line in lines))
        for way, lines in paragraphs
        if way
    )


def _breakable(line: str) -> Markup:
    """A line whose endless words are cut into spans: laid out whole, 20,000 letters without a space take 10 seconds."""
    if not LONG_WORD.search(line):
        return escape(line)
    return Markup("").join(Markup("<span>{}</span>").format(piece) for piece in SOME_LETTERS.findall(line))


def _lines(value: datetime, zone: str) -> Markup:
    """A moment for a narrow column: the clock first, in bold, and London's on a line of its own."""
    return _stacked(words.moment(value, zone))


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
    said = NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", str(text).replace("\n", " ").replace("\r", " "))
    return Markup('<bdi dir="{}">{}</bdi>').format(words.direction(said), _breakable(said))


def _told_on_paper(told: Callable[..., str]) -> Callable[..., str]:
    """Recorded values as the pages tell them, but for moments, which paper tells in full."""

    def tell(value: Any, field: str, zone: str) -> str:
        if isinstance(value, str) and field.endswith(("_at", "_by")) and value[:4].isdigit():
            value = datetime.fromisoformat(value)
        return words.moment(value, zone) if isinstance(value, datetime) else told(value, field, zone)

    return tell


def _why(because: str) -> str:
    """Why somebody was told. A rule with a turn in it, `mistake.line_manager.deputy`, is told rule and turn."""
    names: Any = templates().get_template(WORDS).module
    rule, _, turn = because.rpartition(".")
    parts = [because] if because in names.because else [part for part in (rule, turn) if part in names.because]
    return " ".join(names.because[part] for part in parts) or because.replace("_", " ").replace(".", ": ")


def _field(path: str) -> str:
    """What a recorded field is called: `steps.delete.taken_at` is "Delete the post: done at"."""
    names: Any = templates().get_template(WORDS).module
    if whole := FIELDS.get(path) or names.fields.get(path):
        return whole
    room, _, rest = path.partition(".")
    one, _, last = rest.partition(".")
    known = {"steps": names.steps_neutral, "routes": names.desks}.get(room, {}).get(one)
    name = names.fields.get(last or rest or room) or (last or rest or room).replace("_", " ").replace(".", ", ")
    return f"{known}: {name[:1].lower()}{name[1:]}" if known else name[:1].upper() + name[1:]
