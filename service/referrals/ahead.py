"""What is to be done next in a referral, and by whom: of each stage the steps in order, each until its gate is met."""

from collections.abc import Mapping

from service.records.enums import ReferralStage
from service.referrals import gates
from service.referrals.gates import Gate, Standing
from service.referrals.life import Act
from service.referrals.policy import Relation, doers

WAIT = "wait_for_appeal"
"""What is done where nobody can do anything: the person may still appeal."""
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
        (gates.heard, Act.HEAR),
        (gates.considered, Act.CONSIDER),
        (None, Act.DECIDE),
    ),
    S.DECIDED: ((gates.appeal_window_over, WAIT), *TO_CLOSE),
    S.APPEALED: (
        (gates.appeal_hearer_apart, Act.APPOINT),
        (gates.appeal_invited, Act.INVITE),
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
    return step, Relation.KEEPER if step == WAIT else doers(Act(step), at_appeal=stage is S.APPEALED)[0]
