"""What counts: nothing of somebody with a conflict, a hearing by whoever decides, and notice that no pause took."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from service.records.referrals import Referral
from service.referrals import replay
from service.timeline.entries import of_referral
from tests.makers import DEMO, faults, fields, people, refuses, room
from tests.stories.test_bundle import pdf, text_of
from tests.stories.test_letters import draft, send
from tests.stories.test_room import APPEAL_HEARER, DECISION_MAKER, INVESTIGATOR, begin, decide, find_facts, hear, moment

ANOTHER = "media@demo.example"
WRITTEN = {"place": "Room 4", "text": "Please come."}


def stands(who, reference, name="hearing"):
    """Whether the hearing counts, and which gates are not met."""
    seen = who.get(f"/api/referrals/{reference}").json()
    return seen[name]["counts"], {each["gate"] for each in seen["gates"] if not each["met"]}


def sound(database, reference):
    """The log verifies, and the rows are what it says."""
    assert faults(database) == []
    with database.read() as db:
        row = db.execute(select(Referral).where(Referral.reference == reference)).scalar_one()
        assert replay.differences(db, row, of_referral(db, row.id)) == []


def test_a_hearing_that_was_held_by_somebody_with_a_conflict_is_held_again(token, clock, sign_in, database):
    reference, hr, hr2, head, services = begin(token)
    find_facts(hr2, reference)
    hear(clock, reference, hr2, head)
    hr, hr2, services = people(token, "hr hr2 services")
    assert stands(hr, reference)[0]
    room(hr, reference, "conflict", person=DECISION_MAKER, reason="A cousin.")
    room(hr, reference, "appoint", decision_maker=APPEAL_HEARER)
    room(hr, reference, "consider", text="No protected activity.")
    assert stands(hr, reference) == (False, {"invited", "heard"})
    assert refuses(services, reference, "decide", outcome="no_case", reason="x") == (409, {"invited", "heard"})
    held = {"held_at": moment(clock, minutes=-5), "present": ["Us"], "notes": "Again."}
    assert refuses(services, reference, "hear", **held) == (409, {"invited"})
    assert "does not count any more" in sign_in("hr").get(f"/referrals/{reference}").text
    assert "You are invited anew" in sign_in("staff").get(f"/referrals/{reference}").text
    assert "does not count any more" in text_of(pdf(hr, reference)[1])
    hear(clock, reference, hr2, services)
    (services,) = people(token, "services")
    assert stands(services, reference) == (True, set())
    assert room(services, reference, "decide", outcome="no_case", reason="Nothing in it.")["stage"] == "decided"
    # What was decided after it stays decided.
    (hr,) = people(token, "hr")
    room(hr, reference, "conflict", person=APPEAL_HEARER, reason="A cousin too.")
    assert stands(hr, reference)[0]
    sound(database, reference)


def test_whoever_decides_has_heard_them(token, clock, database):
    reference, hr, hr2, head, services = begin(token)
    find_facts(hr2, reference)
    hear(clock, reference, hr2, head)
    hr, hr2, services = people(token, "hr hr2 services")
    room(hr, reference, "consider", text="No protected activity.")
    room(hr, reference, "appoint", decision_maker=APPEAL_HEARER)
    assert refuses(services, reference, "decide", outcome="no_case", reason="x") == (409, {"invited", "heard"})
    hear(clock, reference, hr2, services)
    (services,) = people(token, "services")
    room(services, reference, "decide", outcome="no_case", reason="Nothing in it.")
    sound(database, reference)


def test_what_an_investigator_with_a_conflict_found_is_found_again(token, clock, sign_in, database, worker):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    finding = {"kind": "not_established", "text": "It was gone by nine."}
    assert refuses(hr2, reference, "record-finding", **finding) == (409, {"called"})
    assert "record_finding" not in hr2.get(f"/api/referrals/{reference}").json()["may"]
    room(hr, reference, "conflict", person=INVESTIGATOR, reason="A cousin.")
    worker()
    (staff,) = people(token, "staff")
    assert staff.get("/api/notifications").json()["items"][0]["words"] == "A hearing is not held."
    assert "cousin" not in staff.get(f"/api/referrals/{reference}/timeline").text
    counts, open_gates = stands(hr, reference)
    assert not counts
    assert open_gates >= {"investigator", "findings", "both_sides", "invited"}
    room(hr, reference, "appoint", investigator="hr3@demo.example")
    (hr3,) = people(token, "hr3")
    assert refuses(hr3, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN) == (
        409,
        {"findings", "both_sides"},
    )
    page = sign_in("hr3").get(f"/referrals/{reference}").text
    assert "Next: record what you find, on both sides" in page
    assert "they have a conflict" in page
    room(hr3, reference, "record-finding", **finding)
    room(hr3, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    assert stands(hr, reference)[0]
    sound(database, reference)


def test_an_appeal_that_was_heard_by_somebody_with_a_conflict_is_heard_again(token, clock, database):
    reference, hr, *_ = decide(clock, token)
    room(token("staff"), reference, "appeal", grounds="Too hard.")
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    services = token("services")
    hear(clock, reference, services, services)
    hr, media = people(token, "hr media")
    room(hr, reference, "conflict", person=APPEAL_HEARER, reason="A cousin.")
    room(hr, reference, "appoint", appeal_hearer=ANOTHER)
    assert refuses(media, reference, "decide-appeal", upheld=False, reason="x") == (
        409,
        {"appeal_invited", "appeal_heard"},
    )
    hear(clock, reference, media, media)
    (media,) = people(token, "media")
    assert stands(media, reference, "appeal_hearing") == (True, set())
    room(media, reference, "decide-appeal", upheld=False, reason="It stays.")
    sound(database, reference)


@pytest.mark.parametrize(
    ("in_days", "paused_after", "for_days", "lapses"),
    [
        pytest.param(3, 1, 30, True, id="its time fell into the pause"),
        pytest.param(20, 15, 6, True, id="so it did, with notice left"),
        pytest.param(5, 1, 3.5, True, id="too little notice is left"),
        pytest.param(20, 1, 10, False, id="there is notice enough"),
    ],
)
def test_a_pause_takes_no_notice(token, clock, sign_in, database, worker, in_days, paused_after, for_days, lapses):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=in_days), **WRITTEN)
    send(hr2, reference, "invitation")
    clock.forward(days=paused_after)
    hr, staff = people(token, "hr staff")
    room(hr, reference, "pause", reason="Their investigator is ill.")
    told = sign_in("staff").get(f"/referrals/{reference}").text
    assert "HR paused this" in told
    assert "investigator is ill" not in told
    assert "investigator is ill" not in staff.get(f"/api/referrals/{reference}").text
    worker()
    assert staff.get("/api/notifications").json()["items"][0]["words"] == "HR writes to you."
    clock.forward(days=for_days)
    hr, hr2, head = people(token, "hr hr2 head")
    room(hr, reference, "resume")
    worker()
    assert not [each for each in hr.get("/api/notifications").json()["items"] if each["words"].startswith("Late")]
    assert stands(hr, reference)[0] is not lapses
    told = sign_in("staff").get(f"/referrals/{reference}").text
    assert ("You are invited anew" in told) is lapses
    assert ("You are invited to a hearing" in told) is not lapses
    if lapses:
        held = {"held_at": moment(clock, minutes=-5), "present": ["Us"], "notes": "x"}
        assert refuses(head, reference, "hear", **held)[0] in (409, 422)
        assert refuses(hr, reference, "postpone", hearing_at=moment(clock, days=1), reason="x") == (409, {"invited"})
        room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
        assert stands(hr, reference)[0]
        assert draft(hr2, reference, "invitation")
    sound(database, reference)


def test_several_pauses_take_no_notice_either(token, clock, database):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=20), **WRITTEN)
    for took in (6.5, 6.5, 6):
        (hr,) = people(token, "hr")
        assert stands(hr, reference)[0]
        room(hr, reference, "pause", reason="They are ill.")
        clock.forward(days=took)
        (hr,) = people(token, "hr")
        room(hr, reference, "resume")
    assert not stands(hr, reference)[0]
    sound(database, reference)


def test_while_it_is_paused_nobody_is_invited_by_letter(token, clock):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=9), **WRITTEN)
    wording = draft(hr2, reference, "invitation")
    room(hr, reference, "pause", reason="They are ill.")
    assert refuses(hr2, reference, "send-letter", kind="invitation", wording=wording) == (409, {"paused"})
    assert "invitation" not in [each["kind"] for each in hr2.get(f"/api/referrals/{reference}").json()["drafts"]]
    room(hr, reference, "resume")
    room(hr2, reference, "send-letter", kind="invitation", wording=wording)


def test_what_is_found_after_the_hearing_is_put_to_them_first(token, clock, database):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    room(hr, reference, "appoint", investigator="hr3@demo.example")
    hear(clock, reference, token("hr3"), head)
    hr, hr3, head = people(token, "hr hr3 head")
    room(hr, reference, "conflict", person=INVESTIGATOR, reason="A cousin.")
    room(hr, reference, "consider", text="No protected activity.")
    clock.forward(minutes=1)
    for kind in ("established", "mitigating"):
        room(hr3, reference, "record-finding", kind=kind, text="Found anew.")
    told = {"outcome": "dismissal", "reason": "x"}
    assert refuses(head, reference, "decide", **told) == (409, {"invited", "heard"})
    hear(clock, reference, hr3, head)
    room(token("head"), reference, "decide", **told)
    sound(database, reference)


def test_one_that_was_held_before_the_pause_is_recorded_after_it(token, clock, database):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    clock.forward(days=3, hours=2)
    (hr,) = people(token, "hr")
    held_at = moment(clock, hours=-2)
    room(hr, reference, "pause", reason="They are ill.")
    clock.forward(days=30)
    hr, head = people(token, "hr head")
    room(hr, reference, "resume")
    room(head, reference, "hear", held_at=held_at, present=["Us"], notes="Heard.")
    sound(database, reference)


def test_a_suspension_is_reviewed_after_the_decision_and_none_begins(token, clock, database):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    room(hr, reference, "suspend", reason="To calm down.", review_at=moment(clock, days=9))
    hear(clock, reference, hr2, head)
    hr, head = people(token, "hr head")
    room(head, reference, "consider", text="No protected activity.")
    room(head, reference, "decide", outcome="dismissal", reason="Because of the harm.")
    again = {"reason": "Until the appeal is over.", "review_at": moment(clock, days=9)}
    assert "suspend" in hr.get(f"/api/referrals/{reference}").json()["may"]
    assert room(hr, reference, "suspend", **again)["suspension"]["reviews"] == 1
    room(hr, reference, "end-suspension")
    assert "suspend" not in hr.get(f"/api/referrals/{reference}").json()["may"]
    assert refuses(hr, reference, "suspend", **again) == (409, {"nobody_suspended"})
    assert datetime.fromisoformat(hr.get(f"/api/referrals/{reference}").json()["suspension"]["ended_at"]) == clock()
    sound(database, reference)


def test_a_finding_waits_until_it_is_disclosed_and_is_theirs_before_they_answer_it(token, sign_in, clock, database):
    reference, hr, hr2, *_ = begin(token)
    staff, investigates, theirs = token("staff"), sign_in("hr2"), sign_in("staff")

    def readable():
        return [each["text"] for each in staff.get(f"/api/referrals/{reference}").json().get("findings", [])]

    find_facts(hr2, reference)
    assert readable() == []
    room(hr, reference, "disclose", facts=["findings"])
    first = ["It was posted at nine.", "It was gone within minutes."]
    assert readable() == first
    # What is found after that is not read over the investigator's shoulder.
    for more in ("Nobody else had the password.", "They were alone at work."):
        found = room(hr2, reference, "record-finding", kind="established", text=more)
        assert found["findings"][-1]["waits_since"] is not None
        assert more not in theirs.get(f"/referrals/{reference}").text
    assert readable() == first
    page = investigates.get(f"/referrals/{reference}").text
    assert page.count("2 findings since then are not disclosed") == 2
    assert page.partition('id="findings"')[2].partition("</section>")[0].count("The person cannot read it yet.") == 2
    room(hr, reference, "disclose", facts=["findings"])
    assert len(readable()) == 4
    room(hr2, reference, "record-finding", kind="mitigating", text="They said so themselves.")
    assert len(readable()) == 4
    # Whoever is called to a hearing has read what they are to answer, and has the notice to prepare.
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    assert readable()[4:] == ["They said so themselves."]
    assert "not disclosed" not in investigates.get(f"/referrals/{reference}").text
    sound(database, reference)


def test_what_somebody_with_a_conflict_considered_is_considered_again(token, clock, sign_in, database):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "consider", text="No protected activity.")
    room(hr, reference, "appoint", investigator="hr3@demo.example")
    hear(clock, reference, token("hr3"), head)
    hr, head = people(token, "hr head")
    assert "considered" not in stands(hr, reference)[1]
    room(hr, reference, "conflict", person=INVESTIGATOR, reason="A cousin.")
    assert "considered" in stands(hr, reference)[1]
    assert hr.get(f"/api/referrals/{reference}").json()["considered"]["counts"] is False
    assert "whoever looked at it has a conflict" in sign_in("hr").get(f"/referrals/{reference}").text
    assert "this does not count any more" in text_of(pdf(hr, reference)[1])
    room(head, reference, "consider", text="None of the four.")
    assert "considered" not in stands(hr, reference)[1]
    sound(database, reference)


def test_while_it_is_paused_no_hearing_is_put_off_or_recorded(token, clock, sign_in, database):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    offered = {"postpone", "hear"}
    assert offered <= {*head.get(f"/api/referrals/{reference}").json()["may"]}
    room(hr, reference, "pause", reason="They are ill.")
    assert not offered & {*head.get(f"/api/referrals/{reference}").json()["may"]}
    assert "Record the hearing" not in sign_in("head").get(f"/referrals/{reference}").text
    later = {"hearing_at": moment(clock, days=4), "reason": "Their companion is away."}
    assert refuses(head, reference, "postpone", **later) == (409, {"paused"})
    room(hr, reference, "resume")
    assert offered <= {*head.get(f"/api/referrals/{reference}").json()["may"]}
    room(head, reference, "postpone", **later)
    sound(database, reference)


def test_no_hearing_was_held_in_a_pause(token, clock, sign_in, database):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **WRITTEN)
    clock.forward(days=3, hours=2)
    room(token("hr"), reference, "pause", reason="They are ill.")
    clock.forward(days=2)
    hr, head = people(token, "hr head")
    room(hr, reference, "resume")
    held = {"present": ["Us"], "notes": "Heard."}
    answer = head.post(f"/api/referrals/{reference}/hear", json={"held_at": moment(clock, days=-1), **held})
    assert (answer.status_code, fields(answer)) == (422, {"held_at"})
    assert re.search(r"This was paused from .* to .* No hearing is held meanwhile", answer.text)
    page = sign_in("head").fill_in(
        f"/referrals/{reference}/hear",
        {"held_at": f"{clock() - timedelta(days=1):%Y-%m-%dT%H:%M}", "present": "Us", "notes": "Zebra"},
    )
    assert page.status_code == 422
    assert "This was paused from" in page.text
    assert "Zebra" in page.text
    room(head, reference, "hear", held_at=moment(clock, days=-2, hours=-1), **held)
    sound(database, reference)


# --- a hearing that stops counting says so


def told_kinds(who, reference):
    """What a reader's timeline of it holds, by kind."""
    return [entry["kind"] for entry in who.get(f"/api/referrals/{reference}/timeline").json()["items"]]


def bell(who):
    return [item["kind"] for item in who.get("/api/notifications").json()["items"]]


def test_what_is_found_anew_after_a_call_calls_it_off_and_says_so(token, clock, database, worker):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr, reference, "appoint", investigator=f"hr3{DEMO}")
    (hr3,) = people(token, "hr3")
    room(hr3, reference, "invite", hearing_at=moment(clock, days=10), **WRITTEN)
    room(hr, reference, "conflict", person=INVESTIGATOR, reason="A cousin.")
    assert stands(hr, reference)[0]
    clock.forward(days=1)
    hr, hr3, head, staff = people(token, "hr hr3 head staff")
    room(hr3, reference, "record-finding", kind="established", text="Found anew.")
    room(hr3, reference, "record-finding", kind="mitigating", text="They are sorry.")
    worker()
    assert not stands(hr, reference)[0]
    for who in (hr, staff):
        assert told_kinds(who, reference).count("room_called_off") == 1
    for who in (staff, head, hr3):
        assert "room_called_off" in bell(who)
    seen = hr.get(f"/api/referrals/{reference}").json()
    assert (seen["next"]["what"], seen["due"]["what"]) == ("invite", "invitation")
    sound(database, reference)


def test_somebody_else_decides_after_the_hearing_and_the_person_is_told(token, clock, database, worker):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    hear(clock, reference, hr2, head)
    (hr,) = people(token, "hr")
    room(hr, reference, "appoint", decision_maker=APPEAL_HEARER)
    worker()
    hr, staff, hr2, services = people(token, "hr staff hr2 services")
    assert not stands(hr, reference)[0]
    for who in (hr, staff):
        assert told_kinds(who, reference).count("room_heard_in_vain") == 1
    for who in (staff, hr2):
        assert "room_heard_in_vain" in bell(who)
    assert hr.get(f"/api/referrals/{reference}").json()["due"]["what"] == "invitation"
    hear(clock, reference, hr2, services)
    (services,) = people(token, "services")
    room(services, reference, "consider", text="No protected activity.")
    assert room(services, reference, "decide", outcome="no_case", reason="Nothing in it.")["stage"] == "decided"
    sound(database, reference)
