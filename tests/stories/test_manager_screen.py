"""What a line manager finds behind the link in the e-mail: one column, one thing to do, and how to go on from there."""

from html import unescape

import pytest
from sqlalchemy import select
from sqlmodel import col

from service.records.people import Unit
from tests.makers import APOLOGY, at, edit, id_of, people, press, report
from tests.stories.test_routes import away

POSTED = {"posted_at": "2026-11-20T08:00:00Z", "text": "We won!"}


def screen(using, case) -> str:
    """The page of a case, on one line."""
    answer = using.get(f"/cases/{case['reference']}")
    assert answer.status_code == 200
    return " ".join(unescape(answer.text).split())


def test_two_sentences_one_button_and_a_guide(token, sign_in, clock):
    (staff,) = people(token, "staff")
    case = report(staff, post=POSTED, narrative="I had two phones.")
    using = sign_in("manager")
    page = screen(using, case)
    assert "Member of staff told us" in page
    assert "about a post on an official account" in page
    assert "(X)" in page
    assert ": wrong account." in page
    assert "It has been up for" in page
    assert "I had two phones." in page
    # What is asked stands before everything else, and nothing that only the desk may do is there.
    order = ["What happened", "What is asked of you", "I have read this", "A note", "Thank them first", "Timeline"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert page.count("<h1") == 1
    assert "case-grid" not in page
    assert using.fill_in(f"/cases/{case['reference']}/acknowledge").status_code == 303
    after = screen(using, case)
    assert "I have read this" not in after
    assert "Nothing is asked of you" in after
    assert after.index("What happens next") < after.index("Thank them first")


def test_a_note_is_kept_and_what_was_typed_survives_a_refusal(token, sign_in):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    using, where = sign_in("manager"), f"/cases/{case['reference']}"
    using.get(where)
    refused = using.fill_in(f"{where}/notes", {"text": "We spoke at noon.", "audience": "hr"})
    assert refused.status_code == 422
    assert "We spoke at noon." in refused.text
    assert 'href="#notes-audience"' in refused.text
    assert using.fill_in(f"{where}/notes", {"text": "We spoke at noon.", "audience": "digital_unit"}).status_code == 303
    assert "We spoke at noon." in digital.get(at(case)).text
    assert "We spoke at noon." in screen(using, case)


def test_a_proposal_is_made_from_the_same_screen(token, sign_in):
    staff, digital = people(token, "staff digital")
    case = report(staff, codes=["disrepute"])
    using, where = sign_in("manager"), f"/cases/{case['reference']}"
    using.get(where)
    empty = using.fill_in(f"{where}/referral-decision", {"refer": "false"})
    assert empty.status_code in (409, 422)
    press(digital, case, "triage")
    assert using.fill_in(f"{where}/referral-decision", {"refer": "false", "reason": "A slip."}).status_code == 303
    assert digital.get(at(case)).json()["hr"]["proposed"]["reason"] == "A slip."


TOLD = {
    "manager": ("because you manage Member of staff", "You are their manager"),
    "deputy": ("as the deputy of the line manager of Member of staff", "You stand in while their manager is away."),
    "moved_up": ("in place of the line manager of Member of staff", "Ask the desk first who talks to them."),
    "substitute": ("because no line manager is set for Member of staff", "No line manager is set for them."),
}


@pytest.mark.parametrize("way", TOLD)
def test_the_words_suit_whoever_is_told(token, sign_in, database, way):
    if way == "deputy":
        edit(database, "manager", deputy="head")
        away(database, "manager")
    elif way == "moved_up":
        edit(database, "manager", active=False)
    elif way == "substitute":
        edit(database, "staff", manager=None)
        with database.write() as db:
            unit = db.execute(select(Unit).where(col(Unit.name) == "Embassy Tokyo")).scalar_one()
            unit.substitute_id = id_of(database, "head")
            db.add(unit)
    case = report(token("staff"))
    page = screen(sign_in("manager" if way == "manager" else "head"), case)
    assert all(words in page for words in TOLD[way])
    assert [other for other, words in TOLD.items() if words[1] in page] == [way]


def test_on_a_guarded_case_nothing_of_the_post_is_there(token, sign_in):
    staff, digital = people(token, "staff digital")
    case = report(staff, narrative="He lives in Kestrel Lane.")
    assert staff.patch(at(case), json={"safety_risk": "yes"}).status_code == 200
    page = screen(sign_in("manager"), case)
    assert "Kestrel Lane" not in page.partition("Everything else")[0]
    assert "Do not write it anywhere." in page
    assert 'name="text"' not in page
    press(digital, case, "open", reason="Safe now.")
    assert 'name="text"' in screen(sign_in("manager"), case)


def test_a_closed_case_asks_nothing(token, sign_in):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    press(staff, case, "steps/delete/take")
    press(staff, case, "steps/apologise/take", public_text=APOLOGY)
    press(digital, case, "triage")
    press(digital, case, "advice", text="Use two devices.")
    press(digital, case, "close", resolution="advice_given")
    page = screen(sign_in("manager"), case)
    assert "This case is closed. Nothing is asked of you." in page
    assert "Advice given" in page
    assert "I have read this" not in page


def test_whoever_sits_at_a_desk_as_well_keeps_the_whole_page(token, sign_in, database):
    staff, _ = people(token, "staff digital")
    edit(database, "staff", manager="digital")
    case = report(staff)
    page = screen(sign_in("digital"), case)
    assert "case-grid" in page
    assert "Triage it" in page
    assert "I have read this" in page
