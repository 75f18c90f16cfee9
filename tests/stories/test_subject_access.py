"""All that is held about somebody: asked for, gathered without others, looked through by a person, given, deleted."""

import io
import json
import re
import unicodedata
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select
from sqlmodel import col

from service.core.clock import months_later
from service.records.subject_access import AccessItem, AccessRequest
from service.records.timeline import ReadEntry
from service.subject_access import making
from service.subject_access.third_parties import CLOSES, OPENS, Known, Redactor, in_directory
from service.worker.run import work_once
from tests.makers import (
    DEMO,
    at,
    busy,
    edit,
    everything_kept,
    faults,
    fields,
    people,
    picture,
    press,
    put_right,
    report,
    upload,
)
from tests.matrix import concern

IDENTITY = "Passport seen at the desk."


def ask(who, **told):
    made = who.post("/api/subject-access", json=told)
    assert made.status_code == 201, made.text
    return made.json()


def where(request):
    return f"/api/subject-access/{request['reference']}"


def parts(reviewer, request):
    """Every part that was gathered, as its reviewer sees it."""
    found, cursor = [], ""
    while cursor is not None:
        answer = reviewer.get(f"{where(request)}/items?limit=100{f'&cursor={cursor}' if cursor else ''}")
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
    return found


def given_to(who, request):
    """The file as its names and contents."""
    answer = who.get(f"{where(request)}/file.zip")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as made:
        assert made.testzip() is None
        return {name: made.read(name) for name in made.namelist()}


def released(token, worked, who="staff", **told):
    """A request that went all the way, and its file."""
    request = ask(token(who), **told)
    worked()
    assert token("data").post(f"{where(request)}/release", json={"looked_through": True}).status_code == 200
    worked()
    return request, given_to(token(who), request)


# --- from asking to deleting


def test_somebody_asks_and_is_given_everything(token, worked, clock, database, sign_in):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff, narrative="Narwhal")
    upload(staff, case, picture(), "screen.png")
    press(staff, case, "messages", text="Mackerel")
    press(manager, case, "acknowledge")
    press(manager, case, "notes", text="Lobster: they were calm.", audience="line_manager")
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    digital.get(at(case))
    request = ask(staff)
    assert (request["stage"], request["due_at"][:10], request["reviews"]) == ("gathering", "2026-12-20", False)
    again = staff.post("/api/subject-access", json={})
    assert (again.status_code, request["reference"] in again.json()["detail"]) == (409, True)
    assert staff.get(f"{where(request)}/file.zip").status_code == 409
    worked()
    assert staff.get(where(request)).json()["stage"] == "review"
    assert "Somebody asks for all that is held" in token("data").get("/api/notifications").text
    data = token("data")
    text = json.dumps(parts(data, request), ensure_ascii=False)
    for word in (
        "Narwhal",
        "Mackerel",
        "Lobster: they were calm",
        "screen.png",
        "Use two devices",
        "staff@demo.example",
    ):
        assert word in text, word
    assert data.post(f"{where(request)}/release", json={"looked_through": True}).json()["stage"] == "packing"
    assert data.post(f"{where(request)}/release", json={"looked_through": True}).status_code == 409
    worked()
    here = token("staff")
    assert here.get(where(request)).json()["stage"] == "ready"
    assert "ready to fetch" in here.get("/api/notifications").text
    file = given_to(here, request)
    assert picture() in file.values()
    page, items = file["index.html"].decode(), json.loads(file["items.json"])
    # It is read years later.
    assert "on 20 November 2026 in Tokyo" in page
    assert "November in Tokyo" not in page
    assert "Narwhal" in page
    assert "Schedule 2, paragraph 16" in page
    assert {item["part"] for item in items} >= {"person", "sign_in", "reporter", "timeline", "file", "notes", "looked"}
    for other in ("manager@demo.example", "digital@demo.example", "Digital unit lead"):
        assert other not in page + file["items.json"].decode()
    assert faults(database) == []
    with database.read() as db:
        looked = db.execute(select(ReadEntry.what).where(col(ReadEntry.what).like("subject_access%"))).scalars().all()
    assert set(looked) == {"subject_access", "subject_access_file"}
    clock.forward(days=15)
    worked()
    assert token("staff").get(where(request)).json()["stage"] == "deleted"
    assert token("staff").get(f"{where(request)}/file.zip").status_code == 409
    with database.read() as db:
        assert db.execute(select(AccessItem)).first() is None


def test_whoever_releases_it_says_that_all_of_it_was_looked_through(token, worked):
    staff, data = people(token, "staff data")
    report(staff)
    request = ask(staff)
    worked()
    for body in ({}, {"looked_through": False}, {"looked_through": None}, {"looked_through": "yes"}):
        refused = data.post(f"{where(request)}/release", json=body)
        assert (refused.status_code, fields(refused)) == (422, {"looked_through"}), body
    worked()
    assert data.get(where(request)).json()["stage"] == "review"
    number = len(parts(data, request))
    given = data.post(f"{where(request)}/release", json={"looked_through": True}).json()
    assert (given["stage"], given["looked_through"]) == ("packing", number)
    worked()
    told = staff.get(where(request)).json()
    # How many parts there were is for whoever looks them through: some may be left out.
    assert "looked_through" not in told
    assert (
        "A person looked through all of it before it was released." in given_to(staff, request)["index.html"].decode()
    )
    assert data.get(where(request)).json()["looked_through"] == number


def test_what_was_gathered_again_is_not_released_from_a_page_of_before(token, worked, sign_in, clock):
    staff, digital, data = people(token, "staff digital data")
    case = report(staff, possibly_classified="yes", account={"type": "work", "platform": "X", "handle": "@quokka"})
    request = ask(staff)
    worked()
    page = sign_in("data")
    opened = page.get(f"/subject-access/{request['reference']}").text
    seen = re.search(r'name="gathered_at" value="([^"]+)"', opened)[1]
    clock.forward(minutes=5)
    press(digital, case, "purge", fields=["account.handle"], reason="It should not be here.")
    worked()
    sent = page.fill_in(
        f"/subject-access/{request['reference']}/release", {"looked_through": "true", "gathered_at": seen}
    )
    assert "gathered again since you opened it" in page.get(sent.headers["location"]).text
    assert data.get(where(request)).json()["stage"] == "review"
    now = data.get(where(request)).json()["gathered_at"]
    released = data.post(f"{where(request)}/release", json={"looked_through": True, "gathered_at": now})
    assert released.json()["stage"] == "packing"


def test_a_name_of_a_file_tells_of_nobody_else(token, worked, database):
    edit(database, "colleague", name="Zoë Müller")
    staff = token("staff")
    case = report(staff)
    for name in ("zoe\u0308_mu\u0308ller.png", "zoë-müller 2.png", "holiday_plan.png"):
        assert upload(staff, case, picture(), name).status_code in (200, 201)
    _, file = released(token, worked)
    for page in (file["index.html"].decode(), file["items.json"].decode()):
        said = unicodedata.normalize("NFC", page).casefold()
        assert "holiday_plan.png" in said
        assert ("zoë" in said, "müller" in said) == (False, False)
        assert "⟦somebody else⟧" in said
    assert sorted(name for name in file if name.startswith("files/") and name.endswith(".png")) != []


def test_the_file_is_for_them_and_whoever_looks_it_through_alone(token, worked):
    request, _ = released(token, worked)
    for name in ("staff", "data"):
        assert token(name).get(f"{where(request)}/file.zip").status_code == 200
    for name in ("manager", "digital", "hr", "admin", "auditor", "colleague"):
        assert token(name).get(f"{where(request)}/file.zip").status_code == 404
        assert token(name).get(where(request)).status_code == 404
    assert token("staff").get(f"{where(request)}/items").status_code == 403


def test_a_request_by_somebody_else_is_refused(token, database):
    for name in ("colleague", "manager", "digital", "admin", "auditor"):
        refused = token(name).post("/api/subject-access", json={"person": f"staff{DEMO}", "identity": IDENTITY})
        assert refused.status_code == 403
        assert all(word in refused.json()["detail"] for word in ("about yourself", "article 15"))
    for name in ("hr", "data"):
        unchecked = token(name).post("/api/subject-access", json={"person": f"staff{DEMO}"})
        assert (unchecked.status_code, fields(unchecked)) == (422, {"identity"})
        nobody = token(name).post("/api/subject-access", json={"person": "nobody@demo.example", "identity": IDENTITY})
        assert (nobody.status_code, fields(nobody)) == (422, {"person"})
    with database.read() as db:
        assert db.execute(select(AccessRequest)).first() is None


def test_hr_asks_for_somebody_and_sees_where_it_stands_and_no_more(token, worked):
    request = ask(token("hr"), person=f"staff{DEMO}", identity=IDENTITY)
    worked()
    assert token("hr").get(where(request)).json()["stage"] == "review"
    assert token("hr").get(f"{where(request)}/items").status_code == 403
    assert token("hr").post(f"{where(request)}/release", json={"looked_through": True}).status_code == 403
    assert token("data").post(f"{where(request)}/release", json={"looked_through": True}).status_code == 200
    worked()
    assert token("hr").get(f"{where(request)}/file.zip").status_code == 403
    assert given_to(token("staff"), request)


# --- what others must not be told by it


def test_who_raised_it_is_not_told_to_whose_post_it_is(token, worked, database):
    """A canary: their name, address, words and file, and what the desk let slip in a message."""
    staff, digital = people(token, "staff digital")
    case = concern(staff, confidential=True, codes=["copyright"], narrative="Canary words")
    upload(staff, case, picture(), "Canary.png")
    press(digital, case, "triage")
    press(digital, case, "notes", text="Canary note about Member of staff", audience="digital_unit")
    press(digital, case, "disclose", facts=["account.platform", "post.url"])
    slip = "Member of staff (staff@demo.example) was upset."
    press(digital, case, "messages", text=slip, to="colleague@demo.example")
    press(digital, case, "close", resolution="unfounded")
    _, file = released(token, worked, "colleague")
    everything = b"\n".join(file.values()).decode(errors="replace")
    assert "https://example.org/post/1" in everything
    assert "was upset" in everything
    for leak in ("Canary", "Member of staff", "staff@demo.example", "confidential"):
        assert leak not in everything, leak
    _, mine = released(token, worked, "staff")
    everything = b"\n".join(mine.values()).decode(errors="replace")
    assert "Canary words" in everything
    assert "Canary note" not in everything
    assert "colleague@demo.example" not in everything
    assert faults(database) == []


def test_what_was_not_disclosed_is_left_out_and_its_reviewer_is_told(token, worked):
    staff = token("staff")
    case = concern(staff, confidential=True, codes=["copyright"], narrative="Canary words")
    request = ask(token("colleague"))
    worked()
    held = [part for part in parts(token("data"), request) if part["withheld"]]
    assert [(part["part"], part["lines"]) for part in held] == [("undisclosed", [])]
    token("data").post(f"{where(request)}/release", json={"looked_through": True})
    worked()
    with_it = given_to(token("colleague"), request)
    assert case["reference"] not in b"".join(with_it.values()).decode()
    without = released(token, worked, "outsider")[1]
    for told in (with_it, without):
        assert "any concern that was not disclosed" in told["index.html"].decode()


def test_how_much_it_is_tells_of_nothing_that_is_left_out(token, worked, sign_in):
    colleague, data = people(token, "colleague data")
    mine = report(colleague)
    concern(token("staff"), confidential=True)
    request = ask(colleague)
    worked()
    assert colleague.get(where(request)).json()["total"] == len([mine])
    assert [part["part"] for part in parts(data, request)].count("undisclosed") == 1
    data.post(f"{where(request)}/release", json={"looked_through": True})
    worked()
    given = json.loads(given_to(colleague, request)["items.json"])
    assert colleague.get(where(request)).json()["total"] == len(given)


def test_whoever_asks_for_somebody_else_is_not_told_how_much_there_is(token, worked, sign_in):
    request = ask(token("hr"), person=f"colleague{DEMO}", identity=IDENTITY)
    worked()
    counts = {"done", "total", "size"}
    assert not counts & token("hr").get(where(request)).json().keys()
    (row,) = token("hr").get("/api/subject-access").json()["items"]
    assert not counts & row.keys()
    assert counts <= token("data").get(where(request)).json().keys()
    assert request["reference"] in sign_in("hr").get("/subject-access").text


def test_nothing_of_hr_is_in_it(token, worked):
    case = busy(token)
    _, file = released(token, worked)
    everything = b"\n".join(file.values()).decode(errors="replace")
    assert case["reference"] in everything
    for leak in ("Haddock", "Dab", "Passed to HR", "HR suggested", "A cousin", "digital2@"):
        assert leak not in everything, leak


def test_whoever_has_a_part_in_it_does_not_look_it_through(token, worked, database):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    press(digital, case, "conflict", person=f"data{DEMO}", reason="A cousin.")
    request, own = ask(staff), ask(token("data"))
    worked()
    data = token("data")
    assert data.get(where(request)).status_code == 404
    assert data.get(f"{where(own)}/items").status_code == 403
    assert data.post(f"{where(own)}/release", json={"looked_through": True}).status_code == 403


# --- looked through


def test_a_reviewer_takes_more_out_and_it_is_gone_from_the_data(token, worked, database):
    staff = token("staff")
    case = report(staff, narrative="The woman with the red hat told me. The woman with the red hat was cross.")
    other = report(staff, narrative="Pelican")
    request = ask(staff)
    worked()
    data = token("data")
    told = next(
        part
        for part in parts(data, request)
        if part["title"].endswith(case["reference"]) and part["part"] == "reporter"
    )
    body = {"item": told["item"], "text": "The woman with the red hat", "reason": "It tells who she is."}
    assert data.post(f"{where(request)}/redact", json=body).json()["taken_out"] >= 2
    absent = data.post(f"{where(request)}/redact", json=body)
    assert (absent.status_code, fields(absent)) == (422, {"text"})
    for wrong, field in (({"item": 999}, "item"), ({"text": OPENS}, "text"), ({"reason": ""}, "reason")):
        refused = data.post(f"{where(request)}/redact", json=body | wrong)
        assert (refused.status_code, fields(refused)) == (422, {field})
    for part in parts(data, request):
        if "Pelican" in json.dumps(part):
            whole = data.post(f"{where(request)}/redact", json={"item": part["item"], "reason": "About others."})
            assert whole.json()["withheld"] == "About others."
        elif "red hat" in json.dumps(part):
            data.post(f"{where(request)}/redact", json=body | {"item": part["item"]})
    assert staff.post(f"{where(request)}/redact", json=body).status_code == 403
    data.post(f"{where(request)}/release", json={"looked_through": True})
    late = data.post(f"{where(request)}/redact", json=body)
    assert late.status_code == 409
    worked()
    everything = b"\n".join(given_to(token("staff"), request).values()).decode(errors="replace")
    assert "red hat" not in everything
    assert "Pelican" not in everything
    assert f"{OPENS}taken out{CLOSES} was cross" in everything
    assert other["reference"]


def test_a_file_of_what_was_purged_while_it_was_packed_does_not_stay(token, worked, database, app, monkeypatch):
    staff, digital = people(token, "staff digital")
    case = report(staff, narrative="Kestrel", safety_risk="no")
    request = ask(staff)
    worked()
    token("data").post(f"{where(request)}/release", json={"looked_through": True})
    assert staff.patch(at(case), json={"safety_risk": "unsure"}).status_code == 200
    write = making.write_zip

    def slowly(*told):
        made = write(*told)
        press(digital, case, "purge", fields=["narrative"], reason="It names somebody at risk.")
        return made

    monkeypatch.setattr(making, "write_zip", slowly)
    worked()
    assert list(app.state.house.store.list("access")) == []
    assert token("staff").get(where(request)).json()["stage"] == "review"
    assert "Kestrel" not in everything_kept(database)


def test_a_worker_whose_lease_has_passed_keeps_nothing(token, database, clock):
    staff = token("staff")
    report(staff)
    ask(staff)
    with pytest.raises(making.Changed):
        making.gather_request(database, 1, clock(), mine=lambda _: False)
    with database.read() as db:
        assert db.execute(select(AccessItem)).first() is None


def test_what_is_purged_meanwhile_is_in_no_file(token, worked, database, app):
    staff, digital = people(token, "staff digital")
    case = report(staff, narrative="Kestrel")
    request = ask(staff)
    worked()
    data = token("data")
    data.post(f"{where(request)}/release", json={"looked_through": True})
    worked()
    assert "Kestrel" in given_to(token("staff"), request)["index.html"].decode()
    assert staff.patch(at(case), json={"safety_risk": "unsure"}).status_code == 200
    press(digital, case, "purge", fields=["narrative"], reason="It names somebody at risk.")
    assert "Kestrel" not in everything_kept(database)
    assert token("staff").get(f"{where(request)}/file.zip").status_code == 409
    worked()
    assert token("staff").get(where(request)).json()["stage"] == "review"
    assert list(app.state.house.store.list("access")) == []
    assert "Kestrel" not in json.dumps(parts(token("data"), request))


# --- the clock, and the worker


def test_it_is_reminded_of_before_a_month_is_over(token, worked, clock):
    staff = token("staff")
    ask(staff)
    worked()
    clock.forward(days=24)
    worked()
    assert "due within days" in token("data").get("/api/notifications").text
    clock.forward(days=8)
    worked()
    assert "is late" in token("data").get("/api/notifications").text


def test_once_it_is_released_nobody_is_reminded(token, worked, clock):
    released(token, worked)
    clock.forward(days=40)
    worked()
    told = token("data").get("/api/notifications").text
    assert "due within days" not in told
    assert "is late" not in told


def test_a_worker_that_is_killed_begins_anew(token, worked, database, settings, clock, monkeypatch):
    staff = token("staff")
    for _ in range(3):
        report(staff, narrative="Narwhal")
    request = ask(staff)
    monkeypatch.setattr(making, "TOGETHER", 2)
    with monkeypatch.context() as broken:
        keep, kept = making._keep, []

        def dies(*told):
            keep(*told)
            kept.append(told)
            if len(kept) == 2:
                raise RuntimeError("killed")

        broken.setattr(making, "_keep", dies)
        clock.forward(minutes=1)
        work_once(database, settings, clock)
    assert staff.get(where(request)).json()["stage"] == "gathering"
    clock.forward(minutes=30)
    worked()
    found = parts(token("data"), request)
    assert [part["item"] for part in found] == list(range(1, len(found) + 1))
    assert len([part for part in found if part["part"] == "reporter"]) == 3


def test_a_case_that_was_asked_for_is_not_destroyed(token, worked, clock):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    clock.forward(days=731)
    request = ask(token("staff"))
    worked()
    refused = token("digital").post("/api/retention/dispose", json={"case": case["reference"]})
    assert (refused.status_code, fields(refused)) == (409, {"asked_for"})
    token("data").post(f"{where(request)}/release", json={"looked_through": True})
    worked()
    given = token("digital").post("/api/retention/dispose", json={"case": case["reference"]})
    assert given.status_code == 200


# --- on pages


def test_it_is_all_there_on_pages(token, sign_in, worked):
    staff = token("staff")
    case = report(staff, narrative="Narwhal")
    page = sign_in("staff")
    assert "Nothing was asked for yet" in page.get("/subject-access").text
    assert page.fill_in("/subject-access").status_code == 303
    again = page.fill_in("/subject-access")
    assert (again.status_code, "asked for already" in again.text) == (409, True)
    worked()
    page, desk = sign_in("staff"), sign_in("data")
    listed = desk.get("/subject-access").text
    reference = listed.split('href="/subject-access/')[1].split('"')[0]
    assert page.get(f"/subject-access/{reference}").status_code == 403
    here = desk.get(f"/subject-access/{reference}").text
    assert "Narwhal" in here
    # Each part is folded, and leads back to what is done with it.
    assert here.count("data-wide-open") == here.count('href="#release-title"') > 3
    wrong = desk.fill_in(f"/subject-access/{reference}/redact", {"item": "1", "text": "Ptarmigan", "reason": "x"})
    assert (wrong.status_code, "Ptarmigan" in wrong.text) == (422, True)
    for number in range(1, 12):
        desk.fill_in(f"/subject-access/{reference}/redact", {"item": str(number), "text": "Narwhal", "reason": "x"})
    assert "Narwhal" not in desk.get(f"/subject-access/{reference}").text
    number = len(parts(token("data"), {"reference": reference}))
    assert f"I have looked through all {number} parts of it" in desk.get(f"/subject-access/{reference}").text
    # Pressed without a look at it: nothing is released, and what is to be said stands at its box.
    unsaid = desk.fill_in(f"/subject-access/{reference}/release")
    assert (unsaid.status_code, 'href="#release-looked_through"' in unsaid.text) == (422, True)
    assert "Say that you have looked through all of it." in unsaid.text
    ticked = {"looked_through": "true"}
    assert desk.fill_in(f"/subject-access/{reference}/release", ticked).status_code == 303
    assert desk.fill_in(f"/subject-access/{reference}/release", ticked).status_code == 303
    assert f"all {number} parts, before it was released" in desk.get(f"/subject-access/{reference}").text
    worked()
    page = sign_in("staff")
    assert "Fetch it" in page.get("/subject-access").text
    assert page.get(f"/subject-access/{reference}/file.zip").headers["content-type"] == "application/zip"
    for name, told in (("hr", {}), ("data", {"person": f"staff{DEMO}"})):
        refused = sign_in(name).fill_in("/subject-access", {"person": "nobody@demo.example", **told})
        assert refused.status_code == 422
    assert "Ask for somebody else" not in page.get("/subject-access").text
    assert case


# --- the rule that takes others out

MINE = Known("Priya Nair", "priya.nair@example.org", "")
OTHERS = (
    Known("Ann Marsh", "ann@example.org", "a line manager"),
    Known("O’Neill", "oneill@example.org", "somebody else"),
)
ACCENTED = Known("Zoë Müller", "zoe@example.org", "somebody asked")
ABROAD = (
    Known("Irina de la Cruz", "irina@example.org", "whoever referred it"),
    Known("Li Wu", "li.wu@example.org", "the investigator"),
    Known("Łukasz Griffiths", "griffiths@example.org", "the decision-maker"),
    Known("Will Power", "power@example.org", "somebody at HR"),
)
FILES = ("ann_marsh.txt", "the_marsh.png", "2026-Joan-of-Arc.final.pdf", "holiday_plan.txt", "shot.Marsh", "ann")
NAMES = frozenset(map(in_directory, ("Joan of Arc", "May Day", "Renée O’Hara", "Tamsin Vale")))
redact = Redactor(MINE, (*OTHERS, ACCENTED, *ABROAD), NAMES, FILES)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Ann Marsh said so.", "⟦a line manager⟧ said so."),
        ("ask ANN MARSH, or ann@example.org", "ask ⟦a line manager⟧, or ⟦a line manager⟧"),
        ("Ann will know; Marsh too.", "⟦a line manager⟧ will know; ⟦a line manager⟧ too."),
        ("the marsh is wet", "the marsh is wet"),
        ("Annabel stays", "Annabel stays"),
        ("Priya Nair wrote to priya.nair@example.org", "Priya Nair wrote to priya.nair@example.org"),
        ("Joan  of Arc was there", "⟦somebody else⟧ was there"),
        ("somebody@elsewhere.example wrote", "⟦an e-mail address⟧ wrote"),
        ("⟦a line manager⟧ is not ours to say", "[a line manager] is not ours to say"),
        ("O’Neill, then", "⟦somebody else⟧, then"),
        ("O'Neill, then", "⟦somebody else⟧, then"),
        ("Zoe\u0308 Mu\u0308ller, or just Mu\u0308ller", "⟦somebody asked⟧, or just ⟦somebody asked⟧"),
        ("Rene\u0301e O’Hara", "⟦somebody else⟧"),
        ("Zoe Muller, Zoe Mueller", "⟦somebody asked⟧, ⟦somebody asked⟧"),
        ("Tamsin Vale's post, or 'Tamsin Vale'", "⟦somebody else⟧'s post, or '⟦somebody else⟧'"),
        ("VALE, Tamsin; not Vale alone", "⟦somebody else⟧; not Vale alone"),
        ("Tamsin\u200b\nVa\u00adle", "⟦somebody else⟧"),
        ("Rene\u0301e O`Hara and RENEE O'HARA", "⟦somebody else⟧ and ⟦somebody else⟧"),
        (
            "İRİNA saw Mr.Cruz, de la Cruz",
            "⟦whoever referred it⟧ saw Mr.⟦whoever referred it⟧, de la ⟦whoever referred it⟧",
        ),
        ("Wu,\nLi", "⟦the investigator⟧"),
        ("Lukasz Gri\ufb03ths, Grif-\nfiths", "⟦the decision-maker⟧, ⟦the decision-maker⟧"),
        ("lukasz.griffiths, @lukaszgriffiths", "⟦the decision-maker⟧, @⟦the decision-maker⟧"),
        ("Lukasz\u202eGriffiths", "⟦the decision-maker⟧"),
        ("willpower, and Will Power", "willpower, and ⟦somebody at HR⟧"),
        ("see ann_marsh.txt", "see ⟦a line manager⟧.txt"),
        ("the_marsh.png", "The ⟦a line manager⟧.png"),
        ("2026-Joan-of-Arc.final.pdf", "2026 ⟦somebody else⟧ Final.pdf"),
        ("they cannot plan it", "they cannot plan it"),
        ("A. Marsh, A.Marsh, Marsh, A. and Marsh A.", ", ".join(["⟦a line manager⟧"] * 3) + " and ⟦a line manager⟧"),
        ("Ann K. Marsh and A. K. Marsh", "⟦a line manager⟧ and ⟦a line manager⟧"),
        ("L Griffiths, Z. Mu\u0308ller, Z. Mueller", "⟦the decision-maker⟧, ⟦somebody asked⟧, ⟦somebody asked⟧"),
        ("I. de la Cruz", "⟦whoever referred it⟧"),
        ("P. Nair is oneself, as P. is", "P. Nair is oneself, as P. is"),
        (
            "Ann Marsh came. A. said no: A.’s own",
            "⟦a line manager⟧ came. ⟦a line manager⟧ said no: ⟦a line manager⟧’s own",
        ),
        (
            "Lukasz came, L.G. and L. went",
            "⟦the decision-maker⟧ came, ⟦the decision-maker⟧ and ⟦the decision-maker⟧ went",
        ),
        ("Will Power was at HR. W.P. too", "⟦somebody at HR⟧ was at HR. ⟦somebody at HR⟧ too"),
        ("T. Vale, and Vale, T.", "⟦somebody else⟧, and ⟦somebody else⟧"),
        # A letter by itself says nothing, nor does one that begins another word, or ends a sentence.
        ("Option A. is it? See I. below, at 3 A.M.", "Option A. is it? See I. below, at 3 A.M."),
        ("It was Marsh. A dog. Vitamin C. Vale", "It was ⟦a line manager⟧. A dog. Vitamin C. Vale"),
        ("a. marsh, and A Marsh is wet", "a. marsh, and A ⟦a line manager⟧ is wet"),
        ("holiday_plan.txt and shot.Marsh", "holiday_plan.txt and Shot ⟦a line manager⟧"),
    ],
)
def test_others_are_taken_out(said, left):
    assert redact(said) == left


@given(
    some.text(max_size=200),
    some.sampled_from(["Ann Marsh", "ann@example.org", "joan of arc", "a@b.example"]),
    some.text(),
)
def test_a_name_between_blanks_never_stays(before, name, after):
    assert name.casefold() not in redact(f"{before} {name} {after}").casefold().replace(before.casefold(), "")


@given(some.sampled_from([*OTHERS, ACCENTED, *ABROAD]), some.data())
def test_a_name_is_taken_out_however_its_letters_are_typed(somebody, data):
    typed = "".join(data.draw(some.sampled_from(LOOKALIKES.get(letter, [letter]))) for letter in somebody.name)
    assert redact(f"So said {typed}.").replace("\u00ad", "") == f"So said ⟦{somebody.part}⟧."


LOOKALIKES = {
    letter: [letter, letter.upper(), f"{letter}\u0301", f"{letter}\u00ad", chr(ord(letter) + 0xFEE0)]
    for letter in "abcdefghijklmnopqrstuvwxyz"
} | {
    " ": [" ", "\n", "\u00a0", " \u2066", ".", "_"],
    "i": ["i", "ı", "İ"],
    "’": ["’", "'", "`", "´"],
    "ü": ["ü", "u", "ue"],
}


def test_a_long_text_is_read_once():
    started = datetime.now(UTC)
    redact("a" * 20_000)
    redact("a." * 10_000 + "@")
    assert datetime.now(UTC) - started < timedelta(seconds=2)


@pytest.mark.parametrize("piece", ["a-", "A. ", "Marsh, ", "Ann Marsh A. ", "A. K. "])
def test_a_long_text_of_initials_is_read_once(piece):
    started = datetime.now(UTC)
    redact(piece * (20_000 // len(piece)))
    assert datetime.now(UTC) - started < timedelta(seconds=3)


@pytest.mark.parametrize(
    ("asked", "due"), [("2027-01-31", "2027-02-28"), ("2026-12-05", "2027-01-05"), ("2028-01-30", "2028-02-29")]
)
def test_a_month_is_a_month(asked, due):
    moment = datetime.fromisoformat(f"{asked}T09:00+00:00")
    assert months_later(moment, 1).date().isoformat() == due
