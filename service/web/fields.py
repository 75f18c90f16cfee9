"""What one field of a body may hold, whatever the body is for: moments, links, texts that somebody can see."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, field_validator

from service.web.forms import Body
from service.web.unflatten import is_blank

EARLIEST_YEAR, LATEST_YEAR = 1970, 2999
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)")


def _moment(value: object) -> object:
    wrong = ValueError("Enter the time with a zone, like 2026-11-20T23:04:00+09:00")
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not RFC3339.fullmatch(value.strip()):
        raise wrong
    try:
        told = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        raise wrong from None
    if not EARLIEST_YEAR <= told.year <= LATEST_YEAR:
        raise ValueError(f"Enter a time between the years {EARLIEST_YEAR} and {LATEST_YEAR}")
    return told


def _address(value: object) -> object:
    """A link as people paste it: the scheme may be left out, and only web links are taken."""
    if not isinstance(value, str) or value.strip() == "":
        return value
    value = value.strip()
    if not re.match(r"[a-z][a-z0-9+.-]*:", value, re.IGNORECASE) and "." in value:
        value = f"https://{value}"
    if not re.match(r"https?://[^\s/]+", value, re.IGNORECASE) or re.search(r"\s", value):
        raise ValueError("Enter a web link, like https://example.org/post")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
OneLine = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\r\n]*$")]
Address = Annotated[str, BeforeValidator(_address), Field(max_length=2000)]
Long = Annotated[str, Field(min_length=1, max_length=20_000)]
Count = Annotated[int, Field(ge=0, le=10**12, strict=True)]
Reference = Annotated[str, Field(max_length=20)]
Email = Annotated[str, Field(min_length=3, max_length=300)]


class Words(Body):
    """A body whose words lose the blanks around them. Words of which nobody sees anything are none."""

    model_config = ConfigDict(str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _seen(cls, value: object) -> object:
        return _seen(value)


def _seen(value: object) -> object:
    if isinstance(value, str):
        return "" if is_blank(value) else value
    if isinstance(value, list):
        return [_seen(each) for each in value]
    if isinstance(value, dict):
        return {name: _seen(each) for name, each in value.items()}
    return value
