"""The read log as it is read: by auditors, all of it without content; and by whoever asks who saw their own report.

Whoever raised a concern in confidence stands in it without a name: what they opened tells that it is theirs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import Select, and_, or_, select
from sqlmodel import Session, col

from service.cases import policy
from service.cases.queries import Found
from service.cases.relations import walled
from service.core.errors import NotPermitted, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Role
from service.records.list_words import READ_AS, THE_RAISER, THE_SERVER
from service.records.people import Person
from service.records.timeline import ManyReads, ReadEntry
from service.records.words import PDF_AUDIENCES
from service.timeline.reads import raised_in_confidence

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_EXPORTED = 1_000_000
"""As many as a sheet has room for."""
PARTY = "party"
"""How auditors are told of whoever has a part of their own in a case: which part it is would say who reported it."""
NARROWS = frozenset(
    "q stage severity kind platform account_type assigned overdue from to desk order person case".split()
)
"""What a list may be narrowed by. Which of these was said is no content; what was said there may be."""

Place = tuple[int, int, int]
"""Where a page ended: nothing, the line's moment in microseconds since 1970, and its number."""


@dataclass(frozen=True)
class Sought:
    """What an auditor looks for; `person_id` and `case_id` are rows, the moments from one up to another."""

    person_id: int | None = None
    case_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def require_auditor(me: Me) -> None:
    """Raise NotPermitted for everybody else."""
    if Role.AUDITOR not in me.roles:
        raise NotPermitted("The read log is for auditors.")


def person_sought(db: Session, email: str) -> int:
    """Whose lines are looked for. Raises Invalid for an address that nobody has: *no line* would be no answer."""
    found = db.execute(select(col(Person.id)).where(col(Person.email) == email.strip().lower())).scalar()
    if found is None:
        raise invalid("person", "Nobody in the directory has this address. Use their work e-mail address.")
    return found


def case_sought(db: Session, me: Me, reference: str) -> int:
    """Which case's lines are looked for. Raises Invalid where it is absent, or the auditor has a part of their own."""
    wanted = select(col(Case.id)).where(col(Case.reference) == reference.strip().upper(), ~walled())
    found = db.execute(wanted, {"me": me.id}).scalar()
    if found is None:
        raise invalid("case", "There is no case with this reference. Use one like SM-2026-000042.")
    return found


def list_reads(
    db: Session, me: Me, sought: Sought, *, after: Place | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of the read log, the latest first, and where it ended (None when nothing follows).

    Lines about a case in which the auditor has a part of their own are absent. Raises NotPermitted for anybody else.
    """
    require_auditor(me)
    rows = db.connection().execute(_beyond(_lines(sought), after).limit(limit + 1), {"me": me.id}).all()
    return [_shown(row) for row in rows[:limit]], _place(rows[limit - 1]) if len(rows) > limit else None


def each_read(db: Session, me: Me, sought: Sought) -> Iterator[dict[str, Any]]:
    """Every line that the pages would show, as they stand at one moment; read as they are asked for."""
    require_auditor(me)
    lines = _lines(sought).limit(MOST_EXPORTED)
    for row in db.execute(lines, {"me": me.id}, execution_options={"stream_results": True, "yield_per": 500}):
        yield _shown(row)


def list_many_reads(db: Session, me: Me, *, before: int | None = None, limit: int = 50) -> Sequence[Any]:
    """Who read very many cases in an hour, as rows, the latest noticed first. Raises NotPermitted."""
    require_auditor(me)
    query = (
        select(col(ManyReads.id), ManyReads.since, ManyReads.at, col(Person.name), col(Person.email))
        .join(Person, col(Person.id) == col(ManyReads.person_id))
        .order_by(col(ManyReads.id).desc())
        .limit(limit)
    )
    return db.execute(query.where(col(ManyReads.id) < before) if before is not None else query).all()


def _lines(sought: Sought) -> Select[Any]:
    raised = raised_in_confidence()
    query = (
        select(
            col(ReadEntry.id),
            ReadEntry.at,
            ReadEntry.what,
            ReadEntry.through,
            ReadEntry.detail,
            ReadEntry.seen_as,
            Case.reference,
            Person.email,
            Person.name,
            raised.label("raised"),
        )
        .select_from(ReadEntry)
        .outerjoin(Case, col(Case.id) == col(ReadEntry.case_id))
        .outerjoin(Person, and_(col(Person.id) == col(ReadEntry.person_id), ~raised))
        .where(~walled())
    )
    if sought.person_id is not None:
        query = query.where(col(ReadEntry.person_id) == sought.person_id, ~raised)
    if sought.case_id is not None:
        query = query.where(col(ReadEntry.case_id) == sought.case_id)
    if sought.since is not None:
        query = query.where(col(ReadEntry.at) >= sought.since)
    if sought.until is not None:
        query = query.where(col(ReadEntry.at) < sought.until)
    return query.order_by(col(ReadEntry.at).desc(), col(ReadEntry.id).desc())


def _beyond(query: Select[Any], after: Place | None) -> Select[Any]:
    if after is None:
        return query
    _, moment, last = after
    at = EPOCH + timedelta(microseconds=moment)
    # The first of the two is what an index begins with.
    return query.where(col(ReadEntry.at) <= at, or_(col(ReadEntry.at) < at, col(ReadEntry.id) < last))


def _place(row: Any) -> Place:
    return 0, (row.at - EPOCH) // timedelta(microseconds=1), row.id


def _shown(row: Any) -> dict[str, Any]:
    """A line without content: of a search not its words, of a narrowed list only by what it was narrowed."""
    told = {"at": row.at, "who": row.name or (THE_RAISER if row.raised else THE_SERVER), "what": row.what}
    told["through"] = row.through
    if row.email is not None:
        told["person"] = {"email": row.email, "name": row.name}
        if row.seen_as:
            told["seen_as"] = row.seen_as if row.seen_as in READ_AS else PARTY
    if row.reference is not None:
        told["case"] = row.reference
    if row.what == "pdf" and row.detail in PDF_AUDIENCES:
        told["audience"] = row.detail
    if row.what in ("export", "read_log", "read_log_export"):
        told["narrowed_by"] = [name for name, _ in parse_qsl(row.detail) if name in NARROWS]
    return told


# How somebody stood to a case who is told of to whoever reported it, and to whoever raised a concern. That HR looked is
# HR's to say. Of a concern the desks alone are told: that a manager, or an account's holder, looked is about others.
TOLD_OF: dict[str, frozenset[str]] = {
    "reporter": frozenset({"line_manager", "adviser", "digital_unit", "desk", "data_protection", "auditor"}),
    "raiser": frozenset({"digital_unit", "desk", "data_protection", "auditor"}),
}


def is_own_report(here: Found) -> bool:
    """Whether whoever found it reported it, and so is told who looked."""
    return not policy.eyes(here.held).isdisjoint(TOLD_OF)


def require_own_report(here: Found) -> None:
    """Raise NotPermitted for somebody else's."""
    if not is_own_report(here):
        raise NotPermitted("Who looked at a report is told to the person who made it.")


def list_looks(
    db: Session, me: Me, here: Found, *, after: Place | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], Place | None]:
    """A page of who looked at somebody's own report, the latest first; not what they opened themselves.

    To whoever raised a concern nobody is named. Raises NotPermitted for somebody else's report.
    """
    require_own_report(here)
    mine = "raiser" if "raiser" in policy.eyes(here.held) else "reporter"
    named = mine == "reporter"
    query = select(col(ReadEntry.id), ReadEntry.at, ReadEntry.what, ReadEntry.through, ReadEntry.seen_as)
    if named:
        query = query.add_columns(col(Person.name)).join(Person, col(Person.id) == col(ReadEntry.person_id))
    query = query.where(
        col(ReadEntry.case_id) == here.case.id,
        col(ReadEntry.person_id) != me.id,
        col(ReadEntry.seen_as).in_(sorted(TOLD_OF[mine])),
    ).order_by(col(ReadEntry.at).desc(), col(ReadEntry.id).desc())
    rows = db.connection().execute(_beyond(query, after).limit(limit + 1)).all()
    shown = []
    for row in rows[:limit]:
        told = {"at": row.at, "seen_as": row.seen_as, "what": row.what, "through": row.through}
        if named:
            told["name"] = row.name
        elif row.seen_as == "data_protection":
            told["seen_as"] = "desk"
        shown.append(told)
    return shown, _place(rows[limit - 1]) if len(rows) > limit else None
