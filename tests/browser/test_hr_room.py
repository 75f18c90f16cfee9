"""From referral to decision and appeal in a browser: the room on a phone and at a desk, and what the person is told."""

import io
import re
from datetime import UTC, timedelta

from playwright.sync_api import Page, expect
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlmodel import col

from service.core.clock import now
from service.records.referrals import Finding, Hearing, Paper, Referral
from service.records.room_words import PICTURE
from tests.browser.seeing import one_handed, sound, sound_without_scripts
from tests.makers import DEMO, at, picture, press, put_right, report, room, upload
from tests.stories.test_letters import send

THREE = {"investigator": f"hr2{DEMO}", "decision_maker": f"head{DEMO}"}


def local(**later: float) -> str:
    """A moment from now, as an input for London takes it."""
    return (now().astimezone(UTC) + timedelta(**later)).strftime("%Y-%m-%dT%H:%M")


def next_thing(page: Page) -> str:
    """What stands under *Next*."""
    return page.locator("#now-title").inner_text()


def post_letter(page: Page, here: str, kind: str) -> None:
    """Send a letter as it was drafted, and wait until it stands among those that were sent."""
    page.goto(here)
    letter = page.locator(f"#act-send-letter-{kind}")
    letter.locator("summary").first.click()
    letter.get_by_role("button", name="Send the letter").click()
    # Its PDF is made first, by a worker that may have to start.
    sent = page.locator(f'a[href="{here}/letters/{kind}/1.pdf"]').first
    expect(sent).to_be_visible(timeout=60_000)


def test_from_referral_to_appeal(desk, phone, api, underneath):
    staff, digital, hr = api("staff"), api("digital"), api("hr")
    case = report(staff, codes=["disrepute"], narrative="I used the wrong telephone.")
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name.", "mitigation": "It was gone within minutes."}
    made = digital.post(f"{at(case)}/referral-decision", json=told | {"allegation": "A post about a minister."})
    assert made.status_code == 201, made.text
    press(digital, case, "close", resolution="referred")

    lead = desk("hr")
    lead.goto("/referrals")
    sound(lead)
    lead.get_by_role("link", name="HR-").click()
    assert next_thing(lead) == "Next: accept this referral, or return it"
    sound(lead)
    lead.get_by_role("button", name="Accept this referral").click()
    expect(lead.locator("#now-title")).to_have_text("Next: appoint people")
    lead.get_by_label("Investigator").fill(THREE["investigator"])
    lead.get_by_label("Decision-maker").fill(f"staff{DEMO}")
    lead.get_by_role("button", name="Appoint").click()
    summary = lead.locator("#error-summary")
    expect(summary).to_contain_text("no part in it")
    expect(lead.get_by_label("Investigator")).to_have_value(THREE["investigator"])
    sound(lead)
    lead.get_by_label("Decision-maker").fill(THREE["decision_maker"])
    lead.get_by_role("button", name="Appoint").click()
    expect(lead.locator("#now-title")).to_contain_text("tell the person in writing")
    reference = lead.url.rpartition("/")[2]
    here = f"/referrals/{reference}"

    looks = phone("hr2")
    looks.goto(here)
    looks.locator("#now").get_by_label("What do you write to the person?").fill("We look at your post of Friday.")
    sound(looks)
    looks.get_by_role("button", name="Tell the person").click()
    expect(looks.locator("#now-title")).to_contain_text("record what you find")
    investigator = api("hr2")
    room(investigator, reference, "record-finding", kind="established", text="It was posted at nine.")
    room(investigator, reference, "record-finding", kind="mitigating", text="It was gone within minutes.")
    looks.goto(here)
    looks.locator("#act-send-letter-informing summary").first.click()
    looks.get_by_label("What happens next").fill("We look at it on both sides.")
    with looks.expect_download(timeout=60_000) as draft:
        looks.get_by_role("button", name="See it as a draft (PDF)").click()
    assert draft.value.suggested_filename == f"{reference}-informing-draft.pdf"
    expect(looks.get_by_label("What happens next")).to_have_value("We look at it on both sides.")
    looks.get_by_role("button", name="Send the letter").click()
    expect(looks.locator(f'a[href="{here}/letters/informing/1.pdf"]').first).to_be_visible(timeout=60_000)
    sound(looks)
    looks.locator("#evidence summary").click()
    statement = {"name": "Statement.txt", "mimeType": "text/plain", "buffer": b"I saw it at nine."}
    looks.get_by_label("Screenshot or file").set_input_files(statement)
    looks.get_by_label("What does it show?").fill("What the witness saw")
    looks.get_by_role("button", name="Add it").click()
    expect(looks.get_by_role("link", name="Statement.txt")).to_be_visible()
    looks.locator("#rare > summary").click()
    looks.get_by_text("I have a conflict of interest").click()
    expect(looks.get_by_role("button", name="Take me out of this room")).to_be_visible()
    sound(looks)
    number = investigator.get(f"/api{here}").json()["copyable"]["entries"][0]["entry"]
    room(investigator, reference, "copy", from_case=[number])
    room(investigator, reference, "notes", text="Both were asked.")
    room(hr, reference, "suspend", reason="Everybody needs calm.", review_at=(now() + timedelta(days=4)).isoformat())
    looks.goto(here)
    invite = looks.locator("#now")
    invite.get_by_label("When is the hearing?").fill(local(hours=5))
    invite.get_by_label("Where is it?").fill("Room 4, King Charles Street")
    invite.get_by_label("What else do you write?").fill("Please come.")
    looks.get_by_role("button", name="Invite the person").click()
    expect(looks.locator("#error-summary")).to_contain_text("48 hours")
    expect(looks.locator("#now").get_by_label("Where is it?")).to_have_value("Room 4, King Charles Street")
    looks.locator("#now").get_by_label("When is the hearing?").fill(local(days=3))
    looks.get_by_role("button", name="Invite the person").click()
    expect(looks.locator("#now")).to_contain_text("Room 4, King Charles Street")
    sound(looks)

    post_letter(looks, here, "invitation")
    theirs = phone("staff")
    theirs.goto("/")
    expect(theirs.get_by_role("heading", name="HR has written to you")).to_be_visible()
    sound(theirs)
    theirs.get_by_role("link", name="Read what HR has told you").click()
    expect(theirs.locator("#now")).to_contain_text("You are invited to a hearing")
    # What was found is theirs to read before they are heard of it.
    expect(theirs.get_by_text("It was posted at nine.")).to_be_visible()
    sound(theirs)

    # Three days pass.
    with underneath.write() as db:
        db.execute(update(Hearing).values(hearing_at=now() - timedelta(hours=2)))
    decides = desk("head")
    decides.goto(here)
    decides.locator("#now").get_by_label("When did it begin?").fill(local(hours=-1))
    decides.locator("#now").get_by_label("Who was there?").fill("Whom it is about\nTheir union\nHR")
    decides.locator("#now").get_by_label("What was said?").fill("They are sorry.")
    decides.get_by_role("button", name="Record the hearing").click()
    decides.locator("#now").get_by_label("What did you consider?").fill("None of the four.")
    decides.get_by_role("button", name="Confirm this").click()
    expect(decides.get_by_role("heading", name="Warnings that still count")).to_be_visible()
    sound(decides)
    decides.locator("#now").get_by_label("First written warning").check()
    decides.locator("#now").get_by_label("Why?").fill("Because of the harm.")
    decides.get_by_role("button", name="Record the decision").click()
    expect(decides.get_by_role("heading", name="The outcome")).to_be_visible()
    sound(decides)
    post_letter(decides, here, "outcome")

    theirs.goto(here)
    theirs.get_by_text("Appeal against the outcome").click()
    theirs.get_by_label("Why do you appeal?").fill("It was gone within minutes.")
    theirs.get_by_role("button", name="Appeal").click()
    expect(theirs.locator("#now")).to_contain_text("somebody who was not involved before")
    sound(theirs)
    lead.goto(here)
    assert next_thing(lead) == "Next: appoint people"
    sound(lead)
    lead.locator("#now").get_by_label("Appeal hearer").fill(f"services{DEMO}")
    lead.locator("#now").get_by_role("button", name="Appoint").click()
    expect(lead.locator("#now-title")).to_contain_text("invite the person")

    hears = phone("services")
    hears.goto(here)
    invite = hears.locator("#now")
    invite.get_by_label("When is the hearing?").fill(local(days=3))
    invite.get_by_label("Where is it?").fill("Room 5")
    invite.get_by_label("What else do you write?").fill("Please come.")
    invite.get_by_role("button", name="Invite the person").click()
    expect(hears.locator("#now")).to_contain_text("Room 5")
    sound(hears)
    with underneath.write() as db:
        db.execute(update(Hearing).where(col(Hearing.appeal)).values(hearing_at=now() - timedelta(hours=2)))
    hears.goto(here)
    hears.locator("#now").get_by_label("When did it begin?").fill(local(hours=-1))
    hears.locator("#now").get_by_label("Who was there?").fill("Whom it is about\nHR")
    hears.locator("#now").get_by_label("What was said?").fill("It was brief, they say.")
    hears.get_by_role("button", name="Record the hearing").click()
    expect(hears.locator("#now-title")).to_contain_text("decide the appeal")
    sound(hears)
    hears.locator("#now").get_by_label("Yes", exact=True).check()
    hears.locator("#now").get_by_label("Then the outcome is").select_option("informal_advice")
    hears.locator("#now").get_by_label("Why?").fill("It was gone within minutes.")
    hears.locator("#now").get_by_role("button", name="Record the decision").click()
    expect(hears.get_by_text("Upheld: informal advice")).to_be_visible()
    post_letter(hears, here, "appeal-outcome")
    sound(hears)

    lead.goto(here)
    # It was suspended on the way; nobody stays so at the end.
    assert next_thing(lead) == "Next: end the suspension"
    lead.locator("#now").get_by_role("button", name="End the suspension").click()
    expect(lead.locator("#now-title")).to_have_text("Next: close the referral")
    lead.locator("#now").get_by_role("button", name="Close this referral").click()
    expect(lead.locator("#now")).to_have_count(0)
    sound(lead)
    theirs.goto(here)
    expect(theirs.locator("#now")).to_contain_text("Nothing more is asked of you.")
    for kind in ("informing", "invitation", "outcome", "appeal-outcome"):
        expect(theirs.locator(f'a[href="{here}/letters/{kind}/1.pdf"]')).to_be_visible()
    sound(theirs)
    lead.goto("/referrals?stage=all")
    sound(lead)


def test_the_papers_are_made_and_fetched(desk, phone, api):
    staff, digital, hr = api("staff"), api("digital"), api("hr")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name.", "allegation": "A post about a minister."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    for opened in (desk, phone):
        page = opened("hr")
        page.goto(f"/referrals/{reference}")
        page.get_by_role("link", name="Papers for the hearing").click()
        expect(page.get_by_role("heading", level=1, name="Papers for the hearing")).to_be_visible()
        sound(page)
        if opened is desk:
            page.get_by_role("button", name=re.compile("Make this PDF.*Bundle")).click()
        ready = page.get_by_role("button", name=re.compile("Get this PDF.*Bundle"))
        expect(ready).to_be_visible(timeout=60_000)
        one_handed(page, ready)
        sound(page)
        with page.expect_download() as got:
            ready.click()
        assert got.value.suggested_filename == f"{reference}-bundle-hr.pdf"


def test_a_file_goes_and_a_name_is_taken_out_of_their_copy(phone, api):
    staff, digital, hr, hr2 = api("staff"), api("digital"), api("hr"), api("hr2")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name.", "allegation": "A post about a minister."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", **THREE)
    room(hr2, reference, "inform-subject", text="This is alleged.")
    room(hr2, reference, "conflict", person=THREE["decision_maker"], reason="A namesake.")
    assert upload(hr2, reference, picture(), "shot.png", description="As it looked").status_code == 201
    lead = phone("hr")
    lead.goto(f"/referrals/{reference}")
    expect(lead.get_by_alt_text("As it looked")).to_be_visible()
    lead.locator("#rare > summary").click()
    lead.get_by_text("Destroy a file that should not be here").click()
    lead.get_by_text("Take back a conflict that was named in error").click()
    sound(lead)
    lead.get_by_role("button", name="Destroy it").click()
    expect(lead.locator("#error-summary")).to_be_visible()
    # It was refused, and is not folded away.
    expect(lead.get_by_role("button", name="Destroy it")).to_be_visible()
    sound(lead)
    lead.locator("#act-purge").get_by_label("shot.png").check()
    lead.locator("#act-purge").get_by_label("Why?").fill("It must not be here.")
    lead.get_by_role("button", name="Destroy it").click()
    expect(lead.locator("#evidence")).to_contain_text("Its fingerprint remains")
    expect(lead.get_by_alt_text("As it looked")).to_have_count(0)
    lead.get_by_text("Take something more out").click()
    lead.get_by_label("A name, or words").fill("Member of staff")
    lead.get_by_role("button", name="Take it out of their copy").click()
    expect(lead.locator("#error-summary")).to_contain_text("their own name")
    lead.get_by_label("A name, or words").fill("Zoe Marabou")
    lead.get_by_role("button", name="Take it out of their copy").click()
    expect(lead.locator("#their-copy")).to_contain_text("Zoe Marabou")
    sound(lead)
    lead.get_by_role("button", name="Leave it in").click()
    expect(lead.locator("#their-copy")).to_contain_text("Nothing yet.")
    lead.locator("#rare > summary").click()
    lead.get_by_text("Take back a conflict that was named in error").click()
    lead.get_by_label("Whose is it?").select_option(THREE["decision_maker"])
    lead.get_by_label("Why was it an error?").fill("It was another of that name.")
    lead.get_by_role("button", name="Take it back").click()
    expect(lead.get_by_text("Kept out of this room")).to_have_count(0)
    sound(lead)


def lived_through(api, underneath) -> str:
    """The address of a referral that has every kind of line in its life, thirty-three in all, over a year."""
    staff, digital, hr, hr2, head, services = (
        api(who) for who in ("staff", "digital", "hr", "hr2", "head", "services")
    )
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name.", "allegation": "A post about a minister."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", **THREE)
    for number in range(10):
        room(hr, reference, "appoint", investigator=f"hr{2 + (number + 1) % 2}{DEMO}")
    room(hr2, reference, "inform-subject", text="This is alleged.")
    for number in range(4):
        kind = ("established", "mitigating")[number % 2]
        room(hr2, reference, "record-finding", kind=kind, text="It was posted at nine.")
        room(hr, reference, "serve", how="By hand", text="The papers.")
        room(hr, reference, "pause", reason="They are ill.")
        room(hr, reference, "resume")
    room(hr, reference, "suspend", reason="Everybody needs calm.", review_at=(now() + timedelta(days=4)).isoformat())
    hearing = {"hearing_at": (now() + timedelta(days=3)).isoformat(), "place": "Room 4", "text": "Please come."}
    held = {"held_at": (now() - timedelta(hours=1)).isoformat(), "present": ["All"], "notes": "Heard."}
    for who in (hr2, services):
        if who is services:
            room(staff, reference, "appeal", grounds="It was gone within minutes.")
            room(hr, reference, "appoint", appeal_hearer=f"services{DEMO}")
        room(who, reference, "invite", **hearing)
        if who is hr2:
            send(hr2, reference, "invitation")
            later = (now() + timedelta(days=3, hours=1)).isoformat()
            room(hr2, reference, "postpone", hearing_at=later, reason="The companion is away.")
        with underneath.write() as db:
            db.execute(update(Hearing).values(hearing_at=now() - timedelta(hours=2)))
        if who is hr2:
            room(head, reference, "hear", **held)
            room(head, reference, "consider", text="None of the four.")
            room(head, reference, "decide", outcome="first_written_warning", reason="Because of the harm.")
    room(services, reference, "hear", **held)
    room(services, reference, "decide-appeal", upheld=False, reason="It stands.")
    room(hr, reference, "end-suspension")
    room(hr, reference, "close")
    with underneath.write() as db:
        here = db.execute(select(Referral).where(col(Referral.reference) == reference)).scalar_one()
        here.received_at = now() - timedelta(days=360)
        for table in (Finding, Paper):
            for number, row in enumerate(db.execute(select(table).where(table.referral_id == here.id)).scalars()):
                row.at = now() - timedelta(days=50 * number + 10)
    return f"/referrals/{reference}"


def test_the_whole_life_is_printed_on_one_sheet(desk, api, underneath):
    page = desk("hr")
    page.goto(f"{lived_through(api, underneath)}/life")
    assert page.locator(".picture tbody tr").count() == 33
    assert {
        line for line in PICTURE.values() if page.get_by_role("rowheader", name=line, exact=True).count() != 1
    } == set()
    # As whoever prints it has it set; and as the page itself asks for it.
    margins = dict.fromkeys(("top", "right", "bottom", "left"), "10mm")
    for way in ({"format": "A4", "margin": margins}, {"prefer_css_page_size": True}):
        [sheet] = PdfReader(io.BytesIO(page.pdf(**way))).pages
        words = " ".join(sheet.extract_text().split())
        assert [line for line in PICTURE.values() if line not in words] == []
        assert [left for left in ("Back to", "Your work", "Print this page", "Amends") if left in words] == []
        assert sheet.mediabox.width < sheet.mediabox.height
    sound(page)


def finding_in_hand(api) -> str:
    """The address of a referral whose facts are being found, by HR's second."""
    staff, digital, hr, hr2 = api("staff"), api("digital"), api("hr"), api("hr2")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name.", "allegation": "A post about a minister."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", **THREE)
    room(hr2, reference, "inform-subject", text="This is alleged.")
    return f"/referrals/{reference}"


def test_words_in_one_form_outlive_the_sending_of_another(desk, api):
    page = desk("hr2")
    page.goto(finding_in_hand(api))
    found, note = page.get_by_label("What did you find?"), page.locator("#act-notes")
    page.get_by_label("Speaks for the person").check()
    found.fill("Half a finding")
    note.locator("summary").click()
    # Refused, and then kept: what stands beside it is there both times.
    note.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#error-summary")).to_be_visible()
    expect(found).to_have_value("Half a finding")
    note.get_by_label("Note").fill("A note beside it")
    note.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#notice")).to_contain_text("Your note is kept.")
    expect(found).to_have_value("Half a finding")
    expect(page.get_by_label("Speaks for the person")).to_be_checked()
    sound(page)
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Half a finding" not in kept
    # A refused form comes back with its words, which are not sent either.
    page.get_by_label("Speaks for the person").evaluate("(each) => { each.checked = false; }")
    page.get_by_role("button", name="Record it").first.click()
    expect(page.locator("#error-summary")).to_be_visible()
    note.locator("summary").click()
    note.get_by_label("Note").fill("Another note")
    note.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#notice")).to_contain_text("Your note is kept.")
    expect(found).to_have_value("Half a finding")
    # Where its form is gone with what was sent, the words are shown.
    page.locator("#act-informal summary").click()
    page.locator("#act-informal").get_by_label("How is it settled").fill("A talk is enough.")
    page.get_by_role("button", name="Settle it informally").click()
    expect(page.get_by_text("What you wrote, and did not send")).to_be_visible()
    expect(page.get_by_text("Half a finding")).to_be_visible()
    sound(page)


def test_without_scripts_it_says_that_forms_are_sent_one_by_one(desk, api):
    page = desk("hr2", scripts=False)
    page.goto(finding_in_hand(api))
    expect(page.get_by_text("Send what you wrote in one before you write in another")).to_be_visible()
    sound_without_scripts(page)
