"""Triage and what follows from it, notes and messages, what closing asks for, and what comes after it."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.makers import (
    PERSONAL,
    at,
    changed,
    entries,
    faults,
    fields,
    listed,
    people,
    press,
    put_right,
    report,
    states,
)


def test_triage_confirms_the_codes_once(token, database):
    staff, manager, digital, digital2 = people(token, "staff manager digital digital2")
    case = report(staff, codes=["wrong_account"])
    assert digital.get(at(case)).json()["hr"]["suggested"] is False
    for who in (staff, manager):
        assert who.post(f"{at(case)}/triage", json={}).status_code == 403
    assert fields(digital.post(f"{at(case)}/triage", json={"codes": ["rude"]})) == {"codes.0"}
    triaged = press(
        digital,
        case,
        "triage",
        codes=["disrepute"],
        assigned_to="digital2@demo.example",
        note="Looks worse than it is.",
    )
    assert (triaged["stage"], triaged["codes"], triaged["severity"]) == ("in_hand", ["disrepute"], "high")
    assert (triaged["hr"]["suggested"], triaged["hr"]["because"]) == (True, ["disrepute"])
    assert triaged["assigned_to"] == "digital2@demo.example"
    assert listed(digital2, "?assigned=me") == [case["reference"]]
    assert digital.post(f"{at(case)}/triage", json={}).status_code == 409
    assert changed(entries(staff, case, "triaged")[0])["codes"] == (["wrong_account"], ["disrepute"])
    assert "Looks worse" not in staff.get(at(case)).text + staff.get(f"{at(case)}/timeline").text
    assert faults(database) == []


def test_what_triage_confirmed_is_not_the_reporters_to_change(token):
    staff, digital = people(token, "staff digital")
    case = report(staff, codes=["wrong_account"], facts_wrong="yes")
    press(digital, case, "triage", codes=["wrong_account", "factual_error"])
    for body in ({"codes": []}, {"codes": ["copyright"]}, {"facts_wrong": "no"}):
        assert staff.patch(at(case), json=body).status_code == 409, body
    # A wrong value is told before that.
    future = {"codes": [], "post": {"posted_at": "2027-01-01T00:00:00Z"}}
    assert fields(staff.patch(at(case), json=future)) == {"post.posted_at"}
    # The page sends the whole form: what stays as it was is no change.
    same = staff.patch(at(case), json={"codes": ["factual_error", "wrong_account"], "narrative": "Two phones."})
    assert (same.status_code, same.json()["narrative"]) == (200, "Two phones.")
    # More harm than was known is always heard.
    assert staff.patch(at(case), json={"personal_data": "yes"}).json()["severity"] == "high"
    assert digital.patch(at(case), json={"codes": ["other"]}).json()["codes"] == ["other"]


def test_notes_are_read_by_their_audience(token, database):
    staff, manager, digital, digital2, media = people(token, "staff manager digital digital2 media")
    case = report(staff)
    press(digital, case, "send", desk="media_office", reason="Press interest.")
    for audience in ("reporter", "line_manager", "digital_unit", "hr"):
        press(digital, case, "notes", text=f"For {audience}.", audience=audience)
    press(manager, case, "notes", text="From the manager.", audience="digital_unit")
    read = {
        staff: {"For reporter."},
        manager: {"For reporter.", "For line_manager.", "From the manager."},
        digital: {"For reporter.", "For line_manager.", "For digital_unit.", "For hr.", "From the manager."},
        digital2: {"For reporter.", "For line_manager.", "For digital_unit.", "From the manager."},
        media: {"For reporter."},
    }
    for who, notes in read.items():
        assert {each["text"] for each in who.get(at(case)).json()["notes"]} == notes
        on_timeline = [changed(entry) for entry in entries(who, case) if entry["kind"].startswith("note_")]
        assert {after for one in on_timeline for _, after in one.values()} == notes
    for who, audience in ((manager, "hr"), (media, "reporter"), (media, "hr")):
        refused = who.post(f"{at(case)}/notes", json={"text": "x", "audience": audience})
        assert (refused.status_code, fields(refused)) == (422, {"audience"})
    assert staff.post(f"{at(case)}/notes", json={"text": "x", "audience": "digital_unit"}).status_code == 403
    assert faults(database) == []


def test_messages_go_between_the_reporter_and_the_desk(token):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff)
    press(staff, case, "messages", text="Somebody copied it.")
    said = press(digital, case, "messages", text="Thank you, we have seen it.")["messages"]
    assert [(each["text"], each["from_reporter"]) for each in said] == [
        ("Somebody copied it.", True),
        ("Thank you, we have seen it.", False),
    ]
    assert "messages" not in manager.get(at(case)).json()
    assert "copied it" not in manager.get(f"{at(case)}/timeline").text
    assert manager.post(f"{at(case)}/messages", json={"text": "x"}).status_code == 403
    assert staff.post(f"{at(case)}/advice", json={"text": "x"}).status_code == 403
    advised = press(digital, case, "advice", text="Use two devices.")["advice"]
    assert (advised[0]["text"], advised[0]["desk"]) == ("Use two devices.", "digital_unit")
    # The id is for naming what to purge: the others read the same without it.
    read = [{name: said for name, said in each.items() if name != "id"} for each in advised]
    assert manager.get(at(case)).json()["advice"] == staff.get(at(case)).json()["advice"] == read


def test_every_condition_of_closing_is_named_at_once(token, database):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff, codes=["disrepute"], facts_wrong="unsure")
    refused = digital.post(f"{at(case)}/close", json={"resolution": "referred"})
    assert refused.status_code == 409
    every = {"stage", "steps.delete", "steps.apologise", "steps.correct", "advice", "referral_decision", "resolution"}
    assert fields(refused) == every
    assert all(error["message"] for error in refused.json()["errors"])
    for who in (staff, manager):
        assert who.post(f"{at(case)}/close", json={"resolution": "advice_given"}).status_code == 403
    assert fields(digital.post(f"{at(case)}/close", json={})) == {"resolution"}
    put_right(staff, digital, case)
    assert fields(digital.post(f"{at(case)}/close", json={"resolution": "advice_given"})) == {
        "steps.correct",
        "referral_decision",
    }
    press(digital, case, "steps/correct/waive", reason="The facts were right.")
    press(digital, case, "referral-decision", refer=False, reason="An honest slip.")
    assert fields(digital.post(f"{at(case)}/close", json={"resolution": "referred"})) == {"resolution"}
    closed = press(digital, case, "close", resolution="training_agreed", note="Half a day in May.")
    assert (closed["stage"], closed["resolution"], closed["closed_at"]) == (
        "closed",
        "training_agreed",
        "2026-11-20T09:00:00Z",
    )
    assert digital.post(f"{at(case)}/close", json={"resolution": "training_agreed"}).status_code == 409
    assert staff.get(at(case)).json()["resolution"] == "training_agreed"
    assert faults(database) == []


@pytest.mark.parametrize("who", ["staff", "digital"])
def test_a_closed_case_takes_no_more_deeds(token, who):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    doer = token(who)
    before = doer.get(at(case)).json()
    assert doer.patch(at(case), json={"media_interest": True}).status_code == 409
    assert doer.post(f"{at(case)}/exposure", json={"media_interest": True}).status_code == 409
    tried = {
        "staff": ("steps/delete/take", "withdraw"),
        "digital": ("assign", "send", "advice", "steps/delete/verify", "steps/delete/waive", "triage", "acknowledge"),
    }
    body = {"withdraw": {"reason": "x"}, "assign": {"person": "digital2@demo.example"}, "advice": {"text": "x"}}
    body |= {"send": {"desk": "media_office", "reason": "x"}, "steps/delete/waive": {"reason": "x"}}
    for deed in tried[who]:
        assert doer.post(f"{at(case)}/{deed}", json=body.get(deed, {})).status_code == 409, deed
    assert doer.get(at(case)).json() == before
    assert not {"take_step", "change_facts", "triage", "close", "send"} & set(before["may"])


def test_which_case_it_repeats_is_not_told_to_whoever_does_not_see_that_case(token, sign_in, database):
    staff, colleague, manager, digital, media, hr = people(token, "staff colleague manager digital media hr")
    first, second = report(staff), report(colleague)
    for desk in ("media_office", "hr"):
        press(digital, second, "send", desk=desk, reason="Look at this.")
    put_right(colleague, digital, second)
    press(digital, second, "close", resolution="duplicate", duplicate_of=first["reference"], note="Two reports of one.")
    for who, name in ((colleague, "colleague"), (manager, "manager"), (media, "media")):
        seen = who.get(at(second))
        assert "resolution" not in seen.json()
        told = [
            seen.text,
            who.get(f"{at(second)}/timeline").text,
            sign_in(name).get(f"/cases/{second['reference']}").text,
        ]
        assert not any(first["reference"] in each for each in told), name
        assert "Two reports of one." not in told[1]
    for who, name in ((digital, "digital"), (hr, "hr")):
        assert who.get(at(second)).json()["duplicate_of"] == first["reference"], name
        assert first["reference"] in who.get(f"{at(second)}/timeline").text
        assert first["reference"] in sign_in(name).get(f"/cases/{second['reference']}").text
    paper = PdfReader(BytesIO(colleague.get(f"{at(second)}/summary.pdf").content))
    inside = "".join(page.extract_text() for page in paper.pages) + str(paper.attachments)
    assert second["reference"] in inside
    assert first["reference"] not in inside
    assert press(digital, second, "reopen", reason="Two posts after all.")["duplicate_of"] is None
    assert faults(database) == []


def test_a_duplicate_says_of_which_case(token, database):
    staff, colleague, digital, services = people(token, "staff colleague digital services")
    first, second = report(staff), report(colleague)
    unseen = report(services, account=PERSONAL)
    put_right(colleague, digital, second)
    bare = digital.post(f"{at(second)}/close", json={"resolution": "duplicate"})
    assert bare.status_code in (409, 422)
    assert fields(bare) == {"duplicate_of"}
    for wrong in ("SM-2026-000000", unseen["reference"], second["reference"], "x"):
        refused = digital.post(f"{at(second)}/close", json={"resolution": "duplicate", "duplicate_of": wrong})
        assert (refused.status_code, fields(refused)) == (422, {"duplicate_of"}), wrong
    other = {"resolution": "unfounded", "duplicate_of": first["reference"]}
    assert fields(digital.post(f"{at(second)}/close", json=other)) == {"duplicate_of"}
    closed = press(digital, second, "close", resolution="duplicate", duplicate_of=first["reference"])
    assert (closed["resolution"], closed["duplicate_of"]) == ("duplicate", first["reference"])
    assert colleague.get(at(first)).status_code == 404
    assert press(digital, second, "reopen", reason="Two posts after all.")["duplicate_of"] is None
    assert faults(database) == []


def test_reopened_with_a_reason(token, database):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    put_right(staff, digital, case)
    assert digital.post(f"{at(case)}/reopen", json={"reason": "x"}).status_code == 409
    press(digital, case, "close", resolution="unfounded")
    assert listed(digital, "?stage=closed") == [case["reference"]]
    assert staff.post(f"{at(case)}/reopen", json={"reason": "x"}).status_code == 403
    assert fields(digital.post(f"{at(case)}/reopen", json={})) == {"reason"}
    again = press(digital, case, "reopen", reason="It is up again.")
    assert (again["stage"], again["resolution"], again["closed_at"]) == ("in_hand", None, None)
    assert changed(entries(staff, case, "reopened")[0])["reason"] == (None, "It is up again.")
    assert digital.post(f"{at(case)}/triage", json={}).status_code == 409
    assert press(digital, case, "close", resolution="no_further_action")["stage"] == "closed"
    assert faults(database) == []


def test_a_wish_to_withdraw_never_closes_by_itself(token, database):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff)
    for who in (manager, digital):
        assert who.post(f"{at(case)}/withdraw", json={"reason": "x"}).status_code == 403
    asked = press(staff, case, "withdraw", reason="It was the right account after all.")
    assert (asked["stage"], states(asked)["delete"]) == ("reported", "due")
    assert asked["withdrawal_asked_at"]
    assert staff.post(f"{at(case)}/withdraw", json={"reason": "Again"}).status_code == 409
    assert "steps.delete" in fields(digital.post(f"{at(case)}/close", json={"resolution": "withdrawn"}))
    press(digital, case, "triage")
    for kind in ("delete", "apologise"):
        press(digital, case, f"steps/{kind}/waive", reason="Nothing was wrong.")
    press(digital, case, "advice", text="Better once too often than not at all.")
    assert press(digital, case, "close", resolution="withdrawn")["resolution"] == "withdrawn"
    assert faults(database) == []
