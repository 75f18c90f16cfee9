"""Seals what leaves the house and comes back, such as the row that a page ended at: nobody reads it, nobody makes one.

AES-SIV gives the same text for the same content every time, and refuses whatever it has not made.
"""

import base64
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV


def seal(secret_key: str, purpose: str, content: bytes) -> str:
    """The content as URL-safe text, 16 bytes longer; it opens for the same purpose only."""
    sealed = _cipher(secret_key).encrypt(content, [purpose.encode()])
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(secret_key: str, purpose: str, text: str, size: int) -> bytes | None:
    """The `size` bytes that were sealed; None for anything that we have not made for this purpose."""
    from cryptography.exceptions import InvalidTag

    if len(text) != -(-(size + 16) * 4 // 3) or not text.isascii():
        return None
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return _cipher(secret_key).decrypt(sealed, [purpose.encode()])
    except (ValueError, InvalidTag):
        return None


@lru_cache(maxsize=4)
def _cipher(secret_key: str) -> "AESSIV":
    # Six megabytes that many web processes never need: brought in with the first text that is sealed.
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    # 512 bits: half of them sign, half of them hide.
    return AESSIV(hashlib.sha512(b"amends:seal:" + secret_key.encode()).digest())
