"""A page takes a fixed number of statements, whatever the rows."""

import pytest
from sqlalchemy import event

from tests.makers import people, press, referred, report, room


@pytest.fixture
def counted(database):
    """`counted(ask)`: how many statements an answer takes."""

    def statements(ask) -> int:
        seen = []

        def note(_connection, _cursor, statement, *_):
            seen.append(statement)

        event.listen(database.reading, "before_cursor_execute", note)
        try:
            assert ask().status_code == 200
        finally:
            event.remove(database.reading, "before_cursor_execute", note)
        return len([each for each in seen if not each.startswith(("BEGIN", "SAVEPOINT"))])

    return statements


def test_the_read_log_takes_as_many_statements_for_many_lines_as_for_one(token, sign_in, counted):
    staff, digital, auditor = people(token, "staff digital auditor")
    page, own = sign_in("auditor"), sign_in("staff")
    made = report(staff)
    here = made["reference"]
    looks = {
        path: lambda path=path, who=who: who.get(path)
        for path, who in {
            "/audit": page,
            f"/audit?person=digital@demo.example&case={here}&from=2026-01-01": page,
            "/api/audit/reads": auditor,
            "/api/audit/export.csv": auditor,
            f"/cases/{here}/looked": own,
        }.items()
    }
    for ask in looks.values():
        ask()
    before = {path: counted(ask) for path, ask in looks.items()}
    for _ in range(30):
        digital.get(f"/api/cases/{here}")
        report(staff)
    assert {path: counted(ask) for path, ask in looks.items()} == before
    assert before["/audit"] <= 6, before


def test_the_queue_takes_as_many_statements_for_fifty_rows_as_for_one(token, sign_in, counted):
    staff, digital = people(token, "staff digital")
    page, other = sign_in("digital"), sign_in("digital2")
    for path in ("/queue", "/queue?q=window", "/queue?severity=medium&assigned=none&from=2026-01-01"):
        page.get(path)
    made = [report(staff, narrative="window")]
    addresses = ("/queue", "/queue?q=window&severity=medium", "/queue?platform=X&overdue=0", "/cases")
    before = {path: counted(lambda path=path: page.get(path)) for path in addresses}
    before["api"] = counted(lambda: digital.get("/api/cases?q=window"))
    before["csv"] = counted(lambda: digital.get("/api/export.csv"))
    made += [report(staff, narrative="window", codes=["other"]) for _ in range(12)]
    for case in made[:6]:
        press(digital, case, "assign", person="digital2@demo.example")
        other.get(f"/cases/{case['reference']}")
        other.fill_in(f"/cases/{case['reference']}/looking")
    digital.post("/api/views", json={"name": "Mine", "filters": {"assigned": "me"}})
    after = {path: counted(lambda path=path: page.get(path)) for path in addresses}
    after["api"] = counted(lambda: digital.get("/api/cases?q=window"))
    after["csv"] = counted(lambda: digital.get("/api/export.csv"))
    assert after == before
    assert before["/queue"] <= 6, before


def test_home_and_the_list_of_referrals_take_as_many_statements_for_several_as_for_one(token, sign_in, counted):
    hr, page = token("hr"), sign_in("hr")
    room(hr, referred(token), "accept")
    for path in ("/", "/referrals"):
        page.get(path)
    before = {path: counted(lambda path=path: page.get(path)) for path in ("/", "/referrals")}
    for _ in range(4):
        room(hr, referred(token), "accept")
    assert {path: counted(lambda path=path: page.get(path)) for path in before} == before
    assert page.get("/").text.count("Appoint people") == 5
