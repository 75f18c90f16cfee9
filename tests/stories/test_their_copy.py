"""Somebody who is in no directory is taken out of the person's copy all the same, once HR has seen them in it."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from service.records.referrals import TakenOut
from tests.makers import DEMO, everything_kept, faults, people, refuses, room, upload
from tests.stories.test_bundle import pdf, text_of
from tests.stories.test_room import begin, find_facts, moment
from tests.stories.test_subject_access import ask, parts, where

SAID = (
    "Zo\u00eb Marabou saw it. ZOE MARABOU was at the counter, and marabou's sister, the baker of Lane 7, came later. "
    "Marabous are birds."
)
LEFT = ("Marabou", "marabou", "ZOE", "Lane 7")


@pytest.fixture
def told(token, clock):
    """A referral in which free text names somebody whom nobody knows; the person is called to a hearing."""
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "record-finding", kind="established", text=SAID)
    assert upload(hr2, reference, SAID.encode(), "zoe_marabou.txt").status_code == 201
    room(hr, reference, "disclose", facts=["evidence", "findings"])
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    return reference


def test_what_hr_takes_out_is_in_no_paper_of_theirs(told, token, sign_in, database):
    hr, hr2, staff, head = people(token, "hr hr2 staff head")
    room(staff, told, "answer", text="I was at home when Zoe Marabou came.")
    # HR looks their copy through first.
    assert "Marabou" in text_of(pdf(hr2, told, "bundle", "subject")[1])
    page = sign_in("hr")
    assert "Also taken out of their copy" in page.get(f"/referrals/{told}").text
    assert "nothing yet" in page.get(f"/referrals/{told}/papers").text
    done = page.fill_in(f"/referrals/{told}/take-out", {"words": "Zoe Marabou"})
    assert done.status_code == 303, done.text
    for words in ("marabou", "Lane 7"):
        seen = room(hr2, told, "take-out", words=words)
    assert [each["words"] for each in seen["taken_out"]] == ["Zoe Marabou", "marabou", "Lane 7"]
    assert "Zoe Marabou; marabou; Lane 7" in page.get(f"/referrals/{told}/papers").text
    for who, kind in ((staff, "bundle"), (hr2, "bundle"), (staff, "summary")):
        raw, read = pdf(who, told, kind, "subject")
        text = text_of(read)
        assert [word for word in LEFT if word in text.replace("Marabous", "")] == [], kind
        assert b"marabou." not in raw.lower()
    theirs = text_of(pdf(staff, told)[1])
    assert "Marabous are birds." in theirs
    assert "I was at home when" in theirs[theirs.index("What you wrote to HR") :]
    assert "Zoe Marabou" not in sign_in("staff").get(f"/referrals/{told}/papers").text
    assert "taken_out" not in staff.get(f"/api/referrals/{told}").json()
    # The room's own copy has it all.
    assert "ZOE MARABOU" in text_of(pdf(hr2, told)[1])
    kinds = [entry["kind"] for entry in hr.get(f"/api/referrals/{told}/timeline").json()["items"]]
    assert kinds.count("room_taken_out") == 3
    assert "room_taken_out" not in staff.get(f"/api/referrals/{told}/timeline").text
    assert refuses(head, told, "take-out", words="Anybody")[0] == 403
    assert faults(database) == []


def test_it_is_left_in_again_until_a_copy_without_it_is_out(told, token, sign_in, database):
    hr2, staff = people(token, "hr2 staff")
    room(hr2, told, "take-out", words="Lane 7")
    # HR looks through the copy itself: that hands out nothing.
    assert "Lane 7" not in text_of(pdf(hr2, told, "bundle", "subject")[1])
    page = sign_in("hr2")
    page.get(f"/referrals/{told}")
    assert page.fill_in(f"/referrals/{told}/leave-in", {"words": "Lane 7"}).status_code == 303
    assert "leave_in" not in hr2.get(f"/api/referrals/{told}").json()["may"]
    assert refuses(hr2, told, "leave-in", words="Lane 7") == (422, {"words"})
    room(hr2, told, "take-out", words="Marabou")
    pdf(staff, told)
    assert refuses(hr2, told, "leave-in", words="Marabou") == (409, set())
    assert "leave_in" not in hr2.get(f"/api/referrals/{told}").json()["may"]
    room(hr2, told, "take-out", words="Lane 7")
    assert "leave_in" in hr2.get(f"/api/referrals/{told}").json()["may"]
    # What was handed over outside Amends may have been the copy.
    room(hr2, told, "serve", how="By post", text="Their copy.")
    assert refuses(hr2, told, "leave-in", words="Lane 7") == (409, set())
    assert faults(database) == []


def test_what_makes_no_sense_to_take_out_is_refused(told, token, sign_in):
    hr2 = token("hr2")
    for odd in ("", ".", "x", "Member of staff", "staff", f"staff{DEMO}", "a" * 301, "two\nlines"):
        status, named = refuses(hr2, told, "take-out", words=odd)
        assert (status, named) == (422, {"words"}), odd
    room(hr2, told, "take-out", words="Zo\u00eb  Marabou")
    assert refuses(hr2, told, "take-out", words="zo\u00eb marabou")[0] == 409
    page = sign_in("hr2")
    page.get(f"/referrals/{told}")
    again = page.fill_in(f"/referrals/{told}/take-out", {"words": "Member of staff"})
    assert again.status_code == 422
    assert 'value="Member of staff"' in again.text
    assert "This is their own name" in again.text


def test_it_is_out_of_what_is_given_to_them_too(told, token, database, worked, clock):
    staff, hr2, data = people(token, "staff hr2 data")
    request = ask(staff)
    worked()
    assert "Marabou saw it" in str(parts(data, request))
    clock.forward(minutes=1)
    room(hr2, told, "take-out", words="Marabou")
    room(hr2, told, "take-out", words="Zoe")
    worked()
    given = str(parts(data, request))
    assert "saw it" in given
    assert "Marabou" not in given.replace("Marabous", "")
    clock.forward(minutes=1)
    assert data.post(f"{where(request)}/release", json={"looked_through": True}).status_code in (200, 201)
    worked()
    assert refuses(hr2, told, "leave-in", words="Zoe") == (409, set())
    with database.read() as db:
        assert None not in db.execute(select(col(TakenOut.given_at))).scalars().all()
    assert "Marabou" in everything_kept(database)
    assert faults(database) == []
