"""Signing in: who gets in, who does not, and what nobody loses on the way."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape

import pytest
from litestar.testing import TestClient
from sqlalchemy import select, update
from sqlmodel import col

from service.app import create_app
from service.demo.cast import PASSWORD
from service.people.passwords import set_password
from service.records.people import BrowserSession, Person

STAFF = "staff@demo.example"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return unescape(found[1]) if found else ""


def test_the_right_password_opens_the_door(browser):
    using = browser()
    answer = using.sign_in(STAFF, next="/report")
    assert (answer.status_code, answer.headers["location"]) == (303, "/report")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("amends=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert using.get("/report").status_code == 200


def test_every_sign_in_has_a_new_key_and_ends_the_old_one(sign_in, browser, database):
    using = sign_in("staff")
    first = using.cookies["amends"]
    using.get("/sign-in")
    using.sign_in(STAFF)
    thief = browser()
    thief.cookies.set("amends", first)
    assert using.cookies["amends"] != first
    assert thief.get("/report").status_code == 303
    with database.read() as db:
        kept = db.execute(select(BrowserSession.key_hash)).scalars().all()
    assert first not in kept


def test_a_password_is_kept_as_argon2id_and_is_as_slow_to_try(browser, database):
    """The cast's own hashes are quick ones, for the tests' sake: this one is kept as everybody's is."""
    with database.write() as db:
        person = db.execute(select(Person).where(col(Person.email) == STAFF)).scalar_one()
        set_password(db, person, "a-password-of-my-own")
        kept = person.password_hash
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert browser().sign_in(STAFF).status_code == 401
    assert browser().sign_in(STAFF, "a-password-of-my-own").status_code == 303


def test_a_wrong_password_and_an_unknown_address_look_the_same(browser):
    using = browser()
    wrong = using.sign_in(STAFF, "not-the-password")
    nobody = using.sign_in("nobody@demo.example", "not-the-password")
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.text.replace(f'value="{STAFF}"', "…") == nobody.text.replace('value="nobody@demo.example"', "…")
    assert 'value="staff@demo.example"' in wrong.text
    assert "not-the-password" not in wrong.text


def test_somebody_who_has_left_cannot_sign_in_and_is_out_at_once(sign_in, browser, database):
    using = sign_in("staff")
    with database.write() as db:
        db.execute(update(Person).where(col(Person.email) == STAFF).values(active=False))
    assert using.get("/report").status_code == 303
    assert browser().sign_in(STAFF).status_code == 401


def test_five_failures_make_everybody_wait(browser, clock):
    using = browser()
    for _ in range(5):
        assert using.sign_in(STAFF, "not-the-password").status_code == 401
    told = using.sign_in(STAFF)
    assert told.status_code == 429
    assert int(told.headers["retry-after"]) >= 1
    clock.forward(seconds=2)
    assert using.sign_in(STAFF).status_code == 303


def test_signing_in_oneself_does_not_pay_for_guesses_at_others(browser):
    answers = []
    for turn in range(12):
        answers.append(browser().sign_in(f"somebody{turn}@demo.example", "not-the-password").status_code)
        if turn % 3 == 2:
            browser().sign_in(STAFF)
    assert answers == [401] * 5 + [429] * 7


def test_an_office_behind_one_address_does_not_lock_itself_out(browser):
    for person in ("staff", "digital", "manager", "hr", "auditor") * 3:
        using, address = browser(), f"{person}@demo.example"
        assert using.sign_in(address, "mistyped-password").status_code == 401
        assert using.sign_in(address, "mistyped-again-yes").status_code == 401
        assert using.sign_in(address).status_code == 303


def test_right_sign_ins_keep_no_failure_alive_at_an_address(browser, clock):
    for _ in range(4):
        assert browser().sign_in("nobody@demo.example", "not-the-password").status_code == 401
    for _ in range(4):
        clock.forward(minutes=20)
        assert browser().sign_in(STAFF).status_code == 303
    for _ in range(4):
        assert browser().sign_in("nobody@demo.example", "not-the-password").status_code == 401
    assert browser().sign_in(STAFF).status_code == 303


def test_guesses_made_at_the_same_moment_are_counted_too(browser):
    def guess(number: int) -> int:
        return browser().sign_in(STAFF, f"guess-number-{number}").status_code

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, range(24)))
    assert set(answers) == {401, 429}
    assert answers.count(401) <= 10
    assert browser().sign_in(STAFF).status_code == 429


def test_nobody_signs_in_without_the_form_that_we_showed(browser):
    using = browser()
    assert using.post("/sign-in", data={"email": STAFF, "password": PASSWORD}).status_code == 403
    page = using.get("/sign-in").text
    other = browser()
    assert (
        other.post("/sign-in", data={"email": STAFF, "password": PASSWORD, "csrf": hidden(page, "csrf")}).status_code
        == 403
    )
    assert (
        using.fill_in("/sign-in", {"email": STAFF, "password": PASSWORD}, headers={"Origin": "null"}).status_code == 303
    )


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/cases?cursor=a", "/cases?cursor=a"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/sign-out", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_only_to_our_own_pages(browser, wanted, reached):
    assert browser().sign_in(STAFF, next=wanted).headers["location"] == reached


def test_a_page_asked_for_is_the_page_reached(browser):
    using = browser()
    sent = using.get("/queue?severity=high")
    assert sent.headers["location"] == "/sign-in?next=%2Fqueue%3Fseverity%3Dhigh"
    page = using.get(sent.headers["location"]).text
    assert hidden(page, "next") == "/queue?severity=high"


def test_an_idle_session_ends_sooner_for_those_who_see_more(sign_in, clock):
    staff, hr = sign_in("staff"), sign_in("hr")
    clock.forward(minutes=16)
    assert staff.get("/report").status_code == 200
    assert hr.get("/report").status_code == 303
    clock.forward(minutes=31)
    assert staff.get("/report").status_code == 303


def test_a_session_in_use_lasts_half_a_day_and_no_longer(sign_in, clock):
    staff = sign_in("staff")
    for _ in range(29):
        clock.forward(minutes=24)
        assert staff.get("/report").status_code == 200
    clock.forward(minutes=25)
    assert staff.get("/report").status_code == 303


def test_signing_out_ends_the_session_everywhere(sign_in, browser):
    using = sign_in("staff")
    copied = browser()
    copied.cookies.set("amends", using.cookies["amends"])
    answer = using.fill_in("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert copied.get("/report").status_code == 303


def test_another_site_cannot_send_a_form(sign_in):
    using = sign_in("staff")
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        refused = using.fill_in("/report", {"narrative": "not mine"}, headers=headers)
        assert refused.status_code == 403
        assert "not mine" not in refused.text


def test_the_address_a_try_is_counted_for_cannot_be_made_up(browser):
    for number in range(5):
        using = browser()
        using.headers["X-Forwarded-For"] = f"192.0.2.{number}"
        assert using.sign_in(f"nobody{number}@demo.example", "not-the-password").status_code == 401
    using = browser()
    using.headers["X-Forwarded-For"] = "192.0.2.99"
    assert using.sign_in(STAFF).status_code == 429


def test_tokens_are_for_programs_and_cookies_for_people(sign_in, token, browser):
    program = token("staff")
    assert program.get("/api/me").json()["email"] == STAFF
    assert program.get("/cases", follow_redirects=False).status_code == 303
    assert sign_in("staff").get("/api/me").status_code == 401
    assert browser().get("/api/me").headers["www-authenticate"] == "Bearer"


def test_a_token_that_may_only_read_cannot_write(token):
    reader = token("staff", "read")
    assert reader.get("/api/me").status_code == 200
    refused = reader.post("/api/cases", json={"kind": "mistake"})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-permitted")


def test_where_tls_is_the_cookie_insists_on_it(browser, settings, clock):
    safe = replace(settings, base_url="https://amends.example")
    with TestClient(create_app(safe, clock), base_url=safe.base_url) as server:
        using = type(browser())(transport=server._transport, base_url=safe.base_url)
        answer = using.sign_in(STAFF)
        assert answer.headers["set-cookie"].startswith("__Host-amends=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "Domain" not in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert using.get("/report").status_code == 200


@pytest.mark.parametrize("cookies", [{}, {"amends": "made-up"}, {"amends-before": "made-up"}, {"other": "x"}])
@pytest.mark.parametrize("announced", [True, False])
def test_a_stranger_cannot_send_a_file(server, app, cookies, announced):
    """Told at the door itself: how much was taken in, of what is sent in pieces, can only be seen there."""
    head = [(b"host", b"127.0.0.1:8000"), (b"content-type", b"multipart/form-data; boundary=x")]
    head += [(b"cookie", f"{name}={value}".encode()) for name, value in cookies.items()]
    head += [(b"content-length", b"20971520")] if announced else []
    taken, answered = [], []

    async def receive():
        taken.append(1)
        return {"type": "http.request", "body": b"x" * 1024 * 1024, "more_body": len(taken) < 20}

    async def send(message):
        answered.append(message)

    path = "/cases/SM-2026-000001/evidence"
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": path, "headers": head}
    scope |= {"raw_path": path.encode(), "query_string": b"", "client": ("192.0.2.1", 1), "server": ("127.0.0.1", 8000)}
    with server.portal() as portal:
        portal.call(app, scope | {"root_path": "", "extensions": {}}, receive, send)
    assert answered[0]["status"] == 401
    assert len(taken) <= 2
