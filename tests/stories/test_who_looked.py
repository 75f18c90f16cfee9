"""Whoever reported something sees who looked at it: by name and as what, through what, and when."""

import pytest
from sqlalchemy import insert

from service.records.timeline import ReadEntry
from tests.makers import at, busy, case_id, id_of, people, press, report
from tests.stories.test_concern import raise_it


def looks(who, case) -> list[tuple]:
    """Who looked, in short."""
    answer = who.get(f"{at(case)}/reads")
    assert answer.status_code == 200, answer.text
    return [(row.get("name"), row["seen_as"], row["what"], row["through"]) for row in answer.json()["items"]]


def test_the_reporter_sees_who_looked_and_as_what(token, sign_in, clock):
    staff, manager, auditor = people(token, "staff manager auditor")
    case = report(staff)
    staff.get(at(case))
    assert looks(staff, case) == []
    clock.forward(minutes=5)
    sign_in("digital").get(f"/cases/{case['reference']}")
    manager.get(f"{at(case)}/summary.pdf")
    auditor.get(f"{at(case)}/timeline")
    assert looks(staff, case) == [
        ("Auditor", "auditor", "timeline", "api"),
        ("Line manager", "line_manager", "pdf", "api"),
        ("Digital unit lead", "digital_unit", "case", "page"),
    ]
    browser = sign_in("staff")
    assert f'href="/cases/{case["reference"]}/looked"' in browser.get(f"/cases/{case['reference']}").text
    page = browser.get(f"/cases/{case['reference']}/looked").text
    for said in ("Digital unit lead</strong>, the digital unit", "Opened the case on a page", "an auditor, who sees"):
        assert said in page


def test_that_hr_looked_is_for_hr_to_tell(token, sign_in):
    """The reporter does not learn here that a case went to HR."""
    case = busy(token)
    hr, staff = people(token, "hr staff")
    before = looks(staff, case)
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    hr.get(f"/api/referrals/{reference}")
    hr.get(at(case))
    sign_in("hr").get(f"/cases/{case['reference']}/pdf")
    assert looks(staff, case) == before
    page = sign_in("staff").get(f"/cases/{case['reference']}/looked").text
    assert "HR lead" not in page
    assert reference not in page


@pytest.mark.parametrize("name", ["digital", "manager", "data", "auditor"])
def test_it_is_told_to_nobody_else(token, sign_in, name):
    case = busy(token)
    assert token(name).get(f"{at(case)}/reads?limit=x").status_code == 403
    assert sign_in(name).get(f"/cases/{case['reference']}/looked").status_code == 403
    assert "/looked" not in sign_in(name).get(f"/cases/{case['reference']}").text
    assert token("outsider").get(f"{at(case)}/reads?limit=x").status_code == 404
    assert sign_in("outsider").get(f"/cases/{case['reference']}/looked").status_code == 404


def test_lines_from_before_anybody_kept_as_what_are_left_out(token, database, clock):
    staff = token("staff")
    case = report(staff)
    line = {"person_id": id_of(database, "hr"), "case_id": case_id(database, case), "what": "case", "through": "page"}
    with database.write() as db:
        db.execute(insert(ReadEntry), [line | {"at": clock()}])
    assert looks(staff, case) == []


def test_page_by_page(token, sign_in, database, clock):
    staff = token("staff")
    case = report(staff)
    line = {"person_id": id_of(database, "digital"), "case_id": case_id(database, case), "seen_as": "digital_unit"}
    with database.write() as db:
        db.execute(insert(ReadEntry), [line | {"what": "case", "through": "page", "at": clock()}] * 60)
    first = staff.get(f"{at(case)}/reads").json()
    rest = staff.get(f"{at(case)}/reads?limit=100&cursor={first['next']}").json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (50, 10, None)
    page = sign_in("staff").get(f"/cases/{case['reference']}/looked").text
    assert "Show earlier ones" in page
    assert "Opened the case on a page, 50 times, the last at 18:00 on 20 November in Tokyo" in page
    assert staff.get(f"{at(case)}/reads?cursor=x").status_code == 422


@pytest.mark.parametrize("confidential", [False, True])
def test_whoever_raised_a_concern_reads_which_desk_looked_and_no_name(token, sign_in, confidential):
    """Nor that it went to a manager, to HR, or to whoever holds the account."""
    staff, manager, digital, media = people(token, "staff manager digital media")
    case = raise_it(staff, confidential=confidential)
    digital.get(at(case))
    press(digital, case, "triage")
    press(digital, case, "ask", steps=["delete"], of="colleague@demo.example", reason="It is your account.")
    for desk in ("line_manager", "media_office", "hr"):
        press(digital, case, "send", desk=desk, reason="For you.")
    for who in (manager, media, token("hr"), token("colleague"), token("auditor")):
        assert who.get(at(case)).status_code == 200
    seen = looks(staff, case)
    assert set(seen) == {
        (None, "digital_unit", "case", "api"),
        (None, "desk", "case", "api"),
        (None, "auditor", "case", "api"),
    }
    browser = sign_in("staff")
    assert f'href="/cases/{case["reference"]}/looked"' in browser.get(f"/cases/{case['reference']}").text
    page = browser.get(f"/cases/{case['reference']}/looked").text
    assert "The digital unit</strong>" in page
    assert "Another desk that helps</strong>" in page
    for said in ("Digital unit lead", "Line manager", "line manager", "Media Office", "HR lead", "Colleague"):
        assert said not in page
    assert manager.get(f"{at(case)}/reads").status_code == 403
    assert token("colleague").get(f"{at(case)}/reads").status_code == 403
