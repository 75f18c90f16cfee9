"""What is owed at each stage of a referral, by when and by whom; how long it may take is the playbook's (our default).

Every stage that is not an end owes one thing, so that none can stand still unseen. While a referral is paused nothing
is owed; afterwards it is owed later by as long.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.cases.deadlines import Within, due
from service.cases.playbook import Playbook
from service.records.enums import Part, ReferralStage
from service.records.referrals import Appeal, Hearing, Referral

NOT_AT_ALL = timedelta(0)
Pause = tuple[datetime, datetime]
"""From when to when a referral stood still."""


@dataclass(frozen=True)
class Clock:
    """One running clock; moments are UTC. `late_at` is None where nobody can be late with it.

    `key` says which run of it this is: it has the moment that it runs from, or for which it is, and so stays the same
    when somebody else owes it, and when a pause makes it later.
    """

    what: str
    key: str
    remind_at: datetime
    due_at: datetime
    late_at: datetime | None
    to: Part | None = None


@dataclass(frozen=True)
class AsItStands:
    """What the clock of a stage goes by. `hearing` is the one of this stage as it was last called; where it no longer
    counts, `void_since` is when that came about.
    """

    book: Playbook
    referral: Referral
    hearing: Hearing | None = None
    void_since: datetime | None = None
    appeal: Appeal | None = None
    pauses: Sequence[Pause] = ()


def owed(of: AsItStands) -> Clock | None:
    """What is owed now; None at an end."""
    stage = ReferralStage(of.referral.stage)
    return OWED_AT[stage](of) if stage in OWED_AT else None


def moved(at: datetime, start: datetime, pauses: Sequence[Pause]) -> datetime:
    """A moment of what began at `start`, later by as long as it stood still before that moment came; oldest first."""
    for since, until in pauses:
        if since < at:
            at += max(until - max(since, start), NOT_AT_ALL)
    return at


def part_way(book: Playbook, what: str, start: datetime, due_at: datetime) -> Clock:
    """A clock whose end is known: its reminder comes when the playbook's part of the time has gone."""
    return Clock(what, key(what, due_at), start + (due_at - start) * book.reminder_fraction, due_at, due_at)


def key(what: str, moment: datetime) -> str:
    """What names one run of a clock."""
    return f"{what}.{moment.astimezone(UTC):%Y%m%dT%H%M%S%f}"


def _within(of: AsItStands, what: str, start: datetime, limit: Within, to: Part | None = None) -> Clock:
    hours = of.book.working_time
    told = due(start, Within.parse(limit), hours.desk_zone, hours.desk_week, of.book)
    by = moved(told.at, start, of.pauses)
    return Clock(what, key(what, start), moved(told.remind_at, start, of.pauses), by, by, to)


def _accept(of: AsItStands) -> Clock:
    received, by = of.referral.received_at, of.referral.accept_by
    # It cannot be paused before it is accepted.
    limit = of.book.referrals.acceptance
    return part_way(of.book, "acceptance", received, by or _within(of, "acceptance", received, limit).due_at)


def _appoint(of: AsItStands) -> Clock:
    start = of.referral.accepted_at or of.referral.received_at
    return _within(of, "appointment", start, of.book.referrals.appointment)


def _find_facts(of: AsItStands) -> Clock:
    start = of.referral.fact_finding_at or of.referral.received_at
    return _within(of, "fact_finding", start, of.book.referrals.fact_finding, Part.INVESTIGATOR)


def _hear_and_decide(of: AsItStands) -> Clock:
    limits, hearing = of.book.referrals, of.hearing
    if hearing is None or of.void_since is not None:
        start = of.void_since or of.referral.fact_finding_at or of.referral.received_at
        return _within(of, "invitation", start, limits.hearing_anew, Part.INVESTIGATOR)
    if hearing.held_at is None:
        return _hear(of, hearing, "hearing", Part.DECISION_MAKER)
    return _within(of, "decision", hearing.held_at, limits.decision, Part.DECISION_MAKER)


def _answer_appeal(of: AsItStands) -> Clock:
    limits, hearing, appeal = of.book.referrals, of.hearing, of.appeal
    if appeal is not None and appeal.decided_at is not None:
        return _within(of, "close", appeal.decided_at, limits.closing)
    if of.void_since is not None:
        return _within(of, "invitation", of.void_since, limits.hearing_anew, Part.APPEAL_HEARER)
    if hearing is None:
        came = appeal.at if appeal is not None else of.referral.received_at
        return _within(of, "appeal", came, limits.appeal_hearing, Part.APPEAL_HEARER)
    if hearing.held_at is None:
        return _hear(of, hearing, "appeal_hearing", Part.APPEAL_HEARER)
    return _within(of, "appeal_decision", hearing.held_at, limits.appeal_decision, Part.APPEAL_HEARER)


def _hear(of: AsItStands, hearing: Hearing, what: str, to: Part) -> Clock:
    """The hearing is reminded of before its moment; nobody is late until the time for its record is over."""
    limits, at = of.book.referrals, hearing.hearing_at
    by = _within(of, what, at, limits.hearing_record).due_at
    return Clock(what, key(what, at), at - timedelta(hours=limits.hearing_reminder_hours), by, by, to)


def _close_settled(of: AsItStands) -> Clock:
    start = of.referral.informal_at or of.referral.received_at
    return _within(of, "close", start, of.book.referrals.closing)


def _close_decided(of: AsItStands) -> Clock:
    # Told at the very end of the time for an appeal: until then it cannot be closed.
    ends = of.referral.appeal_by or of.referral.decided_at or of.referral.received_at
    by = _within(of, "close", ends, of.book.referrals.closing).due_at
    return Clock("close", key("close", ends), ends, by, by)


OWED_AT: dict[ReferralStage, Callable[[AsItStands], Clock]] = {
    ReferralStage.RECEIVED: _accept,
    ReferralStage.ACCEPTED: _appoint,
    ReferralStage.FACT_FINDING: _find_facts,
    ReferralStage.INFORMAL: _close_settled,
    ReferralStage.HEARING: _hear_and_decide,
    ReferralStage.DECIDED: _close_decided,
    ReferralStage.APPEALED: _answer_appeal,
}
