"""Every cell of `tests/rules/access.yaml`, asked over HTTP: who reads what of a case, in which lists and papers."""

import csv
from io import BytesIO, StringIO

import pypdf
import pytest

from tests.makers import at, entries, faults, listed, text_of
from tests.matrix import MAKES, MATRIX, Cells, names, relations

CASES = sorted(MATRIX["cases"])
DULL = {"x-request-id", "date", "set-cookie"}
PAPERS = ("reporter", "subject", "line_manager", "adviser", "digital_unit", "hr")
ENTRY = frozenset({"kind", "at", "actor", "words", "audience", "changes"})
PAGES = ("/", "/cases", "/queue")


def row_of(who, reference, query=""):
    """The fields of a case's row in somebody's list; none where it has no row."""
    answer = who.get(f"/api/cases{query}")
    assert answer.status_code == 200, answer.text
    return next((set(row) for row in answer.json()["items"] if row["reference"] == reference), set())


def sheet_row(who, reference):
    """The columns that are filled for a case in somebody's export; none where it has no row."""
    rows = csv.DictReader(StringIO(who.get("/api/export.csv").content.decode("utf-8-sig")))
    return next(({name for name, cell in row.items() if cell} for row in rows if row["Reference"] == reference), set())


@pytest.mark.parametrize("name", CASES)
def test_who_reads_what(name, token, sign_in, database):
    case, cells = MAKES[name](token, database), Cells()
    reference = case["reference"]
    for relation, told in relations(name).items():
        who, page = token(told["who"]), sign_in(told["who"])
        reads = names("fields", told["reads"])
        seen = who.get(at(case)).json()
        cells.same(set(seen), reads, relation, "fields")
        found = entries(who, case)
        cells.same({entry["kind"] for entry in found}, names("entries", told["entries"]), relation, "entries")
        shape = frozenset({"kind", "at"}) if told.get("bare") else ENTRY
        cells.same({frozenset(entry) for entry in found}, {shape} if found else set(), relation, "an entry")
        cells.same({note["audience"] for note in seen.get("notes", [])}, set(told.get("notes", [])), relation, "notes")
        cells.same(seen["pdf_audiences"], told["papers"], relation, "papers")
        cells.same(row_of(who, reference), names("rows", told["row"]), relation, "row")
        cells.same(sheet_row(who, reference), names("columns", told["exports"]), relation, "export")
        narrow = names("rows", told["row"]) if told["searches"] else set()
        cells.same(row_of(who, reference, f"?q={reference}"), narrow, relation, "search")
        in_words = narrow if "narrative" in reads else set()
        cells.same(row_of(who, reference, "?q=Narwhal"), in_words, relation, "search in the words")
        shown = page.get(f"/cases/{reference}")
        cells.same((shown.status_code, "Narwhal" in shown.text), (200, "narrative" in reads), relation, "page")
        for path in PAGES:
            cells.same(reference in page.get(path).text, path in told["lists"], relation, path)
        for by, here in ((who, at(case)), (page, f"/cases/{reference}")):
            file = by.get(f"{here}/evidence/{case['file']}").status_code
            cells.same(file, 200 if "evidence" in reads else 404, relation, "file", here)
            for audience in PAPERS:
                if audience not in told["papers"]:
                    refused = by.get(f"{here}/summary.pdf?audience={audience}").status_code
                    cells.same(refused, 403, relation, "paper", audience, here)
        looks = 200 if relation in MATRIX["told_of_looks"] else 403
        for by, path in ((who, f"{at(case)}/reads"), (page, f"/cases/{reference}/looked")):
            cells.same(by.get(path).status_code, looks, relation, path)
        if not told["papers"]:
            cells.same(page.get(f"/cases/{reference}/pdf").status_code, 403, relation, "page of papers")
    for relation, person in MATRIX["cases"][name]["unseen"].items():
        who, page = token(person), sign_in(person)
        cells.same(sheet_row(who, reference), set(), relation, "export")
        for query in ("", f"?q={reference}", "?q=Narwhal", f"?kind={case['kind']}"):
            cells.same(listed(who, query), [], relation, query)
        for path in (*PAGES, "/notifications"):
            cells.same(reference in page.get(path).text, False, relation, path)
        file = f"/evidence/{case['file']}"
        for below in (
            "",
            "/timeline",
            "/summary.pdf",
            "/pdf",
            "/looking",
            "/reads",
            "/looked",
            file,
            f"{file}/preview",
        ):
            for by, above in ((who, "/api/cases/"), (page, "/cases/")):
                one, other = (told_of(by.get(f"{above}{each}{below}")) for each in (reference, "SM-2020-000000"))
                cells.same((one[0], one), (404, other), relation, above, below)
    assert not cells.wrong, cells.told()
    assert faults(database) == []


def told_of(answer):
    """What an answer tells: all of it, but for what differs each time."""
    headers = {name: value for name, value in answer.headers.items() if name not in DULL}
    return answer.status_code, answer.content, headers


@pytest.mark.parametrize("name", ["mistake", "confidential"])
def test_who_has_which_paper(name, token, database):
    case, cells, made = MAKES[name](token, database), Cells(), {}
    for relation, told in relations(name).items():
        for audience in set(told["papers"]) - set(made):
            paper = token(told["who"]).get(f"{at(case)}/summary.pdf?audience={audience}")
            cells.same(paper.status_code, 200, relation, audience)
            entries = pypdf.PdfReader(BytesIO(paper.content)).attachments["entries.json"][0]
            made[audience] = text_of(paper.content) + str(entries)
    assert not cells.wrong, cells.told()
    assert set(made) == set(PAPERS) - {"adviser", "subject"}
    if name == "confidential":
        assert "Narwhal" in made["digital_unit"]
        for audience, words in made.items():
            assert "staff@" not in words, audience
            assert "Member of staff" not in words, audience
        assert "Narwhal" not in made["line_manager"]
