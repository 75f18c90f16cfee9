"""The read log: who opened what, when and through what."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, exists, insert, select, update
from sqlmodel import Session, col

from service.core.database import writing
from service.records.cases import Confidence
from service.records.notice_words import ASKS, OUTLASTS
from service.records.notifications import Notification
from service.records.timeline import ReadEntry

OPENINGS = frozenset({"case", "referral"})

_INSERT: Any = insert(ReadEntry.__table__)  # type: ignore[attr-defined]  # every table model has one
_waits: Any = Notification.__table__  # type: ignore[attr-defined]  # as above
_NO_LONGER_WAITS = (
    update(_waits)
    .where(_waits.c.person_id == bindparam("who"), _waits.c.case_id == bindparam("which"), _waits.c.read_at.is_(None))
    .values(read_at=bindparam("now"))
)
_REFERRAL_NO_LONGER_WAITS = (
    update(_waits)
    .where(
        _waits.c.person_id == bindparam("who"), _waits.c.referral_id == bindparam("which"), _waits.c.read_at.is_(None)
    )
    .values(read_at=bindparam("now"))
)
_ASKED_NO_MORE = (
    update(_waits)
    .where(
        _waits.c.case_id == bindparam("which"), _waits.c.kind.in_(ASKS.keys() - OUTLASTS), _waits.c.read_at.is_(None)
    )
    .values(read_at=bindparam("now"))
)


def ask_no_more(db: Session, case_id: int, at: datetime) -> None:
    """Let nothing of a case be asked of anybody any more; what only informs stays as it is."""
    db.connection().execute(_ASKED_NO_MORE, {"which": case_id, "now": at})


def log(
    db: Session,
    person_id: int | None,
    case_id: int | None,
    what: str,
    *,
    through: str,
    at: datetime,
    detail: str = "",
    seen_as: str | None = None,
    referral_id: int | None = None,
) -> None:
    """End what this session was reading, then write one line; it is durable before this returns.

    `what` is case, timeline, pdf, evidence, referral, search, export or read_log; `through` is page, api or command;
    `seen_as` is how they stand to the case; `referral_id` says which referral of the case it was. Raises when it cannot
    be stored, so that nothing is shown that was not logged. What the session has loaded stays as it is, apart from it.
    Without a write-ahead log a reader and a writer would wait for each other; and nobody should keep a transaction open
    while a page is made.
    """
    db.close()
    with writing(db).begin() as connection:
        _note(connection, _line(person_id, case_id, what, detail, through, at, seen_as, referral_id))


def log_in(
    db: Session,
    person_id: int,
    case_id: int,
    what: str,
    *,
    through: str,
    at: datetime,
    detail: str = "",
    seen_as: str | None = None,
    referral_id: int | None = None,
) -> None:
    """The same line within a writing transaction: the answer to a deed is a look at the case as well."""
    _note(db.connection(), _line(person_id, case_id, what, detail, through, at, seen_as, referral_id))


def noted(db: Session, person_id: int, what: str, detail: str, *, since: datetime) -> bool:
    """Whether they have done just this since then, and so what a page repeats by itself stands in the log already."""
    line = select(col(ReadEntry.id)).where(
        col(ReadEntry.person_id) == person_id,
        col(ReadEntry.at) >= since,
        col(ReadEntry.what) == what,
        col(ReadEntry.detail) == detail[:300],
    )
    return db.connection().execute(line.limit(1)).first() is not None


def raised_in_confidence() -> ColumnElement[bool]:
    """Whether a line is of somebody who raised that concern in confidence: what they opened tells that it is theirs."""
    raised = (col(Confidence.case_id) == col(ReadEntry.case_id), col(Confidence.person_id) == col(ReadEntry.person_id))
    return exists().where(*raised, col(Confidence.raised)).correlate(ReadEntry)


def _note(connection: Connection, line: dict[str, Any]) -> None:
    connection.execute(_INSERT, line)
    if line["what"] == "referral":
        told = {"who": line["person_id"], "which": line["referral_id"], "now": line["at"]}
        connection.execute(_REFERRAL_NO_LONGER_WAITS, told)
        return
    # Whoever has the case before them need not be told any more that it waits.
    if line["what"] in OPENINGS and line["person_id"] is not None:
        connection.execute(_NO_LONGER_WAITS, {"who": line["person_id"], "which": line["case_id"], "now": line["at"]})


def _line(
    person_id: int | None,
    case_id: int | None,
    what: str,
    detail: str,
    through: str,
    at: datetime,
    seen_as: str | None,
    referral_id: int | None,
) -> dict[str, Any]:
    told = {
        "person_id": person_id,
        "case_id": case_id,
        "referral_id": referral_id,
        "what": what,
        "detail": detail[:300],
    }
    return told | {"through": through, "at": at, "seen_as": seen_as}
