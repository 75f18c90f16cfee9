"""Out of a report page at once: by a link or by Shift three times; and what such a page says of itself meanwhile."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.seeing import one_handed, sound, sound_without_scripts

REPORT_PAGES = ("/now", "/report")
SECRET = "Half a thought about a convoy"
KEPT_HERE = "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.body.textContent])"


def way_out(page: Page):
    """The link that leads out."""
    return page.get_by_role("button", name="Leave this page")


def write(page: Page) -> None:
    """Begin a report that is not to be seen."""
    page.goto("/report")
    page.get_by_text("Add more now (you can do it later)").click()
    page.get_by_label("Name of the account").fill(SECRET)
    page.get_by_label("What happened, in your own words").fill(SECRET)


def has_left(page: Page) -> None:
    """Nothing of it is left: not on the page, nor one step back, nor in what a browser keeps for a site."""
    expect(page).to_have_url(re.compile("/notes$"))
    expect(page).to_have_title("Notes")
    assert SECRET not in page.evaluate(KEPT_HERE)
    assert "/report" not in page.evaluate(KEPT_HERE)
    for word in ("Amends", "report", "mistake"):
        expect(page.locator("body")).not_to_contain_text(word, ignore_case=True)


@pytest.mark.parametrize("path", REPORT_PAGES)
def test_a_title_says_nothing_and_the_way_out_is_in_sight(phone, path):
    page = phone("staff")
    page.goto(path)
    assert not re.search("report|mistake|concern|post", page.title(), re.IGNORECASE)
    sound(page)
    page.evaluate("() => window.scrollTo(0, document.body.scrollHeight / 2)")
    expect(way_out(page)).to_be_in_viewport()
    one_handed(page, way_out(page))


@pytest.mark.parametrize("how", ["press", "keys"])
def test_one_press_or_three_keys_and_nothing_is_left(desk, how):
    page = desk("staff")
    page.goto("/cases")
    before = page.evaluate("() => history.length")
    write(page)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    if how == "press":
        way_out(page).click()
    else:
        page.get_by_label("What happened, in your own words").press("End")
        for _ in range(3):
            page.keyboard.press("Shift")
    has_left(page)
    sound(page)
    assert asked == []
    # The notes stand where the report stood: one step back is what was there before it.
    assert page.evaluate("() => history.length") == before + 1
    page.go_back()
    expect(page).to_have_url(re.compile("/cases$"))


def test_capitals_and_slow_fingers_are_no_way_out(desk):
    page = desk("staff")
    write(page)
    page.get_by_label("What happened, in your own words").press_sequentially("ABC DEF")
    page.keyboard.press("Shift")
    page.keyboard.press("Shift")
    expect(page.locator("[data-leave-said]")).to_have_text("Shift, press 1 more time to leave.")
    page.keyboard.press("a")
    expect(page.locator("[data-leave-said]")).to_have_text("")
    page.keyboard.press("Shift")
    expect(page.locator("[data-leave-said]")).to_have_text("Shift, press 2 more times to leave.")
    expect(page).to_have_url(re.compile("/report$"))


def test_it_goes_where_its_page_goes(desk):
    page = desk("staff")
    page.goto("/cases")
    for _ in range(3):
        page.keyboard.press("Shift")
    expect(page).to_have_url(re.compile("/cases$"))
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Report").click()
    expect(way_out(page)).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Shift")
    has_left(page)


def test_without_scripts_the_link_leads_out(phone):
    page = phone("staff", scripts=False)
    for path in REPORT_PAGES:
        page.goto(path)
        sound_without_scripts(page)
        way_out(page).click()
        has_left_without_scripts(page)


def has_left_without_scripts(page: Page) -> None:
    """The plain page, and nothing on it."""
    expect(page).to_have_url(re.compile("/notes$"))
    expect(page).to_have_title("Notes")
    sound_without_scripts(page)


def test_whose_policy_it_is(phone, desk):
    page = phone("services")
    page.goto("/report")
    expect(page.get_by_role("heading", level=1)).to_have_text("FCO Services has its own policy")
    on = page.get_by_role("button", name="Report to the FCO Services desk")
    one_handed(page, on, way_out(page))
    sound(page)
    on.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Report a mistake")
    sound(page)
    plain = desk("services", scripts=False)
    plain.goto("/report")
    sound_without_scripts(plain)
    plain.get_by_role("link", name="Leave without reporting").click()
    expect(plain).to_have_url(re.compile("/$"))
    plain.goto("/report")
    plain.get_by_role("button", name="Report to the FCO Services desk").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Report a mistake")
