"""Who is told, who is passed over, who holds a case, and who acknowledges it."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select
from sqlmodel import col

from service.documents.case_summary import summary
from service.documents.paper import templates
from service.records.people import Absence, Person, Unit
from tests.makers import (
    DEMO,
    PERSONAL,
    at,
    changed,
    desks,
    edit,
    entries,
    faults,
    fields,
    listed,
    people,
    press,
    report,
    route,
    step,
)


def away(database, name: str) -> None:
    """Somebody is absent around the moment of these stories."""
    begins = datetime(2026, 11, 16, tzinfo=UTC)
    with database.write() as db:
        person = db.execute(select(Person.id).where(col(Person.email) == name + DEMO)).scalar_one()
        db.add(Absence(person_id=person, from_at=begins, until_at=begins + timedelta(days=14)))


def reached(told) -> tuple[str, str, str | None]:
    """Who was told along a route, by which rule, and why them in place of somebody else."""
    return told["person"], told["because"], told["instead"]


def test_the_manager_and_the_digital_unit_are_told_at_once_and_acknowledge_in_one_press(token, clock, database):
    staff, manager, digital, digital2 = people(token, "staff manager digital digital2")
    case = report(staff)
    assert {each["desk"]: (each["person"], each["because"]) for each in case["routes"]} == {
        "line_manager": ("manager@demo.example", "mistake.line_manager"),
        "digital_unit": (None, "mistake.digital_unit"),
    }
    for kind in ("inform_manager", "inform_digital_unit"):
        told = step(case, kind)
        assert (told["state"], told["taken_at"]) == ("taken", "2026-11-20T09:00:00Z")
    assert len(entries(staff, case, "informed")) == 2
    assert staff.post(f"{at(case)}/acknowledge", json={}).status_code == 403
    clock.forward(minutes=7)
    seen = press(manager, case, "acknowledge")
    assert route(seen, "line_manager")["acknowledged_at"] == "2026-11-20T09:07:00Z"
    # Sent and acknowledged are two facts.
    assert route(seen, "line_manager")["sent_at"] == "2026-11-20T09:00:00Z"
    assert route(seen, "digital_unit")["acknowledged_at"] is None
    assert manager.post(f"{at(case)}/acknowledge", json={}).status_code == 409
    assert route(press(digital2, case, "acknowledge"), "digital_unit")["acknowledged_by"] == "Digital unit member"
    assert digital.post(f"{at(case)}/acknowledge", json={}).status_code == 409
    assert len(entries(staff, case, "acknowledged")) == 2
    assert faults(database) == []


def test_triage_acknowledges_for_the_desk_and_not_for_the_manager(token, clock):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    clock.forward(minutes=3)
    triaged = press(digital, case, "triage")
    assert route(triaged, "digital_unit")["acknowledged_at"] == "2026-11-20T09:03:00Z"
    assert route(triaged, "line_manager")["acknowledged_at"] is None


def test_not_this_manager(token, database):
    staff, manager, digital, head = people(token, "staff manager digital head")
    case = report(staff, not_manager=True)
    assert desks(case) == {"digital_unit"}
    assert step(case, "inform_manager")["state"] == "due"
    assert step(case, "inform_manager")["reason"]
    assert manager.get(at(case)).status_code == 404
    assert manager.post(f"{at(case)}/acknowledge", json={}).status_code == 404
    assert listed(manager) == []
    # The reporter gives no reasons, and need not name anybody; whatever they send.
    for body in ({"email": "head@demo.example"}, {"email": "nobody@demo.example"}, {}):
        assert staff.post(f"{at(case)}/manager", json=body).status_code == 403, body
    for same in ({"email": "manager@demo.example"}, {"email": "nobody@demo.example"}, {"email": "staff@demo.example"}):
        assert digital.post(f"{at(case)}/manager", json=same).status_code == 422, same
    for body in (
        {"desk": "line_manager", "reason": "x"},
        {"desk": "line_manager", "person": "manager@demo.example", "reason": "x"},
    ):
        assert digital.post(f"{at(case)}/send", json=body).status_code == 422, body
    named = press(digital, case, "manager", email="head@demo.example")
    assert (route(named, "line_manager")["person"], step(named, "inform_manager")["state"]) == (
        "head@demo.example",
        "taken",
    )
    assert head.get(at(case)).status_code == 200
    assert manager.get(at(case)).status_code == 404
    assert digital.post(f"{at(case)}/manager", json={"email": "outsider@demo.example"}).status_code == 409
    assert faults(database) == []


def test_somebody_else_is_not_the_managers_deputy_for_the_manager(token, database):
    edit(database, "manager", deputy="colleague")
    away(database, "manager")
    staff, colleague, digital = people(token, "staff colleague digital")
    case = report(staff, not_manager=True)
    assert colleague.get(at(case)).status_code == 404
    assert digital.post(f"{at(case)}/manager", json={"email": "manager@demo.example"}).status_code == 422


def test_without_a_manager_the_unit_is_told_and_the_reporter_names_one(token, database):
    edit(database, "staff", manager=None)
    staff, digital, head, outsider = people(token, "staff digital head outsider")
    case = report(staff)
    assert desks(case) == {"digital_unit"}
    assert step(case, "inform_manager")["state"] == "due"
    assert len(entries(digital, case, "not_informed")) == 1
    assert outsider.post(f"{at(case)}/manager", json={"email": "head@demo.example"}).status_code == 404
    assert fields(staff.post(f"{at(case)}/manager", json={"email": "nobody@demo.example"})) == {"email"}
    assert staff.post(f"{at(case)}/manager", json={"email": "staff@demo.example"}).status_code == 422
    named = press(staff, case, "manager", email="HEAD@demo.example")
    assert (route(named, "line_manager")["person"], step(named, "inform_manager")["state"]) == (
        "head@demo.example",
        "taken",
    )
    assert head.get(at(case)).status_code == 200
    assert staff.post(f"{at(case)}/manager", json={"email": "outsider@demo.example"}).status_code == 409
    assert faults(database) == []


def test_the_units_substitute_stands_in_where_there_is_no_manager(token, database):
    edit(database, "staff", manager=None)
    with database.write() as db:
        unit = db.execute(select(Unit).where(col(Unit.name) == "Embassy Tokyo")).scalar_one()
        unit.substitute_id = db.execute(select(Person.id).where(col(Person.email) == "head@demo.example")).scalar_one()
        db.add(unit)
    told = route(report(token("staff")), "line_manager")
    assert reached(told) == ("head@demo.example", "mistake.line_manager", "substitute")


@pytest.mark.parametrize("away_or_left", ["left", "away"])
def test_who_stands_in_for_the_manager_and_that_it_says_so(token, database, away_or_left):
    edit(database, "manager", deputy="outsider")
    if away_or_left == "left":
        edit(database, "manager", active=False)
    else:
        away(database, "manager")
    case = report(token("staff"))
    told = route(case, "line_manager")
    expected = {"left": ("head@demo.example", "moved_up"), "away": ("outsider@demo.example", "deputy")}[away_or_left]
    assert reached(told) == (expected[0], "mistake.line_manager", expected[1])
    informed = [changed(entry) for entry in entries(token("staff"), case, "informed")]
    assert ("routes.line_manager.instead", (None, told["instead"])) in [
        pair for one in informed for pair in one.items()
    ]
    assert token(expected[0]).get(at(case)).status_code == 200
    if away_or_left == "away":
        assert token("manager").get(at(case)).status_code == 404


def test_where_the_absent_managers_deputy_reports_the_manager_above_is_told(token, database):
    edit(database, "manager", deputy="colleague")
    away(database, "manager")
    case = report(token("colleague"))
    told = route(case, "line_manager")
    assert reached(told) == ("head@demo.example", "mistake.line_manager", "moved_up")
    assert token("head").get(at(case)).status_code == 200
    assert token("manager").get(at(case)).status_code == 404
    # Nobody above: better somebody who is away than nobody at all.
    edit(database, "manager", manager=None)
    told = route(report(token("colleague")), "line_manager")
    assert reached(told) == ("manager@demo.example", "mistake.line_manager", None)


def test_a_manager_who_reports_is_passed_over(token):
    manager, head = people(token, "manager head")
    case = report(manager)
    assert route(case, "line_manager")["person"] == "head@demo.example"
    assert head.get(at(case)).status_code == 200
    # For a team account, by the manager's own hand or not: the reporter is not told by their own report.
    team = report(manager, posted_by_me=False)
    assert (team["subject"], route(team, "line_manager")["person"]) == (None, "head@demo.example")


def test_fco_services_on_a_personal_account_stays_with_their_own_desk(token, database):
    services, desk, digital, manager, hr = people(token, "services servicesdesk digital manager hr")
    case = report(services, account=PERSONAL, codes=["disrepute"])
    assert (desks(case), case["holding_desk"]) == ({"fco_services", "line_manager"}, "fco_services")
    assert step(case, "inform_digital_unit")["state"] == "not_needed"
    assert step(case, "inform_digital_unit")["reason"]
    assert digital.get(at(case)).status_code == 404
    assert (listed(digital), listed(desk), listed(manager)) == ([], [case["reference"]], [case["reference"]])
    seen = press(desk, case, "triage", codes=["disrepute", "illegal_or_inappropriate"])
    assert seen["hr"] == seen["hr"] | {"suggested": False, "because": []}
    press(services, case, "steps/delete/take")
    press(desk, case, "steps/delete/verify")
    press(desk, case, "steps/apologise/waive", reason="Nobody saw it.")
    press(desk, case, "advice", text="Our own policy applies.")
    assert press(desk, case, "close", resolution="advice_given")["stage"] == "closed"
    assert hr.get("/api/referrals").json()["items"] == []
    assert faults(database) == []


def test_fco_services_on_an_official_account_is_the_digital_units_as_well(token, database):
    services, desk, digital = people(token, "services servicesdesk digital")
    case = report(services, codes=["offensive_to_an_audience"])
    assert (desks(case), case["holding_desk"]) == ({"fco_services", "line_manager", "digital_unit"}, "digital_unit")
    assert desk.get(at(case)).status_code == 200
    assert desk.post(f"{at(case)}/triage", json={}).status_code == 403
    assert press(digital, case, "triage")["hr"]["suggested"] is False
    later = report(services, account=PERSONAL)
    assert digital.get(at(later)).status_code == 404
    told = services.patch(at(later), json={"account": {"type": "official"}}).json()
    assert (told["holding_desk"], step(told, "inform_digital_unit")["state"]) == ("digital_unit", "taken")
    assert press(digital, later, "triage")["stage"] == "in_hand"
    assert faults(database) == []


def test_fco_services_desk_brings_in_the_digital_unit_which_then_holds_the_case(token, database, clock):
    services, desk, digital, media = people(token, "services servicesdesk digital media")
    case = report(services, account=PERSONAL, codes=["disrepute"])
    press(desk, case, "triage", assigned_to="servicesdesk@demo.example")
    for who in (services, digital):
        assert who.post(f"{at(case)}/send", json={"desk": "digital_unit", "reason": "x"}).status_code in (403, 404)
    clock.forward(minutes=5)
    sent = press(desk, case, "send", desk="digital_unit", reason="The post is spreading.")
    assert (sent["holding_desk"], sent["assigned_to"]) == ("digital_unit", None)
    assert (step(sent, "inform_digital_unit")["state"], step(sent, "inform_digital_unit")["taken_at"]) == (
        "taken",
        "2026-11-20T09:05:00Z",
    )
    assert desk.post(f"{at(case)}/send", json={"desk": "digital_unit", "reason": "Again"}).status_code == 403
    # The digital unit does everything from now on; their own desk still sees it, and may say that it has read it.
    assert listed(digital, "?desk=digital_unit") == [case["reference"]]
    assert route(press(digital, case, "acknowledge"), "digital_unit")["acknowledged_at"]
    press(digital, case, "advice", text="Delete the copies too.")
    assert listed(desk, "?desk=fco_services") == [case["reference"]]
    press(desk, case, "notes", text="We spoke to them.", audience="digital_unit")
    for deed in ("advice", "assign", "close"):
        assert desk.post(f"{at(case)}/{deed}", json={}).status_code == 403, deed
    assert media.get(at(case)).status_code == 404
    # HR is not suggested for them, whoever holds the case.
    assert digital.get(at(case)).json()["hr"]["suggested"] is False
    held = [changed(entry) for entry in entries(services, case, "held_by")]
    assert held == [
        {"holding_desk": ("fco_services", "digital_unit"), "assigned_to": ("servicesdesk@demo.example", None)}
    ]
    assert faults(database) == []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("deputy", "They are away, so their deputy is told."),
        ("moved_up", "The next manager up is told in their place."),
        ("substitute", "None is set, so the unit’s substitute is told."),
    ],
)
def test_a_page_a_paper_and_the_record_say_in_words_why_somebody_else_is_told(token, sign_in, database, how, said):
    if how == "deputy":
        edit(database, "manager", deputy="outsider")
        away(database, "manager")
    elif how == "moved_up":
        edit(database, "manager", active=False)
    else:
        edit(database, "staff", manager=None)
        with database.write() as db:
            unit = db.execute(select(Unit).where(col(Unit.name) == "Embassy Tokyo")).scalar_one()
            head = db.execute(select(Person.id).where(col(Person.email) == "head@demo.example")).scalar_one()
            unit.substitute_id = head
            db.add(unit)
    staff = token("staff")
    case = report(staff)
    assert route(case, "line_manager")["instead"] == how
    assert route(case, "digital_unit")["instead"] is None
    rule = "Line manager of the person who reported it."
    assert entries(staff, case, "informed")[0]["words"] == f"Amends told the line manager. {said}"
    page = unescape(sign_in("staff").get(f"/cases/{case['reference']}").text)
    assert f"{rule} {said}" in page
    assert "</strong>, for the line manager" in page
    assert how.replace("_", " ") not in page.replace(said, "").replace("their deputy", "")
    # The paper is drawn from the same view, by the same filter.
    assert (
        templates().from_string("{{ because | why(instead) }}").render(route(case, "line_manager")) == f"{rule} {said}"
    )
    assert summary(case, "reporter", datetime.now(UTC), "", b"")["context"]["case"]["routes"][0]["instead"] == how
    assert faults(database) == []


def test_a_deputy_is_not_told_that_they_manage_somebody(token, sign_in, database):
    edit(database, "manager", deputy="outsider")
    case = report(token("staff"))
    assert "because you manage Member of staff" in sign_in("manager").get(f"/cases/{case['reference']}").text
    away(database, "manager")
    case = report(token("staff"))
    page = sign_in("outsider").get(f"/cases/{case['reference']}").text
    assert "as the deputy of the line manager of Member of staff" in page
    assert "because you manage" not in page


def test_a_named_manager_who_is_away_is_told_by_way_of_their_deputy(token, database):
    edit(database, "head", deputy="outsider")
    away(database, "head")
    staff, digital = people(token, "staff digital")
    case = report(staff, not_manager=True)
    named = press(digital, case, "manager", email="head@demo.example")
    assert reached(route(named, "line_manager")) == ("outsider@demo.example", "named", "deputy")
    assert entries(staff, case, "manager_named")[0]["words"] == (
        "A manager was named and told. They are away, so their deputy is told."
    )
    assert faults(database) == []


@pytest.mark.parametrize("desk", ["media_office", "data_protection", "fco_services"])
def test_sent_to_another_desk_with_the_reason(token, database, desk):
    staff, digital = people(token, "staff digital")
    other = token({"media_office": "media", "data_protection": "data", "fco_services": "servicesdesk"}[desk])
    case = report(staff)
    assert other.get(at(case)).status_code == 404
    assert staff.post(f"{at(case)}/send", json={"desk": desk, "reason": "x"}).status_code == 403
    assert fields(digital.post(f"{at(case)}/send", json={"desk": desk})) == {"reason"}
    assert (
        digital.post(f"{at(case)}/send", json={"desk": desk, "reason": "x", "person": "head@demo.example"}).status_code
        == 422
    )
    sent = press(digital, case, "send", desk=desk, reason="They know the platform.")
    assert route(sent, desk)["reason"] == "They know the platform."
    assert digital.post(f"{at(case)}/send", json={"desk": desk, "reason": "Again"}).status_code == 409
    assert listed(other, f"?desk={desk}") == [case["reference"]]
    assert route(press(other, case, "acknowledge"), desk)["acknowledged_at"] == "2026-11-20T09:00:00Z"
    for deed in ("triage", "close", "send", "assign", "advice"):
        assert other.post(f"{at(case)}/{deed}", json={}).status_code == 403, deed
    assert desk in desks(staff.get(at(case)).json())
    assert faults(database) == []


def test_sent_to_hr_is_hrs_to_disclose(token, database):
    staff, manager, digital, hr, media = people(token, "staff manager digital hr media")
    case = report(staff)
    before = {who: entries(who, case) for who in (staff, manager)}
    press(digital, case, "send", desk="media_office", reason="Press interest.")
    media_sees = entries(media, case)
    press(digital, case, "send", desk="hr", reason="Advice wanted.")
    assert listed(hr, "?desk=hr") == [case["reference"]]
    press(hr, case, "acknowledge")
    press(hr, case, "notes", text="Third time this year.", audience="hr")
    for who in (staff, manager):
        assert "hr" not in desks(who.get(at(case)).json())
        assert len(entries(who, case)) == len(before[who]) + 1
        assert "Advice wanted" not in who.get(at(case)).text
        assert "routes.hr" not in who.get(f"{at(case)}/timeline").text
    assert entries(media, case) == media_sees
    assert "hr" in desks(digital.get(at(case)).json())
    assert [each["text"] for each in hr.get(at(case)).json()["notes"]] == ["Third time this year."]
    assert digital.get(at(case)).json()["notes"] == []
    assert faults(database) == []
