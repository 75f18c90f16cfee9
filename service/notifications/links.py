"""Links in mail: they say which case for whom, to us alone.

A case's number within the database would tell how many there are, and a person's who they are, so both are sealed. The
link is the same every time, and longer than anybody can guess.
"""

import struct

from service.core.sealing import seal, unseal

PURPOSE, TO_A_REFERRAL = "go", "go-referral"
NUMBERS = struct.Struct(">QQ")


def go_link(base_url: str, secret_key: str, record_id: int, person_id: int, *, purpose: str = PURPOSE) -> str:
    """The address that takes this person to this case: `…/go/{opaque}`, always the same for the two.

    With the other purpose, to a referral.
    """
    return f"{base_url.rstrip('/')}/go/{seal(secret_key, purpose, NUMBERS.pack(record_id, person_id))}"


def read_go(secret_key: str, opaque: str, purpose: str = PURPOSE) -> tuple[int, int] | None:
    """The case's and the person's id from the opaque part of a link; None for anything that we have not made.

    The link permits nothing: whoever follows it signs in, and is shown what they may see.
    """
    told = unseal(secret_key, purpose, opaque, NUMBERS.size)
    if told is None:
        return None
    case_id, person_id = NUMBERS.unpack(told)
    return case_id, person_id
