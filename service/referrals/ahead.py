"""What is to be done next in a referral, and by whom: of each stage the steps in order, each until its gate is met."""

from collections.abc import Mapping
from typing import Any

from service.records.enums import ReferralStage
from service.referrals import gates
from service.referrals.gates import Gate, Standing
from service.referrals.life import Act
from service.referrals.policy import Relation, doers

WAIT_FOR_APPEAL, WAIT_FOR_HEARING = "wait_for_appeal", "wait_for_hearing"
WAITS: Mapping[str, Act] = {WAIT_FOR_APPEAL: Act.CLOSE, WAIT_FOR_HEARING: Act.HEAR}
"""What is next where nobody can do anything yet, as the person may still appeal, or a hearing has its time; and what
comes after it.
"""
S = ReferralStage
Steps = tuple[tuple[Gate | None, str], ...]
TO_APPOINT: Steps = ((gates.investigator_apart, Act.APPOINT), (gates.decision_maker_apart, Act.APPOINT))
TO_FIND: Steps = ((gates.facts_found, Act.FIND), (gates.both_sides, Act.FIND))
TO_CLOSE: Steps = ((gates.not_suspended, Act.END_SUSPENSION), (None, Act.CLOSE))
AHEAD: Mapping[ReferralStage, Steps] = {
    S.RECEIVED: ((None, Act.ACCEPT),),
    S.ACCEPTED: ((None, Act.APPOINT),),
    S.FACT_FINDING: (
        TO_APPOINT[0],
        (gates.informed, Act.INFORM),
        *TO_FIND,
        TO_APPOINT[1],
        (None, Act.INVITE),
    ),
    S.INFORMAL: TO_CLOSE,
    S.HEARING: (
        *TO_APPOINT,
        *TO_FIND,
        (gates.invited, Act.INVITE),
        (gates.time_has_come, WAIT_FOR_HEARING),
        (gates.heard, Act.HEAR),
        (gates.considered, Act.CONSIDER),
        (None, Act.DECIDE),
    ),
    S.DECIDED: ((gates.appeal_window_over, WAIT_FOR_APPEAL), *TO_CLOSE),
    S.APPEALED: (
        (gates.appeal_hearer_apart, Act.APPOINT),
        (gates.appeal_invited, Act.INVITE),
        (gates.appeal_time_has_come, WAIT_FOR_HEARING),
        (gates.appeal_heard, Act.HEAR),
        (None, Act.DECIDE_APPEAL),
    ),
}


def ahead(stage: ReferralStage, now: Standing) -> tuple[str, Relation] | None:
    """The next step, and who takes it; nothing where a referral has ended."""
    if stage not in AHEAD:
        return None
    steps = TO_CLOSE if stage is S.APPEALED and now.appeal_decided else AHEAD[stage]
    if now.paused:
        steps = ((None, Act.RESUME),)
    step = next(what for gate, what in steps if gate is None or gate(now))
    return step, doers(WAITS.get(step) or Act(step), at_appeal=stage is S.APPEALED)[0]


def next_of(stage: ReferralStage, now: Standing) -> dict[str, Any] | None:
    """The same as it is read; where there is something to wait for, `until` when."""
    step = ahead(stage, now)
    if step is None:
        return None
    hearing_at = now.appeal_invited_for if stage is S.APPEALED else now.invited_for
    until = {WAIT_FOR_APPEAL: now.appeal_by, WAIT_FOR_HEARING: hearing_at}.get(step[0])
    return {"what": str(step[0]), "waits_for": step[1].value, "until": until}
