"""What is held about somebody as items of plain lines: a label, and what it says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from service.core.clock import in_zone
from service.core.saying import dated
from service.core.telling import filters
from service.records.field_words import TABLES
from service.records.list_words import ACCESS_TITLES
from service.records.people import Person
from service.subject_access.third_parties import Redactor

LINES_TOGETHER = 500
"""Lines of one item: whoever opened a hundred thousand cases takes no more memory than whoever opened five hundred."""
LONGEST_TITLE = 270
"""Of a title, but for the reference at its end."""
NOT_SAID = frozenset(
    "may pdf_audiences closed_fields version playbook timeline evidence id minutes triage_due_at exposure "
    "live preview audience because hr guarded confidential reporter subject".split()
)
"""Keys of a view that are about the page and not about the person, or stand elsewhere."""
SPOKEN = ("messages", "advice", "notes")

_say: Any = filters(TABLES, dated)
Line = list[str]


@dataclass(frozen=True)
class Item:
    """One thing that is held: lines of a label and a text, or a file; or what is `withheld`, by which rule.

    `about` is the reference of the case or referral that it is of. `key` is where the store has the PDF of a letter.
    """

    part: str
    title: str
    lines: list[Line] = field(default_factory=list)
    case_id: int | None = None
    file_id: str | None = None
    withheld: str | None = None
    referral_id: int | None = None
    letter_id: int | None = None
    key: str | None = None
    about: str | None = None


def lines_of(view: Mapping[str, Any], person: Person) -> list[Line]:
    """A view of a case as lines, with what was said in it at the end."""
    lines = list(flat({key: value for key, value in view.items() if key not in SPOKEN}, "", person))
    spoken = ((_say["called"](f"{key}.0"), said) for key in SPOKEN for said in view.get(key, ()))
    return lines + [[f"{called}, {when(said['at'], person)}", said["text"] or "destroyed"] for called, said in spoken]


def flat(value: Any, path: str, person: Person) -> Iterator[Line]:
    """Each value of a view that says something, under the name that it has on a page."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in NOT_SAID and not key.endswith("_zone"):
                yield from flat(inner, f"{path}.{key}" if path else key, person)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for each in value:
            name = each.get("kind") or each.get("desk") or each.get("question") or ""
            inner = {key: said for key, said in each.items() if key not in ("kind", "desk", "question")}
            yield from flat(inner, f"{path}.{name}" if name else path, person)
    elif value is not None and value != "" and value != []:
        if isinstance(value, datetime):
            yield [_say["called"](path), when(value, person)]
        else:
            yield [_say["called"](path), _say["told"](value, path, person.zone)]


def file_item(part: str, file: Mapping[str, Any], person: Person, redact: Redactor, about: str) -> Item:
    """A file, and what is said of it; it is called by its name without third parties."""
    told = {name: file[name] for name in ("description", "captured_at", "added_at", "sha256") if file.get(name)}
    lines = redacted([["File", file["filename"]], *flat(told, "", person)], redact)
    title = titled(part, lines[0][1], f"added {on_day(file['added_at'], person)}", about=about)
    return Item(part, title, lines, file_id=file["id"], about=about)


def entry_told(entry: Mapping[str, Any], person: Person) -> str:
    """An entry in words, with what it changed."""
    told = f"{entry['words']} ({entry['actor']})"
    for change in entry["changes"]:
        called, before, after = _say["called"](change["field"]), change["before"], change["after"]
        if change["erased"]:
            told += f" {called}: destroyed."
        else:
            was = f"{_say['told'](before, change['field'], person.zone)} → " if before not in (None, "", []) else ""
            told += f" {called}: {was}{_say['told'](after, change['field'], person.zone).rstrip('.')}."
    return told


def when(at: datetime, person: Person) -> str:
    """A moment as this person's clocks show it."""
    return dated(at, person.zone)


def redacted(lines: Iterable[Line], redact: Redactor) -> list[Line]:
    """Lines without third parties."""
    return [[label, *(redact(text) for text in texts)] for label, *texts in lines]


def item(part: str, lines: list[Line]) -> Item:
    """An item under the title of its part."""
    return Item(part, ACCESS_TITLES[part], lines)


def titled(part: str, *which: str | None, about: str | None = None) -> str:
    """What a part is called: what it is, which one of them, and at the end the reference of what it is of."""
    told = ", ".join((ACCESS_TITLES[part], *filter(None, which)))[:LONGEST_TITLE]
    return f"{told}: {about}" if about else told


def on_day(at: datetime, person: Person) -> str:
    """The day of a moment where this person is: `20 November 2026`."""
    there = in_zone(at, person.zone)
    return f"{there.day} {there:%B %Y}"


def on_days(first: datetime, last: datetime, person: Person) -> str:
    """The days from one moment to another: `20 November 2026`, `20 to 24 November 2026`."""
    begins, ends = on_day(first, person), on_day(last, person)
    day, _, rest = begins.partition(" ")
    if begins == ends:
        return ends
    return f"{day} to {ends}" if ends.endswith(f" {rest}") else f"{begins} to {ends}"


def chunks(
    part: str, person: Person, rows: Iterable[tuple[datetime, *tuple[str, ...]]], about: str | None = None
) -> Iterator[Item]:
    """Rows of a moment and texts as items of a few hundred lines, each called by its days; none for none."""
    source = iter(rows)
    while some := list(islice(source, LINES_TOGETHER)):
        title = titled(part, on_days(some[0][0], some[-1][0], person), about=about)
        lines = [[when(at, person), *texts] for at, *texts in some]
        yield Item(part, title, lines, about=about)
