"""What waits for somebody: the bell, the list, and the mail that follows from it as they want it."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from service.records.notifications import Notification
from service.records.people import Person
from service.records.timeline import Outbox
from service.worker.post import Post
from tests.makers import APOLOGY, PERSONAL, at, do_what_is_due, people, press, put_right, report

URGENT = {"safety_risk": "yes"}
WAITING = "Something is waiting for you in Amends"


@pytest.fixture
def worker(database, settings, clock):
    """Does what is due; returns the subjects of the mails that leave, by who gets them."""
    folder = Path(settings.mail_url.removeprefix("file://"))

    def work() -> dict[str, list[str]]:
        for kept in folder.glob("*.eml"):
            kept.unlink()
        do_what_is_due(database, settings, clock)
        post = Post(database, settings, clock)
        while post.work_once():
            pass
        told: dict[str, list[str]] = {}
        for kept in folder.glob("*.eml"):
            mail = message_from_bytes(kept.read_bytes(), policy=policy.default)
            told.setdefault(mail["To"].partition("@")[0], []).append(mail["Subject"])
        return told

    return work


def bell(browser, path: str = "/cases") -> str:
    """What the bell says on a page: a number, or nothing."""
    found = re.search(r'class="bell__count">([^<]+)<', browser.get(path).text)
    return found[1] if found else ""


def mark_all(browser, page: str = ""):
    """Press "Mark all as seen" on a page, or on a new one."""
    newest = re.search(r'name="newest" value="([^"]+)"', page or browser.get("/notifications").text)
    return browser.fill_in("/notifications/read", {"newest": newest[1]} if newest else {})


def waiting(client, **query) -> list[dict]:
    """The client's notifications."""
    answer = client.get("/api/notifications", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_a_report_rings_the_bell_of_those_it_reaches(token, sign_in, worker, clock):
    staff, manager = people(token, "staff manager")
    case = report(staff)
    worker()
    at_work = sign_in("manager")
    assert bell(at_work) == "1"
    assert bell(sign_in("digital2")) == "1"
    assert bell(sign_in("staff")) == bell(sign_in("outsider")) == bell(sign_in("admin")) == ""
    [waits] = waiting(manager)
    assert waits == {
        "id": waits["id"],
        "kind": "informed",
        "words": "Something was posted that needs putting right.",
        "asks": "Read it, then say: I have read this.",
        "urgent": False,
        "at": clock().isoformat().replace("+00:00", "Z"),
        "read_at": None,
        "case": {"reference": case["reference"], "title": case["title"]},
    }
    page = at_work.get("/notifications").text
    assert f'href="/cases/{case["reference"]}"' in page
    assert case["title"] in page


def test_opening_the_case_is_reading_what_waits_for_it(token, sign_in, worker, clock):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff)
    worker()
    at_work = sign_in("manager")
    assert at_work.get(f"/cases/{case['reference']}").status_code == 200
    assert bell(at_work) == ""
    assert waiting(manager, unread="true") == []
    assert waiting(manager)[0]["read_at"] is not None
    assert len(waiting(digital, unread="true")) == 1


def test_marking_one_or_all_as_read(token, sign_in, worker):
    staff, manager = people(token, "staff manager")
    for _ in range(3):
        report(staff)
    worker()
    first = waiting(manager)[0]
    read = manager.post(f"/api/notifications/{first['id']}/read", json={})
    assert read.status_code == 200
    assert read.json()["read_at"] is not None
    again = manager.post(f"/api/notifications/{first['id']}/read", json={})
    assert again.json() == read.json()
    at_work = sign_in("manager")
    assert bell(at_work) == "2"
    one = re.search(r"/notifications/([0-9a-f]{32})/read", at_work.get("/notifications").text)
    assert at_work.fill_in(f"/notifications/{one[1]}/read").status_code == 303
    assert bell(at_work) == "1"
    assert mark_all(at_work).status_code == 303
    assert bell(at_work) == ""
    assert bell(sign_in("digital")) == "3"


def test_what_came_after_the_page_was_made_is_not_marked_as_read(token, sign_in, worker):
    staff, digital = people(token, "staff digital")
    report(staff)
    worker()
    at_work = sign_in("manager")
    page = at_work.get("/notifications").text
    report(staff)
    worker()
    assert mark_all(at_work, page).status_code == 303
    assert bell(at_work) == "1"
    theirs = waiting(digital)[0]["id"]
    for newest in ({}, {"newest": "x"}, {"newest": "x" * 999}, {"newest": theirs}):
        assert at_work.fill_in("/notifications/read", newest).status_code == 404
    assert bell(at_work) == "1"


def test_what_waits_for_somebody_else_is_absent(token, sign_in, worker):
    staff, manager, digital = people(token, "staff manager digital")
    report(staff)
    worker()
    his = waiting(manager)[0]["id"]
    absent = digital.post(f"/api/notifications/{'0' * 32}/read", json={})
    for key in (his, "x", "%00", "é", "1"):
        answer = digital.post(f"/api/notifications/{key}/read", json={})
        assert (answer.status_code, answer.content) == (404, absent.content)
    assert len(waiting(manager, unread="true")) == 1
    browser = sign_in("digital")
    browser.get("/notifications")
    assert browser.fill_in(f"/notifications/{his}/read").status_code == 404
    assert manager.post(f"/api/notifications/{his}/read", json={"x": 1}).status_code == 422


def test_a_case_that_is_no_longer_seen_counts_nowhere(token, sign_in, worker):
    staff, digital, digital2 = people(token, "staff digital digital2")
    case = report(staff)
    worker()
    assert bell(sign_in("digital2")) == "1"
    press(digital, case, "conflict", person="digital2@demo.example", reason="A cousin.")
    assert bell(sign_in("digital2")) == ""
    assert waiting(digital2) == []
    assert case["reference"] not in sign_in("digital2").get("/notifications").text


def test_hr_is_told_of_a_referral_and_not_of_its_case(token, sign_in, worker):
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    press(digital, case, "triage")
    press(digital, case, "referral-decision", refer=True, reason="A pattern.")
    worker()
    [waits] = waiting(hr)
    assert waits["words"] == "A referral has arrived."
    assert "case" not in waits
    at_work = sign_in("hr")
    page = at_work.get("/notifications").text
    assert case["reference"] not in page
    assert case["title"] not in page
    link = re.search(r'href="(/referrals/HR-[^"]+)"', page)
    assert at_work.get(link[1]).status_code == 200
    assert bell(at_work) == ""


def test_the_list_goes_on_where_a_page_ends(token, worker):
    staff, manager = people(token, "staff manager")
    for _ in range(5):
        report(staff)
    worker()
    first = manager.get("/api/notifications?limit=3").json()
    rest = manager.get("/api/notifications", params={"limit": 3, "cursor": first["next"]}).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [3, 2, None]
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 5
    for query in ("cursor=x", "limit=0", "limit=101", "unread=maybe", "limit=99999999999999999999"):
        refused = manager.get(f"/api/notifications?{query}")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == query.partition("=")[0]


def test_the_bell_counts_no_further_than_it_says(database, token, sign_in, clock):
    with database.write() as db:
        person = db.execute(select(Person).where(col(Person.email) == "staff@demo.example")).scalar_one()
        for number in range(150):
            told = {"key": f"{number:032}", "dedupe": f"x{number}", "kind": "message", "at": clock()}
            db.add(Notification(person_id=person.id, **told))
    assert bell(sign_in("staff")) == "99+"


def test_urgent_stands_in_the_subject_of_critical_ones_only(token, worker):
    staff = token("staff")
    report(staff)
    assert worker()["digital"] == ["Something is waiting for you in Amends"]
    report(staff, **URGENT)
    assert worker()["digital"] == ["Urgent: something is waiting for you in Amends"]


def test_off_means_no_mail_for_what_is_not_urgent(token, worker, sign_in):
    staff, manager = people(token, "staff manager")
    assert manager.patch("/api/preferences", json={"notify": "off"}).status_code == 200
    report(staff)
    assert "manager" not in worker()
    assert bell(sign_in("manager")) == "1"
    report(staff, **URGENT)
    assert worker()["manager"] == ["Urgent: something is waiting for you in Amends"]


def test_a_digest_is_one_mail_at_the_hour_of_the_reader(token, worker, clock):
    staff, manager = people(token, "staff manager")
    assert manager.patch("/api/preferences", json={"notify": "digest", "digest_at": "08:00"}).status_code == 200
    # 09:00 in London is 04:00 in New York.
    report(staff)
    report(staff)
    assert "manager" not in worker()
    clock.at("2026-11-20T07:59-05:00")
    assert "manager" not in worker()
    clock.at("2026-11-20T08:00-05:00")
    assert worker()["manager"] == ["Something is waiting for you in Amends"]
    clock.forward(days=1)
    assert "manager" not in worker()


def test_a_digest_says_nothing_when_all_is_read(token, worker, clock):
    staff, manager = people(token, "staff manager")
    manager.patch("/api/preferences", json={"notify": "digest"})
    case = report(staff)
    worker()
    assert manager.get(at(case)).status_code == 200
    clock.forward(days=1)
    assert "manager" not in worker()


@pytest.mark.parametrize(("changed", "goes"), [("at_once", True), ("off", False)])
def test_what_waits_for_a_digest_is_not_lost_to_a_change_of_mind(token, worker, clock, changed, goes):
    staff, manager = people(token, "staff manager")
    manager.patch("/api/preferences", json={"notify": "digest"})
    report(staff)
    assert "manager" not in worker()
    manager.patch("/api/preferences", json={"notify": changed})
    clock.forward(days=1)
    assert ("manager" in worker()) is goes


def test_a_mail_about_a_case_that_is_no_longer_theirs_does_not_go(token, database, settings, worker, clock):
    """It was written before the conflict was named, and a server that was away has kept it here until after."""
    staff, digital = people(token, "staff digital")
    case = report(staff)
    do_what_is_due(database, settings, clock)
    press(digital, case, "conflict", person="digital2@demo.example", reason="A cousin.")
    assert worker().keys() == {"manager"}


def test_a_mail_that_was_read_meanwhile_does_not_go(token, database, settings, worker, clock):
    staff, manager = people(token, "staff manager")
    case = report(staff)
    do_what_is_due(database, settings, clock)
    assert manager.get(at(case)).status_code == 200
    assert worker().keys() == {"digital", "digital2"}


def test_doing_it_twice_tells_nobody_twice(token, database, settings, clock, worker):
    report(token("staff"))
    worker()
    with database.write() as db:
        for row in db.execute(select(Outbox).where(col(Outbox.kind) == "tell")).scalars():
            row.done_at = None
    assert worker() == {}
    assert len(waiting(token("manager"))) == 1


def test_a_leaver_is_told_nothing(token, database, settings, clock, worker):
    report(token("staff"))
    do_what_is_due(database, settings, clock)
    with database.write() as db:
        db.execute(select(Person).where(col(Person.email) == "manager@demo.example")).scalar_one().active = False
    assert worker().keys() == {"digital", "digital2"}


def test_the_moment_is_when_it_happened(token, worker, clock):
    report(token("staff"))
    happened = clock()
    clock.forward(hours=3)
    worker()
    assert waiting(token("manager"))[0]["at"] == happened.isoformat().replace("+00:00", "Z")
    assert timedelta(hours=3) == clock() - happened


def test_what_falls_due_together_is_one_mail(token, sign_in, worker, clock):
    """Three reports of a Friday night have their reminders at one moment: three lines in the app, and one mail."""
    staff = token("staff")
    clock.at("2026-11-20T18:00+00:00")
    cases = [report(staff, codes=["wrong_account"], account=PERSONAL) for _ in range(3)]
    assert worker()["digital"] == [WAITING]
    assert len(waiting(token("digital"), unread="true")) == 3
    for case in cases:
        press(staff, case, "steps/delete/take")
        press(staff, case, "steps/apologise/take", public_text=APOLOGY)
        assert token("digital").get(at(case)).status_code == 200
    clock.at("2026-11-23T15:00+00:00")
    assert worker() == {"digital": [WAITING], "digital2": [WAITING]}
    assert len(waiting(token("digital"), unread="true")) == 3
    assert worker() == {}


def test_a_mail_about_several_cases_leads_to_the_list_and_about_one_to_the_case(token, settings, worker):
    staff = token("staff")
    case, _ = report(staff), report(staff)
    worker()
    assert links(settings)["digital"] == [f"{settings.base_url}/notifications"]
    press(staff, case, "messages", text="I cannot reach it.")
    press(staff, case, "messages", text="Now I can.")
    worker()
    assert "/go/" in links(settings)["digital"][0]


def test_of_several_only_what_is_still_unread_is_mailed(token, database, settings, clock, worker):
    """And it leads to the one that is left."""
    staff, digital = people(token, "staff digital")
    case, _ = report(staff), report(staff)
    do_what_is_due(database, settings, clock)
    assert digital.get(at(case)).status_code == 200
    assert worker()["digital"] == [WAITING]
    assert "/go/" in links(settings)["digital"][0]
    assert links(settings)["digital2"] == [f"{settings.base_url}/notifications"]


def test_what_is_urgent_stays_apart_from_what_is_not(token, worker):
    staff = token("staff")
    report(staff)
    report(staff, **URGENT)
    assert sorted(worker()["digital"]) == [WAITING, f"Urgent: {WAITING[0].lower()}{WAITING[1:]}"]


def test_what_comes_while_a_mail_waits_joins_it_and_what_comes_after_does_not(token, database, settings, clock, worker):
    """An hour without a mail server is one mail for each person, not sixty; nothing of it is lost."""
    staff, manager = people(token, "staff manager")
    for _ in range(3):
        report(staff)
        do_what_is_due(database, settings, clock)
        clock.forward(minutes=20)
    assert worker()["manager"] == [WAITING]
    report(staff)
    assert worker()["manager"] == [WAITING]
    assert len(waiting(manager, unread="true")) == 4
    with database.read() as db:
        mails = db.execute(select(Outbox.body, Outbox.person_id).where(col(Outbox.kind) == "mail")).all()
        told = set(db.execute(select(Notification.key)).scalars())
    assert sorted(key for body, _ in mails for key in body["notifications"]) == sorted(told)


def group_of(page: str, reference: str) -> str:
    """What the list says of one case."""
    [found] = [part for part in page.split('<li class="waits__item')[1:] if reference in part]
    return found.split("</nav>")[0]


def test_the_list_is_by_case_and_one_press_reads_a_case(token, sign_in, worker):
    """The one with the newest first; each line says what is asked; what came after the page was made waits on."""
    staff, digital = people(token, "staff digital")
    case, other = report(staff), report(staff)
    press(staff, case, "messages", text="I cannot reach it.")
    worker()
    at_work = sign_in("digital")
    page = at_work.get("/notifications").text
    assert page.index(case["reference"]) < page.index(other["reference"])
    group = group_of(page, case["reference"])
    assert group.count(">Seen<") == 1
    assert "There is a message for you." in group
    assert "<strong>Read it, then say: I have read this.</strong>" in group
    assert bell(at_work) == "3"
    press(staff, case, "messages", text="Are you there?")
    worker()
    again = group_of(at_work.get("/notifications").text, case["reference"])
    assert again.count("There is a message for you.") == 1
    assert ", the last of 2" in again
    assert ", the last of" not in group
    press(staff, case, "messages", text="Now I can.")
    worker()
    key = re.search(r"/notifications/([0-9a-f]{32})/read", group)
    assert at_work.fill_in(f"/notifications/{key[1]}/read").status_code == 303
    assert bell(at_work) == "3"
    page = at_work.get("/notifications").text
    assert "2 earlier" in group_of(page, case["reference"])
    assert "earlier" not in group_of(page, other["reference"])
    assert len(waiting(digital, unread="true")) == 3


def test_closing_settles_what_was_asked_and_what_only_informs_does_not_count(token, sign_in, worker, clock):
    """Who never opened it is not asked for it any more, nor mailed; the reporter hears that it is closed."""
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff)
    press(digital, case, "messages", text="Which account?")
    worker()
    put_right(staff, digital, case)
    clock.forward(minutes=5)
    press(digital, case, "close", resolution="advice_given")
    assert bell(sign_in("manager")) == ""
    [asked] = waiting(manager)
    assert asked["read_at"] is not None
    assert waiting(manager, unread="true") == []
    assert worker()["staff"] == [WAITING]
    assert [each["kind"] for each in waiting(staff, unread="true")] == ["closed"]
    informs = next(each for each in waiting(staff) if each["kind"] == "advised")
    assert informs["read_at"] is None
    assert bell(sign_in("staff")) == "1"
    assert ">Seen<" not in group_of(sign_in("manager").get("/notifications").text, case["reference"])


def test_what_waits_to_be_told_when_a_case_closes_rings_no_bell_and_is_not_mailed(token, sign_in, worker, clock):
    """The worker was away meanwhile."""
    staff, digital = people(token, "staff digital")
    case = report(staff)
    put_right(staff, digital, case)
    clock.forward(minutes=5)
    press(digital, case, "close", resolution="advice_given")
    assert "manager" not in worker()
    assert bell(sign_in("manager")) == ""


def test_merging_settles_what_was_asked_of_the_one_and_not_of_the_other(token, sign_in, worker, clock):
    staff, digital = people(token, "staff digital")
    case, original = report(staff), report(staff)
    worker()
    clock.forward(minutes=5)
    press(digital, case, "merge", into=original["reference"])
    worker()
    still = waiting(token("manager"), unread="true")
    assert {each["case"]["reference"] for each in still} == {original["reference"]}


def test_a_referral_waits_for_hr_though_its_case_is_closed(token, sign_in, worker, clock):
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    press(digital, case, "referral-decision", refer=True, reason="A pattern.")
    worker()
    clock.forward(minutes=5)
    press(digital, case, "close", resolution="referred")
    assert bell(sign_in("hr")) == "1"
    assert [each["asks"] for each in waiting(hr, unread="true")] == ["Accept it, or return it with reasons."]


def links(settings) -> dict[str, list[str]]:
    """Where the mails lead that are in the folder, by who got them."""
    found: dict[str, list[str]] = {}
    for kept in Path(settings.mail_url.removeprefix("file://")).glob("*.eml"):
        mail = message_from_bytes(kept.read_bytes(), policy=policy.default)
        found.setdefault(mail["To"].partition("@")[0], []).extend(re.findall(r"http\S+", mail.get_content()))
    return found


def test_what_was_seen_stands_below_what_was_not_and_what_is_urgent_first(token, sign_in, worker):
    staff = token("staff")
    worst, plain, seen = report(staff, safety_risk="yes"), report(staff), report(staff)
    worker()
    at_work = sign_in("digital")
    group = group_of(at_work.get("/notifications").text, seen["reference"])
    at_work.fill_in(f"/notifications/{re.search(r'/notifications/([0-9a-f]{32})/read', group)[1]}/read")
    page = at_work.get("/notifications").text
    assert page.index(worst["reference"]) < page.index(plain["reference"]) < page.index(seen["reference"])
    assert "Something was posted that needs putting right." in group_of(page, seen["reference"])
    assert "earlier" not in group_of(page, seen["reference"])
