"""What a referral still lacks before HR can take it up.

It is a list to work through, and refuses nothing: HR may accept what is not complete, or return it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from service.cases.judging import steps_of
from service.cases.lifecycle import SETTLED
from service.core.errors import FieldError
from service.records.cases import Case
from service.records.enums import Code, StepKind, StepState
from service.records.referrals import Referral
from service.records.room_words import READY
from service.records.words import STEPS


@dataclass(frozen=True)
class Parts:
    """What a referral is built of, as far as it is there."""

    allegation: str | None = None
    rules: Sequence[str] = ()
    mitigation: str | None = None
    subject_told: str | None = None
    evidence: Sequence[str] = ()
    conflict_check: bool = False
    open_steps: Sequence[StepKind] = ()


def missing(parts: Parts) -> list[FieldError]:
    """Each part that is not there yet, by its field, with what to do."""
    there = {
        "allegation": parts.allegation,
        "rules": parts.rules,
        "mitigation": parts.mitigation,
        "subject_told": parts.subject_told,
        "evidence": parts.evidence,
        "conflict_check": parts.conflict_check,
    }
    steps = [FieldError(f"steps.{kind}", READY["steps"].format(step=STEPS[kind])) for kind in parts.open_steps]
    return [*steps, *(FieldError(name, READY[name]) for name, value in there.items() if not value)]


def cited(case: Case, rules: Sequence[Code]) -> Sequence[Code]:
    """The rules that a referral of a case cites: those that were chosen, or else why the playbook suggests it."""
    return rules or case.hr_because


def open_steps(db: Session, case: Case) -> list[StepKind]:
    """The steps of a case that are neither done nor settled."""
    return [StepKind(step.kind) for step in steps_of(db, case) if StepState(step.state) not in SETTLED]


def missing_in(referral: Referral) -> Iterable[FieldError]:
    """The same of a referral that HR received; which steps were open is not among what it was told."""
    return missing(
        Parts(
            allegation=referral.allegation,
            rules=referral.rules,
            mitigation=referral.mitigation,
            subject_told=referral.subject_told,
            evidence=referral.evidence_ids,
            conflict_check=referral.conflict_checked_at is not None,
        )
    )
