"""Under which keys a file's bytes lie in the evidence store.

By a random id of their own and never by their hash: two cases that hold the same file must not reveal one another,
and destroying one's must leave the other's.
"""

import re
import secrets

FOLDER = "evidence"
_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """A new id for a file: 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def original_key(evidence_id: str) -> str:
    """Where the original lies, byte for byte. Raises ValueError for what is no id."""
    return f"{_folder(evidence_id)}/original"


def preview_key(evidence_id: str) -> str:
    """Where its small picture lies, if it has one. Raises ValueError for what is no id."""
    return f"{_folder(evidence_id)}/preview.jpg"


def _folder(evidence_id: str) -> str:
    if not _ID.fullmatch(evidence_id):
        raise ValueError("Not the id of a file")
    return f"{FOLDER}/{evidence_id}"
