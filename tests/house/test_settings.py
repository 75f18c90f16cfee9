"""Every setting says what it means, and none tells a secret."""

from dataclasses import fields

from service.core.settings import MEANING, Settings
from service.web.people import setting_rows


def test_each_setting_has_a_meaning():
    assert {field.name for field in fields(Settings)} == set(MEANING)
    assert all(meaning.endswith(".") for meaning in MEANING.values())


def test_the_settings_page_shows_no_secret(sign_in):
    page = sign_in("admin").get("/settings")
    assert page.status_code == 200
    assert "a-secret-for-tests-only" not in page.text
    assert "AMENDS_DATABASE_URL" in page.text
    assert "AMENDS_" not in sign_in("staff").get("/settings").text


def test_a_password_in_an_address_is_left_out():
    rows = setting_rows(
        Settings(database_url="postgresql+psycopg://amends:hunter2hunter2@db/amends?password=hunter2hunter2")
    )
    shown = {row["name"]: row["value"] for row in rows}
    assert shown["AMENDS_DATABASE_URL"] == "postgresql+psycopg://amends@db/amends"


def test_the_directory_is_for_those_who_run_it(sign_in):
    page = sign_in("admin").get("/people")
    assert page.status_code == 200
    assert "servicesdesk@demo.example" in page.text
    assert sign_in("hr2").get("/people").status_code == 200
    assert sign_in("staff").get("/people").status_code == 403
