"""What HR sees of referrals."""

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from service.referrals.room import list_referrals, read_referral
from service.timeline import reads
from service.web.filters import whole_number
from service.web.given import Data, Db, Me, Now
from service.web.pages import page

PAGE = 50


@get("/referrals", sync_to_thread=True)
def referrals(db: Db, me: Me, cursor: FromQuery[str | None] = None) -> Response[str]:
    """Referrals, newest first."""
    rows = list_referrals(db, me, before=whole_number("cursor", cursor, 0) or None, limit=PAGE + 1)
    shown = [{"reference": row.reference, "stage": row.stage, "received_at": row.received_at} for row in rows[:PAGE]]
    following = str(rows[PAGE - 1].id) if len(rows) > PAGE else None
    return page("referrals.html", me, rows=shown, next=following)


@get("/referrals/{reference:str}", sync_to_thread=True)
def referral(db: Db, database: Data, me: Me, now: Now, reference: FromPath[str]) -> Response[str]:
    """One referral."""
    shown = read_referral(db, me, reference)
    reads.log(database, me.id, shown["case_id"], "referral", through="page", at=now, detail=reference[:20])
    return page("referral.html", me, referral=shown)


routes = [referrals, referral]
