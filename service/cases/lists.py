"""Lists of cases as rows: the queue of a desk, my own, and what the API pages through."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    null,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, UTCDateTime, col

from service.cases import policy
from service.cases.clocks import NOTHING_DUE
from service.cases.exposure import went_at
from service.cases.looking import lookers_at
from service.cases.narrowing import Assignee, Filters, narrowed, type_of, waits_at
from service.cases.relations import ME, Desks, Roles
from service.cases.sentences import title
from service.core.database import is_sqlite, written_out
from service.core.errors import invalid
from service.people.identity import Me
from service.records.cases import Case, Route, Step
from service.records.columns import ListedMoment
from service.records.enums import Kind, StepKind
from service.records.people import Person
from service.records.timeline import ReadEntry
from service.records.words import PARTS, STATUSES
from service.timeline.entries import number_read

ORDERS = ("worst", "newest", "oldest")
MOST = 100
MOST_EXPORTED = 1_000_000
"""As many as a sheet has room for."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Place = tuple[int, int, int]
"""Where a page ended: the last row's rank, when it is next due in microseconds since 1970, and its number."""


AT_MOST: BindParameter[int] = bindparam("most", required=True, type_=type_of(Case.id))
Deleted = aliased(Step)
Reporter = aliased(Person)

COLUMNS = (
    Case.id,
    Case.reference,
    Case.kind,
    Case.stage,
    Case.severity,
    Case.severity_rank,
    Case.version,
    Case.codes,
    Case.account_type,
    Case.platform,
    Case.posted_at,
    Case.reported_at,
    Case.next_due_at,
    Case.next_due_what,
    Case.holding_desk,
    Case.guarded,
    Case.closed_at,
    Case.still_visible,
    Case.visibility_at,
)


def list_cases(
    db: Session, me: Me, filters: Filters, *, at: datetime, after: Place | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of rows this person may see, and where it ended (None when nothing follows).

    A place holds a row's number, so it never leaves the house unsealed. Raises Invalid for a limit out of 1 to 100.
    """
    if not 1 <= limit <= MOST:
        raise invalid("limit", f"Choose a number from 1 to {MOST}.")
    query = listing(frozenset(me.desks), me.roles, filters.shape(), is_sqlite(db))
    if after is not None:
        query = query.where(_beyond(filters.order, after))
    rows = rows_of(db, query, me, at, limit + 1, filters.typed(is_sqlite(db)))
    page = [as_row(row, at) for row in rows[:limit]]
    for row, shown in zip(rows, page, strict=False):
        if row.part:
            # As on its page (`queries.version_of`): those are few, and a list of others' cases has none.
            shown["version"] = 1 + number_read(db, row.id, {row.part})
    return page, _place(rows[limit - 1]) if len(rows) > limit else None


def each_case(
    db: Session, me: Me, filters: Filters, *, at: datetime, most: int = MOST_EXPORTED
) -> Iterator[dict[str, Any]]:
    """Every row that a list would show page by page, as they stand at one moment; read as they are asked for.

    A row whose content may be read has its `account` as well: type, platform and handle.
    """
    embedded = is_sqlite(db)
    query = listing(frozenset(me.desks), me.roles, filters.shape(), embedded).add_columns(col(Case.handle))
    query = query.where(policy.sees(me))
    given = {"me": me.id, "now": at, "most": most, **filters.typed(embedded)}
    for row in db.connection().execution_options(stream_results=True, yield_per=500).execute(query, given):
        shown = as_row(row[:-1], at)
        if row.content and not row.part:
            shown["account"] = {"type": row.account_type, "platform": row.platform, "handle": row.handle}
        yield shown


def rows_of(
    db: Session, query: Select[Any], me: Me, at: datetime, most: int, typed: Mapping[str, Any] | None = None
) -> Sequence[Any]:
    """The rows of a `listing`, no more than `most`."""
    # Rows, not entities: straight from the connection, a page of fifty costs half as much.
    return db.connection().execute(query, {"me": me.id, "now": at, "most": most, **(typed or {})}).all()


@lru_cache(maxsize=512)
def listing(desks: Desks, roles: Roles, filters: Filters, embedded: bool) -> Select[Any]:
    """A list's statement, built once for each kind of reader and shape of filters; needs `me`, `now`, `most`."""
    me = policy.reader(desks, roles)
    unread = and_(
        ~exists().where(col(ReadEntry.case_id) == col(Case.id), col(ReadEntry.person_id) == ME),
        # Whoever marks it as read from its row has not opened it.
        ~exists().where(col(Route.case_id) == col(Case.id), col(Route.acknowledged_by_id) == ME),
    )
    content = policy.reads_content(me)
    query = (
        select(
            *(_listed(column) for column in COLUMNS),
            _listed(Deleted.taken_at).label("deleted_at"),
            _listed(Deleted.recorded_at).label("deletion_recorded_at"),
            col(Assignee.name).label("assigned_name"),
            col(Assignee.email).label("assigned_to"),
            unread.label("unread"),
            content.label("content"),
            (policy.part(me) if filters.plain else null()).label("part"),
            waits_at(filters.desk).label("waits"),
            lookers_at(filters.desk, desks).label("lookers"),
            # Of a concern no list says it: whoever raised one may have kept their name back.
            case((col(Case.kind) != Kind.CONCERN, col(Reporter.name))).label("reported_by"),
        )
        # Said, not left to be found: several threads may compile this statement at the same first moment.
        .select_from(Case)
        .outerjoin(Deleted, and_(col(Deleted.case_id) == col(Case.id), col(Deleted.kind) == StepKind.DELETE))
        .outerjoin(Assignee, col(Assignee.id) == col(Case.assigned_to_id))
        .outerjoin(Reporter, and_(col(Reporter.id) == col(Case.reporter_id), col(Reporter.id) != ME))
        .where(*narrowed(me, filters, embedded))
        .limit(AT_MOST)
    )
    query = written_out(query)
    match filters.order:
        case "worst":
            return query.order_by(col(Case.severity_rank), col(Case.next_due_at), col(Case.id))
        case "oldest":
            return query.order_by(col(Case.id))
        case "newest":
            return query.order_by(col(Case.id).desc())
    raise invalid("order", f"Choose one of: {', '.join(ORDERS)}.")


def _listed(column: Any) -> Any:
    return type_coerce(column, ListedMoment()).label(column.key) if isinstance(column.type, UTCDateTime) else column


def as_row(row: Any, at: datetime) -> dict[str, Any]:
    """A row of a `listing` as people may read it."""
    # By place, in the order of COLUMNS and what follows them there: asking a row by name takes longer than the rest.
    _, reference, kind, stage, severity, _, version, codes, account_type, platform, posted_at, reported_at, *rest = row
    next_due_at, what, holder, guarded, closed_at, visible, told_at, *rest = rest
    deleted_at, recorded_at, name, email, unread, content, part, waits, lookers, reported_by = rest
    if part:
        return _row_in_part(part, reference, kind, stage, version, reported_at, unread=bool(unread))
    shown = {
        "reference": reference,
        "kind": kind,
        "stage": stage,
        "severity": severity,
        "version": version,
        "reported_at": reported_at,
        "closed_at": closed_at,
        "holder": holder,
        "guarded": guarded,
        "unread": bool(unread),
        "waits": bool(waits),
        "lookers": lookers or "",
    }
    if not content:
        return shown
    due = next_due_at if next_due_at and next_due_at.year < NOTHING_DUE.year else None
    shown["title"] = _title(kind, tuple(codes), account_type, platform)
    shown["live_since"] = posted_at
    shown["live_until"] = went_at(deleted_at, recorded_at, visible, told_at)
    shown["next_due"] = {"what": what, "at": due} if due else None
    shown["overdue"] = due is not None and due <= at
    shown["assigned_to"] = email
    shown["assigned_name"] = name
    shown["reported_by"] = reported_by or ""
    return shown


def _row_in_part(
    part: str, reference: str, kind: str, stage: str, version: int, reported_at: datetime, *, unread: bool
) -> dict[str, Any]:
    """A concern as whoever raised it, was asked for a step or was told of it lists it."""
    shown: dict[str, Any] = {"reference": reference, "kind": kind, "version": version, "title": PARTS[part]}
    if part != "asked":
        shown["status"] = STATUSES[stage]
    if part == "raiser":
        shown["reported_at"] = reported_at
    return shown | {"unread": unread, "waits": False, "lookers": "", "next_due": None, "overdue": False}


_title = lru_cache(maxsize=1024)(title)


def _place(row: Any) -> Place:
    return row.severity_rank, (row.next_due_at - EPOCH) // timedelta(microseconds=1), row.id


def _beyond(order: str, place: Place) -> ColumnElement[bool]:
    rank, due, last = place
    if order != "worst":
        return col(Case.id) < last if order == "newest" else col(Case.id) > last
    here = tuple_(col(Case.severity_rank), col(Case.next_due_at), col(Case.id))
    return here > tuple_(
        bindparam(None, rank, unique=True, type_=type_of(Case.severity_rank)),
        bindparam(None, EPOCH + timedelta(microseconds=due), unique=True, type_=type_of(Case.next_due_at)),
        bindparam(None, last, unique=True, type_=type_of(Case.id)),
    )


INNER = ("unread", "waits", "lookers", "reported_by")
"""What a row has for its page alone."""


def summary(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the public interface lists it."""
    return {key: value for key, value in row.items() if key not in INNER}
