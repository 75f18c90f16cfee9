"""What is held about somebody as items of plain lines: a label, and what it says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.core.saying import dated
from service.core.telling import filters
from service.records.field_words import TABLES
from service.records.list_words import ACCESS_TITLES
from service.records.people import Person
from service.subject_access.third_parties import Redactor

LINES_TOGETHER = 500
"""Lines of one item: whoever opened a hundred thousand cases takes no more memory than whoever opened five hundred."""
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

    `key` is where the store has the PDF of a letter.
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


def file_lines(file: Mapping[str, Any], person: Person) -> list[Line]:
    """What is said of a file."""
    about = {name: file[name] for name in ("description", "captured_at", "added_at", "sha256") if file.get(name)}
    return [["File", file["filename"]], *flat(about, "", person)]


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


def chunks(part: str, lines: Iterable[Line]) -> Iterator[Item]:
    """Lines as items of a few hundred each; none for none."""
    together: list[Line] = []
    for line in lines:
        together.append(line)
        if len(together) == LINES_TOGETHER:
            yield item(part, together)
            together = []
    if together:
        yield item(part, together)
