"""Says in plain words what a validator found wrong."""

from typing import Any

from pydantic import ValidationError

from service.core.errors import FieldError

MOST = 100
LONGEST_PATH = 200
NEEDED = "This is needed"
NO_SUCH_FIELD = "There is no such field"
WITH_ZONE = "Enter the time with a zone, like 2026-11-20T23:04:00+09:00"
WHOLE_NUMBER = "Enter a whole number"
TRUE_OR_FALSE = "Answer true or false"
CANNOT_BE_USED = "This cannot be used here"

# pydantic's error types, in our words; {…} are the limits that pydantic names.
_SENTENCES = {
    "missing": NEEDED,
    "extra_forbidden": NO_SUCH_FIELD,
    "string_type": "Write this as text",
    "string_too_long": "Use at most {max_length:,} characters",
    "string_too_short": "Use at least {min_length:,} characters",
    "string_pattern_mismatch": "This is not written in the form it needs",
    "string_unicode": "This holds something that is not text",
    "int_type": WHOLE_NUMBER,
    "int_parsing": WHOLE_NUMBER,
    "int_parsing_size": "That number is too large",
    "int_from_float": WHOLE_NUMBER,
    "finite_number": WHOLE_NUMBER,
    "float_type": "Enter a number",
    "greater_than_equal": "Enter {ge:,} or more",
    "greater_than": "Enter more than {gt:,}",
    "less_than_equal": "Enter {le:,} or less",
    "less_than": "Enter less than {lt:,}",
    "bool_type": TRUE_OR_FALSE,
    "bool_parsing": TRUE_OR_FALSE,
    "list_type": "Send a list",
    "too_long": "Send at most {max_length:,}",
    "too_short": "Send at least {min_length:,}",
    "model_type": "Send an object",
    "model_attributes_type": "Send an object",
    "dict_type": "Send an object",
    "none_required": "Leave this out",
    "timezone_naive": WITH_ZONE,
    "timezone_aware": WITH_ZONE,
    "datetime_type": WITH_ZONE,
    "datetime_parsing": WITH_ZONE,
    "datetime_from_date_parsing": WITH_ZONE,
    "datetime_object_invalid": WITH_ZONE,
}


def complaints(wrong: ValidationError) -> list[FieldError]:
    """Each fault with the JSON path of its field, once for each field; the path of the whole body is `body`."""
    found: dict[str, str] = {}
    for error in wrong.errors(include_url=False, include_input=False)[:MOST]:
        found.setdefault(path_of(error["loc"])[:LONGEST_PATH], sentence(error["type"], error.get("ctx") or {}))
    return [FieldError(field, message) for field, message in found.items()]


def path_of(place: tuple[int | str, ...]) -> str:
    """`("post", "url")` as `post.url`."""
    return ".".join(str(part) for part in place) or "body"


def sentence(kind: str, limits: dict[str, Any]) -> str:
    """One fault as a plain sentence."""
    if kind in ("enum", "literal_error"):
        return "Choose one of: " + str(limits.get("expected", "")).replace("'", "").replace(" or ", ", ")
    if kind in ("value_error", "assertion_error"):
        return str(limits.get("error") or CANNOT_BE_USED)
    if kind == "string_too_short" and limits.get("min_length") == 1:
        return NEEDED
    template = _SENTENCES.get(kind)
    return template.format(**limits) if template else CANNOT_BE_USED
