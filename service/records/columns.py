"""What every table shares: how a row is made, and the types of its columns."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import JSON, Enum
from sqlmodel import SQLModel, UTCDateTime


class Table(SQLModel):
    """A row that takes its values as they are: a table validates nothing.

    SQLModel by itself tells SQLAlchemy and Pydantic of each value of a new row, one at a time, defaults too. Neither
    needs it: what stands in the row is written. Nor is anything made ready for it before it is asked for.
    """

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]  # SQLModel's own has more keys

    def __init__(self, **values: Any) -> None:
        fields, defaults, made = _fields_of(type(self))
        if unknown := values.keys() - fields:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        self.__dict__.update(defaults)
        self.__dict__.update((name, make()) for name, make in made.items() if name not in values)
        self.__dict__.update(values)

    # SQLAlchemy's own columns notice what is changed; Pydantic has nothing to do with it.
    __setattr__ = object.__setattr__  # type: ignore[assignment]  # the same, with `self` by place only


@cache
def _fields_of(table: type[SQLModel]) -> tuple[frozenset[str], dict[str, Any], dict[str, Callable[[], Any]]]:
    """A table's fields, the defaults of those that have one, and what makes the others'."""
    fields = table.model_fields
    made: dict[str, Any] = {name: field.default_factory for name, field in fields.items() if field.default_factory}
    plain = {name: field.default for name, field in fields.items() if not field.is_required() and name not in made}
    return frozenset(fields), plain, made


class Word(Enum):
    """Reads its word from a row in one look-up: a page of a list has hundreds."""

    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[str | None], Any]:
        """A kept word as its member, and nothing as nothing. Raises KeyError for a word that is none of them."""
        members: Any = self.enum_class
        return {None: None, **{member.value: member for member in members}}.__getitem__


def word(choices: type[StrEnum]) -> Enum:
    """A column that keeps the value of a StrEnum as plain text, on both engines alike."""
    return Word(
        choices,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class ListedMoment(UTCDateTime):
    """A moment as a list reads it: from SQLite's text in one step, and the same text only once."""

    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], datetime | None] | None:
        """Text, or what the driver has made of it, as an aware moment; nothing as nothing."""
        return _moment if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


@lru_cache(maxsize=4096)
def _moment(kept: str | None) -> datetime | None:
    return datetime.fromisoformat(kept).replace(tzinfo=UTC) if kept else None


def json_list() -> Any:
    """A short list kept as JSON in its own row: read and written whole, never searched by element."""
    return JSON()
