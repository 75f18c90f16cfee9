"""Reads a playbook file and says everything that is wrong with it, each with its line."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.cases.playbook_questions import path_faults
from service.cases.playbook_rules import CONDITIONS
from service.cases.playbook_shape import Playbook
from service.cases.playbook_source import Place, PlaybookError, line_of, places, read_data, read_text
from service.cases.wording import composers_that_fail
from service.records.enums import Kind, Severity, StepKind

__all__ = ["SHIPPED", "Playbook", "PlaybookError", "check", "load"]

SHIPPED = Path(__file__).parents[1] / "playbook.toml"
Fault = tuple[Place, str, object]
"""Where, what, and the very value that is wrong, if there is one."""


def load(path: Path = SHIPPED) -> Playbook:
    """The playbook in a file; read again only when the file has changed. Raises PlaybookError for its first fault."""
    try:
        seen = path.stat()
    except OSError as wrong:
        raise PlaybookError(1, f"the file cannot be read: {wrong.strerror}", _name(path)) from wrong
    return _load(path, seen.st_mtime_ns, seen.st_size)


def check(path: Path) -> list[PlaybookError]:
    """Every fault of a playbook file, in the order of its lines; nothing when it can be used."""
    return _read(path)[1]


@lru_cache(maxsize=8)
def _load(path: Path, changed: int, size: int) -> Playbook:  # noqa: ARG001 - the last two tell one state from another
    playbook, faults = _read(path)
    if playbook is None:
        raise faults[0]
    return playbook


def _read(path: Path) -> tuple[Playbook | None, list[PlaybookError]]:
    name = _name(path)
    try:
        text = read_text(path, name)
        data = read_data(text, name)
    except PlaybookError as wrong:
        return None, [wrong]
    playbook = None
    faults: list[Fault] = list(_table_faults(data))
    try:
        playbook = Playbook.model_validate(data)
    except ValidationError as wrong:
        faults += [_fault(error) for error in wrong.errors(include_url=False)]
    else:
        faults += [(("words", *where), message, None) for where, message in composers_that_fail(playbook.words)]
    if not faults:
        return playbook, []
    where = places(text)
    errors = {(line_of(text, where, place, word), message) for place, message, word in faults}
    return None, [PlaybookError(line, message, name) for line, message in sorted(errors)]


def _name(path: Path) -> str:
    # The shipped one is known by its place in the repository, wherever that stands on this machine.
    return "service/playbook.toml" if path.resolve() == SHIPPED.resolve() else str(path)


def _fault(error: ErrorDetails) -> Fault:
    """A validation error in words for somebody who does not program."""
    place, given, context = error["loc"], error["input"], error.get("ctx", {})
    key = place[-1] if place else ""
    match error["type"]:
        case "missing":
            return place, f"the key '{_dotted(place)}' is missing", None
        case "extra_forbidden":
            return place, f"the key '{_dotted(place)}' is not known here", None
        case "enum" | "literal_error":
            if key == "[key]":
                place = place[:-1]
            return place, f"'{given}' is not known in '{_dotted(place)}': write {context['expected']}", given
        case "int_type":
            message = f"has to be a whole number, not {given!r}"
        case "greater_than_equal" | "greater_than":
            message = f"{given} is too small: {error['msg'].removeprefix('Input should be ')}"
        case "less_than_equal" | "less_than":
            message = f"{given} is too large: {error['msg'].removeprefix('Input should be ')}"
        case "value_error":
            message = error["msg"].removeprefix("Value error, ")
        case _:
            message = error["msg"].replace("Input should", "this should")
    return place, f"'{_dotted(place)}': {message}", given if isinstance(given, str | int) else None


def _dotted(place: Place) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _table_faults(data: dict[str, Any]) -> Iterator[Fault]:
    """What is wrong between the entries of a table rather than in one of them.

    Read from the raw data, so that these faults are told together with those of single keys.
    """
    rules = _entries(data, "severity", "rules")
    place: Place = ("severity", "rules")
    if not rules or rules[-1].get("otherwise") is not True:
        yield (*place, len(rules) - 1), "the last severity rule has to catch everything else: otherwise = true", None
    worst_first = [severity.value for severity in Severity]
    ranks = [worst_first.index(rule["severity"]) if rule.get("severity") in worst_first else -1 for rule in rules]
    for number, rule in enumerate(rules):
        if rule.get("otherwise") is True and (number < len(rules) - 1 or CONDITIONS & rule.keys()):
            yield (*place, number), "only the last severity rule may say otherwise = true, and then nothing else", None
        if -1 < ranks[number] < max(ranks[:number], default=-1):
            yield (*place, number, "severity"), "severity rules stand worst first: this one could never decide", None

    step_kinds = [step.get("step") for step in _entries(data, "steps")]
    for number, kind in enumerate(step_kinds):
        if kind in step_kinds[:number]:
            yield ("steps", number, "step"), f"the step '{kind}' stands here twice", None
    misspelt = any(kind not in list(StepKind) for kind in step_kinds)
    for kind in StepKind:
        if kind.value not in step_kinds and not misspelt:
            yield ("steps",), f"the step '{kind.value}' is missing", None

    routed = {kind for route in _entries(data, "routes") for kind in _words(route.get("kinds"))}
    for kind in Kind:
        if kind.value not in routed:
            yield ("routes",), f"no route names the kind '{kind.value}': such cases would reach nobody", None

    may_be_asked = {route.get("desk") for route in _entries(data, "routes") if route.get("asked") is True}
    yield from path_faults(_entries(data, "before_you_post"), may_be_asked)

    names: set[object] = set()
    for path in (
        ("severity", "rules"),
        ("guarded", "rules"),
        ("routes",),
        ("hr_suggestion", "rules"),
        ("hr_suggestion", "never"),
    ):
        for number, rule in enumerate(_entries(data, *path)):
            said = rule.get("name")
            if isinstance(said, str) and said in names:
                yield (*path, number, "name"), f"the name '{said}' is taken: the record says which rule fired", None
            if isinstance(said, str):
                names.add(said)


def _words(said: object) -> list[str]:
    return [word for word in said if isinstance(word, str)] if isinstance(said, list) else []


def _entries(data: dict[str, Any], *path: str) -> list[dict[str, Any]]:
    """The tables of an array of tables, or none where something else stands: the shape itself is checked elsewhere."""
    inner: Any = data
    for key in path:
        inner = inner.get(key) if isinstance(inner, dict) else None
    return inner if isinstance(inner, list) and all(isinstance(entry, dict) for entry in inner) else []
