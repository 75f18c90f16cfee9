"""A post that worries somebody, on a phone: told in confidence, and put right by whoever holds the account."""

import re

from playwright.sync_api import Page, expect

from service.demo.cast import AT
from tests.browser.seeing import one_handed, sound
from tests.browser.test_desk_of_a_concern import looked_at


def test_told_in_confidence(phone, api):
    staff: Page = phone("staff")
    staff.goto("/")
    staff.get_by_role("link", name="Tell us about it").click()
    expect(staff).to_have_title(re.compile("^Form"))
    sound(staff)
    staff.get_by_role("button", name="Send it").click()
    expect(staff.locator("#error-summary")).to_be_focused()
    sound(staff)
    for legend in ("Could it put someone at risk?", "Might it hold classified", "Does it show personal details"):
        staff.get_by_role("group", name=legend).get_by_label("No", exact=True).check()
    staff.get_by_role("button", name="Send it").click()
    expect(staff.get_by_text("Say what worries you, add a link, or name the account.").first).to_be_visible()
    staff.get_by_label("A post by a colleague").check()
    expect(staff.get_by_label("Whose post is it, if you know?")).to_be_visible()
    expect(staff.get_by_text("Leave out what only you can know")).to_be_visible()
    looked_at(staff, "raise")
    staff.get_by_label("What worries you, in your own words").fill("It makes fun of a child.")
    press = staff.get_by_role("button", name="Send it")
    one_handed(staff, press)
    press.click()
    expect(staff.get_by_role("heading", level=1, name="A concern that you raised")).to_be_visible()
    expect(staff.get_by_text("Nobody who works on this sees your name.")).to_be_visible()
    expect(staff.locator("#facts dd").filter(has_text="It makes fun of a child.")).to_be_visible()
    sound(staff)
    staff.get_by_label("Write to the desk").fill("Please hurry.")
    staff.get_by_role("button", name="Send it").click()
    expect(staff.get_by_text("Please hurry.")).to_be_visible()
    looked_at(staff, "raised")

    reference = staff.url.rsplit("/", 1)[-1].partition("#")[0].partition("?")[0]
    asked = api("digital").post(
        f"/api/cases/{reference}/triage",
        json={
            "ask_for": ["delete", "apologise"],
            "ask_of": "colleague" + AT,
            "ask_because": "It makes fun of a child.",
        },
    )
    assert asked.status_code == 200, asked.text
    holder = phone("colleague")
    holder.goto("/cases")
    expect(holder.get_by_role("heading", name="Asked of you, or told to you")).to_be_visible()
    expect(holder.locator(".due")).to_be_visible()
    looked_at(holder, "my-cases")
    holder.get_by_role("link", name=reference).click()
    expect(holder.get_by_role("heading", level=1, name="Something is asked of you")).to_be_visible()
    sound(holder)
    one_handed(holder, holder.get_by_role("button", name="I have deleted it"))
    holder.get_by_role("button", name="I have deleted it").click()
    expect(holder.get_by_label("What you posted")).to_have_value("")
    looked_at(holder, "asked-for-an-apology")
    holder.get_by_label("What you posted").fill("Sorry: I posted this by mistake. It is not an official view.")
    holder.get_by_role("button", name="I have posted it").click()
    expect(holder.get_by_text("Nothing more is asked of you. Thank you.")).to_be_visible()
    sound(holder)
    staff.reload()
    expect(staff.get_by_text("Somebody is looking at it. You need not do anything.")).to_be_visible()
