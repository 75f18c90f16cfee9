"""What a list shows, as a file: for pages and programs alike."""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from threading import BoundedSemaphore
from typing import IO, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response, Stream
from sqlmodel import Session

from service.cases.lists import each_case
from service.cases.narrowing import Filters
from service.core.errors import Busy
from service.documents.sheets import KINDS, write
from service.people.identity import Me as Person
from service.records import list_words, words
from service.timeline import reads
from service.web.filters import read_filters
from service.web.given import Asked, Db, Me, Now
from service.web.queue import desk_of, in_queue, said_in
from service.web.visit import current

HEADING = tuple(list_words.EXPORTED.values())
IN_MEMORY = 1024 * 1024
CHUNK = 256 * 1024
AT_ONCE = 2
"""Files that one process makes at the same moment: each takes a thread that handlers run in, for seconds."""
_making = BoundedSemaphore(AT_ONCE)


def exported(
    db: Session, me: Person, filters: Filters, kind: str, now: datetime, through: str, said: dict[str, str]
) -> Response:
    """The file, once the read log has it. It is made before a byte is sent: a fault is a refusal, not half a file.

    Raises Busy while as many others are being made as may be at once.
    """
    if current().bodiless:
        reads.log(db, me.id, None, "export", through=through, at=now, detail=urlencode(said)[:300])
        return Response(b"", media_type=KINDS[kind])
    if not _making.acquire(blocking=False):
        raise Busy("Other files are being made right now. Try again in a minute.")
    try:
        return _made(db, me, filters, kind, now, through, said)
    finally:
        _making.release()


def _made(
    db: Session, me: Person, filters: Filters, kind: str, now: datetime, through: str, said: dict[str, str]
) -> Response:
    reads.log(db, me.id, None, "export", through=through, at=now, detail=urlencode(said)[:300])
    made: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed once it is sent
    zone = ZoneInfo(me.zone)
    write(kind, HEADING, (_cells(row, zone) for row in each_case(db, me, filters, at=now)), made)
    db.close()
    size = made.tell()
    made.seek(0)
    headers = {
        "Content-Disposition": f'attachment; filename="amends-{now:%Y-%m-%d}.{kind}"',
        "Content-Length": str(size),
    }
    return Stream(_sent(made), media_type=KINDS[kind], headers=headers)


def _sent(made: IO[bytes]) -> Iterator[bytes]:
    with made:
        while chunk := made.read(CHUNK):
            yield chunk


def _cells(row: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """A row of the list in words; what its reader may not read there is empty here."""
    due, account = row.get("next_due") or {}, row.get("account") or {}
    return [
        row["reference"],
        words.SEVERITIES[row["severity"]],
        words.STAGES[row["stage"]],
        words.KINDS[row["kind"]],
        row.get("title", ""),
        account.get("platform") or "",
        words.ACCOUNT_TYPES.get(account.get("type") or "", ""),
        account.get("handle") or "",
        _time(row.get("live_since"), zone),
        _time(row.get("live_until"), zone),
        _time(row["reported_at"], zone),
        words.DUES.get(due.get("what", ""), ""),
        _time(due.get("at"), zone),
        {True: "Yes", False: "No", None: ""}[row.get("overdue")],
        words.DESKS[row["holder"]],
        row.get("assigned_name") or "",
        row.get("assigned_to") or "",
        "Yes" if row["guarded"] else "No",
        _time(row["closed_at"], zone),
    ]


def _time(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(sep=" ", timespec="seconds") if at else ""


def _page_route(kind: str) -> HTTPRouteHandler:
    @get(f"/queue/export.{kind}", sync_to_thread=True)
    def export_queue(db: Db, me: Me, now: Now, asked: Asked) -> Response:
        """What the queue shows, all pages of it, as a file."""
        said = said_in(asked)
        wanted = read_filters({**asked, **said}, me.zone)
        return exported(db, me, in_queue(wanted, desk_of(me, wanted.desk)), kind, now, "page", said)

    return export_queue


routes = [_page_route(kind) for kind in KINDS]
