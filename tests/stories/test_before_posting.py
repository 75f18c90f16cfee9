"""Before somebody posts: five questions at most, and the question put to those who know."""

import re

import pytest

from service.cases.playbook import load
from tests.makers import NO_DANGER, everything_kept, fields, listed, people

CHECK, ASK = "/before-you-post", "/before-you-post/ask"
OWN = f"{CHECK}?secret=no&account=own"
NEWS = f"{CHECK}?secret=no&account=official&subject=yes&clearance=news"
DRAFT = "We are proud of our Flounder."


def links(page: str) -> list[str]:
    """Where the answers of a question lead."""
    return [found.replace("&amp;", "&") for found in re.findall(r'class="answers__link" href="([^"]+)"', page)]


def test_each_answer_is_a_link_and_the_path_ends(sign_in):
    staff = sign_in("staff")
    page = staff.get(CHECK)
    assert page.status_code == 200
    assert links(page.text) == [f"{CHECK}?secret=yes", f"{CHECK}?secret=no"]
    waiting, ends = [CHECK], 0
    while waiting:
        address = waiting.pop()
        shown = staff.get(address)
        assert shown.status_code == 200, address
        ends += "verdict--" in shown.text
        assert ("verdict--" in shown.text) != bool(links(shown.text)), address
        waiting += links(shown.text)
    assert ends == 14


def test_where_it_ends_it_says_why_and_whom_to_ask(sign_in):
    staff = sign_in("staff")
    end = staff.get(NEWS).text
    assert "Ask first: the Media Office or the digital unit" in end
    assert "there is no press line yet" in end
    assert "Seek guidance from head of team" in end
    assert f'href="{ASK}?of=media_office+digital_unit"' in end
    asks = staff.get(f"{ASK}?of=media_office+digital_unit+hr+nobody").text
    assert re.findall(r'value="(\w+)" checked', asks) == ["media_office", "digital_unit"]
    assert load().who_can_read.advice in asks
    for address, verdict in ((f"{OWN}&own=no&own_rules=no", "Go ahead"), (f"{CHECK}?secret=yes", "Do not post it")):
        assert verdict in staff.get(address).text


@pytest.mark.parametrize(
    "asked", ["secret=perhaps", "secret=", "secret=%00", "q=1", "account=official", "secret=no&secret=x"]
)
def test_an_answer_that_is_none_is_asked_again(sign_in, asked):
    shown = sign_in("staff").get(f"{CHECK}?{asked}")
    assert shown.status_code == 200
    assert "Could it hold classified or privileged material" in shown.text


def test_nothing_is_kept_before_somebody_asks(sign_in, database):
    staff = sign_in("staff")
    before = everything_kept(database)
    for address in (CHECK, OWN, NEWS, ASK):
        staff.get(address)
    after = everything_kept(database)
    assert before == after


def test_one_press_puts_the_question(sign_in, token):
    staff, media, digital = sign_in("staff"), token("media"), token("digital")
    told = {"kind": "advice", "ask": ["media_office"], "account.type": "official", "post.text": DRAFT, **NO_DANGER}
    sent = staff.fill_in(ASK, told)
    assert sent.status_code == 303, sent.text
    [reference] = listed(media)
    assert sent.headers["location"] == f"/cases/{reference}"
    case = media.get(f"/api/cases/{reference}").json()
    assert (case["kind"], case["post"]["text"], [each["desk"] for each in case["routes"]]) == (
        "advice",
        DRAFT,
        ["media_office"],
    )
    assert listed(digital, "?desk=digital_unit") == []


def test_nobody_ticked_asks_the_digital_unit(sign_in, token):
    sign_in("staff").fill_in(ASK, {"kind": "advice", "narrative": "May I?", **NO_DANGER})
    assert len(listed(token("digital"), "?desk=digital_unit")) == 1


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({}, "Could it put someone at risk? Answer yes, no or not sure."),
        (NO_DANGER, "Write your question"),
        ({**NO_DANGER, "narrative": "  "}, "Write your question"),
        ({**NO_DANGER, "narrative": "May I?", "ask": "hr"}, "Choose from: line_manager"),
        ({**NO_DANGER, "narrative": "May I?", "kind": "mistake"}, "Only a question is asked here"),
        ({**NO_DANGER, "narrative": "May I?", "not_manager": "true"}, "This belongs to a mistake"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(sign_in, token, told, names):
    refused = sign_in("staff").fill_in(ASK, {"kind": "advice", "account.platform": "Turbot", **told})
    assert refused.status_code == 422
    assert names in refused.text
    assert 'value="Turbot"' in refused.text
    assert listed(token("staff")) == []


@pytest.mark.parametrize("answer", ["yes", "unsure"])
def test_on_a_guarded_question_no_word_is_taken(sign_in, token, database, answer):
    staff, digital = sign_in("staff"), token("digital")
    told = {"kind": "advice", "ask": "digital_unit", **NO_DANGER, "possibly_classified": answer}
    refused = staff.fill_in(ASK, {**told, "post.text": DRAFT, "narrative": "May I?"})
    assert refused.status_code == 422
    assert "Flounder" not in refused.text
    assert "Flounder" not in everything_kept(database)
    by_program = token("staff").post(
        "/api/cases", json={"kind": "advice", "post": {"text": DRAFT}, **NO_DANGER, "safety_risk": answer}
    )
    assert (by_program.status_code, fields(by_program)) == (422, {"post.text"})
    # Without a word it is taken: those who are asked phone.
    assert staff.fill_in(ASK, told).status_code == 303
    assert len(listed(digital, "?desk=digital_unit")) == 1


def test_somebody_of_fco_services_is_told_of_their_own_policy_and_may_ask(sign_in, token):
    services = sign_in("services")
    assert "FCO Services" in services.get(CHECK).text
    assert "FCO Services" in services.get(ASK).text
    asked = services.fill_in(ASK, {"kind": "advice", "ask": "line_manager", "narrative": "May I?", **NO_DANGER})
    assert asked.status_code == 303
    manager, desk, digital = people(token, "manager servicesdesk digital")
    [reference] = listed(manager)
    assert desk.get(f"/api/cases/{reference}").status_code == 404
    assert digital.get(f"/api/cases/{reference}").status_code == 200


def test_words_survive_a_sign_in_that_ran_out(browser):
    somebody = browser()
    told = {"kind": "advice", "narrative": "May I?", **NO_DANGER}
    asked = somebody.post(ASK, data=told)
    assert (asked.status_code, "What you typed is safe." in asked.text) == (401, True)
    guarded = somebody.post(ASK, data={**told, "possibly_classified": "unsure", "narrative": "Flounder"})
    assert (guarded.status_code, "Flounder" in guarded.text) == (401, False)
