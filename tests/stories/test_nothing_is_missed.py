"""Nothing is missed: one reminder, one escalation, to the right people, and never for what is done."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from service.core.database import Database
from service.core.settings import Settings
from service.records.cases import Alarm, Case
from service.records.people import DeskMember, Person
from service.records.timeline import Outbox, TimelineEntry
from service.worker.alarms import ring_due
from service.worker.run import tell_batch
from tests.conftest import SteppedClock
from tests.makers import (
    APOLOGY,
    PERSONAL,
    at,
    case_id,
    changed,
    edit,
    entries,
    faults,
    people,
    press,
    put_right,
    report,
    route,
    states,
    step,
)

Token = Callable[..., httpx.Client]
# What makes a mistake as bad as this, on an official account where nothing else is said.
WORST = {"codes": ["account_compromised"]}
HIGH = {"codes": ["ministerial_movements"]}
MEDIUM = {"codes": ["wrong_account"]}
LOW = {"codes": ["wrong_account"], "account": PERSONAL}


def page_of(case: dict[str, Any]) -> str:
    """The address of its page."""
    return f"/cases/{case['reference']}"


def work(database: Database, moment: datetime) -> None:
    """What the worker does about deadlines, until nothing is left to do."""
    for _ in range(50):
        if not ring_due(database, moment):
            return
    raise AssertionError("the worker never came to an end")


def rung(who: httpx.Client, case: dict[str, Any], what: str | None = None) -> list[tuple[str, str]]:
    """What has rung in a case, as `(kind, what)`, in order; or the kinds for one clock."""
    found = [
        (entry["kind"], changed(entry)["alarm.what"][1])
        for entry in entries(who, case)
        if entry["kind"] in ("reminded", "escalated", "repeated")
    ]
    return [kind for kind, clock in found if clock == what] if what else found


def told(database: Database, case: dict[str, Any], kind: str) -> list[str]:
    """Whom the entries of a kind asked to tell, as the outbox has it: addresses, and desks by name."""
    with database.read() as db:
        wanted = select(TimelineEntry.position).where(
            col(TimelineEntry.case_id) == case_id(database, case), col(TimelineEntry.kind) == kind
        )
        names = []
        for position in db.execute(wanted.order_by(col(TimelineEntry.position))).scalars():
            asked = select(Outbox).where(col(Outbox.dedupe).startswith(f"{position}:"))
            names += [
                db.get_one(Person, row.person_id).email if row.person_id else row.body["desk"]
                for row in db.execute(asked.order_by(col(Outbox.id))).scalars()
            ]
    return names


@pytest.mark.parametrize(
    ("facts", "minutes"), [(WORST, 15), (HIGH, 30), (MEDIUM, 60), (LOW, 240)], ids=["critical", "high", "medium", "low"]
)
def test_a_step_is_reminded_of_once_and_escalated_once(
    token: Token, database: Database, clock: SteppedClock, facts: dict[str, Any], minutes: int
) -> None:
    """At three quarters of its time, and when it has passed; not a moment sooner, and never again."""
    staff = token("staff")
    case, start = report(staff, **facts), clock()
    reminder, due = start + timedelta(minutes=minutes * 0.75), start + timedelta(minutes=minutes)
    work(database, reminder - timedelta(seconds=1))
    assert rung(staff, case, "delete") == []
    work(database, reminder)
    assert rung(staff, case, "delete") == ["reminded"]
    work(database, due - timedelta(seconds=1))
    assert rung(staff, case, "delete") == ["reminded"]
    work(database, due)
    work(database, due + timedelta(seconds=1))
    assert rung(staff, case, "delete") == ["reminded", "escalated"]
    mine = [entry for entry in entries(staff, case) if changed(entry).get("alarm.what") == (None, "delete")]
    assert [datetime.fromisoformat(entry["at"]) for entry in mine] == [reminder, due]
    assert changed(mine[0])["alarm.told"] == (None, ["staff@demo.example"])
    assert changed(mine[1])["alarm.told"] == (None, ["digital_unit"])
    assert faults(database) == []


def test_the_person_who_owes_it_is_reminded_and_the_desk_is_told_when_it_is_late(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    """By rows in the outbox, written with the entry."""
    staff = token("staff")
    case = report(staff, **HIGH)
    work(database, clock.forward(minutes=23))
    assert told(database, case, "reminded") == ["staff@demo.example"]
    work(database, clock.forward(minutes=10))
    assert told(database, case, "escalated") == ["digital_unit"]


def test_what_is_done_in_time_never_rings(token: Token, database: Database, clock: SteppedClock) -> None:
    """Done, waived and closed alike."""
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff, **MEDIUM)
    clock.forward(minutes=5)
    press(manager, case, "acknowledge")
    press(staff, case, "steps/delete/take")
    press(digital, case, "triage")
    press(digital, case, "steps/apologise/waive", reason="It was up for a minute.")
    work(database, clock.forward(days=30))
    assert rung(staff, case) == []


def test_after_the_reminder_it_can_still_be_done_in_time(token: Token, database: Database, clock: SteppedClock) -> None:
    """The escalation is cancelled with it."""
    staff = token("staff")
    case = report(staff, **HIGH)
    work(database, clock.forward(minutes=25))
    press(staff, case, "steps/delete/take")
    work(database, clock.forward(minutes=10))
    assert rung(staff, case, "delete") == ["reminded"]


def test_a_worker_that_was_away_escalates_at_once_and_leaves_the_reminder_out(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    """A reminder after the deadline would say nothing."""
    staff = token("staff")
    case = report(staff, **LOW)
    work(database, clock.forward(days=4))
    work(database, clock.forward(days=1))
    assert rung(staff, case, "delete") == ["escalated"]
    assert rung(staff, case, "apologise") == ["escalated"]
    assert rung(staff, case, "acknowledge.line_manager") == ["escalated"]


def test_a_late_manager_is_told_of_to_their_own_manager(token: Token, database: Database, clock: SteppedClock) -> None:
    """Who then has the case too, and can say that they have read it."""
    staff, manager, head, digital = people(token, "staff manager head digital")
    case = report(staff, **HIGH)
    version = case["version"]
    assert head.get(at(case)).status_code == 404
    work(database, clock.forward(hours=3))
    assert rung(staff, case, "acknowledge.line_manager") == ["reminded"]
    assert head.get(at(case)).status_code == 404
    work(database, clock.forward(hours=1))
    assert rung(staff, case, "acknowledge.line_manager") == ["reminded", "escalated"]
    assert told(database, case, "escalated")[-1] == "head@demo.example"
    seen = head.get(at(case)).json()
    assert [(each["person"], each["instead"]) for each in seen["routes"] if each["desk"] == "line_manager"] == [
        ("manager@demo.example", None),
        ("head@demo.example", "late"),
    ]
    assert seen["version"] == version, "a form that the reporter fills in at this moment is still good"
    assert "acknowledge" in seen["may"]
    press(head, case, "acknowledge")
    # Neither rouses anybody further up, and the manager can still read it.
    work(database, clock.forward(days=30))
    assert rung(staff, case, "acknowledge.line_manager") == ["reminded", "escalated"]
    assert len([each for each in digital.get(at(case)).json()["routes"] if each["desk"] == "line_manager"]) == 2
    press(manager, case, "acknowledge")
    assert faults(database) == []


def test_where_nobody_is_above_a_late_manager_the_desk_is_told(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    """The record says who was told."""
    edit(database, "manager", manager="nobody")
    staff, digital = people(token, "staff digital")
    case = report(staff, **HIGH)
    work(database, clock.forward(hours=4))
    entry = [
        e for e in entries(digital, case, "escalated") if changed(e)["alarm.what"][1] == "acknowledge.line_manager"
    ]
    assert changed(entry[0])["alarm.told"] == (None, ["digital_unit"])
    assert faults(database) == []


def test_a_manager_above_who_must_not_be_told_is_passed_over(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    """Named as conflicted: they learn nothing of it by an escalation either."""
    staff, head, digital = people(token, "staff head digital")
    case = report(staff, **HIGH)
    press(digital, case, "conflict", person="head@demo.example", reason="A cousin.")
    work(database, clock.forward(hours=5))
    assert rung(staff, case, "acknowledge.line_manager") == ["escalated"]
    assert head.get(at(case)).status_code == 404
    assert "head@demo.example" not in told(database, case, "escalated")


def test_a_late_desk_is_told_of_to_its_lead_on_duty(token: Token, database: Database, clock: SteppedClock) -> None:
    """digital@ leads the digital unit."""
    staff = token("staff")
    case = report(staff, **HIGH)
    work(database, clock.forward(minutes=60))
    assert rung(staff, case, "acknowledge.digital_unit") == ["escalated"]
    late = [e for e in entries(staff, case, "escalated") if changed(e)["alarm.what"][1] == "acknowledge.digital_unit"]
    assert changed(late[0])["alarm.told"] == (None, ["digital@demo.example"])


def test_triage_and_the_data_protection_clock_ring_too(token: Token, database: Database, clock: SteppedClock) -> None:
    """Two hours for triage of a high case; 72 for the decisions, from awareness."""
    staff, data = people(token, "staff data")
    found = clock() - timedelta(hours=12)
    case = report(staff, **HIGH | {"personal_data": "yes"}, post={"discovered_at": found.isoformat()})
    work(database, clock.forward(minutes=90))
    work(database, clock.forward(minutes=30))
    assert rung(staff, case, "triage") == ["reminded", "escalated"]
    work(database, clock.at((found + timedelta(hours=54)).isoformat()))
    assert rung(staff, case, "protection") == ["reminded"]
    press(data, case, "protection-decision", question="regulator", tell=False, reason="No risk to anybody.")
    work(database, clock.at((found + timedelta(hours=72)).isoformat()))
    assert rung(staff, case, "protection") == ["reminded", "escalated"]


def test_both_decisions_stop_the_data_protection_clock(token: Token, database: Database, clock: SteppedClock) -> None:
    """One alone does not: there are two questions."""
    staff, data = people(token, "staff data")
    case = report(staff, **HIGH | {"personal_data": "yes"})
    for question in ("regulator", "affected"):
        press(data, case, "protection-decision", question=question, tell=False, reason="No risk to anybody.")
    work(database, clock.forward(days=10))
    assert rung(staff, case, "protection") == []


def test_a_held_step_does_not_ring_until_it_is_released(token: Token, database: Database, clock: SteppedClock) -> None:
    """Its clock is stopped, and runs anew from the release."""
    staff, digital = people(token, "staff digital")
    case = report(staff, safety_risk="yes")
    assert states(case)["apologise"] == "held"
    work(database, clock.forward(days=1))
    assert rung(staff, case, "apologise") == []
    press(digital, case, "steps/apologise/release")
    work(database, clock.forward(minutes=44))
    assert rung(staff, case, "apologise") == []
    work(database, clock.forward(minutes=1))
    work(database, clock.forward(minutes=15))
    assert rung(staff, case, "apologise") == ["reminded", "escalated"]


def test_a_step_whose_clock_stopped_and_ran_anew_is_reminded_of_anew(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    """It was due, then held, then due again: that is another run."""
    staff, digital = people(token, "staff digital")
    case = report(staff, **MEDIUM)
    work(database, clock.forward(minutes=100))
    assert rung(staff, case, "apologise") == ["reminded"]
    assert staff.patch(at(case), json={"possibly_classified": "unsure"}).status_code == 200
    work(database, clock.forward(days=2))
    assert rung(staff, case, "apologise") == ["reminded"]
    press(digital, case, "steps/apologise/release")
    work(database, clock.forward(minutes=45))
    work(database, clock.forward(minutes=15))
    assert rung(staff, case, "apologise") == ["reminded", "reminded", "escalated"]


def test_a_worse_severity_brings_deadlines_forward(token: Token, database: Database, clock: SteppedClock) -> None:
    """What has rung does not ring again; what is late by the new measure is late now."""
    staff = token("staff")
    case = report(staff, **LOW)
    work(database, clock.forward(minutes=180))
    assert rung(staff, case, "delete") == ["reminded"]
    assert rung(staff, case, "apologise") == []
    assert staff.patch(at(case), json={"media_interest": True}).status_code == 200
    work(database, clock())
    assert rung(staff, case, "delete") == ["reminded", "escalated"]
    assert rung(staff, case, "apologise") == ["escalated"]


def test_a_milder_severity_puts_deadlines_off(token: Token, database: Database, clock: SteppedClock) -> None:
    """The one reminder is not given twice, and the one escalation comes at the new deadline."""
    staff, digital = people(token, "staff digital")
    case = report(staff, **MEDIUM)
    work(database, clock.forward(minutes=50))
    assert rung(staff, case, "delete") == ["reminded"]
    press(digital, case, "triage", severity="low")
    assert step(staff.get(at(case)).json(), "delete")["minutes"] == 240
    work(database, clock.forward(minutes=189))
    assert rung(staff, case, "delete") == ["reminded"]
    work(database, clock.forward(minutes=1))
    assert rung(staff, case, "delete") == ["reminded", "escalated"]


def test_a_critical_case_that_nobody_has_read_is_repeated_eight_times(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    """Every fifteen minutes after the escalation, each time to the next one; then it ends."""
    staff, start = token("staff"), clock()
    case = report(staff, **WORST)
    while clock() < start + timedelta(hours=6):
        work(database, clock.forward(minutes=1))
    again = entries(staff, case, "repeated")
    moments = [datetime.fromisoformat(entry["at"]) - start for entry in again]
    assert moments == [timedelta(minutes=15 + 15 * number) for number in range(1, 9)]
    whom = [changed(entry)["alarm.told"][1][0] for entry in again]
    # digital@ was told when it was late.
    assert whom[:3] == ["digital2@demo.example", "digital@demo.example", "digital2@demo.example"]
    assert all(first != second for first, second in pairwise(whom))
    assert rung(staff, case, "acknowledge.digital_unit") == ["reminded", "escalated", *["repeated"] * 8]


@pytest.mark.parametrize("reader", ["digital", "manager"])
def test_the_repeats_end_as_soon_as_somebody_has_read_it(
    token: Token, database: Database, clock: SteppedClock, reader: str
) -> None:
    """Whoever it is: then somebody is there."""
    staff = token("staff")
    case = report(staff, **WORST)
    for _ in range(35):
        work(database, clock.forward(minutes=1))
    assert rung(staff, case, "acknowledge.digital_unit").count("repeated") == 1
    press(token(reader), case, "acknowledge")
    work(database, clock.forward(hours=5))
    assert rung(staff, case, "acknowledge.digital_unit").count("repeated") == 1


def test_a_case_that_is_not_critical_is_never_repeated(token: Token, database: Database, clock: SteppedClock) -> None:
    """One reminder and one escalation are enough."""
    staff = token("staff")
    case = report(staff, **HIGH)
    for _ in range(48):
        work(database, clock.forward(minutes=15))
    assert entries(staff, case, "repeated") == []


def test_a_worker_that_was_away_repeats_once_and_not_eight_times_at_once(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    """The next one comes fifteen minutes later."""
    staff = token("staff")
    case = report(staff, **WORST)
    work(database, clock.forward(hours=9))
    assert rung(staff, case, "acknowledge.digital_unit") == ["escalated"]
    work(database, clock.forward(minutes=15))
    assert rung(staff, case, "acknowledge.digital_unit") == ["escalated", "repeated"]


def test_a_closed_case_is_silent(token: Token, database: Database, clock: SteppedClock) -> None:
    """Whatever was still running ends with it; and runs again where it is opened again."""
    staff, digital = people(token, "staff digital")
    case = report(staff, **MEDIUM)
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    work(database, clock.forward(days=30))
    assert rung(staff, case) == []
    press(digital, case, "reopen", reason="There is more to it.")
    work(database, clock())
    assert rung(staff, case) == []
    # The manager never read it. They have their time again, from the reopening, whatever is judged meanwhile.
    assert staff.patch(at(case), json={"media_interest": True}).status_code == 200
    work(database, clock.forward(minutes=239))
    assert rung(staff, case) == [("reminded", "acknowledge.line_manager")]
    work(database, clock.forward(minutes=1))
    assert rung(staff, case) == [("reminded", "acknowledge.line_manager"), ("escalated", "acknowledge.line_manager")]


def test_a_merged_case_that_is_opened_again_has_its_time_again(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    """What rang before the merge does not silence what is owed after it; and what was done keeps its deadline."""
    staff, colleague, digital = people(token, "staff colleague digital")
    case, other = report(staff, **HIGH), report(colleague, **HIGH)
    press(staff, case, "steps/apologise/take", public_text=APOLOGY)
    work(database, clock.forward(hours=3))
    before = rung(digital, case)
    assert ("escalated", "triage") in before
    press(digital, case, "merge", into=other["reference"])
    work(database, clock.forward(days=3))
    assert rung(digital, case) == before
    press(digital, case, "reopen", reason="It is another post.")
    assert step(digital.get(at(case)).json(), "apologise")["due_at"] is not None
    work(database, clock())
    assert rung(digital, case) == before
    work(database, clock.forward(minutes=25))
    assert rung(digital, case)[len(before) :] == [("reminded", "delete")]
    work(database, clock.forward(hours=2))
    late = {what for kind, what in rung(digital, case)[len(before) :] if kind == "escalated"}
    assert late == {"delete", "triage", "acknowledge.digital_unit"}


@pytest.mark.parametrize(
    ("reported", "reminded", "escalated"),
    [
        # The night on which clocks in London go back: 1 wd of a medium case still is 09:00 to 17:00 there.
        ("2026-10-23T15:00+01:00", "2026-10-26T13:00+00:00", "2026-10-26T15:00+00:00"),
        # And forward. Minutes are minutes, whatever the clocks do: see the steps.
        ("2027-03-25T15:00+00:00", "2027-03-30T13:00+01:00", "2027-03-30T15:00+01:00"),
    ],
    ids=["clocks go back", "clocks go forward, Easter between"],
)
def test_triage_across_a_change_of_the_clocks(
    token: Token, database: Database, clock: SteppedClock, reported: str, reminded: str, escalated: str
) -> None:
    """A desk's working day is counted in London, holidays left out."""
    clock.at(reported)
    staff = token("staff")
    case = report(staff, **MEDIUM)
    for moment, expected in ((reminded, ["reminded"]), (escalated, ["reminded", "escalated"])):
        exactly = datetime.fromisoformat(moment).astimezone(UTC)
        work(database, exactly - timedelta(seconds=1))
        assert rung(staff, case, "triage") == expected[:-1]
        work(database, exactly)
        assert rung(staff, case, "triage") == expected


def test_two_workers_at_once_ring_everything_once(token: Token, database: Database, clock: SteppedClock) -> None:
    """Whoever comes second finds it done."""
    staff = token("staff")
    cases = [report(staff, **HIGH) for _ in range(30)]
    moment = clock.forward(hours=3)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: work(database, moment), range(8)))
    for case in cases:
        once = rung(staff, case)
        assert len(once) == len(set(once)) == 5, once
    assert faults(database) == []


def test_a_case_that_cannot_be_rung_holds_up_no_other(token: Token, database: Database, clock: SteppedClock) -> None:
    """It is put off, and rings once it can."""
    staff = token("staff")
    broken, sound = report(staff, **HIGH), report(staff, **HIGH)
    with database.write() as db:
        pinned = db.get_one(Case, case_id(database, broken)).playbook_version
        lost = update(Case).where(col(Case.reference) == broken["reference"])
        db.execute(lost.values(playbook_version="9999.lost"))
    work(database, clock.forward(minutes=30))
    assert rung(staff, sound, "delete") == ["escalated"]
    with database.write() as db:
        db.execute(lost.values(playbook_version=pinned))
    work(database, clock.forward(minutes=5))
    assert rung(staff, broken, "delete") == ["escalated"]


def test_a_route_that_moves_up_is_another_clock(token: Token, database: Database, clock: SteppedClock) -> None:
    """The next manager up has the whole time, and the one who left is asked for nothing more."""
    staff, head, digital = people(token, "staff head digital")
    case = report(staff, **HIGH)
    work(database, clock.forward(hours=3))
    press(digital, case, "conflict", person="manager@demo.example", reason="A cousin.")
    assert route(head.get(at(case)).json(), "line_manager")["person"] == "head@demo.example"
    work(database, clock.forward(hours=3) - timedelta(seconds=1))
    assert rung(staff, case, "acknowledge.line_manager") == ["reminded"]
    work(database, clock())
    assert rung(staff, case, "acknowledge.line_manager") == ["reminded", "reminded"]
    assert told(database, case, "reminded")[-1] == "head@demo.example"


def test_an_alarm_rings_once_whatever_the_code_believes(token: Token, database: Database, clock: SteppedClock) -> None:
    """The key of the table refuses a second one."""
    staff = token("staff")
    case = report(staff, **HIGH)
    work(database, clock.forward(minutes=30))
    with database.read() as db:
        kept = db.execute(select(Alarm).where(col(Alarm.case_id) == case_id(database, case))).scalars().all()
    assert len(kept) == len({(alarm.clock, alarm.ring, alarm.number) for alarm in kept}) > 0
    with pytest.raises(Exception, match=r"(?i)unique"), database.write() as db:
        db.add(Alarm(**kept[0].model_dump()))


def test_the_pages_say_it_in_words(
    sign_in: Callable[[str], Any], token: Token, database: Database, clock: SteppedClock
) -> None:
    """On the timeline, and beside whoever was told."""
    case = report(token("staff"), **HIGH)
    work(database, clock.forward(minutes=25))
    work(database, clock.forward(hours=4))
    browser = sign_in("digital")
    page = browser.get(page_of(case)).text
    assert "because the line manager has not yet read the report of" in sign_in("head").get(page_of(case)).text
    staff, head = (cast_name(token(name)) for name in ("staff", "head"))
    assert f"Amends reminded {staff}: delete." in page
    assert "This was late: delete. Amends told the digital unit." in page
    assert f"This was late: manager to read it. Amends told {head}." in page
    assert "so the next manager up is told too" in page


def test_somebody_named_by_nobody(token: Token, database: Database, clock: SteppedClock) -> None:
    """A step that waits for a manager to be named has no deadline of its own; nothing rings for it."""
    edit(database, "staff", manager="nobody")
    staff = token("staff")
    case = report(staff, **HIGH)
    assert states(case)["inform_manager"] == "due"
    work(database, clock.forward(days=3))
    assert rung(staff, case, "inform_manager") == []


def test_the_bell_says_what_is_late(
    sign_in: Callable[[str], Any], token: Token, database: Database, clock: SteppedClock, settings: Settings
) -> None:
    """Not only that something is."""
    case = report(token("staff"), **HIGH)
    work(database, clock.forward(minutes=25))
    work(database, clock.forward(minutes=10))
    assert tell_batch(database, settings, clock)
    items = token("digital").get("/api/notifications").json()["items"]
    late = next(item for item in items if item["kind"] == "escalated")
    assert late["words"] == "Late: delete."
    assert late["case"]["reference"] == case["reference"]
    page = sign_in("staff").get("/notifications").text
    assert "Due soon: delete." in page


def said(client: httpx.Client, case: dict[str, Any], kind: str, what: str) -> list[str]:
    """The sentences of a kind, for one clock, as this reader has them."""
    return [entry["words"] for entry in entries(client, case, kind) if changed(entry)["alarm.what"][1] == what]


def cast_name(client: httpx.Client) -> str:
    """What the client's person is called."""
    return client.get("/api/me").json()["name"]


def test_the_timeline_says_who_was_told_by_name_or_by_their_part(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    """The reporter sees nobody of the desk named who has done nothing in the case yet; the desk sees everybody."""
    staff, manager, digital, digital2, data = people(token, "staff manager digital digital2 data")
    case = report(staff, **WORST | {"personal_data": "yes"})
    work(database, clock.forward(minutes=12))
    work(database, clock.forward(minutes=3))
    work(database, clock.forward(minutes=15))
    desk = "acknowledge.digital_unit"
    assert said(staff, case, "reminded", "delete") == ["Amends reminded you: delete."]
    assert said(digital2, case, "reminded", "delete") == [f"Amends reminded {cast_name(staff)}: delete."]
    assert said(staff, case, "reminded", desk) == ["Amends reminded the digital unit: digital unit to read it."]
    late = "This was late: digital unit to read it. Amends told"
    assert said(staff, case, "escalated", desk) == [f"{late} the duty lead of the digital unit."]
    assert said(manager, case, "escalated", desk) == [f"{late} the duty lead of the digital unit."]
    assert said(digital, case, "escalated", desk) == [f"{late} you."]
    assert said(data, case, "escalated", desk) == [f"{late} {cast_name(digital)}."]
    again = "Nobody had read it yet. Amends told"
    assert said(staff, case, "repeated", desk) == [f"{again} the next on duty at the digital unit."]
    assert said(digital, case, "repeated", desk) == [f"{again} {cast_name(digital2)}."]
    press(digital, case, "acknowledge")
    # Whoever has done something in the case is named beside it, and so here.
    assert said(staff, case, "escalated", desk) == [f"{late} {cast_name(digital)}."]


def test_a_run_of_what_amends_did_by_itself_is_folded(
    sign_in: Callable[[str], Any], token: Token, database: Database, clock: SteppedClock
) -> None:
    """All of it is there, one press away; what people did stands apart."""
    staff = token("staff")
    case = report(staff, **HIGH)
    work(database, clock.forward(minutes=23))
    clock.forward(minutes=1)
    press(staff, case, "steps/delete/take")
    for _ in range(6):
        work(database, clock.forward(minutes=20))
    page = sign_in("staff").get(page_of(case)).text
    count = len(entries(staff, case, "reminded") + entries(staff, case, "escalated")) - 1
    assert count >= 3
    run = page.split(f"<summary>Amends reminded and told {count} times.</summary>")[1].split("</details>")[0]
    assert run.count("<li>") == count
    assert "This was late: apologise. Amends told the digital unit." in run
    assert "Amends reminded you: delete." not in run
    assert "Amends reminded you: delete." in page


def nobody_at(database: Database, desk: str) -> None:
    """Everybody has left this desk."""
    with database.write() as db:
        db.execute(delete(DeskMember).where(col(DeskMember.desk) == desk))


def test_where_nobody_is_at_the_desk_the_alternate_gets_the_case_and_the_timeline_says_so(
    sign_in: Callable[[str], Any], token: Token, database: Database, clock: SteppedClock
) -> None:
    """They see it, are told, and can say that they have read it; then it is not repeated any more."""
    staff, media = people(token, "staff media")
    nobody_at(database, "digital_unit")
    case = report(staff, **WORST)
    assert media.get(at(case)).status_code == 404
    work(database, clock.forward(minutes=12))
    desk = "acknowledge.digital_unit"
    assert said(staff, case, "reminded", desk) == [
        "Nobody is at the digital unit to be reminded: digital unit to read it."
    ]
    work(database, clock.forward(minutes=3))
    late = [*said(staff, case, "escalated", desk), *said(staff, case, "escalated", "delete")]
    assert len(late) == 2
    assert all("Nobody is at the digital unit. Amends told" in words for words in late)
    assert any(words.endswith("Amends told the Media Office.") for words in late)
    assert any(words.endswith("Amends told the duty lead of the Media Office.") for words in late)
    assert told(database, case, "escalated") == ["media_office", "media@demo.example"]
    assert "acknowledge" in media.get(at(case)).json()["may"]
    work(database, clock.forward(minutes=15))
    assert told(database, case, "repeated") == ["media@demo.example"]
    press(media, case, "acknowledge")
    for _ in range(10):
        work(database, clock.forward(minutes=15))
    assert len(entries(staff, case, "repeated")) == 1
    assert faults(database) == []
    # Administrators are told which desk it is.
    for path in ("/", "/people", "/outbox"):
        assert "Nobody is at this desk: the digital unit." in sign_in("admin").get(path).text
    assert "Nobody is at this desk" not in sign_in("hr").get("/people").text


def test_where_nobody_is_anywhere_the_timeline_says_that_too(
    token: Token, database: Database, clock: SteppedClock
) -> None:
    staff = token("staff")
    nobody_at(database, "digital_unit")
    nobody_at(database, "media_office")
    case = report(staff, **HIGH)
    work(database, clock.forward(minutes=61))
    assert said(staff, case, "escalated", "acknowledge.digital_unit") == [
        "This was late: digital unit to read it. Nobody is at the digital unit. Amends told nobody."
    ]
    assert told(database, case, "escalated") == []
    assert faults(database) == []


def test_administrators_see_no_warning_while_somebody_is_at_every_desk(sign_in: Callable[[str], Any]) -> None:
    for path in ("/", "/people", "/outbox"):
        assert "Nobody is at this desk" not in sign_in("admin").get(path).text
