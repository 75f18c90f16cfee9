"""When things are due: examples, and what has to hold for every start."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cases.deadlines import (
    MONDAY_TO_FRIDAY,
    SUNDAY_TO_THURSDAY,
    Within,
    WorkingHours,
    WorkingWeek,
    bank_holidays,
    deadline,
    reminder_at,
)
from service.cases.playbook import load

PLAYBOOK = load()
LONDON = "Europe/London"
ZONES = [
    LONDON,
    "Asia/Tokyo",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Tehran",
]
HOLIDAYS = {date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1), date(2027, 3, 26), date(2027, 3, 29)}


def at(zone: str, said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "week", "start", "within", "due"),
    [
        # The rule itself: 1 wd from Friday 16:00 ends Monday 16:00
        (LONDON, MONDAY_TO_FRIDAY, "2026-11-20 16:00", "1wd", "2026-11-23 16:00"),
        (LONDON, MONDAY_TO_FRIDAY, "2026-11-20 16:00", "2wd", "2026-11-24 16:00"),
        (LONDON, MONDAY_TO_FRIDAY, "2026-11-16 09:00", "1wd", "2026-11-16 17:00"),
        (LONDON, MONDAY_TO_FRIDAY, "2026-11-16 17:00", "1wd", "2026-11-17 17:00"),
        (LONDON, MONDAY_TO_FRIDAY, "2026-11-16 03:00", "1wd", "2026-11-16 17:00"),
        (LONDON, MONDAY_TO_FRIDAY, "2026-11-16 23:30", "1wd", "2026-11-17 17:00"),
        (LONDON, MONDAY_TO_FRIDAY, "2026-11-21 12:00", "1wd", "2026-11-23 17:00"),
        (LONDON, MONDAY_TO_FRIDAY, "2026-11-18 10:20", "10wd", "2026-12-02 10:20"),
        # Christmas Day on a Friday; Boxing Day made good on the Monday
        (LONDON, MONDAY_TO_FRIDAY, "2026-12-24 16:00", "1wd", "2026-12-29 16:00"),
        # Good Friday and Easter Monday, with the clocks going forward between them
        (LONDON, MONDAY_TO_FRIDAY, "2027-03-25 16:00", "1wd", "2027-03-30 16:00"),
        # The clocks go back over the weekend
        (LONDON, MONDAY_TO_FRIDAY, "2026-10-23 16:00", "1wd", "2026-10-26 16:00"),
        ("America/New_York", MONDAY_TO_FRIDAY, "2026-10-30 16:00", "1wd", "2026-11-02 16:00"),
        # A Sunday-to-Thursday post; a bank holiday of England counts there too
        ("Asia/Dubai", SUNDAY_TO_THURSDAY, "2026-11-19 16:00", "1wd", "2026-11-22 16:00"),
        ("Asia/Dubai", SUNDAY_TO_THURSDAY, "2026-11-20 12:00", "1wd", "2026-11-22 17:00"),
        ("Asia/Dubai", SUNDAY_TO_THURSDAY, "2026-12-27 16:00", "1wd", "2026-12-29 16:00"),
        # Minutes pass at night and on holidays
        (LONDON, MONDAY_TO_FRIDAY, "2026-12-25 23:50", "15", "2026-12-26 00:05"),
        # The hour that is not there, and the hour that is there twice
        (LONDON, MONDAY_TO_FRIDAY, "2027-03-28 00:30", "60", "2027-03-28 02:30"),
        (LONDON, MONDAY_TO_FRIDAY, "2026-10-25 00:30", "120", "2026-10-25 01:30"),
    ],
)
def test_examples(zone: str, week: WorkingWeek, start: str, within: str, due: str) -> None:
    found = deadline(at(zone, start), Within.parse(within), zone, week, PLAYBOOK)
    assert found.utcoffset() == timedelta(0)
    assert f"{found.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" == due


def test_repeated_hour_counts_both_times() -> None:
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert deadline(start, Within(minutes=60), LONDON, MONDAY_TO_FRIDAY, PLAYBOOK) == start + timedelta(hours=1)


def test_a_zone_may_be_an_offset() -> None:
    start = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    due = deadline(start, Within(working_days=1), "+09:00", MONDAY_TO_FRIDAY, PLAYBOOK)
    assert due == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def test_a_day_that_a_zone_drops_is_not_counted() -> None:
    """Samoa went from Thursday 29 to Saturday 31 December 2011."""
    due = deadline(at("Pacific/Apia", "2011-12-29 16:00"), Within(working_days=2), "Pacific/Apia", ANY_DAY, PLAYBOOK)
    assert f"{due.astimezone(ZoneInfo('Pacific/Apia')):%Y-%m-%d %H:%M}" == "2012-01-01 16:00"


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a start with a zone"):
        deadline(datetime(2026, 11, 20, 16), Within(minutes=5), LONDON, MONDAY_TO_FRIDAY, PLAYBOOK)  # noqa: DTZ001


def test_a_calendar_without_working_time_is_refused() -> None:
    class Never:
        reminder_fraction = 0.75
        working_hours = WorkingHours(
            time(9), time(17), frozenset(date(2026, 1, 1) + timedelta(days=day) for day in range(4000))
        )

    with pytest.raises(ValueError, match="of working time within"):
        deadline(at(LONDON, "2026-11-20 16:00"), Within(working_days=1), LONDON, MONDAY_TO_FRIDAY, Never())


def test_bank_holidays_are_those_of_england() -> None:
    known = bank_holidays("england-and-wales")
    assert known >= HOLIDAYS
    assert date(2026, 11, 30) not in known, "St Andrew's Day is Scotland's"


@pytest.mark.parametrize(
    ("said", "shown"), [(90, 90), ("90", 90), ("1wd", "1wd"), ("2 wd", "2wd"), (" 10 wd ", "10wd"), (1440, 1440)]
)
def test_times_are_read_and_shown(said: object, shown: object) -> None:
    assert Within.parse(said).shown() == shown
    assert str(Within.parse(said)) == str(shown)


@pytest.mark.parametrize(
    "said", [0, -15, "-15", "0wd", "1 day", "wd", "", "1.5", 1.5, True, None, [], "9" * 30, 600_000]
)
def test_what_is_no_time_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Within.parse(said)


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("Sun-Thu", {6, 0, 1, 2, 3}),
        ("mon, tue", {0, 1}),
        ("sat-sat", {5}),
        ("tue-mon", set(range(7))),
    ],
)
def test_weeks_are_read(said: str, days: set[int]) -> None:
    assert WorkingWeek.parse(said).days == days


@pytest.mark.parametrize("said", ["", "mon-", "monday", "mon-fri-sun", "mon;tue"])
def test_what_is_no_week_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="is not a working week"):
        WorkingWeek.parse(said)


ANY_DAY = WorkingWeek(frozenset(range(7)))
starts = st.datetimes(datetime(2026, 1, 1), datetime(2028, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001
weeks = st.frozensets(st.integers(0, 6), min_size=1).map(WorkingWeek)
working_days = st.integers(1, 12).map(lambda days: Within(working_days=days))
minutes = st.integers(1, 5000).map(lambda number: Within(minutes=number))
zones = st.sampled_from(ZONES)


def works(moment: datetime, zone: str, week: WorkingWeek) -> bool:
    local = moment.astimezone(ZoneInfo(zone))
    return (
        time(9) <= local.time() < time(17)
        and local.weekday() in week.days
        and local.date() not in bank_holidays("england-and-wales")
    )


@given(starts, working_days, zones, weeks)
def test_as_many_working_quarters_pass_as_were_given(
    start: datetime, within: Within, zone: str, week: WorkingWeek
) -> None:
    """The other way to reckon: walk quarter by quarter, look at the clock on the wall, and count."""
    start = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
    left, moment = (within.working_days or 0) * 32, start
    while left:
        left -= works(moment, zone, week)
        moment += timedelta(minutes=15)
    assert deadline(start, within, zone, week, PLAYBOOK) == moment


@given(starts, working_days, zones, weeks)
def test_working_days_end_in_working_hours(start: datetime, within: Within, zone: str, week: WorkingWeek) -> None:
    due = deadline(start, within, zone, week, PLAYBOOK)
    assert due > start
    assert works(due - timedelta(microseconds=1), zone, week)


@given(starts, starts, working_days | minutes, zones, weeks)
def test_later_starts_are_never_due_earlier(
    one: datetime, other: datetime, within: Within, zone: str, week: WorkingWeek
) -> None:
    first, second = sorted((one, other))
    assert deadline(first, within, zone, week, PLAYBOOK) <= deadline(second, within, zone, week, PLAYBOOK)


@given(starts, working_days, zones, weeks)
def test_more_working_days_are_due_later(start: datetime, within: Within, zone: str, week: WorkingWeek) -> None:
    longer = Within(working_days=(within.working_days or 0) + 1)
    assert deadline(start, within, zone, week, PLAYBOOK) < deadline(start, longer, zone, week, PLAYBOOK)


@given(starts, minutes, zones, weeks)
def test_minutes_are_elapsed_minutes(start: datetime, within: Within, zone: str, week: WorkingWeek) -> None:
    due = deadline(start.astimezone(ZoneInfo(zone)), within, zone, week, PLAYBOOK)
    assert due == start + timedelta(minutes=within.minutes or 0)


@given(starts, working_days | minutes, zones, weeks)
def test_the_reminder_comes_before_the_deadline(start: datetime, within: Within, zone: str, week: WorkingWeek) -> None:
    reminder = reminder_at(start, within, zone, week, PLAYBOOK)
    assert start < reminder < deadline(start, within, zone, week, PLAYBOOK)
    if within.working_days:
        assert works(reminder - timedelta(microseconds=1), zone, week)


@pytest.mark.parametrize(
    ("start", "within", "reminder"),
    [
        ("2026-11-20 23:04", "60", "2026-11-20 23:49"),
        # six of eight working hours: one on Friday, five on Monday
        ("2026-11-20 16:00", "1wd", "2026-11-23 14:00"),
        ("2026-11-16 09:00", "2wd", "2026-11-17 13:00"),
    ],
)
def test_the_reminder_comes_when_three_quarters_have_gone(start: str, within: str, reminder: str) -> None:
    assert reminder_at(at(LONDON, start), Within.parse(within), LONDON, MONDAY_TO_FRIDAY, PLAYBOOK) == at(
        LONDON, reminder
    )
