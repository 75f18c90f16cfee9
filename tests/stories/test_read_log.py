"""Who looked: a line for every opening, written before anything is shown, and none for what was refused."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from service.records.people import Person
from service.records.timeline import ReadEntry
from tests.makers import at, busy, case_id

SEEN_AS = {
    "staff": "reporter",
    "manager": "line_manager",
    "digital": "digital_unit",
    "hr": "hr",
    "data": "data_protection",
}
PAPERS = {"staff": "reporter", "manager": "line_manager", "digital": "digital_unit", "hr": "hr"}


@pytest.mark.parametrize("name", ["staff", "manager", "digital", "hr", "data"])
def test_every_opening_is_logged_before_it_is_shown(token, sign_in, database, name):
    case = busy(token)
    with database.read() as db:
        me = db.execute(select(Person.id).where(col(Person.email) == f"{name}@demo.example")).scalar_one()

    def kept():
        with database.read() as db:
            lines = select(ReadEntry).where(col(ReadEntry.person_id) == me).order_by(col(ReadEntry.id))
            return db.execute(lines).scalars().all()

    def log():
        return [(line.what, line.through, line.case_id, line.detail) for line in kept()]

    number, who, page = case_id(database, case), token(name), sign_in(name)
    here, before = f"/cases/{case['reference']}", len(log())
    who.get("/api/cases")
    who.get("/api/me")
    page.get("/cases")
    page.get("/")
    assert len(log()) == before
    who.get(at(case))
    who.get(f"{at(case)}/timeline")
    who.get(f"{at(case)}/evidence/{case['file']}")
    page.get(here)
    page.get(f"{here}/evidence/{case['file']}")
    page.get(f"{here}/evidence/{case['file']}/preview")
    who.get(f"/api/cases?q={case['reference']}")
    expected = [
        ("case", "api", number, ""),
        ("timeline", "api", number, ""),
        ("evidence", "api", number, case["file"]),
        ("case", "page", number, ""),
        ("evidence", "page", number, case["file"]),
        ("evidence", "page", number, case["file"]),
        ("search", "api", None, case["reference"]),
    ]
    assert log()[before:] == expected
    if name in PAPERS:
        audience = PAPERS[name]
        assert who.get(f"{at(case)}/summary.pdf").status_code == 200
        assert log()[-1] == ("pdf", "api", number, audience)
    if name == "hr":
        reference = who.get("/api/referrals").json()["items"][0]["reference"]
        who.get(f"/api/referrals/{reference}")
        assert log()[-1] == ("referral", "api", number, reference)
    assert {line.seen_as for line in kept() if line.case_id is not None} == {SEEN_AS[name]}
    assert {line.seen_as for line in kept() if line.case_id is None} == {None}


def test_what_was_refused_is_not_logged_as_read(token, database):
    case = busy(token)
    outsider = token("outsider")
    for path in ("", "/timeline", "/summary.pdf", f"/evidence/{case['file']}"):
        assert outsider.get(at(case) + path).status_code == 404
    assert token("auditor").get(f"{at(case)}/evidence/{case['file']}").status_code == 404
    with database.read() as db:
        emails = (
            db.execute(select(Person.email).join(ReadEntry, col(ReadEntry.person_id) == col(Person.id))).scalars().all()
        )
    assert not {"outsider@demo.example", "auditor@demo.example"} & set(emails)
