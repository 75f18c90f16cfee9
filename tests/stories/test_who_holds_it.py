"""Pages and refusals say which desk has a case: the digital unit only where that is true."""

import re
from html import unescape

import pytest

from service.cases.playbook import load
from tests.makers import NO_DANGER, PERSONAL, at, edit, press, report, step

SAID = load().who_can_read
UNIT = re.compile("digital (?:transformation )?unit", re.IGNORECASE)
GUARDED = {"safety_risk": "unsure", "possibly_classified": "no", "personal_data": "no"}


# Where the digital unit is rightly named, whoever has the case: the step, the list of desks, whom to phone, the record.
ASIDE = re.compile(
    r'(?s)<h3 class="step__name">.*?</h3>|<select.*?</select>|<ul class="phones">.*?</ul>'
    r'|<div class="govuk-hint"[^>]*>The digital unit holds.*?</div>|<section class="part" id="timeline".*?</section>'
)


def shown(browser, path: str) -> str:
    """The words of a page's main part, without where the digital unit is named whoever has the case."""
    page = browser.get(path)
    assert page.status_code == 200
    main = unescape(page.text).partition("<main")[2].partition("</main")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", ASIDE.sub(" ", main)))


@pytest.mark.parametrize("danger", [NO_DANGER, GUARDED])
def test_a_case_of_fco_services_never_speaks_of_a_desk_that_does_not_have_it(token, sign_in, danger):
    services = token("services")
    case = report(services, account=PERSONAL, facts_wrong="unsure", **danger)
    press(services, case, "steps/delete/cannot", reason="lost_access")
    for who in ("services", "manager", "servicesdesk"):
        page = shown(sign_in(who), f"/cases/{case['reference']}")
        assert not UNIT.findall(page), (who, page)
        assert "FCO Services desk" in page
    for refused in (
        services.post(f"{at(case)}/steps/correct/take", json={"public_text": "x"}),
        services.patch(at(case), json={"narrative": "What it said"}),
        services.post(f"{at(case)}/steps/apologise/take", json={"public_text": "x"}),
    ):
        assert not UNIT.search(refused.json().get("detail", "")), refused.text


def test_the_page_says_thank_you_in_the_name_of_the_desk_that_has_it(token, sign_in):
    case = report(token("services"), account=PERSONAL)
    browser = sign_in("services")
    browser.get(f"/cases/{case['reference']}")
    for deed, reason in (("steps/delete/cannot", "hacked"), ("withdraw", "It was right.")):
        assert browser.fill_in(f"/cases/{case['reference']}/{deed}", {"reason": reason}).status_code == 303
        assert "The desk that has your case" in unescape(browser.get("/now").text), deed


def test_where_the_media_office_holds_it_the_page_names_the_media_office(token, sign_in, database):
    # Everybody at the digital unit has a part in it.
    digital = token("digital")
    case = report(token("staff"), facts_wrong="unsure")
    for name in ("duty", "digital2", "digital"):
        told = digital.post(f"{at(case)}/conflict", json={"person": f"{name}@demo.example", "reason": "A cousin."})
        assert told.status_code in (200, 422), told.text
    page = shown(sign_in("staff"), f"/cases/{case['reference']}")
    assert token("staff").get(at(case)).json()["holding_desk"] == "media_office"
    assert "Write to the Media Office" in page
    assert "The Media Office decides whether it is needed." in page
    assert "the digital unit" not in page.partition("Who has been told")[0]
    office = shown(sign_in("media"), f"/cases/{case['reference']}")
    assert "Note for the Media Office (if you like)" in office
    assert "Only the Media Office, anyone at the digital unit without a conflict" in office


def test_the_digital_unit_is_named_where_it_has_the_case(token, sign_in):
    case = report(token("staff"), facts_wrong="unsure")
    page = shown(sign_in("staff"), f"/cases/{case['reference']}")
    assert "Write to the digital unit" in page
    assert "The digital unit decides whether it is needed." in page


def test_the_form_promises_what_the_playbook_promises(sign_in, database):
    staff, services = sign_in("staff"), sign_in("services")
    page = shown(staff, "/report")
    assert SAID.mistake in page
    assert SAID.mistake_not_manager in page
    assert "we tell your line manager and the digital unit for you" in page
    page = shown(services, "/report")
    assert SAID.mistake_fco_services in page
    page = shown(services, re.search(r'href="(/report\?go=[^"]+)"', services.get("/report").text)[1])
    assert SAID.mistake_fco_services in page
    assert "we tell the FCO Services desk and your line manager for you" in page
    assert not UNIT.search(page.replace(SAID.mistake_fco_services, "").replace("Digital Transformation Unit", ""))
    # Ticked, and refused for something else: the promise at the top is the one that will hold.
    told = {"kind": "mistake", "not_manager": "true", "deleted_at": "2030-01-01T00:00", **NO_DANGER}
    refused = unescape(staff.fill_in("/report", told).text)
    assert SAID.mistake not in refused
    assert SAID.mistake_not_manager in refused
    assert "we tell the digital unit for you" in refused


def test_a_step_says_the_playbooks_own_reason(token, sign_in, database):
    steps = {each.step: each for each in load().steps}
    staff = token("staff")
    unsure = report(staff, facts_wrong="unsure")
    held = report(staff, **GUARDED)
    asked = report(staff, not_manager=True)
    edit(database, "staff", manager=None)
    nobody = report(staff)
    mine, desk = sign_in("staff"), sign_in("digital")
    for case, kind, said in (
        (unsure, "correct", steps["correct"].undecided_because),
        (held, "apologise", steps["apologise"].held_because),
        (asked, "inform_manager", steps["inform_manager"].waiting_because),
        (nobody, "inform_manager", "Nobody is set as your line manager. The desk that has your case knows"),
    ):
        assert step(case, kind)["reason"].startswith(said)
        assert said in shown(mine, f"/cases/{case['reference']}"), kind
        # It speaks to the reporter; somebody else is told so.
        assert f"The reporter reads: {said}" in shown(desk, f"/cases/{case['reference']}"), kind
