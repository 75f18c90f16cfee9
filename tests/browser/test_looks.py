"""The read log in a browser: an auditor looks for somebody, and a reporter reads who looked."""

import re

from playwright.sync_api import expect
from sqlalchemy import insert, select
from sqlmodel import col

from service.core.clock import now
from service.demo.cast import AT
from service.records.people import Person
from service.records.timeline import ManyReads
from tests.browser.seeing import one_handed, sound
from tests.makers import at, press, report


def test_an_auditor_looks_for_a_person_and_takes_it_off_again(phone, desk, api, underneath):
    case = report(api("staff"))
    api("digital").get(at(case))
    with underneath.write() as db:
        who = db.execute(select(Person.id).where(col(Person.email) == f"digital{AT}")).scalar_one()
        db.execute(insert(ManyReads), [{"person_id": who, "since": now(), "at": now()}])
    for opened in (phone, desk):
        page = opened("auditor")
        page.goto("/")
        page.get_by_role("link", name="Read log").click()
        expect(page.get_by_role("heading", level=1, name="Who looked at what")).to_be_visible()
        expect(page.get_by_role("heading", name="Read very many cases")).to_be_visible()
        sound(page)
        if opened is phone:
            page.get_by_text("Choose what to see").click()
        page.get_by_label("Person").fill("nobody")
        page.get_by_role("button", name="Show these").click()
        expect(page.get_by_text("Nobody in the directory has this address.").first).to_be_visible()
        expect(page.get_by_label("Person")).to_have_value("nobody")
        sound(page)
        page.get_by_label("Person").fill(f"digital{AT}")
        button = page.get_by_role("button", name="Show these")
        one_handed(page, button)
        button.click()
        rows = page.get_by_role("table").get_by_role("row")
        expect(rows.filter(has_text="Member of staff")).to_have_count(0)
        expect(rows.filter(has_text=f"digital{AT}").first).to_contain_text(case["reference"])
        sound(page)
        page.get_by_role("link", name=re.compile(f"Remove: ?digital{AT}")).click()
        expect(rows.filter(has_text=f"staff{AT}").first).to_be_visible()


def test_where_nothing_fits(phone):
    page = phone("auditor", scripts=False)
    page.goto("/audit?from=2001-01-01&to=2001-01-02")
    expect(page.get_by_role("heading", name="Nobody looked at what you chose")).to_be_visible()


def test_all_who_read_very_many(phone):
    page = phone("auditor")
    page.goto("/audit/alerts")
    expect(page.get_by_role("heading", level=1, name="Read very many cases")).to_be_visible()
    sound(page)


def test_the_reporter_reads_who_looked(phone, api):
    staff = api("staff")
    case = report(staff)
    page = phone("staff")
    page.goto(f"/cases/{case['reference']}")
    page.get_by_role("link", name="Who has looked at your report").click()
    expect(page.get_by_role("heading", name="Nobody has looked yet")).to_be_visible()
    sound(page)
    press(api("digital"), case, "acknowledge")
    press(api("manager"), case, "acknowledge")
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="the digital unit")).to_be_visible()
    sound(page)
