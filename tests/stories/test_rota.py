"""A desk says who is on duty; its lead changes that, and gaps are told in words."""

import pytest

OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "17:00", "zone": "Europe/London"}
DIGITAL = {"person": "digital@demo.example", **OFFICE}
NIGHTS = {
    "person": "digital2@demo.example",
    "days": ["mon", "tue", "wed", "thu"],
    "starts": "17:00",
    "ends": "09:00",
    "zone": "Europe/London",
}
ROTA = {"desk": "digital_unit", "shifts": [DIGITAL, NIGHTS]}


def test_the_lead_puts_a_rota_and_the_desk_reads_it(token, clock):
    put = token("digital").put("/api/rota", json=ROTA)
    assert put.status_code == 200, put.text
    assert put.json() == {
        "desk": "digital_unit",
        "shifts": [DIGITAL, NIGHTS],
        "on_duty": ["digital@demo.example"],
        # A gap is accepted, and shown.
        "gaps": [
            {"from": "2026-11-20T17:00:00Z", "until": "2026-11-23T09:00:00Z"},
            {"from": "2026-11-27T17:00:00Z", "until": "2026-11-30T09:00:00Z"},
        ],
    }
    read = token("digital2").get("/api/rota?desk=digital_unit")
    assert read.json() == put.json()
    assert token("digital2").get("/api/rota").json() == put.json()
    clock.forward(hours=12)
    assert token("digital2").get("/api/rota").json()["on_duty"] == []


def test_the_whole_rota_is_replaced(token):
    digital = token("digital")
    assert digital.put("/api/rota", json=ROTA).status_code == 200
    assert digital.put("/api/rota", json=ROTA | {"shifts": [NIGHTS]}).json()["shifts"] == [NIGHTS]
    assert digital.put("/api/rota", json=ROTA | {"shifts": []}).json()["shifts"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"person": "staff@demo.example"}, "person"),
        ({"person": "nobody@demo.example"}, "person"),
        ({"starts": "25:00"}, "starts"),
        ({"starts": "9"}, "starts"),
        ({"ends": "17:60"}, "ends"),
        ({"ends": "١٧:٠٠"}, "ends"),
        ({"days": []}, "days"),
        ({"days": ["someday"]}, "days.0"),
        ({"zone": "Europe/London\x00"}, "zone"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(token, change, field):
    refused = token("digital").put("/api/rota", json=ROTA | {"shifts": [DIGITAL, NIGHTS, DIGITAL | change]})
    assert refused.status_code == 422, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [f"shifts.2.{field}"]
    assert token("digital").get("/api/rota").json()["shifts"] == []


def test_who_may_read_and_who_may_change(token):
    assert token("admin").put("/api/rota", json=ROTA).status_code == 200
    assert token("admin").get("/api/rota?desk=hr").status_code == 200
    assert token("digital2").put("/api/rota", json=ROTA).status_code == 403
    assert token("hr").put("/api/rota", json=ROTA).status_code == 403
    assert token("hr").get("/api/rota?desk=digital_unit").status_code == 403
    assert token("staff").get("/api/rota").status_code == 403
    assert token("digital", scopes="read").put("/api/rota", json=ROTA).status_code == 403
    unknown = token("digital").get("/api/rota?desk=nowhere")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "desk")
    assert token("digital").get("/api/rota?desk=line_manager").status_code == 422


def test_on_the_page_gaps_are_told_in_words(sign_in):
    lead = sign_in("digital")
    empty = lead.get("/rota").text
    assert "There is no rota yet." in empty
    added = lead.fill_in("/rota", {"desk": "digital_unit", **DIGITAL})
    assert added.status_code == 303, added.text
    shown = lead.get("/rota").text
    assert "is on duty." in shown
    assert "Nobody is on duty from 17:00 on Friday 20 November to 09:00 on Monday 23 November." in shown
    assert "leads are told instead" in shown
    member = sign_in("digital2").get("/rota").text
    assert "Nobody is on duty from 17:00 on Friday 20 November to 09:00 on Monday 23 November." in member
    assert "Add a shift" not in member
    # A gap within one day names the day once.
    for starts, ends in (("08:00", "12:00"), ("14:00", "18:00")):
        lead.fill_in("/rota", {"desk": "digital_unit", **DIGITAL, "days": ["sat"], "starts": starts, "ends": ends})
    assert "Nobody is on duty from 12:00 to 14:00 on Saturday 21 November." in lead.get("/rota").text


def test_the_page_names_the_day_on_which_the_clocks_are_changed(sign_in, clock):
    clock.at("2027-03-19T12:00+00:00")
    lead = sign_in("digital")
    lead.get("/rota")
    lead.fill_in("/rota", {"desk": "digital_unit", **DIGITAL})
    shown = lead.get("/rota").text
    assert "from 17:00 on Friday 26 March to 09:00 on Monday 29 March." in shown
    assert "The clocks in London go forward on Sunday 28 March. The times above allow for it." in shown


def test_a_shift_that_is_wrong_keeps_what_was_typed(sign_in):
    lead = sign_in("digital")
    lead.get("/rota")
    refused = lead.fill_in("/rota", {"desk": "digital_unit", **DIGITAL, "zone": "Europe/Atlantis", "starts": "09:45"})
    assert refused.status_code == 422
    assert "not a time zone" in refused.text
    assert 'value="Europe/Atlantis"' in refused.text
    assert 'value="09:45"' in refused.text
    assert "There is no rota yet." in refused.text


def test_a_shift_is_taken_off(sign_in, token):
    lead = sign_in("digital")
    assert token("digital").put("/api/rota", json=ROTA).status_code == 200
    page = lead.get("/rota").text
    shift = page.split('name="shift" value="')[1].split('"')[0]
    assert lead.fill_in("/rota/remove", {"desk": "digital_unit", "shift": shift}).status_code == 303
    assert token("digital").get("/api/rota").json()["shifts"] == [NIGHTS]
    assert lead.fill_in("/rota/remove", {"desk": "digital_unit", "shift": shift}).status_code == 303
    assert sign_in("digital2").fill_in("/rota/remove", {"desk": "digital_unit", "shift": shift}).status_code == 403


def test_the_rota_is_not_for_those_without_a_desk(sign_in):
    assert sign_in("staff").get("/rota").status_code == 403
    assert sign_in("admin").get("/rota?desk=hr").status_code == 200
    assert sign_in("hr").get("/rota?desk=digital_unit").status_code == 403
