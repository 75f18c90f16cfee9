"""Text search: whoever may read the words finds the case, and for everybody else it is as if they were not there."""

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from service.records.timeline import ReadEntry
from tests.makers import WORDS, at, busy, fields, listed, people, press, report

READERS = {
    "narrative": {"staff", "manager", "digital", "hr", "media", "data", "servicesdesk"},
    "message": {"staff", "digital"},
    "line_manager": {"manager", "digital", "hr"},
    "digital_unit": {"digital"},
    # A note for HR, by somebody of the digital unit. Why HR was told says the same word, and is not searched.
    "hr": {"hr", "digital"},
}


def found(who, words: str, more: str = "") -> list[str]:
    return listed(who, f"?q={words}{more}")


@pytest.mark.parametrize("said", READERS)
def test_words_are_found_by_those_who_read_them(token, said):
    case = busy(token)
    for name in ("staff", "manager", "digital", "digital2", "hr", "media", "data", "servicesdesk", "auditor", "admin",
                 "outsider", "colleague"):  # fmt: skip
        expected = [case["reference"]] if name in READERS[said] else []
        assert found(token(name), WORDS[said]) == expected, name
        assert found(token(name), f"{WORDS[said].upper()}&order=worst") == expected, name


def test_an_author_finds_their_own_note(token):
    staff, digital, digital2, hr = people(token, "staff digital digital2 hr")
    case = report(staff)
    press(digital, case, "notes", text="Pilchard", audience="hr")
    assert found(digital, "pilchard") == [case["reference"]]
    assert found(digital2, "pilchard") == []
    press(digital, case, "send", desk="hr", reason="Look at this.")
    assert found(hr, "pilchard") == [case["reference"]]


def test_where_words_stand_and_how_they_are_typed(token):
    staff, digital = people(token, "staff digital")
    case = report(
        staff,
        account={"type": "official", "platform": "X", "handle": "@Embassy_Tokyo"},
        post={"text": "Die Straße nach Zürich, don't wait: C3-PO said №7 東京 で"},
        narrative="I used the wrong window: tilde~end, 50%off {curly}brace it's",
    )
    other = report(staff, narrative="Another window, not this one")
    one, both = [case["reference"]], [other["reference"], case["reference"]]
    for q, expected in (
        ("window", both),
        ("wrong window", one),
        ("WRONG", one),
        ("wind*", both),
        ("wind", []),
        ("@Embassy_Tokyo", one),
        ("tokyo", one),
        ("zürich", one),
        ("ZÜRICH", one),
        ("c3-po", one),
        ("po-c3", []),
        *((word, one) for word in ("end", "off", "brace", "curly", "50%off", "{curly}", "tilde~end", "it's")),
        *((word, []) for word in ("tildeend", "50off", "curlybrace", "its")),
        ("don't", one),
        ("東京", one),
        ("window & the rest", []),
        ('"window"', both),
        ("window' OR '1'='1", []),
        ("NOT window", [other["reference"]]),
        ("(window", both),
        ("window:*", both),
        ("wrong -- window", one),
        (case["reference"], one),
        (case["reference"].lower(), one),
        (case["reference"][:-2], [each for each in both if each.startswith(case["reference"][:-2])]),
        ("sm-", both),
        (case["reference"][8:], one),
    ):
        got = [row["reference"] for row in digital.get("/api/cases", params={"q": q}).json()["items"]]
        assert got == expected, q
    for q in ("!!!", "*", "…", "&", "\x00"):
        refused = digital.get("/api/cases", params={"q": q})
        assert (refused.status_code, fields(refused)) == (422, {"q"}), q
    assert fields(digital.get("/api/cases", params={"q": "x" * 301})) == {"q"}


def test_what_is_changed_or_said_later_is_found_as_it_stands(token):
    staff, digital = people(token, "staff digital")
    case = report(staff, narrative="Turbot")
    assert staff.patch(at(case), json={"narrative": "Halibut"}).status_code == 200
    assert (found(digital, "turbot"), found(digital, "halibut")) == ([], [case["reference"]])
    press(digital, case, "advice", text="Sardine")
    press(staff, case, "messages", text="Anchovy")
    assert found(digital, "sardine") == found(staff, "anchovy") == [case["reference"]]
    assert found(digital, "sardine", "&severity=critical") == []
    assert found(digital, "sardine", "&severity=medium&stage=reported&order=oldest") == [case["reference"]]


def test_what_is_purged_leaves_the_index(token, database, settings):
    staff, digital = people(token, "staff digital")
    case = report(staff, narrative="Quillfeather spilt", post={"text": "Quillfeather again"})
    press(staff, case, "messages", text="Quillfeather third")
    staff.patch(at(case), json={"safety_risk": "yes"})
    assert found(digital, "quillfeather") == [case["reference"]]
    message = digital.get(at(case)).json()["messages"][0]["id"]
    press(digital, case, "purge", fields=["narrative", "post.text", f"messages.{message}"], reason="Spilt.")
    assert found(digital, "quillfeather") == []
    if "sqlite" in settings.database_url:
        with database.read() as db:
            blocks = b"".join(db.execute(text("SELECT block FROM search_index_data")).scalars())
        assert b"quillfeather" not in blocks
    else:
        with database.read() as db:
            assert "quillfeather" not in " ".join(db.execute(text("SELECT words FROM search_text")).scalars())


def test_a_search_is_in_the_read_log_from_page_and_program(token, sign_in, database):
    digital, page = token("digital"), sign_in("digital")
    digital.get("/api/cases?q=window")
    page.get("/queue?q=window")
    page.get("/queue")
    with database.read() as db:
        lines = db.execute(select(ReadEntry).where(col(ReadEntry.what) == "search")).scalars().all()
        assert [(line.through, line.detail) for line in lines] == [("api", "window"), ("page", "window")]


def test_a_hidden_case_changes_nothing(token):
    """Somebody outside gets the same answer, to the byte, whether or not a case they cannot see holds the words."""
    staff, colleague, outsider, digital2 = people(token, "staff colleague outsider digital2")
    mine = report(outsider, narrative="Mulberry")
    before = {who: who.get("/api/cases?q=mulberry&order=worst").content for who in (outsider, colleague, digital2)}
    hidden = report(staff, narrative="Mulberry mulberry")
    press(token("digital"), hidden, "conflict", person="digital2@demo.example", reason="A cousin.")
    for who, answer in before.items():
        assert who.get("/api/cases?q=mulberry&order=worst").content == answer
    assert found(digital2, "mulberry") == found(outsider, "mulberry") == [mine["reference"]]
