"""Links in mail: they say which case for whom, to us alone.

A case's number within the database would tell how many there are, and a person's who they are, so both are encrypted.
AES-SIV gives the same link every time, is longer than anybody can guess, and refuses whatever it has not made.
"""

import base64
import hashlib
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

PURPOSE = [b"amends:go:1"]
NUMBERS = struct.Struct(">QQ")
LENGTH = 43
"""Characters of the opaque part: 32 bytes in URL-safe base64 without padding."""


def go_link(base_url: str, secret_key: str, case_id: int, person_id: int) -> str:
    """The address that takes this person to this case: `…/go/{opaque}`, always the same for the two."""
    sealed = _cipher(secret_key).encrypt(NUMBERS.pack(case_id, person_id), PURPOSE)
    return f"{base_url.rstrip('/')}/go/{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def read_go(secret_key: str, opaque: str) -> tuple[int, int] | None:
    """The case's and the person's id from the opaque part of a link; None for anything that we have not made.

    The link permits nothing: whoever follows it signs in, and is shown what they may see.
    """
    from cryptography.exceptions import InvalidTag

    if len(opaque) != LENGTH or not opaque.isascii():
        return None
    try:
        sealed = base64.b64decode(opaque + "=", altchars=b"-_", validate=True)
        case_id, person_id = NUMBERS.unpack(_cipher(secret_key).decrypt(sealed, PURPOSE))
    except (ValueError, InvalidTag):
        return None
    return case_id, person_id


@lru_cache(maxsize=4)
def _cipher(secret_key: str) -> "AESSIV":
    # Six megabytes that most web processes never need: brought in with the first link.
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    # 512 bits: half of them sign, half of them hide.
    return AESSIV(hashlib.sha512(b"amends:go:" + secret_key.encode()).digest())
