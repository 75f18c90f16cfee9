"""Why a case is referred is for HR alone: it never becomes what is alleged, which the person reads."""

import json

import pytest

from tests.makers import at, faults, fields, people, press, report, room
from tests.stories.test_bundle import pdf as paper
from tests.stories.test_bundle import text_of
from tests.stories.test_concern import raise_it
from tests.stories.test_letters import pdf as letter
from tests.stories.test_letters import send
from tests.stories.test_room import DECISION_MAKER, INVESTIGATOR, moment
from tests.stories.test_subject_access import released
from tests.stories.test_subject_access_of_referrals import text_of as text_of_copy

TOLD_BY = "My colleague who sits opposite told me"
ALLEGED = "A post on an official account that harmed our name."
STATES_NONE = "The referral states no allegation. What you write here is what is alleged."


@pytest.fixture
def unstated(token):
    """A confidential concern that was passed to HR with a reason and no allegation; and its reference there."""
    staff, digital, hr = people(token, "staff digital hr")
    case = raise_it(staff, confidential=True)
    press(digital, case, "triage")
    made = digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": TOLD_BY})
    assert made.status_code == 201, made.text
    return case, hr.get("/api/referrals").json()["items"][0]["reference"]


def taken_up(token, reference):
    """HR takes it up all the same, and somebody investigates."""
    hr = token("hr")
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)


def test_a_reason_is_not_what_is_alleged(token, sign_in, unstated, database):
    case, reference = unstated
    received = token("hr").get(f"/api/referrals/{reference}").json()
    assert (received["reason"], received["allegation"]) == (TOLD_BY, None)
    assert "allegation" in {each["field"] for each in received["missing"]}
    page = sign_in("hr").get(f"/referrals/{reference}").text
    lacks = page.partition("What this referral lacks")[2].partition("</section>")[0]
    assert "What is alleged" in lacks
    assert "<p>Nothing is stated yet.</p>" in page
    for kind in ("bundle", "summary"):
        assert "Nothing is stated yet." in text_of(paper(token("hr"), reference, kind)[1]), kind
    # Nothing was passed on as what is alleged: there is nothing of it to destroy.
    assert token("staff").patch(at(case), json={"possibly_classified": "yes"}).status_code == 200
    told = {"fields": ["referral.allegation"], "reason": "It must not be here."}
    refused = token("digital").post(f"{at(case)}/purge", json=told)
    assert (refused.status_code, fields(refused)) == (422, {"fields"})
    assert faults(database) == []


def test_the_draft_and_the_room_miss_the_same(token):
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    assert digital.get(at(case)).json()["hr"]["because"] == ["disrepute"]
    press(digital, case, "triage")
    press(staff, case, "steps/delete/take")
    press(digital, case, "steps/apologise/waive", reason="Nobody read it.")
    for built in ({}, {"mitigation": "It was gone at once."}, {"allegation": ALLEGED, "subject_told": False}):
        draft = digital.post(f"{at(case)}/referral-readiness", json=built).json()["missing"]
        made = digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": TOLD_BY, **built})
        assert made.status_code == 201, made.text
        reference = hr.get("/api/referrals").json()["items"][0]["reference"]
        assert hr.get(f"/api/referrals/{reference}").json()["missing"] == draft
        assert "rules" not in {each["field"] for each in draft}
        room(hr, reference, "return", reason="Complete it.")


def test_whoever_informs_the_person_says_what_is_alleged(token, sign_in, unstated, clock, worked, database):
    case, reference = unstated
    taken_up(token, reference)
    hr2, colleague = people(token, "hr2 colleague")
    here = f"/referrals/{reference}"
    form = sign_in("hr2").get(here).text
    assert STATES_NONE in form
    room(hr2, reference, "inform-subject", text="Something else.")
    # As long as nobody is invited it can be put better; it is said each time.
    assert STATES_NONE in sign_in("hr2").get(here).text
    read = room(hr2, reference, "inform-subject", text=ALLEGED)
    assert (read["allegation"], read["informed"]["text"]) == (ALLEGED, ALLEGED)
    room(hr2, reference, "record-finding", kind="established", text="It was posted at nine.")
    room(hr2, reference, "record-finding", kind="mitigating", text="It was gone within minutes.")
    send(hr2, reference, "informing")
    invited = room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    assert invited["hearing"]["states"]["allegation"] == ALLEGED
    send(hr2, reference, "invitation")
    told = colleague.get(f"/api{here}").json()
    assert told["allegation"] == ALLEGED
    _, copy = released(token, worked, "colleague")
    seen = {
        "the referral": json.dumps(told),
        "its timeline": colleague.get(f"/api{here}/timeline").text,
        "its page": sign_in("colleague").get(here).text,
        "the list": sign_in("colleague").get("/").text,
        "the case": colleague.get(at(case)).text,
        "the bundle": text_of(paper(colleague, reference, audience="subject")[1]),
        "the summary": text_of(paper(colleague, reference, "summary", audience="subject")[1]),
        **{name: letter(colleague, reference, name)[1] for name in ("informing", "invitation")},
        "their copy": text_of_copy(copy),
    }
    assert [place for place, said in seen.items() if TOLD_BY in said or "sits opposite" in said] == []
    says = {"the list", "the case", "its timeline"}
    assert {place for place, said in seen.items() if ALLEGED in " ".join(said.split())} == seen.keys() - says
    assert faults(database) == []


def test_what_the_referral_states_stays_what_is_alleged(token, sign_in):
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    press(digital, case, "triage")
    told = {"refer": True, "reason": TOLD_BY, "allegation": ALLEGED}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    taken_up(token, reference)
    assert STATES_NONE not in sign_in("hr2").get(f"/referrals/{reference}").text
    room(token("hr2"), reference, "inform-subject", text="Please read this.")
    assert token("staff").get(f"/api/referrals/{reference}").json()["allegation"] == ALLEGED


def test_what_was_sent_back_without_one_is_built_up_without_one(token, sign_in, unstated):
    case, reference = unstated
    room(token("hr"), reference, "return", reason="Say what is alleged.")
    page = sign_in("digital").get(f"/cases/{case['reference']}").text
    box = page.partition('name="allegation"')[2].partition("</textarea>")[0]
    assert box.partition(">")[2].strip() == ""
    assert TOLD_BY in page.partition('name="reason"')[2].partition("</textarea>")[0]
