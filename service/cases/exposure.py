"""How far a post has gone: for how long it was up, who saw it, and when that was last told."""

from collections.abc import Iterable
from datetime import datetime

from service.records.cases import Case

# Column that keeps when it was last told -> the facts that it is about, by JSON path.
MOMENTS: dict[str, frozenset[str]] = {
    "exposure_at": frozenset({"post.still_visible", "post.reach", "post.copies", "media_interest", "scheduled_paused"}),
    "visibility_at": frozenset({"post.still_visible"}),
    "paused_at": frozenset({"scheduled_paused"}),
}


def keep_moments(case: Case, told: Iterable[str], at: datetime) -> None:
    """Keep `at` as the moment at which these facts were told, where they speak of exposure."""
    for column, paths in MOMENTS.items():
        if not paths.isdisjoint(told):
            setattr(case, column, at)
