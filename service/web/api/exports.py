"""A list of cases as a file."""

from collections.abc import Callable
from typing import Any

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response

from service.documents.sheets import KINDS
from service.web.api.cases import THROUGH, refuse_asking
from service.web.exporting import exported
from service.web.filters import NAMES, read_filters
from service.web.given import Asked, Db, Me, Now


def _route(kind: str) -> HTTPRouteHandler:
    make: Callable[..., Any] = get(
        f"/api/export.{kind}",
        opt={"bytes": KINDS[kind].partition(";")[0], "filters": NAMES},
        operation_id=f"export_{kind}",
        sync_to_thread=True,
    )

    def export(db: Db, me: Me, now: Now, asked: Asked) -> Response:
        """The cases you may see and chose, all of them, as a table. Noted in the read log."""
        filters = read_filters(asked, me.zone)
        refuse_asking(me, filters)
        return exported(db, me, filters, kind, now, THROUGH, asked)

    return make(export)


routes = [_route(kind) for kind in KINDS]
