"""Personal details that got out: the desk that is told, its 72 hours from awareness, and its two decisions."""

from dataclasses import replace

import pytest

from service.cases.playbook import SHIPPED
from tests.makers import at, changed, desks, entries, faults, fields, listed, people, press, put_right, report, route


@pytest.mark.parametrize(
    "facts",
    [{"personal_data": "yes"}, {"personal_data": "unsure"}, {"codes": ["personal_data"], "personal_data": None}],
)
def test_the_data_protection_desk_is_told_at_once(token, facts):
    staff, data = people(token, "staff data")
    case = report(staff, **facts)
    assert case["severity"] == "high"
    # It acknowledges like the digital unit.
    assert route(case, "data_protection")["acknowledge_by"] == "2026-11-20T10:00:00Z"
    assert listed(data, "?desk=data_protection") == [case["reference"]]
    assert data.get(at(case)).json()["data_protection"] == {
        "aware_at": "2026-11-20T09:00:00Z",
        "decide_by": "2026-11-23T09:00:00Z",
        "decisions": [],
    }
    assert route(press(data, case, "acknowledge"), "data_protection")["acknowledged_at"]


def test_without_personal_details_nobody_is_told(token):
    staff, data, digital = people(token, "staff data digital")
    case = report(staff)
    assert "data_protection" not in desks(case)
    assert data.get(at(case)).status_code == 404
    assert "data_protection" not in digital.get(at(case)).json()
    assert digital.post(f"{at(case)}/protection-decision", json={}).status_code == 403


def test_the_clock_runs_from_discovery(token, database):
    staff, data = people(token, "staff data")
    case = report(staff, personal_data="yes", post={"discovered_at": "2026-11-20T02:30:00+09:00"})
    seen = data.get(at(case)).json()["data_protection"]
    assert (seen["aware_at"], seen["decide_by"]) == ("2026-11-19T17:30:00Z", "2026-11-22T17:30:00Z")
    # Told later that it was found sooner.
    assert staff.patch(at(case), json={"post": {"discovered_at": "2026-11-19T21:00:00+09:00"}}).status_code == 200
    sooner = data.get(at(case)).json()["data_protection"]
    assert (sooner["aware_at"], sooner["decide_by"]) == ("2026-11-19T12:00:00Z", "2026-11-22T12:00:00Z")
    assert faults(database) == []


@pytest.mark.parametrize("how", ["later", "triage", "sent", "sent first"])
def test_found_later_the_desk_and_its_clock_follow(token, clock, database, how):
    staff, digital, data = people(token, "staff digital data")
    case = report(staff)
    clock.forward(hours=1)
    if how == "later":
        assert staff.patch(at(case), json={"personal_data": "unsure"}).status_code == 200
    elif how == "triage":
        press(digital, case, "triage", codes=["personal_data"])
    else:
        press(digital, case, "send", desk="data_protection", reason="There is a face in it.")
    if how == "sent first":
        press(data, case, "acknowledge")
        assert staff.patch(at(case), json={"personal_data": "yes"}).status_code == 200
    seen = data.get(at(case)).json()
    assert seen["data_protection"]["decide_by"] == "2026-11-23T09:00:00Z"
    assert [each["desk"] for each in seen["routes"]].count("data_protection") == 1
    assert faults(database) == []


def test_two_decisions_each_with_reasons(token, clock, database):
    staff, manager, digital, data = people(token, "staff manager digital data")
    case = report(staff, personal_data="yes")
    regulator = {"question": "regulator", "tell": True, "reason": "Names and addresses of visa applicants."}
    for who in (staff, manager, digital):
        assert who.post(f"{at(case)}/protection-decision", json=regulator).status_code == 403
    for wrong, field in (
        ({"question": "press"}, "question"),
        ({"tell": "yes"}, "tell"),
        ({"tell": None}, "tell"),
        ({"reason": ""}, "reason"),
    ):
        assert fields(data.post(f"{at(case)}/protection-decision", json=regulator | wrong)) == {field}, wrong
    clock.forward(hours=5)
    press(data, case, "protection-decision", **regulator)
    assert data.post(f"{at(case)}/protection-decision", json=regulator).status_code == 409
    press(data, case, "protection-decision", question="affected", tell=False, reason="Nobody could read it.")
    overturned = press(data, case, "protection-decision", question="affected", tell=True, reason="Somebody did.")
    assert [(each["question"], each["tell"], each["at"]) for each in overturned["data_protection"]["decisions"]] == [
        ("regulator", True, "2026-11-20T14:00:00Z"),
        ("affected", False, "2026-11-20T14:00:00Z"),
        ("affected", True, "2026-11-20T14:00:00Z"),
    ]
    assert digital.get(at(case)).json()["data_protection"] == overturned["data_protection"]
    last = changed(entries(data, case, "protection_decided")[-1])
    assert last["data_protection.affected.tell"] == (False, True)
    assert faults(database) == []


def test_decided_even_after_the_case_is_closed(token, database):
    staff, digital, data = people(token, "staff digital data")
    case = report(staff, personal_data="yes")
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    decided = press(data, case, "protection-decision", question="regulator", tell=False, reason="No risk to anybody.")
    assert decided["stage"] == "closed"
    assert faults(database) == []


def test_what_the_desk_may_do_and_see(token):
    staff, digital, data = people(token, "staff digital data")
    case = report(staff, personal_data="yes", narrative="A list of names was in the picture.")
    press(digital, case, "notes", text="Between us.", audience="digital_unit")
    press(staff, case, "messages", text="I am so sorry.")
    seen = data.get(at(case)).json()
    assert set(seen["may"]) == {"view", "acknowledge", "note", "protection_decision", "have_conflict"}
    assert seen["narrative"] == "A list of names was in the picture."
    assert not {"hr", "messages"} & set(seen)
    assert seen["notes"] == []
    press(data, case, "notes", text="We have seen it.", audience="digital_unit")
    assert [each["text"] for each in digital.get(at(case)).json()["notes"]] == ["Between us.", "We have seen it."]
    for deed in ("triage", "close", "advice", "send", "waive", "messages", "open"):
        assert data.post(f"{at(case)}/{deed}", json={}).status_code in (403, 404), deed
    assert data.patch(at(case), json={"narrative": "x"}).status_code == 403


def test_the_decision_on_the_page(token, sign_in):
    case = report(token("staff"), personal_data="yes")
    data = sign_in("data")
    here = f"/cases/{case['reference']}"
    assert data.get(here).status_code == 200
    refused = data.fill_in(f"{here}/protection-decision", {"question": "regulator", "reason": "Kept through this"})
    assert (refused.status_code, "Kept through this" in refused.text) == (422, True)
    told = {"question": "regulator", "tell": "true", "reason": "Names of applicants."}
    assert data.fill_in(f"{here}/protection-decision", told).status_code == 303
    assert "Names of applicants." in data.get(here).text
    assert data.fill_in(f"{here}/protection-decision", told).status_code == 409


class TestUnderAPlaybookThatNeverRoutesThere:
    """A department may leave it to the digital unit to send personal data on."""

    @pytest.fixture
    def settings(self, settings, tmp_path):
        text = SHIPPED.read_text(encoding="utf-8").replace('version = "2026', 'version = "by-hand-2026')
        before, routes, after = text.partition('[[routes]]\nname = "personal_data.code"')
        own = tmp_path / "playbook.toml"
        own.write_text(before + after[after.index("# Who holds a case when") :], encoding="utf-8")
        assert routes
        return replace(settings, playbook=str(own))

    def test_what_is_sent_there_by_hand_has_the_laws_72_hours(self, token):
        staff, digital = people(token, "staff digital")
        case = report(staff, personal_data="yes")
        assert "data_protection" not in desks(case)
        press(digital, case, "send", desk="data_protection", reason="Names of applicants.")
        seen = token("data").get(at(case)).json()["data_protection"]
        assert (seen["aware_at"], seen["decide_by"]) == ("2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z")
