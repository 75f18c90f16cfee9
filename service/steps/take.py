"""A step was taken: when the person says it was, and when Amends learned of it."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.cases.clocks import keep_next_due
from service.cases.exposure import keep_moments
from service.cases.facts import refuse_closed
from service.cases.moments import check_taken_at, zone_told_in
from service.cases.pinned import playbook_of
from service.cases.policy import Act, require_stage
from service.cases.wording import apology_lacks, correction_lacks, tell
from service.core.errors import FieldError, Invalid, Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case, Step
from service.records.enums import Code, StepKind, StepState
from service.steps.find import ABLE, own_step
from service.timeline import entries

SPOKEN = frozenset({StepKind.APOLOGISE, StepKind.CORRECT})

SHOULD_NOT_HAVE = "Say that it should not have been posted, or, if that is so, that it was posted by mistake."
"""To whoever was asked for an apology: they told nobody that it was a mistake, and may not say so untruly."""

NOT_NOW = {
    StepState.TAKEN: "This step is already done.",
    StepState.WAIVED: "This step was waived, so there is nothing to do.",
    StepState.NOT_NEEDED: "This step is not needed.",
    StepState.HELD: "This step is on hold. The desk that has your case will tell you when to take it.",
    StepState.UNDECIDED: "The desk that has your case is still deciding whether this step is needed.",
}


def take_step(
    db: Session,
    me: Me,
    case: Case,
    kind: StepKind,
    *,
    at: datetime,
    taken_at: datetime | None = None,
    public_text: str | None = None,
    confirmed: bool = False,
    link: str | None = None,
    note: str | None = None,
) -> Step:
    """Record that a step was taken at `taken_at` (aware; now when absent), in the words that were published.

    Raises Invalid for a moment in the future or before the post, for words that a guarded case closes, and for an
    apology or correction that lacks what the policy asks of it; a Refusal (409) when the step is not open.
    """
    step = own_step(db, me, case, kind)
    if step.state != StepState.HELD:
        refuse_closed(case, {"link": link, "note": note, "public_text": None if step.released_at else public_text})
    check_taken_at("taken_at", taken_at, case.posted_at, at)
    if step.state == StepState.DUE:
        _check_words(db, case, step, public_text, confirmed)
    require_stage(Act.TAKE_STEP, case)
    if kind not in ABLE and step.state == StepState.DUE:
        raise Refusal("Amends does this step for you, as soon as somebody is named.")
    if step.state != StepState.DUE:
        raise Refusal(NOT_NOW[StepState(step.state)])
    step.state, step.reason = StepState.TAKEN, None
    step.taken_at = taken_at or at
    step.taken_zone = zone_told_in(taken_at, me.zone) if taken_at else me.zone
    step.taken_by_id, step.recorded_at = me.id, at
    step.public_text, step.confirmed, step.link, step.note = public_text, confirmed, link, note
    said = {"public_text": public_text, "link": link, "note": note}
    changes: dict[str, tuple[Any, Any]] = {
        f"steps.{kind}.{name}": (None, value) for name, value in said.items() if value
    }
    changes[f"steps.{kind}.state"] = (StepState.DUE, StepState.TAKEN)
    changes[f"steps.{kind}.taken_at"] = (None, step.taken_at)
    if kind is StepKind.DELETE and case.still_visible:
        changes["post.still_visible"] = (True, False)
        case.still_visible = False
        keep_moments(case, changes, at)
    db.add(step)
    tell = (case.holding_desk,) if step.asked_of_id else ()
    entries.add(db, case, "step_taken", actor=me.id, at=at, changes=changes, tell=tell)
    keep_next_due(db, case)
    return step


def _check_words(db: Session, case: Case, step: Step, public_text: str | None, confirmed: bool) -> None:
    if step.kind not in SPOKEN:
        return
    if not public_text:
        raise invalid("public_text", "Paste the words you posted, so that the record shows them.")
    playbook = playbook_of(db, case.playbook_version)
    if step.kind == StepKind.APOLOGISE:
        hacked = Code.ACCOUNT_COMPROMISED in case.codes
        lacking = apology_lacks(playbook, public_text, hacked=hacked, confirmed=confirmed)
    else:
        lacking = correction_lacks(playbook, public_text, confirmed=confirmed)
    if lacking:
        asked = {"by_mistake": SHOULD_NOT_HAVE} if step.asked_of_id is not None else {}
        words = [asked.get(element) or tell(playbook, element) for element in lacking]
        raise Invalid(" ".join(words), [FieldError("public_text", sentence) for sentence in words])
