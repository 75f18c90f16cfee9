"""A case's rows held against what its entries add up to: the two must be the same."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.replay import (
    AT_FIRST,
    CASE,
    COLLECTED,
    ERASED,
    EVIDENCE,
    ROUTE,
    SPOKEN,
    STEP,
    collect,
    replay,
)
from service.records.cases import (
    Advice,
    Case,
    Conflict,
    Message,
    Note,
    ProtectionDecision,
    ReferralDecision,
    Route,
    Step,
)
from service.records.enums import Kind, Severity, Stage, StepState
from service.records.evidence import Evidence
from service.records.people import Person
from service.timeline.chain import plain

# Field of `Rows` -> table. Those that are spoken in go by the area of their paths.
TABLES: dict[str, Any] = {
    "steps": Step,
    "routes": Route,
    "evidence": Evidence,
    "conflicts": Conflict,
    "advice": Advice,
    "messages": Message,
    "notes": Note,
    "referral_decisions": ReferralDecision,
    "protection_decisions": ProtectionDecision,
}


@dataclass
class Rows:
    """The rows of one case, as verification has read them, with the addresses and references they point to."""

    case: Case
    emails: Mapping[int, str] = field(default_factory=dict)
    references: Mapping[int, str] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    routes: Sequence[Route] = ()
    evidence: Sequence[Evidence] = ()
    conflicts: Sequence[Conflict] = ()
    advice: Sequence[Advice] = ()
    messages: Sequence[Message] = ()
    notes: Sequence[Note] = ()
    referral_decisions: Sequence[ReferralDecision] = ()
    protection_decisions: Sequence[ProtectionDecision] = ()


def present(rows: Rows) -> dict[str, Any]:
    """The same paths as the rows say them: exactly what is compared."""
    case = rows.case
    state = {path: getattr(case, column) for path, column in CASE.items()}
    state["assigned_to"] = rows.emails.get(case.assigned_to_id or 0)
    state["duplicate_of"] = rows.references.get(case.duplicate_of_id or 0)
    for step in rows.steps:
        state |= {f"steps.{plain(step.kind)}.{name}": getattr(step, name) for name in STEP}
    for route in rows.routes:
        said = {name: getattr(route, name) for name in ROUTE if name != "person"}
        said["person"] = rows.emails.get(route.person_id or 0)
        for name, value in said.items():
            collect(state, f"routes.{plain(route.desk)}.{name}", plain(value))
    for conflict in rows.conflicts:
        collect(state, "conflict.person", rows.emails.get(conflict.person_id))
        collect(state, "conflict.reason", conflict.reason)
    for file in rows.evidence:
        state |= {f"evidence.{file.id}.{name}": getattr(file, name) for name in EVIDENCE}
    for area in SPOKEN:
        for spoken in getattr(rows, area):
            path = f"{area}.{spoken.id}"
            state |= {path: spoken.text, f"{path}.by_id": spoken.by_id, f"{path}.at": spoken.at}
    for decided in rows.referral_decisions:
        path = "hr.decision" if decided.counts else "hr.proposed"
        state[path] = "referred" if decided.refer else "not_referred"
        state |= {f"{path}.{name}": getattr(decided, name) for name in ("reason", "by_id", "at")}
    for answer in rows.protection_decisions:
        path = f"data_protection.{answer.question}"
        state |= {f"{path}.{name}": getattr(answer, name) for name in ("tell", "reason", "by_id", "at")}
    return {path: plain(value) for path, value in state.items()}


def differences(entries: Iterable[Any], rows: Rows) -> list[str]:
    """Where the rows of a case say something else than its entries, in a sentence each; none when they agree."""
    said, there = replay(entries), present(rows)
    faults = []
    for path in sorted(there.keys() | {path for path in said if _has_a_row(path)}):
        if _unsaid(path, said):
            continue
        now, expected = there.get(path), said.get(path, AT_FIRST.get(path))
        if expected is ERASED:
            if now not in (None, [], "destroyed"):
                faults.append(f"'{path}' was destroyed on the timeline, and the record still holds something")
        elif isinstance(expected, list) and ERASED in expected:
            continue
        elif _ordered(expected) != _ordered(now):
            faults.append(f"'{path}' is not what the timeline says")
    return [*faults, *_faults_within(rows.case)]


def _faults_within(case: Case) -> Iterable[str]:
    """Columns that follow from others."""
    if case.severity_rank != list(Severity).index(Severity(case.severity)):
        yield "the place in the queue is not that of the severity"
    if (case.stage == Stage.CLOSED) != (case.closed_at is not None):
        yield "the moment of closing does not fit the stage"
    if case.kind == Kind.MISTAKE and case.subject_id != (case.reporter_id if case.posted_by_me else None):
        yield "the subject is not who posted it"


def read_rows(db: Session, cases: Sequence[Case]) -> dict[int, Rows]:
    """Everything that is compared, for a batch of cases, in a fixed number of statements."""
    ids = [case.id for case in cases]
    read: dict[str, dict[int, list[Any]]] = {name: defaultdict(list) for name in TABLES}
    for name, table in TABLES.items():
        for row in db.execute(
            select(table).where(table.case_id.in_(ids)).order_by(*table.__table__.primary_key)
        ).scalars():
            read[name][row.case_id].append(row)
    people = {case.assigned_to_id for case in cases}
    people |= {row.person_id for name in ("routes", "conflicts") for found in read[name].values() for row in found}
    originals = {case.duplicate_of_id for case in cases}
    emails: dict[int, str] = {
        person.id: person.email
        for person in db.execute(select(col(Person.id), col(Person.email)).where(col(Person.id).in_(people - {None})))
    }
    references: dict[int, str] = {
        case.id: case.reference
        for case in db.execute(select(col(Case.id), col(Case.reference)).where(col(Case.id).in_(originals - {None})))
    }
    return {
        case.id: Rows(case, emails, references, **{name: found.get(case.id, ()) for name, found in read.items()})
        for case in cases
        if case.id is not None
    }


def _has_a_row(path: str) -> bool:
    """Whether a path speaks of a row, which could be gone, and not only of what happened."""
    area, _, rest = path.partition(".")
    name = rest.rpartition(".")[2]
    names = {"steps": STEP, "routes": ROUTE, "evidence": EVIDENCE, "data_protection": ("tell", "reason")}
    return name in names.get(area, ()) or area in SPOKEN or area == "hr" or path in COLLECTED


def _unsaid(path: str, said: Mapping[str, Any]) -> bool:
    """The reason of a step stands on the timeline for a waived one only; elsewhere it is the playbook's."""
    step, _, name = path.rpartition(".")
    return path.startswith("steps.") and name == "reason" and said.get(f"{step}.state") != StepState.WAIVED


def _ordered(value: Any) -> Any:
    """Lists in one order: which of two routes to a desk came first is not what the comparison is about."""
    return sorted(map(str, value)) if isinstance(value, list) else value
