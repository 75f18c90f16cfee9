"""A case's rows held against what its entries add up to: the two must be the same."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from service.cases.likeness import keys_of
from service.cases.replay import (
    AT_FIRST,
    CASE,
    ERASED,
    EVIDENCE,
    REFERRAL,
    ROUTE,
    SPOKEN,
    STEP,
    collect,
    is_collected,
    replay,
)
from service.records.cases import Case, Confidence, Conflict, Revealed, Route, Step
from service.records.enums import DeskName, Kind, Severity, Stage, StepState
from service.records.evidence import Evidence
from service.records.people import Person
from service.records.referrals import Referral
from service.records.said import Advice, Message, Note, ProtectionDecision, ReferralDecision
from service.timeline.chain import plain
from service.timeline.confidence import SEALED, sealed

# Field of `Rows` -> table. Those that are spoken in go by the area of their paths.
TABLES: dict[str, Any] = {
    "steps": Step,
    "routes": Route,
    "evidence": Evidence,
    "conflicts": Conflict,
    "confidences": Confidence,
    "revealed": Revealed,
    "advice": Advice,
    "messages": Message,
    "notes": Note,
    "referral_decisions": ReferralDecision,
    "protection_decisions": ProtectionDecision,
    "referrals": Referral,
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
    confidences: Sequence[Confidence] = ()
    revealed: Sequence[Revealed] = ()
    advice: Sequence[Advice] = ()
    messages: Sequence[Message] = ()
    notes: Sequence[Note] = ()
    referral_decisions: Sequence[ReferralDecision] = ()
    protection_decisions: Sequence[ProtectionDecision] = ()
    referrals: Sequence[Referral] = ()


def present(rows: Rows) -> dict[str, Any]:
    """The same paths as the rows say them: exactly what is compared."""
    case = rows.case
    state = {path: getattr(case, column) for path, column in CASE.items()}
    state[SEALED] = next((sealed(kept) for kept in rows.confidences if kept.raised), None)
    state["about.email"] = _named(rows.emails, case.subject_id) if case.kind == Kind.CONCERN else None
    state["assigned_to"] = _named(rows.emails, case.assigned_to_id)
    state["severity_set_by"] = _named(rows.emails, case.severity_set_by_id)
    state["duplicate_of"] = _named(rows.references, case.duplicate_of_id)
    for step in rows.steps:
        state |= {f"steps.{plain(step.kind)}.{name}": getattr(step, name) for name in STEP}
        state[f"steps.{plain(step.kind)}.asked_of"] = _named(rows.emails, step.asked_of_id)
        state[f"steps.{plain(step.kind)}.asked_because"] = step.asked_because
    for route in rows.routes:
        said = {name: getattr(route, name) for name in ROUTE if name != "person"}
        said["person"] = _named(rows.emails, route.person_id)
        for name, value in said.items():
            collect(state, f"routes.{plain(route.desk)}.{name}", plain(value))
    for conflict in rows.conflicts:
        collect(state, "conflict.person", _named(rows.emails, conflict.person_id))
        collect(state, "conflict.reason", conflict.reason)
        collect(state, "conflict.person.at", plain(conflict.at))
    for told in rows.revealed:
        for name, value in (("", told.desk), (".by_id", told.person_id), (".at", told.at)):
            collect(state, f"revealed{name}", plain(value))
    for file in rows.evidence:
        state |= {f"evidence.{file.id}.{name}": getattr(file, name) for name in EVIDENCE}
    for area, beside in SPOKEN.items():
        for spoken in getattr(rows, area):
            path = f"{area}.{spoken.id}"
            state |= {path: spoken.text} | {f"{path}.{name}": getattr(spoken, name) for name in beside}
    for decided in rows.referral_decisions:
        path = "hr.decision" if decided.counts else "hr.proposed"
        collect(state, path, "referred" if decided.refer else "not_referred")
        for name in ("reason", "by_id", "at", *(("desk",) if decided.counts else ())):
            collect(state, f"{path}.{name}", plain(getattr(decided, name)))
        collect(state, "hr.returned_at", plain(decided.returned_at))
    for answer in rows.protection_decisions:
        for name in ("tell", "reason", "by_id", "at"):
            collect(state, f"data_protection.{answer.question}.{name}", plain(getattr(answer, name)))
    for referral in (row for row in rows.referrals if row.disposed_at is None):
        for name, column in REFERRAL.items():
            collect(state, f"referral.{name}", plain(getattr(referral, column)))
        taken = [f"{step['kind']} {plain(datetime.fromisoformat(step['taken_at']))}" for step in referral.steps_taken]
        collect(state, "referral.steps_taken", taken)
        collect(state, "hr.returned_because", referral.returned_because)
    return {path: plain(value) for path, value in state.items()}


def _named(names: Mapping[int, str], row_id: int | None) -> str | None:
    """What a row points to, by the name the timeline has for it; never nothing for a row that is gone."""
    return names.get(row_id, f"row {row_id}") if row_id is not None else None


def differences(entries: Iterable[Any], rows: Rows) -> list[str]:
    """Where the rows of a case say something else than its entries, in a sentence each; none when they agree."""
    said, there = replay(entries), present(rows)
    faults = []
    for path in sorted(there.keys() | {path for path in said if _has_a_row(path)}):
        if _unsaid(path, said):
            continue
        now, expected = there.get(path), said.get(path, AT_FIRST.get(path))
        if expected is ERASED:
            if now not in (None, [], "destroyed", AT_FIRST.get(path)):
                faults.append(f"'{path}' was destroyed on the timeline, and the record still holds something")
        elif isinstance(expected, list) and ERASED in expected:
            continue
        elif _ordered(path, expected) != _ordered(path, now):
            faults.append(f"'{path}' is not what the timeline says")
    return [*faults, *_faults_within(rows)]


def _faults_within(rows: Rows) -> Iterable[str]:
    """Columns that follow from others."""
    case = rows.case
    if case.severity_rank != list(Severity).index(Severity(case.severity)):
        yield "the place in the queue is not that of the severity"
    if (case.stage == Stage.CLOSED) != (case.closed_at is not None):
        yield "the moment of closing does not fit the stage"
    if any(not decided.counts and decided.desk != DeskName.LINE_MANAGER for decided in rows.referral_decisions):
        yield "a desk that holds no case proposed a referral"
    if case.kind == Kind.MISTAKE and case.subject_id != (case.reporter_id if case.posted_by_me else None):
        yield "the subject is not who posted it"
    if case.kind == Kind.ADVICE and case.subject_id is not None:
        yield "nobody has posted what a question is about"
    raised = [kept for kept in rows.confidences if kept.raised]
    if len(raised) != case.confidential or (case.confidential and case.reporter_id is not None):
        yield "who raised it is not kept as it should be"
    if any(getattr(case, column) != key for column, key in keys_of(case).items()):
        yield "what its duplicates are found by is not made of its facts"


def read_rows(db: Session, cases: Sequence[Case]) -> dict[int, Rows]:
    """Everything that is compared, for a batch of cases, in a fixed number of statements."""
    ids = [case.id for case in cases]
    read: dict[str, dict[int, list[Any]]] = {name: defaultdict(list) for name in TABLES}
    for name, table in TABLES.items():
        for row in db.execute(
            select(table).where(table.case_id.in_(ids)).order_by(*table.__table__.primary_key)
        ).scalars():
            read[name][row.case_id].append(row)
    people = {person for case in cases for person in (case.assigned_to_id, case.severity_set_by_id)}
    people |= {case.subject_id for case in cases}
    people |= {step.asked_of_id for found in read["steps"].values() for step in found}
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
    names = {"steps": STEP, "evidence": EVIDENCE}
    return name in names.get(area, ()) or area in SPOKEN or area == "hr" or is_collected(path)


def _unsaid(path: str, said: Mapping[str, Any]) -> bool:
    """The reason of a step stands on the timeline for a waived one only; elsewhere it is the playbook's."""
    step, _, name = path.rpartition(".")
    return path.startswith("steps.") and name == "reason" and said.get(f"{step}.state") != StepState.WAIVED


def _ordered(path: str, value: Any) -> Any:
    """Which of two routes to a desk, conflicts or codes came first is not what the comparison is about."""
    kept = path.startswith(("hr.decision", "hr.proposed", "hr.returned", "referral.", "data_protection."))
    return value if kept or not isinstance(value, list) else sorted(map(str, value))
