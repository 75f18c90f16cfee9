"""Where the links in mail lead: to the case, once somebody has signed in and may see it."""

from litestar import get
from litestar.params import FromPath
from litestar.response import Response
from sqlalchemy import select
from sqlmodel import col

from service.cases.queries import find_case
from service.core.errors import NotFound
from service.notifications.links import TO_A_REFERRAL, read_go
from service.records.cases import Case
from service.referrals.room import reference_of, referral_of
from service.web.given import Db, House, Me
from service.web.pages import go_to


@get("/go/{opaque:str}", sync_to_thread=True)
def go(db: Db, house: House, me: Me, opaque: FromPath[str]) -> Response[bytes]:
    """To the case or the referral that a mail spoke of.

    The link permits nothing: an unseen case is as absent as a wrong link.
    """
    if (room := read_go(house.settings.secret_key, opaque, TO_A_REFERRAL)) is not None:
        return go_to(f"/referrals/{reference_of(db, me, room[0])}")
    told = read_go(house.settings.secret_key, opaque)
    reference = db.execute(select(col(Case.reference)).where(col(Case.id) == told[0])).scalar() if told else None
    if told is None or reference is None:
        raise NotFound
    try:
        return go_to(f"/cases/{find_case(db, me, reference).case.reference}")
    except NotFound:
        return go_to(f"/referrals/{referral_of(db, me, told[0])}")


routes = [go]
