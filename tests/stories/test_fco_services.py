"""FCO Services has a policy of its own: its people are told so before they report, and their own desk has the case."""

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.demo.cast import PASSWORD
from service.records.enums import Answer, Code
from tests.makers import NO_DANGER, PERSONAL, at, desks, edit, listed, people, press, report

POLICY = "FCO Services has its own policy"
FORM = '<form method="post" action="/report"'


def way_on(page: str) -> str:
    """Where *Report to the FCO Services desk* leads."""
    found = re.search(r'href="(/report\?go=[^"]+)"', page)
    assert found, page
    return unescape(found[1])


def test_whose_policy_it_is_comes_before_the_form_and_there_are_two_ways_on(sign_in):
    services = sign_in("services")
    page = services.get("/report")
    assert page.status_code == 200
    assert POLICY in page.text
    assert "One Way" in page.text
    assert FORM not in page.text
    assert 'href="/">Leave without reporting' in page.text
    form = services.get(way_on(page.text))
    assert FORM in form.text
    assert POLICY not in form.text
    sent = services.fill_in("/report", {"kind": "mistake", "account.type": "personal", **NO_DANGER})
    assert sent.status_code == 303
    # The next report asks again: nothing of the choice is kept.
    assert POLICY in services.get("/report").text
    assert not [name for name in services.cookies if "policy" in name]


def test_everybody_else_has_the_form_at_once(sign_in):
    for who in ("staff", "manager", "digital"):
        page = sign_in(who).get("/report")
        assert FORM in page.text
        assert POLICY not in page.text


def test_a_way_on_is_worth_nothing_to_anybody_else_and_in_no_other_session(sign_in):
    one, another, again = sign_in("services"), sign_in("servicesdesk"), sign_in("services")
    on = way_on(one.get("/report").text)
    assert FORM in one.get(on).text
    for other in (another, again):
        page = other.get(on)
        assert FORM not in page.text
        assert POLICY in page.text
    for made_up in ("/report?go=", "/report?go=yes", "/report?go=" + "0" * 16, "/report?go=%00", "/report?go=%C3%A9"):
        assert POLICY in one.get(made_up).text, made_up


def test_it_comes_with_the_words_kept_through_a_sign_in(sign_in, clock, browser):
    services = sign_in("services")
    services.get(way_on(services.get("/report").text))
    clock.forward(hours=1)
    refused = services.fill_in("/report", {"kind": "mistake", "narrative": "I pressed send", **NO_DANGER})
    kept = unescape(re.search(r'name="kept" value="([^"]*)"', refused.text)[1])
    signed_in = {"email": "services@demo.example", "password": PASSWORD, "kept": kept}
    shown = services.fill_in("/sign-in", signed_in).text
    for said in (POLICY, "One Way", "I pressed send", "Send it to the FCO Services desk", "Do not send it"):
        assert said in shown, said
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown))
    sent = services.post("/report", data={name: unescape(value) for name, value in fields.items()})
    assert sent.status_code == 303
    assert "I pressed send" in services.get(sent.headers["location"]).text
    # Of somebody else who signs in at the same form, nothing of the kind is asked.
    assert POLICY not in browser().sign_in("staff@demo.example", kept=kept).text


def test_it_is_about_their_own_mistakes_and_not_about_posts_of_others(sign_in, clock):
    services = sign_in("services")
    assert POLICY not in services.get("/report?form=2").text
    clock.forward(hours=1)
    refused = services.fill_in("/report", {"kind": "concern", "narrative": "It worries me", **NO_DANGER})
    kept = unescape(re.search(r'name="kept" value="([^"]*)"', refused.text)[1])
    shown = services.fill_in("/sign-in", {"email": "services@demo.example", "password": PASSWORD, "kept": kept}).text
    assert "It worries me" in shown
    assert POLICY not in shown


def test_a_link_to_the_form_that_waited_for_a_sign_in_leads_there_too(browser):
    stranger = browser()
    asked = stranger.get("/report")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Freport")
    on = stranger.sign_in("services@demo.example", next="/report").headers["location"]
    assert POLICY in stranger.get(on).text


later_facts = st.fixed_dictionaries(
    {},
    optional={
        "codes": st.lists(st.sampled_from([code.value for code in Code]), unique=True, max_size=3),
        "account": st.fixed_dictionaries({"type": st.sampled_from(["official", "work", "personal"])}),
        "facts_wrong": st.sampled_from([answer.value for answer in Answer]),
        "media_interest": st.booleans(),
        "personal_data": st.sampled_from([answer.value for answer in Answer]),
        "safety_risk": st.sampled_from([answer.value for answer in Answer]),
    },
)


@pytest.fixture
def who(token):
    """The people of these stories."""
    return dict(zip("services desk digital hr".split(), people(token, "services servicesdesk digital hr"), strict=True))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=later_facts, then=st.lists(st.tuples(later_facts, st.booleans()), max_size=4), triaged=st.booleans())
def test_whatever_is_told_later_their_desk_has_it_and_hr_is_not_suggested(who, first, then, triaged):
    made = who["services"].post("/api/cases", json={"kind": "mistake", "account": PERSONAL, **NO_DANGER, **first})
    if made.status_code == 422:
        # One fact said twice, once as a yes and once as a no.
        return
    case = made.json()
    official = first.get("account", PERSONAL)["type"] == "official"
    for facts, by_desk in [({}, False), *then]:
        holder = who["digital"] if official else who["desk"]
        changed = (holder if by_desk else who["services"]).patch(at(case), json=facts)
        assert changed.status_code in (200, 422, 409), changed.text
        if changed.status_code == 200 and facts.get("account", {}).get("type") == "official":
            official = True
        holder = who["digital"] if official else who["desk"]
        seen = holder.get(at(case)).json()
        assert seen["holding_desk"] == ("digital_unit" if official else "fco_services")
        assert (seen["hr"]["suggested"], seen["hr"]["because"]) == (False, [])
        assert ("digital_unit" in desks(seen)) is official
        assert who["digital"].get(at(case)).status_code == (200 if official else 404)
        # Their own desk keeps sight of it, whoever holds it.
        assert who["desk"].get(at(case)).status_code == 200
        if triaged and seen["stage"] == "reported":
            after = press(holder, case, "triage", codes=["illegal_or_inappropriate", "disrepute"])
            assert (after["hr"]["suggested"], after["hr"]["because"]) == (False, [])
    assert case["reference"] not in str(who["hr"].get("/api/cases").json())


def test_what_the_digital_unit_was_given_it_keeps_when_the_account_was_not_official_after_all(token):
    services, desk, digital = people(token, "services servicesdesk digital")
    case = report(services, codes=["disrepute"])
    for who, type_ in ((services, "personal"), (digital, "official"), (digital, "personal")):
        assert who.patch(at(case), json={"account": {"type": type_}}).status_code == 200
        seen = digital.get(at(case)).json()
        assert (seen["holding_desk"], seen["hr"]["suggested"]) == ("digital_unit", False)
    assert listed(desk, "?desk=fco_services") == [case["reference"]]
    assert desk.post(f"{at(case)}/triage", json={}).status_code == 403


def test_a_team_account_of_theirs_is_theirs_as_well(token):
    services, digital = people(token, "services digital")
    case = report(services, account=PERSONAL, posted_by_me=False, codes=["disrepute"])
    assert case["holding_desk"] == "fco_services"
    assert digital.get(at(case)).status_code == 404


def test_who_moves_to_another_employer_later_is_judged_as_who_they_were(token, database):
    services, desk, digital = people(token, "services servicesdesk digital")
    case = report(services, account=PERSONAL, codes=["disrepute"])
    edit(database, "services", employer="fco")
    assert services.patch(at(case), json={"codes": ["disrepute", "copyright"]}).status_code == 200
    seen = desk.get(at(case)).json()
    assert (seen["holding_desk"], seen["hr"]["suggested"]) == ("fco_services", False)
    assert digital.get(at(case)).status_code == 404
