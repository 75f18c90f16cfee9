"""The wall round a case, tried from outside: whoever is kept out meets what they would meet without such a case."""

import re
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute
from sqlalchemy import event

from tests.makers import (
    PERSONAL,
    at,
    edit,
    entries,
    faults,
    fields,
    listed,
    people,
    picture,
    press,
    put_right,
    report,
    route,
    upload,
)

ABSENT = "SM-2026-999999"
CANARY = "Quokka"
LINK = "https://social.example/quokka"
BODIES: dict[str, dict[str, Any]] = {
    "conflict": {"person": "digital2@demo.example", "reason": "x"},
    "close": {"resolution": "advice_given"},
    "reopen": {"reason": "x"},
    "notes": {"text": "x", "audience": "digital_unit"},
    "messages": {"text": "x"},
    "assign": {"person": "digital2@demo.example"},
    "send": {"desk": "hr", "reason": "x"},
    "same": {"as": ABSENT},
    "merge": {"into": ABSENT},
}


@contextmanager
def statements(database):
    """The statements that run meanwhile, in their order."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    engines = (database.reading, database.writing, database.jotting)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def doors(app) -> list[tuple[str, str]]:
    """Every method and address that names a case."""
    found = []
    for one in app.routes:
        if isinstance(one, HTTPRoute) and "/cases/{reference" in one.path_format:
            found += [(method, one.path_format) for method in one.route_handler_map if method != "OPTIONS"]
    return found


def tried(database, who, method: str, path: str, **sent: Any) -> tuple[Any, ...]:
    """All that comes of a request, but for what is different each time."""
    with statements(database) as ran:
        answer = who.request(method, path, **sent)
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "set-cookie")}
    return answer.status_code, answer.content, headers, ran


def merged(token) -> dict[str, Any]:
    """A busy case which another was merged with, so that whoever follows the kin of the one meets the other."""
    staff, colleague, digital = people(token, "staff colleague digital")
    case = report(staff, narrative=CANARY, post={"url": LINK}, codes=["disrepute"])
    case["file"] = upload(staff, case, picture("teal")).json()["id"]
    other = report(colleague, post={"url": LINK})
    press(digital, other, "merge", into=case["reference"])
    press(digital, case, "notes", text=CANARY, audience="digital_unit")
    return case


def walled_from(token, who: str) -> dict[str, Any]:
    """A case that somebody was kept out of after they had seen it."""
    case = merged(token)
    digital2 = token("digital2")
    assert digital2.get(at(case)).status_code == 200
    press(token("digital2" if who == "digital" else "digital"), case, "conflict", person=f"{who}@demo.example",
          reason="A cousin.")  # fmt: skip
    return case


@pytest.mark.parametrize("who", ["digital2", "digital", "manager"])
def test_every_door_is_shut_as_if_there_were_no_room_behind_it(token, sign_in, app, database, who):
    case = walled_from(token, who)
    program, page = token(who), sign_in(who)
    page.get("/")
    for method, path in doors(app):
        using = program if path.startswith("/api/") else page
        deed = path.rpartition("/")[2]
        told = BODIES.get(deed, {"reason": "x"})
        for kind, body in (("right", told), ("wrong", {"no": "such"}), ("keyed", told), ("stale", told)):
            headers = {"keyed": {"Idempotency-Key": f"{deed}{method}"}, "stale": {"If-Match": '"99"'}}.get(kind, {})
            sent: dict[str, Any] = {"headers": headers}
            if method not in ("GET", "HEAD"):
                sent |= {"json": body} if using is program else {"data": {"csrf": using.csrf, **body}}
            both = [
                tried(
                    database,
                    using,
                    method,
                    path.replace("{reference}", reference)
                    .replace("{kind}", "delete")
                    .replace("{file_id}", case["file"]),
                    **sent,
                )
                for reference in (ABSENT, case["reference"])
            ]
            assert both[0][0] == 404, (method, path, kind, both[0])
            assert both[0][:3] == both[1][:3], (method, path, kind)
            assert both[0][3] == both[1][3], (method, path, kind, both[1][3])


def test_a_file_is_no_more_there_than_its_case(token, database):
    case = walled_from(token, "digital2")
    digital2 = token("digital2")
    files = {"file": ("a.png", picture("teal"))}
    tries = [
        tried(database, digital2, "POST", f"/api/cases/{reference}/evidence", files=files)
        for reference in (ABSENT, case["reference"])
    ]
    assert tries[0] == tries[1]
    assert tries[0][0] == 404


@pytest.mark.parametrize("who", ["digital2", "digital", "manager"])
def test_nothing_that_is_listed_counted_found_or_saved_tells_of_it(token, sign_in, who):
    """The same world with the case and without it: every list, count and file is alike, byte for byte."""
    staff, seen_by = token("staff"), token(who)
    own = report(token("colleague"), codes=["wrong_account"])
    lists = ("", f"?q={CANARY}", f"?q={CANARY[:4]}*", "?q=SM-", "?order=worst", "?stage=reported", "?severity=medium",
             "?platform=X", "?assigned=none")  # fmt: skip
    mine = f"/cases/{own['reference']}"
    looked = [f"/api/cases{query}" for query in lists] + [f"/api{mine}", f"/api{mine}/timeline", "/api/export.csv"]
    looked += ["/api/notifications?unread=true", "/api/me", "/api/views", "/api/referrals"]
    pages = ("/", "/queue", "/queue?desk=line_manager", "/cases", "/notifications", mine, f"/queue?q={CANARY}",
             "/queue/export.csv")  # fmt: skip
    browser = sign_in(who)

    def all_of_it() -> dict[str, Any]:
        told = {path: seen_by.get(path) for path in looked} | {f"page {path}": browser.get(path) for path in pages}
        guard = re.compile(r'name="csrf" value="[^"]+"|go=[0-9a-f]+')
        return {path: (answer.status_code, guard.sub("", answer.text)) for path, answer in told.items()}

    all_of_it()
    before = all_of_it()
    case = report(staff, narrative=CANARY, post={"url": LINK}, account={"type": "official", "platform": "X"})
    upload(staff, case, picture("teal"))
    by = token("digital2" if who == "digital" else "digital")
    press(by, case, "conflict", person=f"{who}@demo.example", reason="A cousin.")
    press(by, case, "notes", text=CANARY, audience="digital_unit")
    press(by, case, "triage", severity="high")
    after = all_of_it()
    assert {path: told for path, told in after.items() if told != before[path]} == {}


def test_the_same_link_words_or_file_of_a_walled_case_is_nobodys_duplicate(token):
    staff, colleague, digital, digital2 = people(token, "staff colleague digital digital2")
    post = {"url": LINK, "text": "Talks are on Monday in the old town hall."}
    secret = report(staff, post=post)
    upload(staff, secret, picture("teal"))
    press(digital, secret, "conflict", person="digital2@demo.example", reason="A cousin.")
    other = report(colleague, post=post)
    upload(colleague, other, picture("teal"))
    assert [one["reference"] for one in digital.get(at(other)).json()["duplicates"]] == [secret["reference"]]
    seen = digital2.get(at(other))
    assert seen.json()["duplicates"] == []
    assert secret["reference"] not in seen.text
    # Nor does naming it say that it is there.
    for deed, told in (("merge", {"into": "{}"}), ("close", {"resolution": "duplicate", "duplicate_of": "{}"})):
        answers = [
            digital2.post(f"{at(other)}/{deed}", json={name: said.format(ref) for name, said in told.items()})
            for ref in (ABSENT, secret["reference"])
        ]
        assert [answer.status_code for answer in answers] == [answers[0].status_code] * 2
        assert answers[0].content == answers[1].content
        assert answers[0].status_code == 422


def test_naming_a_walled_case_beside_ones_own_takes_as_many_statements(token, database):
    """A second reference in the body is no way to feel for it either."""
    staff, colleague, digital, digital2 = people(token, "staff colleague digital digital2")
    secret, other = report(staff), report(colleague)
    press(digital, secret, "conflict", person="digital2@demo.example", reason="A cousin.")
    tries = [
        tried(database, digital2, "POST", f"{at(other)}/merge", json={"into": reference})
        for reference in (ABSENT, secret["reference"])
    ]
    assert tries[0] == tries[1]


def test_ticked_in_a_list_it_is_refused_as_one_that_is_not_there(token, sign_in, database):
    secret = walled_from(token, "digital2")
    page = sign_in("digital2")
    page.get("/queue")
    for path, told in (
        ("/queue/acknowledge", {}),
        ("/queue/take", {}),
        ("/queue/give", {"person": "digital@demo.example"}),
    ):
        tries = [
            tried(database, page, "POST", path, data={"csrf": page.csrf, "case": reference, **told})
            for reference in (ABSENT, secret["reference"])
        ]
        assert tries[0][0] == tries[1][0], path
        assert tries[0][3] == tries[1][3], path


def test_what_was_sent_before_is_answered_with_nothing_of_it(token):
    """A key that was used before the wall went up brings back no more than the reference that its owner sent."""
    staff, digital, digital2 = people(token, "staff digital digital2")
    case = report(staff, narrative=CANARY)
    key, note = {"Idempotency-Key": "mine"}, {"text": "Seen.", "audience": "digital_unit"}
    assert CANARY in digital2.post(f"{at(case)}/notes", json=note, headers=key).text
    press(digital, case, "conflict", person="digital2@demo.example", reason="A cousin.")
    again = digital2.post(f"{at(case)}/notes", json=note, headers=key)
    assert again.json() == {"reference": case["reference"], "may": []}
    assert "etag" not in again.headers
    put_right(staff, digital, case)
    later = digital2.post(f"{at(case)}/notes", json=note, headers=key)
    assert (later.status_code, later.content) == (again.status_code, again.content)
    assert digital2.post(f"{at(case)}/notes", json=note).status_code == 404


def test_a_pdf_that_is_made_already_is_out_of_reach(token, sign_in):
    staff, digital, digital2 = people(token, "staff digital digital2")
    case = report(staff, narrative=CANARY)
    page = sign_in("digital2")
    assert digital2.get(f"{at(case)}/summary.pdf?audience=digital_unit").content.startswith(b"%PDF")
    press(digital, case, "conflict", person="digital2@demo.example", reason="A cousin.")
    for path in (f"{at(case)}/summary.pdf?audience=digital_unit", f"{at(case)}/summary.pdf"):
        assert digital2.get(path).content == digital2.get(f"/api/cases/{ABSENT}/summary.pdf").content
    for path in ("summary.pdf?audience=reporter", "pdf", "pdf?make=digital_unit"):
        assert page.get(f"/cases/{case['reference']}/{path}").status_code == 404


def test_nobody_is_said_to_look_who_was_taken_out(token, sign_in):
    case = report(token("staff"))
    here = f"/cases/{case['reference']}"
    digital, digital2 = sign_in("digital"), sign_in("digital2")
    for page in (digital, digital2):
        page.get(here)
        assert page.fill_in(f"{here}/looking").status_code == 200
    before = digital.get(f"{here}/looking").text.strip()
    press(token("digital"), case, "conflict", person="digital2@demo.example", reason="A cousin.")
    after = digital.get(f"{here}/looking").text.strip()
    assert before != after
    assert digital2.fill_in(f"{here}/looking").status_code == 404


# ---- Out of a case by one's own word, or a lead's ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "desk"),
    [("manager", ""), ("media", "media_office"), ("hr", "hr"), ("data", "data_protection"),
     ("servicesdesk", "fco_services"), ("digital2", "digital_unit")],
)  # fmt: skip
def test_whoever_sees_it_can_say_that_they_must_not(token, sign_in, database, who, desk):
    staff, digital, mine = people(token, f"staff digital {who}")
    case = report(staff, narrative=CANARY)
    if desk not in ("", "digital_unit"):
        press(digital, case, "send", desk=desk, reason="Look at this.")
    page, here = sign_in(who), f"/cases/{case['reference']}"
    shown = page.get(here).text
    assert "I have a conflict of interest" in shown
    assert "have_conflict" in mine.get(at(case)).json()["may"]
    empty = page.fill_in(f"{here}/conflict", {"person": f"{who}@demo.example", "reason": ""})
    assert empty.status_code == 422
    assert 'id="conflict-reason-error"' in empty.text
    done = page.fill_in(f"{here}/conflict", {"person": f"{who}@demo.example", "reason": "We share a flat."})
    assert done.status_code == 303
    assert page.get(done.headers["location"]).status_code == 200
    assert page.get(here).status_code == mine.get(at(case)).status_code == 404
    assert case["reference"] not in str(mine.get("/api/cases").json()) + str(mine.get("/api/notifications").json())
    assert digital.get(at(case)).status_code == 200
    # Why they are out is for the desk that holds it.
    assert "We share a flat." in digital.get(f"{at(case)}/timeline").text
    assert "We share a flat." not in staff.get(f"{at(case)}/timeline").text
    assert faults(database) == []


def test_naming_somebody_else_stays_with_those_who_answer_for_it(token, database):
    staff, manager, digital, media, hr = people(token, "staff manager digital media hr")
    case = report(staff)
    for desk in ("media_office", "hr"):
        press(digital, case, "send", desk=desk, reason="Look at this.")
    told = {"person": "hr2@demo.example", "reason": "Shares a flat with them."}
    # Neither a manager, nor a lead for another desk's people.
    for who in (manager, media):
        assert who.post(f"{at(case)}/conflict", json=told).status_code == 403
    assert "name_conflict" not in manager.get(at(case)).json()["may"]
    # HR's lead for HR's own people.
    assert "name_conflict" in hr.get(at(case)).json()["may"]
    assert token("hr2").get(at(case)).status_code == 200
    assert "name_conflict" not in token("hr2").get(at(case)).json()["may"]
    assert token("hr2").post(f"{at(case)}/conflict", json={**told, "person": "hr3@demo.example"}).status_code == 403
    press(hr, case, "conflict", **told)
    assert token("hr2").get(at(case)).status_code == 404
    refused = hr.post(f"{at(case)}/conflict", json={**told, "person": "media@demo.example"})
    assert (refused.status_code, fields(refused)) == (422, {"person"})
    # Whoever cannot see it cannot name anybody, and the reporter has no such say.
    assert staff.post(f"{at(case)}/conflict", json=told).status_code == 403
    assert token("outsider").post(f"{at(case)}/conflict", json=told).status_code == 404
    assert faults(database) == []


# ---- Routing goes round it ---------------------------------------------------------------------------------------


def test_a_conflict_at_the_alternate_desk_leaves_the_case_there(token, database):
    """It once went to FCO Services, who have nothing to do with it."""
    staff, digital, media, services = people(token, "staff digital media servicesdesk")
    case = report(staff)
    press(digital, case, "conflict", person="digital2@demo.example", reason="x")
    press(digital, case, "conflict", person="digital@demo.example", reason="x")
    assert media.get(at(case)).json()["holding_desk"] == "media_office"
    press(media, case, "conflict", person="manager@demo.example", reason="Wrote it together.")
    assert media.get(at(case)).json()["holding_desk"] == "media_office"
    assert services.get(at(case)).status_code == 404
    assert listed(media, "?desk=media_office") == [case["reference"]]
    assert faults(database) == []


def test_where_the_alternate_desk_has_nobody_left_it_is_the_digital_units(token, database):
    services, desk, media, digital = people(token, "services servicesdesk media digital")
    case = report(services, account=PERSONAL)
    press(desk, case, "conflict", person="media@demo.example", reason="x")
    press(desk, case, "conflict", person="servicesdesk@demo.example", reason="x")
    assert (media.get(at(case)).status_code, desk.get(at(case)).status_code) == (404, 404)
    assert digital.get(at(case)).json()["holding_desk"] == "digital_unit"
    assert press(digital, case, "triage")["hr"]["suggested"] is False
    assert faults(database) == []


def away(who: httpx.Client, deputy: str) -> None:
    """Somebody is away for the rest of the year, and has named who stands in."""
    told = {"deputy": deputy, "absences": [{"from": "2026-11-01T00:00:00Z", "until": "2026-12-31T00:00:00Z"}]}
    answer = who.patch("/api/preferences", json=told)
    assert answer.status_code == 200, answer.text


def test_who_is_out_hands_nothing_on_to_a_deputy_of_their_choice(token, database):
    staff, manager, digital, head = people(token, "staff manager digital head")
    away(manager, "outsider@demo.example")
    case = report(staff)
    assert route(case, "line_manager")["person"] == "outsider@demo.example"
    press(digital, case, "conflict", person="manager@demo.example", reason="It is about them.")
    press(digital, case, "conflict", person="outsider@demo.example", reason="So are they.")
    assert head.get(at(case)).status_code == 200
    later = report(staff)
    press(digital, later, "conflict", person="outsider@demo.example", reason="x")
    # Named by hand, it is no different: their deputy has it from them alone.
    another = report(staff)
    press(digital, another, "conflict", person="manager@demo.example", reason="x")
    back = {"desk": "line_manager", "person": "manager@demo.example", "reason": "x"}
    assert digital.post(f"{at(another)}/send", json=back).status_code == 422
    assert faults(database) == []


def test_a_manager_whom_the_reporter_does_not_want_told_does_not_meet_it_at_a_desk(token, database):
    """The reporter may ask without reasons; and managers sit at desks too."""
    edit(database, "staff", manager="digital2")
    staff, digital, digital2 = people(token, "staff digital digital2")
    case = report(staff, not_manager=True)
    assert digital2.get(at(case)).status_code == 404
    assert (listed(digital2), digital2.get("/api/notifications").json()["items"]) == ([], [])
    assert listed(digital) == [case["reference"]]
    assert "conflict_named" not in {entry["kind"] for entry in entries(staff, case)}
    refused = digital.post(f"{at(case)}/manager", json={"email": "digital2@demo.example"})
    assert refused.status_code == 422
    # Without that wish, a manager at the desk sees it in both places.
    assert digital2.get(at(report(staff))).status_code == 200
    assert faults(database) == []


def test_where_that_manager_is_the_whole_desk_the_alternate_holds_it(token, database):
    edit(database, "staff", manager="digital2")
    edit(database, "digital", active=False)
    staff, digital2, media = people(token, "staff digital2 media")
    case = report(staff, not_manager=True)
    assert case["holding_desk"] == "media_office"
    assert digital2.get(at(case)).status_code == 404
    assert press(media, case, "triage")["stage"] == "in_hand"
    assert faults(database) == []
