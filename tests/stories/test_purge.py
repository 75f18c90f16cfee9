"""A spill is destroyed wherever it lies: every column that holds words, every entry, and the bytes, in the end."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import JSON, Enum, String, func, select
from sqlmodel import SQLModel, col

from service.cases.free_words import PLACES
from service.core.errors import Unavailable
from service.core.storage import Store
from service.evidence import destroy
from service.evidence.places import new_id, original_key, preview_key
from service.evidence.receive import MOST_FILES
from service.records.cases import Case, Route
from service.records.enums import DeskName
from service.records.evidence import Evidence
from service.records.timeline import Outbox
from service.worker.bytes import sweep
from service.worker.run import start, work_once
from tests.makers import (
    WORDS,
    at,
    busy,
    case_id,
    do_what_is_due,
    entries,
    everything_kept,
    faults,
    fields,
    id_of,
    people,
    picture,
    press,
    put_right,
    report,
    upload,
)

SECRET = "Kestrel-Marmalade"

# Columns of text in the tables of a case that hold nobody's words, and why.
EXEMPT = {
    **dict.fromkeys(
        (
            *("case_file.reference", "case_file.playbook_version", "referral.reference", "referral.playbook_version"),
            *("alarm.clock", "notification.key", "notification.dedupe", "notification.what"),
        ),
        "made by Amends",
    ),
    **dict.fromkeys(
        ("case_file.codes", "case_file.hr_because", "referral.rules"), "words of the playbook, from a list"
    ),
    **dict.fromkeys(
        ("case_file.last_hash", "timeline_entry.commitments", "timeline_entry.hash", "timeline_entry.previous"),
        "salted hashes: without the values they say nothing",
    ),
    **dict.fromkeys(("timeline_entry.kind", "timeline_entry.audience", "notification.kind"), "from a list"),
    **dict.fromkeys(("case_file.posted_zone", "step.taken_zone", "evidence.captured_zone"), "a zone that is known"),
    **dict.fromkeys(
        (f"case_file.{name}_key" for name in ("link", "text", "account", "platform")),
        "made anew from the facts by every purge",
    ),
    **dict.fromkeys(("case_file.said_same_as", "case_file.guidance_case"), "made by Amends"),
    "confidence.salt": "random",
    **dict.fromkeys(
        [f"access_item.{name}" for name in ("part", "title", "lines", "file_id", "withheld")],
        "gathered anew by every purge: test_subject_access.py",
    ),
    **dict.fromkeys(("referral.last_hash",), "salted hashes: without the values they say nothing"),
    **dict.fromkeys(("referral.disclosed", "referral.next_due_what"), "from a list"),
    **dict.fromkeys(
        (
            f"referral.{name}"
            for name in (
                *("returned_because", "informed_text", "informal_because"),
                *("considered_text", "outcome_reason", "paused_because", "held_because"),
            )
        ),
        "written in the HR room by HR, and none of the case's",
    ),
    **dict.fromkeys(
        ("case_file.disposal_rule", "referral.disposal_rule"), "a key of the playbook, its years, and its version"
    ),
    "read_entry.seen_as": "from a list",
    "case_file.next_due_what": "a step's or a desk's name",
    "route.because": "the rule that sent it",
    "protection_decision.question": "from a list",
    "evidence.id": "random",
    "evidence.media_type": "found by Amends, from a list",
    "evidence.preview": "a key of the store",
    "referral.evidence_ids": "random ids",
    "referral.steps_taken": "kinds and moments",
    "read_entry.what": "from a list",
    "read_entry.detail": "ids and variants",
    "read_entry.through": "from a list",
    "outbox.kind": "from a list",
    "outbox.body": "ids, keys and desks",
    "outbox.dedupe": "numbers",
    "outbox.error": "the type of a fault or our own words for it, never its text",
    "notification.key": "drawn at random",
    "notification.kind": "from a list",
    "notification.dedupe": "numbers",
}


def test_every_column_of_words_can_be_purged_or_says_why_not():
    reached = {f"{table.__tablename__}.{column}" for place in PLACES.values() for table, column in place.columns}
    tables = [t for t in SQLModel.metadata.tables.values() if t.name == "case_file" or "case_id" in t.c]
    words = {
        f"{table.name}.{column.name}"
        for table in tables
        for column in table.c
        if isinstance(kind := getattr(column.type, "impl_instance", column.type), String | JSON)
        and not isinstance(kind, Enum)
    }
    assert words - reached - EXEMPT.keys() == set(), "say in free_words.py how it is purged, or here why it is not"
    assert reached - words == set()
    assert EXEMPT.keys() - words == set()
    assert EXEMPT.keys() & reached == set()


def test_words_of_every_kind_are_destroyed(token, sign_in, database):
    staff, manager, digital, data = people(token, "staff manager digital data")
    words = iter(f"{SECRET} {number}" for number in range(100))
    case = report(staff, facts_wrong="yes", personal_data="yes", codes=["disrepute"])
    digital.post(f"{at(case)}/conflict", json={"person": "digital2@demo.example", "reason": next(words)})
    put_right(staff, digital, case)
    press(digital, case, "steps/correct/waive", reason=next(words))
    press(digital, case, "send", desk="media_office", reason=next(words))
    press(manager, case, "referral-decision", refer=True, reason=next(words))
    for question in ("regulator", "affected"):
        press(data, case, "protection-decision", question=question, tell=False, reason=next(words))
    referred = digital.post(
        f"{at(case)}/referral-decision",
        json={
            "refer": True,
            "reason": next(words),
            "allegation": next(words),
            "mitigation": next(words),
            "subject_told": next(words),
        },
    )
    assert referred.status_code == 201, referred.text
    file = upload(staff, case, picture(), f"{SECRET}.png", description=next(words)).json()
    kept = upload(staff, case, picture("red"), f"{SECRET}-too.png", description=next(words)).json()
    assert staff.patch(at(case), json={"safety_risk": "yes"}).status_code == 200
    press(digital, case, "open", reason=next(words))
    press(staff, case, "withdraw", reason=next(words))
    press(digital, case, "close", resolution="referred", note=next(words))
    press(digital, case, "reopen", reason=next(words))
    press(digital, case, "purge", fields=["account.platform"], reason=next(words))
    gone = [
        *("conflict.reason", "steps.correct.reason", "routes.media_office.reason"),
        *(f"data_protection.{question}.reason" for question in ("regulator", "affected")),
        *(f"referral.{name}" for name in ("allegation", "mitigation", "subject_told")),
        "hr.reason",
        *(f"{kind}.reason" for kind in ("opened", "reopened", "purged")),
        *("withdrawal_reason", "closing_note"),
        *(f"evidence.{file['id']}", f"evidence.{file['id']}.sha256"),
        *(f"evidence.{kept['id']}.filename", f"evidence.{kept['id']}.description"),
    ]
    page = sign_in("digital").get(f"/cases/{case['reference']}").text
    offered = set(re.findall(r'name="fields" type="checkbox" value="([^"]+)"', page))
    # The hash of a file is offered once the file is gone.
    assert set(gone) - offered == {f"evidence.{file['id']}.sha256"}
    before = everything_kept(database).count(SECRET)
    for path in gone:
        press(digital, case, "purge", fields=[path], reason="Spilt")
        left = everything_kept(database)
        if path.endswith("sha256"):
            assert file["sha256"] not in left
        else:
            assert left.count(SECRET) < before, path
        before = left.count(SECRET)
    assert before == 0
    assert faults(database) == []
    # The file whose words went is there still.
    assert digital.get(f"{at(case)}/evidence/{kept['id']}").content == picture("red")
    for path in gone:
        again = digital.post(f"{at(case)}/purge", json={"fields": [path], "reason": "Again"})
        assert (again.status_code, fields(again)) == ((200, set()) if path == "purged.reason" else (422, {"fields"}))


def test_what_the_page_offers_is_all_there_is_and_all_of_it_goes(token, sign_in, database):
    staff, hr = people(token, "staff hr")
    case = busy(token)
    press(hr, case, "notes", text="For HR alone.", audience="hr")
    assert sign_in("digital").get(f"/cases/{case['reference']}").text.count('name="fields"') == 0
    assert staff.patch(at(case), json={"safety_risk": "yes"}).status_code == 200
    desk, here = sign_in("digital"), f"/cases/{case['reference']}"

    def offered():
        return re.findall(r'name="fields" type="checkbox" value="([^"]+)"', desk.get(here).text)

    first = offered()
    assert "reason" not in first
    assert len(set(first)) == len(first)
    assert len(first) > 15
    done = desk.fill_in(f"{here}/purge", {"fields": first, "reason": "All of it."})
    assert done.status_code == 303, done.text
    assert set(offered()) == {"purged.reason", f"evidence.{case['file']}.sha256"}
    left = everything_kept(database)
    assert not [word for word in (*WORDS.values(), "A cousin.", "Use two devices.", "Rudd") if word in left]
    assert "For HR alone." in left
    assert faults(database) == []


def test_words_said_after_a_purge_stand_and_verify(token, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, safety_risk="yes")
    press(digital, case, "send", desk="media_office", reason=SECRET)
    press(digital, case, "conflict", person="digital2@demo.example", reason=SECRET)
    press(digital, case, "purge", fields=["routes.media_office.reason", "conflict.reason"], reason="Spilt")
    press(digital, case, "conflict", person="manager@demo.example", reason="A cousin.")
    press(digital, case, "send", desk="fco_services", reason="Their account.")
    assert SECRET not in everything_kept(database)
    assert faults(database) == []


def test_a_copy_of_the_reason_goes_with_it(token, database):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    put_right(staff, digital, case)
    told = digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": SECRET})
    assert told.status_code == 201
    assert staff.patch(at(case), json={"safety_risk": "yes"}).status_code == 200
    press(digital, case, "purge", fields=["hr.reason"], reason="Spilt")
    assert SECRET not in everything_kept(database)
    assert digital.get(at(case)).json()["hr"]["decision"] == "referred"


def test_that_it_went_to_hr_is_not_told_by_its_purge(token, database):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff)
    put_right(staff, digital, case)
    press(digital, case, "send", desk="hr", reason=SECRET)
    press(digital, case, "conflict", person="digital2@demo.example", reason=SECRET)
    digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": SECRET, "mitigation": SECRET})
    assert staff.patch(at(case), json={"safety_risk": "yes"}).status_code == 200
    quiet = ["hr.reason", "referral.mitigation", "routes.hr.reason", "conflict.reason"]
    press(digital, case, "purge", fields=[*quiet, "account.handle"], reason="Spilt")
    for who in (staff, manager):
        (purged,) = entries(who, case, "purged")
        assert [change["after"] for change in purged["changes"] if change["field"] == "purged"] == [["account.handle"]]
    seen = [
        path
        for entry in entries(digital, case, "purged")
        for change in entry["changes"]
        if change["field"] == "purged"
        for path in change["after"]
    ]
    assert sorted(seen) == sorted([*quiet, "account.handle"])
    assert faults(database) == []


@pytest.mark.parametrize(
    "field", ["evidence.*", "steps.*.note", "messages.*", "evidence..sha256", "hr", "routes.hr", "opened.at", "a.b.c.d"]
)
def test_a_pattern_is_no_path(token, field):
    staff, digital = people(token, "staff digital")
    case = report(staff, safety_risk="yes")
    refused = digital.post(f"{at(case)}/purge", json={"fields": [field], "reason": "Spilt"})
    assert (refused.status_code, fields(refused)) == (422, {"fields"})


def test_the_hash_of_a_file_that_stands_stays(token):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    file = upload(staff, case, picture()).json()
    assert staff.patch(at(case), json={"safety_risk": "yes"}).status_code == 200
    hashed = f"evidence.{file['id']}.sha256"
    refused = digital.post(f"{at(case)}/purge", json={"fields": [hashed], "reason": "Spilt"})
    assert (refused.status_code, fields(refused)) == (422, {"fields"})
    press(digital, case, "purge", fields=[hashed, f"evidence.{file['id']}"], reason="Spilt")
    assert digital.get(at(case)).json()["evidence"][0]["sha256"] == "destroyed"


# What others than the holding desk say of a guarded case.


def test_a_closed_guarded_case_takes_nobody_elses_words(token, database):
    staff, manager, digital, data = people(token, "staff manager digital data")
    case = report(staff, safety_risk="yes", personal_data="yes")
    press(digital, case, "triage")
    for body, named in (
        ({"refer": True, "reason": SECRET}, {"reason"}),
        (
            {"refer": True, "reason": SECRET, "allegation": SECRET, "mitigation": SECRET, "subject_told": SECRET},
            {"reason", "allegation", "mitigation", "subject_told"},
        ),
        ({"refer": False, "reason": SECRET, "subject_told": True}, {"reason"}),
    ):
        refused = manager.post(f"{at(case)}/referral-decision", json=body)
        assert (refused.status_code, fields(refused)) == (422, named)
    refused = data.post(
        f"{at(case)}/protection-decision", json={"question": "regulator", "tell": False, "reason": SECRET}
    )
    assert (refused.status_code, fields(refused)) == (422, {"reason"})
    for who in (manager, data):
        refused = who.post(f"{at(case)}/notes", json={"text": SECRET, "audience": "digital_unit"})
        assert (refused.status_code, fields(refused)) == (422, {"text"})
    assert SECRET not in everything_kept(database)
    press(digital, case, "open", reason="Security has seen it.")
    press(manager, case, "referral-decision", refer=False, reason="A slip.")
    press(data, case, "protection-decision", question="regulator", tell=False, reason="Nobody was named.")


def test_the_digital_unit_that_does_not_hold_it_writes_no_note_either(token, database):
    staff, digital, services = people(token, "staff digital servicesdesk")
    case = report(staff, safety_risk="yes")
    with database.write() as db:
        held = db.execute(select(Case).where(col(Case.reference) == case["reference"])).scalar_one()
        held.holding_desk = DeskName.FCO_SERVICES
        db.add(held)
        db.add(Route(case_id=held.id, desk=DeskName.FCO_SERVICES, because="test", sent_at=held.reported_at))
    refused = digital.post(f"{at(case)}/notes", json={"text": SECRET, "audience": "digital_unit"})
    assert (refused.status_code, fields(refused)) == (422, {"text"})
    assert services.post(f"{at(case)}/notes", json={"text": "Seen.", "audience": "digital_unit"}).status_code == 200


# Bytes.


def keys(app) -> list[str]:
    """Everything in the store."""
    return [kept.key for prefix in ("pdf", "evidence") for kept in app.state.house.store.list(prefix)]


def rows(database) -> list[Outbox]:
    """What is to be destroyed, and is not done."""
    with database.read() as db:
        query = select(Outbox).where(col(Outbox.kind) == "destroy", col(Outbox.done_at).is_(None))
        return list(db.execute(query.order_by(col(Outbox.id))).scalars())


@pytest.fixture
def spilt(token, app, database):
    """A guarded case with a file and a PDF, and who is at its desk."""
    staff, digital = people(token, "staff digital")
    case = report(staff, post={"text": SECRET})
    file = upload(staff, case, picture()).json()
    app.state.house.store.keep(f"pdf/{case_id(database, case)}/made.pdf", b"%PDF")
    assert staff.patch(at(case), json={"safety_risk": "yes"}).status_code == 200
    assert len(keys(app)) == 3
    return staff, digital, case, file


def test_bytes_go_with_the_answer_and_the_worker_looks_again(spilt, app, settings, database, clock):
    _, digital, case, file = spilt
    press(digital, case, "purge", fields=[f"evidence.{file['id']}", "post.text"], reason="Spilt")
    assert keys(app) == []
    assert len(rows(database)) == 2
    do_what_is_due(database, settings, clock)
    # A PDF that was being made while the case was purged is kept after it.
    late = f"pdf/{case_id(database, case)}/late.pdf"
    other = f"pdf/{case_id(database, case)}0/other.pdf"
    for key in (late, other):
        app.state.house.store.keep(key, b"%PDF")
    assert len(rows(database)) == 1
    clock.forward(seconds=89)
    assert not work_once(database, settings, clock)
    clock.forward(seconds=2)
    assert work_once(database, settings, clock)
    assert keys(app) == [other]
    assert rows(database) == []


def test_a_store_that_fails_loses_no_destruction(spilt, app, settings, database, clock, monkeypatch):
    _, digital, case, file = spilt

    def away(store, key):
        raise Unavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "destroy", away)
        answer = digital.post(f"{at(case)}/purge", json={"fields": [f"evidence.{file['id']}"], "reason": "Spilt"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["evidence"][0]["destroyed_at"]
        assert len(keys(app)) == 3
        assert digital.get(f"{at(case)}/evidence/{file['id']}").status_code == 404
        work_once(database, settings, clock)
        assert [row.error for row in rows(database)] == ["Unavailable", None]
        assert not work_once(database, settings, clock)
    clock.forward(seconds=11)
    assert work_once(database, settings, clock)
    assert keys(app) == []


def test_a_pdf_that_is_ready_after_the_purge_is_not_kept(spilt, app, settings, database, clock, sign_in):
    _, digital, case, file = spilt
    assert sign_in("digital").get(f"/cases/{case['reference']}/pdf?make=digital_unit").status_code == 200
    press(digital, case, "purge", fields=[f"evidence.{file['id']}"], reason="Spilt")
    # Both times that the worker looks are over before the PDF is ready.
    clock.forward(minutes=5)
    do_what_is_due(database, settings, clock)
    before = {kept.key for kept in app.state.house.store.list("pdf")}
    for audience in ("reporter", "line_manager"):
        assert digital.get(f"{at(case)}/summary.pdf?audience={audience}").status_code == 200
    # By now those begun earlier are ready as well; what is handed over is kept a moment later.
    until = time.monotonic() + 10
    while len(kept := list(app.state.house.store.list("pdf"))) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert (len(before), len(kept)) == (0, 2)


def test_a_purge_that_is_not_kept_destroys_nothing(spilt, app, database):
    _, digital, case, file = spilt
    refused = digital.post(
        f"{at(case)}/purge", json={"fields": [f"evidence.{file['id']}", "narrative"], "reason": "Spilt"}
    )
    assert refused.status_code == 422
    assert len(keys(app)) == 3
    assert rows(database) == []


def test_a_row_that_names_a_standing_file_destroys_nothing(spilt, app, settings, database, clock):
    _, _, _, file = spilt
    with database.write() as db:
        db.add(Outbox(kind="destroy", body={"evidence": [file["id"]]}, dedupe="wrong", due_at=clock()))
    do_what_is_due(database, settings, clock)
    assert [row.error for row in rows(database)] == ["ValueError"]
    assert len(keys(app)) == 3


# Files that are refused.


@pytest.fixture(params=["api", "page"])
def send_file(request, token, sign_in):
    """Sends a picture to a case as staff@, through either door; the status of the answer."""
    if request.param == "api":
        staff = token("staff")
        return lambda case, content=None: upload(staff, case, content or picture()).status_code
    staff = sign_in("staff")

    def through_page(case, content=None):
        page = f"/cases/{case['reference']}"
        staff.get(page)
        files = {"file": ("shot.png", content or picture())}
        return staff.fill_in(f"{page}/evidence", files=files).status_code

    return through_page


@dataclass(frozen=True)
class Slow(Store):
    """A store that takes its time: something happens once it has the first bytes."""

    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def keep(self, key, content):
        kept = super().keep(key, content)
        while self.meanwhile:
            self.meanwhile.pop()()
        return kept


@pytest.fixture
def while_stored(app):
    """Have something happen while the next file is on its way into the store."""

    def happen(deed):
        store = app.state.house.store
        app.state.house = replace(app.state.house, store=Slow(store.backend, store.folder, [deed]))

    return happen


@pytest.mark.parametrize("meanwhile", ["guarded", "closed", "full"])
def test_a_file_that_is_refused_in_the_end_leaves_no_bytes(
    token, app, database, clock, send_file, meanwhile, while_stored
):
    staff, digital = people(token, "staff digital")
    case = report(staff)

    def change():
        if meanwhile == "guarded":
            assert digital.patch(at(case), json={"safety_risk": "yes"}).status_code == 200
        elif meanwhile == "closed":
            put_right(staff, digital, case)
            press(digital, case, "close", resolution="no_further_action")
        else:
            fill(database, case, clock)

    while_stored(change)
    assert send_file(case) == (422 if meanwhile == "guarded" else 409)
    assert keys(app) == []
    assert faults(database) == [] or meanwhile == "full"


def test_a_file_whose_sender_is_walled_off_meanwhile_is_not_kept(token, app, while_stored):
    staff, digital, digital2 = people(token, "staff digital digital2")
    case = report(staff)
    while_stored(lambda: press(digital, case, "conflict", person="digital2@demo.example", reason="A friend."))
    assert upload(digital2, case, picture()).status_code == 404
    assert keys(app) == []


def test_a_file_that_answers_an_older_version_is_not_kept(token, app, while_stored):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    while_stored(lambda: press(digital, case, "triage", severity="low"))
    stale = staff.post(
        f"{at(case)}/evidence",
        files={"file": ("shot.png", picture())},
        headers={"If-Match": f'"{case["version"]}"'},
    )
    assert stale.status_code == 412
    assert keys(app) == []


def test_a_full_case_is_refused_before_anything_is_stored(token, app, database, clock, send_file, while_stored):
    case = report(token("staff"))
    fill(database, case, clock)
    stored = []
    while_stored(lambda: stored.append("a file"))
    assert send_file(case) == 409
    assert stored == []


def test_a_file_that_is_kept_stays(token, app, send_file):
    case = report(token("staff"))
    assert send_file(case) in (201, 303)
    assert len(keys(app)) == 2


class Stuck(Slow):
    """A store that takes bytes and gives none of them up."""

    def destroy(self, key):
        raise Unavailable("away")


def test_a_refusal_is_told_though_its_bytes_cannot_be_destroyed(token, app, send_file):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    guard = partial(digital.patch, at(case), json={"safety_risk": "yes"})
    store = app.state.house.store
    app.state.house = replace(app.state.house, store=Stuck(store.backend, store.folder, [guard]))
    assert send_file(case) == 422
    assert len(keys(app)) == 2, "they wait for the sweep"


def test_a_replayed_upload_leaves_no_second_copy(token, app, while_stored):
    """Both are under way at once: the second learns of the first only inside its transaction."""
    staff = token("staff")
    case = report(staff)
    key = {"Idempotency-Key": "the-same"}
    file = picture()
    others = []

    def send():
        return staff.post(f"{at(case)}/evidence", files={"file": ("shot.png", file)}, headers=key)

    while_stored(lambda: others.append(send()))
    answer = send()
    assert (answer.status_code, others[0].status_code) == (201, 201)
    assert answer.json()["id"] == others[0].json()["id"]
    assert len(keys(app)) == 2


def fill(database, case, clock) -> None:
    """As many files as a case may hold."""
    with database.write() as db:
        there = db.execute(select(func.count()).select_from(Evidence)).scalar_one()
        for _ in range(MOST_FILES - there):
            db.add(
                Evidence(
                    id=new_id(),
                    case_id=case_id(database, case),
                    filename="a.png",
                    media_type="image/png",
                    size=1,
                    sha256="0" * 64,
                    added_by_id=id_of(database, "staff"),
                    added_at=clock(),
                )
            )


# What is left over.


def test_leftovers_go_after_a_day(token, app, settings, database):
    staff = token("staff")
    case = report(staff)
    file = upload(staff, case, picture()).json()
    store, lost = app.state.house.store, new_id()
    store.keep(original_key(lost), b"lost")
    store.keep(preview_key(lost), b"lost")
    # The store's own clock says when a key was put there, and no test can set that one.
    now = datetime.now(UTC)
    assert sweep(database, settings, now + timedelta(hours=23)) == 0
    assert sweep(database, settings, now + timedelta(hours=25)) == 2
    assert set(keys(app)) == {original_key(file["id"]), preview_key(file["id"])}


MAKES = """
from service.core.folders import folder
with folder() as made:
    (made / "0001.pdf").write_text("Quokka")
    print(made, flush=True)
    input()
"""


@pytest.fixture
def killed(tmp_path, monkeypatch):
    """Where papers are made: one was killed a moment ago, and another goes on; and what ends that one."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told = {"text": True, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": os.environ | {"TMPDIR": tmp_path}}
    ended, going_on = (subprocess.Popen([sys.executable, "-c", MAKES], **told) for _ in range(2))
    places = [Path(each.stdout.readline().strip()) for each in (ended, going_on)]
    ended.kill()
    ended.communicate()
    assert {*tmp_path.glob("amends-*")} == {*places}
    yield tmp_path, places[1]
    going_on.communicate("\n")
    assert list(tmp_path.glob("amends-*")) == []


def test_what_a_killed_process_was_making_goes_and_what_is_being_made_stays(settings, database, killed):
    there, going_on = killed
    sweep(database, settings, datetime.now(UTC))
    assert list(there.glob("amends-*")) == [going_on]


def test_a_purge_destroys_what_a_killed_process_was_making_of_it(spilt, killed):
    """Drawn pages of a purged file lay there for a minute, or an hour, and nobody knew."""
    (_, digital, case, file), (there, going_on) = spilt, killed
    press(digital, case, "purge", fields=[f"evidence.{file['id']}"], reason="Spilt")
    assert list(there.glob("amends-*")) == [going_on]


def test_a_worker_begins_with_it(settings, database, clock, killed):
    there, going_on = killed
    end = start(database, settings, clock)
    until = time.monotonic() + 30
    while len(list(there.glob("amends-*"))) > 1 and time.monotonic() < until:
        time.sleep(0.05)
    end()
    assert list(there.glob("amends-*")) == [going_on]


def test_the_worker_sweeps_an_hour_after_its_start(token, app, settings, database, clock, monkeypatch):
    staff, store = token("staff"), app.state.house.store
    assert upload(staff, report(staff), picture()).status_code == 201
    store.keep(original_key(new_id()), b"lost")
    monkeypatch.setattr("service.worker.run.IDLE_SECONDS", 0.01)
    # All is older than a day by the worker's clock, which then stands still until the hour is over.
    clock.moment = datetime.now(UTC) + timedelta(hours=30)
    end = start(database, settings, clock)
    time.sleep(0.5)
    assert len(keys(app)) == 3
    clock.forward(hours=1)
    until = time.monotonic() + 30
    while len(keys(app)) > 2 and time.monotonic() < until:
        time.sleep(0.05)
    end()
    assert len(keys(app)) == 2


def test_more_than_crashes_leave_is_not_swept(token, app, settings, database):
    staff, store = token("staff"), app.state.house.store
    assert upload(staff, report(staff), picture()).status_code == 201
    for _ in range(destroy.MOST_UNKNOWN + 1):
        store.keep(original_key(new_id()), b"from before a restore")
    assert sweep(database, settings, datetime.now(UTC) + timedelta(hours=25)) == 0
    assert len(keys(app)) == destroy.MOST_UNKNOWN + 3


def test_a_store_of_another_database_is_not_swept(app, settings, database):
    app.state.house.store.keep(original_key(new_id()), b"theirs")
    assert sweep(database, settings, datetime.now(UTC) + timedelta(hours=25)) == 0
    assert len(keys(app)) == 1


def test_a_destroyed_file_is_swept_however_many_there_are(token, app, settings, database, monkeypatch):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    file = upload(staff, case, picture()).json()
    staff.patch(at(case), json={"safety_risk": "yes"})
    monkeypatch.setattr(destroy, "MOST_UNKNOWN", 0)
    with monkeypatch.context() as broken:
        broken.setattr(Store, "destroy", lambda *_: (_ for _ in ()).throw(Unavailable("away")))
        press(digital, case, "purge", fields=[f"evidence.{file['id']}"], reason="Spilt")
    assert len(keys(app)) == 2
    assert sweep(database, settings, datetime.now(UTC) + timedelta(hours=25)) == 2


def test_the_words_are_gone_from_sqlite_s_own_pages(token, database, settings):
    if "sqlite" not in settings.database_url:
        pytest.skip("PostgreSQL frees rows by itself, when it vacuums")
    staff, digital = people(token, "staff digital")
    long = " ".join(f"{SECRET}-{number}" for number in range(800))
    case = report(staff, post={"text": long}, narrative=long)
    staff.patch(at(case), json={"safety_risk": "yes"})
    checkpoint(database)
    path = settings.database_url.removeprefix("sqlite:///")
    with open(path, "rb") as file:
        assert SECRET.encode() in file.read()
    press(digital, case, "purge", fields=["post.text", "narrative"], reason="Spilt")
    for log in ("", "-wal"):
        with open(path + log, "rb") as file:
            kept = file.read()
            assert SECRET.encode() not in kept, log
            # The index of words keeps them in small letters.
            assert SECRET.lower().encode() not in kept, log


def checkpoint(database) -> None:
    """Bring the write-ahead log into the file, and empty it."""
    with database.reading.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
