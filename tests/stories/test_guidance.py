"""*Was guidance sought?* Whoever reports a mistake names a question that was answered, and its answer is copied."""

import re
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import text

from migrations.schema import migrate, take_back
from service.cases import guidance
from tests.makers import DEMO, at, changed, entries, everything_kept, faults, fields, listed, people, press, report
from tests.stories.test_question_page import ANSWER, ask, main

SEEN = {"sought": True, "from": "Media Office", "answer": ANSWER}


@pytest.fixture
def question(token):
    """A question of staff's that the Media Office has answered."""
    staff, media = people(token, "staff media")
    case = ask(staff, "media_office")
    press(media, case, "advice", text=ANSWER)
    return case


def without_time(guidance):
    """What is said of it, but for when."""
    assert guidance["at"]
    return {name: value for name, value in guidance.items() if name != "at"}


def test_whoever_may_see_the_mistake_sees_whom_they_asked_when_and_the_answer(token, sign_in, question, database):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff, guidance={"case": question["reference"].lower()})
    expected = {**SEEN, "case": question["reference"]}
    for who in (staff, manager, digital):
        assert without_time(who.get(at(case)).json()["guidance"]) == expected
    for who in ("staff", "manager", "digital"):
        seen = main(sign_in(who), case)
        assert ANSWER in seen
        assert re.search(rf"Copied from\s+{question['reference']}", seen)
    # The question itself stays with those it was put to.
    assert manager.get(at(question)).status_code == 404
    assert changed(entries(manager, case, "reported")[0])["guidance.answer"][1] == ANSWER
    assert faults(database) == []


def test_it_is_named_later_read_as_it_stood_then_and_cleared(token, sign_in, question, database):
    staff, media, digital = people(token, "staff media digital")
    case = report(staff)
    named = sign_in("staff").fill_in(f"/cases/{case['reference']}/facts", {"guidance.case": question["reference"]})
    assert named.status_code == 303
    press(media, question, "advice", text="On second thoughts, no.")
    assert without_time(digital.get(at(case)).json()["guidance"]) == {**SEEN, "case": question["reference"]}
    named_again = {"guidance": {"case": question["reference"].lower()}}
    assert staff.patch(at(case), json=named_again).json()["guidance"]["answer"] == ANSWER
    cleared = staff.patch(at(case), json={"guidance": {"case": None}}).json()
    assert cleared["guidance"] == {"sought": True, "from": "Media Office"}
    again = staff.patch(at(case), json=named_again).json()
    assert again["guidance"]["answer"] == f"Media Office: {ANSWER}\n\nMedia Office: On second thoughts, no."
    assert faults(database) == []


def test_it_is_taken_out_again_in_the_form(token, sign_in, question):
    case = report(token("staff"), guidance={"case": question["reference"]})
    web, here = sign_in("staff"), f"/cases/{case['reference']}"
    assert "Take it out again" in main(web, case)
    # What stands in the form beside the box is sent along.
    told = {"clear": "guidance.case", "guidance.case": question["reference"], "guidance.from": "Media Office"}
    wrong = web.fill_in(f"{here}/facts", told | {"post.posted_at": "yesterday"})
    assert wrong.status_code == 422
    assert re.search(r'name="clear" type="checkbox" value="guidance.case" checked', wrong.text)
    assert web.fill_in(f"{here}/facts", told).status_code == 303
    assert token("digital").get(at(case)).json()["guidance"] == {"sought": True, "from": "Media Office"}
    assert "Take it out again" not in main(web, case)
    for strange in ("colour", "kind.of", "guidance.case.x"):
        assert web.fill_in(f"{here}/facts", {"clear": strange, "guidance.case": "x"}).status_code == 422


def test_the_report_offers_what_was_answered(token, sign_in, question):
    ask(token("staff"), "digital_unit")
    offered = sign_in("staff").get("/report").text
    assert re.findall(r'<option value="(SM-[^"]+)"', offered) == [question["reference"]]
    assert "guidance.case" not in sign_in("colleague").get("/report").text


@pytest.mark.parametrize("whose", ["theirs", "unanswered", "mistake", "none", "long"])
def test_only_ones_own_answered_question_can_be_named(token, question, whose):
    colleague = token("colleague")
    reference = {
        "theirs": question["reference"],
        "unanswered": ask(colleague, "media_office")["reference"],
        "mistake": report(colleague)["reference"],
        "none": "SM-2026-999999",
        "long": "S" * 21,
    }[whose]
    told = {"kind": "mistake", "codes": ["wrong_account"], "guidance": {"case": reference}}
    refused = colleague.post("/api/cases", json=told)
    assert (refused.status_code, fields(refused)) == (422, {"guidance.case"})
    assert ANSWER not in refused.text
    mine = report(colleague)
    later = colleague.patch(at(mine), json={"guidance": {"case": reference}})
    assert (later.status_code, fields(later)) == (422, {"guidance.case"})
    if whose != "long":
        assert later.json()["errors"][0]["message"] == refused.json()["errors"][0]["message"]


def test_it_is_for_the_one_who_asked_and_for_a_mistake(token, question):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    named = {"guidance": {"case": question["reference"]}}
    for refused in (
        digital.patch(at(case), json=named),
        staff.post("/api/cases", json={"kind": "concern", "about": {"email": f"colleague{DEMO}"}, **named}),
        staff.patch(at(question), json=named),
    ):
        assert (refused.status_code, fields(refused)) == (422, {"guidance.case"})
    both = staff.patch(at(case), json={"guidance": {"case": question["reference"], "sought": False}})
    assert (both.status_code, fields(both)) == (422, {"guidance.sought"})


def test_on_a_guarded_case_the_answer_is_not_copied(token, question, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, safety_risk="yes")
    refused = staff.patch(at(case), json={"guidance": {"case": question["reference"]}})
    assert (refused.status_code, fields(refused)) == (422, {"guidance.case"})
    # What was copied before the guard was up can be destroyed.
    before = report(staff, guidance={"case": question["reference"]})
    staff.patch(at(before), json={"safety_risk": "yes"})
    press(digital, before, "purge", fields=["guidance.answer"], reason="It says too much.")
    assert digital.get(at(before)).json()["guidance"]["answer"] is None
    press(digital, before, "open", reason="It is safe.")
    saved = staff.patch(at(before), json={"guidance": {"case": question["reference"]}})
    assert (saved.status_code, saved.json()["guidance"]["answer"]) == (200, None)
    assert faults(database) == []
    assert everything_kept(database).count(ANSWER) == 2, "it stays with the question: its row, and its entry"


def test_nobody_elses_name_stands_beside_an_answer(token, question):
    staff = token("staff")
    case = report(staff, guidance={"case": question["reference"]})
    for words, field in (
        ({"from": "The Permanent Secretary"}, "guidance.from"),
        ({"sought": False}, "guidance.sought"),
    ):
        refused = staff.patch(at(case), json={"guidance": words})
        assert (refused.status_code, fields(refused)) == (422, {field})
        again = {"case": question["reference"], **words}
        for who, path, told in (
            (staff.patch, at(case), {"guidance": again}),
            (staff.post, "/api/cases", {"kind": "mistake", "codes": ["wrong_account"], "guidance": again}),
            (staff.patch, at(report(staff, guidance={"from": "My mentor"})), {"guidance": again}),
        ):
            refused = who(path, json=told)
            assert (refused.status_code, fields(refused)) == (422, {field})
    assert (
        "Leave this empty"
        in staff.patch(at(report(staff)), json={"guidance": again | {"sought": None, "from": "X"}}).text
    )
    # What a form sends back as it stood is no change.
    asked = report(staff, guidance={"from": "My mentor"})
    named = {"guidance": {"from": "My mentor", "case": question["reference"]}}
    assert staff.patch(at(asked), json=named).json()["guidance"]["from"] == "Media Office"
    same = staff.patch(at(case), json={"guidance": {"from": "Media Office", "sought": True}})
    assert (same.status_code, same.json()["guidance"]["answer"]) == (200, ANSWER)


def test_an_answer_that_is_destroyed_is_destroyed_wherever_it_was_copied(token, question, database):
    staff, digital = people(token, "staff digital")
    named = {"case": question["reference"]}
    kept, cleared = report(staff, guidance=named), report(staff, guidance=named)
    staff.patch(at(cleared), json={"guidance": {"case": None}})
    staff.patch(at(question), json={"safety_risk": "yes"})
    (row,) = digital.get(at(question)).json()["advice"]
    press(digital, question, "purge", fields=[f"advice.{row['id']}"], reason="It says too much.")
    assert ANSWER not in everything_kept(database)
    assert digital.get(at(kept)).json()["guidance"]["answer"] is None
    assert [len(entries(digital, case, "purged")) for case in (kept, cleared, report(staff))] == [1, 1, 0]
    assert faults(database) == []


def test_an_answer_that_is_copied_while_it_is_purged_is_destroyed_too(token, question, database, monkeypatch):
    staff, digital = people(token, "staff digital")
    staff.patch(at(question), json={"safety_risk": "yes"})
    (row,) = digital.get(at(question)).json()["advice"]
    purge = {"fields": [f"advice.{row['id']}"], "reason": "It says too much."}
    answers, purged = guidance._answers, []
    with ThreadPoolExecutor(1) as thread:

        def slowly(*of):
            read = answers(*of)
            purged.append(thread.submit(digital.post, f"{at(question)}/purge", json=purge))
            # On either engine it waits for the report, or comes before it.
            wait(purged, timeout=1)
            return read

        monkeypatch.setattr(guidance, "_answers", slowly)
        report(staff, guidance={"case": question["reference"]})
        assert purged[0].result().status_code == 200
    assert ANSWER not in everything_kept(database)
    assert faults(database) == []


def test_the_search_finds_a_copied_answer_for_whoever_reads_it(token, question, database):
    word = "?q=" + ANSWER.split()[-1].strip(".")
    staff, manager, digital, media = people(token, "staff manager digital media")
    case = report(staff, guidance={"case": question["reference"]})
    other = report(staff, kind="mistake")
    assert set(listed(staff, word)) == {case["reference"], question["reference"]}
    assert set(listed(digital, word)) == {case["reference"], question["reference"]}
    assert listed(manager, word) == [case["reference"]]
    assert listed(media, word) == [question["reference"]]
    for nobody in people(token, "outsider colleague hr auditor"):
        assert case["reference"] not in nobody.get(f"/api/cases{word}").text
    staff.patch(at(other), json={"guidance": {"case": question["reference"]}})
    assert set(listed(manager, word)) == {case["reference"], other["reference"]}
    staff.patch(at(other), json={"guidance": {"case": None}})
    assert listed(manager, word) == [case["reference"]]
    staff.patch(at(case), json={"safety_risk": "yes"})
    press(digital, case, "purge", fields=["guidance.answer"], reason="It says too much.")
    assert listed(manager, word) == []
    assert listed(media, word) == listed(digital, word) == [question["reference"]]
    with database.write() as db:
        kept = "SELECT count(*) FROM search_text WHERE source = 'copied_answer'"
        assert db.execute(text(kept)).scalar() == 0


def test_what_was_copied_before_is_found_as_well(token, question, settings):
    """The migration that finds it, taken back and done again on a case that has an answer already."""
    staff, manager = people(token, "staff manager")
    case = report(staff, guidance={"case": question["reference"]})
    take_back(settings.database_url, "0014")
    migrate(settings.database_url)
    assert listed(manager, "?q=monday") == [case["reference"]]
    staff.patch(at(case), json={"guidance": {"case": None}})
    assert listed(manager, "?q=monday") == []
