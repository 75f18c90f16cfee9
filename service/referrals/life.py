"""The life of a referral as a table: which act is open at which stage, where it leads, and what must be true first.

The process follows the Acas code of practice on disciplinary and grievance procedures (named *Acas* below); what the
code leaves open is our default, and stands in the playbook.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.core.errors import FieldError, Refusal
from service.records.enums import FindingKind, Outcome, Part, ReferralStage
from service.records.room_words import CLOSED_TO, GATES


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
class Standing:
    """What the gates look at. People are numbers; `apart` are those who may have no part in it."""

    at: datetime
    informed: bool = False
    people: Mapping[Part, int] = field(default_factory=dict)
    apart: frozenset[int] = frozenset()
    findings: frozenset[FindingKind] = frozenset()
    invited_for: datetime | None = None
    heard: bool = False
    considered: bool = False
    outcome: Outcome | None = None
    appeal_by: datetime | None = None
    appeal_invited_for: datetime | None = None
    appeal_heard: bool = False
    appeal_decided: bool = False
    paused: bool = False
    suspended: bool = False
    subject_known: bool = True


Gate = Callable[[Standing], str | None]
"""Returns the name of what is not met (a key of `GATES`), or nothing."""


def not_paused(now: Standing) -> str | None:
    """Nothing moves while somebody is ill, or needs an adjustment first (our default)."""
    return "paused" if now.paused else None


def subject_known(now: Standing) -> str | None:
    """Nobody can be told of an allegation against nobody."""
    return None if now.subject_known else "subject"


def informed(now: Standing) -> str | None:
    """The person was told in writing what is alleged (Acas, paragraph 9)."""
    return None if now.informed else "informed"


def facts_found(now: Standing) -> str | None:
    """The facts were established, or were not (Acas, paragraph 5)."""
    return None if now.findings & {FindingKind.ESTABLISHED, FindingKind.NOT_ESTABLISHED} else "findings"


def both_sides(now: Standing) -> str | None:
    """What speaks for the person was looked for as well (Acas guide: a fair investigation)."""
    return None if now.findings & {FindingKind.NOT_ESTABLISHED, FindingKind.MITIGATING} else "both_sides"


def investigator_apart(now: Standing) -> str | None:
    """Somebody investigated who has no other part in it (Acas, paragraph 6)."""
    return None if _apart(now, Part.INVESTIGATOR) else Part.INVESTIGATOR.value


def decision_maker_apart(now: Standing) -> str | None:
    """Somebody else decides, who did not investigate (Acas, paragraph 6)."""
    return None if _apart(now, Part.DECISION_MAKER) else Part.DECISION_MAKER.value


def appeal_hearer_apart(now: Standing) -> str | None:
    """The appeal is dealt with by somebody who was not involved before (Acas, paragraph 27)."""
    return None if _apart(now, Part.APPEAL_HEARER) else Part.APPEAL_HEARER.value


def _apart(now: Standing, part: Part) -> bool:
    person = now.people.get(part)
    others = {whose for each, whose in now.people.items() if each is not part}
    return person is not None and person not in now.apart and person not in others


def invited(now: Standing) -> str | None:
    """They were invited in writing, with notice (Acas, paragraphs 9 to 11)."""
    return None if now.invited_for else "invited"


def time_has_come(now: Standing) -> str | None:
    """A hearing is not recorded before it was to begin."""
    begins = now.invited_for
    return "hearing_at" if begins is not None and now.at < begins else None


def heard(now: Standing) -> str | None:
    """They could answer, and what was said is written down (Acas, paragraph 12)."""
    return None if now.heard else "heard"


def not_heard(now: Standing) -> str | None:
    """It has not been held."""
    return "heard_already" if now.heard else None


def considered(now: Standing) -> str | None:
    """Whether it was protected: whistleblowing, union activity, belief or expression (our default)."""
    return None if now.considered else "considered"


def within_window(now: Standing) -> str | None:
    """An appeal comes in its time (Acas, paragraph 26: without unreasonable delay; how long is our default)."""
    return None if now.appeal_by is not None and now.at <= now.appeal_by else "appeal_by"


def appeal_window_over(now: Standing) -> str | None:
    """Nothing ends while an appeal may still come; where there is no case there is nothing to appeal against."""
    waits = now.appeal_by is not None and now.at <= now.appeal_by and now.outcome is not Outcome.NO_CASE
    return "appeal_open" if waits else None


def appeal_invited(now: Standing) -> str | None:
    """The same for the hearing of the appeal (Acas, paragraph 27)."""
    return None if now.appeal_invited_for else "appeal_invited"


def appeal_time_has_come(now: Standing) -> str | None:
    """The same for the hearing of the appeal."""
    begins = now.appeal_invited_for
    return "hearing_at" if begins is not None and now.at < begins else None


def appeal_heard(now: Standing) -> str | None:
    """The same for the hearing of the appeal (Acas, paragraph 27)."""
    return None if now.appeal_heard else "appeal_heard"


def appeal_not_heard(now: Standing) -> str | None:
    """The same for the hearing of the appeal."""
    return "heard_already" if now.appeal_heard else None


def appeal_decided(now: Standing) -> str | None:
    """An appeal that came is answered."""
    return None if now.appeal_decided else "appeal_decided"


def appeal_waits(now: Standing) -> str | None:
    """An appeal is decided once."""
    return "appeal_decided_already" if now.appeal_decided else None


def not_suspended(now: Standing) -> str | None:
    """Nobody stays suspended after the end (Acas guide: as short as possible)."""
    return "suspended" if now.suspended else None


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
    (S.FACT_FINDING, Act.INFORMAL): To(S.INFORMAL, (not_paused, informed)),
    (S.FACT_FINDING, Act.INVITE): To(S.HEARING, (not_paused, *FAIR)),
    # A companion's absence puts it off by days; after an illness there is another hearing, with the same notice.
    (S.HEARING, Act.INVITE): To(S.HEARING, (not_paused, *FAIR, not_heard)),
    (S.APPEALED, Act.INVITE): To(S.APPEALED, (not_paused, appeal_hearer_apart, appeal_not_heard, appeal_waits)),
    (S.HEARING, Act.POSTPONE): To(S.HEARING, (not_heard,)),
    (S.APPEALED, Act.POSTPONE): To(S.APPEALED, (appeal_invited, appeal_not_heard)),
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
    **_stays(Act.SUSPEND, BEFORE_DECISION),
    **_stays(Act.END_SUSPENSION, HERE),
    **_stays(Act.SERVE, (*DURING, S.INFORMAL, S.CLOSED), informed),
    **_stays(Act.REPLY, (*DURING, S.INFORMAL, S.CLOSED)),
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
    ahead = CHECKLIST.get(stage)
    if ahead is None:
        return []
    return [(LISTED.get(gate, gate.__name__), gate(now) is None) for gate in MOVES[stage, ahead].needs]


CHECKLIST: dict[ReferralStage, Act] = {
    S.RECEIVED: Act.ACCEPT,
    S.FACT_FINDING: Act.INVITE,
    S.INFORMAL: Act.CLOSE,
    S.HEARING: Act.DECIDE,
    S.DECIDED: Act.CLOSE,
    S.APPEALED: Act.DECIDE_APPEAL,
}
LISTED: dict[Gate, str] = {
    not_paused: "paused",
    subject_known: "subject",
    facts_found: "findings",
    investigator_apart: "investigator",
    decision_maker_apart: "decision_maker",
    appeal_hearer_apart: "appeal_hearer",
    appeal_window_over: "appeal_open",
    appeal_waits: "appeal_decided_already",
    not_suspended: "suspended",
}
