"""What pages ask of people: what waits is said at home, and a form says everything that is missing from it."""

import html
import re

import pytest

from service.records.room_words import ROOM_NEXT
from tests.makers import (
    APOLOGY,
    CORRECTION,
    DEMO,
    NO_DANGER,
    edit,
    fields,
    people,
    press,
    put_right,
    referred,
    report,
    room,
)
from tests.stories.test_room import begin, decide, find_facts, hear, moment

SAFETY = ("safety_risk", "possibly_classified", "personal_data")


def heading(page: str) -> str:
    return page.partition('<h1 class="govuk-heading-l">')[2].partition("</h1>")[0]


def test_home_names_what_is_asked_of_the_reader_and_of_nobody_else(token, sign_in, clock):
    staff = token("staff")
    at_home = {who: sign_in(who) for who in ("staff", "manager", "digital", "outsider")}
    assert heading(at_home["staff"].get("/").text) == "Nothing is waiting for you"
    case = report(staff)
    assert heading(at_home["staff"].get("/").text) == "1 case is waiting for you"
    assert heading(at_home["manager"].get("/").text) == "1 case is waiting for you"
    assert heading(at_home["digital"].get("/").text) == "1 waiting at your desk"
    assert heading(at_home["outsider"].get("/").text) == "Nothing is waiting for you"
    assert "delete" in at_home["staff"].get("/").text
    # The next thing is the reader's own, though the digital unit's hour is up sooner than the manager's four.
    waiting = at_home["manager"].get("/").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert "digital unit" not in waiting
    press(staff, case, "steps/delete/take")
    assert heading(at_home["staff"].get("/").text) == "1 case is waiting for you"
    press(staff, case, "steps/apologise/take", public_text=APOLOGY)
    assert heading(at_home["staff"].get("/").text) == "Nothing is waiting for you"
    press(token("manager"), case, "acknowledge")
    assert heading(at_home["manager"].get("/").text) == "Nothing is waiting for you"


def test_a_referral_waits_for_hr_until_somebody_takes_it_up(token, sign_in):
    staff, digital = people(token, "staff digital")
    hr, media = sign_in("hr"), sign_in("media")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    assert heading(hr.get("/").text) == "Nothing is waiting for you"
    press(digital, case, "referral-decision", refer=True, reason="It brought us into disrepute.")
    assert heading(hr.get("/").text) == "1 waiting at your desk"
    assert "Referrals" not in media.get("/").text.partition("<main")[2]


ROOM_CAST = ("hr", "hr2", "hr3", "head", "services", "staff")
ANOTHER = f"hr3{DEMO}"


@pytest.fixture
def waits_for(token, sign_in):
    """`waits_for(reference)`: who has it on their home as theirs, in which words; HR's queue names the same."""

    def asked(reference: str) -> tuple[str, str]:
        found = {}
        for who in ROOM_CAST:
            parts = re.findall(
                rf'href="/referrals/{reference}">(.*?)</a> <span class="quiet">', sign_in(who).get("/").text
            )
            if parts and "HR has told you" not in parts[0]:
                found[who] = parts[0]
        (row,) = (each for each in token("hr").get("/api/referrals").json()["items"] if each["reference"] == reference)
        there = token("hr").get(f"/api/referrals/{reference}").json()
        assert row["next"] == there["next"]
        whose = row["people"].get(row["next"]["waits_for"]) or f"hr{DEMO}"
        assert [f"{who}{DEMO}" for who in found] == [whose], row["next"]
        queue = re.search(rf">{reference}<.*?</tr>", sign_in("hr").get("/referrals").text, re.DOTALL)[0]
        assert ROOM_NEXT[row["next"]["what"]] in html.unescape(queue)
        ((who, said),) = found.items()
        return who, said

    return asked


def test_home_says_whose_it_is_to_go_on_with_a_referral(token, sign_in, worker, clock, waits_for):
    reference = referred(token)
    (hr,) = people(token, "hr")
    room(hr, reference, "accept")
    assert waits_for(reference) == ("hr", "Appoint people")
    room(hr, reference, "appoint", investigator=f"hr2{DEMO}")
    (hr2,) = people(token, "hr2")
    assert waits_for(reference) == ("hr2", "Tell the person in writing what is alleged")
    find_facts(hr2, reference)
    assert waits_for(reference) == ("hr", "Appoint people")
    room(hr, reference, "appoint", decision_maker=f"head{DEMO}")
    assert waits_for(reference) == ("hr2", "Invite the person to the hearing")
    worker()
    # Whoever is to decide has nothing to do yet, and there is news.
    assert heading(sign_in("head").get("/").text) == "There is something new for you"
    room(hr, reference, "pause", reason="They are ill.")
    assert waits_for(reference) == ("hr", "Go on with it")
    room(hr, reference, "resume")
    written = {"place": "Room 4", "text": "Please come."}
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **written)
    assert waits_for(reference) == ("head", "Hold the hearing")
    assert heading(sign_in("head").get("/").text) == "There is something new for you"
    # At the stage of the hearing the investigator is to be another one.
    room(hr, reference, "conflict", person=f"hr2{DEMO}", reason="A cousin.")
    assert waits_for(reference) == ("hr", "Appoint people")
    room(hr, reference, "appoint", investigator=ANOTHER)
    assert waits_for(reference) == ("hr3", "Record what you find, on both sides")
    assert heading(sign_in("hr3").get("/").text) == "1 referral is waiting for you"
    (hr3, head) = people(token, "hr3 head")
    for kind in ("established", "mitigating"):
        room(hr3, reference, "record-finding", kind=kind, text="Found anew.")
    assert waits_for(reference) == ("hr3", "Invite the person to the hearing")
    hear(clock, reference, hr3, head)
    assert waits_for(reference)[0] == "head"
    (head,) = people(token, "head")
    room(head, reference, "consider", text="None.")
    assert waits_for(reference) == ("head", "Decide")
    # Somebody else decides, and has not heard them.
    (hr,) = people(token, "hr")
    room(hr, reference, "appoint", decision_maker=f"digital2{DEMO}")
    assert waits_for(reference) == ("hr3", "Invite the person to the hearing")


def test_under_appeal_and_at_the_end_home_says_whose_it_is_as_well(token, sign_in, clock, waits_for):
    reference, hr, *_ = decide(clock, token)
    # Nobody can do anything: they may still appeal.
    assert f">{reference}<" not in sign_in("hr").get("/").text
    assert heading(sign_in("head").get("/").text) == "Nothing is waiting for you"
    room(hr, reference, "appeal", grounds="It was too harsh.")
    assert waits_for(reference) == ("hr", "Appoint people")
    room(hr, reference, "appoint", appeal_hearer=f"services{DEMO}")
    assert waits_for(reference) == ("services", "Invite the person to the hearing")
    (services,) = people(token, "services")
    hear(clock, reference, services, services)
    assert waits_for(reference) == ("services", "Decide the appeal")
    (services,) = people(token, "services")
    room(services, reference, "decide-appeal", upheld=False, reason="It was fair.")
    assert waits_for(reference) == ("hr", "Close the referral")
    (hr,) = people(token, "hr")
    room(hr, reference, "close")
    for who in ROOM_CAST:
        assert "referral" not in heading(sign_in(who).get("/").text)


def test_before_its_time_a_hearing_is_waited_for_by_name_and_its_end_stands_at_the_top(token, sign_in, clock):
    def top(who: str, *, before: str) -> str:
        page = sign_in(who).get(f"/referrals/{reference}").text.partition("<main")[2]
        return html.unescape(" ".join(re.sub(r"<[^>]+>", "", page.partition(before)[0]).split()))

    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    gates = "What a fair process needs next"
    assert "Next: wait for the hearing The hearing is" in top("hr", before=gates)
    assert "The decision-maker, Head of department, records it afterwards." in top("hr", before=gates)
    assert "You record it afterwards." in top("head", before=gates)
    assert "Record the hearing" not in sign_in("head").get(f"/referrals/{reference}").text
    clock.forward(days=3, minutes=1)
    assert "Next: record the hearing This waits for the decision-maker, Head of department." in top("hr", before=gates)
    (head,) = people(token, "head")
    room(head, reference, "hear", held_at=moment(clock), present=["Us"], notes="Heard.")
    told = {"outcome": "final_written_warning", "reason": "It did harm.", "protected_activity": "None."}
    room(head, reference, "decide", **told)
    for who, before in (("hr", "Next: "), ("staff", "What happens next")):
        assert "Final written warning. It counts until" in top(who, before=before)
    (hr,) = people(token, "hr")
    room(hr, reference, "appeal", grounds="Too harsh.")
    room(hr, reference, "appoint", appeal_hearer=f"services{DEMO}")
    (services,) = people(token, "services")
    hear(clock, reference, services, services)
    (services,) = people(token, "services")
    room(services, reference, "decide-appeal", upheld=True, outcome="informal_advice", reason="It was milder.")
    room(token("hr"), reference, "close")
    assert "Informal advice, changed on appeal. Read why" in top("hr", before="The whole life")
    assert "Informal advice, changed on appeal. Read why" in top("staff", before="What happens next")


def test_one_that_was_settled_says_so_at_the_top(token, sign_in):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "informal", reason="A word was enough.")
    for who in ("hr", "staff"):
        page = sign_in(who).get(f"/referrals/{reference}").text
        assert page.index('id="result"><strong>Settled informally') < page.index('id="now"')


def test_hr_reads_when_each_step_was_taken_by_the_clock_of_whoever_took_it(token, sign_in, clock):
    clock.at("2026-11-20T23:04:00+09:00")
    staff, digital = people(token, "staff digital")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    press(digital, case, "referral-decision", refer=True, reason="It brought us into disrepute.")
    hr = sign_in("hr")
    reference = token("hr").get("/api/referrals").json()["items"][0]["reference"]
    page = hr.get(f"/referrals/{reference}").text
    assert "14:04 on 20 November in London (23:04 in Tokyo)" in page
    assert "2026-11-20T" not in re.sub(r"<[^>]*>", "", page)


def test_the_page_asks_for_an_answer_to_each_question_about_safety(sign_in):
    staff = sign_in("staff")
    staff.get("/report")
    told = {"kind": "mistake", "narrative": "Every word of it"}
    refused = staff.fill_in("/report", told)
    assert (refused.status_code, "Every word of it" in refused.text) == (422, True)
    for question in SAFETY:
        assert f"{question}-error" in refused.text
    assert staff.fill_in("/report", told | NO_DANGER).status_code == 303


def test_a_correction_with_the_blanks_still_in_it_is_not_one(token):
    staff = token("staff")
    case = report(staff, codes=["factual_error"], facts_wrong="yes")
    take = f"/api/cases/{case['reference']}/steps/correct/take"
    for left in ("[what it said]", "[what is right]"):
        text = f"{CORRECTION} {left}"
        refused = staff.post(take, json={"public_text": text, "confirmed": True})
        assert (refused.status_code, fields(refused)) == (422, {"public_text"})
    assert staff.post(take, json={"public_text": CORRECTION}).status_code == 200


def test_a_page_says_everything_that_an_apology_lacks(token, sign_in):
    case = report(token("staff"))
    staff = sign_in("staff")
    staff.get(f"/cases/{case['reference']}")
    refused = staff.fill_in(f"/cases/{case['reference']}/steps/apologise/take", {"public_text": "Oops, so sorry all"})
    assert refused.status_code == 422
    assert "by mistake" in refused.text.partition("govuk-error-summary")[2].partition("</ul>")[0]
    assert "official view" in refused.text.partition("govuk-error-summary")[2].partition("</ul>")[0]


def test_a_time_typed_on_a_stale_page_is_read_by_the_clock_it_was_typed_by(token, sign_in, clock):
    clock.at("2026-11-20T23:04:00+09:00")
    case = report(token("staff"))
    staff = sign_in("staff")
    page = staff.get(f"/cases/{case['reference']}")
    press(token("staff"), case, "steps/delete/take")
    assert page.status_code == 200
    here = f"/cases/{case['reference']}/steps/delete/take"
    assert "23:01 on 20 November in Tokyo" in staff.fill_in(here, {"taken_at": "2026-11-20T23:01"}).text
    assert staff.fill_in(here, {"taken_at": "2026-13-45T99:99"}).status_code == 422


def test_no_pdf_is_offered_to_somebody_who_may_have_none(token, sign_in):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    here = f"/cases/{case['reference']}"
    assert f'href="{here}/pdf"' in sign_in("staff").get(here).text
    assert f'href="{here}/pdf"' not in sign_in("auditor").get(here).text


def test_what_stayed_as_it_was_is_not_shown_as_a_change(token):
    staff, digital = people(token, "staff digital")
    case = report(staff, codes=["copyright"], account={"type": "personal", "platform": "X"})
    seen = digital.get(f"/api/cases/{case['reference']}/timeline").json()["items"]
    assert [entry["changes"] for entry in seen if entry["kind"] == "hr_judged"] == [[]]
    assert all(change["before"] != change["after"] for entry in seen for change in entry["changes"])


def test_home_names_the_worst_case_at_the_desk(token, sign_in, database):
    staff = token("staff")
    worst, newer = report(staff, safety_risk="yes"), report(staff)
    page = sign_in("digital").get("/").text.partition("The worst case at your desk")[2]
    assert worst["reference"] in page
    assert newer["reference"] not in page
    assert "minutes left" in page
    # Whatever else the reader is comes after it.
    edit(database, "colleague", manager="digital")
    report(token("colleague"))
    page = sign_in("digital").get("/").text
    assert page.index("The worst case at your desk") < page.index("All cases that were sent to you as a line manager")
