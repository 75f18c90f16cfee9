"""HR's records are kept by how they ended: held, let go by the lead of HR, and a tombstone stays that says nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, col

from migrations.schema import migrate, take_back
from service.cases import playbook
from service.records.cases import Case
from service.records.enums import Outcome
from service.records.people import DeskMember
from service.records.referrals import Letter, Referral
from service.records.timeline import Once, Outbox, ReadEntry
from service.referrals.tombstone import COLUMNS
from service.retention.disposing import dispose
from service.retention.referral_rules import counts_from
from service.worker.run import work_once
from tests.makers import (
    DEMO,
    at,
    case_id,
    everything_kept,
    faults,
    fields,
    id_of,
    people,
    picture,
    press,
    put_right,
    refuses,
    report,
    room,
    upload,
)
from tests.stories.test_letters import send
from tests.stories.test_room import APPEAL_HEARER, DECISION_MAKER, INVESTIGATOR, hear, moment

QUOKKA = "Quokka"
"""Said in every text of the room; the desk's own reason for referring says something else."""
NUMBAT = "Numbat"
REASON = "The tribunal asked for it."


def passed_on(token, *, allegation=QUOKKA, mitigation=QUOKKA, **facts):
    """A case that is closed and passed to HR, and the reference of its referral."""
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"], narrative="Narwhal", **facts)
    put_right(staff, digital, case)
    file = upload(staff, case, picture()).json()["id"]
    told = {"allegation": allegation, "mitigation": mitigation, "subject_told": QUOKKA, "evidence": [file]}
    made = digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": NUMBAT, **told})
    assert made.status_code == 201, made.text
    press(digital, case, "close", resolution="referred")
    return case, hr.get("/api/referrals").json()["items"][0]["reference"]


def begun(token, **facts):
    """The same with the facts being found, and the person told."""
    case, reference = passed_on(token, **facts)
    hr, hr2 = people(token, "hr hr2")
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    room(hr2, reference, "inform-subject", text=QUOKKA)
    return case, reference


def decided(token, clock, outcome):
    """The same, decided."""
    case, reference = begun(token)
    hr2, head = people(token, "hr2 head")
    for kind in ("established", "mitigating"):
        room(hr2, reference, "record-finding", kind=kind, text=QUOKKA)
    hear(clock, reference, hr2, head)
    room(head, reference, "decide", outcome=outcome, reason=QUOKKA, protected_activity=QUOKKA)
    return case, reference


def closed(token, clock, outcome="no_case"):
    """The same, closed once nobody can appeal any more."""
    case, reference = decided(token, clock, outcome)
    clock.forward(days=15)
    room(token("hr"), reference, "close")
    return case, reference


def lived(token, clock):
    """A referral in which everything has happened that can."""
    case, reference = begun(token)
    hr, hr2, head, services, staff = people(token, "hr hr2 head services staff")
    for kind in ("established", "mitigating"):
        room(hr2, reference, "record-finding", kind=kind, text=QUOKKA)
    room(hr, reference, "suspend", reason=QUOKKA, review_at=moment(clock, days=5))
    room(hr, reference, "notes", text=QUOKKA)
    room(hr, reference, "take-out", words=f"The other {QUOKKA}")
    assert upload(hr, reference, QUOKKA.encode(), f"{QUOKKA}.txt", description=QUOKKA).status_code == 201
    number = hr.get(f"/api/referrals/{reference}").json()["copyable"]["entries"][0]["entry"]
    room(hr, reference, "copy", from_case=[number])
    room(hr, reference, "serve", how=QUOKKA, text=QUOKKA)
    room(hr, reference, "reply", how=QUOKKA, text=QUOKKA)
    send(hr2, reference, "informing", next=QUOKKA)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place=QUOKKA, text=QUOKKA)
    send(hr2, reference, "invitation", accompanied=QUOKKA)
    clock.forward(days=3, hours=1)
    room(head, reference, "hear", held_at=moment(clock, minutes=-30), present=[QUOKKA], notes=QUOKKA)
    outcome = "first_written_warning"
    room(head, reference, "decide", outcome=outcome, reason=QUOKKA, protected_activity=QUOKKA)
    room(hr, reference, "end-suspension")
    send(head, reference, "outcome", decision=QUOKKA)
    room(staff, reference, "appeal", grounds=QUOKKA)
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    hear(clock, reference, services, services)
    room(services, reference, "decide-appeal", upheld=False, reason=QUOKKA)
    send(services, reference, "appeal-outcome", reason=QUOKKA)
    room(hr, reference, "close")
    return case, reference


def due(who, show="due"):
    answer = who.get(f"/api/retention?show={show}")
    assert answer.status_code == 200, answer.text
    return {row["reference"]: row for row in answer.json()["items"]}


def let_go(who, reference):
    return who.post("/api/retention/dispose", json={"case": reference})


def keep(who, reference, deed="hold", reason=REASON):
    return who.post(f"/api/retention/{deed}", json={"case": reference, "reason": reason})


def row_of(db, reference):
    return db.execute(select(Referral).where(col(Referral.reference) == reference)).scalar_one()


def gone(token, clock, worked, years=3, make=closed):
    """A case and its referral, which is destroyed."""
    case, reference = make(token, clock)
    clock.forward(days=366 * years)
    assert let_go(token("hr"), reference).status_code == 200
    worked()
    return case, reference


# --- what is due, and when


@pytest.mark.parametrize(("outcome", "years"), [("no_case", 1), ("informal_advice", 2), ("dismissal", 6), ("other", 6)])
def test_how_it_ended_says_how_long_it_is_kept(outcome, years, token, clock):
    _, reference = closed(token, clock, outcome)
    over = datetime.fromisoformat(token("hr").get(f"/api/referrals/{reference}").json()["closed_at"])
    over = over.replace(year=over.year + years)
    clock.moment = over - timedelta(hours=1)
    hr = token("hr")
    assert due(hr) == {}
    coming = due(hr, "coming")[reference]
    assert (coming["kind"], coming["desk"], coming["outcome"]) == ("referral", "hr", outcome)
    assert (coming["rule"], coming["due_at"][:10]) == (f"referral_years.{outcome} {years} 2026.3", f"{over:%Y-%m-%d}")
    early = let_go(hr, reference)
    assert (early.status_code, fields(early)) == (409, {f"referral_years.{outcome}"})
    assert f"after its end, to {over:%Y-%m-%d}" in early.json()["detail"]
    clock.forward(hours=2)
    assert due(token("hr"))[reference]["may"] == ["dispose", "hold"]


@pytest.mark.parametrize(("outcome", "months"), [("first_written_warning", 6), ("final_written_warning", 12)])
def test_the_years_of_a_warning_count_from_when_it_has_ended(outcome, months, token, clock):
    _, reference = closed(token, clock, outcome)
    hr = token("hr")
    shown = hr.get(f"/api/referrals/{reference}").json()
    until = datetime.fromisoformat(shown["decision"]["warning_until"])
    live = let_go(hr, reference)
    assert (live.status_code, fields(live)) == (409, {f"referral_years.{outcome}"})
    assert "after its warning has ended" in live.json()["detail"]
    for early in (until - timedelta(days=1), until + timedelta(days=1), until.replace(year=until.year + 1)):
        clock.moment = early - timedelta(seconds=1)
        assert due(token("hr")) == {}
        assert let_go(token("hr"), reference).status_code == 409
    clock.forward(seconds=2)
    assert set(due(token("hr"))) == {reference}
    assert months in (6, 12)


def test_what_was_returned_or_settled_informally_is_due_too(token, clock):
    _, returned = passed_on(token)
    hr, hr2 = people(token, "hr hr2")
    room(hr, returned, "return", reason=QUOKKA)
    _, informal = begun(token)
    room(hr2, informal, "informal", reason=QUOKKA)
    room(hr, informal, "close")
    _, open_one = begun(token)
    clock.forward(days=366)
    assert set(due(token("hr"))) == {returned}
    clock.forward(days=366)
    hr = token("hr")
    assert {name: row["outcome"] for name, row in due(hr).items()} == {
        returned: "returned",
        informal: "informal_advice",
    }
    assert fields(let_go(hr, open_one)) == {"referral"}


def test_why_it_was_returned_goes_with_it(token, sign_in, clock, worked):
    case, reference = passed_on(token)
    room(token("hr"), reference, "return", reason=QUOKKA)
    assert token("digital").get(at(case)).json()["hr"]["returned"]["reason"] == QUOKKA
    clock.forward(days=400)
    assert let_go(token("hr"), reference).status_code == 200
    worked()
    assert "returned" not in token("digital").get(at(case)).json()["hr"]
    page = sign_in("digital").get(f"/cases/{case['reference']}").text
    assert (QUOKKA in page, ">None<" in page) == (False, False)


def test_a_case_waits_for_its_referral_and_then_goes_by_its_own_rule(token, clock, worked, database):
    case, reference = closed(token, clock, "dismissal")
    clock.forward(days=366 * 3)
    digital = token("digital")
    assert due(digital, "coming")[case["reference"]]["kept_by"] == ["referral"]
    assert fields(let_go(digital, case["reference"])) == {"referral"}
    clock.forward(days=366 * 4)
    assert let_go(token("hr"), reference).status_code == 200
    worked()
    # Of the referral nothing is left but the tombstone; the desk's own case stands, and verifies.
    assert QUOKKA not in everything_kept(database)
    assert NUMBAT in everything_kept(database)
    shown = token("digital").get(at(case)).json()
    assert (shown["narrative"], shown["hr"]["decision"]) == ("Narwhal", "referred")
    assert faults(database) == []
    assert let_go(token("digital"), case["reference"]).status_code == 200
    worked()
    kept = everything_kept(database)
    assert [word for word in (QUOKKA, NUMBAT, "Narwhal") if word in kept] == []
    assert faults(database) == []
    assert set(due(token("digital"), "disposed")) == {case["reference"]}
    assert set(due(token("hr"), "disposed")) == {reference}


def test_a_referral_that_goes_before_another_of_the_same_case(token, clock, worked, database):
    """It was returned, and referred again: each by its own rule, and what stands of the case's entries verifies."""
    case, first = passed_on(token)
    hr, digital = people(token, "hr digital")
    room(hr, first, "return", reason=QUOKKA)
    press(digital, case, "reopen", reason="HR returned it.")
    told = {"refer": True, "reason": "Wombat reason", "allegation": "Wombat", "mitigation": "Wombat too"}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    press(digital, case, "close", resolution="referred")
    clock.forward(days=400)
    hr = token("hr")
    second = next(one["reference"] for one in hr.get("/api/referrals").json()["items"] if one["reference"] != first)
    assert let_go(hr, first).status_code == 200
    worked()
    assert QUOKKA not in everything_kept(database)
    assert token("hr").get(f"/api/referrals/{second}").json()["allegation"] == "Wombat"
    assert faults(database) == []


def test_a_conflict_named_at_hr_holds_for_the_next_referral_of_the_case(token, clock):
    """What names them goes with the first one: it waits for the second."""
    case, first = passed_on(token)
    hr, digital = people(token, "hr digital")
    room(hr, first, "conflict", person=f"hr3{DEMO}", reason="A cousin.")
    room(hr, first, "return", reason=QUOKKA)
    press(digital, case, "reopen", reason="HR returned it.")
    assert digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "Again."}).status_code == 201
    clock.forward(days=400)
    hr = token("hr")
    assert fields(let_go(hr, first)) == {"conflict"}
    assert due(hr) == {}
    assert due(hr, "coming")[first]["kept_by"] == ["conflict"]


# --- kept for legal reasons


def test_a_hold_stops_it_until_somebody_releases_it(token, clock):
    _, reference = closed(token, clock)
    hr = token("hr")
    held = keep(hr, reference)
    assert (held.status_code, held.json()["hold"]["reason"]) == (200, REASON)
    assert keep(hr, reference).status_code == 409
    clock.forward(days=400)
    hr = token("hr")
    assert due(hr) == {}
    assert set(due(hr, "held")) == {reference}
    refused = let_go(hr, reference)
    assert (refused.status_code, fields(refused)) == (409, {"held"})
    assert "legal reasons" in refused.json()["detail"]
    assert keep(hr, reference, "release", "The tribunal is over.").status_code == 200
    assert keep(hr, reference, "release").status_code == 409
    assert let_go(hr, reference).status_code == 200


def test_a_hold_on_either_keeps_both(token, clock, worked, database):
    case, reference = closed(token, clock)
    clock.forward(days=800)
    hr, digital = people(token, "hr digital")
    assert let_go(hr, reference).status_code == 200
    # On the case, after HR has approved it: the worker finds it there.
    assert keep(digital, case["reference"]).status_code == 200
    worked()
    assert QUOKKA in everything_kept(database)
    hr = token("hr")
    assert due(hr) == {}
    assert due(hr, "coming")[reference]["kept_by"] == ["case_held"]
    assert fields(let_go(hr, reference)) == {"case_held"}
    digital = token("digital")
    assert keep(digital, case["reference"], "release").status_code == 200
    # On the referral: its case waits for it.
    assert keep(token("hr"), reference).status_code == 200
    assert fields(let_go(digital, case["reference"])) == {"referral"}
    assert REASON not in digital.get("/api/retention?show=coming").text
    assert faults(database) == []


def test_a_hold_that_comes_after_the_approval_is_first(token, clock, worked, database):
    _, reference = closed(token, clock)
    clock.forward(days=400)
    hr = token("hr")
    assert let_go(hr, reference).status_code == 200
    assert let_go(hr, reference).status_code == 409
    assert keep(hr, reference).json()["approved"] is None
    worked()
    assert token("hr").get(f"/api/referrals/{reference}").json()["allegation"] == QUOKKA
    assert faults(database) == []


@pytest.mark.parametrize("on", ["referral", "case"])
def test_a_hold_and_the_worker_at_the_same_moment(on, token, clock, database):
    """Whichever comes first: what was held stands whole, and what was destroyed was not held."""
    made = [closed(token, clock) for _ in range(3)]
    clock.forward(days=366 * 3)
    hr, digital, rules = token("hr"), token("digital"), playbook.load()
    for _, reference in made:
        assert let_go(hr, reference).status_code == 200
    with ThreadPoolExecutor(2) as together:
        for case, reference in made:
            with database.read() as db:
                number = row_of(db, reference).id
            done = together.submit(dispose, database, rules, clock(), referral_id=number)
            who, what = (hr, reference) if on == "referral" else (digital, case["reference"])
            held = together.submit(keep, who, what).result()
            # Where the case is held afterwards, what it is held for has gone by then.
            assert done.result() == (held.status_code == 422) or on == "case", held.text
            with database.read() as db:
                row = row_of(db, reference)
                assert (row.allegation == QUOKKA) == (row.disposed_at is None) == (not done.result())
                if on == "referral":
                    assert (row.held_at is not None) == (row.disposed_at is None)
    assert faults(database) == []


# --- destroyed


def test_everything_the_room_held_is_gone_and_the_tombstone_verifies(token, clock, worked, database, app):
    case, reference = lived(token, clock)
    store = app.state.house.store
    letters = [each.key for each in store.list("letters")]
    assert len(letters) == 4
    with database.read() as db:
        number = row_of(db, reference).id
        assert db.execute(select(func.count()).select_from(Letter)).scalar() == 4
    subject, kept = id_of(database, "staff"), everything_kept(database)
    papers = f"pdf/{case_id(database, case)}"
    assert token("hr").get(f"/api/referrals/{reference}/bundle.pdf").status_code == 200
    assert list(store.list(papers))
    assert kept.count(QUOKKA) > 30
    assert token("staff").get(f"/api/referrals/{reference}").status_code == 200
    clock.forward(days=366 * 3)
    assert let_go(token("hr"), reference).status_code == 200
    worked()
    assert QUOKKA not in everything_kept(database)
    assert [each.key for each in store.list("letters")] == []
    assert QUOKKA.encode() not in [store.read(each.key) for each in store.list("evidence")]
    assert list(store.list(papers)) == []
    assert faults(database) == []
    with database.read() as db:
        row = row_of(db, reference)
        assert (row.outcome, row.stage, row.disposal_rule) == (
            "first_written_warning",
            "closed",
            "referral_years.first_written_warning 1 2026.3",
        )
        assert (row.subject_id, row.referred_by_id, row.rules, row.allegation) == (None, None, [], "destroyed")
        for mapper in SQLModel._sa_registry.mappers:
            table = mapper.class_.__table__
            if "referral_id" in table.columns and table.name not in ("timeline_entry", "outbox", "read_entry"):
                left = select(func.count()).select_from(table).where(table.c.referral_id == number)
                assert db.execute(left).scalar() == 0, table.name
        of_subject = (col(ReadEntry.detail) == reference, col(ReadEntry.person_id) == subject)
        assert db.execute(select(ReadEntry).where(*of_subject)).first() is None
        # Who at HR read it stays for as long as the read log is kept.
        readers = select(ReadEntry.seen_as).where(col(ReadEntry.referral_id) == number)
        assert set(db.execute(readers).scalars()) == {"hr"}
        asked = (col(Outbox.referral_id) == number, col(Outbox.kind) != "dispose")
        assert db.execute(select(Outbox).where(*asked)).first() is None
        named = (
            select(text("kind"))
            .select_from(text("timeline_entry"))
            .where(text("referral_id = :id AND actor_id IS NOT NULL"))
        )
        assert db.execute(named, {"id": number}).scalars().all() == ["room_disposal_approved"]
    stone = due(token("hr"), "disposed")[reference]
    assert (stone["approved"]["by"], stone["outcome"], stone["may"]) == (f"hr{DEMO}", "first_written_warning", [])


def test_a_tombstone_is_found_by_nobody(token, sign_in, clock, worked):
    case, reference = gone(token, clock, worked, make=lived)
    for name in ("hr", "hr2", "head", "services", "staff", "digital", "manager", "auditor"):
        who = token(name)
        for what in ("", "/timeline", "/letters/outcome.pdf"):
            assert who.get(f"/api/referrals/{reference}{what}").status_code == 404, (name, what)
        assert reference not in who.get("/api/referrals").text
        assert reference not in who.get("/api/notifications").text
        assert refuses(who, reference, "notes", text="x")[0] == 404
        page = sign_in(name)
        for where in (f"/referrals/{reference}", f"/referrals/{reference}/life"):
            assert page.get(where).status_code == 404
    hr = token("hr")
    assert let_go(hr, reference).status_code == keep(hr, reference).status_code == 422
    assert let_go(hr, reference).json()["detail"] == let_go(hr, "HR-2020-000000").json()["detail"]
    # To whom it was about their case says nothing of HR any more.
    assert reference not in token("staff").get(at(case)).text


def test_a_destroyed_outcome_is_counted_no_more(token, clock, worked, database):
    """Whoever decides compares with what stands: nobody could say whether one that has gone was their own."""
    _, reference = gone(token, clock, worked)
    with database.read() as db:
        row = row_of(db, reference)
        assert (row.outcome, row.rules, row.self_reported) == ("no_case", [], False)


def test_a_worker_that_is_killed_leaves_all_or_nothing(token, clock, worked, database, settings, monkeypatch):
    _, reference = closed(token, clock)
    clock.forward(days=400)
    assert let_go(token("hr"), reference).status_code == 200
    with monkeypatch.context() as broken:
        broken.setattr(
            "service.timeline.outbox.to_destroy_under", lambda *_: (_ for _ in ()).throw(RuntimeError("killed"))
        )
        work_once(database, settings, clock)
    assert token("hr").get(f"/api/referrals/{reference}").json()["allegation"] == QUOKKA
    assert faults(database) == []
    worked(timedelta(minutes=30))
    assert QUOKKA not in everything_kept(database)
    assert faults(database) == []


def test_destroying_it_quietly_is_found(token, clock, worked, database):
    """A tombstone without its entry, or with something still in it, is a fault."""
    _, reference = gone(token, clock, worked)
    _, other = closed(token, clock)
    with database.write() as db:
        db.execute(text("UPDATE referral SET mitigation = 'Back' WHERE reference = :it"), {"it": reference})
        db.execute(text("UPDATE referral SET disposed_at = closed_at WHERE reference = :it"), {"it": other})
    found = "\n".join(faults(database))
    assert f"{reference}: it was destroyed, and the record still holds something" in found
    assert f"{other}: 'disposed_at' is not what the timeline says" in found


def test_lines_of_the_read_log_go_with_it_and_no_others(token, clock, worked, database):
    _, reference = closed(token, clock)
    token("staff").get(f"/api/referrals/{reference}")
    with database.write() as db, pytest.raises(DBAPIError, match="append-only"), db.begin_nested():
        db.execute(delete(ReadEntry).where(col(ReadEntry.detail) == reference))
    clock.forward(days=400)
    assert let_go(token("hr"), reference).status_code == 200
    worked()
    with database.read() as db:
        left = db.execute(select(ReadEntry.seen_as).where(col(ReadEntry.detail) == reference)).scalars().all()
    assert set(left) == {"hr"}


def settled_and_let_go(token, clock, worked, reference):
    """It ends informally, its time is over, and it is destroyed."""
    hr, hr2 = people(token, "hr hr2")
    room(hr2, reference, "record-finding", kind="not_established", text=QUOKKA)
    room(hr2, reference, "informal", reason=QUOKKA)
    room(hr, reference, "close")
    clock.forward(days=366 * 2 + 1)
    assert let_go(token("hr"), reference).status_code == 200
    worked()


def test_nor_does_it_stay_that_the_person_read_a_file_of_the_room(token, clock, worked, database):
    _, reference = begun(token)
    hr, hr2, staff = people(token, "hr hr2 staff")
    file = upload(hr, reference, QUOKKA.encode(), f"{QUOKKA}.txt").json()["id"]
    room(hr2, reference, "disclose", facts=["evidence"])
    for who in (hr, staff):
        assert who.get(f"/api/referrals/{reference}/evidence/{file}").status_code == 200
    settled_and_let_go(token, clock, worked, reference)
    with database.read() as db:
        left = db.execute(select(ReadEntry.seen_as).where(col(ReadEntry.detail) == file)).scalars().all()
    assert left == ["hr"]


def test_nor_where_that_was_before_lines_named_their_referral(token, clock, worked, database, settings):
    """The log of a service that was brought up to date: its lines name the referral by now, and go with it."""
    _, reference = begun(token)
    hr, hr2, staff = people(token, "hr hr2 staff")
    file = upload(hr, reference, QUOKKA.encode(), f"{QUOKKA}.txt").json()["id"]
    room(hr2, reference, "disclose", facts=["evidence"])
    for where in ("", f"/evidence/{file}"):
        assert staff.get(f"/api/referrals/{reference}{where}").status_code == 200
    take_back(settings.database_url, "0027")
    migrate(settings.database_url)
    of_it = col(ReadEntry.detail).in_((reference, file))
    with database.read() as db:
        number = row_of(db, reference).id
        assert set(db.execute(select(ReadEntry.referral_id).where(of_it)).scalars()) == {number}
    with database.write() as db, pytest.raises(DBAPIError, match="append-only"), db.begin_nested():
        db.execute(update(ReadEntry).where(of_it).values(detail="x"))
    settled_and_let_go(token, clock, worked, reference)
    with database.read() as db:
        assert "subject" not in set(db.execute(select(ReadEntry.seen_as).where(of_it)).scalars())


def test_nor_the_key_under_which_a_file_was_sent(token, clock, worked, database):
    """It said who had added it, and when, and its number."""
    _, reference = begun(token)
    hr, hr2 = people(token, "hr hr2")
    key = {"Idempotency-Key": "one"}
    added = hr.post(f"/api/referrals/{reference}/evidence", files={"file": ("list.txt", b"A list.")}, headers=key)
    assert added.status_code == 201, added.text
    room(hr2, reference, "record-finding", kind="not_established", text=QUOKKA)
    room(hr2, reference, "informal", reason=QUOKKA)
    room(hr, reference, "close")
    used = select(Once).where(col(Once.key) == "one")
    with database.read() as db:
        assert db.execute(used).scalar_one().made == added.json()["id"]
    clock.forward(days=366 * 2 + 1)
    assert let_go(token("hr"), reference).status_code == 200
    worked()
    with database.read() as db:
        assert db.execute(used).first() is None


def test_every_column_that_stays_is_there():
    assert set(Referral.__table__.columns.keys()) >= COLUMNS


# --- who may


def test_only_the_lead_of_hr(token, clock, sign_in):
    _, reference = closed(token, clock)
    clock.forward(days=400)
    for name in ("staff", "manager", "digital2", "auditor", "admin", "head"):
        who = token(name)
        assert let_go(who, reference).status_code == keep(who, reference).status_code == 403
    # Whoever was appointed reads it, and does not decide this; another desk's lead does not find it.
    refused = let_go(token("hr2"), reference)
    assert (refused.status_code, "leads HR" in refused.json()["detail"]) == (403, True)
    assert let_go(token("digital"), reference).status_code == let_go(token("hr3"), reference).status_code == 422
    for name in ("digital", "hr3"):
        assert reference not in sign_in(name).get("/retention").text


def test_a_lead_with_a_part_in_it_learns_nothing_and_another_stands_in(token, clock, worked, database):
    """Neither while it stands nor by what is left of it."""
    case, reference = closed(token, clock)
    press(token("digital"), case, "conflict", person=f"hr{DEMO}", reason="A cousin.")
    clock.forward(days=366 * 3)
    hr, hr3 = people(token, "hr hr3")
    assert due(hr) == {}
    assert let_go(hr, reference).status_code == 422
    assert set(due(hr3)) == {reference}
    assert let_go(hr3, reference).status_code == 200
    worked()
    assert set(due(token("hr3"), "disposed")) == {reference}
    assert due(token("hr"), "disposed") == {}
    # The case goes as well, and with it the row that named them.
    assert let_go(token("digital"), case["reference"]).status_code == 200
    worked()
    assert due(token("hr"), "disposed") == {}
    assert due(token("hr2"), "disposed") == {}
    assert set(due(token("digital"), "disposed")) == {case["reference"]}
    assert faults(database) == []


def test_a_desk_member_with_a_part_does_not_find_the_tombstone_of_a_case(token, clock, worked, database):
    """The walls go with what is destroyed: it is shown to who approved it, and not to the next lead."""
    staff, digital = people(token, "staff digital")
    apart, open_to_all = report(staff), report(staff)
    press(digital, apart, "conflict", person=f"digital2{DEMO}", reason="A cousin.")
    for case in (apart, open_to_all):
        put_right(staff, digital, case)
        press(digital, case, "close", resolution="advice_given")
    clock.forward(days=800)
    with database.write() as db:
        seat = select(DeskMember).where(col(DeskMember.person_id) == id_of(database, "digital2"))
        db.execute(seat).scalar_one().lead = True
    for case in (apart, open_to_all):
        assert let_go(token("digital"), case["reference"]).status_code == 200
    worked()
    assert set(due(token("digital"), "disposed")) == {apart["reference"], open_to_all["reference"]}
    assert set(due(token("digital2"), "disposed")) == {open_to_all["reference"]}


# --- one list, of cases and referrals


def test_pages_of_both_follow_one_another(token, clock, database, worked):
    made = [closed(token, clock) for _ in range(3)]
    with database.write() as db:
        for desk in ("digital_unit", "hr"):
            who = id_of(database, "hr3")
            db.execute(delete(DeskMember).where(col(DeskMember.person_id) == who, col(DeskMember.desk) == desk))
            db.add(DeskMember(person_id=who, desk=desk, lead=True))
        # All of one moment: the list tells them apart by table and number.
        same = db.get_one(Case, 1).closed_at
        for row in db.execute(select(Referral)).scalars():
            row.closed_at = same
    clock.forward(days=366 * 3)
    who = token("hr3")
    for _, reference in made[1:]:
        assert let_go(who, reference).status_code == 200
    worked()
    who = token("hr3")
    whole = [row["reference"] for row in who.get("/api/retention?show=due").json()["items"]]
    assert len(whole) == 3
    for show in ("due", "coming", "disposed"):
        whole = [row["reference"] for row in who.get(f"/api/retention?show={show}").json()["items"]]
        found, cursor = [], ""
        while cursor is not None:
            answer = who.get(f"/api/retention?show={show}&limit=1" + (f"&cursor={cursor}" if cursor else "")).json()
            found += [row["reference"] for row in answer["items"]]
            cursor = answer["next"]
        assert found == whole


def test_it_is_all_there_on_a_page(token, sign_in, clock, worked):
    _, reference = closed(token, clock, "first_written_warning")
    clock.forward(days=366 * 2)
    page = sign_in("hr")
    here = page.get("/retention").text
    for said in (reference, "First written warning", "1 year after its warning", "Dismissal: 6 years", "Referral"):
        assert said in here, said
    assert f'href="/referrals/{reference}"' in here
    assert "It cannot be undone" in page.get(f"/retention?dispose={reference}").text
    assert page.fill_in("/retention/hold", {"case": reference, "reason": REASON}).status_code == 303
    refused = page.fill_in("/retention/dispose", {"case": reference})
    assert (refused.status_code, "legal reasons" in refused.text) == (409, True)
    assert page.fill_in("/retention/release", {"case": reference, "reason": "It is over."}).status_code == 303
    assert page.fill_in("/retention/dispose", {"case": reference}).status_code == 303
    worked()
    assert reference in sign_in("hr").get("/retention?show=disposed").text
    assert "How long referrals are kept" not in sign_in("digital").get("/retention").text


# --- never a live warning

FIRST, LAST = datetime(2001, 1, 1), datetime(2090, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
MOMENTS = some.datetimes(FIRST, LAST, timezones=some.just(UTC))


@given(MOMENTS, MOMENTS)
def test_what_is_counted_from_is_never_before_the_end_of_a_warning(closed_at, until):
    row = Referral(reference="HR-1", outcome=Outcome.FINAL_WRITTEN_WARNING, closed_at=closed_at, warning_until=until)
    assert counts_from(row) == max(closed_at, until)
