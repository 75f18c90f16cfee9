"""What a case's entries add up to, and what its rows say: the two must be the same.

Every path that an entry can carry is a line of a table below, with the column it speaks of; a path that is in no
table is history only. Values are compared as the timeline spells them (`chain.plain`). An erased field is unknown:
then its column must be empty, until a later entry sets it again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.facts import COLUMNS
from service.records.cases import (
    Advice,
    Case,
    Message,
    Note,
    ProtectionDecision,
    ReferralDecision,
    Route,
    Step,
)
from service.records.enums import Severity, Stage, StepKind, StepState
from service.records.evidence import Evidence
from service.records.people import Person
from service.timeline.chain import plain

ERASED = object()
"""Stands for a value that was lawfully destroyed."""

# JSON path -> column of the case.
CASE: dict[str, str] = COLUMNS | {
    "kind": "kind",
    "stage": "stage",
    "severity": "severity",
    "playbook": "playbook_version",
    "posted_by_me": "posted_by_me",
    "not_manager": "not_manager",
    "guarded": "guarded",
    "opened_at": "opened_at",
    "withdrawal_asked_at": "withdrawal_asked_at",
    "resolution": "resolution",
}
# What a column holds before any entry speaks of it, where that is not nothing.
AT_FIRST: dict[str, Any] = {"codes": [], "posted_by_me": True, "not_manager": False, "guarded": False}

# steps.KIND.NAME -> column of the step.
STEP: tuple[str, ...] = (
    "state",
    "taken_at",
    "verified_at",
    "released_at",
    "public_text",
    "link",
    "note",
    "cannot_at",
    "cannot_reason",
)
# routes.DESK.NAME -> column of the desk's routes; a case can be sent to one desk twice, so all of them are collected.
ROUTE: tuple[str, ...] = ("sent_at", "because", "acknowledged_at", "ended_at")
# evidence.ID.NAME -> column of the file.
EVIDENCE: tuple[str, ...] = (
    "filename",
    "media_type",
    "size",
    "sha256",
    "description",
    "captured_at",
    "captured_zone",
    "destroyed_at",
)
# What a file loses when it is destroyed; what it was, and its hash, stay.
LOST: tuple[str, ...] = ("filename", "description")
# AREA.ID -> the table whose `text` it is.
SPOKEN: dict[str, Any] = {"advice": Advice, "messages": Message, "notes": Note}

# Columns that hold the moment of an entry itself, by the entry's kind.
MOMENTS: dict[str, str] = {"reported": "reported_at", "triaged": "triaged_at", "closed": "closed_at"}
# The step that is taken when Amends itself sends a case to a desk.
INFORMS: dict[str, StepKind] = {
    "line_manager": StepKind.INFORM_MANAGER,
    "digital_unit": StepKind.INFORM_DIGITAL_UNIT,
}
# Kinds of entry after which that step is taken whatever it was; after `sent`, only one that was due.
INFORMED_BY = frozenset({"informed", "manager_named"})


@dataclass
class Rows:
    """The rows of one case, as verification has read them."""

    case: Case
    emails: Mapping[int, str] = field(default_factory=dict)
    references: Mapping[int, str] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    routes: Sequence[Route] = ()
    evidence: Sequence[Evidence] = ()
    advice: Sequence[Advice] = ()
    messages: Sequence[Message] = ()
    notes: Sequence[Note] = ()
    referral_decisions: Sequence[ReferralDecision] = ()
    protection_decisions: Sequence[ProtectionDecision] = ()


def replay(entries: Iterable[Any]) -> dict[str, Any]:
    """The state after these entries (rows of `entries.of_case`, oldest first), as `{path: value}`."""
    state: dict[str, Any] = {}
    for entry in entries:
        for path in entry.commitments:
            kept = (entry.fields or {}).get(path)
            _set(state, _whole(path, entry), kept["after"] if kept is not None else ERASED)
        if entry.kind in MOMENTS:
            state[MOMENTS[entry.kind]] = plain(entry.at)
        if entry.kind == "reported":
            state["reporter_id"] = entry.actor_id
        if entry.kind == "reopened":
            state |= {"closed_at": None, "duplicate_of": None}
        if entry.kind == "purged":
            _purge(state, entry)
        _inform(state, entry)
    return state


def present(rows: Rows) -> dict[str, Any]:
    """The same paths as the rows say them."""
    case = rows.case
    state = {path: getattr(case, column) for path, column in CASE.items()}
    state |= {column: getattr(case, column) for column in MOMENTS.values()}
    state |= {
        "reporter_id": case.reporter_id,
        "assigned_to": rows.emails.get(case.assigned_to_id or 0),
        "duplicate_of": rows.references.get(case.duplicate_of_id or 0),
    }
    for step in rows.steps:
        state |= {f"steps.{plain(step.kind)}.{name}": getattr(step, name) for name in STEP}
    for route in rows.routes:
        for name in ROUTE:
            if (value := getattr(route, name)) is not None:
                state.setdefault(f"routes.{plain(route.desk)}.{name}", []).append(plain(value))
    for file in rows.evidence:
        state |= {f"evidence.{file.id}.{name}": getattr(file, name) for name in EVIDENCE}
    for area in SPOKEN:
        state |= {f"{area}.{spoken.id}": spoken.text for spoken in getattr(rows, area)}
    for decided in rows.referral_decisions:
        word = "referred" if decided.refer else "not_referred"
        state["hr.decision" if decided.counts else "hr.proposed"] = word
    for answer in rows.protection_decisions:
        state |= {f"data_protection.{answer.question}.{name}": getattr(answer, name) for name in ("tell", "reason")}
    return {path: plain(value) for path, value in state.items()}


def differences(entries: Iterable[Any], rows: Rows) -> list[str]:
    """Where the rows of a case say something else than its entries, in a sentence each; none when they agree."""
    said, there = replay(entries), present(rows)
    faults = []
    for path in sorted(said.keys() | there.keys()):
        if not _replayed(path):
            continue
        now = there.get(path)
        expected = said.get(path, AT_FIRST.get(path))
        if expected is ERASED:
            if now not in (None, [], "destroyed"):
                faults.append(f"'{path}' was destroyed on the timeline, and the record still holds something")
        elif isinstance(expected, list) and ERASED in expected:
            continue
        elif _ordered(expected) != _ordered(now):
            faults.append(f"'{path}' is not what the timeline says")
    if rows.case.severity_rank != list(Severity).index(Severity(rows.case.severity)):
        faults.append("the place in the queue is not that of the severity")
    if (rows.case.stage == Stage.CLOSED) != (rows.case.closed_at is not None):
        faults.append("the moment of closing does not fit the stage")
    return faults


def read_rows(db: Session, cases: Sequence[Case]) -> dict[int, Rows]:
    """Everything that is compared, for a batch of cases, in a fixed number of statements."""
    ids = [case.id for case in cases]
    assigned = {case.assigned_to_id for case in cases if case.assigned_to_id}
    originals = {case.duplicate_of_id for case in cases if case.duplicate_of_id}
    emails: dict[int, str] = {
        person.id: person.email
        for person in db.execute(select(col(Person.id), col(Person.email)).where(col(Person.id).in_(assigned)))
    }
    references: dict[int, str] = {
        case.id: case.reference
        for case in db.execute(select(col(Case.id), col(Case.reference)).where(col(Case.id).in_(originals)))
    }

    def by_case(table: Any) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        for row in db.execute(select(table).where(table.case_id.in_(ids)).order_by(table.id)).scalars():
            found[row.case_id].append(row)
        return found

    tables = {
        "steps": Step,
        "routes": Route,
        "evidence": Evidence,
        "advice": Advice,
        "messages": Message,
        "notes": Note,
        "referral_decisions": ReferralDecision,
        "protection_decisions": ProtectionDecision,
    }
    read = {name: by_case(table) for name, table in tables.items()}
    return {
        case.id: Rows(case, emails, references, **{name: found.get(case.id, ()) for name, found in read.items()})
        for case in cases
        if case.id is not None
    }


def _whole(path: str, entry: Any) -> str:
    """An entry that adds a file names its fields shortly; the file's id makes them whole."""
    if entry.kind != "evidence_added" or path not in EVIDENCE:
        return path
    kept = (entry.fields or {}).get("evidence")
    return f"evidence.{kept['after']}.{path}" if kept else path


def _purge(state: dict[str, Any], entry: Any) -> None:
    for path in (entry.fields or {}).get("purged", {}).get("after", ()):
        if path.startswith("evidence."):
            state |= {f"{path}.{name}": ERASED for name in LOST}
            state[f"{path}.destroyed_at"] = plain(entry.at)
        else:
            state[path] = ERASED


def _set(state: dict[str, Any], path: str, after: Any) -> None:
    if path.startswith("routes.") and path.rpartition(".")[2] in ROUTE:
        state.setdefault(path, []).append(after)
    else:
        state[path] = after


def _inform(state: dict[str, Any], entry: Any) -> None:
    for desk, kind in INFORMS.items():
        if f"routes.{desk}.sent_at" not in entry.commitments:
            continue
        step = f"steps.{kind.value}"
        if entry.kind in INFORMED_BY or state.get(f"{step}.state") == StepState.DUE.value:
            if state.get(f"{step}.state") is None:
                continue
            state |= {f"{step}.state": StepState.TAKEN.value, f"{step}.taken_at": plain(entry.at)}


def _replayed(path: str) -> bool:
    area, _, rest = path.partition(".")
    name = rest.rpartition(".")[2]
    return (
        path in CASE
        or path in MOMENTS.values()
        or path in ("reporter_id", "assigned_to", "duplicate_of", "hr.decision", "hr.proposed")
        or (area == "steps" and name in STEP)
        or (area == "routes" and name in ROUTE)
        or (area == "evidence" and name in EVIDENCE)
        or (area in SPOKEN and rest.isdigit())
        or (area == "data_protection" and name in ("tell", "reason"))
    )


def _ordered(value: Any) -> Any:
    """Lists in one order: which of two routes to a desk came first is not what the comparison is about."""
    if isinstance(value, list):
        return sorted(map(str, value))
    return value
