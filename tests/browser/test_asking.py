"""Before somebody posts: the questions by thumb and without scripts, the question put, the answer read."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.seeing import PHONE, one_handed, sound, sound_without_scripts

QUESTIONS = ("Could it put someone at risk?", "Might it hold", "Does it show personal details")


def walk(page: Page, *answers: str) -> None:
    """Go from home to the questions, and press these answers."""
    page.goto("/")
    page.get_by_role("button", name="Check it first").click()
    for answer in answers:
        choice = page.get_by_role("link", name=answer, exact=True)
        one_handed(page, choice)
        sound(page)
        choice.click()


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (("Yes, or I am not sure",), "Do not post it"),
        (("No", "My own, for work or for myself", "I am not sure"), "Ask first: your line manager"),
        (("No", "An official account", "Yes", "None of these", "No"), "Go ahead"),
    ],
)
def test_the_path_to_each_end(phone, answers, verdict):
    page = phone("staff")
    walk(page, *answers)
    expect(page.get_by_role("heading", level=1)).to_have_text(verdict)
    sound(page)
    page.get_by_role("link", name=re.compile("^Change")).last.click()
    expect(page.get_by_role("link", name=answers[-1], exact=True)).to_be_visible()


def test_without_scripts_and_one_press_to_ask(opens):
    page = opens(PHONE, "staff", scripts=False)
    walk_on = ("No", "An official account", "Yes", "An answer to something said about us")
    page.goto("/before-you-post")
    for answer in walk_on:
        page.get_by_role("link", name=answer, exact=True).click()
    sound_without_scripts(page)
    page.get_by_role("button", name="Ask them now").click()
    expect(page.get_by_label("The Media Office")).to_be_checked()
    sound_without_scripts(page)
    for question in QUESTIONS:
        page.get_by_role("group", name=question).get_by_role("radio", name="No", exact=True).check(force=True)
    page.get_by_label("Official account").check(force=True)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#error-summary")).to_contain_text("Write your question")
    sound_without_scripts(page)
    page.get_by_label("What do you want to post?").fill("We never said that.")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page).to_have_url(re.compile("/cases/SM-"))


def test_a_question_that_may_be_secret_has_no_box_for_words(phone):
    page = phone("staff")
    page.goto("/before-you-post/ask")
    page.get_by_label("What do you want to post?").fill("CANARY")
    for question, said in zip(QUESTIONS, ("No", "Not sure", "No"), strict=True):
        page.get_by_role("group", name=question).get_by_role("radio", name=said, exact=True).check(force=True)
    expect(page.get_by_label("What do you want to post?")).to_be_hidden()
    expect(page.locator("#guard-note")).to_be_visible()
    sound(page)
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Ask", exact=True).click()
    assert "CANARY" not in (sent.value.post_data or "")


def test_a_question_is_put_answered_and_closed(phone, desk, api):
    told = {"kind": "advice", "ask": ["line_manager"], "narrative": "May I?", "post": {"text": "Proud of our team."}}
    answers = {"safety_risk": "no", "possibly_classified": "no", "personal_data": "no"}
    case = api("staff").post("/api/cases", json=told | answers).json()
    there = f"/cases/{case['reference']}"
    staff, manager = phone("staff"), phone("manager")
    staff.goto(there)
    expect(staff.locator("#now")).to_contain_text("Wait for the answer. Do not post it yet.")
    sound(staff)
    manager.goto(there)
    expect(manager.locator("#now")).to_contain_text("asks you before they post")
    one_handed(manager, manager.get_by_role("button", name="Answer", exact=True))
    sound(manager)
    manager.get_by_role("button", name="Answer", exact=True).click()
    expect(manager.locator("#error-summary")).to_be_focused()
    sound(manager)
    manager.get_by_label("What should they do, and why?").fill("Go ahead.")
    manager.get_by_role("button", name="Answer", exact=True).click()
    expect(manager.locator("#now")).to_contain_text("It is answered. You can close it.")
    sound(manager)
    staff.goto(there)
    expect(staff.locator("#now")).to_contain_text("Go ahead.")
    sound(staff)
    manager.get_by_role("button", name="Close the question").click()
    expect(manager.locator("#now")).to_contain_text("This question is closed.")
    sound(manager)
    page = desk("digital")
    page.goto(there)
    sound(page)


def test_what_was_answered_is_named_in_a_report(phone, api):
    told = {"kind": "advice", "ask": ["media_office"], "narrative": "May I?"}
    answers = {"safety_risk": "no", "possibly_classified": "no", "personal_data": "no"}
    question = api("colleague").post("/api/cases", json=told | answers).json()["reference"]
    api("media").post(f"/api/cases/{question}/advice", json={"text": "Yes, on Monday."})
    page = phone("colleague")
    page.goto("/report")
    for each in QUESTIONS:
        page.get_by_role("group", name=each).get_by_role("radio", name="No", exact=True).check(force=True)
    page.get_by_text("Add more now (you can do it later)").click()
    page.get_by_label("Did you ask about it here before you posted?").select_option(question)
    sound(page)
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator("#what")).to_contain_text("Yes, on Monday.")
    page.get_by_text("Add or change what happened").click()
    expect(page.get_by_label("Was it answered here?")).to_have_value(question)
    sound(page)
