"""Finds cases, and shows one as far as a reader's eyes go. Pages, JSON and PDF are all made from `case_view`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlmodel import Session, col

from service.cases import policy
from service.cases.facts import CLOSED_ELSEWHERE, CLOSED_WHEN_GUARDED, is_closed
from service.cases.policy import Act, Relation
from service.cases.sentences import sentence, title_of
from service.cases.speaking import readable
from service.core.errors import NotFound
from service.people.identity import Me
from service.records.cases import Advice, Case, Message, Note, ProtectionDecision, ReferralDecision, Route, Step
from service.records.enums import DeskName, NoteAudience, Resolution, Stage, StepKind, StepState
from service.records.evidence import Evidence
from service.records.people import Person
from service.records.referrals import Referral
from service.timeline import entries

STEP_ORDER = {kind: place for place, kind in enumerate(StepKind)}


@dataclass(frozen=True)
class Found:
    """A case, and how the person who asked stands to it."""

    case: Case
    held: frozenset[Relation]


@lru_cache(maxsize=256)
def _find(desks: policy.Desks, roles: policy.Roles) -> Select[*tuple[Any, ...]]:
    me = policy.reader(desks, roles)
    columns = [predicate.label(relation.value) for relation, predicate in policy.relations(me)]
    return select(Case, *columns).where(policy.sees(me), col(Case.reference) == bindparam("reference"))


def find_case(db: Session, me: Me, reference: str, *, lock: bool = False) -> Found:
    """The only way from a reference to a case. Raises NotFound when it is absent or not for these eyes.

    `lock` takes the case's row, so that two deeds on one case follow one another.
    """
    if len(reference) > 20 or "\x00" in reference:
        raise NotFound
    if lock and db.get_bind().dialect.name != "sqlite":
        # Lock first, look after: the relations must be those that stand once the row is ours.
        db.execute(select(col(Case.id)).where(col(Case.reference) == reference).with_for_update())
    row = db.execute(_find(frozenset(me.desks), me.roles), {"me": me.id, "reference": reference}).one_or_none()
    if row is None:
        raise NotFound
    held = frozenset(relation for relation, _ in policy.relations(me) if getattr(row, relation.value))
    return Found(row[0], held)


def open_acts(found: Found, me: Me, view: Mapping[str, Any]) -> list[str]:
    """The acts open to this reader now, as far as relation, stage and the case itself allow: the buttons."""
    stage = Stage(found.case.stage)
    return [
        act.value
        for act in Act
        if stage in policy.AT[act]
        and policy.permitted(act, found.held, me)
        and (act not in APPLIES or APPLIES[act](view, me))
    ]


def _some_step(*states: str) -> Callable[[Mapping[str, Any], Me], bool]:
    return lambda view, me: any(
        step["state"] in states for step in view["steps"] if not step["kind"].startswith("inform")
    )


def _waits_for(view: Mapping[str, Any], me: Me) -> bool:
    return any(
        route["acknowledged_at"] is None
        and route["ended_at"] is None
        and (route.get("person") == me.email if route["desk"] == DeskName.LINE_MANAGER else route["desk"] in me.desks)
        for route in view["routes"]
    )


def _nobody_informed(view: Mapping[str, Any], me: Me) -> bool:
    untold = any(step["kind"] == StepKind.INFORM_MANAGER and step["state"] == StepState.DUE for step in view["steps"])
    return untold and (view["holding_desk"] in me.desks or not view["not_manager"])


# What has nothing to act on is not offered. A deed refuses it all the same, with the case's state.
APPLIES: dict[Act, Callable[[Mapping[str, Any], Me], bool]] = {
    Act.TAKE_STEP: _some_step("due", "overdue"),
    Act.CANNOT: _some_step("due", "overdue"),
    Act.WAIVE: _some_step("due", "overdue", "held", "undecided"),
    Act.RELEASE: _some_step("held"),
    Act.VERIFY: lambda view, me: any(
        step["state"] == StepState.TAKEN and step["verified_at"] is None for step in view["steps"]
    ),
    Act.ACKNOWLEDGE: _waits_for,
    Act.NAME_MANAGER: _nobody_informed,
    Act.OPEN: lambda view, me: view["guarded"] and view["opened"] is None,
    Act.PURGE: lambda view, me: view["guarded"],
    Act.WITHDRAW: lambda view, me: view["withdrawal_asked_at"] is None,
    Act.DECIDE_REFERRAL: lambda view, me: view["hr"].get("decision") is None,
}


# What may be read through which eyes, by key of the view. A key that is named for none of a reader's eyes is absent.
META = frozenset(
    "reference kind stage severity version reported_at playbook guarded holding_desk triaged_at closed_at steps routes "
    "timeline may pdf_audiences confidential".split()
)
FACTS = META | frozenset(
    "title reporter subject posted_by_me not_manager account post guidance codes facts_wrong safety_risk "
    "possibly_classified personal_data media_interest narrative closed_fields opened live assigned_to assigned_name "
    "triage_due_at advice notes evidence resolution duplicate_of withdrawal_asked_at data_protection".split()
)
VISIBLE: dict[str, frozenset[str]] = {
    "reporter": FACTS | {"messages"},
    "line_manager": FACTS | {"hr"},
    "digital_unit": FACTS | {"messages", "hr"},
    "hr": FACTS | {"hr"},
    "desk": FACTS,
    "data_protection": FACTS,
    "auditor": META,
}


def case_view(
    db: Session, case: Case, through: frozenset[str], *, at: datetime, me: Me | None = None, timeline: bool = False
) -> dict[str, Any]:
    """A case as it is read through these eyes (`reporter`, `line_manager`, `digital_unit`, `hr`, …) at a moment.

    What may not be read is absent, never None. `me` adds what only the author of something may read.
    """
    shown = frozenset[str]().union(*(VISIBLE[eye] for eye in through))
    content = through != frozenset({"auditor"})
    rows = _rows(db, case, content)
    steps, routes = rows["steps"], rows["routes"]
    people = _people(db, _ids_in(case, rows))
    decided = next((row for row in rows["decisions"] if row.counts), None)
    passed_on = rows["passed_on"]
    quiet = not (through & {"digital_unit", "hr"}) and not _referred_by(rows["decisions"], me)
    view: dict[str, Any] = {
        "reference": case.reference,
        "kind": case.kind,
        "title": title_of(case),
        "stage": case.stage,
        "severity": case.severity,
        "version": case.version,
        "reported_at": case.reported_at,
        "playbook": case.playbook_version,
        "reporter": people.get(case.reporter_id),
        "subject": people.get(case.subject_id),
        "posted_by_me": case.posted_by_me,
        "not_manager": case.not_manager,
        "confidential": case.confidential,
        **_facts(case),
        "guarded": case.guarded,
        "closed_fields": [*CLOSED_WHEN_GUARDED, *CLOSED_ELSEWHERE] if is_closed(case) else [],
        "opened": {"at": case.opened_at, "reason": case.opened_because} if case.opened_at else None,
        "live": _live(case, steps),
        "steps": [_step(step, people, at, content) for step in steps],
        "routes": [
            _route(route, people, content)
            for route in routes
            if route.desk != DeskName.HR or through & {"digital_unit", "hr", "auditor"}
        ],
        "holding_desk": case.holding_desk,
        "assigned_to": people[case.assigned_to_id]["email"] if case.assigned_to_id else None,
        "assigned_name": people[case.assigned_to_id]["name"] if case.assigned_to_id else None,
        "triaged_at": case.triaged_at,
        "triage_due_at": case.triage_due_at,
        "advice": [
            {"id": row.id, "text": row.text, "by": _name(people, row.by_id), "desk": row.desk, "at": row.at}
            for row in rows["advice"]
        ],
        "messages": [
            {"id": m.id, "text": m.text, "by": _name(people, m.by_id), "from_reporter": m.from_reporter, "at": m.at}
            for m in rows["messages"]
        ],
        "notes": [
            {"id": n.id, "text": n.text, "by": _name(people, n.by_id), "audience": n.audience, "at": n.at}
            for n in rows["notes"]
            if readable(NoteAudience(n.audience), through) or (me is not None and n.by_id == me.id)
        ],
        "evidence": [_file(file, people) for file in rows["evidence"]],
        "hr": _hr(case, rows["decisions"], decided, passed_on, people, quiet=quiet),
        "data_protection": _protection(case, rows["protection"], people),
        "resolution": case.resolution,
        "duplicate_of": rows["duplicate_of"],
        "closed_at": case.closed_at,
        "withdrawal_asked_at": case.withdrawal_asked_at,
        "pdf_audiences": policy.variants(through),
    }
    if case.confidential or case.reporter_id is None:
        del view["reporter"]
    if quiet and case.resolution == Resolution.REFERRED:
        del view["resolution"]
    if case.decide_by is None:
        del view["data_protection"]
    view = {key: value for key, value in view.items() if key in shown}
    if timeline:
        view["timeline"] = timeline_view(db, case, through, me)
    return view


def timeline_view(db: Session, case: Case, through: frozenset[str], me: Me | None = None) -> list[dict[str, Any]]:
    """The entries these eyes may see, oldest first; for an auditor only what kind of thing happened, and when."""
    rows = entries.of_case(db, case.id)
    people = _people(db, {row.actor_id for row in rows})
    content = bool(through - {"auditor"})
    seen = []
    for row in rows:
        audience = row.audience.split()
        own_note = me is not None and row.actor_id == me.id and row.kind.startswith("note_")
        if "auditor" not in through and not through.intersection(audience) and not own_note:
            continue
        entry: dict[str, Any] = {"kind": row.kind, "at": row.at}
        if content:
            kept = row.fields or {}
            entry |= {
                "actor": _name(people, row.actor_id) if row.actor_id else "Amends",
                "changes": [
                    {"field": field, "before": kept[field]["before"], "after": kept[field]["after"], "erased": False}
                    if field in kept
                    else {"field": field, "before": None, "after": None, "erased": True}
                    for field in row.commitments
                ],
                "audience": audience,
            }
            entry["words"] = sentence(entry)
        seen.append(entry)
    return seen


@lru_cache
def _of_case(table: Any) -> Select[Any]:
    """Everything a table holds of one case, in the order it came; built once, and read as rows."""
    came = (table.added_at, table.id) if table is Evidence else (table.id,)
    return select(*table.__table__.columns).where(table.case_id == bindparam("case")).order_by(*came)


_WHO = select(Person.id, Person.email, Person.name, Person.zone).where(
    col(Person.id).in_(bindparam("people", expanding=True))
)


def _rows(db: Session, case: Case, content: bool) -> dict[str, Any]:
    connection = db.connection()

    def of_case(table: Any) -> list[Any]:
        return list(connection.execute(_of_case(table), {"case": case.id}))

    steps = sorted(of_case(Step), key=lambda step: STEP_ORDER[StepKind(step.kind)])
    rows: dict[str, Any] = {"steps": steps, "routes": of_case(Route)}
    for name, table in (
        ("advice", Advice),
        ("messages", Message),
        ("notes", Note),
        ("decisions", ReferralDecision),
    ):
        rows[name] = of_case(table) if content else []
    rows["protection"] = of_case(ProtectionDecision) if case.decide_by else []
    rows["evidence"] = of_case(Evidence) if content else []
    referred = any(row.counts and row.refer for row in rows["decisions"])
    rows["passed_on"] = (
        db.execute(select(col(Referral.received_at)).where(col(Referral.case_id) == case.id)).scalar()
        if referred
        else None
    )
    rows["duplicate_of"] = (
        db.execute(select(col(Case.reference)).where(col(Case.id) == case.duplicate_of_id)).scalar()
        if case.duplicate_of_id
        else None
    )
    return rows


def _ids_in(case: Case, rows: dict[str, Any]) -> Iterable[int | None]:
    yield from (case.reporter_id, case.subject_id, case.assigned_to_id)
    for step in rows["steps"]:
        yield from (step.verified_by_id, step.taken_by_id, step.asked_of_id)
    for route in rows["routes"]:
        yield from (route.person_id, route.acknowledged_by_id)
    for name in ("advice", "messages", "notes", "decisions", "protection"):
        yield from (row.by_id for row in rows[name])
    yield from (file.added_by_id for file in rows["evidence"])


def _people(db: Session, ids: Iterable[int | None]) -> dict[int | None, dict[str, str]]:
    wanted = sorted({person_id for person_id in ids if person_id is not None})
    if not wanted:
        return {}
    found = db.connection().execute(_WHO, {"people": wanted})
    return {row.id: {"email": row.email, "name": row.name, "zone": row.zone} for row in found}


def _name(people: dict[int | None, dict[str, str]], person_id: int | None) -> str:
    return people[person_id]["name"] if person_id in people else ""


def _facts(case: Case) -> dict[str, Any]:
    return {
        "account": {
            "type": case.account_type,
            "platform": case.platform,
            "handle": case.handle,
            "names_employer": case.names_employer,
            "views_personal": case.views_personal,
        },
        "post": {
            "url": case.url,
            "text": case.text,
            "posted_at": case.posted_at,
            "posted_zone": case.posted_zone,
            "discovered_at": case.discovered_at,
            "still_visible": case.still_visible,
            "audience": case.audience,
            "reach": case.reach,
            "copies": case.copies,
        },
        "guidance": {"sought": case.guidance_sought, "from": case.guidance_from},
        "codes": list(case.codes),
        "facts_wrong": case.facts_wrong,
        "safety_risk": case.safety_risk,
        "possibly_classified": case.possibly_classified,
        "personal_data": case.personal_data,
        "media_interest": case.media_interest,
        "narrative": case.narrative,
    }


def _live(case: Case, steps: list[Step]) -> dict[str, Any]:
    deleted = next((step.taken_at for step in steps if step.kind == StepKind.DELETE), None)
    return {"since": case.posted_at, "until": deleted}


def state_shown(step: Any, at: datetime) -> str:
    """A step's state as people see it: *overdue* is *due* with its moment passed."""
    overdue = step.state == StepState.DUE and step.due_at is not None and step.due_at <= at
    return "overdue" if overdue else StepState(step.state).value


def _step(step: Step, people: dict[int | None, dict[str, str]], at: datetime, content: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": step.kind,
        "state": state_shown(step, at),
        "due_at": step.due_at,
        "minutes": step.minutes,
        "taken_at": step.taken_at,
        "taken_zone": step.taken_zone,
        "recorded_at": step.recorded_at,
        "verified_at": step.verified_at,
    }
    if content:
        shown |= {
            "verified_by": _name(people, step.verified_by_id) or None,
            "reason": step.reason,
            "public_text": step.public_text,
            "link": step.link,
            "note": step.note,
            "cannot_at": step.cannot_at,
            "cannot_reason": step.cannot_reason,
            "asked_of": people[step.asked_of_id]["email"] if step.asked_of_id else None,
        }
    return shown


def _route(route: Route, people: dict[int | None, dict[str, str]], content: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "desk": route.desk,
        "because": route.because,
        "sent_at": route.sent_at,
        "acknowledge_by": route.acknowledge_by,
        "acknowledged_at": route.acknowledged_at,
        "ended_at": route.ended_at,
    }
    if content:
        shown |= {
            "person": people[route.person_id]["email"] if route.person_id else None,
            "name": _name(people, route.person_id) or None,
            "reason": route.reason,
            "acknowledged_by": _name(people, route.acknowledged_by_id) or None,
        }
    return shown


def _file(file: Evidence, people: dict[int | None, dict[str, str]]) -> dict[str, Any]:
    return {
        "id": file.id,
        "filename": file.filename,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
        "description": file.description,
        "captured_at": file.captured_at,
        "captured_zone": file.captured_zone,
        "by": _name(people, file.added_by_id),
        "added_at": file.added_at,
        "scanned": file.scanned,
        "destroyed_at": file.destroyed_at,
        "preview": file.preview is not None and file.destroyed_at is None,
        "preview_width": file.preview_width,
        "preview_height": file.preview_height,
    }


def _referred_by(decisions: list[ReferralDecision], me: Me | None) -> bool:
    return me is not None and any(row.refer and row.by_id == me.id for row in decisions)


def _hr(
    case: Case,
    decisions: list[ReferralDecision],
    decided: ReferralDecision | None,
    passed_on: datetime | None,
    people: dict[int | None, dict[str, str]],
    *,
    quiet: bool,
) -> dict[str, Any]:
    shown: dict[str, Any] = {"suggested": case.hr_suggested, "because": list(case.hr_because)}
    if quiet:
        return shown
    proposed = next((row for row in reversed(decisions) if not row.counts), None)
    return shown | {
        "decision": ("referred" if decided.refer else "not_referred") if decided else None,
        "reason": decided.reason if decided else None,
        "passed_on": passed_on,
        "proposed": {
            "refer": proposed.refer,
            "reason": proposed.reason,
            "by": _name(people, proposed.by_id),
            "at": proposed.at,
        }
        if proposed
        else None,
    }


def _protection(
    case: Case, decisions: list[ProtectionDecision], people: dict[int | None, dict[str, str]]
) -> dict[str, Any]:
    return {
        "aware_at": case.aware_at,
        "decide_by": case.decide_by,
        "decisions": [
            {
                "question": row.question,
                "tell": row.tell,
                "reason": row.reason,
                "by": _name(people, row.by_id),
                "at": row.at,
            }
            for row in decisions
        ],
    }
