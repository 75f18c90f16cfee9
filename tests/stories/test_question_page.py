"""A question before posting as its readers see it: asked on one screen, answered, written back to, closed."""

import re

import pytest

from tests.makers import NO_DANGER, PERSONAL, at, do_what_is_due, entries, fields, listed, people, press, text_of

DRAFT, QUESTION, ANSWER = "Proud of our Flounder.", "May I say Halibut?", "Say Turbot, and wait until Monday."


def ask(who, *desks, **facts):
    """May I post this?"""
    told = {"kind": "advice", "account": PERSONAL, "post": {"text": DRAFT}, "narrative": QUESTION, **NO_DANGER} | facts
    told = {name: fact for name, fact in told.items() if fact is not None}
    made = who.post("/api/cases", json=told | ({"ask": list(desks)} if desks else {}))
    assert made.status_code == 201, made.text
    return made.json()


def main(browser, case):
    """The words of the case's page, without those around it."""
    page = browser.get(f"/cases/{case['reference']}")
    assert page.status_code == 200, page.text
    inside = page.text[page.text.index("<main") : page.text.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inside))


@pytest.mark.parametrize(
    ("desk", "who"), [("line_manager", "manager"), ("media_office", "media"), ("digital_unit", "digital")]
)
def test_who_was_asked_answers_on_one_screen_and_closes(sign_in, token, desk, who):
    staff, page = sign_in("staff"), sign_in(who)
    case = ask(token("staff"), desk)
    there = f"/cases/{case['reference']}"
    seen = main(page, case)
    assert f"{case['reporter']['name']} asks you before they post." in seen
    assert all(words in seen for words in (DRAFT, QUESTION, "Your answer"))
    assert "Wait for the answer. Do not post it yet." in main(staff, case)

    early = page.fill_in(f"{there}/close", {"resolution": "advice_given"})
    assert (early.status_code, "Answer the question first." in early.text) == (409, True)
    assert page.fill_in(f"{there}/advice", {"text": " "}).status_code == 422
    assert page.fill_in(f"{there}/advice", {"text": ANSWER}).status_code == 303
    answered = main(staff, case)
    assert answered.index("You have an answer.") < answered.index(ANSWER) < answered.index(QUESTION)
    assert "It is answered. You can close it." in main(page, case)

    # The reporter writes back, and whoever was asked reads it there and answers once more.
    assert staff.fill_in(f"{there}/messages", {"text": "On Monday at nine?"}).status_code == 303
    assert "On Monday at nine?" in main(page, case)
    assert page.fill_in(f"{there}/advice", {"text": "Nine is fine."}).status_code == 303
    assert "Nine is fine." in main(staff, case)
    assert page.fill_in(f"{there}/close", {"resolution": "advice_given"}).status_code == 303
    assert "This question is closed." in main(staff, case)
    late = page.post(f"/api/cases/{case['reference']}/advice", json={"text": "More."})
    assert late.status_code in (401, 409)
    assert token(who).post(f"{at(case)}/advice", json={"text": "More."}).status_code == 409


def test_nothing_on_it_speaks_of_a_mistake_or_of_how_bad_it_is(sign_in, token):
    case = ask(token("staff"), "line_manager", "media_office", codes=["disrepute"], media_interest=True)
    token("media").post(f"{at(case)}/advice", json={"text": ANSWER})
    for who in ("staff", "manager", "media", "digital"):
        seen = main(sign_in(who), case).lower()
        for word in (
            "mistake",
            "misconduct",
            "what happened",
            "what went wrong",
            "refer it to hr",
            "advise the reporter",
        ):
            assert word not in seen, (who, word)
        assert not re.search(r"\b(critical|high|medium|low)\b", seen[: seen.index("timeline")]), who
    for who in ("media", "digital"):
        queue = sign_in(who).get(f"/queue?desk={'media_office' if who == 'media' else 'digital_unit'}").text
        assert (">Question</span>" in queue) == (who == "media")


def told(who):
    """What waits for somebody, in words."""
    return [item["words"] for item in who.get("/api/notifications").json()["items"]]


def test_what_waits_speaks_of_a_question(token, database, settings, clock):
    staff, manager, media = people(token, "staff manager media")
    case = ask(staff, "line_manager", "media_office")
    press(media, case, "advice", text=ANSWER)
    press(staff, case, "messages", text="Thank you.")
    press(staff, case, "withdraw", reason="I leave it.")
    press(media, case, "close", resolution="withdrawn")
    do_what_is_due(database, settings, clock)
    assert told(staff) == ["Your question is closed.", "Your question is answered."]
    asked = ["Somebody takes their question back.", "There is a message for you."]
    assert told(manager) == told(media) == [*asked, "Somebody asks you something before they post."]
    everything = " ".join(told(staff) + told(manager) + told(media))
    assert "mistake" not in everything


def test_who_was_not_asked_cannot_answer(token):
    case = ask(token("staff"), "media_office")
    for who, status in (
        ("manager", 404),
        ("colleague", 404),
        ("hr", 404),
        ("data", 404),
        ("staff", 403),
        ("auditor", 403),
    ):
        answer = token(who).post(f"{at(case)}/advice", json={"text": ANSWER})
        assert answer.status_code == status, who
    for who, status in (("manager", 404), ("staff", 403)):
        assert token(who).post(f"{at(case)}/close", json={"resolution": "advice_given"}).status_code == status
    assert fields(token("media").post(f"{at(case)}/close", json={"resolution": "advice_given"})) == {"advice"}


def test_who_was_asked_reads_the_whole_of_it_and_no_more(token):
    staff, media, digital = people(token, "staff media digital")
    case = ask(staff, "media_office")
    press(digital, case, "notes", text="Only for us.", audience="digital_unit")
    press(staff, case, "messages", text="Halfway to Mullet.")
    seen = media.get(at(case)).json()
    assert [each["text"] for each in seen["messages"]] == ["Halfway to Mullet."]
    assert "hr" not in seen
    assert "notes" not in seen or seen["notes"] == []
    kinds = [entry["kind"] for entry in entries(media, case)]
    assert kinds == ["reported", "informed", "message"]
    assert listed(media, "?q=Mullet") == [case["reference"]]
    assert listed(media, "?q=Flounder") == [case["reference"]]


def test_taken_back(sign_in, token):
    staff, media = sign_in("staff"), sign_in("media")
    case = ask(token("staff"), "media_office")
    there = f"/cases/{case['reference']}"
    assert "Take the question back" in main(staff, case)
    assert staff.fill_in(f"{there}/withdraw", {"reason": "I will not post it."}).status_code == 303
    assert "You have taken this question back." in main(staff, case)
    assert "They have taken the question back. You can close it." in main(media, case)
    assert media.fill_in(f"{there}/close", {"resolution": "withdrawn"}).status_code == 303
    assert "This question was taken back." in main(staff, case)


def test_a_guarded_question_is_answered_by_phone(sign_in, token):
    staff, media = sign_in("staff"), sign_in("media")
    case = ask(token("staff"), "media_office", safety_risk="unsure", post=None, narrative=None)
    for page in (staff, media):
        seen = main(page, case)
        assert "talk about it by phone" in seen
        assert "+44 20 7946 0101" in seen
    refused = token("staff").post(f"{at(case)}/messages", json={"text": DRAFT})
    assert (refused.status_code, fields(refused)) == (422, {"text"})


def test_what_was_asked_may_be_changed_until_it_is_closed(sign_in, token):
    staff = sign_in("staff")
    case = ask(token("staff"), "media_office")
    changed = staff.fill_in(f"/cases/{case['reference']}/facts", {"post.text": "Proud of our Sole."})
    assert changed.status_code == 303
    assert "Proud of our Sole." in main(sign_in("media"), case)


def test_each_of_them_may_have_their_own_copy_on_paper(token):
    staff, media, manager, digital = people(token, "staff media manager digital")
    case = ask(staff, "media_office", "line_manager")
    press(media, case, "advice", text=ANSWER)
    press(staff, case, "messages", text="On Monday at nine?")
    press(digital, case, "notes", text="Only for us.", audience="digital_unit")
    copies = {
        staff: "reporter",
        media: "adviser",
        manager: "line_manager adviser",
        digital: "reporter line_manager digital_unit",
    }
    for who, variants in copies.items():
        assert {*who.get(at(case)).json()["pdf_audiences"]} == {*variants.split()}
        for variant in ("reporter", "line_manager", "digital_unit", "adviser", "hr"):
            answer = who.get(f"{at(case)}/summary.pdf?audience={variant}")
            assert answer.status_code == (200 if variant in variants.split() else 403), variant
            if answer.status_code == 200:
                on_paper = text_of(answer.content)
                assert all(words in on_paper for words in (DRAFT, QUESTION, ANSWER, "Asked by: Member of staff"))
                assert not re.search("mistake|Putting it right|Reported by|severity:", on_paper)
                assert ("On Monday at nine?" in on_paper) == (variant != "line_manager")
                assert ("Only for us." in on_paper) == (variant == "digital_unit")
