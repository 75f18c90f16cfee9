"""At every stage of a referral something is due: who owes it is reminded once, and HR is told once that it is late."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from migrations.schema import migrate, take_back
from service.records.referrals import Referral
from tests.makers import faults, people, referred, room
from tests.stories.test_room import APPEAL_HEARER, DECISION_MAKER, INVESTIGATOR, decide, find_facts, hear, moment

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOLIDAYS = ("2026-12-25", "2026-12-28", "2027-01-01")
CAST = ("hr", "hr2", "head", "services")
MINUTE, LONG = timedelta(minutes=1), timedelta(days=200)


def working_days_later(at, number):
    """The same hour so many working days later, counted by hand: it lies within the working day."""
    assert 9 <= at.hour < 17
    while number:
        at += timedelta(days=1)
        number -= at.weekday() < 5 and f"{at:%Y-%m-%d}" not in HOLIDAYS
    return at


def accepted(token, clock):
    reference = referred(token)
    clock.moment = MONDAY
    room(token("hr"), reference, "accept")
    return reference, clock()


def facts_are_found(token, clock):
    reference, _ = accepted(token, clock)
    clock.forward(days=1)
    room(token("hr"), reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    return reference, clock()


def heard(token, clock):
    reference, began = facts_are_found(token, clock)
    hr2, head = people(token, "hr2 head")
    find_facts(hr2, reference)
    hear(clock, reference, hr2, head)
    return reference, began + timedelta(days=3, minutes=30)


def settled(token, clock):
    reference, _ = facts_are_found(token, clock)
    hr2 = token("hr2")
    find_facts(hr2, reference)
    room(hr2, reference, "informal", reason="A word was enough.")
    return reference, clock()


def decided(token, clock):
    clock.moment = MONDAY - timedelta(days=3)
    reference, *_ = decide(clock, token)
    told = token("hr").get(f"/api/referrals/{reference}").json()
    return reference, datetime.fromisoformat(told["decision"]["appeal_by"])


def appealed(token, clock):
    reference, _ = decided(token, clock)
    clock.moment = MONDAY + timedelta(days=2)
    room(token("staff"), reference, "appeal", grounds="Too hard.")
    return reference, clock()


def appeal_has_a_hearer(token, clock):
    reference, came = appealed(token, clock)
    clock.forward(days=1)
    room(token("hr"), reference, "appoint", appeal_hearer=APPEAL_HEARER)
    return reference, came


def appeal_is_heard(token, clock):
    reference, _ = appeal_has_a_hearer(token, clock)
    clock.moment = MONDAY + timedelta(days=4)
    services = token("services")
    hear(clock, reference, services, services)
    return reference, clock() - timedelta(minutes=30)


def appeal_is_decided(token, clock):
    reference, _ = appeal_is_heard(token, clock)
    room(token("services"), reference, "decide-appeal", upheld=False, reason="It was fair.")
    return reference, clock()


STAGES = [
    (accepted, "appointment", "hr", 5),
    (facts_are_found, "fact_finding", "hr2", 20),
    (heard, "decision", "head", 5),
    (settled, "close", "hr", 5),
    (decided, "close", "hr", 5),
    (appealed, "appeal", "hr", 10),
    (appeal_has_a_hearer, "appeal", "services", 10),
    (appeal_is_heard, "appeal_decision", "services", 5),
    (appeal_is_decided, "close", "hr", 5),
]
SAID = {
    "appointment": "appoint an investigator",
    "fact_finding": "invite the person to a hearing, or settle it informally",
    "decision": "decide",
    "close": "close the referral",
    "appeal": "invite the person to the hearing of their appeal",
    "appeal_decision": "decide the appeal",
}


def due(token, reference):
    """What is due, and when, as the lead of HR reads it; None where nothing is."""
    said = token("hr").get(f"/api/referrals/{reference}").json()["due"]
    return said and (said["what"], datetime.fromisoformat(said["at"]))


def rung(token, reference, what):
    """The rings for this, by kind."""
    items = token("hr").get(f"/api/referrals/{reference}/timeline").json()["items"]
    alarms = (item for item in items if item["kind"] in ("room_reminded", "room_late"))
    return [item["kind"] for item in alarms if _said(item) == what]


def _said(item):
    return next(change["after"] for change in item["changes"] if change["field"] == "alarm.what")


def told(token, words):
    """Who of the cast has these words under their bell."""
    bells = {who: token(who).get("/api/notifications").json()["items"] for who in CAST}
    return {who for who, items in bells.items() if words in [item["words"] for item in items]}


@pytest.mark.parametrize(("stage", "what", "owes", "days"), STAGES, ids=[stage.__name__ for stage, *_ in STAGES])
def test_it_is_due_reminded_of_once_and_late_once(token, sign_in, clock, database, worker, stage, what, owes, days):
    reference, since = stage(token, clock)
    by = working_days_later(since, days)
    assert due(token, reference) == (what, by)
    worker()
    assert rung(token, reference, what) == []
    clock.moment = by - MINUTE
    worker()
    assert rung(token, reference, what) == ["room_reminded"]
    assert told(token, f"Due soon: {SAID[what]}.") == {owes}
    hr = token("hr")
    assert hr.get("/api/referrals?overdue=true").json()["items"] == []
    assert "Something is late" not in sign_in("hr").get("/").text
    row = hr.get("/api/referrals?order=nearest").json()["items"][0]
    assert (row["due"]["what"], datetime.fromisoformat(row["due"]["at"]), row["late"]) == (what, by, False)
    clock.moment = by + MINUTE
    worker()
    assert rung(token, reference, what) == ["room_reminded", "room_late"]
    assert told(token, f"Late: {SAID[what]}.") == {owes, "hr"}
    assert [row["reference"] for row in token("hr").get("/api/referrals?overdue=true").json()["items"]] == [reference]
    assert "Something is late in a referral" in sign_in("hr").get("/").text
    assert "Something is late" not in sign_in("staff").get("/").text
    clock.moment += LONG
    worker()
    assert rung(token, reference, what) == ["room_reminded", "room_late"]
    assert faults(database) == []


PAUSED = [row for row in STAGES if row[0] is not settled]
"""What is settled is not paused any more."""


@pytest.mark.parametrize(("stage", "what", "owes", "days"), PAUSED, ids=[stage.__name__ for stage, *_ in PAUSED])
def test_pauses_make_it_later_by_as_long(token, clock, worker, stage, what, owes, days):
    reference, since = stage(token, clock)
    began = max(clock(), since) + MINUTE
    for pause in range(2):
        clock.moment = began + timedelta(hours=pause * 30)
        room(token("hr"), reference, "pause", reason="They are ill.")
        assert due(token, reference) is None
        clock.forward(hours=20)
        room(token("hr"), reference, "resume")
    by = working_days_later(since, days) + timedelta(hours=40)
    assert due(token, reference) == (what, by)
    clock.moment = by - MINUTE
    worker()
    assert rung(token, reference, what) == ["room_reminded"]
    # Whoever was reminded is not reminded of the same thing again.
    room(token("hr"), reference, "pause", reason="They are ill.")
    clock.forward(hours=20)
    room(token("hr"), reference, "resume")
    by += timedelta(hours=20)
    assert due(token, reference) == (what, by)
    clock.moment = by - MINUTE
    worker()
    assert rung(token, reference, what) == ["room_reminded"]
    # What is paused once it is late stays late.
    clock.moment = by + MINUTE
    worker()
    room(token("hr"), reference, "pause", reason="They are ill.")
    clock.moment += LONG
    worker()
    room(token("hr"), reference, "resume")
    worker()
    assert due(token, reference) == (what, by)
    assert rung(token, reference, what) == ["room_reminded", "room_late"]


def test_a_pause_in_the_time_for_an_appeal_moves_the_close_by_as_long_and_no_more(token, clock):
    reference, ends = decided(token, clock)
    room(token("hr"), reference, "pause", reason="They are ill.")
    clock.forward(days=7)
    room(token("hr"), reference, "resume")
    assert due(token, reference) == ("close", working_days_later(ends + timedelta(days=7), 5))


def test_whoever_owes_it_now_is_not_reminded_again(token, clock, worker):
    reference, came = appealed(token, clock)
    clock.moment = working_days_later(came, 10) - MINUTE
    worker()
    before = due(token, reference)
    room(token("hr"), reference, "appoint", appeal_hearer=APPEAL_HEARER)
    worker()
    assert (due(token, reference), rung(token, reference, "appeal")) == (before, ["room_reminded"])
    clock.forward(minutes=2)
    worker()
    assert told(token, "Late: invite the person to the hearing of their appeal.") == {"hr", "services"}


def test_a_hearing_that_a_pause_took_is_called_again(token, clock, worker):
    reference, _ = facts_are_found(token, clock)
    hr2 = token("hr2")
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    what, at = due(token, reference)
    assert (what, at) == ("hearing", working_days_later(clock() + timedelta(days=3), 2))
    clock.forward(days=1)
    room(token("hr"), reference, "pause", reason="They are ill.")
    clock.forward(days=6)
    worker()
    room(token("hr"), reference, "resume")
    by = working_days_later(clock(), 5)
    assert due(token, reference) == ("invitation", by)
    clock.moment = by + MINUTE
    worker()
    assert (rung(token, reference, "hearing"), rung(token, reference, "invitation")) == ([], ["room_late"])
    assert told(token, "Late: invite the person again.") == {"hr", "hr2"}
    room(token("hr2"), reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    assert due(token, reference)[0] == "hearing"


def test_a_hearing_is_late_when_the_time_for_its_record_is_over_and_not_before(token, sign_in, clock, worker):
    def listed_as_late():
        row = token("hr").get("/api/referrals").json()["items"][0]
        return row["late"], "Late:</strong> hold the hearing, and record it" in sign_in("hr").get("/referrals").text

    reference, _ = facts_are_found(token, clock)
    hr2 = token("hr2")
    find_facts(hr2, reference)
    begins = clock() + timedelta(days=2)
    room(hr2, reference, "invite", hearing_at=begins.isoformat(), place="Room 4", text="Please come.")
    clock.moment = begins - timedelta(hours=23)
    worker()
    assert rung(token, reference, "hearing") == ["room_reminded"]
    for later, late in ((begins + MINUTE, False), (working_days_later(begins, 2) + MINUTE, True)):
        clock.moment = later
        worker()
        assert listed_as_late() == (late, late)
        assert rung(token, reference, "hearing") == ["room_reminded", "room_late"][: 1 + late]
    assert told(token, "Late: hold the hearing, and record it.") == {"hr", "head"}


@pytest.mark.parametrize("at_appeal", [False, True])
def test_a_hearing_held_by_somebody_who_decides_no_more_is_called_again(token, clock, at_appeal):
    reference, _ = (appeal_is_heard if at_appeal else heard)(token, clock)
    clock.forward(hours=1)
    part = "appeal_hearer" if at_appeal else "decision_maker"
    room(token("hr"), reference, "appoint", **{part: "hr3@demo.example"})
    assert due(token, reference) == ("invitation", working_days_later(clock(), 5))


def test_what_is_due_is_said_on_its_page(token, sign_in, clock):
    reference, since = facts_are_found(token, clock)
    told = sign_in("hr").get(f"/referrals/{reference}").text
    assert "Invite the person to a hearing, or settle it informally: " in told
    clock.moment = working_days_later(since, 20) + MINUTE
    assert (
        '<strong class="due due--late">Late:</strong> invite the person to a hearing'
        in sign_in("hr").get("/referrals").text
    )


def test_one_from_before_is_looked_at_once(token, clock, database, settings, worker):
    """A referral that was kept when nothing was due at its stage: the migration has the worker find out."""
    reference, since = facts_are_found(token, clock)
    take_back(settings.database_url, "0030")
    with database.write() as db:
        db.execute(update(Referral).values(next_due_at=None, next_due_what=None, ripe_at=None))
    clock.forward(days=1)
    worker()
    with database.read() as db:
        assert db.execute(select(col(Referral.next_due_at))).scalars().all() == [None]
    migrate(settings.database_url)
    worker()
    assert due(token, reference) == ("fact_finding", working_days_later(since, 20))
    assert rung(token, reference, "fact_finding") == []
