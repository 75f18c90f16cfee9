"""Report, take the steps, get the PDF: where no script runs, and where there is a keyboard and no mouse."""

import re
import time
from typing import Any

from playwright.sync_api import Locator, Page, expect

from service.demo.cast import AT, PASSWORD
from tests.browser.seeing import PHONE, sound, sound_without_scripts

APOLOGY = "We are sorry. This was posted by mistake and is not an official view."


def test_no_script_runs(phone, opens):
    page = phone(scripts=False)
    page.goto("/report")
    sound_without_scripts(page)
    page.get_by_label("Work e-mail address").fill("staff" + AT)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    for question in ("Could it put someone at risk?", "Might it hold classified", "Does it show personal details"):
        page.get_by_role("group", name=question).get_by_role("radio", name="No", exact=True).check(force=True)
    page.get_by_label("Official account").check()
    page.get_by_label("I used the wrong account").check()
    page.get_by_role("group", name="Were the facts wrong?").get_by_role("radio", name="No", exact=True).check(
        force=True
    )
    sound_without_scripts(page)
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wrong account · official")
    for needs_scripts in ("Copy the words", "Just now"):
        expect(page.get_by_role("button", name=needs_scripts)).to_have_count(0)
    sound_without_scripts(page)

    now = page.locator("#now")
    now.get_by_role("button", name="I have deleted it").click()
    now.get_by_label("Your words").fill("Oops")
    now.get_by_role("button", name="I have posted it").click()
    expect(page.locator("#error-summary")).to_be_visible()
    expect(now.get_by_label("Your words")).to_have_value("Oops")
    assert page.title().startswith("Error: ")
    sound_without_scripts(page)
    now.get_by_label("Your words").fill(APOLOGY)
    now.get_by_role("button", name="I have posted it").click()
    expect(now).to_contain_text("You have done your part")
    sound_without_scripts(page)

    page.get_by_role("button", name="Get the PDF").click()
    expect(page.get_by_role("link", name="Look again")).to_be_visible()
    # The page never turns by itself; it gives the PDF to whoever looks again once it is there.
    get = page.get_by_role("button", name=re.compile("Get this PDF"))
    until = time.monotonic() + 60
    while not get.is_visible() and time.monotonic() < until:
        page.get_by_role("link", name="Look again").click()
    expect(get).to_be_visible()
    sound_without_scripts(page)
    with page.expect_download() as saved:
        get.click()
    assert saved.value.path().read_bytes().startswith(b"%PDF")


def test_the_queue_without_scripts(desk):
    page = desk("digital", scripts=False)
    page.goto("/queue")
    sound_without_scripts(page)
    page.locator("summary", has_text="Choose which cases").click()
    page.get_by_label("Severity").select_option("Low")
    page.get_by_role("button", name="Show these").click()
    expect(page).to_have_url(re.compile("severity=low"))
    page.get_by_role("link", name=re.compile("Low")).click()
    assert "severity=low" not in page.url


# What can be told of how something looks: as it is, and as it is with the focus on it.
LOOKS = """() => {
    const of = (each, pseudo) => {
        const style = getComputedStyle(each, pseudo);
        return [style.outline, style.boxShadow, style.backgroundColor, style.borderColor, style.color].join();
    };
    window.look = (each) => [each, ...(each.labels || [])].map((one) => of(one) + of(one, "::before")).join();
    const all = [...document.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]")];
    window.looks = new Map(all.map((each) => [each, window.look(each)]));
}"""
FOCUSED = """() => {
    const at = document.activeElement;
    const box = (at.labels && at.labels[0] && at.type === "radio" ? at.labels[0] : at).getBoundingClientRect();
    return {
        tag: at.tagName.toLowerCase(), name: at.getAttribute("name") || at.textContent.trim().replace(/\\s+/g, " "),
        id: at.id,
        // The parts of a date are the browser's own, and so is the ring round its calendar.
        changed: at.type === "datetime-local" || window.look(at) !== window.looks.get(at),
        top: box.top + window.scrollY, seen: box.bottom > 0 && box.top < window.innerHeight && box.width > 0,
        value: at.value || "",
    };
}"""


class Keyboard:
    """Somebody who has keys and no pointer, and who has to see where they are."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.arrive()

    def arrive(self) -> None:
        """A page has come: remember how everything looks without the focus."""
        self.page.evaluate(LOOKS)
        self.top = -1000.0

    def tab(self) -> dict[str, Any]:
        """One Tab further: in sight, down the page, and to be seen."""
        self.page.keyboard.press("Tab")
        at = self.page.evaluate(FOCUSED)
        assert at["seen"], f"out of sight: {at}"
        assert at["changed"], f"the focus does not show: {at}"
        # One column on a phone: whatever comes later stands further down, or beside it.
        assert at["top"] >= self.top - 60, f"the focus jumps up the page: {at}"
        self.top = at["top"]
        return at

    def to(self, wanted: str) -> None:
        """Tab until the focus is on what has this name: a field's, or the words on a link or button."""
        passed = []
        while wanted not in ((at := self.tab())["name"], at["id"]):
            passed.append(at["name"])
            assert len(passed) < 120, f"no way to {wanted}: {passed}"

    def press(self, *keys: str) -> None:
        """Keys on what has the focus."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, words: str) -> None:
        """Words in place of what stands there."""
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(words)


def focus(page: Page) -> Locator:
    """What has the focus."""
    return page.locator(":focus")


def test_by_keyboard_alone(phone):
    page = phone()
    page.goto("/report")
    keys = Keyboard(page)
    skip_to_the_page(page, keys)

    keys.to("email")
    keys.type("staff" + AT)
    keys.to("password")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Report a mistake")).to_be_visible()
    report(page, Keyboard(page))
    take_steps(page, keys)
    get_the_pdf(page, keys)


def skip_to_the_page(page: Page, keys: Keyboard) -> None:
    keys.press("Tab")
    expect(focus(page)).to_have_text("Skip to the page")
    expect(focus(page)).to_be_in_viewport()
    sound(page, sizes=[PHONE])
    keys.press("Enter")
    expect(page.locator("main")).to_be_focused()
    keys.arrive()


def report(page: Page, keys: Keyboard) -> None:
    """Arrow keys choose within a question, as everywhere."""
    for question in ("safety_risk", "possibly_classified", "personal_data"):
        keys.to(question)
        keys.press("Space", "ArrowRight")
    keys.to("account.type")
    keys.press("Space")
    keys.to("report-codes")
    keys.press("Space")
    keys.to("facts_wrong")
    keys.press("Space", "ArrowRight")
    keys.to("Just now")
    keys.press("Space")
    expect(page.locator("#report-deleted_at")).not_to_have_value("")
    # It is still up, though: the next step is to delete it.
    page.locator("#report-deleted_at").evaluate("each => { each.value = ''; }")
    keys.to("Add more now (you can do it later)")
    keys.press("Enter")
    keys.to("account.platform")
    keys.type("X")
    keys.to("Send the report")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Wrong account · official X")
    expect(page.locator("#notice")).to_be_focused()


def take_steps(page: Page, keys: Keyboard) -> None:
    keys.arrive()
    keys.to("I have deleted it")
    keys.press("Enter")
    now = page.locator("#now")
    expect(now.get_by_label("Your words")).to_be_visible()
    expect(page.locator("#notice")).to_be_focused()

    keys.arrive()
    keys.to("public_text")
    keys.type("Oops")
    keys.to("I have posted it")
    keys.press("Space")
    expect(page.locator("#error-summary")).to_be_focused()
    keys.arrive()
    keys.tab()
    assert focus(page).get_attribute("href") == "#steps-apologise-take-public_text"
    keys.press("Enter")
    expect(now.get_by_label("Your words")).to_be_focused()
    expect(now.get_by_label("Your words")).to_have_value("Oops")
    keys.type(APOLOGY)
    keys.to("I have posted it")
    keys.press("Enter")
    expect(now).to_contain_text("You have done your part")
    # The page is there a moment before the focus goes to its notice.
    expect(page.locator("#notice")).to_be_focused()


def get_the_pdf(page: Page, keys: Keyboard) -> None:
    keys.arrive()
    keys.to("Get the PDF")
    keys.press("Space")
    expect(page.get_by_role("heading", level=1)).to_have_text("PDF of this case")
    expect(page.locator("main")).to_be_focused()
    keys.arrive()
    keys.to("Back to the case")
    get = page.get_by_role("button", name=re.compile("Get this PDF"))
    expect(get).to_be_visible(timeout=60_000)
    # The page has looked again meanwhile; whoever stood somewhere on it still stands there.
    expect(page.get_by_role("link", name="Back to the case")).to_be_focused()
    keys.page.evaluate(LOOKS)
    keys.tab()
    expect(get).to_be_focused()
    with page.expect_download() as saved:
        keys.press("Enter")
    assert saved.value.path().read_bytes().startswith(b"%PDF")
