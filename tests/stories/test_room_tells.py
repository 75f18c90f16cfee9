"""Whom a referral tells: whoever decides of a hearing, its lead of an end, and all of a hearing that stands no more."""

import re
from datetime import datetime

import pytest

from tests.makers import DEMO, faults, people, press, put_right, report, room
from tests.stories.test_letters import send
from tests.stories.test_room import APPEAL_HEARER, DECISION_MAKER, INVESTIGATOR, begin, decide, find_facts, hear, moment
from tests.stories.test_what_counts import WRITTEN, sound, stands

CAST = ("hr", "hr2", "hr3", "head", "services", "staff")


@pytest.fixture
def told(token, worker):
    """`told(kind)`: what everybody of the cast is told by entries of this kind, by whom, the newest first."""

    def of(kind: str) -> dict[str, list[dict]]:
        worker()
        bells = {who: token(who).get("/api/notifications?limit=100").json()["items"] for who in CAST}
        found = {who: [item for item in items if item["kind"] == kind] for who, items in bells.items()}
        return {who: items for who, items in found.items() if items}

    return of


def test_whoever_decides_hears_when_a_hearing_is_called_moved_and_called_off(token, sign_in, clock, database, told):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    first, later = moment(clock, days=3), moment(clock, days=5)
    room(hr2, reference, "invite", hearing_at=first, **WRITTEN)
    called = told("room_invited")
    assert set(called) == {"head", "staff"}
    assert (called["head"][0]["words"], called["staff"][0]["words"]) == ("A hearing is called.", "HR writes to you.")
    assert datetime.fromisoformat(called["head"][0]["hearing_at"]) == datetime.fromisoformat(first)
    assert "asks" not in called["staff"][0]
    page = sign_in("head").get("/notifications").text
    assert re.search(r"A hearing is called. It is 09:\d\d on 23 November in London", page), page
    room(hr, reference, "postpone", hearing_at=later, reason="The companion is away.")
    moved = told("room_postponed")
    assert set(moved) == {"head", "staff"}
    assert datetime.fromisoformat(moved["head"][0]["hearing_at"]) == datetime.fromisoformat(later)
    room(hr, reference, "conflict", person=INVESTIGATOR, reason="A cousin.")
    off = told("room_called_off")
    assert set(off) == {"head", "staff"}
    assert off["head"][0]["asks"] == "See that the person is invited anew."
    # A time that stands no more is named nowhere.
    assert all("hearing_at" not in each for kind in ("room_invited", "room_postponed") for each in told(kind)["head"])
    sound(database, reference)


def test_a_pause_that_takes_a_hearing_is_told_to_whoever_hears_and_calls(token, clock, told):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    room(hr, reference, "pause", reason="They are ill.")
    room(hr, reference, "resume")
    assert set(told("room_resumed")) == {"staff"}
    room(hr, reference, "pause", reason="They are ill.")
    clock.forward(days=9)
    room(token("hr"), reference, "resume")
    resumed = told("room_resumed")
    assert {who: len(items) for who, items in resumed.items()} == {"staff": 2, "head": 1, "hr2": 1}
    assert resumed["hr2"][0]["words"] == "A hearing is not held: a pause took its time."


def test_the_lead_hears_of_an_outcome_and_of_an_appeal_that_is_decided(token, clock, told):
    reference, hr, *_ = decide(clock, token)
    decided = told("room_decided")
    assert {who: items[0]["words"] for who, items in decided.items()} == {
        "hr": "A referral is decided.",
        "staff": "HR writes to you.",
    }
    room(token("staff"), reference, "appeal", grounds="Too hard.")
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    (services,) = people(token, "services")
    room(services, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    room(hr, reference, "postpone", hearing_at=moment(clock, days=4), reason="The companion is away.")
    assert set(told("room_postponed")) == {"services", "staff"}
    clock.forward(days=4, hours=1)
    (services,) = people(token, "services")
    room(services, reference, "hear", held_at=moment(clock, minutes=-5), present=["Us"], notes="Heard.")
    room(services, reference, "decide-appeal", upheld=False, reason="It was fair.")
    assert {who: items[0]["words"] for who, items in told("room_appeal_decided").items()} == {
        "hr": "An appeal is decided.",
        "staff": "HR writes to you.",
    }


def from_case(token):
    """A case that was referred, whose facts are found, and the three of its room."""
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    press(digital, case, "referral-decision", refer=True, reason="It harmed our name.")
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    find_facts(token("hr2"), reference)
    return case, reference


@pytest.mark.parametrize("held", [False, True])
def test_a_conflict_of_a_former_investigator_in_the_case_is_told_to_all_whom_it_concerns(
    token, sign_in, clock, database, told, held
):
    case, reference = from_case(token)
    hr, hr2, head = people(token, "hr hr2 head")
    if held:
        hear(clock, reference, hr2, head)
        (hr, hr2) = people(token, "hr hr2")
    else:
        room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
        send(hr2, reference, "invitation")
    room(hr, reference, "appoint", investigator=f"hr3{DEMO}")
    assert stands(hr, reference)[0]
    (digital,) = people(token, "digital")
    press(digital, case, "conflict", person=INVESTIGATOR, reason="A cousin.")
    assert not stands(hr, reference)[0]
    kind, words = ("room_heard_in_vain", "count any more") if held else ("room_called_off", "is not held")
    off = told(kind)
    assert {who: len(items) for who, items in off.items()} == dict.fromkeys(("hr", "hr3", "head", "staff"), 1)
    assert all(words in items[0]["words"] for items in off.values())
    assert told("room_conflict") == {}
    assert "invited anew" in token("staff").get(f"/api/referrals/{reference}/timeline").text
    due = hr.get(f"/api/referrals/{reference}").json()["due"]
    assert due["what"] == "invitation"
    sound(database, reference)
    assert faults(database) == []


def test_a_sent_invitation_says_that_its_hearing_does_not_take_place(token, sign_in, clock):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    send(hr2, reference, "invitation")
    said = "This hearing does not take place."
    assert said not in sign_in("staff").get(f"/referrals/{reference}").text
    clock.forward(hours=1)
    hr2 = token("hr2")
    room(hr2, reference, "invite", hearing_at=moment(clock, days=9), **WRITTEN)
    send(hr2, reference, "invitation")
    for who in ("staff", "hr"):
        page = sign_in(who).get(f"/referrals/{reference}").text
        assert page.count(said) == 1, who
        assert page.index("letter 2 (PDF)") < page.index(said), who
    (hr,) = people(token, "hr")
    room(hr, reference, "conflict", person=INVESTIGATOR, reason="A cousin.")
    assert sign_in("staff").get(f"/referrals/{reference}").text.count(said) == 2
    letters = hr.get(f"/api/referrals/{reference}").json()["letters"]
    assert [each["void"] for each in letters if each["kind"] == "invitation"] == ["no_hearing", "no_hearing"]


def test_one_to_a_hearing_that_was_held_in_vain_says_that_it_counts_no_more(token, sign_in, clock):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    send(hr2, reference, "invitation")
    clock.forward(days=3, hours=1)
    hr, head = people(token, "hr head")
    room(head, reference, "hear", held_at=moment(clock, minutes=-5), present=["Us"], notes="Heard.")
    room(hr, reference, "appoint", decision_maker=APPEAL_HEARER)
    for who in ("staff", "hr"):
        assert "This hearing does not count any more." in sign_in(who).get(f"/referrals/{reference}").text
