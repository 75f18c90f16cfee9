"""A letter on paper: its parts in order, each with its wording and what the record says."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.core.clock import LONDON, in_zone
from service.documents import words

TEMPLATE = "documents/letter.html"


def letter(said: Mapping[str, Any], made_at: datetime, *, draft: bool) -> dict[str, Any]:
    """The document of a letter; `draft` marks every page of one that was not sent. Equal letters make equal bytes."""
    context = {
        **said,
        "draft": draft,
        "dated": words.day(in_zone(made_at, LONDON)),
        "letters_missing": False,
        "made_stamp": words.stamp(made_at),
    }
    told = json.dumps(context, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    return {"template": TEMPLATE, "context": context | {"identifier": hashlib.sha256(told).hexdigest()[:32]}}
