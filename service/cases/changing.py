"""Facts added or changed later: kept, judged again, and said on the timeline."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.cases.clocks import keep_next_due, start_protection_clock
from service.cases.exposure import keep_moments
from service.cases.facts import (
    CLOSED_WHEN_GUARDED,
    COLUMNS,
    CONCERNS_ONLY,
    JUDGED,
    NotKept,
    judged_facts,
    refuse_closed,
)
from service.cases.guidance import copied
from service.cases.judging import INFORMS, employer_of, judge_again, steps_of
from service.cases.likeness import keep_keys
from service.cases.moments import check_moments, zone_told_in
from service.cases.pinned import playbook_of
from service.cases.plan import Judgement, change, judge
from service.cases.policy import Act, require_stage
from service.cases.relations import Relation
from service.core.clock import in_utc
from service.core.errors import FieldError, Invalid, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import AccountType, Code, Kind
from service.timeline import entries


def change_facts(
    db: Session, me: Me, case: Case, held: frozenset[Relation], facts: Mapping[str, Any], *, at: datetime
) -> None:
    """Keep what is now known about the post; `None` clears a fact. Judged facts are judged again.

    Raises Invalid for a field that this guarded case closes, or that would close with the answer in the same body, and
    for moments that cannot be right; a Refusal (409) on a closed case, and when the reporter changes the codes that
    triage has confirmed, or takes one away by another answer.
    """
    if case.kind != Kind.CONCERN and (strange := [path for path in facts if path.startswith("about.")]):
        raise Invalid(CONCERNS_ONLY, [FieldError(path, CONCERNS_ONLY) for path in strange])
    content = {path: facts[path] for path in CLOSED_WHEN_GUARDED if facts.get(path)}
    refuse_closed(case, content)
    told = dict(facts)
    if JUDGED & told.keys():
        told |= _settled(db, case, told, content)
    told |= copied(db, me, told, mine=case.kind == Kind.MISTAKE and case.reporter_id == me.id, case=case)
    check_moments(told, at, posted_at=told.get("post.posted_at", case.posted_at))
    _check_posted_at(db, case, told)
    require_stage(Act.CHANGE_FACTS, case)
    if case.triaged_at is not None and Relation.HOLDER not in held and _changes_codes(case, facts, told):
        raise Refusal("What went wrong has been confirmed at triage. Send a message to have it changed.")
    was = judge_now(db, case).severity
    changes = set_columns(case, told, None if case.confidential and Relation.RAISER in held else me.zone)
    if not changes:
        return
    keep_keys(case)
    keep_moments(case, changes, at)
    if case.decide_by is not None and "post.discovered_at" in changes:
        changes |= start_protection_clock(playbook_of(db, case.playbook_version), case)
        keep_next_due(db, case)
    entries.add(db, case, "facts_changed", actor=me.id, at=at, changes=changes)
    if JUDGED & changes.keys():
        judge_again(db, case, actor=me.id, at=at, was=was, by_desk=Relation.HOLDER in held)


def change_exposure(db: Session, me: Me, case: Case, facts: Mapping[str, Any], *, at: datetime) -> None:
    """Keep how far the post has gone: visible, reach, copies, media interest. Raises a Refusal (409) once closed."""
    require_stage(Act.EXPOSURE, case)
    was = judge_now(db, case).severity
    changes = set_columns(case, facts, me.zone)
    if not changes:
        return
    keep_moments(case, changes, at)
    entries.add(db, case, "exposure_changed", actor=me.id, at=at, changes=changes)
    if JUDGED & changes.keys():
        judge_again(db, case, actor=me.id, at=at, was=was, by_desk=me.id != case.reporter_id)


def settle_codes(db: Session, case: Case, told: Mapping[str, Any]) -> dict[str, Any]:
    """What triage confirms or corrects, each fact said twice said twice. Raises Invalid for a contradiction."""
    return dict(told) | (_settled(db, case, dict(told), {}) if told else {})


def set_columns(case: Case, facts: Mapping[str, Any], zone: str | None) -> dict[str, tuple[Any, Any]]:
    """Write facts into their columns; returns `{path: (before, after)}` for those that really changed.

    `zone` is where they are told; None where that is not to be known.
    """
    changes: dict[str, tuple[Any, Any]] = {}
    for path, value in facts.items():
        column = COLUMNS[path]
        before, after = getattr(case, column), value
        if path == "codes":
            after = [code for code in Code if code in (value or [])]
            before = [Code(code) for code in before]
        if before == after:
            continue
        changes[path] = (before, after)
        setattr(case, column, in_utc(after))
        if path == "post.posted_at":
            case.posted_zone = zone_told_in(after, zone) if after and zone else None
    return changes


def judge_now(db: Session, case: Case) -> Judgement:
    """What the case's pinned playbook makes of the facts as they stand."""
    return judge(playbook_of(db, case.playbook_version), judged_facts(case, employer_of(db, case)))


def _changes_codes(case: Case, facts: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Whether codes sent are other ones, or an answer takes a code away; an answer may still add one."""
    before, after = set(case.codes), set(told.get("codes") or ())
    return before != after if "codes" in facts else "codes" in told and bool(before - after)


def _check_posted_at(db: Session, case: Case, told: Mapping[str, Any]) -> None:
    """Raise Invalid for a post that would be younger than its discovery, or than what was done about it."""
    posted_at = told.get("post.posted_at")
    if posted_at is None:
        return
    later = [told.get("post.discovered_at", case.discovered_at)]
    later += [step.taken_at for step in steps_of(db, case) if step.kind not in INFORMS]
    if any(moment is not None and moment < posted_at for moment in later):
        raise invalid("post.posted_at", "This time is after something that followed the post. Check both times.")


def _settled(db: Session, case: Case, told: dict[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    before = judged_facts(case, employer_of(db, case))
    names = {"account.type": "account_type"}
    new = {names.get(path, path): value for path, value in told.items() if path in JUDGED}
    if "media_interest" in new:
        new["media_interest"] = bool(new["media_interest"])
    if new.get("account_type"):
        new["account_type"] = AccountType(new["account_type"])
    after = asdict(change(before, **new))
    opened = case.guarded and case.opened_at is not None
    if content and not opened and judge(playbook_of(db, case.playbook_version), change(before, **new)).guarded:
        why = "With this answer, no content may be kept here. Take these words out and send the rest."
        raise NotKept(why, [FieldError(path, why) for path in content])
    return {
        "codes": [code for code in Code if code in after["codes"]],
        "facts_wrong": after["facts_wrong"],
        "personal_data": after["personal_data"],
    }
