"""The main job on a phone, from a worried person's first tap to a closed case, and everyone it passes on the way."""

import re
from io import BytesIO

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from service.demo.cast import AT, PASSWORD
from tests.browser.seeing import one_handed, sound


def test_from_the_mistake_to_the_pdf(phone, desk):
    staff = phone(permissions=["clipboard-read", "clipboard-write"])
    now_without_signing_in(staff)
    sign_in(staff, "staff")
    here = report(staff)
    delete(staff)
    apologise(staff)
    add_a_picture(staff)

    read_it(phone("manager"), here)
    digital = desk("digital")
    triage(digital)
    refuse_to_close(digital)
    staff.reload()
    correct(staff)
    digital.reload()
    advise(digital)
    do_not_refer(digital)
    verify(digital)
    close_it(digital)
    get_the_pdf(staff, here)


def now_without_signing_in(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_role("link", name="See what to do this minute").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Do this now")
    sound(page)
    page.get_by_role("button", name="Report it now").click()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    sound(page)


def sign_in(page: Page, who: str) -> None:
    email, password = page.get_by_label("Work e-mail address"), page.get_by_label("Password", exact=True)
    press = page.get_by_role("button", name="Sign in", exact=True)
    one_handed(page, press)
    email.fill(who + AT)
    password.fill("not this one, surely")
    press.click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(email).to_have_value(who + AT)
    sound(page)
    password.fill(PASSWORD)
    press.click()
    expect(page.get_by_role("heading", level=1, name="Report a mistake")).to_be_visible()


def answer(page: Page, question: str, said: str) -> None:
    page.get_by_role("group", name=question).get_by_role("radio", name=said, exact=True).check(force=True)


def report(page: Page) -> str:
    sound(page)
    send = page.get_by_role("button", name="Send the report")
    first = page.get_by_role("group", name="Could it put someone at risk?").locator(".govuk-radios__label")
    one_handed(page, send, *first.all())
    for question in ("Could it put someone at risk?", "Might it hold classified", "Does it show personal details"):
        answer(page, question, "No")
    answer(page, "Which account was it?", "Official account")
    page.get_by_label("I used the wrong account").check()
    answer(page, "Were the facts wrong?", "Yes")
    page.get_by_text("Add more now (you can do it later)").click()
    page.get_by_label("Where was it posted?").fill("X")
    page.get_by_label("What did the post say?").fill("The talks are on Monday")
    sound(page)
    send.click()
    expect(page).to_have_url(re.compile(r"/cases/SM-\d{4}-\d{6}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Wrong account · official X")
    expect(page.locator("#notice")).to_be_focused()
    sound(page)
    return page.url


def asked(page: Page) -> Locator:
    """What the top of the case page asks for now."""
    return page.locator("#now .now__ask")


def delete(page: Page) -> None:
    expect(asked(page)).to_contain_text("Delete the post")
    expect(asked(page)).to_contain_text("left")
    press = page.get_by_role("button", name="I have deleted it")
    one_handed(page, press, page.locator("summary", has_text="I cannot delete it"))
    press.click()
    expect(asked(page)).to_contain_text("Say sorry in public")
    done = page.locator("#step-delete")
    expect(done).to_contain_text("Done")
    for moment in ("Done", "Recorded", "Checked"):
        expect(done.locator("dt", has_text=moment)).to_be_visible()
    sound(page)


def apologise(page: Page) -> None:
    now = page.locator("#now")
    words = now.get_by_label("Your words")
    suggested = words.input_value()
    assert "by mistake" in suggested
    assert "official view" in suggested
    words.fill(f"{suggested} We have taken it down.")
    now.get_by_role("button", name="Copy the words").click()
    expect(now.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == f"{suggested} We have taken it down."
    now.get_by_role("button", name="I have posted it").click()
    expect(asked(page)).to_contain_text("Post the right facts")
    expect(page.locator("#step-apologise")).to_contain_text("We have taken it down.")
    sound(page)


def correct(page: Page) -> None:
    expect(asked(page)).to_contain_text("Post the right facts")
    now = page.locator("#now")
    now.get_by_label("Your words").fill("Correction: we said the talks are on Monday. They are on Tuesday.")
    now.get_by_role("button", name="I have posted it").click()
    expect(asked(page)).to_contain_text("You have done your part")
    sound(page)


def screenshot() -> bytes:
    """A picture of a post, drawn here."""
    made = BytesIO()
    picture = Image.new("RGB", (720, 1280), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 720, 120), fill="#0b3a5b")
    draw.text((40, 200), "The talks are on Monday", fill="black", font_size=48)
    picture.save(made, "PNG")
    return made.getvalue()


def add_a_picture(page: Page) -> None:
    page.get_by_text("Add a picture or a file").click()
    shown = page.locator("#evidence")
    shown.get_by_label("Screenshot or file").set_input_files(
        {"name": "post before.png", "mimeType": "image/png", "buffer": screenshot()}
    )
    shown.get_by_label("What does it show?").fill("The post before I deleted it")
    sound(page)
    shown.get_by_role("button", name="Add it").click()
    picture = shown.get_by_role("img", name="The post before I deleted it")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("each => each.naturalWidth") > 0
    expect(shown.locator(".hash")).to_have_text(re.compile(r"^[0-9a-f]{64}$"))
    sound(page)
    with page.expect_download() as saved:
        shown.locator(".evidence__link").click()
    assert saved.value.path().read_bytes() == screenshot()


def read_it(page: Page, here: str) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 case is waiting for you")
    sound(page)
    page.get_by_role("link", name=here.rpartition("/")[2]).click()
    press = page.get_by_role("button", name="I have read this")
    one_handed(page, press)
    sound(page)
    press.click()
    expect(asked(page)).to_contain_text("Nothing is asked of you")
    expect(page.locator("#told")).to_contain_text("Has read it")
    sound(page)


def triage(page: Page) -> None:
    page.goto("/queue")
    row = page.get_by_role("row", name=re.compile("Wrong account · official X"))
    expect(row).to_contain_text("Medium")
    sound(page)
    row.get_by_role("link").click()
    # The queue's rows have a button of this name too, and are there until the case is.
    page.locator("#now").get_by_role("button", name="I have read this").click()
    expect(asked(page)).to_contain_text("Triage it")
    sound(page)
    what = page.get_by_role("group", name="What went wrong?")
    for fold in what.locator("details").all():
        if fold.get_attribute("open") is None:
            fold.locator("summary").click()
    what.get_by_label("Could hurt or offend").check()
    sound(page)
    page.get_by_role("button", name="Triage it").click()
    expect(asked(page)).to_contain_text("Advise the reporter")
    expect(page.locator(".case-head")).to_contain_text("High")
    sound(page)


def refuse_to_close(page: Page) -> None:
    """Too early: each thing that is still missing is named, and what was typed stays."""
    page.locator("summary", has_text="Close the case").click()
    answer(page, "How did it end?", "Advice given")
    page.get_by_label("Note (if you like)").fill("A word that stays")
    page.get_by_role("button", name="Close the case").click()
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("It cannot be closed yet")
    for missing in ("right facts|correct", "advi", "HR"):
        expect(summary.get_by_role("listitem").filter(has_text=re.compile(missing, re.IGNORECASE))).to_have_count(1)
    expect(page.get_by_label("Note (if you like)")).to_have_value("A word that stays")
    expect(page.get_by_text("What you wrote")).to_have_count(0)
    sound(page)


def advise(page: Page) -> None:
    page.locator("#now").get_by_label("What you advise").fill("Keep two devices: one for work, one for you.")
    page.get_by_role("button", name="Give this advice").click()
    expect(page.locator("#talk")).to_contain_text("Keep two devices")


def do_not_refer(page: Page) -> None:
    expect(asked(page)).to_contain_text("refer to HR")
    sound(page)
    now = page.locator("#now")
    answer(page, "What do you decide?", "Do not refer")
    now.get_by_label("Why?").fill("An honest mistake, and put right at once.")
    now.get_by_role("button", name="Record the decision").click()
    expect(page.locator("#desk")).to_contain_text("Not referred to HR")


def verify(page: Page) -> None:
    for kind in ("delete", "apologise", "correct"):
        page.get_by_role("button", name=f"I have checked: {kind}").click()
        expect(page.locator(f"#step-{kind}")).to_contain_text("by Digital unit lead")
    expect(asked(page)).to_contain_text("You can close it")
    sound(page)


def close_it(page: Page) -> None:
    answer(page, "How did it end?", "Advice given")
    page.get_by_role("button", name="Close the case").click()
    expect(asked(page)).to_contain_text("This case is closed")
    sound(page)


def get_the_pdf(page: Page, here: str) -> None:
    page.goto(here)
    expect(asked(page)).to_contain_text("This case is closed")
    expect(page.locator("main")).not_to_contain_text("HR")
    expect(page.locator("#talk")).to_contain_text("Advice from Digital unit lead")
    sound(page)
    page.get_by_role("button", name="Get the PDF", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("PDF of this case")
    expect(page.get_by_text("We are making it")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Making the PDF")).to_be_visible()
    get = page.get_by_role("button", name=re.compile("Get this PDF"))
    expect(get).to_be_visible(timeout=60_000)
    one_handed(page, get)
    sound(page)
    with page.expect_download() as saved:
        get.click()
    assert saved.value.suggested_filename.endswith("-reporter.pdf")
    assert saved.value.path().read_bytes().startswith(b"%PDF")
