"""Shows a case as far as a reader's eyes go. Pages, JSON and PDF are all made from `case_view`."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlmodel import Session, col

from service.cases import in_part as in_parts
from service.cases import policy
from service.cases.exposure import exposure_shown, gone_at
from service.cases.facts import CLOSED_ELSEWHERE, CLOSED_WHEN_GUARDED, is_closed
from service.cases.naming import addresses_told
from service.cases.parts import (
    facts_shown,
    file_shown,
    hr_shown,
    message_shown,
    name_of,
    protection_shown,
    referred_by,
    route_shown,
    step_shown,
)
from service.cases.sentences import title_of
from service.cases.speaking import readable
from service.cases.timeline_view import people_named, timeline_told
from service.people.identity import Me
from service.records.cases import Case, Route, Step
from service.records.enums import DeskName, Kind, NoteAudience, StepKind
from service.records.evidence import Evidence
from service.records.referrals import Referral
from service.records.said import Advice, Message, Note, ProtectionDecision, ReferralDecision
from service.timeline import entries
from service.timeline.confidence import reporter_of, revealed_to

STEP_ORDER = {kind: place for place, kind in enumerate(StepKind)}

# What may be read through which eyes, by key of the view. A key that is named for none of a reader's eyes is absent.
META = frozenset(
    "reference kind stage severity version reported_at playbook guarded holding_desk triaged_at closed_at steps routes "
    "timeline may pdf_audiences confidential".split()
)
FACTS = META | frozenset(
    "title reporter subject posted_by_me not_manager account post guidance codes facts_wrong safety_risk "
    "possibly_classified personal_data media_interest narrative closed_fields opened live exposure assigned_to "
    "assigned_name triage_due_at advice notes evidence resolution withdrawal_asked_at data_protection about ask".split()
)
VISIBLE: dict[str, frozenset[str]] = {
    "reporter": FACTS | {"messages"},
    # Whoever was asked reads what is said back to them.
    "adviser": FACTS | {"messages"},
    "line_manager": FACTS | {"hr"},
    "digital_unit": FACTS | {"messages", "hr", "duplicate_of", "disclosed_at"},
    "hr": FACTS | {"hr", "duplicate_of", "disclosed_at"},
    "desk": FACTS,
    "data_protection": FACTS,
    "auditor": META,
}
# What these eyes do not read of a concern: the words of whoever raised it. The desk writes what a manager needs.
NOT_OF_A_CONCERN: dict[str, frozenset[str]] = {"line_manager": frozenset({"narrative", "about", "evidence"})}


def case_view(
    db: Session, case: Case, through: frozenset[str], *, at: datetime, me: Me | None = None, timeline: bool = False
) -> dict[str, Any]:
    """A case as it is read through these eyes (`reporter`, `line_manager`, `digital_unit`, `hr`, …) at a moment.

    What may not be read is absent, never None. `me` adds what only the author of something may read.
    """
    shown = visible(case, through)
    content = through != frozenset({"auditor"})
    in_part = through <= in_parts.EYES
    rows = _rows(db, case, content)
    rows["timeline"] = entries.of_case(db, case.id) if timeline or in_part else []
    steps, routes = rows["steps"], rows["routes"]
    people = people_named(db, _ids_in(case, rows), addresses_told(rows["timeline"]))
    if in_part:
        rows["shown_steps"] = [step_shown(step, people, at, content) for step in steps]
        part = in_parts.part_view(case, through, rows, me)
        return part | ({"timeline": timeline_told(case, rows["timeline"], people, through, me)} if timeline else {})
    decided = next((row for row in rows["decisions"] if row.counts and row.returned_at is None), None)
    gone = gone_at(case, steps)
    quiet = not (through & {"digital_unit", "hr"}) and not referred_by(rows["decisions"], me)
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
        # Whoever raised a concern did not post what it is about.
        "posted_by_me": case.posted_by_me and case.kind != Kind.CONCERN,
        "not_manager": case.not_manager,
        "confidential": case.confidential,
        **facts_shown(case),
        "guarded": case.guarded,
        "closed_fields": [*CLOSED_WHEN_GUARDED, *CLOSED_ELSEWHERE] if is_closed(case) else [],
        "opened": {"at": case.opened_at, "reason": case.opened_because} if case.opened_at else None,
        "live": {"since": case.posted_at, "until": gone},
        "exposure": exposure_shown(case, gone, at),
        "steps": [step_shown(step, people, at, content) for step in steps],
        "routes": [
            route_shown(route, people, content)
            for route in routes
            if route.desk != DeskName.HR or through & {"digital_unit", "hr"} or not content
        ],
        "holding_desk": case.holding_desk,
        "assigned_to": people[case.assigned_to_id]["email"] if case.assigned_to_id else None,
        "assigned_name": people[case.assigned_to_id]["name"] if case.assigned_to_id else None,
        "triaged_at": case.triaged_at,
        "triage_due_at": case.triage_due_at,
        "advice": [
            {"id": row.id, "text": row.text, "by": name_of(people, row.by_id), "desk": row.desk, "at": row.at}
            for row in rows["advice"]
        ],
        "messages": [message_shown(message, people) for message in rows["messages"]],
        "notes": [
            {"id": n.id, "text": n.text, "by": name_of(people, n.by_id), "audience": n.audience, "at": n.at}
            for n in rows["notes"]
            if readable(NoteAudience(n.audience), through) or (me is not None and n.by_id == me.id)
        ],
        "evidence": [file_shown(file, people, confidential=case.confidential) for file in rows["evidence"]],
        "hr": hr_shown(case, rows["decisions"], decided, rows["referral"], people, quiet=quiet),
        "data_protection": protection_shown(case, rows["protection"], people),
        "resolution": case.resolution,
        "duplicate_of": rows["duplicate_of"],
        "closed_at": case.closed_at,
        "withdrawal_asked_at": case.withdrawal_asked_at,
        "pdf_audiences": policy.variants(through, case),
    }
    if case.reporter_id is None:
        del view["reporter"]
        if _knows_who_raised_it(db, case, through, me):
            raiser = reporter_of(db, case)
            view["reporter"] = people_named(db, {raiser}).get(raiser)
    if case.kind == Kind.CONCERN:
        view["about"] = {"what": case.about_what, "description": case.about_description}
        view["disclosed_at"] = case.disclosed_at
    # Once HR has told whom it is about, their own case need not keep it from them: that it went there, and no more.
    referral = rows["referral"]
    told = me is not None and me.id == case.subject_id and referral is not None and referral.informed_at is not None
    if quiet and case.resolution in policy.QUIET_ENDINGS and not told:
        del view["resolution"]
    if case.decide_by is None:
        del view["data_protection"]
    if "digital_unit" not in through:
        # An id is for naming what to purge; nobody else has a use for it.
        for spoken in (*view["advice"], *view["messages"], *view["notes"]):
            del spoken["id"]
    view = {key: value for key, value in view.items() if key in shown}
    if told and "hr" not in view:
        view["hr"] = {"passed_on": referral.received_at, "referral": referral.reference}
    if "messages" not in view and me is not None and through & in_parts.EYES:
        # What the desk writes to somebody who was asked, where they read the rest as a manager.
        view["messages"] = [message_shown(row, people) for row in rows["messages"] if row.with_id == me.id]
    if timeline:
        view["timeline"] = timeline_told(case, rows["timeline"], people, through, me)
    return view


def _knows_who_raised_it(db: Session, case: Case, through: frozenset[str], me: Me | None) -> bool:
    """To whom it was revealed, in a browser, while their seat lets them ask. Papers and files are made without `me`."""
    if me is None or not me.in_browser or not through & {"digital_unit", "hr"}:
        return False
    seated = DeskName.HR in me.desks or me.desks.get(DeskName(case.holding_desk), False)
    return seated and revealed_to(db, case, me.id)


def visible(case: Case, through: frozenset[str]) -> frozenset[str]:
    """The keys of the view that these eyes read."""
    concern = case.kind == Kind.CONCERN
    return frozenset[str]().union(
        *(
            VISIBLE.get(eye, META) - (NOT_OF_A_CONCERN.get(eye, frozenset()) if concern else frozenset())
            for eye in through
        )
    )


@lru_cache
def _of_case(table: Any) -> Select[Any]:
    """Everything a table holds of one case, in the order it came; built once, and read as rows."""
    came = (table.added_at, table.id) if table is Evidence else (table.id,)
    return select(*table.__table__.columns).where(table.case_id == bindparam("case")).order_by(*came)


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
    rows["referral"] = (
        db.execute(
            select(
                Referral.reference,
                Referral.received_at,
                Referral.returned_at,
                Referral.returned_because,
                Referral.informed_at,
            )
            .where(col(Referral.case_id) == case.id)
            .order_by(col(Referral.id).desc())
        ).first()
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
    yield from (row.with_id for row in rows["messages"])
    yield from (file.added_by_id for file in rows["evidence"])
    yield from (entry.actor_id for entry in rows["timeline"])
