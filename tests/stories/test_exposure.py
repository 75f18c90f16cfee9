"""How far a post has gone: told by the reporter and the desk, kept with its moments, judged again, shown as it grew."""

import pytest

from tests.makers import OFFICIAL, PERSONAL, at, changed, entries, faults, fields, people, press, report, text_of

POSTED = {"posted_at": "2026-11-20T08:00:00Z", "url": "https://example.org/17"}


def test_each_fact_is_told_changed_and_cleared(token, clock, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, post=POSTED)
    assert case["exposure"] == {
        "minutes_live": 60,
        **dict.fromkeys(("reach", "copies", "media_interest", "still_visible", "updated_at")),
        **dict.fromkeys(("scheduled_paused", "scheduled_paused_at")),
    }
    clock.forward(minutes=5)
    told = {"still_visible": True, "reach": 1200, "media_interest": False, "copies": 3, "scheduled_paused": True}
    after = press(staff, case, "exposure", **told)["exposure"]
    assert {name: after[name] for name in told} == told
    assert (after["minutes_live"], after["updated_at"]) == (65, "2026-11-20T09:05:00Z")
    assert after["scheduled_paused_at"] == "2026-11-20T09:05:00Z"
    clock.forward(minutes=5)
    # The same again is no news, and moves nothing.
    assert press(digital, case, "exposure", **told)["exposure"]["updated_at"] == "2026-11-20T09:05:00Z"
    assert len(entries(staff, case, "exposure_changed")) == 1
    for name in told:
        cleared = press(digital, case, "exposure", **{name: None})["exposure"]
        assert (cleared[name], cleared["updated_at"]) == (None, "2026-11-20T09:10:00Z"), name
    assert len(entries(staff, case, "exposure_changed")) == 6
    assert changed(entries(staff, case, "exposure_changed")[0])["post.reach"] == (None, 1200)
    assert faults(database) == []


@pytest.mark.parametrize("name", ["reach", "copies"])
def test_numbers_are_whole_and_not_without_end(token, name):
    (staff,) = people(token, "staff")
    case = report(staff)
    for wrong in (-1, 10**12 + 1, 2**63, 10**40, 1.5, "7", "many", True, [7]):
        refused = staff.post(f"{at(case)}/exposure", json={name: wrong})
        assert (refused.status_code, fields(refused)) == (422, {name}), wrong
    assert press(staff, case, "exposure", **{name: 10**12})["exposure"][name] == 10**12
    assert press(staff, case, "exposure", **{name: 0})["exposure"][name] == 0


@pytest.mark.parametrize("name", ["still_visible", "media_interest", "scheduled_paused"])
def test_yes_and_no_are_that_and_nothing_else(token, name):
    (staff,) = people(token, "staff")
    case = report(staff)
    for wrong in (1, "yes", "", {}):
        refused = staff.post(f"{at(case)}/exposure", json={name: wrong})
        assert (refused.status_code, fields(refused)) == (422, {name}), wrong
    assert fields(staff.post(f"{at(case)}/exposure", json={"shares": 1})) == {"shares"}


def test_who_may_tell_it(token):
    staff, manager, digital, auditor = people(token, "staff manager digital auditor")
    case = report(staff, post=POSTED)
    for who in (staff, digital):
        assert press(who, case, "exposure", reach=7)["exposure"]["reach"] == 7
    for who in (manager, auditor):
        assert who.post(f"{at(case)}/exposure", json={"reach": 8}).status_code == 403
    assert manager.get(at(case)).json()["exposure"]["reach"] == 7
    assert "exposure" not in auditor.get(at(case)).json()
    assert token("outsider").post(f"{at(case)}/exposure", json={"reach": 8}).status_code == 404


def test_minutes_run_from_posting_until_it_went(token, clock, database):
    staff, digital = people(token, "staff digital")
    unknown = report(staff)
    assert unknown["exposure"]["minutes_live"] is None
    case = report(staff, post=POSTED)

    def live() -> int:
        return staff.get(at(case)).json()["exposure"]["minutes_live"]

    clock.forward(minutes=10)
    assert live() == 70
    press(digital, case, "exposure", still_visible=False)
    clock.forward(minutes=10)
    assert live() == 70
    assert staff.get(at(case)).json()["live"]["until"] == "2026-11-20T09:10:00Z"
    press(staff, case, "exposure", still_visible=True)
    assert live() == 80
    clock.forward(minutes=1)
    press(staff, case, "steps/delete/take", taken_at="2026-11-20T09:15:00Z")
    assert faults(database) == []
    clock.forward(minutes=30)
    after = staff.get(at(case)).json()["exposure"]
    assert (after["minutes_live"], after["still_visible"]) == (75, False)
    # Somebody sees it again: the later word counts.
    press(digital, case, "exposure", still_visible=True)
    assert live() == 111
    assert faults(database) == []


def test_journalists_make_it_more_severe(token, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, account=PERSONAL, codes=["wrong_account"])
    assert case["severity"] == "low"
    assert press(staff, case, "exposure", media_interest=True)["severity"] == "high"
    assert press(digital, case, "exposure", media_interest=None)["severity"] == "low"
    assert [changed(each)["severity"] for each in entries(staff, case, "judged_again")] == [
        ("low", "high"),
        ("high", "low"),
    ]
    assert faults(database) == []


def test_numbers_stay_open_on_a_guarded_case(token, database):
    (staff,) = people(token, "staff")
    case = report(staff, safety_risk="yes")
    assert fields(staff.patch(at(case), json={"post": {"audience": "Everybody"}})) == {"post.audience"}
    told = {"still_visible": True, "reach": 40, "media_interest": True, "copies": 1, "scheduled_paused": True}
    after = press(staff, case, "exposure", **told)
    assert {name: after["exposure"][name] for name in told} == told
    assert faults(database) == []


def test_the_page_asks_to_pause_what_is_scheduled(token, sign_in, clock):
    staff, digital = people(token, "staff digital")
    private = report(staff, account=PERSONAL)
    case = report(staff, account=OFFICIAL)
    using, desk = sign_in("staff"), sign_in("digital")
    assert "Pause scheduled posts" not in using.get(f"/cases/{private['reference']}").text
    assert "Pause scheduled posts on this account" in using.get(f"/cases/{case['reference']}").text
    assert "Check that scheduled posts on this account are paused" in desk.get(f"/cases/{case['reference']}").text
    clock.forward(minutes=3)
    assert using.fill_in(f"/cases/{case['reference']}/exposure", {"scheduled_paused": "true"}).status_code == 303
    page = using.get(f"/cases/{case['reference']}").text
    assert "Pause scheduled posts on this account" not in page
    assert "Scheduled posts are paused" in page
    assert "They are paused" not in desk.get(f"/cases/{case['reference']}").text
    assert staff.get(at(case)).json()["exposure"]["scheduled_paused_at"] == "2026-11-20T09:03:00Z"
    inside = text_of(digital.get(f"{at(case)}/summary.pdf?audience=digital_unit").content)
    assert "Scheduled posts are paused" in inside
    assert "told at 18:03" in inside


def test_the_page_tells_how_it_grew(token, sign_in, clock):
    staff, _ = people(token, "staff digital")
    case = report(staff, post=POSTED)
    using, where = sign_in("digital"), f"/cases/{case['reference']}"
    using.get(where)
    clock.forward(minutes=5)
    assert using.fill_in(f"{where}/exposure", {"reach": "1,200", "copies": "3"}).status_code == 303
    clock.forward(minutes=9)
    assert using.fill_in(f"{where}/exposure", {"reach": "5000", "still_visible": "false"}).status_code == 303
    page = using.get(where).text
    assert "1,200 people saw it, 3 copies seen elsewhere" in page
    assert page.index("5,000 people saw it") < page.index("1,200 people saw it")
    assert "It was up for 1 hour 14 minutes." in page
    wrong = using.fill_in(f"{where}/exposure", {"reach": "lots", "copies": "4"})
    assert wrong.status_code == 422
    assert 'href="#exposure-reach"' in wrong.text
    assert 'value="lots"' in wrong.text
    assert 'value="4"' in wrong.text


def test_the_queue_counts_as_the_case_does(token, clock):
    staff, digital = people(token, "staff digital")
    case = report(staff, post=POSTED)

    def live_until():
        return digital.get("/api/cases?desk=digital_unit").json()["items"][0]["live_until"]

    assert live_until() is None
    clock.forward(minutes=5)
    press(digital, case, "exposure", still_visible=False)
    assert live_until() == "2026-11-20T09:05:00Z"
    clock.forward(minutes=5)
    press(staff, case, "steps/delete/take")
    assert live_until() == "2026-11-20T09:10:00Z"
    clock.forward(minutes=5)
    press(digital, case, "exposure", still_visible=True)
    assert live_until() is None
