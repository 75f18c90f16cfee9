"""Pages when something is in the way: wrong words, no words, many words, no sign-in, little sight, two presses."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import update

from service.core.clock import now
from service.demo.cast import AT, PASSWORD
from service.records.people import BrowserSession
from tests.browser.seeing import DESK, fits, sound
from tests.makers import APOLOGY, OFFICIAL, press, report

SCRIPTS = {
    "Chinese": "会谈在星期二，不是星期一。",
    "Arabic": "المحادثات يوم الثلاثاء، وليس يوم الاثنين.",
    "Hindi": "बातचीत मंगलवार को है, सोमवार को नहीं।",
    "emoji": "Sorry! 🙏🏽👩🏾‍💻🇬🇧",
}
UNBROKEN = "OfficialAccountOfTheEmbassyWithANameThatGoesOnAndOnWithoutEnd"[:60]


def page_of(case: dict) -> str:
    """The case's page."""
    return f"/cases/{case['reference']}"


QUESTIONS = ("Could it put someone at risk?", "Might it hold", "Does it show personal details")


def choose(page: Page, question: str, said: str) -> None:
    """Answer a question that has its choices in a row."""
    page.get_by_role("group", name=question).get_by_role("radio", name=said, exact=True).check(force=True)


# ---- Words are kept ---------------------------------------------------------------------------------------------


def test_a_time_that_is_still_to_come(phone, api):
    page = phone("staff")
    page.goto(page_of(report(api("staff"))))
    moment = page.locator("#now").get_by_label("When did you delete it?")
    moment.fill("2099-11-20T23:04")
    page.get_by_role("button", name="I have deleted it").click()
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    expect(moment).to_have_value("2099-11-20T23:04")
    expect(moment).to_have_accessible_description(re.compile("Tokyo time.*Error:", re.DOTALL))
    expect(page).to_have_title(re.compile("^Error: "))
    sound(page)
    summary.get_by_role("link").click()
    expect(moment).to_be_focused()


def test_an_apology_without_its_two_things(phone, api):
    staff = api("staff")
    case = report(staff)
    press(staff, case, "steps/delete/take")
    page = phone("staff")
    page.goto(page_of(case))
    now = page.locator("#now")
    now.get_by_label("Your words").fill(f"Sorry about that. {SCRIPTS['Arabic']}")
    now.get_by_label("Link to it (if you have one)").fill("https://social.example/1")
    now.get_by_role("button", name="I have posted it").click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(now.get_by_label("Your words")).to_have_value(f"Sorry about that. {SCRIPTS['Arabic']}")
    expect(now.get_by_label("Link to it (if you have one)")).to_have_value("https://social.example/1")
    sound(page)
    # In another language it is for the person to say that both things are there.
    now.get_by_label("Your words").fill(SCRIPTS["Arabic"])
    now.get_by_label("This is in another language and says both things").check()
    now.get_by_role("button", name="I have posted it").click()
    expect(page.locator("#step-apologise")).to_contain_text(SCRIPTS["Arabic"])


def test_a_sign_in_that_runs_out_while_somebody_writes(phone, underneath):
    page = phone("staff")
    page.goto("/report")
    for question in QUESTIONS:
        choose(page, question, "No")
    page.get_by_label("Official account").check()
    page.get_by_text("Add more now (you can do it later)").click()
    page.get_by_label("What happened, in your own words").fill("I was on the train.\n" + SCRIPTS["Chinese"])
    with underneath.write() as db:
        db.execute(update(BrowserSession).values(seen_at=now() - timedelta(hours=2)))
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    expect(page.get_by_text("What you typed is safe.")).to_be_visible()
    sound(page)
    page.get_by_label("Work e-mail address").fill("staff" + AT)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Nothing is lost. Send it now")).to_be_visible()
    kept = page.get_by_role("term")
    asked = ["Could put someone at risk", "May be classified or privileged", "Shows personal details of others"]
    expect(kept).to_have_text([*asked, "Kind of account", "Posted by the reporter", "What happened, as reported"])
    said = [*["No"] * 3, "Official account", "Yes", re.compile("I was on the train.")]
    expect(page.get_by_role("definition")).to_have_text(said)
    sound(page)
    page.get_by_role("button", name="Send it").click()
    expect(page).to_have_url(re.compile("/cases/SM-"))
    expect(page.locator("#what")).to_contain_text(SCRIPTS["Chinese"])
    expect(page.locator("#what")).to_contain_text("Official account")


def test_words_that_are_not_sent_are_asked_for_before_they_are_left(phone, api):
    page = phone("staff")
    page.goto(page_of(report(api("staff"))))
    page.get_by_text("Write to the digital unit").click()
    page.get_by_label("Your message").fill("Half a thought")
    asked: list[str] = []

    def stay(dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="My cases").click()
    expect(page.get_by_label("Your message")).to_have_value("Half a thought")
    assert asked == ["You have typed words that are not sent. Leave them?"]


def test_words_for_what_somebody_else_has_done_meanwhile(desk, api):
    case = report(api("staff"))
    page, other = desk("digital"), api("digital2")
    press(other, case, "acknowledge")
    page.goto(page_of(case))
    page.get_by_label("Note for the digital unit (if you like)").fill("Half a thought")
    press(other, case, "triage")
    page.get_by_role("button", name="Triage it").click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("#typed")).to_contain_text("Half a thought")
    sound(page)


# ---- Guarded ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("question", "said"), [(QUESTIONS[0], "Not sure"), (QUESTIONS[1], "Yes")])
def test_a_guarded_report_hides_the_boxes_and_sends_no_word(phone, question, said):
    page = phone("staff")
    page.goto("/report")
    page.get_by_text("Add more now (you can do it later)").click()
    page.get_by_label("What did the post say?").fill("CANARY")
    for each in QUESTIONS:
        choose(page, each, said if each == question else "No")
    for label in ("Link to the post", "What did the post say?", "What happened, in your own words"):
        expect(page.get_by_label(label)).to_be_hidden()
    expect(page.locator("#guard-note")).to_be_visible()
    sound(page)
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Send the report").click()
    assert "CANARY" not in (sent.value.post_data or "")
    expect(page.locator("#now")).to_contain_text("This case is guarded.")
    expect(page.locator("main")).not_to_contain_text("CANARY")


def test_a_guarded_case(phone, desk, api):
    case = report(api("staff"), safety_risk="yes")
    page = phone("staff")
    page.goto(page_of(case))
    expect(page.get_by_role("link", name=re.compile("Security"))).to_have_attribute("href", re.compile(r"^tel:\+"))
    expect(page.locator("#step-apologise")).to_contain_text("Wait before you say anything in public.")
    expect(page.locator("main textarea:visible, main input[type=file]")).to_have_count(0)
    sound(page)
    page.get_by_role("button", name="I have deleted it").click()
    expect(page.locator("#now")).to_contain_text("Wait for us. Post nothing about it yet.")
    sound(page)

    page = desk("digital")
    page.goto("/queue")
    expect(page.get_by_role("row", name=case["reference"])).to_contain_text("Guarded")
    page.goto(page_of(case))
    page.get_by_text("Open it for words and files").click()
    page.get_by_label("Why is it safe?").fill("Security has looked at it.")
    sound(page)
    page.get_by_role("button", name="Open it").click()
    expect(page.locator("#now")).to_contain_text("open for words and files")
    sound(page)


# ---- Nothing, and much ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "path", "says"),
    [
        ("hr2", "/queue", "Nothing is waiting"),
        ("hr2", "/referrals", ""),
        ("outsider", "/", "When somebody asks something of you, it will appear here at once."),
        ("outsider", "/cases", "You have no cases."),
        ("admin", "/people", "This list comes from the directory."),
        ("admin", "/settings", ""),
        ("digital", "/retention", "Nothing may go yet."),
        ("hr", "/retention?show=held", "Nothing is kept for legal reasons."),
        ("digital", "/retention?dispose=SM-2020-000000", "It cannot be undone."),
        ("outsider", "/subject-access", "Nothing was asked for yet."),
        ("data", "/subject-access", "Ask for somebody else"),
    ],
)
def test_pages_with_nothing_to_do(desk, who, path, says):
    page = desk(who)
    page.goto(path)
    expect(page.locator("main")).to_contain_text(says)
    sound(page)


def test_a_full_queue_and_long_words(desk, api, underneath):
    staff = api("staff")
    colours = ["disrepute", "policy_interpretation", "announcement_on_personal_account", "ministerial_movements"]
    for number in range(56):
        account = {"type": "work", "platform": UNBROKEN, "handle": "@" + UNBROKEN}
        report(staff, account=account, codes=[colours[number % 4]])
    page = desk("digital")
    page.goto("/queue")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(51)
    expect(page.get_by_text(UNBROKEN).first).to_be_visible()
    sound(page)
    # The row is the link, wherever it is pressed.
    box = rows.nth(1).bounding_box()
    assert box
    address = page.get_by_role("row").nth(1).get_by_role("link").get_attribute("href")
    page.get_by_role("button", name="Show the next cases").click()
    expect(page.get_by_role("link", name="Back to the start")).to_be_visible()
    page.get_by_role("link", name="Back to the start").click()
    expect(rows).to_have_count(51)
    page.mouse.click(box["x"] + box["width"] / 2, page.get_by_role("row").nth(1).bounding_box()["y"] + 20)
    expect(page).to_have_url(re.compile(f"{address}$"))
    sound(page)

    page = desk("staff")
    page.goto("/cases")
    sound(page)


def test_every_script_is_shown(phone, api):
    staff = api("staff")
    words = "\n".join(SCRIPTS.values())
    case = report(staff, post={"text": words}, narrative=words, account={**OFFICIAL, "handle": SCRIPTS["Hindi"][:20]})
    press(staff, case, "messages", text=SCRIPTS["Arabic"])
    page = phone("staff")
    page.goto(page_of(case))
    for text in SCRIPTS.values():
        expect(page.locator("#what")).to_contain_text(text)
    said = page.locator("#talk .words")
    expect(said).to_have_text(SCRIPTS["Arabic"])
    assert said.evaluate("each => getComputedStyle(each).direction") == "rtl"
    sound(page)


# ---- No ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/cases/SM-2026-999999", 404, "Go to the start"),
        ("/no-such-page", 404, "Go to the start"),
        ("/queue", 403, "The queue is for the desks."),
        ("/people", 403, "Go to the start"),
    ],
)
def test_pages_that_say_no(phone, path, status, says):
    page = phone("outsider")
    answer = page.goto(path)
    assert answer
    assert answer.status == status
    expect(page.locator("main")).to_contain_text(says)
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    sound(page)


def test_a_link_to_nothing_is_followed_without_losing_the_way(phone, api):
    page = phone("staff")
    page.goto(page_of(report(api("staff"))))
    page.route("**/cases", lambda route: route.continue_(url=f"{route.request.url}/SM-2026-999999"))
    page.get_by_role("link", name="My cases").click()
    expect(page.locator("main")).to_contain_text("Go to the start")
    page.get_by_role("link", name="Go to the start").click()
    expect(page).to_have_url(re.compile("/$"))


# ---- Little sight -----------------------------------------------------------------------------------------------


def test_forced_colours(desk, api):
    case = report(api("staff"))
    page = desk("digital")
    page.emulate_media(forced_colors="active")
    for path in ("/queue", page_of(case), "/report"):
        page.goto(path)
        sound(page, sizes=[DESK])
        # Where the system chooses the colours, a shape that had only a colour of its own would be gone.
        bare = page.locator(".govuk-button, .sev, .state, .now, .step").evaluate_all(
            "all => all.filter((each) => each.offsetWidth && parseFloat(getComputedStyle(each).borderTopWidth) === 0)"
            ".map((each) => each.className)"
        )
        assert not bare, (path, bare)
    page.goto(page_of(case))
    for line in (".moj-timeline", ".moj-timeline__item"):
        drawn = page.locator(line).first.evaluate(
            "each => [getComputedStyle(each, '::before').backgroundColor, getComputedStyle(each).color]"
        )
        assert drawn[0] == drawn[1], line
    page.goto("/report")
    choose(page, "Could it put someone at risk?", "No")
    chosen = page.locator("#report-safety_risk-2 + label")
    assert chosen.evaluate("each => getComputedStyle(each, '::after').content") == '"✓"'
    page.keyboard.press("Tab")
    outline = page.locator(":focus").evaluate(
        "each => [each, ...each.labels].map((one) => getComputedStyle(one).outlineStyle).join()"
    )
    assert "solid" in outline


@pytest.mark.parametrize(
    ("window", "scale"),
    [
        ({"width": 640, "height": 450}, 2),  # 1280 pixels at 200 %
        ({"width": 320, "height": 256}, 4),  # and at 400 %
    ],
)
def test_zoomed_in(opens, api, window: ViewportSize, scale: int):
    staff = api("staff")
    case = report(staff, narrative=UNBROKEN * 3)
    press(staff, case, "steps/delete/take")
    for who, paths in (("digital", ("/", "/queue", page_of(case))), ("staff", ("/report", page_of(case), "/now"))):
        page = opens(window, who, device_scale_factor=scale)
        for path in paths:
            page.goto(path)
            fits(page)
            cut = page.locator("main :is(h1, h2, h3, p, dd, li, label, .govuk-button):visible").evaluate_all(
                "all => all.filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth"
                " && getComputedStyle(each).overflowX !== 'visible').map((each) => each.textContent.slice(0, 60))"
            )
            assert not cut, (path, cut)


# ---- Things that move -------------------------------------------------------------------------------------------


def test_the_time_left_goes_on_and_is_late_in_the_end(phone, api):
    case = report(api("staff"), post={"posted_at": (now() - timedelta(minutes=42)).isoformat()})
    page = phone("staff")
    page.clock.install()
    page.goto(page_of(case))
    live, due = page.locator(".live time"), page.locator(".now__due time")
    expect(live).to_have_text("42 minutes")
    expect(due).to_have_text("59 minutes left")
    page.clock.fast_forward("05:00")
    expect(live).to_have_text("47 minutes")
    expect(due).to_have_text("54 minutes left")
    page.clock.fast_forward("01:00:00")
    expect(due).to_have_text("late by 5 minutes")
    sound(page)


def test_a_link_changes_title_focus_and_address_without_a_new_page(phone, api):
    page = phone("staff")
    case = report(api("staff"))
    page.goto("/cases")
    page.evaluate("() => { window.same = true; }")
    page.get_by_role("link", name=case["reference"]).click()
    expect(page).to_have_title(f"{case['reference']} Wrong account · official X – Amends")
    expect(page).to_have_url(re.compile(page_of(case)))
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name="Report", exact=True).click()
    expect(page).to_have_title("Form – Amends")
    expect(page.get_by_role("link", name="Report", exact=True)).to_have_attribute("aria-current", "page")
    assert page.evaluate("() => window.same && window.scrollY === 0")
    page.go_back()
    expect(page).to_have_title(f"{case['reference']} Wrong account · official X – Amends")
    expect(page.get_by_role("heading", level=1)).to_have_text("Wrong account · official X")
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Report a mistake")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_two_presses_are_one_deed(phone, api, scripts):
    staff = api("staff")
    case = report(staff)
    page = phone("staff", scripts=scripts)
    page.goto(page_of(case))
    page.get_by_role("button", name="I have deleted it").dblclick()
    expect(page.locator("#step-delete")).to_contain_text("Recorded")
    expect(page.locator("#now .now__ask")).to_contain_text("Say sorry in public")
    taken = [
        each for each in staff.get(f"/api{page_of(case)}/timeline").json()["items"] if each["kind"] == "step_taken"
    ]
    assert len(taken) == 1


def test_words_while_the_line_is_down(phone, api):
    staff = api("staff")
    case = report(staff)
    press(staff, case, "steps/delete/take")
    page = phone("staff")
    page.goto(page_of(case))
    now = page.locator("#now")
    now.get_by_label("Your words").fill(APOLOGY)
    page.context.set_offline(True)
    now.get_by_role("button", name="I have posted it").click()
    expect(page.get_by_role("alert")).to_have_text("You seem to be offline. Your words are still here. Try again.")
    expect(now.get_by_label("Your words")).to_have_value(APOLOGY)
    sound(page)
    page.context.set_offline(False)
    now.get_by_role("button", name="I have posted it").click()
    expect(page.locator("#step-apologise")).to_contain_text(APOLOGY)
