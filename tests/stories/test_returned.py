"""HR returns a referral: the desk finds it as something to do, also once its case is closed, and builds it up again."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.makers import at, entries, faults, fields, people, picture, press, put_right, report, room, upload
from tests.served import at_once

WHY = "Say which rule, and send the picture."
TOLD = {
    "refer": True,
    "reason": "It harmed our name.",
    "allegation": "A post about a minister.",
    "mitigation": "It was gone within minutes.",
    "rules": ["disrepute"],
}


def returned(token, *, closed):
    """A case whose referral HR returned, and its reference at HR; `closed` before that."""
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    file = upload(staff, case, picture()).json()["id"]
    put_right(staff, digital, case)
    made = digital.post(f"{at(case)}/referral-decision", json=TOLD | {"evidence": [file]})
    assert made.status_code == 201, made.text
    if closed:
        press(digital, case, "close", resolution="referred")
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "return", reason=WHY)
    return case, reference


def value_of(page, name):
    """What stands in a box of a page."""
    return re.search(rf'name="{name}"[^>]*>\n?([^<]*)</textarea>', page)[1]


def test_a_closed_case_is_something_to_do_until_it_is_decided_again(token, sign_in, database):
    case, _ = returned(token, closed=True)
    staff, digital, hr = people(token, "staff digital hr")
    before = [staff.get(at(case)).json(), staff.get(f"{at(case)}/timeline").json()]
    desk = sign_in("digital")
    home = desk.get("/").text
    assert "HR returned a referral" in home
    assert case["reference"] in home
    for other in ("staff", "media", "hr", "outsider"):
        assert "HR returned a referral" not in sign_in(other).get("/").text, other
    page = desk.get(f"/cases/{case['reference']}").text
    assert "HR returned the referral. Decide again." in page
    assert WHY in page
    assert value_of(page, "allegation") == "A post about a minister."
    assert value_of(page, "mitigation") == "It was gone within minutes."
    assert re.findall(r'name="(rules|evidence)"[^>]* checked', page) == ["rules", "evidence"]
    assert "decide_referral" in digital.get(at(case)).json()["may"]
    sent = {"refer": "true", "reason": "As before.", "allegation": "A post about a minister, against the code."}
    made = desk.fill_in(f"/cases/{case['reference']}/referral-decision", sent)
    assert made.status_code == 303, made.text
    assert len(hr.get("/api/referrals").json()["items"]) == 2
    assert digital.get(at(case)).json()["stage"] == "closed"
    assert "HR returned a referral" not in desk.get("/").text
    assert "Decide again" not in desk.get(f"/cases/{case['reference']}").text
    # Whoever reported it reads nothing of all that.
    assert [staff.get(at(case)).json() | {"version": 0}, staff.get(f"{at(case)}/timeline").json()] == [
        before[0] | {"version": 0},
        before[1],
    ]
    again = digital.post(f"{at(case)}/referral-decision", json=TOLD)
    assert again.status_code == 409
    assert faults(database) == []


def test_a_case_that_ended_as_referred_is_opened_to_end_otherwise(token, database):
    case, _ = returned(token, closed=True)
    digital, manager = people(token, "digital manager")
    otherwise = {"refer": False, "reason": "HR is right."}
    refused = digital.post(f"{at(case)}/referral-decision", json=otherwise)
    assert (refused.status_code, fields(refused)) == (409, {"refer"})
    assert manager.post(f"{at(case)}/referral-decision", json=otherwise).status_code == 409
    press(digital, case, "reopen", reason="Decided anew.")
    held = digital.post(f"{at(case)}/close", json={"resolution": "advice_given"})
    assert (held.status_code, fields(held)) == (409, {"referral_decision"})
    press(digital, case, "referral-decision", **otherwise)
    assert press(digital, case, "close", resolution="advice_given")["stage"] == "closed"
    assert [entry["kind"] for entry in entries(digital, case)][-2:] == ["closed", "resolved"]
    assert faults(database) == []


def test_an_open_case_is_decided_again_before_it_closes(token, sign_in, database):
    case, _ = returned(token, closed=False)
    digital = token("digital")
    held = digital.post(f"{at(case)}/close", json={"resolution": "advice_given"})
    assert (held.status_code, fields(held)) == (409, {"referral_decision"})
    desk = sign_in("digital")
    assert "HR returned a referral" in desk.get("/").text
    assert "HR returned the referral. Decide again." in desk.get(f"/cases/{case['reference']}").text
    # That it came back stands in the head of the page, with the way to what is to be done.
    page = desk.get(f"/cases/{case['reference']}").text
    head = page.partition('<header class="case-head">')[2].partition("</header>")[0]
    assert "<strong>Returned by HR</strong> on Friday 20 November" in head
    assert '<a class="govuk-link" href="#now">Read why, and decide again</a>' in head
    press(digital, case, "referral-decision", refer=False, reason="HR is right.")
    assert "Returned by HR" not in desk.get(f"/cases/{case['reference']}").text
    assert "HR returned a referral" not in desk.get("/").text
    assert press(digital, case, "close", resolution="advice_given")["stage"] == "closed"
    assert faults(database) == []


def test_a_closed_case_that_hr_did_not_return_is_not_decided(token):
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff)
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    assert digital.post(f"{at(case)}/referral-decision", json=TOLD).status_code == 409
    assert "decide_referral" not in digital.get(at(case)).json()["may"]
    assert hr.get("/api/referrals").json()["items"] == []


def test_a_return_and_a_purge_at_once_are_both_done(token, database):
    """Each takes the case and its referral: in one order, or each could wait for the other."""
    staff, digital, hr = people(token, "staff digital hr")
    with ThreadPoolExecutor(2) as threads:
        for _ in range(8):
            case = report(staff, narrative="What is to go.", codes=["disrepute"])
            press(digital, case, "triage")
            press(digital, case, "referral-decision", refer=True, reason="It harmed our name.")
            reference = hr.get("/api/referrals").json()["items"][0]["reference"]
            assert staff.patch(at(case), json={"possibly_classified": "yes"}).status_code == 200
            purge = {"fields": ["narrative"], "reason": "It held what must not be here."}
            deeds = [
                partial(hr.post, f"/api/referrals/{reference}/return", json={"reason": "Say which rule."}),
                partial(digital.post, f"{at(case)}/purge", json=purge),
            ]
            assert [answer.status_code for answer in at_once(deeds, threads)] == [200, 200]
    assert faults(database) == []
