"""Records are kept as long as the playbook says: held for legal reasons, let go by whoever leads the desk."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, col

from service.cases import playbook
from service.cases.tombstone import COLUMNS
from service.evidence.places import original_key, preview_key
from service.records.cases import Case
from service.records.referrals import Referral
from service.records.timeline import Once, Outbox, ReadEntry, TimelineEntry
from service.retention.disposing import dispose
from service.retention.rules import years_after, years_before
from service.worker.keeping import clear_reads
from service.worker.run import work_once
from tests.makers import (
    DEMO,
    WORDS,
    at,
    busy,
    case_id,
    everything_kept,
    faults,
    fields,
    listed,
    people,
    picture,
    press,
    put_right,
    report,
)
from tests.matrix import MAKES, asked, concern

NARWHAL = "Narwhal"
REASON = "The tribunal asked for it."
DAYS_OF_TWO_YEARS = 731


def ended(token, **facts):
    """A mistake that was put right and closed."""
    staff, digital = people(token, "staff digital")
    case = report(staff, narrative=NARWHAL, **facts)
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    return case


def due(who, show="due"):
    answer = who.get(f"/api/retention?show={show}")
    assert answer.status_code == 200, answer.text
    return {row["reference"]: row for row in answer.json()["items"]}


def let_go(who, case):
    return who.post("/api/retention/dispose", json={"case": case["reference"]})


def keep(who, case, deed="hold", reason=REASON):
    return who.post(f"/api/retention/{deed}", json={"case": case["reference"], "reason": reason})


def store_of(app):
    return app.state.house.store


# --- what is due


def test_what_ended_is_due_after_its_time_and_not_before(token, clock):
    case = ended(token)
    digital = token("digital")
    clock.forward(days=729)
    digital = token("digital")
    assert due(digital) == {}
    coming = due(digital, "coming")[case["reference"]]
    assert (coming["rule"], coming["outcome"], coming["due_at"][:10]) == (
        "case_years 2 2026.3",
        "advice_given",
        "2028-11-20",
    )
    early = let_go(digital, case)
    assert (early.status_code, fields(early)) == (409, {"case_years"})
    assert "2 years after its end, to 2028-11-20" in early.json()["detail"]
    clock.forward(days=2)
    assert due(token("digital"))[case["reference"]]["may"] == ["dispose", "hold"]


def test_a_question_is_due_after_one_year(token, clock):
    staff = token("staff")
    question = asked(staff, ask=["digital_unit"])
    digital = token("digital")
    press(digital, question, "advice", text="Wait.")
    press(digital, question, "close", resolution="advice_given")
    clock.forward(days=364)
    assert due(token("digital")) == {}
    clock.forward(days=2)
    assert due(token("digital"))[question["reference"]]["rule"].startswith("advice_years 1")


def test_what_is_open_or_open_again_is_never_due(token, clock):
    staff, digital = people(token, "staff digital")
    open_case, again = report(staff), ended(token)
    clock.forward(days=700)
    press(token("digital"), again, "reopen", reason="There is more.")
    clock.forward(days=100)
    digital = token("digital")
    assert due(digital) == {}
    assert due(digital, "coming") == {}
    for case in (open_case, again):
        assert fields(let_go(digital, case)) == {"case"}


def test_a_case_with_a_referral_waits_for_it(token, clock):
    staff, digital = people(token, "staff digital")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    decided = digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "Look at it."})
    assert decided.status_code == 201
    press(digital, case, "close", resolution="referred")
    clock.forward(days=DAYS_OF_TWO_YEARS)
    digital = token("digital")
    assert case["reference"] not in due(digital)
    assert due(digital, "coming")[case["reference"]]["kept_by"] == ["referral"]
    assert fields(let_go(digital, case)) == {"referral"}


def test_a_merged_case_waits_for_the_one_it_was_joined_to(token, clock, worked):
    staff, digital = people(token, "staff digital")
    original, same = report(staff), report(staff)
    press(digital, same, "merge", into=original["reference"])
    put_right(staff, digital, original)
    press(digital, original, "close", resolution="advice_given")
    clock.forward(days=DAYS_OF_TWO_YEARS)
    digital = token("digital")
    assert set(due(digital)) == {original["reference"]}
    assert fields(let_go(digital, same)) == {"merged"}
    assert let_go(digital, original).status_code == 200
    worked()
    assert set(due(token("digital"))) == {same["reference"]}


def test_a_question_waits_for_the_report_that_names_it(token, clock, worked, database):
    staff, digital = people(token, "staff digital")
    question = asked(staff, ask=["digital_unit"])
    press(digital, question, "advice", text="Mandarin: wait.")
    press(digital, question, "close", resolution="advice_given")
    case = report(staff, guidance={"sought": True, "case": question["reference"]})
    clock.forward(days=400)
    digital = token("digital")
    assert fields(let_go(digital, question)) == {"named"}
    # Named no longer, its answer still stands on the timeline of the report, and goes with the question.
    assert token("staff").patch(at(case), json={"guidance": {"sought": True, "case": None}}).status_code == 200
    assert "Mandarin" in everything_kept(database)
    assert let_go(digital, question).status_code == 200
    worked()
    assert "Mandarin" not in everything_kept(database)
    assert faults(database) == []


# --- kept for legal reasons


def test_a_hold_stops_it_until_somebody_releases_it(token, clock):
    case = ended(token)
    digital = token("digital")
    held = keep(digital, case)
    assert (held.status_code, held.json()["hold"]["reason"]) == (200, REASON)
    assert keep(digital, case).status_code == 409
    clock.forward(days=DAYS_OF_TWO_YEARS)
    digital = token("digital")
    assert due(digital) == {}
    assert set(due(digital, "held")) == {case["reference"]}
    refused = let_go(digital, case)
    assert (refused.status_code, fields(refused)) == (409, {"held"})
    assert "legal reasons" in refused.json()["detail"]
    assert keep(digital, case, "release", "The tribunal is over.").status_code == 200
    assert keep(digital, case, "release").status_code == 409
    assert let_go(digital, case).status_code == 200


def test_a_hold_that_comes_after_the_approval_is_first(token, clock, worked, database):
    case = ended(token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    digital = token("digital")
    assert let_go(digital, case).status_code == 200
    assert keep(digital, case).json()["approved"] is None
    worked()
    assert NARWHAL in everything_kept(database)
    assert token("digital").get(at(case)).json()["narrative"] == NARWHAL
    assert faults(database) == []


def test_a_case_that_is_opened_again_is_not_destroyed(token, clock, worked, database):
    case = ended(token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    digital = token("digital")
    assert let_go(digital, case).status_code == 200
    press(digital, case, "reopen", reason="There is more.")
    worked()
    assert NARWHAL in everything_kept(database)
    assert faults(database) == []


def test_what_came_to_keep_it_meanwhile_is_found_by_the_worker(token, clock, worked, database):
    """A gate that opens between the two is asked once more."""
    case = ended(token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    assert let_go(token("digital"), case).status_code == 200
    with database.write() as db:
        number = case_id(database, case)
        db.add(Referral(reference="HR-2026-000001", case_id=number, referred_by_id=1, reason="x", allegation="x",
                        playbook_version="2026.3", received_at=clock()))  # fmt: skip
    worked()
    assert NARWHAL in everything_kept(database)
    with database.write() as db:
        db.execute(delete(Referral))
    assert due(token("digital"))[case["reference"]]["approved"] is None
    assert faults(database) == []


def test_a_hold_and_the_worker_at_the_same_moment(token, clock, database):
    """Whichever takes the case's row first: what was held stands whole, and what was destroyed was not held."""
    cases = [ended(token) for _ in range(6)]
    clock.forward(days=DAYS_OF_TWO_YEARS)
    digital, rules = token("digital"), playbook.load()
    for case in cases:
        assert let_go(digital, case).status_code == 200
    with ThreadPoolExecutor(2) as together:
        for case in cases:
            number = case_id(database, case)
            gone = together.submit(dispose, database, rules, clock(), case_id=number)
            held = together.submit(keep, digital, case).result()
            assert gone.result() == (held.status_code != 200), held.text
            assert held.status_code in (200, 422), held.text
            with database.read() as db:
                row = db.get_one(Case, number)
                assert (row.narrative == NARWHAL) == (row.held_at is not None) == (row.disposed_at is None)
    assert faults(database) == []


def test_the_reason_of_a_hold_is_for_the_desk_alone(token):
    case = ended(token)
    assert keep(token("digital"), case, reason="Pangolin").status_code == 200
    for name in ("staff", "manager"):
        who = token(name)
        assert "Pangolin" not in who.get(at(case)).text + who.get(f"{at(case)}/timeline").text
        before = who.get(at(case)).json()["version"]
        assert before == token("digital").get(at(case)).json()["version"]
    assert "Pangolin" in token("digital").get(f"{at(case)}/timeline").text


# --- destroyed


def test_two_at_once_one_wins(token, clock, worked, database):
    case = ended(token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    digital = token("digital")
    assert [let_go(digital, case).status_code for _ in range(2)] == [200, 409]
    worked()
    assert let_go(token("digital"), case).status_code == 422
    with database.read() as db:
        kinds = db.execute(select(TimelineEntry.kind).where(col(TimelineEntry.case_id) == case_id(database, case)))
        assert [kind for kind in kinds.scalars() if "dispos" in kind] == ["disposal_approved", "disposed"]


@pytest.mark.parametrize("kind", ["mistake", "confidential", "disclosed", "held_by_fco_services"])
def test_everything_it_held_is_gone_and_the_tombstone_verifies(kind, token, clock, worked, database, app):
    # What HR has keeps it: that rule has a story of its own.
    case = busy(token, refer=False) if kind == "mistake" else MAKES[kind](token, database)
    clock.forward(days=1)
    number = case_id(database, case)
    with database.write() as db:
        row = db.get_one(Case, number)
        desk = row.holding_desk
    lead = {"digital_unit": "digital"}.get(desk)
    holder = token("digital" if lead else "servicesdesk")
    if lead is None:
        with database.write() as db:
            db.execute(text("UPDATE desk_member SET lead = true WHERE desk = 'fco_services'"))
        holder = token("servicesdesk")
    _close_somehow(database, holder, case, token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    holder = token("digital" if lead else "servicesdesk")
    shown = holder.get(at(case)).json()
    words = [NARWHAL, *WORDS.values(), "Rudd", "A cousin", "lost_access", "Marlin", shown["title"]]
    assert any(word in everything_kept(database) for word in words)
    store = store_of(app)
    assert original_key(case["file"]) in [each.key for each in store.list("evidence")]
    assert let_go(holder, case).status_code == 200
    worked()
    kept = everything_kept(database)
    assert [word for word in words if word in kept] == []
    for key in (original_key(case["file"]), preview_key(case["file"])):
        assert key not in [each.key for each in store.list("evidence")]
    assert list(store.list(f"pdf/{number}")) == []
    assert faults(database) == []
    _nobody_is_named(database, number)
    for name in ("staff", "manager", "digital", "auditor", "hr", "servicesdesk"):
        who = token(name)
        assert who.get(at(case)).status_code == 404
        assert case["reference"] not in listed(who)
    holder = token("digital" if lead else "servicesdesk")
    stone = due(holder, "disposed")[case["reference"]]
    assert stone["approved"]["by"] == ("digital" if lead else "servicesdesk") + DEMO
    assert stone["rule"] == "case_years 2 2026.3"
    assert stone["disposed_at"]
    assert stone["may"] == []


def _close_somehow(database, holder, case, token):
    """Through the gates that this kind has."""
    shown = holder.get(at(case)).json()
    if shown["stage"] == "reported":
        press(holder, case, "triage")
    for step in holder.get(at(case)).json()["steps"]:
        if step["state"] in ("due", "overdue", "held", "undecided"):
            press(holder, case, f"steps/{step['kind']}/waive", reason="Nobody read it.")
    shown = holder.get(at(case)).json()
    if case["kind"] == "mistake" and not shown["advice"]:
        press(holder, case, "advice", text="Use two devices.")
    if shown["hr"]["decision"] is None and shown["hr"]["suggested"]:
        holder.post(f"{at(case)}/referral-decision", json={"refer": False, "reason": "No."})
    press(holder, case, "close", resolution="no_further_action")


def _nobody_is_named(database, number):
    """No row of the case points to a person, but for who approved it; nor does the read log name a party."""
    with database.read() as db:
        for mapper in SQLModel._sa_registry.mappers:
            table = mapper.class_.__table__
            if "case_id" not in table.columns and table.name != "case_file":
                continue
            mine = table.c.id == number if table.name == "case_file" else table.c.case_id == number
            for row in db.execute(select(table).where(mine)).mappings():
                keys = {name for name, value in row.items() if re.search("_id$", name) and value is not None}
                allowed = {"case_id", "disposal_asked_by_id"}
                if table.name == "read_entry":
                    assert row["seen_as"] not in ("reporter", "raiser", "asked", "subject")
                    allowed |= {"person_id"}
                if table.name == "timeline_entry" and row["kind"] == "disposal_approved":
                    allowed |= {"actor_id"}
                assert keys <= allowed, (table.name, keys - allowed)
        assert db.execute(select(func.count()).select_from(Outbox).where(col(Outbox.person_id).is_not(None),
                          col(Outbox.case_id) == number)).scalar() == 0  # fmt: skip


def test_the_key_under_which_a_file_was_sent_goes_with_it(token, clock, worked, database):
    """It said who had added it, and when."""
    staff, digital = people(token, "staff digital")
    case = report(staff)
    key = {"Idempotency-Key": "one"}
    file = staff.post(f"{at(case)}/evidence", files={"file": ("shot.png", picture())}, headers=key).json()["id"]
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    used = select(Once).where(col(Once.key) == "one")
    with database.read() as db:
        assert db.execute(used).scalar_one().made == file
    clock.forward(days=DAYS_OF_TWO_YEARS)
    assert let_go(token("digital"), case).status_code == 200
    worked()
    with database.read() as db:
        assert db.execute(used).first() is None


def test_what_figures_are_counted_from_stays(token, clock, worked, database):
    case = ended(token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    digital = token("digital")
    before = digital.get(at(case)).json()
    assert let_go(digital, case).status_code == 200
    worked()
    with database.read() as db:
        row = db.execute(select(Case).where(col(Case.reference) == case["reference"])).scalar_one()
        assert (row.kind, row.severity, row.account_type) == ("mistake", before["severity"], "official")
        assert row.codes == before["codes"]
        assert (row.narrative, row.handle, row.platform, row.reporter_id) == (None, None, None, None)


def test_a_worker_that_is_killed_leaves_all_or_nothing(token, clock, worked, database, settings, monkeypatch):
    """The database's part is one transaction: a fault at its end leaves the case as it was, and it is tried again."""
    case = ended(token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    assert let_go(token("digital"), case).status_code == 200
    with monkeypatch.context() as broken:
        broken.setattr("service.timeline.outbox.to_destroy", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        work_once(database, settings, clock)
    assert token("digital").get(at(case)).json()["narrative"] == NARWHAL
    assert faults(database) == []
    worked(timedelta(minutes=30))
    assert NARWHAL not in everything_kept(database)
    assert faults(database) == []


def test_destroying_it_quietly_is_found(token, clock, worked, database):
    """A tombstone without its entry, or with something still in it, is a fault."""
    case, other = ended(token), ended(token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    assert let_go(token("digital"), case).status_code == 200
    worked()
    number = case_id(database, case)
    with database.write() as db:
        db.execute(text("UPDATE case_file SET narrative = 'Back' WHERE id = :id"), {"id": number})
        db.execute(
            text("UPDATE case_file SET disposed_at = closed_at WHERE id = :id"), {"id": case_id(database, other)}
        )
    found = "\n".join(faults(database))
    assert "'narrative' was destroyed on the timeline" in found
    assert f"{other['reference']}: 'disposed_at' is not what the timeline says" in found


def test_every_column_that_stays_is_there():
    for table, names in COLUMNS.items():
        assert names <= set(table.__table__.columns.keys())


# --- the read log


def test_lines_of_the_read_log_go_after_six_years(token, clock, database, settings):
    staff = token("staff")
    case = report(staff)
    old = _lines(database)
    assert old
    clock.forward(days=6 * 365)
    assert clear_reads(database, settings, clock()) == 0
    token("staff").get(at(case))
    clock.forward(days=3)
    assert clear_reads(database, settings, clock()) == old
    assert _lines(database) == 1
    with database.write() as db, pytest.raises(DBAPIError, match="append-only"), db.begin_nested():
        db.execute(delete(ReadEntry))


def _lines(database):
    with database.read() as db:
        return db.execute(select(func.count()).select_from(ReadEntry)).scalar()


# --- who may


def test_only_whoever_leads_the_desk_that_holds_it(token, clock, sign_in):
    case = ended(token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    for name in ("staff", "manager", "digital2", "auditor", "admin", "media", "outsider"):
        who = token(name)
        assert who.get("/api/retention").status_code == 403
        assert let_go(who, case).status_code == 403
        assert keep(who, case).status_code == 403
        assert sign_in(name).get("/retention").status_code == 403
    hr = token("hr")
    assert due(hr) == {}
    unseen = let_go(hr, case)
    assert (unseen.status_code, fields(unseen)) == (422, {"case"})
    assert unseen.json()["detail"] == let_go(hr, {"reference": "SM-2020-000000"}).json()["detail"]


def test_a_lead_who_is_walled_off_learns_nothing(token, clock, sign_in):
    staff = token("staff")
    case = concern(staff, codes=["copyright"], about={"what": "colleague", "email": "digital@demo.example"})
    other = token("digital2")
    press(other, case, "triage")
    press(other, case, "close", resolution="unfounded")
    clock.forward(days=DAYS_OF_TWO_YEARS)
    digital = token("digital")
    assert due(digital) == {}
    assert let_go(digital, case).status_code == 422
    assert case["reference"] not in sign_in("digital").get("/retention").text


# --- the page


def test_it_is_all_there_on_a_page(token, sign_in, clock, worked, database):
    case = ended(token)
    clock.forward(days=DAYS_OF_TWO_YEARS)
    page = sign_in("digital")
    here = page.get("/retention")
    assert case["reference"] in here.text
    assert 'href="/retention"' in page.get("/").text
    assert 'href="/retention"' not in sign_in("digital2").get("/").text
    asks = page.get(f"/retention?dispose={case['reference']}").text
    assert "It cannot be undone" in asks
    wrong = page.fill_in("/retention/hold", {"case": case["reference"], "_show": "due"})
    assert wrong.status_code == 422
    assert case["reference"] in wrong.text
    wrong = page.fill_in("/retention/hold", {"case": "SM-1", "reason": "Ptarmigan"})
    assert (wrong.status_code, "Ptarmigan" in wrong.text) == (422, True)
    assert page.fill_in("/retention/hold", {"case": case["reference"], "reason": REASON}).status_code == 303
    assert REASON in page.get("/retention?show=held").text
    refused = page.fill_in("/retention/dispose", {"case": case["reference"]})
    assert (refused.status_code, "legal reasons" in refused.text) == (409, True)
    assert page.fill_in("/retention/release", {"case": case["reference"], "reason": "It is over."}).status_code == 303
    assert page.fill_in("/retention/dispose", {"case": case["reference"]}).status_code == 303
    worked()
    page = sign_in("digital")
    gone = page.get("/retention?show=disposed").text
    assert case["reference"] in gone
    assert "digital@demo.example" in gone
    assert page.get("/retention?show=everything").status_code == 422


# --- the calendar

FIRST = datetime(2001, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
MOMENTS = some.datetimes(min_value=FIRST, timezones=some.just(UTC)).filter(lambda told: told.year < 2090)


@given(MOMENTS, MOMENTS, some.integers(0, 20))
def test_the_list_and_the_deed_agree_on_every_day(ended_at, at, years):
    assert (years_after(ended_at, years) <= at) == (ended_at <= years_before(at, years))
