"""What may be sent about how long records are kept. The other shapes stand in `schemas.py`."""

from typing import Annotated

from pydantic import Field

from service.web.schemas import Long, Words


class LetGoIn(Words):
    """A case, by its reference, that may go."""

    case: Annotated[str, Field(min_length=1, max_length=20)]


class KeepIn(LetGoIn):
    """A case, by its reference, and why it is kept, or kept no longer."""

    reason: Long
