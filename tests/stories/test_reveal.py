"""Who raised a concern in confidence is shown to one person, who says why; and whoever raised it is told."""

from urllib.parse import urlencode

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from service.records.cases import Revealed
from service.records.people import BrowserSession, DeskMember
from service.worker.run import work_once
from tests.makers import at, entries, everything_kept, faults, id_of, people, press, report
from tests.stories.test_concern import raise_it

REASON = "They may be in danger, and we have to reach them."
PAGE_OF = "/cases/{}"


@pytest.fixture
def case(token):
    staff = token("staff")
    return raise_it(staff, confidential=True)


def reveal(browser, case, reason=REASON):
    here = PAGE_OF.format(case["reference"])
    browser.get(here)
    return browser.fill_in(f"{here}/reveal", {"reason": reason})


def is_shown(browser, case):
    """Whether somebody's page of the case says who raised it."""
    page = browser.get(PAGE_OF.format(case["reference"])).text
    return "Member of staff" in page and "in confidence: shown to you alone" in page


def test_the_lead_is_shown_who_raised_it_and_whoever_raised_it_is_told(token, sign_in, case, database, settings, clock):
    staff, other = people(token, "staff digital2")
    lead = sign_in("digital")
    here = PAGE_OF.format(case["reference"])
    assert "staff@" not in lead.get(here).text
    assert reveal(lead, case).status_code == 303
    assert is_shown(lead, case)
    assert token("digital").get(at(case)).json()["confidential"] is True
    for who in (other, token("digital"), token("digital", scopes="read"), token("manager"), token("auditor")):
        seen = who.get(at(case))
        assert "staff@" not in seen.text + who.get(f"{at(case)}/timeline").text
    told = staff.get(at(case)).json()["messages"]
    assert [REASON in line["text"] for line in told] == [True]
    assert "lead of the desk" in told[0]["text"]
    assert "Digital" not in str(told)
    (entry,) = entries(staff, case, "revealed")
    assert entry["actor"] == "The desk that looks at it"
    assert work_once(database, settings, clock)
    assert [row["kind"] for row in staff.get("/api/notifications").json()["items"]] == ["revealed"]
    (entry,) = entries(other, case, "revealed")
    assert "staff" not in str(entry).lower()
    assert faults(database) == []


def test_whoever_raised_it_reads_who_knows_now(token, sign_in, case):
    staff, here = sign_in("staff"), PAGE_OF.format(case["reference"])
    assert "Nobody who works on this sees your name." in staff.get(here).text
    assert "shown_to" not in token("staff").get(at(case)).json()
    assert reveal(sign_in("digital"), case).status_code == 303
    page = staff.get(here).text
    assert "The lead of the desk knows." in page
    assert "Nobody who works on this sees your name." not in page
    assert "shown_to" not in token("digital").get(at(case)).json()
    assert token("staff").get(at(case)).json()["shown_to"] == ["desk"]


def test_it_is_shown_nowhere_else(token, sign_in, case):
    lead = sign_in("digital")
    reveal(lead, case)
    mine = token("digital")
    seen = mine.get("/api/cases").text + mine.get("/api/export.csv").text + mine.get("/api/notifications").text
    for audience in ("digital_unit", "line_manager", "reporter"):
        made = mine.get(f"{at(case)}/summary.pdf?audience={audience}")
        assert made.status_code == 200, made.text
        seen += made.content.decode("latin-1")
    seen += mine.get(f"{at(case)}/timeline").text
    assert "staff@" not in seen


def test_after_five_minutes_the_password_is_asked_for_once_more(token, sign_in, case, clock):
    lead = sign_in("digital")
    here = PAGE_OF.format(case["reference"])
    lead.get(here)
    clock.forward(minutes=5, seconds=1)
    asked = reveal(lead, case)
    assert asked.status_code == 403
    assert "Give your password once more" in asked.text
    assert REASON not in token("staff").get(at(case)).text
    before = dict(lead.cookies)
    kept = asked.text.partition('name="kept" value="')[2].partition('"')[0]
    wrong = lead.fill_in(
        "/sign-in", {"email": "digital@demo.example", "password": "not this one", "next": here, "kept": kept}
    )
    assert wrong.status_code == 401
    assert "not your password" in wrong.text
    right = lead.fill_in(
        "/sign-in", {"email": "digital@demo.example", "password": "demo-amends-2026", "next": here, "kept": kept}
    )
    assert REASON in right.text
    assert f'action="{here}/reveal"' in right.text
    assert dict(lead.cookies) != before
    assert lead.fill_in(f"{here}/reveal", {"reason": REASON}).status_code == 303
    assert is_shown(lead, case)


@pytest.mark.parametrize("meanwhile", ["five minutes", "signed out", "no seat"])
def test_what_comes_slowly_is_asked_about_when_all_of_it_is_there(
    server, app, sign_in, case, clock, database, meanwhile
):
    """Told at the door itself: only there can a body take its time."""
    lead = sign_in("digital")
    path = PAGE_OF.format(case["reference"]) + "/reveal"
    lead.get(PAGE_OF.format(case["reference"]))
    body = urlencode({"csrf": lead.csrf, "reason": REASON}).encode()
    head = [(b"host", b"127.0.0.1:8000"), (b"content-type", b"application/x-www-form-urlencoded")]
    head += [(b"cookie", "; ".join(f"{name}={value}" for name, value in lead.cookies.items()).encode())]
    pieces, answered = [body[:20], body[20:]], []

    async def receive():
        if len(pieces) == 1:
            clock.forward(minutes=5, seconds=1) if meanwhile == "five minutes" else clock.forward(seconds=2)
            if meanwhile == "no seat":
                with database.write() as db:
                    db.execute(delete(DeskMember).where(col(DeskMember.person_id) == id_of(database, "digital")))
            elif meanwhile == "signed out":
                with database.write() as db:
                    db.execute(delete(BrowserSession))
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message):
        answered.append(message)

    scope = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": path, "headers": head}
    scope |= {"raw_path": path.encode(), "query_string": b"", "client": ("192.0.2.1", 1), "server": ("127.0.0.1", 8000)}
    with server.portal() as portal:
        portal.call(app, scope | {"root_path": "", "extensions": {}}, receive, send)
    said = b"".join(each.get("body", b"") for each in answered[1:]).decode()
    assert answered[0]["status"] == {"five minutes": 403, "signed out": 401, "no seat": 404}[meanwhile]
    assert ('name="kept" value="' in said) == (meanwhile != "no seat")
    with database.read() as db:
        assert db.execute(select(Revealed)).all() == []


def test_a_token_cannot_reveal(token, case):
    refused = token("digital").post(f"{at(case)}/reveal", json={"reason": REASON})
    assert (refused.status_code, refused.json()["detail"][:13]) == (403, "A token canno")
    assert token("outsider").post(f"{at(case)}/reveal", json={"reason": REASON}).status_code == 404
    assert token("digital2").post(f"{at(case)}/reveal", json={"reason": REASON}).status_code == 403
    assert token("staff").post(f"{at(case)}/reveal", json={"reason": REASON}).status_code == 403


def test_only_hr_and_the_lead(token, sign_in, case):
    digital = token("digital")
    press(digital, case, "send", desk="media_office", reason="Look.")
    press(digital, case, "send", desk="line_manager", reason="Look.")
    for who in ("digital2", "media", "manager", "staff"):
        assert reveal(sign_in(who), case).status_code == 403, who
    assert reveal(sign_in("hr2"), case).status_code == 404
    press(digital, case, "send", desk="hr", reason="Look.")
    second = sign_in("hr2")
    assert reveal(second, case).status_code == 303
    assert is_shown(second, case)
    assert not is_shown(sign_in("hr"), case)
    assert "Somebody in HR" in token("staff").get(at(case)).json()["messages"][0]["text"]


def test_what_is_refused_and_what_is_harmless(token, sign_in, case, database):
    staff, digital = people(token, "staff digital")
    lead = sign_in("digital")
    assert reveal(lead, case, reason=" ").status_code == 422
    assert reveal(lead, raise_it(staff)).status_code == 409
    assert reveal(lead, report(staff)).status_code == 409
    assert reveal(lead, case).status_code == reveal(lead, case, reason="Again.").status_code == 303
    assert len(entries(digital, case, "revealed")) == len(staff.get(at(case)).json()["messages"]) == 1
    assert "Ask who raised this" not in lead.get(PAGE_OF.format(case["reference"])).text
    assert faults(database) == []


def test_a_lead_who_raised_it_cannot_be_shown_that(token, sign_in):
    mine = raise_it(token("digital"), confidential=True)
    assert reveal(sign_in("digital"), mine).status_code == 403


def test_why_it_was_revealed_can_be_purged_and_that_it_was_stays(token, sign_in, case, database):
    staff, digital, manager = people(token, "staff digital manager")
    press(digital, case, "send", desk="line_manager", reason="Look.")
    lead = sign_in("digital")
    reveal(lead, case)
    assert staff.patch(at(case), json={"possibly_classified": "yes"}).status_code == 200
    press(digital, case, "purge", fields=["revealed.reason"], reason="It says too much.")
    assert REASON not in str(staff.get(at(case)).json()) + str(entries(digital, case)) + everything_kept(database)
    (line,) = staff.get(at(case)).json()["messages"]
    assert line["text"].endswith("These words were destroyed.")
    assert "reveal" not in str(entries(manager, case))
    assert is_shown(lead, case)
    assert faults(database) == []


def test_who_leads_the_desk_no_longer_sees_the_name_no_longer(token, sign_in, case, database):
    lead = sign_in("digital")
    assert reveal(lead, case).status_code == 303
    assert is_shown(lead, case)
    with database.write() as db:
        seat = update(DeskMember).where(col(DeskMember.person_id) == id_of(database, "digital")).values(lead=False)
        db.execute(seat)
    assert lead.get(PAGE_OF.format(case["reference"])).status_code == 200
    assert not is_shown(lead, case)
