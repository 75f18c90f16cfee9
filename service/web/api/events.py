"""What changes, as it changes: server-sent events, for our own pages and for programs."""

from litestar import Request, get
from litestar.response import Response, Stream

from service.people.identity import hashed
from service.web.given import Me
from service.web.live import Live
from service.web.sessions import COOKIE_TOO
from service.web.visit import current

STREAM = "text/event-stream"


@get("/api/events", opt={"bytes": STREAM} | COOKIE_TOO)
async def events(request: Request, me: Me) -> Response:
    """Cases you may see, as they change: `event: cases`, `data: {"cases": [{"reference", "version"}], "all": false}`.

    With a token or with a page's session; ends with it. Nothing is kept for whoever is away: `all` says to look at the
    whole list again. It is the first thing that is told.
    """
    if current().bodiless:
        return Response(b"", media_type=STREAM)
    live: Live = request.app.state.live
    key = me.key_hash or hashed(request.headers["authorization"].partition(" ")[2].strip())
    return Stream(live.listen(live.listener(me, key)), media_type=STREAM, headers={"X-Accel-Buffering": "no"})


routes = [events]
"""`Cache-Control: no-store` stands on every answer."""
