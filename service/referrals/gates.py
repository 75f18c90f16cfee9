"""What must be true before a referral goes on: each gate looks at how it stands, and names what is not met.

The rules are of the Acas code of practice on disciplinary and grievance procedures (named *Acas* below); what the code
leaves open is our default, and stands in the playbook.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from service.records.enums import FindingKind, Outcome, Part


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


def not_called(now: Standing) -> str | None:
    """They are called to answer what was found by then, and nothing is missing in it (Acas, paragraph 9)."""
    missing = facts_found(now) or both_sides(now)
    return "called" if now.invited_for and not missing else None


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
    """They were invited to the hearing of their appeal (Acas, paragraph 27)."""
    return None if now.appeal_invited_for else "appeal_invited"


def appeal_time_has_come(now: Standing) -> str | None:
    """The hearing of the appeal is not recorded before it was to begin."""
    begins = now.appeal_invited_for
    return "hearing_at" if begins is not None and now.at < begins else None


def appeal_heard(now: Standing) -> str | None:
    """They could say why they appealed, and it is written down (Acas, paragraph 27)."""
    return None if now.appeal_heard else "appeal_heard"


def appeal_not_heard(now: Standing) -> str | None:
    """The hearing of the appeal has not been held."""
    return "heard_already" if now.appeal_heard else None


def appeal_decided(now: Standing) -> str | None:
    """An appeal that came is answered."""
    return None if now.appeal_decided else "appeal_decided"


def appeal_waits(now: Standing) -> str | None:
    """An appeal is decided once."""
    return "appeal_decided_already" if now.appeal_decided else None


def suspended(now: Standing) -> str | None:
    """Once it is decided a suspension is reviewed, and none begins (our default)."""
    return None if now.suspended else "nobody_suspended"


def not_suspended(now: Standing) -> str | None:
    """Nobody stays suspended after the end (Acas guide: as short as possible)."""
    return "suspended" if now.suspended else None


LISTED: dict[Gate, str] = {
    not_paused: "paused",
    subject_known: "subject",
    facts_found: "findings",
    investigator_apart: "investigator",
    decision_maker_apart: "decision_maker",
    appeal_hearer_apart: "appeal_hearer",
    appeal_window_over: "appeal_open",
    appeal_waits: "appeal_decided_already",
    not_called: "called",
    suspended: "nobody_suspended",
    not_suspended: "suspended",
}
