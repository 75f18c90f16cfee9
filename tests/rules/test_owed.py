"""What is owed in a referral: something at every stage that is no end, and a pause takes nothing of its time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.cases.playbook import load
from service.records.enums import Part, ReferralStage
from service.records.referrals import Appeal, Hearing, Referral
from service.records.room_words import OWED
from service.referrals.owed import OWED_AT, AsItStands, moved, owed

ENDS = {ReferralStage.RETURNED, ReferralStage.CLOSED}
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOURS = st.integers(-1000, 1000).map(lambda hours: NOW + timedelta(hours=hours))
PERHAPS = st.none() | HOURS
REFERRALS = st.builds(
    lambda stage, **moments: Referral(stage=stage, **moments),
    stage=st.sampled_from(ReferralStage),
    received_at=HOURS,
    accept_by=PERHAPS,
    accepted_at=PERHAPS,
    fact_finding_at=PERHAPS,
    informal_at=PERHAPS,
    decided_at=PERHAPS,
    appeal_by=PERHAPS,
)
HEARINGS = st.builds(lambda hearing_at, held_at: Hearing(hearing_at=hearing_at, held_at=held_at), HOURS, PERHAPS)
APPEALS = st.builds(lambda at, decided_at: Appeal(at=at, decided_at=decided_at), HOURS, PERHAPS)
PAUSES = (
    st.lists(HOURS, max_size=6, unique=True)
    .map(sorted)
    .map(lambda told: list(zip(told[::2], told[1::2], strict=False)))
)


def test_every_stage_that_is_no_end_owes_something() -> None:
    """A stage that is added without a clock would stand still and nobody would be told."""
    assert set(OWED_AT) == set(ReferralStage) - ENDS


@given(REFERRALS, st.none() | HEARINGS, PERHAPS, st.none() | APPEALS, PAUSES)
def test_however_it_stands_somebody_can_be_late_with_something_that_has_words(
    referral: Referral, hearing: Hearing | None, void_since: datetime | None, appeal: Appeal | None, pauses: list
) -> None:
    """Whatever the rows are, a stage owes one thing; it is late no sooner than it is due."""
    clock = owed(AsItStands(load(), referral, hearing, void_since if hearing else None, appeal, pauses))
    if referral.stage in ENDS:
        assert clock is None
        return
    assert clock is not None
    assert clock.late_at is not None
    assert clock.what in OWED
    assert clock.due_at <= clock.late_at
    assert clock.what == "acceptance" or clock.remind_at <= clock.due_at
    assert clock.to in (None, *Part)


@given(HOURS, st.integers(0, 1000), PAUSES)
def test_what_is_paused_runs_as_long_as_it_would_have(start: datetime, hours: int, pauses: list) -> None:
    """The time between the beginning and the moved end, without the pauses in it, is as long as it was to be."""
    length = timedelta(hours=hours)
    ends = moved(start + length, start, pauses)
    stood_still = sum(
        (max(min(until, ends) - max(since, start), timedelta(0)) for since, until in pauses), start=timedelta(0)
    )
    assert ends - start - stood_still == length


def test_only_the_pauses_between_its_beginning_and_its_end_count() -> None:
    """Before it began, and once it is over, a pause moves nothing."""
    day = timedelta(days=1)
    before, within, after = (NOW - 2 * day, NOW - day), (NOW + day, NOW + 2 * day), (NOW + 5 * day, NOW + 6 * day)
    over = (NOW - day, NOW + day)
    assert moved(NOW + 3 * day, NOW, [before]) == NOW + 3 * day
    assert moved(NOW + 3 * day, NOW, [before, within, after]) == NOW + 4 * day
    assert moved(NOW + 3 * day, NOW, [over]) == NOW + 4 * day
