"""Conflicts of interest: who is out at once, who holds a case then, and who may be given it."""

from sqlalchemy import delete, select
from sqlmodel import col

from service.records.enums import DeskName
from service.records.people import DeskMember, Person
from tests.makers import (
    PERSONAL,
    at,
    edit,
    entries,
    faults,
    id_of,
    listed,
    people,
    press,
    report,
    route,
)


def test_a_member_of_the_digital_unit_who_reports_sees_it_as_the_reporter_only(token):
    digital, digital2, head = people(token, "digital digital2 head")
    case = report(digital)
    assert case["holding_desk"] == "digital_unit"
    assert "hr" not in case
    assert listed(digital, "?desk=digital_unit") == []
    assert listed(digital2, "?desk=digital_unit") == [case["reference"]]
    for deed, body in (("triage", {}), ("notes", {"text": "x", "audience": "digital_unit"}), ("acknowledge", {})):
        assert digital.post(f"{at(case)}/{deed}", json=body).status_code == 403, deed
    noted = press(digital2, case, "notes", text="Quietly.", audience="digital_unit")
    assert [each["text"] for each in noted["notes"]] == ["Quietly."]
    assert "Quietly" not in digital.get(at(case)).text + digital.get(f"{at(case)}/timeline").text
    assert digital.get(f"{at(case)}/summary.pdf?audience=digital_unit").status_code == 403
    assert head.get(at(case)).status_code == 200


def test_when_everyone_at_the_desk_is_conflicted_the_alternate_desk_holds_it(token, database):
    edit(database, "digital2", active=False)
    digital, media, manager = people(token, "digital media head")
    case = report(digital)
    assert case["holding_desk"] == "media_office"
    assert route(case, "media_office")["because"] == "mistake.alternate_desk"
    assert listed(media, "?desk=media_office") == [case["reference"]]
    assert digital.post(f"{at(case)}/triage", json={}).status_code == 403
    press(media, case, "triage", codes=["wrong_account", "disrepute"], assigned_to="media@demo.example")
    press(digital, case, "steps/delete/take")
    press(media, case, "steps/delete/verify")
    press(media, case, "steps/apologise/waive", reason="Nobody saw it.")
    press(media, case, "advice", text="Use two devices.")
    press(media, case, "referral-decision", refer=False, reason="A slip of the finger.")
    assert press(media, case, "close", resolution="advice_given")["stage"] == "closed"
    assert manager.get(at(case)).status_code == 200
    assert faults(database) == []


def test_the_last_of_the_desk_declares_a_conflict_and_hands_over(token, database):
    staff, digital, digital2, media = people(token, "staff digital digital2 media")
    case = report(staff)
    press(digital, case, "conflict", person="digital2@demo.example", reason="Married to the reporter.")
    assert media.get(at(case)).status_code == 404
    assert digital2.get(at(case)).status_code == 404
    answered = press(digital, case, "conflict", person="digital@demo.example", reason="I told them to post it.")
    assert "account" not in answered
    assert (digital.get(at(case)).status_code, listed(digital), listed(digital2)) == (404, [], [])
    assert staff.get(at(case)).json()["holding_desk"] == "media_office"
    assert press(media, case, "triage")["stage"] == "in_hand"
    assert faults(database) == []


def test_an_empty_seat_does_not_keep_a_case_from_fco_services_own_desk(token, database):
    with database.write() as db:
        seat = select(Person.id).where(col(Person.email) == "services@demo.example").scalar_subquery()
        only = col(DeskMember.desk) == DeskName.FCO_SERVICES
        db.execute(delete(DeskMember).where(only))
        db.add(DeskMember(person_id=db.execute(select(seat)).scalar_one(), desk=DeskName.FCO_SERVICES, lead=True))
    services, media = people(token, "services media")
    case = report(services, account=PERSONAL)
    assert case["holding_desk"] == "media_office"
    assert press(media, case, "triage")["stage"] == "in_hand"
    assert id_of(database, "services")


def test_a_manager_named_as_conflicted_is_out_at_once(token, database):
    staff, manager, head, digital = people(token, "staff manager head digital")
    case = report(staff)
    assert listed(manager) == [case["reference"]]
    assert digital.post(f"{at(case)}/conflict", json={"person": "staff@demo.example", "reason": "x"}).status_code == 422
    assert manager.post(f"{at(case)}/conflict", json={"person": "head@demo.example", "reason": "x"}).status_code == 403
    press(digital, case, "conflict", person="manager@demo.example", reason="Wrote the post together.")
    assert (
        digital.post(f"{at(case)}/conflict", json={"person": "manager@demo.example", "reason": "x"}).status_code == 409
    )
    assert (manager.get(at(case)).status_code, listed(manager)) == (404, [])
    assert manager.post(f"{at(case)}/notes", json={"text": "x", "audience": "reporter"}).status_code == 404
    # Passed over: what was theirs moves up to their own manager.
    routes = [each for each in staff.get(at(case)).json()["routes"] if each["desk"] == "line_manager"]
    assert [(each["person"], bool(each["ended_at"])) for each in routes] == [
        ("manager@demo.example", True),
        ("head@demo.example", False),
    ]
    assert (routes[1]["because"], routes[1]["instead"]) == ("mistake.line_manager", "moved_up")
    assert listed(head) == [case["reference"]]
    moved = [entry["words"] for entry in entries(staff, case) if entry["kind"] in ("sent", "informed")][-2:]
    assert moved == [
        "No longer with the line manager.",
        "Amends told the line manager. The next manager up is told in their place.",
    ]
    assert "conflict" not in staff.get(f"{at(case)}/timeline").text
    back = {"desk": "line_manager", "person": "manager@demo.example", "reason": "x"}
    assert digital.post(f"{at(case)}/send", json=back).status_code == 422
    assert faults(database) == []


def test_a_conflict_disappears_from_lists_counts_and_assignment(token, sign_in, database):
    staff, digital, digital2 = people(token, "staff digital digital2")
    case = report(staff)
    page = sign_in("digital2")
    assert case["reference"] in page.get("/queue").text
    press(digital, case, "triage", assigned_to="digital2@demo.example")
    assert listed(digital2, "?assigned=me") == [case["reference"]]
    after = press(digital, case, "conflict", person="digital2@demo.example", reason="A cousin.")
    assert after["assigned_to"] is None
    for query in ("", "?assigned=me", "?desk=digital_unit", "?stage=in_hand", f"?q={case['reference']}"):
        assert listed(digital2, query) == [], query
    assert case["reference"] not in page.get("/queue").text + page.get("/").text
    assert page.get(f"/cases/{case['reference']}").status_code == 404
    assert digital.post(f"{at(case)}/assign", json={"person": "digital2@demo.example"}).status_code == 422
    assert faults(database) == []


def test_declaring_it_on_the_page_leads_back_to_the_queue(token, sign_in):
    case = report(token("staff"))
    digital2 = sign_in("digital2")
    here = f"/cases/{case['reference']}"
    assert digital2.get(here).status_code == 200
    done = digital2.fill_in(f"{here}/conflict", {"person": "digital2@demo.example", "reason": "A cousin."})
    assert (done.status_code, done.headers["location"]) == (303, "/queue")
    assert digital2.get(here).status_code == 404
    assert digital2.get("/queue").status_code == 200
    assert token("digital").get(at(case)).status_code == 200


def test_only_members_of_the_holding_desk_are_assigned(token, database):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    for wrong in ("hr@demo.example", "staff@demo.example", "media@demo.example", "nobody@demo.example", "x@y"):
        refused = digital.post(f"{at(case)}/assign", json={"person": wrong})
        assert refused.status_code == 422, wrong
        assert digital.post(f"{at(case)}/triage", json={"assigned_to": wrong}).status_code == 422
    assert press(digital, case, "assign", person="digital2@demo.example")["assigned_to"] == "digital2@demo.example"
    assert digital.post(f"{at(case)}/assign", json={"person": "digital2@demo.example"}).status_code == 409
    assert listed(digital, "?assigned=none") == []
    assert press(digital, case, "assign", person=None)["assigned_to"] is None
    edit(database, "digital2", active=False)
    assert digital.post(f"{at(case)}/assign", json={"person": "digital2@demo.example"}).status_code == 422
