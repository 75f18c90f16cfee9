"""What may be sent about how long records are kept. The other shapes stand in `schemas.py`."""

from typing import Annotated

from pydantic import Field, StrictBool

from service.web.fields import Email, Long, Moment, Words
from service.web.forms import Body


class LetGoIn(Words):
    """A case or a referral, by its reference, that may go."""

    case: Annotated[str, Field(min_length=1, max_length=20)]


class KeepIn(LetGoIn):
    """A case or a referral, by its reference, and why it is kept, or kept no longer."""

    reason: Long


class AskIn(Words):
    """Somebody asks for all that is held about them; `person` and `identity` where somebody else enters it for them."""

    person: Email | None = None
    identity: Long | None = None


class ReleaseIn(Body):
    """Whoever releases what was gathered says that they have looked through all of it: it has to be true. With
    `gathered_at` they say of which: what was gathered since is another.
    """

    looked_through: StrictBool = False
    gathered_at: Moment | None = None


class TakeOutIn(Words):
    """What a reviewer takes out: words just as they stand in an item, `everywhere` of each; without, the whole item."""

    item: Annotated[int, Field(ge=1, le=10**9)]
    text: Long | None = None
    everywhere: StrictBool = False
    reason: Long
