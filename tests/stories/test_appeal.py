"""An appeal is for whoever hears it, and what is said of it stays true until it is closed."""

import re

from service.records.enums import Outcome
from service.referrals.life import harsher
from tests.makers import faults, people, refuses, room
from tests.stories.test_bundle import pdf, text_of
from tests.stories.test_letters import draft, send
from tests.stories.test_room import APPEAL_HEARER, begin, decide, find_facts, moment


def appealed(token, clock):
    """A referral under appeal, with somebody who hears it."""
    reference, hr, hr2, head, services = decide(clock, token)
    room(token("staff"), reference, "appeal", grounds="Too hard.")
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    return reference, hr, hr2, head, services


def test_each_hearing_is_for_those_who_decide_after_it(token, clock, database):
    reference, hr, hr2, head, services = begin(token)
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    find_facts(hr2, reference)
    invitation = {"hearing_at": moment(clock, days=3), "place": "Room 4", "text": "Please come."}
    room(hr2, reference, "invite", **invitation)
    later = {"hearing_at": moment(clock, days=4), "reason": "Their union cannot come."}
    wording = draft(hr2, reference, "invitation")
    assert refuses(services, reference, "postpone", **later)[0] == 403
    assert refuses(services, reference, "send-letter", kind="invitation", wording=wording)[0] == 403
    assert "drafts" not in services.get(f"/api/referrals/{reference}").json()
    room(head, reference, "postpone", **later)
    assert faults(database) == []


def test_the_hearing_of_the_appeal_is_for_whoever_hears_it(token, clock, database):
    reference, hr, hr2, head, services = appealed(token, clock)
    room(services, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    later = {"hearing_at": moment(clock, days=4), "reason": "Their union cannot come."}
    wording = draft(services, reference, "invitation")
    for who in (hr2, head):
        seen = who.get(f"/api/referrals/{reference}").json()
        assert "postpone" not in seen["may"]
        assert "invitation" not in [each["kind"] for each in seen.get("drafts", ())]
        assert refuses(who, reference, "postpone", **later)[0] == 403
        assert refuses(who, reference, "send-letter", kind="invitation", wording=wording)[0] == 403
    room(services, reference, "postpone", **later)
    send(hr, reference, "invitation")
    assert faults(database) == []


def test_whoever_hears_the_appeal_reads_first_why_they_appeal(token, clock, sign_in):
    reference, *_ = appealed(token, clock)
    page = sign_in("services").get(f"/referrals/{reference}").text
    why = page.partition("Why the person appeals")
    assert 'id="now-title"' in why[0]
    assert 'id="gates-title"' in why[2]
    grounds = token("services").get(f"/api/referrals/{reference}").json()["appeal"]["grounds"]
    assert grounds in why[2].partition("</section>")[0]
    assert grounds not in page.partition("The appeal</h2>")[2].partition("</section>")[0]


def test_no_outcome_is_offered_that_is_harsher_than_the_one_appealed_against(token, clock, sign_in):
    reference, hr, *_ = appealed(token, clock)
    decided = hr.get(f"/api/referrals/{reference}").json()["outcome"]
    page = sign_in("services").get(f"/referrals/{reference}").text
    choices = page.partition('name="outcome"')[2].partition("</select>")[0]
    offered = [value for value in re.findall(r'<option value="([^"]*)"', choices) if value]
    assert offered == [outcome for outcome in Outcome if not harsher(outcome, Outcome(decided))]
    assert len(offered) < len(Outcome)


def test_once_it_is_decided_nobody_is_told_that_it_waits(token, clock, sign_in):
    reference, hr, _, _, services = appealed(token, clock)
    assert "Your appeal is with somebody who was not involved before." in told(sign_in, reference)
    room(services, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    assert "You are invited to the hearing of your appeal: " in told(sign_in, reference)
    clock.forward(days=3, hours=1)
    services, hr = people(token, "services hr")
    room(services, reference, "hear", held_at=moment(clock, minutes=-30), present=["Us"], notes="Heard.")
    room(services, reference, "decide-appeal", upheld=False, reason="It stays.")
    assert "Your appeal is decided." in told(sign_in, reference)
    assert "Your appeal is with" not in told(sign_in, reference)
    seen = hr.get(f"/api/referrals/{reference}").json()
    assert {gate["gate"]: gate["met"] for gate in seen["gates"]} == {
        "paused": True,
        "appeal_decided": True,
        "suspended": True,
    }
    page = sign_in("hr").get(f"/referrals/{reference}").text
    assert "Next: close the referral" in page
    assert "To do" not in page


def test_when_its_time_is_over_hr_is_told_what_is_due_and_nobody_that_an_appeal_may_come(token, clock, sign_in, worker):
    reference, *_ = decide(clock, token)
    assert "You may appeal until" in told(sign_in, reference)
    clock.forward(days=16)
    worker()
    hr = token("hr")
    happened = [each["words"] for each in hr.get(f"/api/referrals/{reference}/timeline").json()["items"]]
    assert "Amends reminded those who owe it: close the referral." in happened
    assert "something" not in " ".join(happened)
    assert "Due soon: close the referral." in [each["words"] for each in hr.get("/api/notifications").json()["items"]]
    assert "You could appeal until" in told(sign_in, reference)
    assert "An appeal could come until" in sign_in("hr").get(f"/referrals/{reference}").text


def test_a_paper_of_a_pause_names_no_day_that_moves(token, clock, sign_in):
    reference, hr, *_ = decide(clock, token)
    room(hr, reference, "pause", reason="They are ill.")
    assert "the time for an appeal stands still" in text_of(pdf(hr, reference, "summary")[1])
    assert "This time stands still for now" in told(sign_in, reference)
    clock.forward(days=30)
    (hr,) = people(token, "hr")
    room(hr, reference, "resume")
    until = hr.get(f"/api/referrals/{reference}").json()["decision"]["appeal_by"]
    said = re.search(r"Appeal by\s+(.*?\d{4})", text_of(pdf(hr, reference, "summary")[1]))[1]
    assert f" {int(until[8:10])} " in said, said


def told(sign_in, reference):
    """The page of the person it is about."""
    return sign_in("staff").get(f"/referrals/{reference}").text
