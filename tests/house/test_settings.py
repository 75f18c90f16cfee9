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


def test_neither_is_the_key_of_notify():
    key = "amends-8b3aa916-ec82-434e-b0c5-d5d9b371d6a3-5c25a7b8-6b1e-4d3c-9a44-0d7b6d2f1c11"
    for url in (f"notify://{key}@api.example?email=x", f"notify://{key}?email=x", "smtp://amends:hunter2@mail.example"):
        shown = {row["name"]: row["value"] for row in setting_rows(Settings(mail_url=url))}["AMENDS_MAIL_URL"]
        assert "5c25" not in shown
        assert "hunter2" not in shown


def test_the_directory_is_for_those_who_run_it(sign_in):
    page = sign_in("admin").get("/people")
    assert page.status_code == 200
    assert "servicesdesk@demo.example" in page.text
    assert sign_in("hr2").get("/people").status_code == 200
    assert sign_in("staff").get("/people").status_code == 403
