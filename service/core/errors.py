"""Typed refusals: every *no* that Amends says to a person, with its status, its slug and its sentence.

They are raised anywhere and turned into a page or into problem+json in one place, `service/web/refusals.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong, where it is, and what to do about it."""

    field: str
    message: str


class Refusal(Exception):
    """A no that a person can act on. `status` is the HTTP status, `slug` the problem type."""

    status = 409
    slug = "refused"
    title = "That cannot be done now"

    def __init__(self, detail: str = "", errors: list[FieldError] | tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = list(errors)


class Malformed(Refusal):
    """The request itself cannot be read."""

    status = 400
    slug = "malformed"
    title = "That request cannot be read"


class NotSignedIn(Refusal):
    """Nobody is there: no session, or a token that is unknown, expired or revoked."""

    status = 401
    slug = "sign-in"
    title = "Sign in first"


class NotPermitted(Refusal):
    """The thing may be seen, but this act is not this person's."""

    status = 403
    slug = "not-permitted"
    title = "You cannot do this"


class NotConfirmed(NotPermitted):
    """It is this person's to do, once they have shown again that it is they who sit there."""

    slug = "confirm"
    title = "Give your password once more"


class NotFound(Refusal):
    """Absent, or not for these eyes: the two look the same."""

    status = 404
    slug = "not-found"
    title = "There is nothing here"


class Stale(Refusal):
    """The writer saw an older version than the one that stands."""

    status = 412
    slug = "stale"
    title = "Somebody changed this while you were looking at it"


class TooLarge(Refusal):
    """More bytes than this route takes."""

    status = 413
    slug = "too-large"
    title = "That is too large"


class Invalid(Refusal):
    """A value is missing or wrong; `errors` names each field."""

    status = 422
    slug = "invalid"
    title = "Something needs to be put right before this can be sent"


class TooMany(Refusal):
    """Backing off: too many tries in too little time."""

    status = 429
    slug = "too-many"
    title = "Too many tries. Wait a little and try again"

    def __init__(self, detail: str = "", retry_after: int = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(Refusal):
    """The database cannot be reached or is full; nothing was stored."""

    status = 503
    slug = "unavailable"
    title = "Amends cannot store anything right now. Nothing was saved; try again in a minute"


class Busy(Refusal):
    """As much of this is being done already as may be done at once; nothing is wrong, and nothing was lost."""

    status = 503
    slug = "busy"
    title = "Others are having this done right now. Try again in a minute"


def invalid(field: str, message: str) -> Invalid:
    """One wrong field, as a refusal."""
    return Invalid(message, [FieldError(field, message)])
