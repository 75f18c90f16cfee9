"""Turns a form's fields, named by JSON path, into the JSON that the API takes."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel

from service.core.errors import FieldError
from service.web.complaints import WITH_ZONE

LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?")
UNSEEN = frozenset(("Cc", "Cf", "Cn", "Me", "Mn", "Zl", "Zp", "Zs"))
"""Categories of Unicode that show nothing by themselves: controls, joiners, blanks, and marks with no letter below."""
FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that are drawn as nothing."""
YES = frozenset({"true", "yes", "on", "1"})
NO = frozenset({"false", "no", "off", "0"})


def unflatten(
    shape: type[BaseModel], told: dict[str, list[str]], zone: str | None, cleared: Sequence[str] = ()
) -> tuple[dict[str, Any], list[FieldError]]:
    """`{"post.text": ["…"]}` as `{"post": {"text": "…"}}`, with numbers, lists, yes and no as the shape has them.

    Blank fields are left out, and `cleared` ones are null. Returns the JSON and what could not be read; a name that
    the shape lacks is kept, for the shape to refuse.
    """
    data: dict[str, Any] = {}
    faults: list[FieldError] = []
    for path, values in told.items():
        kept = [value.replace("\r\n", "\n") for value in values if not is_blank(value)]
        if not kept:
            continue
        try:
            _put(data, path.split("."), _value(_annotation(shape, path.split(".")), kept, zone))
        except ValueError as wrong:
            faults.append(FieldError(path, str(wrong)))
    for path in cleared:
        try:
            _put(data, path.split("."), None)
        except ValueError as wrong:
            faults.append(FieldError(path, str(wrong)))
    return data, faults


def is_blank(text: str) -> bool:
    """Whether nobody would see anything in a text: then it says nothing, however long it is."""
    return all(each in FILLERS or unicodedata.category(each) in UNSEEN for each in text)


def _put(data: dict[str, Any], parts: list[str], value: Any) -> None:
    for part in parts[:-1]:
        data = data.setdefault(part, {})
        if not isinstance(data, dict):
            raise ValueError("There is no such field")
    data[parts[-1]] = value


def _annotation(shape: Any, parts: list[str]) -> Any:
    """What the shape says that this path is; None for what it does not know."""
    for part in parts:
        shape = _plain(shape)
        if not (isinstance(shape, type) and issubclass(shape, BaseModel)):
            return None
        field = next((each for name, each in shape.model_fields.items() if (each.alias or name) == part), None)
        shape = field.annotation if field else None
    return _plain(shape)


def _plain(annotation: Any) -> Any:
    """An annotation without its wrapping: `Annotated[str | None, …]` is `str`."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            rest = [each for each in get_args(annotation) if each is not type(None)]
            if len(rest) != 1:
                return None
            annotation = rest[0]
        else:
            return annotation


def _value(annotation: Any, values: list[str], zone: str | None) -> Any:
    if get_origin(annotation) in (list, set, frozenset, tuple):
        inner = _plain(get_args(annotation)[0])
        if inner is str:
            # Several in one box stand on lines of their own.
            values = [line for value in values for line in value.split("\n") if not is_blank(line)]
        return [_value(inner, [value], zone) for value in values]
    last = values[-1]
    kind = annotation if isinstance(annotation, type) else None
    if get_origin(annotation) is Literal or kind is None or issubclass(kind, Enum):
        return last
    if issubclass(kind, bool):
        said = last.strip().lower()
        return True if said in YES else False if said in NO else last
    if issubclass(kind, int):
        number = last.strip().replace(",", "").replace("\u202f", "").replace(" ", "")
        return int(number) if re.fullmatch(r"-?[0-9]{1,30}", number) else last
    # At run time pydantic's aware datetime is a class of its own.
    if kind is AwareDatetime or issubclass(kind, datetime):
        return told_moment(last.strip(), zone)
    return last


def told_moment(text: str, zone: str | None) -> str:
    """What a `datetime-local` input holds, as a moment with the offset of `zone` (IANA).

    An hour that the clocks went through twice is the earlier one. Raises ValueError for one they left out.
    """
    if not LOCAL.fullmatch(text):
        try:
            if datetime.fromisoformat(text).tzinfo is not None:
                return text
        except ValueError:
            pass
        raise ValueError("Enter a date and a time" if zone else WITH_ZONE)
    if zone is None:
        raise ValueError(WITH_ZONE)
    try:
        there = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
        again = there.astimezone(UTC).astimezone(there.tzinfo)
    except (ValueError, OverflowError) as wrong:
        raise ValueError("There is no such day or time") from wrong
    if again.replace(tzinfo=None) != there.replace(tzinfo=None):
        raise ValueError(f"There was no {there:%H:%M} that day: the clocks went forward over it. Enter another time")
    return there.isoformat()
