"""Somebody who leaves has no part in a referral any more: their gate is open again, and whoever leads it is told."""

from functools import partial

import pytest

from service.cli import main
from service.core.clock import now
from tests.makers import DEMO, edit, faults, people, refuses, room
from tests.stories.test_room import APPEAL_HEARER, DECISION_MAKER, INVESTIGATOR, begin, find_facts, hear, moment
from tests.stories.test_room_conflicts import told_of

HEADING = "email,name,unit,zone,employer,engagement,manager_email,deputy_email,desks,active"


@pytest.fixture
def leave(cast_url, clock, tmp_path, monkeypatch):
    """`leave("hr2", "hr3")`: the directory is told, at the shell, that these have left. It has its own clock there."""
    clock.moment = now()
    monkeypatch.setenv("AMENDS_DATABASE_URL", cast_url)
    monkeypatch.setenv("AMENDS_SECRET_KEY", "a-secret-for-tests-only-0123456789")

    def left(*names):
        path = tmp_path / "people.csv"
        path.write_text("\n".join([HEADING, *(f"{name}{DEMO},{name},,,,,,,,no" for name in names)]))
        clock.moment = now()
        assert main(["people", "import", str(path)]) == 0
        clock.moment = now()

    return left


def entries_of(who, reference, kind):
    """The entries of a kind in the room's timeline."""
    told = who.get(f"/api/referrals/{reference}/timeline").json()
    return [entry for entry in told["items"] if entry["kind"] == kind]


def test_an_investigator_leaves_and_another_goes_on(token, sign_in, clock, database, worker, leave):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    invitation = {"hearing_at": moment(clock, days=3), "place": "Room 4", "text": "Please come."}
    leave("hr2")
    assert hr2.get(f"/api/referrals/{reference}").status_code == 401
    seen = hr.get(f"/api/referrals/{reference}").json()
    assert (seen["people"]["investigator"], seen["people"]["decision_maker"]) == (None, DECISION_MAKER)
    assert all(one["until"] for one in seen["appointments"] if one["part"] == "investigator")
    assert {gate["gate"] for gate in seen["gates"] if not gate["met"]} == {"investigator"}
    [entry] = entries_of(hr, reference, "room_left")
    assert (entry["words"], entry["actor"]) == ("Somebody who has left has no part here any more.", "Amends")
    assert {change["after"] for change in entry["changes"] if change["field"] == "person"} == {INVESTIGATOR}
    worker()
    [told] = told_of(hr, "room_left")
    assert (told["referral"], told["asks"]) == ({"reference": reference}, "Appoint somebody else to their part.")
    assert told_of(head, "room_left") == []
    page = sign_in("hr").get(f"/referrals/{reference}").text
    assert "Next: appoint people" in page
    room(hr, reference, "appoint", investigator=APPEAL_HEARER)
    # What was found stays found.
    assert room(token("services"), reference, "invite", **invitation)["stage"] == "hearing"
    assert token("staff").get(f"/api/referrals/{reference}/timeline").text.count("left") == 0
    assert faults(database) == []


def test_before_the_person_is_told_an_investigator_comes_first(token, sign_in, leave):
    reference, *_ = begin(token)
    leave("hr2")
    assert "Next: appoint people" in sign_in("hr").get(f"/referrals/{reference}").text


def test_whoever_decides_then_hears_them(token, clock, database, leave):
    reference, hr, hr2, head, services = begin(token)
    find_facts(hr2, reference)
    hear(clock, reference, hr2, head)
    room(head, reference, "consider", text="No protected activity.")
    leave("head")
    # It is held anew, and the person hears so at once.
    hr, staff = people(token, "hr staff")
    assert len(entries_of(staff, reference, "room_heard_in_vain")) == 1
    assert hr.get(f"/api/referrals/{reference}").json()["due"]["what"] == "invitation"
    told = partial(refuses, services, reference, "decide", outcome="no_case", reason="Nothing in it.")
    room(hr, reference, "appoint", decision_maker=APPEAL_HEARER)
    assert told() == (409, {"invited", "heard"})
    assert faults(database) == []


def test_where_the_lead_leaves_too_whoever_stands_in_is_told(token, database, worker, leave):
    reference, *_ = begin(token)
    hr3 = token("hr3")
    assert hr3.get(f"/api/referrals/{reference}").status_code == 404
    leave("hr", "hr2")
    worker()
    assert told_of(hr3, "room_left")
    room(hr3, reference, "appoint", investigator=f"hr3{DEMO}")
    assert faults(database) == []


def test_nobody_is_told_of_what_has_ended(token, database, worker, leave):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr, reference, "informal", reason="Settled with a talk.")
    room(hr, reference, "close")
    leave("hr2", "head")
    worker()
    assert told_of(hr, "room_left") == []
    seen = hr.get(f"/api/referrals/{reference}").json()
    assert set(seen["people"].values()) == {None}
    assert len(entries_of(hr, reference, "room_left")) == 2
    assert faults(database) == []


def test_who_had_left_before_does_not_count_either(token, clock, database, sign_in):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    edit(database, "head", active=False)
    seen = hr.get(f"/api/referrals/{reference}").json()
    assert seen["people"] == {"investigator": INVESTIGATOR, "decision_maker": None, "appeal_hearer": None}
    invitation = {"hearing_at": moment(clock, days=3), "place": "Room 4", "text": "Please come."}
    assert refuses(hr2, reference, "invite", **invitation) == (409, {"decision_maker"})
    assert "Next: appoint people" in sign_in("hr").get(f"/referrals/{reference}").text
    room(hr, reference, "appoint", decision_maker=APPEAL_HEARER)
    assert room(hr2, reference, "invite", **invitation)["stage"] == "hearing"
    assert faults(database) == []
