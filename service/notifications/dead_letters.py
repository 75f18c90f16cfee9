"""How the outbox stands, and what was given up in it: for administrators, who see no case here either."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlmodel import Session, col

from service.core.errors import NotFound, NotPermitted, Refusal
from service.people.identity import Me
from service.records.enums import Role
from service.records.people import Person
from service.records.timeline import Outbox
from service.timeline.outbox import number_done

OPEN = (col(Outbox.done_at).is_(None), col(Outbox.failed_at).is_(None))
FAILED = col(Outbox.failed_at).is_not(None)
AGAIN = {"failed_at": None, "tried_at": None, "leased_until": None, "tries": 0}


@dataclass(frozen=True)
class Standing:
    """How much of one kind waits, failed or is done; `oldest` is when the oldest that waits was to be done."""

    kind: str
    waiting: int = 0
    failed: int = 0
    done: int = 0
    oldest: datetime | None = None


def require_administrator(me: Me) -> None:
    """Raise NotPermitted for everybody else."""
    if Role.ADMINISTRATOR not in me.roles:
        raise NotPermitted("The outbox is for administrators.")


def standing(db: Session, me: Me, at: datetime) -> list[Standing]:
    """How the outbox stands, by kind. Raises NotPermitted for anybody but an administrator."""
    require_administrator(me)
    kind = col(Outbox.kind)
    found: dict[str, dict[str, Any]] = {}
    moment: Any = Outbox.due_at
    since = func.min(func.coalesce(col(Outbox.tried_at), col(Outbox.due_at)), type_=moment.type)
    waits = select(kind, func.count()).where(*OPEN).group_by(kind)
    # What was tried and put off is due later again, and has waited all the same.
    late = or_(col(Outbox.tried_at).is_not(None), col(Outbox.due_at) <= at)
    overdue = select(kind, since).where(*OPEN, late).group_by(kind)
    failed = select(kind, func.count()).where(FAILED).group_by(kind)
    for name, query in (("waiting", waits), ("oldest", overdue), ("failed", failed)):
        for each, value in db.execute(query):
            found.setdefault(each, {})[name] = value
    for each, value in number_done(db).items():
        found.setdefault(each, {})["done"] = value
    return [Standing(kind=each, **values) for each, values in sorted(found.items())]


def list_failed(db: Session, me: Me, *, before: int | None = None, limit: int = 50) -> Sequence[Any]:
    """A page of what was given up, newest first, with whose it was. Raises NotPermitted."""
    require_administrator(me)
    query = (
        select(
            col(Outbox.id),
            Outbox.kind,
            Outbox.due_at,
            Outbox.failed_at,
            Outbox.tries,
            Outbox.error,
            col(Person.email).label("person"),
        )
        .outerjoin(Person, col(Person.id) == col(Outbox.person_id))
        .where(FAILED)
        .order_by(col(Outbox.id).desc())
        .limit(limit)
    )
    return db.execute(query.where(col(Outbox.id) < before) if before is not None else query).all()


def retry(db: Session, me: Me, row_id: str, at: datetime) -> None:
    """Have something that was given up tried again, as if for the first time.

    Raises NotPermitted, NotFound when there is no such row, or a Refusal (409) when it was not given up.
    """
    require_administrator(me)
    if not row_id.isascii() or not row_id.isdigit() or len(row_id) > 18:
        raise NotFound
    there = db.execute(select(col(Outbox.failed_at)).where(col(Outbox.id) == int(row_id))).one_or_none()
    if there is None:
        raise NotFound
    if not _again(db, at, col(Outbox.id) == int(row_id)):
        raise Refusal("This was not given up, so there is nothing to try again.")


def retry_all(db: Session, me: Me, at: datetime) -> int:
    """Have everything that was given up tried again; returns how much that is. Raises NotPermitted."""
    require_administrator(me)
    return _again(db, at, FAILED)


def _again(db: Session, at: datetime, which: ColumnElement[bool]) -> int:
    changed = update(Outbox).where(which, FAILED).values(due_at=at, **AGAIN).returning(col(Outbox.id))
    return len(db.execute(changed, execution_options={"synchronize_session": False}).all())
