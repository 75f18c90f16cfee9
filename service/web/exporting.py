"""What a list shows, as a file: for pages and programs alike."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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
    """The file, once the read log has it. Raises Busy."""
    with one_of_few():
        reads.log(db, me.id, None, "export", through=through, at=now, detail=urlencode(said)[:300])
        zone = ZoneInfo(me.zone)
        rows = (_cells(row, zone) for row in each_case(db, me, filters, at=now))
        return as_file(db, kind, f"amends-{now:%Y-%m-%d}", HEADING, rows)


@contextmanager
def one_of_few() -> Iterator[None]:
    """A file's turn to be made. Raises Busy while as many others are being made as may be at once."""
    if not _making.acquire(blocking=False):
        raise Busy("Other files are being made right now. Try again in a minute.")
    try:
        yield
    finally:
        _making.release()


def as_file(db: Session, kind: str, name: str, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """A table as a file. It is made before a byte is sent: a fault is a refusal, not half a file."""
    if current().bodiless:
        return Response(b"", media_type=KINDS[kind])
    made: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed once it is sent
    write(kind, heading, rows, made)
    db.close()
    size = made.tell()
    made.seek(0)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Content-Length": str(size)}
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
        moment_cell(row.get("live_since"), zone),
        moment_cell(row.get("live_until"), zone),
        moment_cell(row["reported_at"], zone),
        words.DUES.get(due.get("what", ""), ""),
        moment_cell(due.get("at"), zone),
        {True: "Yes", False: "No", None: ""}[row.get("overdue")],
        words.DESKS[row["holder"]],
        row.get("assigned_name") or "",
        row.get("assigned_to") or "",
        "Yes" if row["guarded"] else "No",
        moment_cell(row["closed_at"], zone),
    ]


def moment_cell(at: datetime | None, zone: ZoneInfo) -> str:
    """A moment as a spreadsheet sorts it, with its offset; empty for none."""
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
