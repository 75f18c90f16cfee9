"""How an entry commits to what it says: salted hashes of its values, and a chain within the case."""

import hashlib
import json
import secrets
from datetime import UTC, date, datetime
from typing import Any

FIRST = "0" * 64
ACTOR = "actor"
"""The field of every entry that says who did it, by number; None for Amends itself."""


def plain(value: Any) -> Any:
    """A value as JSON can hold it: moments in RFC 3339 UTC, enums by value, sets sorted."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return getattr(value, "value", value)


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value that is hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def new_salt() -> str:
    """128 random bits: without them, a short value could be guessed from its hash."""
    return secrets.token_hex(16)


def commitment(field: str, salt: str, before: Any, after: Any) -> str:
    """The salted SHA-256 of one field's change."""
    return hashlib.sha256(canonical([field, salt, before, after])).hexdigest()


def entry_hash(
    *,
    reference: str,
    position: int,
    sequence: int,
    kind: str,
    at: datetime,
    audience: str,
    commitments: dict[str, str],
    previous: str,
) -> str:
    """The SHA-256 of an entry and of the one before it in the same case.

    Who did it is one of its `commitments`: a reader from whom the actor is kept can still check the entry.
    """
    return hashlib.sha256(
        canonical([reference, position, sequence, kind, plain(at), audience, commitments, previous])
    ).hexdigest()
