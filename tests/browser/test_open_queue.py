"""The queue as a triager lives in it: keys, rows that change by themselves, and a second person at the same desk."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, func, select
from sqlmodel import col

from service.people.directory import find
from service.records.cases import Case
from service.records.notifications import Notification
from service.records.people import BrowserSession
from tests.browser.seeing import sound
from tests.makers import PERSONAL, press, report

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def three(api):
    """Three cases, the worst last."""
    staff = api("staff")
    return [report(staff, codes=[code]) for code in ("other", "disrepute")] + [
        report(staff, account=PERSONAL, safety_risk="yes")
    ]


def row(page, case):
    return page.locator(f"#{case['reference']}")


def test_keys_move_open_read_and_take(desk, api, three):
    page = desk("digital")
    page.goto("/queue")
    worst = page.locator("#queue .row").first
    page.keyboard.press("j")
    expect(worst.get_by_role("link")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(worst.get_by_role("link")).to_be_focused()
    name = worst.get_attribute("id")
    page.keyboard.press("t")
    expect(page.locator(f"#{name} .row__holder")).to_contain_text("Digital")
    page.keyboard.press("a")
    expect(page.locator(f'#{name} [data-act="acknowledge"]')).to_have_count(0)
    assert api("digital").get(f"/api/cases/{name}").json()["assigned_to"] == "digital@demo.example"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    sound(page)
    page.get_by_label("Use these keys on this computer").uncheck()
    page.get_by_role("button", name="Close").click()
    page.locator(f"#{name} a").focus()
    page.keyboard.press("j")
    expect(page.locator(f"#{name} a")).to_be_focused()
    page.get_by_role("button", name="Keyboard help").click()
    page.get_by_label("Use these keys on this computer").check()
    page.keyboard.press("Escape")
    page.get_by_label("Search").fill("")
    page.get_by_label("Search").press_sequentially("jkat?")
    expect(page.get_by_label("Search")).to_have_value("jkat?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(f"#{name} a").focus()
    page.keyboard.press("a")
    expect(page.locator("#arrivals")).to_have_text("You have read this already.")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/cases/{name}$"))
    # Back in the list, the next key goes on from the case that was read.
    page.go_back()
    expect(page.locator(f"#{name}")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#queue .row").nth(1).get_by_role("link")).to_be_focused()


def test_a_row_that_changes_while_its_case_comes_is_opened_all_the_same(desk, api, three):
    page, case = desk("digital"), three[0]
    name, coming = case["reference"], []

    def hold(route):
        coming.append(route)

    page.goto("/queue")
    page.route(f"**/cases/{name}", hold)
    with page.expect_request(f"**/cases/{name}"):
        page.locator(f"#{name} a").click()
    with page.expect_response("**/queue"):
        press(api("digital2"), case, "assign", person="digital2@demo.example")
    # The page works through what it was answered before it comes to this.
    page.wait_for_timeout(100)
    coming.pop().continue_()
    expect(page.get_by_role("heading", level=1)).to_have_text(case["title"])
    expect(page.locator("main")).to_have_count(1)
    expect(page.locator("#queue")).to_have_count(0)
    sound(page)


def test_nothing_of_a_row_is_cut_off(desk, api):
    report(api("staff"), codes=["policy_interpretation"], account=PERSONAL)
    page = desk("digital")
    page.goto("/queue")
    cut = "each => each.filter(part => part.scrollWidth > part.clientWidth + 1).map(part => part.className)"
    assert page.locator("#queue .row td").evaluate_all(cut) == []
    tick, severity = (page.locator(f"#queue .row {part}").first.bounding_box() for part in (".row__tick", ".sev"))
    assert severity["y"] < tick["y"] + tick["height"], "the word stands beside its box, not under it"


def test_what_arrives_moves_nothing_until_it_is_asked_for(desk, api, three):
    page = desk("digital")
    page.goto("/queue")
    page.wait_for_timeout(1500)
    last = row(page, three[0])
    last.get_by_role("checkbox").check()
    last.get_by_role("link").focus()
    before = last.bounding_box()
    new = report(api("staff"), safety_risk="yes")
    expect(page.locator("#arrivals")).to_contain_text("1 case new or changed", timeout=3000)
    expect(row(page, new)).to_have_count(0)
    sound(page)
    press(api("digital2"), three[0], "assign", person="digital2@demo.example")
    expect(last.locator(".row__holder")).not_to_contain_text("Nobody yet", timeout=3000)
    assert last.get_by_role("checkbox").is_checked()
    expect(last.get_by_role("link")).to_be_focused()
    assert before
    page.get_by_role("button", name="Show the list as it is now").click()
    expect(row(page, new)).to_be_visible()
    expect(page.locator("#arrivals")).to_be_hidden()
    assert last.get_by_role("checkbox").is_checked()
    expect(last.get_by_role("link")).to_be_focused()


def test_two_see_that_the_other_is_looking(desk, three):
    queue, other = desk("digital"), desk("digital2")
    queue.goto("/queue")
    queue.wait_for_timeout(1000)
    other.goto(f"/cases/{three[2]['reference']}")
    expect(row(queue, three[2])).to_contain_text("is looking at this", timeout=5000)
    sound(queue)
    queue.goto(f"/cases/{three[2]['reference']}")
    expect(queue.locator("#looking")).to_contain_text("is looking at this")
    expect(other.locator("#looking")).to_contain_text("is looking at this", timeout=5000)
    sound(queue)
    other.goto("/")
    # At once, as a rule. Where the word of leaving is lost on the way, a look ends by itself within a minute.
    expect(queue.locator("#looking")).to_be_empty(timeout=75_000)


def test_an_open_case_is_not_read_again_by_itself(desk, api, underneath, three):
    """What comes while it stands open still waits: in front of an empty chair nobody reads."""
    page, asked = desk("digital"), []
    page.goto(f"/cases/{three[0]['reference']}")
    page.wait_for_timeout(1500)
    page.on("request", lambda request: asked.append((request.method, request.url.rpartition("/")[2])))
    api("staff").post(f"/api/cases/{three[0]['reference']}/messages", json={"text": "Are you there?"})
    with page.expect_response(lambda answer: answer.url.endswith("/looking"), timeout=5000):
        pass
    before = len(asked)
    report(api("staff"))
    page.wait_for_timeout(1500)
    assert asked[before:] == []
    assert {each for each in asked if each[1] != "looking"} == set()
    with underneath.read() as db:
        waits = select(func.count()).where(
            col(Notification.case_id)
            == select(col(Case.id)).where(col(Case.reference) == three[0]["reference"]).scalar_subquery(),
            col(Notification.person_id) == find(db, "digital@demo.example").id,
            col(Notification.read_at).is_(None),
        )
        assert db.execute(waits).scalar_one()


def test_filters_views_and_giving(desk, phone, three):
    page = desk("digital")
    page.goto("/queue")
    page.get_by_label("Severity").select_option("Critical")
    page.get_by_text("More choices").click()
    page.get_by_label("Platform, like X").fill("Instagram")
    page.get_by_role("button", name="Show these").click()
    expect(row(page, three[2])).to_be_visible()
    expect(row(page, three[1])).to_have_count(0)
    sound(page)
    page.get_by_text("Keep this view").click()
    page.get_by_label("Its name").fill("Critical on Instagram")
    page.get_by_role("button", name="Keep it").click()
    kept = page.get_by_role("link", name="Critical on Instagram")
    expect(kept).to_be_visible()
    page.get_by_role("link", name="Remove: Instagram").click()
    expect(page.get_by_role("link", name="Remove: Instagram")).to_have_count(0)
    kept.click()
    expect(page.get_by_role("link", name="Remove: Instagram")).to_be_visible()
    row(page, three[2]).get_by_role("checkbox").check()
    page.get_by_role("button", name="Give the ticked cases to somebody").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Give 1 case to somebody")
    expect(page.locator("#error-summary")).to_have_count(0)
    sound(page)
    page.get_by_label("To whom?").select_option("digital2@demo.example")
    page.get_by_role("button", name="Give it").click()
    expect(page.locator("#notice")).to_contain_text(f"{three[2]['reference']} is now with")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Excel").click()
    assert saved.value.suggested_filename.endswith(".xlsx")
    expect(page.locator("#export-words")).to_have_text("The file is saved.")
    page.goto("/queue?from=yesterday&q=words+kept")
    expect(page.get_by_label("Search")).to_have_value("words kept")
    expect(page.locator("#filter-from-error")).to_contain_text("Enter a day")
    sound(page)
    small = phone("digital")
    small.goto("/queue")
    sound(small)
    # What was chosen stands there by name, and the list is in sight all the same.
    small.goto("/queue?platform=instagram&severity=critical")
    expect(small.get_by_role("link", name="Remove: instagram")).to_be_visible()
    # Which case is first depends on the tests before this one.
    expect(small.locator("tr.row").first).to_be_in_viewport()
    expect(small.get_by_text("Keyboard help")).to_be_hidden()
    sound(small)
    page.goto("/queue?stage=closed")
    expect(page.get_by_role("button", name="Give the ticked cases")).to_have_count(0)


def test_the_queue_stands_still_once_signed_out(desk, underneath, api, three):

    page = desk("digital")
    page.goto("/queue")
    page.wait_for_timeout(1000)
    with underneath.write() as db:
        db.execute(delete(BrowserSession))
    report(api("staff"))
    expect(page.locator("#arrivals")).to_contain_text("You were signed out", timeout=4000)
    expect(page.get_by_role("button", name="Sign in again")).to_be_visible()


def test_without_scripts_everything_works_by_buttons(desk, three):
    page = desk("digital", scripts=False)
    page.goto("/queue")
    row(page, three[2]).get_by_role("button", name=re.compile("Take it")).click()
    expect(page.locator("#notice")).to_contain_text(f"{three[2]['reference']} is now yours.")
    row(page, three[2]).get_by_role("button", name=re.compile("I have read this")).click()
    expect(page.locator("#notice")).to_contain_text(f"{three[2]['reference']} is now read.")
    expect(page.locator(".keys-line")).to_be_hidden()


NEW = "1 case new or changed"


def test_what_changes_before_the_first_word_is_not_missed(desk, api, three):
    page = desk("digital")

    def late(route):
        report(api("staff"))
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/api/events", late)
    page.goto("/queue")
    expect(page.locator("#arrivals")).to_contain_text(NEW, timeout=8000)


def test_a_stream_that_was_refused_is_asked_for_anew(desk, three):
    page = desk("digital")
    page.clock.install()
    page.route("**/api/events", lambda route: route.fulfill(status=204), times=1)
    with page.expect_response(lambda answer: answer.status == 204):
        page.goto("/queue")
    page.wait_for_timeout(500)
    with page.expect_response(lambda answer: answer.url.endswith("/api/events") and answer.status == 200):
        page.clock.fast_forward(31_000)


def turned(page, hidden: bool) -> None:
    """Put the page out of sight, or back."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_a_page_out_of_sight_holds_no_connection(desk, api, three):
    page = desk("digital")
    page.add_init_script(
        """window.sources = [];
        window.EventSource = class extends EventSource {
          constructor(where) { super(where); window.sources.push(this); }
        };"""
    )
    page.goto("/queue")
    page.wait_for_function("() => sources.length === 1 && sources[0].readyState === 1")
    page.wait_for_timeout(1000)
    turned(page, True)
    assert page.evaluate("sources.map((each) => each.readyState)") == [2]
    report(api("staff"))
    page.wait_for_timeout(1500)
    expect(page.locator("#arrivals")).to_be_hidden()
    turned(page, False)
    page.wait_for_function("() => sources.length === 2 && sources[1].readyState === 1")
    expect(page.locator("#arrivals")).to_contain_text(NEW)


def test_the_list_goes_on_after_a_view_that_could_not_be_kept(desk, api, three):
    page = desk("digital")
    page.goto("/queue?order=newest")
    # As a browser sends it by itself, where htmx has not come: then the address is that of the form.
    page.locator('form[action="/queue/views"]').evaluate("(form) => form.submit()")
    expect(page).to_have_url(re.compile("/queue/views$"))
    expect(page.locator("#view-name-error")).to_contain_text("Give it a name")
    page.wait_for_timeout(1500)
    with page.expect_request(lambda request: "order=newest" in request.url, timeout=5000):
        report(api("staff"))
    expect(page.locator("#arrivals")).to_contain_text(NEW, timeout=5000)
