"""What waits, settings, rota and outbox: everyone can use them, on a phone and at a desk, with little or much."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select
from sqlmodel import col

from service.core.clock import now
from service.core.settings import Settings
from service.records.people import Person
from service.records.timeline import Outbox
from tests.browser.seeing import DESK, PHONE, sound
from tests.makers import do_what_is_due, report

SHOTS = os.environ.get("AMENDS_SHOTS", "")
EVERY_NIGHT = {"days": ["mon", "tue", "wed", "thu"], "starts": "17:00", "ends": "09:00", "zone": "Europe/London"}
OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "17:00", "zone": "Asia/Tokyo"}


def looked_at(page: Page, name: str) -> None:
    """Sound at both widths; kept as pictures where somebody wants to look."""
    sound(page)
    for size in (PHONE, DESK) if SHOTS else ():
        page.set_viewport_size(size)
        page.screenshot(path=Path(SHOTS) / f"{name}-{size['width']}.png", full_page=True)


@pytest.fixture
def told(api, underneath, tmp_path):
    """Two cases, one of them critical, of which everybody has been told in the app."""
    staff = api("staff")
    made = [report(staff), report(staff, safety_risk="yes")]
    quiet = Settings(mail_url=f"file://{tmp_path}/mail", secret_key="a-secret-for-tests-only-0123456789")
    do_what_is_due(underneath, quiet, now)
    return made


def test_what_waits(phone, told):
    page = phone("manager")
    page.goto("/notifications")
    expect(page.get_by_role("list").get_by_text("Urgent")).to_have_count(1)
    looked_at(page, "notifications")
    bell = page.get_by_role("link", name=re.compile("What waits for you: 2 not seen"))
    expect(bell).to_be_visible()
    page.get_by_role("button", name=re.compile("^Seen")).first.click()
    expect(page.get_by_role("link", name=re.compile("What waits for you: 1 not seen"))).to_be_visible()
    page.locator(".waits__item--new").get_by_role("link").click()
    expect(page).to_have_url(re.compile("/cases/SM-"))
    page.goto("/notifications")
    expect(page.get_by_text("You have seen everything.")).to_be_visible()
    looked_at(page, "notifications-read")


def test_nothing_waits(desk):
    page = desk("outsider")
    page.goto("/notifications")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    looked_at(page, "notifications-empty")


@pytest.mark.parametrize("scripts", [True, False])
def test_settings(phone, api, scripts):
    page = phone("colleague", scripts=scripts)
    page.goto("/settings")
    page.get_by_label("Once a day").check()
    page.get_by_label("Phone number for urgent text messages").fill("07700 900123")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the number with its country")
    expect(page.get_by_label("Phone number for urgent text messages")).to_have_value("07700 900123")
    if scripts:
        looked_at(page, "settings-wrong")
    page.get_by_label("Phone number for urgent text messages").fill("+44 7700 900123")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Your settings are saved.")).to_be_visible()
    said = api("colleague").get("/api/preferences").json()
    assert (said["notify"], said["phone"]) == ("digest", "+447700900123")
    away = {"from": "2026-12-24T09:00:00+00:00", "until": "2037-01-02T09:00:00+00:00"}
    assert api("colleague").patch("/api/preferences", json={"absences": [away]}).status_code == 200
    page.goto("/settings")
    if scripts:
        looked_at(page, "settings")


def test_the_rota(desk, api):
    page = desk("digital")
    page.goto("/rota")
    looked_at(page, "rota-empty")
    page.get_by_label("Who").select_option(index=1)
    page.get_by_label("Monday").check()
    page.get_by_label("From", exact=True).fill("09:00")
    page.get_by_label("To", exact=True).fill("17:00")
    page.get_by_label("Time zone").fill("Europe/Atlantis")
    page.get_by_role("button", name="Add the shift").click()
    expect(page.get_by_role("alert")).to_contain_text("not a time zone")
    looked_at(page, "rota-wrong")
    shifts = [{"person": "digital@demo.example", **OFFICE}, {"person": "digital2@demo.example", **EVERY_NIGHT}]
    put = api("digital").put("/api/rota", json={"desk": "digital_unit", "shifts": shifts})
    assert put.status_code == 200, put.text
    page.goto("/rota")
    expect(page.locator("main")).to_contain_text("Nobody is on duty from")
    looked_at(page, "rota")
    page.get_by_role("button", name=re.compile("Remove")).first.click()
    expect(page.get_by_text("The shift is removed.")).to_be_visible()


def test_the_rota_of_every_desk_for_an_administrator(desk):
    page = desk("admin")
    page.goto("/rota?desk=hr")
    expect(page.get_by_role("navigation", name="Desks").get_by_role("link")).to_have_count(5)
    looked_at(page, "rota-admin")


def test_the_outbox(desk, underneath):
    page = desk("admin")
    page.goto("/outbox")
    expect(page.get_by_text("Nothing was given up.")).to_be_visible()
    with underneath.write() as db:
        person = db.execute(select(col(Person.id)).where(col(Person.email) == "manager@demo.example")).scalar_one()
        error = "The mail server does not take mail for this address (550)"
        row = {"kind": "mail", "person_id": person, "body": {}, "due_at": now(), "failed_at": now(), "error": error}
        db.execute(insert(Outbox), [row | {"tries": number, "dedupe": f"lost:{number}"} for number in (1, 2, 3)])
    page.goto("/outbox")
    looked_at(page, "outbox")
    page.get_by_role("button", name="Try all of them again").click()
    expect(page.get_by_text("3 will be tried again.")).to_be_visible()
