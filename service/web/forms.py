"""What was sent: JSON for programs, forms for people, read into the same shapes with an error for each field."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from litestar.datastructures import UploadFile
from pydantic import BaseModel, ConfigDict, ValidationError

from service.core.errors import FieldError, Invalid, Malformed, Refusal, Stale, TooLarge, invalid
from service.web.complaints import complaints
from service.web.unflatten import unflatten

CLEAR = "clear"
"""The name of the boxes in a form that say which fields are to be emptied."""
BODY_LIMIT = 1024 * 1024
"""Bytes of an ordinary request."""
UPLOAD_LIMIT = 22 * 1024 * 1024
"""Bytes of a request that carries a file: 20 MB of it, and the form around it."""
DEEPEST = 20
MOST_FIELDS = 1000
KEY_LIMIT = 200
JSON = "application/json"
MULTIPART = "multipart/form-data"
FORMS = ("application/x-www-form-urlencoded", MULTIPART)
UNREADABLE = "The request holds something that is not valid JSON"

Shape = TypeVar("Shape", bound=BaseModel)


class Body(BaseModel):
    """The shape of a body: what it does not name is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)


class NotThisType(Refusal):
    """The body is in a format that this route does not read."""

    status = 415
    slug = "media-type"
    title = "That is not a format this address reads"


@dataclass
class Sent:
    """A request's body and what came with it. Nothing is parsed before the handler asks, so the case is found first."""

    method: str
    path: str
    at: datetime
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: dict[str, list[str]] = field(default_factory=dict)
    """A form's fields as they came; files stand apart."""
    files: dict[str, UploadFile] = field(default_factory=dict)
    fault: Refusal | None = None
    """Why the body could not be taken in; raised when somebody asks for it."""
    secret: str = field(default="", repr=False)
    """The house's own: what is remembered of a request is hashed with it."""

    def read(self, shape: type[Shape]) -> Shape:
        """The JSON body in this shape; an empty body counts as `{}`.

        Raises NotThisType (415), TooLarge (413), Malformed (400) or Invalid (422), in this order.
        """
        if (self.body or self.fault) and self.content_type != JSON:
            raise NotThisType("Send JSON, with Content-Type: application/json")
        self._refuse_fault()
        return _validated(shape, parse_json(self.body) if self.body.strip() else {}, [])

    def form(self, shape: type[Shape], zone: str | None = None) -> Shape:
        """A form in this shape: input names are JSON paths, blank inputs are left out, boxes to clear are null.

        Moments without offset are read in `zone` (IANA, the reader's own); without `zone` they are refused.
        """
        if self.content_type not in FORMS and (self.body or self.fault or self.content_type):
            raise NotThisType("Send a form")
        self._refuse_fault()
        told = {name: values for name, values in self.fields.items() if name != "csrf" and not name.startswith("_")}
        cleared = told.pop(CLEAR, [])
        data, faults = unflatten(shape, told, zone, cleared)
        _refuse_unstorable(data)
        return _validated(shape, data, faults)

    def one(self, name: str) -> str:
        """One plain field of a form as it was typed, or nothing."""
        return self.fields.get(name, [""])[-1]

    def reference(self, name: str) -> str:
        """What a body, however wrong, gives as the reference of a case under this name; or nothing.

        It is only for locking two cases in one order before the body is read; what is wrong with it is told then.
        """
        if not name:
            return ""
        try:
            said = self.one(name) or (parse_json(self.body).get(name) if self.content_type == JSON else "")
        except Refusal:
            return ""
        told = said.strip().upper() if isinstance(said, str) else ""
        return told if re.fullmatch(r"[A-Z0-9-]{1,20}", told) else ""

    @property
    def typed(self) -> dict[str, str | list[str]]:
        """A form's words as they were typed, to be shown again: name to word, or to words where it was repeated."""
        return {
            name: values if len(values) > 1 else values[0]
            for name, values in self.fields.items()
            if name != "csrf" and not name.startswith("_")
        }

    def if_match(self, version: int) -> None:
        """Raise Stale when the sender saw another version, by `If-Match` or by a form's `_version`.

        Raises Malformed for an If-Match that cannot be read.
        """
        said = self.headers.get("if-match", "").strip() or (f'"{seen}"' if (seen := self.one("_version")) else "")
        if not said or said == "*":
            return
        tags = [tag.strip() for tag in said.split(",")]
        if not all(re.fullmatch(r'(?:W/)?"[^"\x00-\x20]*"', tag) for tag in tags):
            raise Malformed('If-Match has to look like "7", with the quotation marks')
        if str(version) not in {tag.removeprefix("W/").strip('"') for tag in tags}:
            raise Stale("Somebody changed this while you were looking at it. Look at it again, then decide.")

    @property
    def idempotency_key(self) -> str:
        """The Idempotency-Key, or nothing. Raises Invalid for one that is too long or not plain ASCII."""
        key = self.headers.get("idempotency-key", "")
        if key and not re.fullmatch(rf"[\x21-\x7e]{{1,{KEY_LIMIT}}}", key):
            raise invalid("Idempotency-Key", f"Use at most {KEY_LIMIT} visible ASCII characters")
        return key

    def _refuse_fault(self) -> None:
        if self.fault is not None:
            raise self.fault


def parse_json(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises Malformed for anything else, for a key named twice and for numbers that are none.

    Raises Invalid, naming the field, for text and numbers that no database keeps: NUL, lone surrogates, 64 bits.
    """
    try:
        data = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        raise Malformed(UNREADABLE) from wrong
    if not isinstance(data, dict):
        raise Malformed("The request has to be a JSON object")
    _refuse_unstorable(data)
    return data


def _refuse_unstorable(data: dict[str, Any]) -> None:
    faults: list[FieldError] = []
    _look_for_unstorable(data, "", 1, faults)
    if faults:
        raise Invalid(errors=faults)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("The request names the same key twice")
    return found


def _no_number(_: str) -> NoReturn:
    raise ValueError(UNREADABLE)


def _look_for_unstorable(value: Any, place: str, depth: int, faults: list[FieldError]) -> None:
    if depth > DEEPEST:
        raise Malformed("The request is nested too deeply")
    if isinstance(value, dict):
        for key, inner in value.items():
            if _bad_text(key):
                raise Malformed(UNREADABLE)
            _look_for_unstorable(inner, f"{place}.{key}" if place else key, depth + 1, faults)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _look_for_unstorable(inner, f"{place}.{index}", depth + 1, faults)
    elif isinstance(value, str) and (wrong := _bad_text(value)):
        faults.append(FieldError(place, wrong))
    elif isinstance(value, int | float) and not (math.isfinite(value) and -(2**63) <= value < 2**63):
        faults.append(FieldError(place, "That number is too large"))


def _bad_text(text: str) -> str:
    if "\x00" in text:
        return "Take out the null character"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "This holds half a character: type it again"
    return ""


def _validated(shape: type[Shape], data: dict[str, Any], faults: list[FieldError]) -> Shape:
    """By way of JSON, strictly: then "5" is no number and 1 is no yes, while moments and choices may be text."""
    try:
        made = shape.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as wrong:
        named = {fault.field for fault in faults}
        raise Invalid(errors=faults + [each for each in complaints(wrong) if each.field not in named]) from wrong
    if faults:
        raise Invalid(errors=faults)
    return made


def too_large(limit: int) -> TooLarge:
    """The refusal for a body above `limit` bytes."""
    return TooLarge(f"Send at most {limit // (1024 * 1024)} MB at once.")
