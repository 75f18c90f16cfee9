"""What HR sees of referrals."""

from typing import Any

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from service.records.enums import DeskName
from service.referrals.room import list_referrals, read_referral
from service.timeline import reads
from service.web.cursors import cursor_of, place_of, place_or_start
from service.web.given import Db, Me, Now
from service.web.pages import page

PAGE = 50


@get("/referrals", sync_to_thread=True)
def referrals(db: Db, me: Me, cursor: FromQuery[str | None] = None) -> Response[str]:
    """Referrals, newest first."""
    place = place_or_start("referrals", cursor)
    rows = list_referrals(db, me, before=place[-1] if place else None, limit=PAGE + 1)
    shown = [{"reference": row.reference, "stage": row.stage, "received_at": row.received_at} for row in rows[:PAGE]]
    return page("referrals.html", me, rows=shown, next=cursor_after(rows, PAGE))


def last_of(cursor: str | None) -> int | None:
    """The referral that the last page ended with. Raises Invalid for a cursor that is not ours."""
    place = place_of("referrals", cursor)
    return place[-1] if place else None


def cursor_after(rows: list[Any], most: int) -> str | None:
    """What goes on after a page of `most`, where there is more."""
    return cursor_of("referrals", (0, 0, rows[most - 1].id)) if len(rows) > most else None


@get("/referrals/{reference:str}", sync_to_thread=True)
def referral(db: Db, me: Me, now: Now, reference: FromPath[str]) -> Response[str]:
    """One referral."""
    shown = read_referral(db, me, reference)
    reads.log(
        db, me.id, shown["case_id"], "referral", through="page", at=now, detail=reference[:20], seen_as=DeskName.HR
    )
    return page("referral.html", me, referral=shown)


routes = [referrals, referral]
