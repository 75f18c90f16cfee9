"""What is to be looked through stands at home; whoever has a part in it is kept from it at once."""

import re

from sqlalchemy import delete
from sqlmodel import col

from service.records.enums import DeskName
from service.records.people import DeskMember
from tests.makers import DEMO, id_of, people, press, report
from tests.stories.test_retention_of_referrals import passed_on
from tests.stories.test_room import DECISION_MAKER, INVESTIGATOR
from tests.stories.test_subject_access import IDENTITY, ask, where
from tests.stories.test_what_waits import heading

LINE = re.compile(r'<li>(?:(?!</li>).)*?href="/subject-access/(SA-[^"]*)".*?</li>', re.DOTALL)


def lines_at_home(page):
    """The requests that wait at somebody's home, in their order, each with its line as it reads."""
    return {found[1]: re.sub(r"<[^>]*>", "", found[0]) for found in LINE.finditer(page.get("/").text)}


def test_what_is_to_be_looked_through_stands_at_home_soonest_first(token, sign_in, worked, clock):
    first = ask(token("staff"))
    clock.forward(days=2)
    second = ask(token("colleague"))
    gathering = lines_at_home(sign_in("data"))
    assert list(gathering) == [first["reference"], second["reference"]]
    assert "still being gathered" in gathering[first["reference"]]
    worked()
    page = sign_in("data")
    told = lines_at_home(page)
    assert "Member of staff, due Sunday 20 December 2026." in told[first["reference"]]
    assert "still being gathered" not in "".join(told.values())
    assert "Late" not in "".join(told.values())
    assert heading(page.get("/").text) == "2 waiting at your desk"
    clock.forward(days=29)
    told = lines_at_home(sign_in("data"))
    assert list(told) == [first["reference"], second["reference"]]
    assert ["Late" in line for line in told.values()] == [True, False]
    for name in ("staff", "colleague", "hr", "hr2", "digital", "admin", "manager"):
        assert lines_at_home(sign_in(name)) == {}, name
    token("data").post(f"{where(first)}/release", json={"looked_through": True})
    assert list(lines_at_home(sign_in("data"))) == [second["reference"]]


def test_whoever_has_a_part_in_it_is_kept_from_it_before_it_is_gathered(token, sign_in, worked):
    staff, digital = people(token, "staff digital")
    press(digital, report(staff), "conflict", person=f"data{DEMO}", reason="A cousin.")
    request = ask(staff)
    other = ask(token("colleague"))
    for _ in ("while it is gathered", "and when it was"):
        data = token("data")
        assert data.get(where(request)).status_code == 404
        assert data.get(f"{where(request)}/items").status_code == 404
        assert sign_in("data").get(f"/subject-access/{request['reference']}").status_code == 404
        assert request["reference"] not in data.get("/api/subject-access").text
        assert list(lines_at_home(sign_in("data"))) == [other["reference"]]
        # Nobody is left at the desk: the lead of HR has it, from the beginning.
        assert list(lines_at_home(sign_in("hr"))) == [request["reference"]]
        assert token("hr").get(f"{where(request)}/items").status_code == 200
        worked()


def test_whoever_was_appointed_in_a_referral_is_kept_from_it_before_it_is_gathered(token, database, worked):
    with database.write() as db:
        db.add(DeskMember(person_id=id_of(database, "hr2"), desk=DeskName.DATA_PROTECTION))
    _, reference = passed_on(token)
    request = ask(token("staff"))
    assert token("hr2").get(where(request)).status_code == 200
    body = {"investigator": INVESTIGATOR, "decision_maker": DECISION_MAKER}
    token("hr").post(f"/api/referrals/{reference}/accept", json={})
    assert token("hr").post(f"/api/referrals/{reference}/appoint", json=body).status_code == 200
    assert token("hr2").get(where(request)).status_code == 404
    assert token("data").get(where(request)).status_code == 200


def times_told(token, kind):
    return [row["kind"] for row in token("data").get("/api/notifications?limit=100").json()["items"]].count(kind)


def test_each_clock_rings_once(token, worked, clock):
    ask(token("staff"))
    for days, due, late in ((0, 0, 0), (21, 0, 0), (2, 1, 0), (1, 1, 0), (7, 1, 1), (1, 1, 1)):
        clock.forward(days=days)
        worked()
        worked()
        assert (times_told(token, "access_due"), times_told(token, "access_late")) == (due, late), days


def test_what_is_gathered_again_when_it_is_late_is_not_said_to_be_due_soon(token, worked, clock):
    staff = token("staff")
    case = report(staff, possibly_classified="yes", account={"type": "work", "platform": "X", "handle": "@quokka"})
    request = ask(staff)
    worked()
    clock.forward(days=20)
    token("data").post(f"{where(request)}/release", json={"looked_through": True})
    worked()
    clock.forward(days=12)
    press(token("digital"), case, "purge", fields=["account.handle"], reason="It should not be here.")
    worked()
    worked()
    assert token("data").get(where(request)).json()["stage"] == "review"
    assert (times_told(token, "access_due"), times_told(token, "access_late")) == (0, 1)


def test_somebody_new_at_an_empty_desk_finds_what_waits(token, sign_in, database, worked):
    with database.write() as db:
        db.execute(delete(DeskMember).where(col(DeskMember.desk) == DeskName.DATA_PROTECTION))
    hr = token("hr")
    made = hr.post("/api/subject-access", json={"person": f"staff{DEMO}", "identity": IDENTITY})
    assert made.status_code == 201
    worked()
    assert list(lines_at_home(sign_in("hr"))) == [made.json()["reference"]]
