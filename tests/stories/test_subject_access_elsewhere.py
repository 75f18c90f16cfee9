"""Words are taken out of every part with one press; where they still stand, whoever looks it through is told."""

import json
import re
from email.message import EmailMessage

from sqlalchemy import select
from sqlmodel import col

from service.records.subject_access import AccessRedaction
from tests.makers import at, everything_kept, fields, people, picture, press, report, room, upload
from tests.stories.test_retention_of_referrals import passed_on
from tests.stories.test_room import DECISION_MAKER, INVESTIGATOR
from tests.stories.test_subject_access import ask, given_to, parts, where

WORDS = "Zed Quill told me"
REASON = "It tells who he is."
RELEASED = {"looked_through": True}


def gathered(token, worked):
    """A request with the words in two cases and in a message, and in a text beside them."""
    staff = token("staff")
    case = report(staff, narrative=f"{WORDS} to post it.")
    upload(staff, case, f"Note: {WORDS},\r\nso I did.".encode(), "note.txt")
    press(staff, case, "messages", text=f"As I said, {WORDS}.")
    report(staff, narrative=f"Again {WORDS}. {WORDS} twice.")
    request = ask(staff)
    worked()
    return request


def holding(data, request, words=WORDS):
    return [part["item"] for part in parts(data, request) if words in json.dumps(part["lines"])]


def named(page, request):
    """The parts that the page names at its top."""
    text = page.get(f"/subject-access/{request['reference']}").text
    top = text.partition('id="still"')[2].partition("</section>")[0]
    return [int(number) for number in re.findall(r'href="[^"]*#i(\d+)"', top)], text


def test_words_are_taken_out_of_every_part_with_one_press_and_one_reason(token, worked, database, sign_in):
    request = gathered(token, worked)
    data, page = token("data"), sign_in("data")
    where_they_stood = holding(data, request)
    assert len(where_they_stood) >= 2
    opened = page.get(f"/subject-access/{request['reference']}").text
    assert re.search(r'id="redact-everywhere"[^>]* checked', opened)
    form = {"item": str(where_they_stood[0]), "text": WORDS, "everywhere": "true", "reason": REASON}
    sent = page.fill_in(f"/subject-access/{request['reference']}/redact", form)
    told = page.get(sent.headers["location"]).text
    assert f"It is taken out of {len(where_they_stood)} parts." in told
    assert holding(data, request) == []
    with database.read() as db:
        kept = db.execute(select(AccessRedaction).order_by(col(AccessRedaction.number))).scalars().all()
    assert [(each.number, each.reason, each.whole) for each in kept] == [
        (number, REASON, False) for number in where_they_stood
    ]
    assert sum(each.times for each in kept) >= 4
    # Of the file nothing can be taken out: its part is named, and left out whole.
    (in_file,), text = named(page, request)
    assert "its file holds" in text
    assert "Words that were taken out still stand in one part" in text
    data.post(f"{where(request)}/redact", json={"item": in_file, "everywhere": True, "reason": "A text about him."})
    numbers, text = named(page, request)
    assert (numbers, "Look at these again" in text) == ([], False)
    assert data.post(f"{where(request)}/release", json=RELEASED).status_code == 200
    worked()
    given = b"\n".join(given_to(token("staff"), request).values()).decode(errors="replace")
    assert "Zed Quill" not in given


def test_where_words_still_stand_is_named_until_they_are_out_and_a_person_decides(token, worked, database, sign_in):
    request = gathered(token, worked)
    data, page = token("data"), sign_in("data")
    assert named(page, request)[0] == []
    first, *others = holding(data, request)
    body = {"item": first, "text": WORDS, "reason": REASON}
    assert data.post(f"{where(request)}/redact", json=body).status_code == 200
    assert holding(data, request) == others
    numbers, text = named(page, request)
    files = [part["item"] for part in parts(data, request) if part["title"].startswith("A file, note.txt")]
    assert numbers == sorted({*others, *files})
    assert f"Words that were taken out still stand in {len(numbers)} parts" in text
    for number in others:
        data.post(f"{where(request)}/redact", json=body | {"item": number})
    assert named(page, request)[0] == files
    # Not refused: the same words may tell of nobody there.
    released = data.post(f"{where(request)}/release", json=RELEASED).json()
    held = parts(data, request)
    left_out = [part for part in held if part["withheld"]]
    assert (released["looked_through"], released["total"]) == (len(held), len(held) - len(left_out))
    # What was taken out is known no longer than it is looked for.
    with database.read() as db:
        assert db.execute(select(AccessRedaction).where(col(AccessRedaction.words).is_not(None))).first() is None


def test_what_is_purged_meanwhile_is_kept_in_no_words_that_were_taken_out(token, worked, database):
    staff, digital, data = people(token, "staff digital data")
    case = report(staff, narrative="Kestrel")
    request = ask(staff)
    worked()
    (number, *_) = holding(data, request, "Kestrel")
    taken = data.post(f"{where(request)}/redact", json={"item": number, "text": "Kestrel", "reason": REASON})
    assert taken.status_code == 200
    assert staff.patch(at(case), json={"safety_risk": "unsure"}).status_code == 200
    press(digital, case, "purge", fields=["narrative"], reason="It should not be here.")
    assert "Kestrel" not in everything_kept(database)


def test_an_email_is_read_as_its_readers_see_it(token, worked, sign_in):
    """A mail program writes letters in its own way, and an accent may be typed by itself."""
    staff, data = people(token, "staff data")
    case = report(staff, narrative="So said Zoe\u0308 Quill.")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@demo.example", "b@demo.example", "A post"
    mail["Date"], mail["Message-ID"] = "Fri, 20 Nov 2026 09:00:00 +0000", "<1@demo.example>"
    mail["X-Wrong"] = "=?utf-8?b?x?="
    mail.set_content("So said Zo\u00eb Quill.", cte="base64")
    upload(staff, case, mail.as_bytes(), "mail.eml")
    upload(staff, case, picture(), "screen.png")
    request = ask(staff)
    worked()
    (number, *_) = [part["item"] for part in parts(data, request) if "Quill" in json.dumps(part["lines"])]
    body = {"item": number, "text": "Zoe\u0308 Quill", "everywhere": True, "reason": REASON}
    assert data.post(f"{where(request)}/redact", json=body).status_code == 200
    (in_file,), text = named(sign_in("data"), request)
    assert "mail.eml" in next(part["title"] for part in parts(data, request) if part["item"] == in_file)
    assert "Zo\u00eb Quill" in text


def test_where_a_part_stands_on_another_page_its_link_leads_there(token, worked, sign_in, monkeypatch):
    from service.web import subject_access

    monkeypatch.setattr(subject_access, "PAGE", 2)
    request = gathered(token, worked)
    data, page = token("data"), sign_in("data")
    first, *others = holding(data, request)
    data.post(f"{where(request)}/redact", json={"item": first, "text": WORDS, "reason": REASON})
    text = named(page, request)[1]
    for number in others:
        link = re.search(rf'href="([^"#]*)#i{number}"', text)[1].replace("&amp;", "&")
        assert f'id="i{number}"' in page.get(link or f"/subject-access/{request['reference']}").text


def test_a_reply_is_called_by_where_it_was_written(token, worked, database):
    staff, hr, hr2, data = people(token, "staff hr hr2 data")
    _, reference = passed_on(token)
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    room(hr2, reference, "inform-subject", text="Please read this.")
    room(staff, reference, "answer", text="I was away.")
    room(hr2, reference, "reply", how="By post", text="I was ill.")
    room(hr2, reference, "serve", how="By hand", text="The rules.")
    request = ask(staff)
    worked()
    titles = [part["title"] for part in parts(data, request) if part["part"] in ("paper", "reply")]
    assert [re.sub(r", \d+ \w+ \d+: .*", "", title) for title in titles] == [
        "Your reply, written in Amends",
        "Your reply, which reached HR outside Amends",
        "Handed to you outside Amends",
    ]


def test_what_was_not_looked_through_is_said_before_that_it_was_gathered_again(token, worked):
    staff, data = people(token, "staff data")
    report(staff)
    request = ask(staff)
    worked()
    old = {"gathered_at": "2026-01-01T00:00:00Z"}
    unsaid = data.post(f"{where(request)}/release", json=old)
    assert (unsaid.status_code, fields(unsaid)) == (422, {"looked_through"})
    again = data.post(f"{where(request)}/release", json=old | RELEASED)
    assert (again.status_code, "gathered again" in again.json()["detail"]) == (409, True)
