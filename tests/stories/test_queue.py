"""The queue: filters in the address, views that are kept, and what is done from its rows."""

import re
from contextlib import suppress
from html import unescape

import pytest
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from service.core.errors import Refusal
from service.people.directory import find
from service.records.cases import Case, Route
from service.records.people import Person
from service.records.timeline import ReadEntry, TimelineEntry, TimelineHead
from service.timeline import entries as entries_of
from tests.makers import PERSONAL, at, faults, fields, listed, people, press, put_right, report, step

ME = "digital@demo.example"


@pytest.fixture
def cases(token, clock):
    """Three cases: an official one that is closed, a personal one that is late, and a new critical one."""
    staff, digital, colleague = people(token, "staff digital colleague")
    clock.at("2026-11-19T15:30+00:00")
    closed = report(staff, codes=["other"])
    put_right(staff, digital, closed)
    press(digital, closed, "close", resolution="advice_given")
    clock.at("2026-11-20T10:00+00:00")
    late = report(colleague, account=PERSONAL, codes=["disrepute"])
    press(digital, late, "assign", person=ME)
    clock.at("2026-11-21T10:00+00:00")
    new = report(staff, safety_risk="yes", account={"type": "official", "platform": "X"})
    return {"closed": closed["reference"], "late": late["reference"], "new": new["reference"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "new late closed"),
        ("stage=closed", "closed"),
        ("kind=mistake&stage=reported", "new late"),
        ("kind=concern", ""),
        ("severity=critical", "new"),
        ("platform=Instagram", "late"),
        ("platform=iNSTAGRAM", "late"),
        ("platform=x", "new closed"),
        ("platform=twitter", "new closed"),
        ("platform=%21", ""),
        ("account_type=official", "new closed"),
        ("overdue=1", "late"),
        ("assigned=me", "late"),
        ("assigned=mine", "late"),
        ("assigned=none", "new closed"),
        ("assigned=unassigned&stage=reported", "new"),
        (f"assigned={ME}", "late"),
        ("from=2026-11-20", "new late"),
        ("to=2026-11-20", "late closed"),
        ("from=2026-11-20&to=2026-11-20", "late"),
        ("from=2026-11-20T11:00:00%2B01:00&to=2026-11-20T10:00:01Z", "late"),
        ("from=2026-11-20T11:00:00 01:00&to=2026-11-20T10:00:00Z", None),
        ("order=oldest", "closed late new"),
        ("order=worst", "new late closed"),
        ("desk=digital_unit&order=worst", "new late closed"),
    ],
)
def test_filters_in_the_address(token, cases, query, expected):
    digital = token("digital")
    if expected is None:
        assert fields(digital.get(f"/api/cases?{query}")) == {"to"}
        return
    assert listed(digital, f"?{query}") == [cases[name] for name in expected.split()]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("stage=open", {"stage"}),
        ("severity=worst&kind=x", {"severity", "kind"}),
        ("account_type=mine", {"account_type"}),
        ("overdue=perhaps", {"overdue"}),
        ("from=yesterday", {"from"}),
        ("from=2026-02-30", {"from"}),
        ("to=2026-11-20T10:00", {"to"}),
        ("from=9999-12-31&to=9999-12-31", {"from", "to"}),
        ("from=2026-11-21&to=2026-11-20", {"to"}),
        ("platform=" + "x" * 61, {"platform"}),
        ("order=best", {"order"}),
        ("desk=mine", {"desk"}),
    ],
)
def test_a_filter_that_does_not_parse_is_named_and_what_was_typed_stays(token, sign_in, cases, query, wrong):
    refused = token("digital").get(f"/api/cases?{query}")
    assert (refused.status_code, fields(refused)) == (422, wrong)
    page = sign_in("digital").get(f"/queue?{query}&q=kept+words")
    assert page.status_code == 422
    assert 'value="kept words"' in page.text
    for name in wrong:
        assert f'href="#filter-{name}"' in page.text or name == "desk", name
        if name in ("from", "to", "platform"):
            typed = dict(each.split("=") for each in query.split("&"))[name]
            assert f'value="{typed}"' in page.text


def test_a_platform_is_found_in_any_script_and_any_capitals(token):
    staff, digital = people(token, "staff digital")
    for platform, other in (("ВКонтакте", "вконтакте"), ("Straße", "STRASSE"), ("微博", "微博")):
        case = report(staff, account={"type": "official", "platform": platform})["reference"]
        assert listed(digital, f"?platform={other}") == listed(digital, f"?platform={platform}") == [case]


def rows(page) -> list[str]:
    return re.findall(r'<tr role="row" class="row[^"]*" id="(SM-[0-9-]+)"', page.text)


def test_the_page_shows_what_is_chosen_in_words(sign_in, cases):
    digital = sign_in("digital")
    assert rows(digital.get("/queue")) == [cases["new"], cases["late"]]
    page = digital.get("/queue?platform=Instagram&overdue=1&from=2026-11-20&q=" + cases["late"])
    assert rows(page) == [cases["late"]]
    tags = re.findall(r'moj-filter__tag" href="([^"]+)"><span[^>]*>Remove:</span> ([^<]+)</a>', unescape(page.text))
    assert [word for _, word in tags] == [f"“{cases['late']}”", "Instagram", "Late", "From 2026-11-20"]
    assert all(rows(digital.get(address)) == [cases["late"]] for address, _ in tags)
    assert rows(digital.get("/queue?platform=instagram")) == [cases["late"]]
    assert "reported <time" in page.text


def test_days_are_those_of_the_reader(token, cases):
    """The closed case was reported at 15:30 in London: at 00:30 on the 20th in Tokyo, where its reporter is."""
    assert listed(token("staff"), "?to=2026-11-19") == []
    assert listed(token("staff"), "?from=2026-11-20&to=2026-11-20") == [cases["closed"]]


def test_a_manager_has_a_queue_without_a_desk(token, sign_in, cases):
    manager = sign_in("manager")
    assert 'href="/queue?desk=line_manager"' in manager.get("/").text
    assert 'href="/queue?desk=line_manager"' not in sign_in("head").get("/").text
    page = manager.get("/queue")
    assert rows(page) == [cases["new"], cases["late"]]
    assert ">Take it<" not in page.text
    manager.fill_in("/queue/acknowledge", {"one": cases["late"], "back": "?desk=line_manager"})
    assert step(token("manager").get(f"/api/cases/{cases['late']}").json(), "inform_manager")
    assert 'value="' + cases["late"] not in manager.get("/queue?desk=line_manager").text
    assert sign_in("head").get("/queue").status_code == 403
    assert rows(sign_in("outsider").get("/queue?desk=line_manager")) == []


def test_a_manager_who_sits_at_a_desk_has_a_tab_for_what_was_sent_to_them(token, sign_in, cases, database):
    tab = '<a class="moj-sub-navigation__link" href="/queue?desk=line_manager"'
    digital = sign_in("digital")
    assert tab not in digital.get("/queue").text
    with database.write() as db:
        sits = find(db, ME)
        moved = update(Route).where(col(Route.person_id) == find(db, "manager@demo.example").id)
        db.execute(moved.values(person_id=sits.id))
    assert tab in digital.get("/queue").text


def test_a_search_that_a_page_repeats_by_itself_is_noted_once(sign_in, cases, database):
    digital, by_itself = sign_in("digital"), {"X-Amends-By-Itself": "1"}

    def searches() -> list[str]:
        with database.read() as db:
            noted = select(col(ReadEntry.detail)).where(col(ReadEntry.what) == "search").order_by(col(ReadEntry.id))
            return list(db.execute(noted).scalars())

    digital.get("/queue?q=window")
    for _ in range(3):
        digital.get("/queue?q=window", headers=by_itself)
    assert searches() == ["window"]
    digital.get("/queue?q=window")
    digital.get("/queue?q=door", headers=by_itself)
    sign_in("digital2").get("/queue?q=door", headers=by_itself)
    assert searches() == ["window", "window", "door", "door"]


def test_views_are_kept_and_are_ones_own(token, sign_in):
    digital, digital2 = people(token, "digital digital2")
    made = digital.post("/api/views", json={"name": "Late ones", "filters": {"overdue": "1", "order": "worst"}})
    assert made.status_code == 201, made.text
    view = made.json()
    assert digital.get("/api/views").json() == {"items": [view], "next": None}
    assert digital2.get("/api/views").json()["items"] == []
    assert digital2.delete(f"/api/views/{view['id']}").status_code == 404
    assert fields(digital.post("/api/views", json={"name": "Late ones", "filters": {}})) == {"name"}
    assert fields(digital.post("/api/views", json={"name": "x", "filters": {"stage": "late"}})) == {"filters.stage"}
    assert digital.post("/api/views", json={"name": "x", "filters": {"colour": "red"}}).status_code == 422
    key = {"Idempotency-Key": "one"}
    twice = [digital.post("/api/views", json={"name": "Mine", "filters": {}}, headers=key) for _ in range(2)]
    assert [each.json() for each in twice] == [twice[0].json()] * 2
    page = sign_in("digital")
    assert 'href="/queue?overdue=1&amp;order=worst">Late ones</a>' in page.get("/queue").text
    kept = page.fill_in("/queue/views", {"name": "High", "back": "?severity=high&desk=digital_unit&evil=1"})
    assert (kept.status_code, kept.headers["location"]) == (303, "/queue?severity=high&desk=digital_unit")
    assert [each["name"] for each in digital.get("/api/views").json()["items"]] == ["High", "Late ones", "Mine"]
    again = page.fill_in("/queue/views", {"name": "High", "back": "?severity=high"})
    assert (again.status_code, 'value="High"' in again.text, "of this name already" in again.text) == (422, True, True)
    # The list, its choices and what the next press carries along are still those of the view that could not be kept.
    assert '<option value="high" selected>' in again.text
    assert 'data-back="?order=worst&amp;severity=high&amp;desk=digital_unit"' in again.text
    assert again.text.count('name="back" value="?order=worst&amp;severity=high&amp;desk=digital_unit"') >= 2
    page.fill_in(f"/queue/views/{view['id']}/drop", {"back": ""})
    assert len(digital.get("/api/views").json()["items"]) == 2


def test_a_row_is_read_and_taken(token, sign_in, cases):
    page, digital = sign_in("digital"), token("digital")
    before = page.get("/queue").text
    assert before.count('data-act="acknowledge"') == before.count('data-act="take"') + 1 == 2
    done = page.fill_in("/queue/take", {"one": cases["new"], "back": "?severity=critical"})
    assert (done.status_code, done.headers["location"]) == (303, "/queue?severity=critical")
    assert digital.get(f"/api/cases/{cases['new']}").json()["assigned_to"] == ME
    page.fill_in("/queue/acknowledge", {"one": cases["new"]})
    assert digital.post(f"/api/cases/{cases['new']}/acknowledge", json={}).status_code == 409
    assert 'data-act="take"' not in page.get("/queue").text


def test_what_is_marked_as_read_is_not_new_any_more_to_whoever_marked_it(sign_in, cases):
    new_to_you, manager, digital2 = "New to you", sign_in("manager"), sign_in("digital2")
    assert [who.get("/queue").text.count(new_to_you) for who in (manager, digital2)] == [2, 2]
    digital2.fill_in("/queue/acknowledge", {"one": cases["new"]})
    assert [who.get("/queue").text.count(new_to_you) for who in (manager, digital2)] == [2, 1]
    manager.fill_in("/queue/acknowledge", {"one": cases["new"], "back": "?desk=line_manager"})
    assert [who.get("/queue").text.count(new_to_you) for who in (manager, digital2)] == [1, 1]


def test_of_two_who_take_one_case_the_first_has_it(token, sign_in, cases):
    first, second, digital = sign_in("digital2"), sign_in("digital"), token("digital")
    take = {"one": cases["new"]}
    assert 'data-act="take"' in second.get("/queue").text
    first.fill_in("/queue/take", take)
    second.fill_in("/queue/take", take)
    page = second.get("/queue").text
    assert f"Digital unit member has it already: {cases['new']}." in page
    assert 'data-act="take"' not in page
    assert digital.get(f"/api/cases/{cases['new']}").json()["assigned_to"] == "digital2@demo.example"
    first.fill_in("/queue/take", take)
    assert "They have this case already" in first.get("/queue").text
    second.fill_in("/queue/give", {"case": [cases["new"]], "person": ME})
    assert digital.get(f"/api/cases/{cases['new']}").json()["assigned_to"] == ME


def test_several_are_given_and_what_is_refused_is_named(token, sign_in, cases, database):
    page, digital = sign_in("digital"), token("digital")
    chosen = page.fill_in("/queue/choose", {"case": list(cases.values()), "back": "?order=newest"})
    assert chosen.status_code == 303
    choice = page.get(chosen.headers["location"])
    assert '<option value="digital2@demo.example">' in choice.text
    assert "hr@demo.example" not in choice.text
    assert 'id="error-summary"' not in choice.text
    assert page.get("/queue/give?back=%3Forder%3Dnewest").headers["location"] == "/queue?order=newest"
    told = page.get("/queue").text
    assert "Tick at least one case first." in told
    assert "notice--refused" in told
    nobody = page.fill_in("/queue/give", {"case": list(cases.values()), "back": "?order=newest", "person": ""})
    assert (nobody.status_code, "Choose somebody." in nobody.text) == (422, True)
    with database.read() as db:
        before = db.execute(select(func.count()).select_from(TimelineEntry)).scalar_one()
    given = {"case": [*cases.values(), "SM-2026-999999"], "person": "digital2@demo.example", "back": "?order=newest"}
    done = page.fill_in("/queue/give", given)
    assert done.headers["location"] == "/queue?order=newest"
    told = page.get("/queue?order=newest").text
    assert "2 cases are now with" in told
    assert f"The case is closed, so this cannot be done now: {cases['closed']}." in told
    assert "There is nothing here: SM-2026-999999." in told
    for name in ("late", "new"):
        assert digital.get(f"/api/cases/{cases[name]}").json()["assigned_to"] == "digital2@demo.example"
    with database.read() as db:
        assert db.execute(select(func.count()).select_from(TimelineEntry)).scalar_one() == before + 2
    assert '<option value="none">Nobody: put them back in the queue</option>' in choice.text
    page.fill_in("/queue/give", {"case": [cases["late"], cases["new"]], "person": "none"})
    assert "2 cases are now with nobody." in page.get("/queue").text
    assert listed(digital, "?assigned=none&stage=reported&order=worst") == [cases["new"], cases["late"]]


def test_a_deed_from_a_row_is_refused_as_on_the_case(token, sign_in, cases):
    media = sign_in("media")
    media.fill_in("/queue/take", {"one": cases["new"]})
    assert "There is nothing here" in media.get("/queue").text
    press(token("digital"), {"reference": cases["new"]}, "send", desk="media_office", reason="Look.")
    media.fill_in("/queue/take", {"one": cases["new"]})
    assert "This is for somebody else to do" in media.get("/queue").text
    assert sign_in("staff").fill_in("/queue/choose", {"case": cases["new"]}).status_code == 403


def test_two_at_a_desk_see_that_the_other_is_looking(token, sign_in, cases, clock, database):
    digital, digital2, manager = sign_in("digital"), sign_in("digital2"), sign_in("manager")
    here = f"/cases/{cases['new']}"
    said = "is looking at this"
    assert digital2.fill_in(f"{here}/looking").text == ""
    manager.get(here)
    assert manager.fill_in(f"{here}/looking").text == ""
    with database.read() as db:
        before = db.execute(select(func.count()).select_from(ReadEntry)).scalar_one()
    assert digital.fill_in(f"{here}/looking").text == f"Digital unit member {said}"
    assert digital.get(f"{here}/looking").text == f"Digital unit member {said}"
    with database.read() as db:
        assert db.execute(select(func.count()).select_from(ReadEntry)).scalar_one() == before
    digital.fill_in(f"{here}/looking", {"gone": "1"})
    assert digital.get("/queue").text.count(said) == digital.get(here).text.count(said) == 1
    assert digital2.get("/queue").text.count(said) == digital2.get(here).text.count(said) == 0
    for who in ("manager", "staff"):
        assert said not in sign_in(who).get(here).text
    assert sign_in("outsider").fill_in(f"{here}/looking").status_code == 404
    clock.forward(seconds=51)
    assert said not in digital.get("/queue").text
    digital2.fill_in(f"{here}/looking")
    digital2.fill_in(f"{here}/looking", {"gone": "1"})
    assert said not in digital.get("/queue").text


def test_that_hr_looks_is_for_hr_alone_to_know(token, sign_in, cases):
    press(token("digital"), {"reference": cases["new"]}, "send", desk="hr", reason="Look.")
    here = f"/cases/{cases['new']}"
    sign_in("hr").get(here)
    hr = sign_in("hr")
    hr.fill_in(f"{here}/looking")
    assert "is looking at this" in sign_in("hr2").get(here).text
    assert "is looking at this" not in sign_in("digital").get(here).text


def test_the_assignee_is_chosen_from_a_list(sign_in, cases):
    page = sign_in("digital").get(f"/cases/{cases['new']}").text
    assert page.count('<option value="digital2@demo.example">') == 2
    assert 'name="assigned_to" type="email"' not in page
    assert at({"reference": cases["new"]})


def test_what_people_typed_is_text_in_a_row(token, sign_in, database):
    wicked = "<img src=x onerror=alert(1)>"
    staff, digital = people(token, "staff digital")
    case = report(staff, account={"type": "official", "platform": wicked})
    press(digital, case, "assign", person="digital2@demo.example")
    with database.write() as db:
        db.execute(update(Person).where(col(Person.email) == "digital2@demo.example").values(name=wicked))
    sign_in("digital2").fill_in(f"/cases/{case['reference']}/looking")
    page = sign_in("digital").get("/queue", params={"platform": wicked}).text
    assert wicked not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 4


def test_the_row_that_every_writer_waits_for_is_taken_last(cases, database):
    """A batch of deeds goes from case to case; whoever else writes must not wait for all of it."""
    length = select(TimelineHead.position)
    with Session(database.writing, expire_on_commit=False) as db:
        before = db.execute(length).scalar_one()
        mine = [db.execute(select(Case).where(Case.reference == cases[name])).scalar_one() for name in ("late", "new")]
        for case in mine:
            with entries_of.apart(db):
                entries_of.add(db, case, "assigned", actor=None, at=case.reported_at)
        with suppress(Refusal), entries_of.apart(db):
            entries_of.add(db, mine[0], "assigned", actor=None, at=mine[0].reported_at)
            raise Refusal("Not this one.")
        assert db.execute(length).scalar_one() == before
        db.commit()
        assert db.execute(length).scalar_one() == before + 2
    assert faults(database) == []


def test_empty_boxes_stand_in_no_address(sign_in):
    digital = sign_in("digital")
    led = digital.get("/queue?desk=digital_unit&q=&stage=&order=newest")
    assert (led.status_code, led.headers["location"]) == (303, "/queue?desk=digital_unit&order=newest")


def test_a_manager_reads_what_is_asked_of_them_and_who_reported(token, sign_in):
    case = report(token("staff"))
    row = sign_in("manager").get("/queue").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert case["reference"] in row
    assert '<span class="row__what">read it</span>' in row
    assert "from <bdi>Member of staff</bdi>" in row
    press(token("manager"), case, "acknowledge")
    row = sign_in("manager").get("/queue").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert "Nothing due" in row


def test_what_is_wrong_in_an_address_is_said_on_pages_without_codes(sign_in, token):
    wrong = "stage=nonsense&account_type=x&order=up&from=yesterday"
    page = sign_in("digital").get(f"/queue?{wrong}").text
    shown = re.sub(r"<[^>]*>", " ", page)
    for said in ("Choose a stage from the list.", "Choose an account", "Choose an order", "a day, like 2026-11-20."):
        assert said in shown
    assert "in_hand" not in shown
    assert "T23:04" not in shown
    assert "T23:04" not in sign_in("auditor").get("/audit?from=never").text
    told = {error["field"]: error["message"] for error in token("digital").get(f"/api/cases?{wrong}").json()["errors"]}
    assert "in_hand" in told["stage"]
    assert "+09:00" in told["from"]


def test_no_list_says_who_raised_a_concern(token, sign_in):
    concern = report(token("staff"), kind="concern", narrative="It looks wrong.", confidential=False)
    row = sign_in("digital").get("/queue").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert concern["reference"] in row
    assert "Member of staff" not in row
