"""Auditors read who looked at what: of every case, by person, case and time, and never any content."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlmodel import col

from service.records.people import Person
from service.records.timeline import ReadEntry
from tests.makers import DEMO, OFFICIAL, WORDS, at, busy, case_id, fields, id_of, people, press, report
from tests.stories.test_concern import raise_it
from tests.stories.test_export import table


def lines(auditor, query: str = "") -> list[dict]:
    """The read log as an auditor reads it, all pages of it."""
    found, cursor = [], ""
    while cursor is not None:
        said = "&".join(part for part in (query, f"cursor={cursor}" if cursor else "") if part)
        answer = auditor.get(f"/api/audit/reads?{said}")
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
    return found


def told(line: dict) -> tuple:
    """A line in short."""
    email = line.get("person", {}).get("email", "")
    return email.partition("@")[0], line.get("seen_as"), line.get("case"), line["what"], line["through"]


def test_who_looked_at_what_and_when_the_latest_first(token, sign_in, clock):
    staff, manager, auditor = people(token, "staff manager auditor")
    case = report(staff)
    clock.forward(minutes=1)
    sign_in("digital").get(f"/cases/{case['reference']}")
    clock.forward(minutes=1)
    assert manager.get(f"{at(case)}/summary.pdf").status_code == 200
    manager.get(f"{at(case)}/timeline")
    auditor.get(at(case))
    here = case["reference"]
    log = lines(auditor)
    assert [told(line) for line in log] == [
        ("auditor", "auditor", here, "case", "api"),
        ("manager", "line_manager", here, "timeline", "api"),
        ("manager", "line_manager", here, "pdf", "api"),
        ("digital", "digital_unit", here, "case", "page"),
        ("staff", "party", here, "case", "api"),
    ]
    assert [line["at"][11:16] for line in log] == ["09:02", "09:02", "09:02", "09:01", "09:00"]
    assert log[2]["audience"] == "line_manager"
    assert log[3]["person"] == {"email": "digital@demo.example", "name": log[3]["who"]}


def test_by_person_by_case_and_by_time(token, clock):
    staff, colleague, digital, auditor = people(token, "staff colleague digital auditor")
    one, other = report(staff), report(colleague)
    clock.forward(hours=2)
    digital.get(at(one))
    digital.get(at(other))
    asked = {
        "person=digital@demo.example": [("digital", other), ("digital", one)],
        "person=DIGITAL@demo.example%20": [("digital", other), ("digital", one)],
        f"case={one['reference']}": [("digital", one), ("staff", one)],
        f"case={one['reference'].lower()}&person=staff@demo.example": [("staff", one)],
        "to=2026-11-20T09:30:00Z": [("colleague", other), ("staff", one)],
        "from=2026-11-20T11:00:00%2B00:00&to=2026-11-20": [("digital", other), ("digital", one)],
        "from=2026-11-21": [],
        "to=2026-11-20T11:00:00Z&from=2026-11-20T10:59:59Z": [],
    }
    for query, expected in asked.items():
        seen = [told(line) for line in lines(auditor, query) if line["what"] == "case"]
        assert [(who, where) for who, _, where, _, _ in seen] == [(who, case["reference"]) for who, case in expected]


def test_looking_for_a_person_or_a_case_is_noted_as_well(token, sign_in):
    auditor = token("auditor")
    case = report(token("staff"))
    lines(auditor)
    sign_in("auditor").get("/audit")
    lines(auditor, "from=2026-11-20")
    assert [line["what"] for line in lines(auditor)] == ["case"]
    lines(auditor, "person=staff@demo.example")
    sign_in("auditor").get(f"/audit?case={case['reference']}&to=2026-11-20")
    auditor.get("/api/audit/export.csv?from=2026-11-20")
    seen = [(told(line)[0], line["what"], line["through"], line["narrowed_by"]) for line in lines(auditor)[:3]]
    assert seen == [
        ("auditor", "read_log_export", "api", ["from"]),
        ("auditor", "read_log", "page", ["case", "to"]),
        ("auditor", "read_log", "api", ["person"]),
    ]


def test_no_content_stands_in_it(token, sign_in):
    """Not what was searched for, not by what a list was narrowed, no words of the case, and no number of HR's."""
    auditor, digital, hr = people(token, "auditor digital hr")
    case = busy(token)
    digital.get("/api/cases?q=Narwhal")
    sign_in("digital").get("/queue?q=Narwhal&platform=Mackerel")
    digital.get("/api/export.csv?q=Narwhal&platform=Mackerel&severity=low")
    referral = hr.get("/api/referrals").json()["items"][0]["reference"]
    hr.get(f"/api/referrals/{referral}")
    log = lines(auditor)
    assert told(log[0]) == ("hr", "hr", case["reference"], "referral", "api")
    assert (log[1]["what"], log[1]["narrowed_by"]) == ("export", ["q", "platform", "severity"])
    assert [line["what"] for line in log[2:4]] == ["search", "search"]
    page = sign_in("auditor").get("/audit").text
    file = auditor.get("/api/audit/export.csv").text
    for words in (auditor.get("/api/audit/reads?limit=100").text, page, file):
        for said in (*WORDS.values(), referral, OFFICIAL["handle"], case["title"], case["file"]):
            assert said not in words


def test_it_is_for_auditors(token, sign_in):
    addresses = ("/audit", "/audit/alerts", "/audit/export.csv", "/audit/export.xlsx")
    for name in ("staff", "digital", "hr", "admin"):
        who, browser = token(name), sign_in(name)
        for path in addresses:
            assert browser.get(path).status_code == 403, (name, path)
        for path in ("reads", "alerts", "export.csv", "export.xlsx"):
            assert who.get(f"/api/audit/{path}?limit=x&person=x&from=x").status_code == 403, (name, path)
        assert 'href="/audit"' not in browser.get("/cases").text
    assert 'href="/audit"' in sign_in("auditor").get("/cases").text


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("person=nobody@demo.example", {"person"}),
        ("case=SM-2026-999999", {"case"}),
        ("case=x&from=yesterday&to=2026-13-01", {"case", "from", "to"}),
        ("from=2026-11-21&to=2026-11-20", {"to"}),
        ("from=2026-11-20T09:00:00", {"from"}),
        ("person=" + "x" * 301, {"person"}),
        ("case=%00", {"case"}),
        ("limit=0", {"limit"}),
        ("limit=101", {"limit"}),
        ("cursor=x", {"cursor"}),
        ("persom=staff@demo.example&what=case", {"persom", "what"}),
    ],
)
def test_what_cannot_be_looked_for_is_named(token, sign_in, query, named):
    auditor = token("auditor")
    refused = auditor.get(f"/api/audit/reads?{query}")
    assert (refused.status_code, fields(refused)) == (422, named)
    if named <= {"person", "case", "from", "to"}:
        page = sign_in("auditor").get(f"/audit?{query}")
        assert page.status_code == 422
        for field in named:
            assert f'id="filter-{field}-error"' in page.text
        assert auditor.get(f"/api/audit/export.csv?{query}").status_code == 422
    assert lines(auditor) == []


def test_what_was_typed_stays(sign_in):
    page = sign_in("auditor").get("/audit?person=nobody@demo.example&from=2026-11-20&to=soon").text
    for typed in ("nobody@demo.example", "2026-11-20", "soon"):
        assert f'value="{typed}"' in page


def test_a_case_of_their_own_is_absent_for_an_auditor(token, sign_in, database):
    """What somebody has a part in reaches them through no role: not its lines, nor that there is such a case."""
    auditor, staff, digital = people(token, "auditor staff digital")
    own, about_them = report(auditor), report(staff)
    press(digital, about_them, "conflict", person="auditor@demo.example", reason="A cousin.")
    digital.get(at(own))
    assert lines(auditor) == []
    absent = auditor.get("/api/audit/reads?case=SM-2026-999999")
    for case in (own, about_them):
        unseen = auditor.get(f"/api/audit/reads?case={case['reference']}")
        assert (unseen.status_code, unseen.content) == (422, absent.content)
        assert case["reference"] not in sign_in("auditor").get("/audit").text


def test_page_by_page_each_line_stands_once(token, sign_in, database, clock):
    """Also of many lines of one moment."""
    auditor = token("auditor")
    number = case_id(database, report(token("staff")))
    row = {"person_id": id_of(database, "digital"), "case_id": number, "what": "case", "through": "page"}
    with database.write() as db:
        moments = [clock() + timedelta(microseconds=place // 40) for place in range(130)]
        db.execute(insert(ReadEntry), [row | {"at": moment} for moment in moments])
    found, cursor = [], ""
    while cursor is not None:
        answer = auditor.get(f"/api/audit/reads?limit=20{cursor and f'&cursor={cursor}'}").json()
        found += [line["at"] for line in answer["items"]]
        cursor = answer["next"]
    assert len(found) == 131
    assert [found.count(moment) for moment in dict.fromkeys(found)] == [10, 40, 40, 41]
    browser, path, rows = sign_in("auditor"), "/audit", 0
    while path:
        page = browser.get(path).text
        rows += page.count('href="/cases/SM-')
        onward = re.search(r'href="(/audit\?cursor=[^"]+)"', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert rows == 131


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_as_a_file(token, sign_in, kind):
    staff, auditor = people(token, "staff auditor")
    one = report(staff)
    report(staff)
    token("digital").get(f"{at(one)}/summary.pdf?audience=reporter")
    answer = auditor.get(f"/api/audit/export.{kind}?case={one['reference']}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="amends-read-log-2026-11-20.{kind}"'
    heading, *rows = table(answer.content, kind)
    assert dict(zip(heading[:9], rows[0], strict=False)) == {
        "When": "2026-11-20 09:00:00+00:00",
        "Who": rows[0][1],
        "Their e-mail address": "digital@demo.example",
        "As what": "Desk that has the case",
        "Case": one["reference"],
        "What": "Opened a PDF",
        "Through what": "by a program",
        "For whom": "the person who reported it",
        "Narrowed by": "",
    }
    assert len(rows) == 2
    whole = table(sign_in("auditor").get(f"/audit/export.{kind}").content, kind)
    assert [row[5] for row in whole[1:3]] == ["Downloaded the read log", "Downloaded the read log"]
    assert len(whole) == 6


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_begins_a_formula(token, database, kind):
    staff, auditor = people(token, "staff auditor")
    report(staff)
    with database.write() as db:
        db.execute(update(Person).where(col(Person.email) == f"staff{DEMO}").values(name="=1+1", email="@x"))
    row = table(auditor.get(f"/api/audit/export.{kind}").content, kind)[2]
    assert row[1:3] == ["'=1+1", "'@x"]


def test_whoever_runs_the_service_is_named_as_that(token, database, clock):
    """What is opened from the command line is of nobody who signs in."""
    number = case_id(database, report(token("staff")))
    line = {"person_id": None, "case_id": number, "what": "pdf", "through": "command", "detail": "hr", "at": clock()}
    with database.write() as db:
        db.execute(insert(ReadEntry), [line])
    first = lines(token("auditor"))[0]
    assert (first["who"], first["through"], first["audience"]) == ("Whoever runs the service", "command", "hr")
    assert "person" not in first
    text = token("auditor").get("/api/audit/export.csv").content.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[2][1] == "Whoever runs the service"


def test_who_raised_it_in_confidence_is_named_nowhere(token, sign_in, clock):
    """Not by name, address or number, through page, program or file; and no filter finds their look at it."""
    staff, digital, auditor = people(token, "staff digital auditor")
    mine, theirs = raise_it(staff, confidential=True), raise_it(staff)
    clock.forward(minutes=1)
    staff.get(at(mine))
    sign_in("staff").get(f"/cases/{mine['reference']}")
    digital.get(at(mine))
    staff.get(at(theirs))
    here = f"case={mine['reference']}"
    log = lines(auditor, here)
    raiser = {"who": "The person who raised it", "case": mine["reference"], "what": "case"}
    assert [{key: line[key] for key in line if key not in ("at", "through")} for line in log[1:]] == [raiser] * 3
    assert log[0]["person"]["email"] == "digital@demo.example"
    assert lines(auditor, f"{here}&person=staff@demo.example") == []
    mentioned = [line for line in lines(auditor, "person=staff@demo.example") if line["what"] == "case"]
    assert {line["case"] for line in mentioned} == {theirs["reference"]}
    assert {line["seen_as"] for line in mentioned} == {"party"}
    name = mentioned[0]["who"]
    page = sign_in("auditor").get(f"/audit?{here}").text
    both = sign_in("auditor").get(f"/audit?{here}&person=staff@demo.example").text
    file = auditor.get(f"/api/audit/export.csv?{here}").text
    for words in (str(log), page, file):
        assert "staff@demo.example" not in words
        assert name not in words
        assert "The person who raised it" in words
    assert "Nobody looked at what you chose" in both


def test_what_a_desk_read_before_it_was_merged_stays_under_their_name(token, sign_in, clock):
    """A name that went from lines which auditors have seen would tell who raised what the case was merged with."""
    digital2, staff, digital, auditor = people(token, "digital2 staff digital auditor")
    older = raise_it(staff)
    digital2.get(at(older))
    before = lines(auditor, "person=digital2@demo.example")
    mine = raise_it(digital2, confidential=True)
    press(digital, mine, "merge", into=older["reference"])
    after = [line for line in lines(auditor, "person=digital2@demo.example") if line["what"] == "case"]
    assert after == before
    assert [line["case"] for line in after] == [older["reference"]]


def test_empty_boxes_do_not_stand_in_the_address(token, sign_in):
    report(token("staff"))
    auditor = sign_in("auditor")
    sent = auditor.get("/audit", params={"person": "staff@demo.example", "case": "", "from": "", "to": ""})
    assert (sent.status_code, sent.headers["location"]) == (303, "/audit?person=staff%40demo.example")
    shown = auditor.get(sent.headers["location"])
    assert shown.status_code == 200
    assert 'href="/audit/export.csv?person=staff%40demo.example"' in shown.text
    assert auditor.get("/audit?person=&case=").headers["location"] == "/audit?"
    assert auditor.get("/audit?").status_code == 200
