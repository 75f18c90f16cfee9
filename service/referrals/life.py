"""The life of a referral as a table: which act is open at which stage, where it leads, and what must be true first.

The process follows the Acas code of practice on disciplinary and grievance procedures (named *Acas* below); what the
code leaves open is our default, and stands in the playbook.
"""

from dataclasses import dataclass
from enum import StrEnum

from service.core.errors import FieldError, Refusal
from service.records.enums import Outcome, Part, ReferralStage
from service.records.room_words import CLOSED_TO, GATES
from service.referrals.gates import (
    LISTED,
    Gate,
    Standing,
    appeal_decided,
    appeal_heard,
    appeal_hearer_apart,
    appeal_invited,
    appeal_not_heard,
    appeal_time_has_come,
    appeal_waits,
    appeal_window_over,
    both_sides,
    considered,
    decision_maker_apart,
    facts_found,
    heard,
    informed,
    investigator_apart,
    invited,
    not_called,
    not_heard,
    not_paused,
    not_suspended,
    subject_known,
    suspended,
    time_has_come,
    within_window,
)


class Act(StrEnum):
    """What may be done with a referral; the names stand in `may` of the public interface."""

    VIEW = "view"
    ACCEPT = "accept"
    RETURN = "return"
    APPOINT = "appoint"
    INFORM = "inform_subject"
    FIND = "record_finding"
    INFORMAL = "informal"
    INVITE = "invite"
    POSTPONE = "postpone"
    HEAR = "hear"
    CONSIDER = "consider"
    DECIDE = "decide"
    APPEAL = "appeal"
    DECIDE_APPEAL = "decide_appeal"
    CLOSE = "close"
    NOTE = "note"
    PAUSE = "pause"
    RESUME = "resume"
    SUSPEND = "suspend"
    END_SUSPENSION = "end_suspension"
    SERVE = "serve"
    REPLY = "reply"
    ANSWER = "answer"
    COPY = "copy"
    DISCLOSE = "disclose"
    SEND_LETTER = "send_letter"
    ADD_EVIDENCE = "add_evidence"
    PURGE = "purge"
    TAKE_OUT = "take_out"
    LEAVE_IN = "leave_in"
    NAME_CONFLICT = "name_conflict"
    TAKE_BACK_CONFLICT = "take_back_conflict"


@dataclass(frozen=True)
class To:
    """Where an act leads, and the gates before it."""

    stage: ReferralStage
    needs: tuple[Gate, ...] = ()


S = ReferralStage
DURING = (S.ACCEPTED, S.FACT_FINDING, S.HEARING, S.DECIDED, S.APPEALED)
"""While HR has it in hand."""
BEFORE_DECISION = (S.ACCEPTED, S.FACT_FINDING, S.HEARING)
HERE = (S.RECEIVED, *DURING, S.INFORMAL)
ANYWHERE = tuple(S)
FAIR = (informed, facts_found, both_sides, investigator_apart, decision_maker_apart)
"""What must be true before anybody is invited, and again before anything is decided."""


def _stays(act: Act, stages: tuple[ReferralStage, ...], *needs: Gate) -> dict[tuple[ReferralStage, Act], To]:
    return {(stage, act): To(stage, needs) for stage in stages}


MOVES: dict[tuple[ReferralStage, Act], To] = {
    (S.RECEIVED, Act.ACCEPT): To(S.ACCEPTED, (subject_known,)),
    (S.RECEIVED, Act.RETURN): To(S.RETURNED),
    # Appointing an investigator begins fact finding: `after_appointing`.
    **_stays(Act.APPOINT, DURING),
    **_stays(Act.INFORM, (S.FACT_FINDING,), not_paused),
    **_stays(Act.FIND, (S.FACT_FINDING,), not_paused),
    # What somebody with a conflict found is to be found by somebody else, and the hearing called anew.
    **_stays(Act.FIND, (S.HEARING,), not_paused, not_called),
    (S.FACT_FINDING, Act.INFORMAL): To(S.INFORMAL, (not_paused, informed)),
    (S.FACT_FINDING, Act.INVITE): To(S.HEARING, (not_paused, *FAIR)),
    # A companion's absence puts it off by days; after an illness there is another hearing, with the same notice.
    (S.HEARING, Act.INVITE): To(S.HEARING, (not_paused, *FAIR, not_heard)),
    (S.APPEALED, Act.INVITE): To(S.APPEALED, (not_paused, appeal_hearer_apart, appeal_not_heard, appeal_waits)),
    (S.HEARING, Act.POSTPONE): To(S.HEARING, (not_paused, invited, not_heard)),
    (S.APPEALED, Act.POSTPONE): To(S.APPEALED, (not_paused, appeal_invited, appeal_not_heard)),
    (S.HEARING, Act.HEAR): To(S.HEARING, (not_paused, invited, time_has_come, not_heard)),
    (S.APPEALED, Act.HEAR): To(S.APPEALED, (not_paused, appeal_invited, appeal_time_has_come, appeal_not_heard)),
    **_stays(Act.CONSIDER, BEFORE_DECISION),
    (S.HEARING, Act.DECIDE): To(S.DECIDED, (not_paused, *FAIR, invited, heard, considered)),
    (S.DECIDED, Act.APPEAL): To(S.APPEALED, (within_window,)),
    (S.APPEALED, Act.DECIDE_APPEAL): To(
        S.APPEALED, (not_paused, appeal_waits, appeal_hearer_apart, appeal_invited, appeal_heard)
    ),
    (S.INFORMAL, Act.CLOSE): To(S.CLOSED, (not_paused, not_suspended)),
    (S.DECIDED, Act.CLOSE): To(S.CLOSED, (not_paused, appeal_window_over, not_suspended)),
    (S.APPEALED, Act.CLOSE): To(S.CLOSED, (not_paused, appeal_decided, not_suspended)),
    **_stays(Act.NOTE, ANYWHERE),
    **_stays(Act.NAME_CONFLICT, ANYWHERE),
    **_stays(Act.TAKE_BACK_CONFLICT, ANYWHERE),
    **_stays(Act.PAUSE, DURING, not_paused),
    **_stays(Act.RESUME, DURING),
    # Whom it keeps from work reads why: until they are informed they read nothing here.
    **_stays(Act.SUSPEND, BEFORE_DECISION, informed),
    **_stays(Act.SUSPEND, (S.DECIDED, S.APPEALED, S.INFORMAL), suspended),
    **_stays(Act.END_SUSPENSION, HERE),
    **_stays(Act.SERVE, (*DURING, S.INFORMAL, S.CLOSED), informed),
    **_stays(Act.REPLY, (*DURING, S.INFORMAL, S.CLOSED), informed),
    **_stays(Act.ANSWER, (*DURING, S.INFORMAL)),
    **_stays(Act.COPY, BEFORE_DECISION),
    **_stays(Act.ADD_EVIDENCE, (*DURING, S.INFORMAL, S.CLOSED)),
    **_stays(Act.TAKE_OUT, (*DURING, S.INFORMAL, S.CLOSED)),
    **_stays(Act.LEAVE_IN, (*DURING, S.INFORMAL, S.CLOSED)),
    **_stays(Act.PURGE, (*DURING, S.INFORMAL, S.CLOSED)),
    **_stays(Act.DISCLOSE, (*DURING, S.INFORMAL, S.CLOSED), informed),
    # What a letter has to say is asked for by its own table: `letters.py`.
    **_stays(Act.SEND_LETTER, (*DURING, S.INFORMAL, S.CLOSED), informed),
    **_stays(Act.VIEW, ANYWHERE),
}


def open_at(act: Act, stage: ReferralStage) -> bool:
    """Whether an act is open at this stage."""
    return (stage, act) in MOVES


def require_open(act: Act, stage: ReferralStage) -> None:
    """Raise a Refusal (409) that names the stage when an act is not open at it."""
    if not open_at(act, stage):
        raise Refusal(CLOSED_TO[stage])


def unmet(act: Act, stage: ReferralStage, now: Standing) -> list[FieldError]:
    """Every gate before an act that is not met, with the rule that it comes from."""
    names = [name for gate in MOVES[stage, act].needs if (name := gate(now))]
    return [FieldError(name, GATES[name]) for name in dict.fromkeys(names)]


def after(act: Act, stage: ReferralStage, now: Standing) -> ReferralStage:
    """The stage this act leads to. Raises a Refusal (409) that names each unmet gate, or that it is not open."""
    require_open(act, stage)
    if faults := unmet(act, stage, now):
        raise Refusal("Something has to be done before this.", faults)
    return MOVES[stage, act].stage


def after_appointing(stage: ReferralStage, parts: frozenset[Part]) -> ReferralStage:
    """Appointing an investigator begins fact finding; any other appointment changes no stage."""
    return S.FACT_FINDING if stage is S.ACCEPTED and Part.INVESTIGATOR in parts else stage


def harsher(outcome: Outcome, than: Outcome) -> bool:
    """Whether an outcome weighs more than another, in the order in which `Outcome` names them."""
    order = list(Outcome)
    return order.index(outcome) > order.index(than)


def gates(stage: ReferralStage, now: Standing) -> list[tuple[str, bool]]:
    """The checklist of this stage: what its next move asks for, by name, and whether it is met."""
    ahead = Act.CLOSE if stage is S.APPEALED and now.appeal_decided else CHECKLIST.get(stage)
    needs = MOVES[stage, ahead].needs if ahead else ()
    # Where an appeal waits is said by the stage.
    return [(LISTED.get(gate, gate.__name__), gate(now) is None) for gate in needs if gate is not appeal_waits]


CHECKLIST: dict[ReferralStage, Act] = {
    S.RECEIVED: Act.ACCEPT,
    S.FACT_FINDING: Act.INVITE,
    S.INFORMAL: Act.CLOSE,
    S.HEARING: Act.DECIDE,
    S.DECIDED: Act.CLOSE,
    S.APPEALED: Act.DECIDE_APPEAL,
}
