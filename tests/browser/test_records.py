"""How long records are kept, in a browser: the list on a phone and at a desk."""

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select
from sqlmodel import col

from service.core.clock import now
from service.records.referrals import Referral
from tests.browser.seeing import sound
from tests.makers import room
from tests.stories.test_retention_of_referrals import passed_on


def test_referrals_that_may_go(phone, api, underneath):
    for outcome in (None, "first_written_warning"):
        _, reference = passed_on(api)
        room(api("hr"), reference, "return", reason="It lacks the evidence.")
        with underneath.write() as db:
            row = db.execute(select(Referral).where(col(Referral.reference) == reference)).scalar_one()
            row.returned_at = now() - timedelta(days=700)
            if outcome:
                row.stage, row.outcome, row.closed_at = "closed", outcome, row.returned_at
                row.warning_until = now() - timedelta(days=500)
    page = phone("hr")
    page.goto("/retention")
    page.locator("summary").filter(has_text="How long referrals are kept").click()
    sound(page)
    page.get_by_role("link", name=f"Destroy what {reference} holds").click()
    sound(page)
    page.get_by_role("button", name="Destroy it").click()
    expect(page.locator("body")).to_contain_text(f"What {reference} holds is destroyed within minutes.")
    page.goto("/subject-access")
    sound(page)
