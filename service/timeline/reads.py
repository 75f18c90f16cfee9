"""The read log: who opened what, when and through what."""

from datetime import datetime

from sqlalchemy import insert
from sqlmodel import Session

from service.core.database import Database
from service.records.timeline import ReadEntry


def log(
    database: Database,
    person_id: int | None,
    case_id: int | None,
    what: str,
    *,
    through: str,
    at: datetime,
    detail: str = "",
) -> None:
    """Write one line in a short transaction of its own; it is durable before this returns.

    `what` is case, timeline, pdf, evidence, referral or search; `through` is page, api or command. Raises when it
    cannot be stored, so that nothing is shown that was not logged.
    """
    with database.write() as db:
        log_in(db, person_id, case_id, what, through=through, at=at, detail=detail)


def log_in(
    db: Session, person_id: int | None, case_id: int | None, what: str, *, through: str, at: datetime, detail: str = ""
) -> None:
    """The same line within a writing transaction: the answer to a deed is a look at the case as well."""
    db.execute(
        insert(ReadEntry).values(
            person_id=person_id, case_id=case_id, what=what, detail=detail[:300], through=through, at=at
        )
    )
