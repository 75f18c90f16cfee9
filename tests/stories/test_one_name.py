"""One thing has one name, wherever somebody meets it: in a list, on the case's page, on its timeline."""

import re
from html import unescape

from service.records.code_words import CODES
from service.records.enums import Code
from tests.makers import PERSONAL, at, busy, entries, people, press, report


def test_what_went_wrong_is_called_alike_in_the_list_and_on_the_page(token, sign_in):
    staff, digital = token("staff"), sign_in("digital")
    for code in (Code.DISREPUTE, Code.REBUTTAL, Code.FACTUAL_ERROR, Code.PERSONAL_SAFETY, Code.RELEASED_EARLY):
        facts_wrong = "yes" if code is Code.FACTUAL_ERROR else "no"
        case = report(staff, codes=[code], account=PERSONAL, facts_wrong=facts_wrong)
        assert case["title"] == f"{CODES[code]} · personal Instagram"
        page = unescape(digital.get(f"/cases/{case['reference']}").text)
        assert f"<li>{CODES[code]}</li>" in page
        assert page.count(CODES[code]) > 2, "the title, the facts, and the boxes to tick"
        assert case["title"] in unescape(digital.get("/queue?desk=digital_unit&order=newest").text)


def test_a_step_is_called_alike_in_a_refusal_on_the_timeline_and_in_the_list_of_steps(token, sign_in):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    press(staff, case, "steps/delete/take")
    press(digital, case, "triage")
    assert entries(staff, case, "step_taken")[0]["words"] == "Delete the post: done."
    refused = digital.post(f"{at(case)}/close", json={"resolution": "advice_given"}).json()["errors"]
    assert {error["field"]: error["message"].partition(":")[0] for error in refused if "steps" in error["field"]} == {
        "steps.apologise": "Say sorry in public"
    }
    page = unescape(sign_in("digital").get(f"/cases/{case['reference']}").text)
    assert "Say sorry in public</h3>" in page


def test_nothing_on_a_page_is_named_as_the_code_names_it(token, sign_in):
    case = busy(token)
    names = {field for entry in entries(token("digital"), case) for field in [c["field"] for c in entry["changes"]]}
    assert len(names) > 40
    for who in ("staff", "manager", "digital", "hr", "auditor"):
        page = unescape(sign_in(who).get(f"/cases/{case['reference']}").text)
        shown = re.sub(r"<[^>]*>", " ", page)
        found = re.findall(r"\b(?!demo\.example)[a-z]+(?:_[a-z]+)+\b", shown)
        assert not found, (who, found)
        assert not re.findall(r"\b(?:routes|steps|hr|referral|conflict|data_protection|post)\.[a-z]+\b", shown), who


def test_the_auditor_reads_what_kind_of_thing_happened_in_words(token, sign_in):
    case = report(token("staff"))
    page = unescape(sign_in("auditor").get(f"/cases/{case['reference']}").text)
    assert "Amends told somebody." in page
    assert "the line manager" not in page.partition('id="timeline"')[2].partition("</section>")[0]
