"""A conflict named in the HR room: whoever has one is out at once, and somebody else does their part."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import delete

from service.records.enums import DeskName
from service.records.people import DeskMember
from service.records.referrals import RoomConflict
from tests.makers import (
    DEMO,
    at,
    everything_kept,
    faults,
    id_of,
    people,
    press,
    put_right,
    refuses,
    report,
    room,
)
from tests.stories.test_room import APPEAL_HEARER, DECISION_MAKER, INVESTIGATOR, begin, decide, find_facts, hear, moment

QUINCE = "Quince-Cousin"


def told_of(who, kind):
    """What waits for somebody, of one kind."""
    return [one for one in who.get("/api/notifications").json()["items"] if one["kind"] == kind]


def test_whoever_names_their_own_is_out_and_another_is_appointed(token, sign_in, clock, database, worker):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    worker()
    assert told_of(head, "room_appointed")
    their_page = sign_in("head")
    assert their_page.get(f"/referrals/{reference}").status_code == 200
    answer = head.post(f"/api/referrals/{reference}/conflict", json={"person": DECISION_MAKER, "reason": QUINCE})
    assert (answer.status_code, answer.json()) == (200, {"reference": reference, "may": []})
    # At once, in every way: page, list, API, and what waits.
    assert head.get(f"/api/referrals/{reference}").status_code == 404
    assert their_page.get(f"/referrals/{reference}").status_code == 404
    assert reference not in their_page.get("/referrals").text
    assert reference not in head.get("/api/referrals").text
    assert head.get("/api/notifications").json()["items"] == []
    worker()
    assert told_of(hr, "room_conflict")[0]["referral"] == {"reference": reference}
    assert told_of(hr2, "room_conflict") == []
    assert told_of(head, "room_conflict") == []
    seen = hr.get(f"/api/referrals/{reference}").json()
    assert seen["people"]["decision_maker"] is None
    assert [(one["email"], one["reason"]) for one in seen["conflicts"]] == [(DECISION_MAKER, QUINCE)]
    invitation = {"hearing_at": moment(clock, days=3), "place": "Room 4", "text": "Please come."}
    assert refuses(hr2, reference, "invite", **invitation) == (409, {"decision_maker"})
    assert refuses(hr, reference, "appoint", decision_maker=DECISION_MAKER) == (422, {"decision_maker"})
    room(hr, reference, "appoint", decision_maker=APPEAL_HEARER)
    assert room(hr2, reference, "invite", **invitation)["stage"] == "hearing"
    assert faults(database) == []


def test_somebody_else_is_named_and_only_once(token, database):
    reference, hr, hr2, head, _ = begin(token)
    named = {"person": INVESTIGATOR, "reason": QUINCE}
    assert room(head, reference, "conflict", **named)["people"]["investigator"] is None
    assert hr2.get(f"/api/referrals/{reference}").status_code == 404
    assert refuses(head, reference, "conflict", **named) == (409, set())
    assert refuses(hr, reference, "conflict", person=f"staff{DEMO}", reason="x") == (422, {"person"})
    assert refuses(hr, reference, "conflict", person=f"nobody{DEMO}", reason="x") == (422, {"person"})
    assert refuses(hr, reference, "conflict", person=DECISION_MAKER) == (422, {"reason"})
    # Somebody with no part in the room yet: they can have none.
    room(hr, reference, "conflict", person=APPEAL_HEARER, reason="A neighbour.")
    assert refuses(hr, reference, "appoint", investigator=APPEAL_HEARER) == (422, {"investigator"})
    assert faults(database) == []


def test_what_was_typed_stands_once_on_the_page_that_says_no(token, sign_in, clock):
    reference, hr, *_ = begin(token)
    named = {"person": INVESTIGATOR, "reason": QUINCE}
    room(hr, reference, "conflict", person=INVESTIGATOR, reason="A cousin.")
    page = sign_in("hr")
    refused = page.fill_in(f"/referrals/{reference}/conflict", named)
    # In its own form, which is still there.
    assert (refused.status_code, refused.text.count(QUINCE)) == (409, 1)
    assert 'id="typed"' not in refused.text
    # A file is added by another form: what was typed beside it stands in that one.
    sent = {"description": QUINCE, "_version": "1"}
    refused = page.fill_in(
        f"/referrals/{reference}/evidence", sent, files={"file": ("a.txt", b"A post.", "text/plain")}
    )
    assert (refused.status_code, refused.text.count(QUINCE)) == (412, 1)
    assert 'id="typed"' not in refused.text
    # A form that is gone leaves its words behind.
    refused = page.fill_in(f"/referrals/{reference}/return", {"reason": QUINCE})
    assert (refused.status_code, refused.text.count(QUINCE)) == (409, 1)
    assert 'id="typed"' in refused.text
    letter = {"kind": "invitation", "wording.opening": QUINCE}
    refused = page.fill_in(f"/referrals/{reference}/send-letter", letter)
    assert (refused.status_code, refused.text.count(QUINCE)) == (409, 1)


def test_where_the_lead_has_one_the_others_stand_in_and_are_told(token, sign_in, database, worker):
    reference, hr, *_ = begin(token)
    hr3 = token("hr3")
    worker()
    page = sign_in("hr")
    page.get(f"/referrals/{reference}")
    left = page.fill_in(f"/referrals/{reference}/conflict", {"person": f"hr{DEMO}", "reason": QUINCE})
    assert (left.status_code, left.headers["location"].split("?")[0]) == (303, "/referrals")
    assert hr.get(f"/api/referrals/{reference}").status_code == 404
    worker()
    assert told_of(hr3, "room_conflict")
    assert told_of(hr, "room_conflict") == []
    assert "appoint" in hr3.get(f"/api/referrals/{reference}").json()["may"]
    room(hr3, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    assert faults(database) == []


def test_the_case_hears_nothing_of_it_and_its_other_rooms_keep_them_out(token, sign_in, database):
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    first = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, first, "conflict", person=DECISION_MAKER, reason=QUINCE)
    room(hr, first, "return", reason="Say what is alleged.")
    seen = [who.get(f"{at(case)}/timeline").text + who.get(at(case)).text for who in (staff, digital)]
    assert QUINCE not in "".join(seen)
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    second = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, second, "accept")
    refused = refuses(hr, second, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    assert refused == (422, {"decision_maker"})
    assert faults(database) == []


def test_it_goes_on_in_the_case_that_this_one_is_merged_into(token, database):
    staff, colleague, digital, hr = people(token, "staff colleague digital hr")
    one, other = report(staff, codes=["disrepute"]), report(colleague, codes=["disrepute"])
    told = {"refer": True, "reason": "It harmed our name."}
    for case, by, last in ((one, staff, False), (other, colleague, True)):
        put_right(by, digital, case)
        assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
        reference = hr.get("/api/referrals").json()["items"][0]["reference"]
        room(hr, reference, "accept")
        if not last:
            room(hr, reference, "conflict", person=DECISION_MAKER, reason=QUINCE)
            press(digital, one, "merge", into=other["reference"])
    refused = refuses(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    assert refused == (422, {"decision_maker"})
    assert faults(database) == []


def two_rooms(token):
    """Two cases with a room each; in the second somebody decides."""
    staff, colleague, digital, hr = people(token, "staff colleague digital hr")
    one, other = report(staff, codes=["disrepute"]), report(colleague, codes=["disrepute"])
    rooms = []
    for case, by in ((one, staff), (other, colleague)):
        put_right(by, digital, case)
        told = {"refer": True, "reason": "It harmed our name."}
        assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
        rooms.append(hr.get("/api/referrals").json()["items"][0]["reference"])
        room(hr, rooms[-1], "accept")
    room(hr, rooms[1], "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    return one, other, *rooms


@pytest.mark.parametrize("first", ["merge", "conflict", "duplicate"])
def test_it_ends_what_they_do_in_the_room_of_a_case_that_is_one_with_it(token, database, worker, first):
    one, other, here, there = two_rooms(token)
    digital, hr, head = people(token, "digital hr head")
    if first == "merge":
        press(digital, one, "merge", into=other["reference"])
    room(hr, here, "conflict", person=DECISION_MAKER, reason=QUINCE)
    if first == "conflict":
        assert hr.get(f"/api/referrals/{there}").json()["people"]["decision_maker"] == DECISION_MAKER
        press(digital, one, "merge", into=other["reference"])
    elif first == "duplicate":
        press(digital, one, "advice", text="Take care.")
        press(digital, one, "close", resolution="duplicate", duplicate_of=other["reference"])
    assert hr.get(f"/api/referrals/{there}").json()["people"]["decision_maker"] is None
    assert head.get(f"/api/referrals/{there}").status_code == 404
    worker()
    assert {one["referral"]["reference"] for one in told_of(hr, "room_conflict")} >= {there}
    assert QUINCE not in hr.get(f"/api/referrals/{there}").text
    assert faults(database) == []


def test_two_that_are_named_at_once_in_rooms_that_are_one_are_both_kept(token, database):
    one, other, here, there = two_rooms(token)
    digital, hr = people(token, "digital hr")
    press(digital, one, "merge", into=other["reference"])
    for pair in (("media", "outsider"), ("data", "services"), ("admin", "auditor"), ("manager", "head")):
        ready = Barrier(2)

        def name(where, who, ready=ready):
            ready.wait()
            return hr.post(f"/api/referrals/{where}/conflict", json={"person": f"{who}{DEMO}", "reason": QUINCE})

        with ThreadPoolExecutor(2) as both:
            made = [answer.status_code for answer in both.map(name, (here, there), pair)]
        assert made == [200, 200], pair
    assert faults(database) == []


def test_a_conflict_of_the_case_ends_what_they_do_in_the_room(token, database, worker):
    staff, digital, hr, head = people(token, "staff digital hr head")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    press(digital, case, "conflict", person=DECISION_MAKER, reason="A cousin.")
    assert head.get(f"/api/referrals/{reference}").status_code == 404
    assert hr.get(f"/api/referrals/{reference}").json()["people"]["decision_maker"] is None
    worker()
    assert told_of(hr, "room_conflict")
    assert faults(database) == []


def test_an_appeal_waits_for_somebody_else(token, clock, database):
    reference, hr, _, _, services = decide(clock, token)
    room(token("staff"), reference, "appeal", grounds="Too hard.")
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    hear(clock, reference, services, services)
    room(services, reference, "conflict", person=APPEAL_HEARER, reason=QUINCE)
    assert refuses(services, reference, "decide-appeal", upheld=False, reason="x")[0] == 404
    assert "appeal_hearer" in [g["gate"] for g in hr.get(f"/api/referrals/{reference}").json()["gates"] if not g["met"]]
    assert QUINCE in everything_kept(database)
    assert faults(database) == []


def test_where_everybody_at_hr_has_one_a_seat_is_asked_for(token, sign_in, database):
    """Nobody could lead the room, and nobody would hear of it."""
    reference, hr, *_ = begin(token)
    admin = sign_in("admin")
    said = "everybody at Human Resources has a part in it. Give somebody else a seat there."
    for name in ("hr3", "hr2"):
        named = {"person": name + DEMO, "reason": QUINCE}
        assert hr.post(f"/api/referrals/{reference}/conflict", json=named).status_code == 200
    assert said not in admin.get("/").text
    named = {"person": f"hr{DEMO}", "reason": QUINCE}
    assert hr.post(f"/api/referrals/{reference}/conflict", json=named).status_code == 200
    page = admin.get("/").text
    assert f"1 referral waits, and {said}" in page
    assert reference not in page
    with database.write() as db:
        db.add(DeskMember(person_id=id_of(database, "colleague"), desk=DeskName.HR))
    assert said not in admin.get("/").text
    assert room(token("colleague"), reference, "appoint", investigator=f"services{DEMO}")


def test_one_that_was_named_in_error_is_taken_back(token, sign_in, database, worker):
    reference, hr, hr2, head, _ = begin(token)
    told = {"person": DECISION_MAKER, "reason": QUINCE}
    room(hr2, reference, "conflict", **told)
    back = {"person": DECISION_MAKER, "reason": "It was another of that name."}
    assert "take_back_conflict" in hr.get(f"/api/referrals/{reference}").json()["may"]
    # Not by those appointed, and not by whom it concerns: they are out.
    assert refuses(hr2, reference, "take-back-conflict", **back)[0] == 403
    assert refuses(head, reference, "take-back-conflict", **back)[0] == 404
    assert refuses(hr, reference, "take-back-conflict", person=DECISION_MAKER) == (422, {"reason"})
    assert refuses(hr, reference, "take-back-conflict", person=INVESTIGATOR, reason="x") == (422, {"person"})
    page = sign_in("hr")
    assert "Take back a conflict" in page.get(f"/referrals/{reference}").text
    refused = page.fill_in(f"/referrals/{reference}/take-back-conflict", {"reason": "Kept while I choose."})
    assert (refused.status_code, "Kept while I choose." in refused.text) == (422, True)
    assert page.fill_in(f"/referrals/{reference}/take-back-conflict", back).status_code == 303
    seen = hr.get(f"/api/referrals/{reference}").json()
    assert (seen["conflicts"], "take_back_conflict" in seen["may"]) == ([], False)
    assert refuses(hr, reference, "take-back-conflict", **back) == (422, {"person"})
    # What they did stays ended until they are appointed anew.
    assert seen["people"]["decision_maker"] is None
    assert head.get(f"/api/referrals/{reference}").status_code == 404
    entry = hr.get(f"/api/referrals/{reference}/timeline").json()["items"][-1]
    said = {change["field"].rpartition(".")[2]: (change["before"], change["after"]) for change in entry["changes"]}
    assert entry["kind"] == "room_conflict_taken_back"
    assert said["person_id"] == (DECISION_MAKER, None)
    assert (None, back["reason"]) in [(c["before"], c["after"]) for c in entry["changes"] if c["field"] == "reason"]
    assert room(hr, reference, "appoint", decision_maker=DECISION_MAKER)["people"]["decision_maker"] == DECISION_MAKER
    assert head.get(f"/api/referrals/{reference}").status_code == 200
    # It can be named again, and is then another.
    assert len(room(hr2, reference, "conflict", **told)["conflicts"]) == 1
    assert faults(database) == []


@pytest.mark.parametrize("on_the_page", [True, False])
def test_where_it_was_the_leads_another_takes_it_back_and_they_lead_again(
    token, sign_in, database, worker, on_the_page
):
    reference, hr, *_ = begin(token)
    hr3 = token("hr3")
    mine = {"person": f"hr{DEMO}", "reason": QUINCE}
    hr.post(f"/api/referrals/{reference}/conflict", json=mine)
    assert refuses(hr, reference, "take-back-conflict", **mine)[0] == 404
    # Whoever stood in is out with that: the lead is back.
    if on_the_page:
        page = sign_in("hr3")
        page.get(f"/referrals/{reference}")
        left = page.fill_in(f"/referrals/{reference}/take-back-conflict", mine)
        assert (left.status_code, left.headers["location"].split("?")[0]) == (303, "/referrals")
    else:
        done = hr3.post(f"/api/referrals/{reference}/take-back-conflict", json=mine)
        assert (done.status_code, done.json()) == (200, {"reference": reference, "may": []})
    worker()
    assert told_of(hr, "room_conflict_taken_back")
    assert "appoint" in hr.get(f"/api/referrals/{reference}").json()["may"]
    assert hr3.get(f"/api/referrals/{reference}").status_code == 404
    assert faults(database) == []


def test_what_is_taken_back_in_one_room_opens_no_other_wall(token, database):
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    named = {"person": DECISION_MAKER, "reason": "A cousin."}
    press(digital, case, "conflict", **named)
    assert refuses(hr, reference, "take-back-conflict", **named) == (422, {"person"})
    room(hr, reference, "conflict", **named)
    room(hr, reference, "take-back-conflict", **named)
    assert refuses(hr, reference, "appoint", decision_maker=DECISION_MAKER) == (422, {"decision_maker"})
    assert faults(database) == []


def test_a_conflict_that_vanishes_without_an_entry_is_found(token, database):
    reference, hr, *_ = begin(token)
    room(hr, reference, "conflict", person=APPEAL_HEARER, reason=QUINCE)
    with database.write() as db:
        db.execute(delete(RoomConflict))
    assert any("conflicts." in fault for fault in faults(database))
