"""Column types that every table shares."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum


def word(choices: type[StrEnum]) -> Enum:
    """A column that keeps the value of a StrEnum as plain text, on both engines alike."""
    return Enum(
        choices,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


def json_list() -> Any:
    """A short list kept as JSON in its own row: read and written whole, never searched by element."""
    return JSON()
