"""The only writer of the timeline, and so the only way anything changes."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, event, func, insert, literal, or_, select, update
from sqlmodel import Session, col

from service.records.cases import Case
from service.records.enums import Kind, Severity
from service.records.referrals import Referral
from service.records.timeline import Outbox, TimelineEntry, TimelineHead, TimelineValues
from service.timeline import chain, outbox
from service.timeline.audiences import ASKED_DOES, AUDIENCES, AUDIENCES_OF_REFERRAL, SPOKEN_WITH, TOLD
from service.timeline.confidence import REPORTER, reporter_of


def add(
    db: Session,
    record: Case | Referral,
    kind: str,
    *,
    actor: int | None,
    at: datetime,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    audience: tuple[str, ...] = (),
    tell: tuple[int | str, ...] = (),
    moves: bool = True,
) -> None:
    """Append one entry to a case or a referral, with what changed as `{field: (before, after)}`; `at` is aware.

    The caller holds the row's lock. `audience` narrows the kind's own audience, never widens it. `tell` names people
    (by id) and desks to be notified once this is committed. With `moves` false the record's version stays: nobody who
    is about to write has to know of a reminder. Entries are written together, at the next read of
    the timeline or at commit: their positions come from one row that every writer waits for, so it is held briefly.
    """
    actor, doer, known = _doer(db, record, kind, actor)
    readers = " ".join(name for name in known if not audience or name in audience)
    kept = {
        field: {"salt": chain.new_salt(), "before": chain.plain(before), "after": chain.plain(after)}
        for field, (before, after) in {**(changes or {}), chain.ACTOR: (None, doer)}.items()
    }
    pending: list[_Pending] | None = db.info.get(PENDING)
    if pending is None:
        pending = db.info[PENDING] = []
        event.listen(db, "before_commit", _at_commit)
        event.listen(db, "after_rollback", _forget)
    # Once for a deed, however many entries it takes: how far it moves must not tell what some readers may not see.
    if moves and all(waiting.record is not record for waiting in pending):
        record.version += 1
    pending.append(_Pending(record, kind, actor, at, readers, kept, tell))


def _doer(
    db: Session, record: Case | Referral, kind: str, actor: int | None
) -> tuple[int | None, int | str | None, tuple[str, ...]]:
    """Whom the row names, whom the entry commits to, and who may read it."""
    if isinstance(record, Referral):
        return actor, actor, AUDIENCES_OF_REFERRAL[kind]
    doer: int | str | None = actor
    raised = record.confidential and actor is not None and kind not in ASKED_DOES
    if raised and actor == reporter_of(db, record):
        actor, doer = None, REPORTER
    theirs = doer == REPORTER or (actor is not None and actor == record.reporter_id)
    return actor, doer, _readers(record, kind, told=theirs)


def _readers(case: Case, kind: str, *, told: bool) -> tuple[str, ...]:
    """Who may read an entry of this kind in this case; `told`: by whoever reported it."""
    readers = AUDIENCES[kind]
    if case.kind == Kind.ADVICE and ("desk" in readers or kind == "message"):
        # Whoever was asked reads what every desk may, and what is said back to them.
        return (*readers, "adviser")
    if case.kind != Kind.CONCERN:
        return readers
    readers = tuple("raiser" if name == "reporter" else name for name in readers)
    if kind not in SPOKEN_WITH | {"revealed"} and not (told and kind in TOLD):
        readers = tuple(name for name in readers if name != "raiser")
    return tuple(name for name in readers if name != "line_manager") if kind in TOLD else readers


@dataclass(frozen=True)
class _Pending:
    record: Case | Referral
    kind: str
    actor: int | None
    at: datetime
    audience: str
    kept: dict[str, dict[str, Any]]
    tell: tuple[int | str, ...]


@contextmanager
def apart(db: Session) -> Iterator[None]:
    """One deed among several of a request: when it is refused, it alone is undone, with the entries that it added."""
    before = len(db.info.get(PENDING, ()))
    try:
        with db.begin_nested():
            yield
    except BaseException:
        del db.info.get(PENDING, [])[before:]
        raise


RINGS_FOR = "alarm.what"
"""The field of an entry that says for what a clock has rung; whoever is told of it is told that too."""
PENDING = "timeline entries that wait to be written"

_head: Any = TimelineHead.__table__  # type: ignore[attr-defined]  # every table model has one
_FORWARD = (
    update(_head).where(_head.c.id == 1).values(position=_head.c.position + bindparam("by")).returning(_head.c.position)
)
_tables: tuple[Any, ...] = (TimelineEntry, TimelineValues, Outbox)
_INSERT_ENTRIES, _INSERT_VALUES, _INSERT_OUTBOX = (insert(table.__table__) for table in _tables)


def _at_commit(db: Session) -> None:
    # Not when a deed apart ends, which SQLAlchemy tells in the same way: the row that all writers wait for comes last.
    if not db.in_nested_transaction():
        write_pending(db)


def _forget(db: Session) -> None:
    if not db.in_nested_transaction():
        db.info[PENDING].clear()


def write_pending(db: Session) -> None:
    """Write the entries that wait, in the order they were added, at the next positions of the log."""
    waiting_list: list[_Pending] = db.info.get(PENDING, [])
    pending = waiting_list.copy()
    waiting_list.clear()
    if not pending:
        return
    # Straight to the connection: these rows are never entities, and what else changed is flushed once, at commit.
    connection = db.connection()
    last = connection.execute(_FORWARD, {"by": len(pending)}).scalar_one()
    rows, values, told = [], [], []
    for position, waiting in enumerate(pending, last - len(pending) + 1):
        record = waiting.record
        row: dict[str, Any] = {
            "position": position,
            "sequence": record.entries + 1,
            "kind": waiting.kind,
            "at": waiting.at,
            "audience": waiting.audience,
            "commitments": {
                field: chain.commitment(field, value["salt"], value["before"], value["after"])
                for field, value in waiting.kept.items()
            },
            "previous": record.last_hash or chain.FIRST,
        }
        digest = chain.entry_hash(reference=record.reference, **row)
        whose = {"case_id": None, "referral_id": record.id}
        if isinstance(record, Case):
            whose = {"case_id": record.id, "referral_id": None}
        rows.append(row | whose | {"actor_id": waiting.actor, "hash": digest})
        values.append({"position": position, "fields": waiting.kept})
        about = {"entry": waiting.kind, "urgent": isinstance(record, Case) and record.severity == Severity.CRITICAL}
        if RINGS_FOR in waiting.kept:
            about["what"] = waiting.kept[RINGS_FOR]["after"]
        told += outbox.to_tell(whose["case_id"], position, waiting.tell, waiting.at, about, whose["referral_id"])
        record.entries, record.last_hash = record.entries + 1, digest
    connection.execute(_INSERT_ENTRIES, rows)
    connection.execute(_INSERT_VALUES, values)
    if told:
        connection.execute(_INSERT_OUTBOX, told)


_ENTRIES = (
    select(
        TimelineEntry.position,
        TimelineEntry.sequence,
        TimelineEntry.kind,
        TimelineEntry.actor_id,
        TimelineEntry.at,
        TimelineEntry.audience,
        TimelineEntry.commitments,
        TimelineEntry.previous,
        TimelineEntry.hash,
        TimelineValues.fields,
    )
    .outerjoin(TimelineValues, col(TimelineValues.position) == col(TimelineEntry.position))
    .order_by(col(TimelineEntry.sequence))
)
_OF_CASE = _ENTRIES.where(col(TimelineEntry.case_id) == bindparam("case"))
_OF_REFERRAL = _ENTRIES.where(col(TimelineEntry.referral_id) == bindparam("referral"))


def read_through(eye: Any) -> ColumnElement[bool]:
    """Whether an entry is read through an eye, which may be a column."""
    return (" " + col(TimelineEntry.audience) + " ").contains(literal(" ").concat(eye).concat(" "))


def number_read(db: Session, case_id: int, eyes: Collection[str]) -> int:
    """How many entries of a case are read through any of these eyes."""
    write_pending(db)
    read = or_(*(read_through(literal(eye)) for eye in sorted(eyes)))
    return db.execute(select(func.count()).where(col(TimelineEntry.case_id) == case_id, read)).scalar_one()


def number_told(db: Session, referral_id: int) -> int:
    """How many entries of a referral are read by whom it is about."""
    write_pending(db)
    told = (col(TimelineEntry.referral_id) == referral_id, read_through(literal("subject")))
    return db.execute(select(func.count()).where(*told)).scalar_one()


def moments(db: Session, referral: Referral, kinds: Collection[str]) -> list[datetime]:
    """When entries of these kinds were added to a referral, in their order; those that wait to be written as well."""
    # Not written for this: the row that all writers wait for comes last.
    mine = (col(TimelineEntry.referral_id) == referral.id, col(TimelineEntry.kind).in_(kinds))
    written = db.execute(select(col(TimelineEntry.at)).where(*mine).order_by(col(TimelineEntry.sequence))).scalars()
    waiting: list[_Pending] = db.info.get(PENDING, [])
    return [*written, *(each.at for each in waiting if each.record is referral and each.kind in kinds)]


def last_by(db: Session, referrals: Collection[int], kind: str) -> dict[int, int | None]:
    """Who added the last entry of a kind to each of these referrals; one that waits to be written is the last."""
    mine = (col(TimelineEntry.referral_id).in_(referrals), col(TimelineEntry.kind) == kind)
    asked = select(TimelineEntry.referral_id, TimelineEntry.actor_id).where(*mine)
    by = {row.referral_id: row.actor_id for row in db.execute(asked.order_by(col(TimelineEntry.position)))}
    waiting: list[_Pending] = db.info.get(PENDING, [])
    return by | {
        each.record.id: each.actor for each in waiting if isinstance(each.record, Referral) and each.kind == kind
    }


def of_case(db: Session, case_id: int) -> list[Any]:
    """The case's entries with their kept values and the actor's id, oldest first, as rows."""
    write_pending(db)
    return list(db.connection().execute(_OF_CASE, {"case": case_id}))


def of_referral(db: Session, referral_id: int) -> list[Any]:
    """The same of a referral."""
    write_pending(db)
    return list(db.connection().execute(_OF_REFERRAL, {"referral": referral_id}))
