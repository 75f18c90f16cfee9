"""How somebody wants to be told, when they work and who stands in for them: theirs to say, right at every hour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.people.preferences import next_digest
from tests.makers import report, route

DEFAULT = {
    "notify": "at_once",
    "digest_at": "08:00",
    "phone": None,
    "working_days": ["mon", "tue", "wed", "thu", "fri"],
    "deputy": None,
    "absences": [],
}
AWAY = {"from": "2026-11-20T08:00:00+00:00", "until": "2026-11-27T08:00:00+00:00"}


def test_what_is_not_said_has_its_default(token):
    assert token("staff").get("/api/preferences").json() == DEFAULT


def test_each_is_changed_by_itself_and_null_takes_the_default(token):
    staff = token("staff")
    for name, value, kept in (
        ("notify", "digest", "digest"),
        ("digest_at", "17:30", "17:30"),
        ("phone", "0044 7700 900-123", "+447700900123"),
        ("working_days", ["sun", "mon", "tue", "wed", "thu"], ["mon", "tue", "wed", "thu", "sun"]),
        ("deputy", "colleague@demo.example", "colleague@demo.example"),
    ):
        changed = staff.patch("/api/preferences", json={name: value})
        assert changed.status_code == 200, changed.text
        assert changed.json() == DEFAULT | {name: kept}
        assert staff.patch("/api/preferences", json={name: None}).json() == DEFAULT


def test_absences_are_replaced_and_send_cases_to_the_deputy(token, clock):
    manager = token("manager")
    told = manager.patch("/api/preferences", json={"deputy": "colleague@demo.example", "absences": [AWAY]})
    assert told.status_code == 200, told.text
    assert told.json()["absences"] == [{"from": "2026-11-20T08:00:00Z", "until": "2026-11-27T08:00:00Z"}]
    assert route(report(token("staff")), "line_manager")["person"] == "colleague@demo.example"
    assert manager.patch("/api/preferences", json={"absences": []}).json()["absences"] == []
    assert route(report(token("staff")), "line_manager")["person"] == "manager@demo.example"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"notify": "sometimes"}, "notify"),
        ({"digest_at": "24:00"}, "digest_at"),
        ({"digest_at": "noon"}, "digest_at"),
        ({"phone": "12"}, "phone"),
        ({"phone": "07700 900123"}, "phone"),
        ({"phone": "+44\x007700900123"}, "phone"),
        ({"working_days": []}, "working_days"),
        ({"working_days": ["monday"]}, "working_days.0"),
        ({"deputy": "nobody@demo.example"}, "deputy"),
        ({"deputy": "staff@demo.example"}, "deputy"),
        ({"absences": [AWAY, {"from": AWAY["until"], "until": AWAY["from"]}]}, "absences.1.until"),
        ({"absences": [{"from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}]}, "absences.0.until"),
        ({"absences": [{"from": "2026-11-20T08:00", "until": AWAY["until"]}]}, "absences.0.from"),
        ({"absences": [AWAY] * 51}, "absences"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(token, change, field):
    staff = token("staff")
    refused = staff.patch("/api/preferences", json={"notify": "off"} | change)
    assert refused.status_code == 422, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert staff.get("/api/preferences").json() == DEFAULT


def test_everybody_has_a_page_of_settings(sign_in, token):
    staff = sign_in("staff")
    page = staff.get("/settings").text
    assert "How we tell you" in page
    assert "AMENDS_" not in page
    saved = staff.fill_in("/settings/notifications", {"notify": "digest", "digest_at": "07:15", "phone": ""})
    assert saved.status_code == 303, saved.text
    assert staff.fill_in("/settings/working-week", {"working_days": ["sun", "mon"]}).status_code == 303
    assert staff.fill_in("/settings/deputy", {"deputy": "colleague@demo.example"}).status_code == 303
    absence = {"from": "2026-12-24T09:00", "until": "2027-01-02T09:00"}
    assert staff.fill_in("/settings/absences", absence).status_code == 303
    said = token("staff").get("/api/preferences").json()
    # Typed in Tokyo.
    away = [{"from": "2026-12-24T00:00:00Z", "until": "2027-01-02T00:00:00Z"}]
    assert said == DEFAULT | {
        "notify": "digest",
        "digest_at": "07:15",
        "working_days": ["mon", "sun"],
        "deputy": "colleague@demo.example",
        "absences": away,
    }
    gone = staff.fill_in("/settings/absences/remove", away[0])
    assert gone.status_code == 303, gone.text
    assert staff.fill_in("/settings/deputy", {"deputy": ""}).status_code == 303
    said = token("staff").get("/api/preferences").json()
    assert (said["absences"], said["deputy"]) == ([], None)


def test_a_form_that_is_wrong_keeps_what_was_typed(sign_in, token):
    staff = sign_in("staff")
    staff.get("/settings")
    typed = {"notify": "digest", "digest_at": "07:15", "phone": "07700 900123"}
    refused = staff.fill_in("/settings/notifications", typed)
    assert refused.status_code == 422
    assert "Enter the number with its country" in refused.text
    assert 'value="07700 900123"' in refused.text
    assert 'value="07:15"' in refused.text
    none = staff.fill_in("/settings/working-week", {})
    assert (none.status_code, "Choose at least one day" in none.text) == (422, True)
    assert token("staff").get("/api/preferences").json() == DEFAULT


@given(
    minutes=st.integers(0, 2 * 365 * 24 * 60),
    hour=st.integers(0, 23),
    zone=st.sampled_from(("Europe/London", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia")),
)
def test_a_digest_comes_once_a_day_at_its_hour_whatever_the_clocks_do(minutes, hour, zone):
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    told = f"{hour:02}:00"
    first = next_digest(zone, told, at)
    second = next_digest(zone, told, first)
    assert at < first <= at + timedelta(hours=25)
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in (first, second)]
    assert days[1] - days[0] == timedelta(days=1)
    there = first.astimezone(ZoneInfo(zone))
    left_out = there.replace(tzinfo=None) != there.replace(hour=hour, minute=0, tzinfo=None)
    assert not left_out or there.utcoffset() != (there - timedelta(days=1)).utcoffset()
