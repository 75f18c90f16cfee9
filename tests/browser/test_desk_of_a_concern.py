"""What a desk does with a concern, in a browser: asks for steps, tells the subject, and is shown who raised it."""

import os
import re
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import update

from service.core.clock import now
from service.demo.cast import AT, PASSWORD
from service.records.people import BrowserSession
from tests.browser.seeing import DESK, PHONE, sound
from tests.makers import at, picture, press, upload
from tests.stories.test_concern import raise_it

LINK = "https://example.org/somebody/status/1234567890123456789012345"
"""Too long for a line on a phone, as links are."""
SHOTS = os.environ.get("AMENDS_SHOTS", "")


def looked_at(page: Page, name: str) -> None:
    """Sound on a phone and at a desk; kept as pictures where somebody asked for them."""
    sound(page)
    if SHOTS:
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            page.screenshot(path=Path(SHOTS) / f"{name}-{size['width']}.png", full_page=True)


def open_up(page: Page, line: str) -> None:
    """Open what waits behind a line of words."""
    page.locator("summary").get_by_text(line, exact=True).click()


def test_the_desk_asks_tells_and_is_shown_who_raised_it(desk, phone, api, underneath):
    staff, digital = api("staff"), api("digital")
    about = {"what": "colleague", "email": "colleague" + AT}
    case = raise_it(staff, confidential=True, about=about, post={"url": LINK})
    upload(staff, case, picture(size=(600, 400)), "me at home.png", description="The post")
    here = f"/cases/{case['reference']}"
    lead = desk("digital")
    lead.goto(here)
    open_up(lead, "Triage it")
    looked_at(lead, "to-triage")
    expect(lead.get_by_text("You get the picture alone.")).to_be_visible()
    lead.locator("#triage-ask_for").check()
    lead.locator("#triage-ask_of").fill("colleague" + AT)
    lead.get_by_label("Why do you ask them? They read this.").fill("It makes fun of somebody.")
    lead.get_by_role("button", name="Triage it").click()
    expect(lead.get_by_text("The case is triaged and in hand.")).to_be_visible()
    expect(lead.get_by_text("Asked of Colleague: It makes fun of somebody.")).to_be_visible()
    open_up(lead, "Tell the person whose post it is")
    lead.get_by_label(f"Link to the post: {LINK}").check()
    lead.get_by_role("button", name="Tell them").click()
    expect(lead.get_by_text("They have been told.")).to_be_visible()
    open_up(lead, "Write a message")
    lead.get_by_label("colleague" + AT).check()
    lead.get_by_label("Your message").fill("How do you see it?")
    lead.get_by_role("button", name="Send it").first.click()
    expect(lead.get_by_text("Your message is sent.")).to_be_visible()
    for line in ("Ask for steps", "Tell the person whose post it is", "Write a message", "Ask who raised this"):
        open_up(lead, line)
    looked_at(lead, "desk")

    expect(lead.get_by_text("Advise the reporter")).to_have_count(0)

    subject = phone("colleague")
    subject.goto(here)
    expect(subject.get_by_text("How do you see it?")).to_be_visible()
    looked_at(subject, "subject")
    subject.get_by_label("Write to the desk").fill("It was meant as a joke.")
    subject.get_by_role("button", name="Send it").click()
    expect(subject.get_by_text("It was meant as a joke.")).to_be_visible()

    press(digital, case, "send", desk="line_manager", reason="Please talk to them about this post on Monday.")
    manager = phone("manager")
    manager.goto(here)
    expect(manager.get_by_text("Please talk to them about this post on Monday.").first).to_be_visible()
    looked_at(manager, "manager")

    with underneath.write() as db:
        db.execute(update(BrowserSession).values(confirmed_at=now() - timedelta(minutes=6)))
    lead.get_by_label("Why do you have to know?").fill("They may be in danger.")
    lead.get_by_role("button", name="Show me who raised this").click()
    expect(lead.get_by_role("heading", level=1, name="Give your password once more")).to_be_visible()
    looked_at(lead, "password")
    lead.get_by_role("textbox", name="Password").fill("not this one at all")
    lead.get_by_role("button", name="Go on").click()
    expect(lead.get_by_text("This is not your password.").first).to_be_visible()
    looked_at(lead, "password-wrong")
    lead.get_by_role("textbox", name="Password").fill(PASSWORD)
    lead.get_by_role("button", name="Go on").click()
    expect(lead.get_by_text("They may be in danger.")).to_be_visible()
    looked_at(lead, "send-it-now")
    lead.get_by_role("button", name="Send it").click()
    expect(lead.get_by_text("(in confidence: shown to you alone)")).to_be_visible()
    expect(lead.locator("#what").get_by_text("Member of staff")).to_be_visible()
    looked_at(lead, "revealed")
    raiser = phone("staff")
    raiser.goto(here)
    expect(raiser.get_by_text("They may be in danger.")).to_be_visible()
    expect(raiser.get_by_text("A screenshot is safest.")).to_be_visible()
    looked_at(raiser, "raiser")
    assert "Digital" not in staff.get(at(case)).text


def test_the_desk_says_whose_post_it_is_and_reads_who_did_what_was_asked(desk, api):
    case = raise_it(api("staff"), confidential=True, codes=["other"], about={"what": "colleague"})
    press(api("digital"), case, "triage")
    lead = desk("digital")
    lead.goto(f"/cases/{case['reference']}")
    expect(lead.locator("#now").get_by_text("Decide what should happen.")).to_be_visible()
    looked_at(lead, "in-hand")
    lead.locator("#now").get_by_role("link", name="Say whose post it is").click()
    lead.get_by_label("Whose post is it?").fill("colleague" + AT)
    lead.get_by_role("button", name="Save", exact=True).click()
    expect(lead.locator("#what dd").filter(has_text=re.compile("^Colleague$"))).to_be_visible()
    looked_at(lead, "subject-named")
    why = "It makes fun of somebody."
    press(api("digital"), case, "ask", steps=["delete"], of="colleague" + AT, reason=why)
    press(api("colleague"), case, "steps/delete/take")
    lead.reload()
    expect(lead.locator("#step-delete").get_by_text(f"Asked of Colleague: {why}")).to_be_visible()
    expect(lead.locator("#step-delete").get_by_text("by Colleague")).to_be_visible()
    looked_at(lead, "step-done")
