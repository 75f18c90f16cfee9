"""The manager's one screen, how far a post has gone, and two reports of one post, as they are seen and pressed."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.seeing import one_handed, sound
from tests.makers import OFFICIAL, report

LINK = {"post": {"url": "https://x.com/EmbassyTokyo/status/17"}}
STORY = "I was logged in to both accounts. I posted a joke about my train from the embassy’s account."


def page_of(case: dict) -> str:
    """The case's page."""
    return f"/cases/{case['reference']}"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_manager_reads_presses_and_knows_what_to_say(phone, api, scripts):
    case = report(api("staff"), narrative=STORY)
    page: Page = phone("manager", scripts=scripts)
    page.goto(page_of(case))
    press_it = page.get_by_role("button", name="I have read this")
    one_handed(page, press_it)
    if scripts:
        sound(page)
    press_it.click()
    expect(page.locator("#now")).to_contain_text("Nothing is asked of you")
    expect(page.locator("#now")).to_contain_text("What happens next")
    page.get_by_text("What is being done, and who knows").click()
    expect(page.locator("#told")).to_contain_text("Has read it")
    if scripts:
        for fold in page.locator("details.fold > summary").all()[:1]:
            fold.click()
        sound(page)
        page.get_by_label("What should the desk know from you?").fill("We spoke at noon.")
        page.get_by_role("button", name="Keep the note").click()
        expect(page.locator("#notes")).to_contain_text("We spoke at noon.")
        sound(page)


def test_two_reports_of_one_post_are_merged(phone, desk, api):
    staff, digital = api("staff"), api("digital")
    first, second = report(staff, **LINK), report(api("colleague"), **LINK)
    mine = report(staff, **LINK)
    page = phone("staff")
    page.goto(page_of(mine))
    asked = page.locator("#alike")
    expect(asked).to_contain_text("You reported this link")
    sound(page)
    asked.get_by_role("button", name="Yes, it is the same").first.click()
    expect(page.locator("#alike")).to_contain_text("You told us that this is the same")
    sound(page)
    page = desk("digital")
    page.goto(page_of(second))
    sound(page)
    page.locator(f"#merge-{first['reference']} summary").click()
    sound(page)
    page.get_by_role("button", name=f"Merge {second['reference']} into {first['reference']}").click()
    expect(page.locator(".case-head__reference")).to_contain_text(first["reference"])
    expect(page.locator("#alike")).to_contain_text(f"Also reported in {second['reference']}")
    sound(page)
    page.goto(page_of(second))
    expect(page.locator("#now")).to_contain_text(f"It is the same as {first['reference']}")
    sound(page)
    assert digital.get(f"/api/cases/{second['reference']}").json()["stage"] == "closed"
    page = phone("colleague")
    page.goto(page_of(second))
    expect(page.locator("#now")).to_contain_text("This case is closed. Nothing is asked of you.")
    sound(page)


def test_scheduled_posts_are_paused_and_its_spread_is_told(phone, api):
    case = report(api("staff"), account=OFFICIAL)
    page = phone("staff")
    page.goto(page_of(case))
    one_handed(page, page.get_by_role("button", name="They are paused"))
    sound(page)
    page.get_by_role("button", name="They are paused").click()
    expect(page.locator("#spread")).to_contain_text("Scheduled posts are paused")
    expect(page.get_by_role("button", name="They are paused")).to_have_count(0)
    page.locator("#act-exposure summary").click()
    page.get_by_label("How many people saw it?").fill("a lot")
    page.get_by_label("How many copies have you seen elsewhere?").fill("3")
    page.locator("#act-exposure").get_by_role("button", name="Save").click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.get_by_label("How many people saw it?")).to_have_value("a lot")
    sound(page)
    page.get_by_label("How many people saw it?").fill("1,200")
    page.locator("#act-exposure").get_by_role("button", name="Save").click()
    expect(page.locator("#spread")).to_contain_text(re.compile("1,200 people saw it, 3 copies seen elsewhere"))
    sound(page)
