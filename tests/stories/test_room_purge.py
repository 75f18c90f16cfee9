"""A file that should never have been in the HR room is destroyed: its bytes, its name, and all that repeats it."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from service.core.storage import Store
from service.records.evidence import Evidence
from service.records.subject_access import AccessItem
from tests.makers import (
    DEMO,
    do_what_is_due,
    everything_kept,
    faults,
    people,
    picture,
    refuses,
    room,
    upload,
)
from tests.stories.test_bundle import pdf, text_of
from tests.stories.test_letters import send
from tests.stories.test_purge import Slow
from tests.stories.test_room import begin, find_facts, moment

SPILT = "Cassowary"
NAME = f"{SPILT}.txt"
WHY = "It names somebody at risk."


def keys(app):
    """Everything in the store, by what it is."""
    store = app.state.house.store
    return [kept.key for folder in ("evidence", "letters", "pdf") for kept in store.list(folder)]


@pytest.fixture
def spilt(token, clock):
    """A referral with two files of its own, disclosed, listed in an invitation and named in letters; and their ids."""
    reference, hr, hr2, *_ = begin(token)
    first = upload(hr2, reference, picture(), "before.png").json()["id"]
    file = upload(hr2, reference, f"{SPILT} was there.".encode(), NAME, description=f"What {SPILT} did").json()
    last = upload(hr2, reference, b"Who was on duty.", "rota.txt").json()["id"]
    find_facts(hr2, reference)
    room(hr2, reference, "record-finding", kind="established", text="It was seen.", evidence=[file["id"], last])
    room(hr, reference, "disclose", facts=["evidence", "findings"])
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    send(hr2, reference, "informing")
    send(hr2, reference, "invitation")
    return reference, first, file, last


def purge(who, reference, file):
    """Destroy one file of a room."""
    return room(who, reference, "purge", fields=[f"evidence.{file}"], reason=WHY)


def test_its_content_goes_wherever_it_lies_and_its_hash_stays(spilt, token, app, database, settings, clock, sign_in):
    reference, first, file, last = spilt
    hr, hr2, staff = people(token, "hr hr2 staff")
    for who, kind, audience in ((hr2, "bundle", "hr"), (staff, "bundle", "subject"), (hr2, "summary", "hr")):
        pdf(who, reference, kind, audience)
    assert len([key for key in keys(app) if key.startswith("pdf")]) == 3
    seen = purge(hr, reference, file["id"])
    gone, stands = (next(each for each in seen["evidence"] if each["id"] == one) for one in (file["id"], last))
    assert (gone["filename"], gone["description"], gone["sha256"]) == ("destroyed", None, file["sha256"])
    assert (bool(gone["destroyed_at"]), gone["preview"], stands["destroyed_at"]) == (True, False, None)
    # With the answer; the letter that listed it follows with the worker, and the one that did not stays.
    assert not [key for key in keys(app) if file["id"] in key or key.startswith("pdf")]
    do_what_is_due(database, settings, clock)
    assert [key.split("/")[3] for key in keys(app) if key.startswith("letters")] == ["informing-1"]
    assert SPILT not in everything_kept(database)
    assert faults(database) == []
    for who in (hr, hr2, staff):
        assert who.get(f"/api/referrals/{reference}/evidence/{file['id']}").status_code == 404
        assert who.get(f"/api/referrals/{reference}/evidence/{last}").content == b"Who was on duty."
    assert hr.get(f"/api/referrals/{reference}/letters/invitation.pdf").status_code == 404
    assert [one["destroyed"] for one in seen["letters"]] == [False, True]
    # The invitation stands without it, and can be sent as a letter once more.
    assert sorted(seen["hearing"]["states"]["evidence"]) == ["before.png", "rota.txt"]
    assert [one["destroyed"] for one in send(hr2, reference, "invitation")["letters"]] == [False, True, False]
    told = hr.get(f"/api/referrals/{reference}/timeline").json()["items"]
    (changes,) = [entry["changes"] for entry in told if entry["kind"] == "room_purged"]
    assert WHY in [change["after"] for change in changes if change["field"] == "reason"]
    assert "room_purged" not in staff.get(f"/api/referrals/{reference}/timeline").text
    for name in ("hr", "staff"):
        page = sign_in(name).get(f"/referrals/{reference}").text
        assert "Its fingerprint remains" in page
        assert f"/evidence/{file['id']}" not in page
        assert f"/evidence/{last}" in page
    assert first in [each["id"] for each in staff.get(f"/api/referrals/{reference}").json()["evidence"]]


def test_it_keeps_its_place_in_the_bundle(spilt, token):
    reference, _, file, _ = spilt
    hr, hr2 = people(token, "hr hr2")
    before = pdf(hr2, reference)[1]
    numbers = {name: number for number, name in re.findall(r"Exhibit (\d): (\S+)", text_of(before))}
    purge(hr, reference, file["id"])
    after = text_of(pdf(hr2, reference)[1])
    for name in ("before.png", "rota.txt"):
        assert f"Exhibit {numbers[name]}: {name}" in after
    assert "This file was destroyed on" in after
    assert file["sha256"] in after
    assert f"See exhibit {numbers['rota.txt']}" in after
    assert SPILT not in after


@pytest.mark.parametrize("kind", ["bundle", "summary"])
def test_a_paper_that_is_made_meanwhile_is_not_kept(spilt, token, app, kind):
    """It has what was destroyed; the purge of that moment looks for what is kept, and finds nothing yet."""
    reference, _, file, _ = spilt
    hr, hr2 = people(token, "hr hr2")
    store = app.state.house.store
    slow = Slow(store.backend, store.folder, [lambda: purge(hr, reference, file["id"])])
    app.state.house = replace(app.state.house, store=slow)
    assert hr2.get(f"/api/referrals/{reference}/{kind}.pdf").status_code == 409
    assert [key for key in keys(app) if key.startswith("pdf")] == []
    assert SPILT not in text_of(pdf(hr2, reference, kind)[1])


def test_a_bundle_whose_file_goes_while_it_is_read_is_refused(spilt, token, app):
    reference, _, file, _ = spilt
    hr, hr2 = people(token, "hr hr2")
    store = app.state.house.store
    going = Going(store.backend, store.folder, [lambda: purge(hr, reference, file["id"])])
    app.state.house = replace(app.state.house, store=going)
    assert hr2.get(f"/api/referrals/{reference}/bundle.pdf").status_code == 409
    assert [key for key in keys(app) if key.startswith("pdf")] == []
    assert "This file was destroyed on" in text_of(pdf(hr2, reference)[1])


class Going(Slow):
    """A store in which something happens just before a text is read."""

    def keep(self, key, content):
        return Store.keep(self, key, content)

    def stream(self, key):
        while self.meanwhile:
            self.meanwhile.pop()()
        return super().stream(key)


def test_what_is_no_file_of_the_room_is_refused_and_nothing_goes(spilt, token, app, sign_in):
    reference, first, file, _ = spilt
    hr, staff, digital = people(token, "hr staff digital")
    case = staff.get("/api/cases").json()["items"][0]
    theirs = upload(digital, case, picture("red")).json()["id"]
    before = keys(app)
    mine = f"evidence.{file['id']}"
    for odd in (f"evidence.{theirs}", f"{mine}.sha256", "evidence.*", "hr", f"evidence.{'0' * 32}"):
        assert refuses(hr, reference, "purge", fields=[mine, odd], reason=WHY) == (422, {"fields"}), odd
    assert refuses(hr, reference, "purge", fields=[mine]) == (422, {"reason"})
    page = sign_in("hr")
    there = page.get(f"/referrals/{reference}").text
    offered = re.findall(r'name="fields" type="checkbox" value="([^"]+)"', there)
    assert {mine, f"evidence.{first}"} < {*offered}
    again = page.fill_in(f"/referrals/{reference}/purge", {"reason": "Kept while I choose."})
    assert (again.status_code, "Kept while I choose." in again.text) == (422, True)
    # What is rare is folded, and stands open where it was refused.
    assert ('id="rare" open' in there, 'id="rare" open' in again.text) == (False, True)
    assert keys(app) == before
    done = page.fill_in(f"/referrals/{reference}/purge", {"fields": [mine], "reason": WHY})
    assert done.status_code == 303, done.text
    assert refuses(hr, reference, "purge", fields=[mine], reason=WHY) == (422, {"fields"})


def test_whoever_stands_in_for_the_lead_destroys_and_nobody_else(spilt, token):
    reference, _, file, _ = spilt
    hr, hr2, hr3, head = people(token, "hr hr2 hr3 head")
    told = {"fields": [f"evidence.{file['id']}"], "reason": WHY}
    assert [refuses(who, reference, "purge", **told)[0] for who in (hr2, head, hr3)] == [403, 403, 404]
    assert "purge" not in hr2.get(f"/api/referrals/{reference}").json()["may"]
    hr.post(f"/api/referrals/{reference}/conflict", json={"person": f"hr{DEMO}", "reason": "A neighbour."})
    assert "purge" in hr3.get(f"/api/referrals/{reference}").json()["may"]
    assert refuses(hr, reference, "purge", **told)[0] == 404
    purge(hr3, reference, file["id"])


def test_a_legal_hold_keeps_the_referral_and_not_what_must_not_be_there(spilt, token, database, clock):
    """As a purge of the case goes."""
    reference, first, file, last = spilt
    hr = token("hr")
    held = hr.post("/api/retention/hold", json={"case": reference, "reason": "The tribunal asked."})
    assert held.status_code in (200, 201), held.text
    seen = purge(hr, reference, file["id"])
    assert "purge" in seen["may"]
    clock.forward(minutes=1)
    seen = room(hr, reference, "purge", fields=[f"evidence.{first}", f"evidence.{last}"], reason=WHY)
    assert "purge" not in seen["may"]
    assert faults(database) == []


def test_its_name_is_found_wherever_somebody_typed_it_in_a_letter(spilt, token, app, database, settings, clock):
    reference, _, file, _ = spilt
    hr, hr2 = people(token, "hr hr2")
    send(hr2, reference, "informing", next=f"Read {NAME} before we meet.")
    seen = purge(hr, reference, file["id"])
    assert [(one["kind"], one["destroyed"]) for one in seen["letters"]] == [
        ("informing", False),
        ("invitation", True),
        ("informing", True),
    ]
    do_what_is_due(database, settings, clock)
    assert SPILT not in everything_kept(database)


def test_what_was_gathered_of_it_is_gathered_again(spilt, token, database, settings, clock):
    reference, _, file, _ = spilt
    hr, staff = people(token, "hr staff")
    asked = staff.post("/api/subject-access", json={})
    assert asked.status_code in (200, 201), asked.text
    do_what_is_due(database, settings, clock)
    assert file["id"] in everything_kept_of_access(database)
    clock.forward(minutes=1)
    purge(hr, reference, file["id"])
    do_what_is_due(database, settings, clock)
    again = everything_kept_of_access(database)
    assert SPILT not in again
    assert file["id"] not in again
    assert "rota.txt" in again


def everything_kept_of_access(database):
    """What was gathered for those who asked."""
    with database.read() as db:
        return str([(item.lines, item.file_id) for item in db.execute(select(AccessItem)).scalars()])


def test_a_destroyed_file_that_is_said_to_stand_is_found(spilt, token, database):
    reference, _, file, _ = spilt
    purge(token("hr"), reference, file["id"])
    with database.write() as db:
        db.get_one(Evidence, file["id"]).destroyed_at = None
    assert any(f"files.{file['id']}.destroyed_at" in fault for fault in faults(database))
