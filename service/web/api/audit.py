"""The read log as JSON and as files."""

from collections.abc import Callable
from typing import Any

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from service.cases.queries import find_case
from service.cases.read_log import list_looks, list_reads, require_auditor, require_own_report
from service.documents.sheets import KINDS
from service.web.api.audit_answers import AlertsOut, LooksOut, ReadsOut
from service.web.api.cases import THROUGH
from service.web.api.waiting import page_size
from service.web.audit import NAMES, alerts_of, exported_log, note, read_sought, said_in
from service.web.cursors import cursor_of, place_of
from service.web.given import Asked, Db, Me, Now


@get("/api/audit/reads", opt={"answer": ReadsOut, "filters": NAMES}, sync_to_thread=True)
def read_log(
    db: Db, me: Me, now: Now, asked: Asked, cursor: FromQuery[str | None] = None, limit: FromQuery[str | None] = None
) -> dict[str, Any]:
    """A page of the read log, the latest first (auditors). Looking for a person or a case is noted in it."""
    require_auditor(me)
    sought = read_sought(db, me, asked, "cursor", "limit")
    rows, last = list_reads(db, me, sought, after=place_of("reads", cursor), limit=page_size(limit))
    note(db, me, said_in(asked), now, THROUGH)
    return {"items": rows, "next": cursor_of("reads", last)}


@get("/api/audit/alerts", opt={"answer": AlertsOut}, sync_to_thread=True)
def alerts(db: Db, me: Me, cursor: FromQuery[str | None] = None, limit: FromQuery[str | None] = None) -> dict[str, Any]:
    """A page of who read more than thirty different cases within an hour, the latest first (auditors)."""
    require_auditor(me)
    rows, following = alerts_of(db, me, place_of("many reads", cursor), page_size(limit))
    items = [{"person": {"email": row.email, "name": row.name}, "since": row.since, "at": row.at} for row in rows]
    return {"items": items, "next": following}


def _export_route(kind: str) -> HTTPRouteHandler:
    make: Callable[..., Any] = get(
        f"/api/audit/export.{kind}",
        opt={"bytes": KINDS[kind].partition(";")[0], "filters": NAMES},
        operation_id=f"export_read_log_{kind}",
        sync_to_thread=True,
    )

    def export(db: Db, me: Me, now: Now, asked: Asked) -> Response:
        """The read log, or what you chose of it, as a table (auditors). Noted in the read log."""
        return exported_log(db, me, kind, asked, now, THROUGH)

    return make(export)


@get("/api/cases/{reference:str}/reads", opt={"answer": LooksOut}, sync_to_thread=True)
def looks(
    db: Db,
    me: Me,
    reference: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[str | None] = None,
) -> dict[str, Any]:
    """A page of who looked at your own report, the latest first."""
    here = find_case(db, me, reference)
    require_own_report(here)
    rows, last = list_looks(db, me, here, after=place_of("looks", cursor), limit=page_size(limit))
    return {"items": rows, "next": cursor_of("looks", last)}


routes = [read_log, alerts, *(_export_route(kind) for kind in KINDS), looks]
