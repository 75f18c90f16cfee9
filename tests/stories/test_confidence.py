"""Who raised a concern in confidence is told to nobody: planted words are looked for wherever anybody can look."""

import io
import logging
import re
import zipfile
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from pypdf import PdfReader
from sqlalchemy import select
from sqlmodel import col

from service.records.people import Person
from service.worker.post import Post
from service.worker.run import work_once
from tests.adapters.test_documents import text_of
from tests.makers import (
    at,
    entries,
    faults,
    listed,
    people,
    picture,
    press,
    report,
    step,
    tables_of,
    upload,
)
from tests.stories.test_concern import raise_it

RAISER = "quillfeather@demo.example"
NUMBER = 918273645
CANARIES = ("quillfeather", str(NUMBER), "chatham", "quillcam", "13:45", "12:45")
"""Their address and name, their number, where they are and what their camera is called."""
READERS = (
    "staff colleague manager head digital digital2 hr hr2 hr3 media data services servicesdesk outsider auditor admin"
).split()
PAGES = (
    "/ /cases /queue /queue?q=Wombat /queue?stage=closed /queue/export.csv /queue/export.xlsx /notifications /outbox "
    "/rota /settings /referrals /insights /accounts /audit /audit/alerts /audit/export.csv /audit/export.xlsx /metrics"
).split()
CALLS = (
    "/api/me /api/cases /api/cases?q=Wombat /api/cases?q=quillfeather /api/export.csv /api/export.xlsx "
    "/api/notifications /api/outbox /api/views /api/rota /api/referrals /api/audit/reads /api/audit/alerts "
    "/api/audit/export.csv /api/audit/export.xlsx"
).split()
HERE = "{} {}/pdf {}/looking {}/looked {}/summary.pdf".split()
VARIANTS = ("reporter", "subject", "line_manager", "digital_unit", "hr")
MAY_KNOW = {"person", "confidence", "api_token", "browser_session", "notification", "outbox", "read_entry", "once"}
"""Tables in which their number may stand: what is theirs, what waits for them, what they sent, and what they opened."""


@pytest.fixture
def raiser(database, token):
    """Somebody whose name, number and place are found nowhere else."""
    with database.write() as db:
        like = db.execute(select(Person).where(col(Person.email) == "staff@demo.example")).scalar_one()
        same = {name: getattr(like, name) for name in ("unit_id", "manager_id", "password_hash", "created_at")}
        db.add(Person(id=NUMBER, email=RAISER, name="Quillfeather Canary", zone="Pacific/Chatham", **same))
    return token(RAISER)


def photograph() -> bytes:
    """A picture that says where and with what it was taken."""
    told = Image.Exif()
    told[ExifTags.Base.Model] = "Quillcam 3000"
    return picture(kind="JPEG", exif=told)


def opened(content: bytes) -> str:
    """What a file says, with what lies packed in it."""
    said = content.decode("utf-8", "replace") + content.decode("latin-1")
    if content.startswith(b"%PDF"):
        inside = PdfReader(io.BytesIO(content)).attachments.values()
        said += text_of(content) + " ".join(part.decode() for parts in inside for part in parts)
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            said += " ".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return said


def canaries_in(*said: str) -> list[str]:
    """Which of the planted words stand in these."""
    return [word for word in CANARIES if any(word in each.lower() for each in said)]


def lived_through(raiser, token, sign_in):
    """A concern to which everything has happened; and its picture, and its text."""
    digital = token("digital")
    told = {"posted_at": "2026-11-20T19:00:00+13:45", "url": "https://example.org/post/1"}
    case = raise_it(raiser, confidential=True, personal_data="yes", post=told)
    first = upload(raiser, case, photograph(), "Quillfeather at home.jpg", captured_at="2026-11-20T20:00:00+13:45")
    second = upload(raiser, case, b"Seen by all", "by Quillfeather.txt")
    press(raiser, case, "messages", text="Please be careful.")
    assert raiser.patch(at(case), json={"narrative": "More of it.", "codes": ["disrepute", "offensive_to_an_audience"]})
    press(
        digital, case, "triage", ask_for=["delete"], ask_of="colleague@demo.example", assigned_to="digital@demo.example"
    )
    press(digital, case, "messages", text="We are.")
    for desk in ("line_manager", "media_office", "hr", "fco_services"):
        press(digital, case, "send", desk=desk, reason="Look at this.")
    press(token("colleague"), case, "steps/delete/take")
    press(digital, case, "disclose", facts=["post.url", "codes"])
    press(token("colleague"), case, "messages", text="It was a joke.")
    press(raiser, case, "withdraw", reason="It is dealt with.")
    lead = sign_in("digital")
    lead.get(f"/cases/{case['reference']}")
    assert lead.fill_in(f"/cases/{case['reference']}/reveal", {"reason": "To keep them safe."}).status_code == 303
    assert "shown to you alone" in lead.get(f"/cases/{case['reference']}").text
    other = report(token("services"), account={"type": "official"}, post={"url": "https://example.org/post/1"})
    press(digital, other, "merge", into=case["reference"])
    press(digital, case, "referral-decision", refer=True, reason="It may be misconduct.", evidence=[first.json()["id"]])
    return case, first.json()["id"], second.json()["id"]


def test_no_surface_tells_who_raised_it(raiser, token, sign_in, database, settings, clock, caplog):
    for ours in ("amends", "service"):
        caplog.set_level(logging.DEBUG, ours)
    clock.forward(hours=3)
    case, *files = lived_through(raiser, token, sign_in)
    assert sorted(each["filename"] for each in raiser.get(at(case)).json()["evidence"]) == [
        "file-2.txt",
        "picture-1.jpg",
    ]
    # What they open themselves comes first: what is kept for the next to ask must not say that it was them.
    assert raiser.get(f"{at(case)}/summary.pdf").status_code == 200
    mine = raiser.get(f"{at(case)}/evidence/{files[0]}")
    assert b"Quillcam" in mine.content
    browser = sign_in(RAISER)
    assert browser.get(f"/cases/{case['reference']}").status_code == 200
    post = Post(database, settings, clock)
    while work_once(database, settings, clock) or post.work_once():
        pass
    found: dict[str, list[str]] = {}
    looked = 0
    for who in READERS:
        client, web = token(who), sign_in(who)
        here = [address.format(f"/cases/{case['reference']}") for address in HERE]
        api = [at(case), f"{at(case)}/timeline", f"{at(case)}/reads", f"/api/audit/reads?case={case['reference']}"]
        api += [f"{at(case)}/summary.pdf?audience={variant}" for variant in VARIANTS]
        api += [f"{at(case)}/evidence/{each}" for each in files]
        here += [f"/cases/{case['reference']}/evidence/{files[0]}{end}" for end in ("", "/preview")]
        asked = [(web, page) for page in (*PAGES, *here)] + [(client, call) for call in (*CALLS, *api)]
        if who == "digital":
            # To whom it was revealed sees it on the page of the case, in a browser; and nowhere else.
            assert canaries_in(web.get(here[0]).text)
            asked.remove((web, here[0]))
        for each, path in asked:
            answer = each.get(path)
            assert answer.status_code < 500, (who, path)
            looked += answer.status_code == 200
            if told := canaries_in(opened(answer.content), str(answer.headers)):
                found[f"{who} {path}"] = told
    assert found == {}
    assert looked > 200
    mails = [kept.read_text() for kept in Path(settings.mail_url.removeprefix("file://")).glob("*.eml")]
    assert mails
    assert canaries_in(*(re.sub(r"(?m)^(To|X-[^:]*): .*$", "", mail) for mail in mails)) == []
    said = [line.getMessage() for line in caplog.records if line.name.startswith(("amends", "service"))]
    assert canaries_in(*said) == []
    assert faults(database) == []
    assert tables_with(database, lambda value: value == NUMBER) <= MAY_KNOW
    assert listed(token("digital"), "?q=quillfeather") == []
    # Asked for by their name, the read log does not give the case.
    theirs = token("auditor").get("/api/audit/reads", params={"person": RAISER})
    assert (theirs.status_code, case["reference"] in theirs.text) == (200, False)
    # The read log keeps what was searched for.
    assert tables_with(database, lambda value: "quillfeather" in str(value).lower()) == {"person", "read_entry"}
    assert tables_with(database, lambda value: "chatham" in str(value).lower()) == {"person"}


def tables_with(database, holds):
    """The tables of which some value is so."""
    with database.read() as db:
        return {
            name
            for name, table in tables_of(db).items()
            if any(holds(value) for row in db.execute(select(table)) for value in row)
        }


def test_others_get_the_picture_without_what_lies_in_it(token):
    staff, digital = people(token, "staff digital")
    case = raise_it(staff, confidential=True)
    made = photograph()
    mine = upload(staff, case, made, "me.jpg").json()
    document = upload(staff, case, b"%PDF-1.4\n%%EOF\n", "me.pdf").json()
    where = f"{at(case)}/evidence/{mine['id']}"
    assert staff.get(where).content == made
    others = digital.get(where)
    assert (others.status_code, others.headers["content-type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(others.content)) as shown:
        assert (shown.size, dict(shown.getexif())) == ((64, 48), {})
    assert others.headers["content-disposition"].startswith('attachment; filename="picture-1.jpg"')
    assert int(others.headers["content-length"]) == len(others.content)
    shown = {file["id"]: file.get("details") for file in digital.get(at(case)).json()["evidence"]}
    assert shown == {mine["id"]: "taken_out", document["id"]: "left_in"}
    assert digital.get(f"{at(case)}/evidence/{document['id']}").content == b"%PDF-1.4\n%%EOF\n"
    theirs = upload(digital, case, made, "Seen by the desk.jpg").json()
    assert digital.get(f"{at(case)}/evidence/{theirs['id']}").content == made
    assert theirs["filename"] == "Seen by the desk.jpg"


def test_what_the_desk_is_offered_and_refused_is_the_same_whoever_raised_it(token, sign_in):
    lead = token("digital")
    by_member = raise_it(token("digital2"), confidential=True)
    by_other = raise_it(token("outsider"), confidential=True)
    for deed, body in (
        ("assign", {"person": "digital2@demo.example"}),
        ("send", {"desk": "line_manager", "person": "digital2@demo.example", "reason": "Look."}),
        ("ask", {"steps": ["delete"], "of": "digital2@demo.example", "reason": "It is yours."}),
        ("messages", {"text": "Can you?", "to": "digital2@demo.example"}),
        ("conflict", {"person": "digital2@demo.example", "reason": "A cousin."}),
        ("conflict", {"person": "digital2@demo.example", "reason": "A cousin."}),
    ):
        answers = [lead.post(f"{at(case)}/{deed}", json=body) for case in (by_member, by_other)]
        assert answers[0].status_code == answers[1].status_code, deed
    page = sign_in("digital")
    offered = [
        re.findall(r'<option value="([^"]+@[^"]+)"', page.get(f"/cases/{case['reference']}").text)
        for case in (by_member, by_other)
    ]
    assert offered[0] == offered[1]


def test_whoever_raised_it_and_is_asked_for_a_step_takes_it_by_name(token, database):
    staff, digital = people(token, "staff digital")
    case = raise_it(staff, confidential=True)
    press(digital, case, "triage", ask_for=["delete", "apologise"], ask_of="staff@demo.example")
    press(digital, case, "messages", text="Can you reach it?", to="staff@demo.example")
    assert [line["text"] for line in staff.get(at(case)).json()["messages"]] == ["Can you reach it?"]
    press(staff, case, "steps/delete/take")
    press(staff, case, "steps/apologise/cannot", reason="lost_access")
    assert step(digital.get(at(case)).json(), "delete")["state"] == "taken"
    done = entries(digital, case, "step_taken") + entries(digital, case, "step_cannot")
    assert {entry["actor"] for entry in done} == {"Member of staff"}
    assert faults(database) == []


def test_a_merge_keeps_them_apart_and_says_nothing(token, database):
    staff, member, digital = people(token, "services digital2 digital")
    mine = raise_it(member, confidential=True, about={"email": "services@demo.example"})
    other = report(staff, account={"type": "official"}, post={"url": "https://example.org/post/1"})
    assert other["reference"] in listed(member)
    press(digital, mine, "merge", into=other["reference"])
    assert member.get(at(other)).status_code == 404
    assert other["reference"] not in listed(member)
    for case in (mine, other):
        assert "digital2" not in str(digital.get(at(case)).json()) + str(entries(digital, case))
    assert member.get(at(mine)).json()["status"] == "closed"
    assert faults(database) == []


def test_somebody_in_hr_who_raised_it_does_not_read_the_referral(token):
    hr, other, digital = people(token, "hr2 hr digital")
    case = raise_it(hr, confidential=True)
    press(digital, case, "triage")
    press(digital, case, "referral-decision", refer=True, reason="It may be misconduct.")
    assert hr.get("/api/referrals").json()["items"] == []
    (seen,) = other.get("/api/referrals").json()["items"]
    assert hr.get(f"/api/referrals/{seen['reference']}").status_code == 404
