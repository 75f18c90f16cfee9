"""Where things stand in a playbook file: TOML in, and the line of every table and key."""

import re
import tomllib
from pathlib import Path
from typing import Any

Place = tuple[str | int, ...]


class PlaybookError(ValueError):
    """One thing in a playbook that cannot be right, and the line it stands on."""

    def __init__(self, line: int, message: str, name: str = "service/playbook.toml") -> None:
        super().__init__(f"{name} line {line}: {message}")
        self.line = line
        self.message = message
        self.name = name


def read_text(path: Path, name: str) -> str:
    """The file as text, with plain line ends. Raises PlaybookError if there is none, or it is not UTF-8."""
    try:
        content = path.read_bytes()
    except OSError as wrong:
        raise PlaybookError(1, f"the file cannot be read: {wrong.strerror}", name) from wrong
    try:
        # Some editors begin a file with a byte order mark, which no TOML may have.
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise PlaybookError(line, "this is not UTF-8 text", name) from wrong


def read_data(text: str, name: str) -> dict[str, Any]:
    """What the TOML says. Raises PlaybookError with the line at which it stops being TOML."""
    try:
        return tomllib.loads(text)
    except RecursionError as wrong:
        raise PlaybookError(1, "the brackets are nested too deeply", name) from wrong
    except tomllib.TOMLDecodeError as wrong:
        # Python 3.11 says where only within the sentence.
        said = re.fullmatch(r"(.*?) \(at (?:line (\d+), column \d+|end of document)\)", str(wrong), re.DOTALL)
        line = int(said[2]) if said and said[2] else len(text.rstrip("\n").split("\n"))
        raise PlaybookError(line, f"not TOML: {said[1] if said else wrong}", name) from wrong


def places(text: str) -> dict[Place, range]:
    """The lines of every table header and every key in a text that is TOML, by its path; `()` is the first line.

    Each statement is handed to tomllib by itself as soon as it is whole, so that no second grammar of TOML, with its
    strings, brackets and dotted keys, stands here. What is inside a value has the lines of its key.
    """
    found: dict[Place, range] = {(): range(1, 2)}
    newest: dict[Place, int] = {}
    table: Place = ()
    statement: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        statement.append(line)
        try:
            said = tomllib.loads("\n".join(statement))
        except tomllib.TOMLDecodeError:
            continue  # not whole yet: a value over several lines
        lines = range(number - len(statement) + 1, number + 1)
        is_header = statement[0].lstrip().startswith("[")
        statement = []
        if is_header:
            table = _open_table(said, newest)
            for depth in range(1, len(table) + 1):
                found.setdefault(table[:depth], lines)
        else:
            for inner in _paths(said):
                found[table + inner] = lines
    return found


def line_of(text: str, places: dict[Place, range], place: Place, word: object = None) -> int:
    """The line of what stands at a path or, when there is nothing, of the nearest part around it.

    With `word`, the line within it on which that very value stands: long lists take several.
    """
    while place not in places:
        place = place[:-1]
    lines = places[place]
    if isinstance(word, str | int) and len(lines) > 1:
        shown = re.compile(rf"""(['"]){re.escape(word)}\1""" if isinstance(word, str) else rf"\b{word}\b")
        all_lines = text.split("\n")
        for number in lines:
            line = all_lines[number - 1]
            if shown.search(line) and not line.lstrip().startswith("#"):
                return number
    return lines[0]


def _open_table(said: dict[str, Any], newest: dict[Place, int]) -> Place:
    """The path of a header that was read by itself; `newest` counts the entries of each array of tables."""
    path: Place = ()
    inner: Any = said
    while inner:
        (key, inner), *_ = inner.items()
        path += (key,)
        if isinstance(inner, list):
            newest[path] = newest.get(path, -1) + 1
            return (*path, newest[path])
        if path in newest:
            path += (newest[path],)
    return path


def _paths(said: Any, place: Place = ()) -> list[Place]:
    inner = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    return ([place] if place else []) + [path for key, value in inner for path in _paths(value, (*place, key))]
