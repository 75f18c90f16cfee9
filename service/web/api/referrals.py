"""Referrals to HR as JSON."""

from typing import Any

from litestar import get
from litestar.params import FromPath, FromQuery

from service.core.errors import invalid
from service.records.enums import DeskName
from service.referrals.room import list_referrals, read_referral
from service.timeline import reads
from service.web.api.answers import ReferralOut, ReferralsOut
from service.web.filters import whole_number
from service.web.given import Db, Me, Now
from service.web.referrals import cursor_after, last_of

LISTED = ("reference", "stage", "version", "received_at")


@get("/api/referrals", opt={"answer": ReferralsOut}, sync_to_thread=True)
def referrals(
    db: Db, me: Me, cursor: FromQuery[str | None] = None, limit: FromQuery[str | None] = None
) -> dict[str, Any]:
    """A page of the referrals you may open, newest first."""
    most = whole_number("limit", limit, 50)
    if not 1 <= most <= 100:
        raise invalid("limit", "Choose a number from 1 to 100.")
    rows = list_referrals(db, me, before=last_of(cursor), limit=most + 1)
    items = [{name: getattr(row, name) for name in LISTED} for row in rows[:most]]
    return {"items": items, "next": cursor_after(rows, most)}


@get("/api/referrals/{reference:str}", opt={"answer": ReferralOut}, sync_to_thread=True)
def referral(db: Db, me: Me, now: Now, reference: FromPath[str]) -> dict[str, Any]:
    """One referral."""
    shown = read_referral(db, me, reference)
    case, _ = shown.pop("case_id"), shown.pop("id")
    reads.log(db, me.id, case, "referral", through="api", at=now, detail=reference[:20], seen_as=DeskName.HR)
    return shown


routes = [referrals, referral]
