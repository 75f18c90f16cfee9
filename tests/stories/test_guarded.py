"""Guarded cases: no content gets in, what got in before is destroyed, and nobody is left without a next step."""

import time

import pytest

from tests.makers import (
    APOLOGY,
    NO_DANGER,
    at,
    changed,
    entries,
    everything_kept,
    faults,
    fields,
    people,
    picture,
    press,
    report,
    states,
    step,
    upload,
)

SECRET = "Kestrel-Marmalade"
CONTENT = {
    "post.url": {"post": {"url": f"https://example.org/{SECRET}"}},
    "post.text": {"post": {"text": SECRET}},
    "post.audience": {"post": {"audience": SECRET}},
    "guidance.from": {"guidance": {"sought": True, "from": SECRET}},
    "narrative": {"narrative": SECRET},
}
CLOSED = {
    "post": {"url": f"https://example.org/{SECRET}", "text": SECRET, "audience": SECRET},
    "guidance": {"from": SECRET},
    "narrative": SECRET,
}
MISTAKE = {"kind": "mistake", "account": {"type": "official", "platform": "X", "handle": "@EmbassyTokyo"}}


@pytest.mark.parametrize("answer", ["yes", "unsure"])
@pytest.mark.parametrize("question", ["safety_risk", "possibly_classified"])
def test_a_yes_or_an_unsure_guards_the_case(token, question, answer):
    staff, digital = people(token, "staff digital")
    case = report(staff, **{question: answer}, facts_wrong="yes")
    assert (case["guarded"], case["severity"]) == (True, "critical")
    assert states(case) | {"inform_manager": "", "inform_digital_unit": ""} == {
        "delete": "due",
        "apologise": "held",
        "correct": "held",
        "inform_manager": "",
        "inform_digital_unit": "",
    }
    assert step(case, "apologise")["due_at"] is None
    assert set(CONTENT) <= set(case["closed_fields"])
    assert (case["account"]["platform"], case["account"]["handle"]) == ("X", "@EmbassyTokyo")
    assert digital.get(at(case)).json()["guarded"] is True


@pytest.mark.parametrize("answer", ["yes", "unsure"])
def test_personal_details_alone_do_not_guard(token, answer):
    case = report(token("staff"), personal_data=answer)
    assert (case["guarded"], case["severity"], case["closed_fields"]) == (False, "high", [])
    assert step(case, "apologise")["state"] == "due"


@pytest.mark.parametrize("code", ["classified_or_privileged", "personal_safety", "terrorism_or_espionage_risk"])
def test_so_do_the_codes_that_say_the_same(token, code):
    assert report(token("staff"), codes=[code])["guarded"] is True


@pytest.mark.parametrize("codes", [["classified_or_privileged"], []])
def test_content_sent_with_the_report_is_refused_by_field_and_kept_nowhere(token, database, codes):
    staff = token("staff")
    body = MISTAKE | CLOSED | {"codes": codes, "safety_risk": "no" if codes else "yes"}
    refused = staff.post("/api/cases", json=body)
    assert (refused.status_code, fields(refused)) == (422, set(CONTENT))
    assert SECRET not in refused.text
    assert SECRET not in everything_kept(database)
    assert staff.get("/api/cases").json()["items"] == []


def test_content_sent_later_is_refused_wherever_it_is_put(token, database):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff, safety_risk="unsure")
    for field, body in CONTENT.items():
        refused = staff.patch(at(case), json=body)
        assert (refused.status_code, fields(refused)) == (422, {field}), field
        assert digital.patch(at(case), json=body).status_code == 422
    for deed, body, field in (
        ("messages", {"text": SECRET}, "text"),
        ("withdraw", {"reason": SECRET}, "reason"),
        ("steps/delete/take", {"note": SECRET}, "note"),
        ("steps/delete/take", {"link": f"https://example.org/{SECRET}"}, "link"),
        ("steps/delete/cannot", {"reason": SECRET}, "reason"),
    ):
        refused = staff.post(f"{at(case)}/{deed}", json=body)
        assert (refused.status_code, fields(refused)) == (422, {field}), deed
    assert manager.post(f"{at(case)}/notes", json={"text": SECRET, "audience": "digital_unit"}).status_code == 422
    assert upload(staff, case, picture()).status_code == 422
    assert upload(digital, case, picture(), description=SECRET).status_code == 422
    held = staff.post(f"{at(case)}/steps/apologise/take", json={"public_text": f"{APOLOGY} {SECRET}"})
    assert held.status_code in (409, 422)
    assert SECRET not in everything_kept(database)
    assert staff.get(at(case)).json()["version"] == case["version"]

    named = staff.patch(at(case), json={"account": {"platform": "Threads", "handle": "@Other"}})
    assert (named.status_code, named.json()["account"]["handle"]) == (200, "@Other")
    assert staff.post(f"{at(case)}/steps/delete/cannot", json={"reason": "lost_access"}).status_code == 200
    assert staff.post(f"{at(case)}/steps/delete/take", json={}).status_code == 200


@pytest.mark.parametrize(
    "raised", [{"safety_risk": "yes"}, {"possibly_classified": "unsure"}, {"codes": ["personal_safety"]}]
)
def test_content_in_the_body_that_raises_the_flag_is_refused_too(token, database, raised):
    staff = token("staff")
    case = report(staff)
    for field, body in CONTENT.items():
        refused = staff.patch(at(case), json=body | raised)
        assert (refused.status_code, fields(refused)) == (422, {field})
    assert staff.get(at(case)).json()["guarded"] is False
    assert SECRET not in everything_kept(database)
    assert staff.patch(at(case), json=raised).json()["guarded"] is True


def test_withdrawn_and_decided_by_fixed_reasons_while_words_are_closed(token, sign_in, database):
    staff, digital, data = people(token, "staff digital data")
    case = report(staff, safety_risk="yes", personal_data="yes")
    decision = {"question": "regulator", "tell": True}
    mine = {"person": "data@demo.example"}
    tried = ((staff, "withdraw", {}), (data, "protection-decision", decision), (data, "conflict", mine))
    for who, deed, body in tried:
        for typed in (SECRET, "never_published risk_possible", "risk_possible" if who is staff else "never_published"):
            refused = who.post(f"{at(case)}/{deed}", json=body | {"reason": typed})
            assert (refused.status_code, fields(refused)) == (422, {"reason"}), typed
            assert SECRET not in refused.text
            assert "Choose one of" in refused.json()["detail"]
    decided = press(data, case, "protection-decision", **decision, reason="risk_possible")
    assert decided["data_protection"]["decisions"][0]["reason"] == "There may be a risk to the people in it."
    asked = press(staff, case, "withdraw", reason="never_published")
    assert asked["withdrawal_asked_at"]
    told = changed(entries(digital, case, "withdrawal_asked")[0])
    assert told["withdrawal_reason"] == (None, "It was never published.")
    assert SECRET not in everything_kept(database)
    # On the page the same reasons are offered, and nothing can be typed.
    reporter, officer = sign_in("staff"), sign_in("data")
    again = report(staff, safety_risk="yes", personal_data="yes")
    here = f"/cases/{again['reference']}"
    assert 'type="radio" value="never_published"' in reporter.get(here).text
    assert reporter.fill_in(f"{here}/withdraw", {"reason": SECRET}).status_code == 422
    assert reporter.fill_in(f"{here}/withdraw", {"reason": "never_published"}).status_code == 303
    page = officer.get(here).text
    assert 'type="radio" value="risk_possible"' in page
    assert 'name="reason" rows' not in page
    chosen = {"question": "affected", "tell": "true", "reason": "high_risk"}
    assert officer.fill_in(f"{here}/protection-decision", chosen).status_code == 303
    # Once it is open, words may be typed.
    press(digital, again, "open", reason="The security team has seen it.")
    assert 'value="high_risk"' not in officer.get(here).text
    press(data, again, "protection-decision", question="regulator", tell=False, reason="Nobody could read it.")
    assert faults(database) == []


def test_a_held_step_is_released_and_its_minutes_run_from_then(token, clock):
    staff, digital = people(token, "staff digital")
    case = report(staff, safety_risk="yes", facts_wrong="yes")
    assert staff.post(f"{at(case)}/steps/apologise/release", json={}).status_code == 403
    assert staff.post(f"{at(case)}/steps/apologise/take", json={}).status_code == 409
    clock.forward(hours=3)
    assert step(staff.get(at(case)).json(), "apologise")["state"] == "held"
    released = press(digital, case, "steps/apologise/release")
    assert step(released, "apologise")["due_at"] == "2026-11-20T13:00:00Z"
    assert step(released, "correct")["state"] == "held"
    assert digital.post(f"{at(case)}/steps/apologise/release", json={}).status_code == 409
    assert digital.post(f"{at(case)}/steps/delete/release", json={}).status_code == 409
    clock.forward(minutes=61)
    assert step(staff.get(at(case)).json(), "apologise")["state"] == "overdue"
    # Once it is released the words themselves can be told; a link to them cannot, before the desk opens the fields.
    link = {"public_text": APOLOGY, "link": "https://example.org/1"}
    assert fields(staff.post(f"{at(case)}/steps/apologise/take", json=link)) == {"link"}
    assert step(press(staff, case, "steps/apologise/take", public_text=APOLOGY), "apologise")["state"] == "taken"
    # Another fact changes nothing about what was released.
    assert step(press(digital, case, "steps/correct/release"), "correct")["state"] == "due"
    assert step(staff.patch(at(case), json={"media_interest": True}).json(), "correct")["state"] == "due"


def test_a_correction_on_hold_is_not_needed_once_the_facts_were_right(token):
    staff, digital = people(token, "staff digital")
    case = report(staff, safety_risk="yes", facts_wrong="yes")
    triaged = press(digital, case, "triage", facts_wrong="no")
    assert step(triaged, "correct")["state"] == "not_needed"
    assert step(triaged, "correct")["reason"]
    assert step(triaged, "apologise")["state"] == "held"


def test_a_later_no_does_not_lower_the_guard(token):
    staff, digital = people(token, "staff digital")
    case = report(staff, safety_risk="unsure")
    later = staff.patch(at(case), json={"safety_risk": "no"}).json()
    assert later["guarded"] is True
    assert step(later, "apologise")["state"] == "held"
    assert staff.patch(at(case), json={"narrative": SECRET}).status_code == 422
    assert staff.post(f"{at(case)}/open", json={"reason": "It is nothing."}).status_code == 403
    assert digital.get(at(case)).json()["closed_fields"]


def test_the_desk_opens_the_fields_with_its_reason(token):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff, safety_risk="unsure")
    assert manager.post(f"{at(case)}/open", json={"reason": "x"}).status_code == 403
    assert fields(digital.post(f"{at(case)}/open", json={})) == {"reason"}
    opened = press(digital, case, "open", reason="The security team has seen it.")
    assert opened["closed_fields"] == []
    assert staff.get(at(case)).json()["opened"]["reason"] == "The security team has seen it."
    assert digital.post(f"{at(case)}/open", json={"reason": "Again"}).status_code == 409
    told = staff.patch(at(case), json=CLOSED)
    assert (told.status_code, told.json()["guarded"]) == (200, True), told.text
    assert staff.patch(at(case), json={"facts_wrong": "yes", "narrative": "The date was wrong."}).status_code == 200
    assert upload(staff, case, picture()).status_code == 201
    assert press(staff, case, "messages", text="Thank you.")
    assert digital.post(f"{at(report(staff))}/open", json={"reason": "x"}).status_code == 409


def test_a_spill_from_before_the_flag_is_destroyed_everywhere_and_the_log_still_verifies(token, database, app):
    staff, digital = people(token, "staff digital")
    case = report(staff, **CLOSED, facts_wrong="yes")
    press(staff, case, "messages", text=f"{SECRET} in a message")
    press(staff, case, "withdraw", reason=f"{SECRET} in a wish")
    press(staff, case, "steps/delete/cannot", reason=f"{SECRET} in a reason")
    press(staff, case, "steps/delete/take", note=f"{SECRET} in a note", link=f"https://example.org/{SECRET}")
    press(staff, case, "steps/apologise/take", public_text=f"{APOLOGY} {SECRET}")
    noted = press(digital, case, "notes", text=f"{SECRET} for the desk", audience="digital_unit")
    press(digital, case, "advice", text=f"{SECRET} in advice")
    # Cleared again by the reporter: gone from the case, and still on the timeline.
    assert staff.patch(at(case), json={"post": {"audience": None}}).status_code == 200
    file = upload(staff, case, picture("red"), f"{SECRET}.png", description=f"{SECRET} on a picture").json()
    assert digital.get(f"{at(case)}/summary.pdf").status_code == 200
    store = app.state.house.store
    # It is kept just after it is given.
    for _ in range(100):
        if list(store.list("pdf")):
            break
        time.sleep(0.1)
    assert list(store.list("pdf"))
    assert any(file["id"] in kept.key for kept in store.list("evidence"))
    assert everything_kept(database).count(SECRET) > 10

    not_guarded = digital.post(f"{at(case)}/purge", json={"fields": ["post.text"], "reason": "Spilt"})
    assert not_guarded.status_code == 409
    assert staff.patch(at(case), json={"possibly_classified": "yes"}).json()["guarded"] is True
    seen = digital.get(at(case)).json()
    gone = [
        *CONTENT,
        "withdrawal_reason",
        *(f"steps.delete.{name}" for name in ("note", "link", "cannot_reason")),
        "steps.apologise.public_text",
        f"messages.{seen['messages'][0]['id']}",
        f"advice.{seen['advice'][0]['id']}",
        f"notes.{noted['notes'][0]['id']}",
        f"evidence.{file['id']}",
    ]
    assert staff.post(f"{at(case)}/purge", json={"fields": gone, "reason": "Spilt"}).status_code == 403
    after = press(digital, case, "purge", fields=gone, reason="Classified words got in before the flag.")

    assert SECRET not in everything_kept(database)
    assert SECRET not in str(after)
    assert (after["post"]["text"], after["narrative"], after["messages"][0]["text"]) == (None, None, None)
    assert after["evidence"][0]["destroyed_at"]
    assert digital.get(f"{at(case)}/evidence/{file['id']}").status_code == 404
    assert [kept.key for prefix in ("pdf", "evidence") for kept in store.list(prefix)] == []
    purged = entries(staff, case, "purged")
    assert len(purged) == 1
    assert changed(purged[0])["purged"][1] == sorted(gone)
    told = next(change for change in entries(staff, case, "reported")[0]["changes"] if change["field"] == "post.text")
    assert told == {"field": "post.text", "before": None, "after": None, "erased": True}
    assert faults(database) == []
    assert digital.get(f"{at(case)}/summary.pdf").status_code == 200
    again = digital.post(f"{at(case)}/purge", json={"fields": ["post.text"], "reason": "Again"})
    assert (again.status_code, fields(again)) == (422, {"fields"})


@pytest.mark.parametrize(
    "field", ["stage", "severity", "reported", "steps.delete.state", "messages.1", "evidence.x", "x"]
)
def test_only_words_and_files_can_be_destroyed(token, database, field):
    staff, digital = people(token, "staff digital")
    case = report(staff, safety_risk="yes")
    refused = digital.post(f"{at(case)}/purge", json={"fields": ["account.handle", field], "reason": "Spilt"})
    assert (refused.status_code, fields(refused)) == (422, {"fields"})
    assert digital.get(at(case)).json()["account"]["handle"] == "@EmbassyTokyo"
    assert faults(database) == []


def test_pages_do_not_say_it_back(sign_in, database):
    staff = sign_in("staff")
    staff.get("/report")
    told = {"kind": "mistake", **NO_DANGER, "account.platform": "Threads", "post.text": SECRET, "narrative": SECRET}
    for flag in ({"safety_risk": "unsure"}, {"codes": "classified_or_privileged"}):
        refused = staff.fill_in("/report", told | flag)
        assert refused.status_code == 422
        assert SECRET not in refused.text
        assert "Threads" in refused.text
    here = staff.fill_in("/report", {"kind": "mistake", **NO_DANGER, "codes": "wrong_account"}).headers["location"]
    staff.get(here)
    raised = staff.fill_in(f"{here}/facts", {"possibly_classified": "yes", "narrative": SECRET, "account.handle": "@A"})
    assert (raised.status_code, SECRET in raised.text) == (422, False)
    assert staff.fill_in(f"{here}/facts", {"possibly_classified": "yes"}).status_code == 303
    for deed, typed in (
        ("facts", {"post.text": SECRET}),
        ("messages", {"text": SECRET}),
        ("withdraw", {"reason": SECRET}),
        ("steps/delete/cannot", {"reason": SECRET}),
        ("steps/delete/take", {"note": SECRET}),
    ):
        refused = staff.fill_in(f"{here}/{deed}", typed)
        assert (refused.status_code, SECRET in refused.text) == (422, False), deed
    page = staff.get(here)
    assert "This case is guarded" in page.text
    assert SECRET not in everything_kept(database)
