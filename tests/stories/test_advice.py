"""A question before posting: put to whoever was asked, answered, and kept."""

from datetime import datetime, timedelta

from service.worker.alarms import ring_due
from tests.makers import NO_DANGER, PERSONAL, at, changed, entries, faults, fields, listed, people, press, route


def work(database, moment):
    """What the worker does about deadlines."""
    while ring_due(database, moment):
        pass


def ask(who, *desks, **facts):
    """May I post this?"""
    told = {"kind": "advice", "account": PERSONAL, "post": {"text": "We are proud of this."}, **NO_DANGER} | facts
    if desks:
        told["ask"] = list(desks)
    made = who.post("/api/cases", json=told)
    assert made.status_code == 201, made.text
    return made.json()


def test_it_goes_to_whom_it_is_put_to(token):
    staff, manager, media, digital = people(token, "staff manager media digital")
    case = ask(staff, "media_office", "line_manager")
    assert {each["desk"] for each in case["routes"]} == {"media_office", "line_manager"}
    assert (case["stage"], case["steps"]) == ("reported", [])
    assert listed(media) == listed(manager) == [case["reference"]]
    # Whoever holds it may look, and does not meet it among what the desk has to do.
    assert digital.get(at(case)).status_code == 200
    assert listed(digital, "?desk=digital_unit") == []
    assert set(media.get(at(case)).json()["may"]) == {
        *("view", "acknowledge", "note", "advise", "close", "have_conflict")
    }
    other = ask(staff)
    assert {each["desk"] for each in other["routes"]} == {"digital_unit"}


def test_the_answer_closes_nothing_and_stops_the_clock(token, database):
    staff, media, digital = people(token, "staff media digital")
    case = ask(staff, "media_office", codes=["disrepute"])
    assert fields(media.post(f"{at(case)}/close", json={"resolution": "advice_given"})) == {"advice"}
    seen = press(media, case, "advice", text="Wait until Monday.")
    assert (seen["advice"][0]["desk"], route(seen, "media_office")["answered_at"] is not None) == ("media_office", True)
    assert route(seen, "media_office")["acknowledged_at"] is not None
    assert digital.get(at(case)).json()["hr"]["suggested"] is False
    assert [row["text"] for row in staff.get(at(case)).json()["advice"]] == ["Wait until Monday."]
    press(staff, case, "messages", text="Thank you.")
    assert digital.post(f"{at(case)}/triage", json={}).status_code == 409
    assert digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "x"}).status_code == 409
    assert press(media, case, "close", resolution="advice_given")["stage"] == "closed"
    assert press(digital, case, "reopen", reason="One more thing.")["stage"] == "reported"
    assert faults(database) == []


def test_taken_back_it_closes_without_an_answer(token):
    staff, digital = people(token, "staff digital")
    case = ask(staff, "digital_unit")
    press(staff, case, "withdraw", reason="I will not post it.")
    assert press(digital, case, "close", resolution="withdrawn")["stage"] == "closed"


def test_nobody_else_may_be_asked(token):
    refused = token("staff").post("/api/cases", json={"kind": "advice", "ask": ["hr"], **NO_DANGER})
    assert (refused.status_code, fields(refused)) == (422, {"ask"})


def test_without_a_manager_the_digital_unit_is_asked(token):
    case = ask(token("head"), "line_manager")
    assert {each["desk"] for each in case["routes"]} == {"digital_unit"}


def test_an_answer_that_is_owed_is_reminded_of_and_escalated(token, clock, database):
    staff, manager, head = people(token, "staff manager head")
    case = ask(staff, "line_manager", media_interest=True)
    press(manager, case, "acknowledge")
    due = route(case, "line_manager")["answer_by"]
    assert datetime.fromisoformat(due) == clock() + timedelta(minutes=120)
    clock.forward(minutes=91)
    work(database, clock())
    assert [changed(entry)["alarm.what"][1] for entry in entries(staff, case, "reminded")] == ["advice.line_manager"]
    clock.forward(minutes=30)
    work(database, clock())
    assert len(entries(staff, case, "escalated")) == 1
    assert head.get(at(case)).status_code == 200
    press(manager, case, "advice", text="Go ahead.")
    clock.forward(days=3)
    work(database, clock())
    assert len(entries(staff, case, "escalated")) == 1


def test_more_is_told_of_a_question_and_it_stays_with_whom_it_was_put_to(token, database):
    staff = token("staff")
    case = ask(staff, "media_office")
    told = staff.patch(at(case), json={"account": {"type": "official"}, "safety_risk": "yes"})
    assert told.status_code == 200
    assert {each["desk"] for each in told.json()["routes"]} == {"media_office"}
    assert faults(database) == []
