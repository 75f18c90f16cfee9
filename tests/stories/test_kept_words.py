"""What somebody typed outlives a sign-in that ran out, but for what a guarded case may not hold."""

import re
from base64 import urlsafe_b64decode
from html import unescape

import pytest

from service.demo.cast import PASSWORD
from tests.makers import NO_DANGER, room
from tests.stories.test_room import begin

STAFF = "staff@demo.example"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
SPILL = "The convoy leaves at six"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return unescape(found[1]) if found else ""


def test_typed_words_survive_a_sign_in_that_ran_out(sign_in, clock):
    using = sign_in("staff")
    clock.forward(hours=1)
    typed = {"narrative": "I pressed send — 間違えて投稿しました\r\n“sorry”", "codes": ["wrong_account", "other"]}
    refused = using.fill_in("/report", typed)
    assert refused.status_code == 401
    assert "What you typed is safe" in refused.text
    kept = hidden(refused.text, "kept")
    wrong = using.fill_in("/sign-in", {"email": STAFF, "password": "not-the-password", "kept": kept})
    assert hidden(wrong.text, "kept") == kept
    shown = using.fill_in("/sign-in", {"email": STAFF, "password": PASSWORD, "kept": hidden(wrong.text, "kept")})
    assert shown.status_code == 200
    assert 'action="/report"' in shown.text
    assert "間違えて投稿しました" in shown.text
    assert re.findall(r'name="codes" value="([^"]+)"', shown.text) == ["wrong_account", "other"]
    assert using.fill_in("/report", typed).status_code not in (401, 403)


def test_words_beside_a_file_survive_a_sign_in_that_ran_out(sign_in, clock):
    using = sign_in("staff")
    here = using.fill_in("/report", {"kind": "mistake", **NO_DANGER}).headers["location"]
    for stretch in (1, 15):
        clock.forward(hours=stretch)
        # Somebody else signing in clears away what ended long ago, and not what ended just now.
        sign_in("colleague")
        refused = using.fill_in(
            f"{here}/evidence", {"description": "The reply thread"}, files={"file": ("shot.png", b"x" * 3_000_000)}
        )
        assert refused.status_code == 401
        assert "What you typed is safe" in refused.text
    shown = using.fill_in("/sign-in", {"email": STAFF, "password": PASSWORD, "kept": hidden(refused.text, "kept")})
    assert 'name="description" value="The reply thread"' in shown.text


@pytest.mark.parametrize(
    "guarding", [{"safety_risk": "unsure"}, {"possibly_classified": "yes"}, {"codes": ["personal_safety"]}]
)
def test_words_that_a_report_itself_closes_are_not_shown_again(sign_in, clock, guarding):
    using = sign_in("staff")
    typed = {"kind": "mistake", "narrative": SPILL, "post.text": SPILL, "account.handle": "@works", **guarding}
    stale = using.post("/report", data=typed, headers=SAME_ORIGIN)
    assert stale.status_code == 403
    clock.forward(hours=1)
    refused = using.fill_in("/report", typed)
    assert refused.status_code == 401
    kept = hidden(refused.text, "kept")
    assert SPILL not in urlsafe_b64decode(kept.partition(".")[0]).decode()
    after = using.fill_in("/sign-in", {"email": STAFF, "password": PASSWORD, "kept": kept})
    for shown in (stale.text, after.text):
        assert SPILL not in shown
        assert "@works" in shown
        assert "we did not keep words about the post" in shown
        assert "Nothing is lost" not in shown


def test_words_for_a_case_that_may_be_guarded_travel_and_are_not_shown(sign_in, clock):
    using = sign_in("staff")
    here = using.fill_in("/report", {"kind": "mistake", **NO_DANGER, "safety_risk": "yes"}).headers["location"]
    stale = using.post(f"{here}/messages", data={"text": SPILL}, headers=SAME_ORIGIN)
    assert stale.status_code == 403
    clock.forward(hours=1)
    refused = using.fill_in(f"{here}/messages", {"text": SPILL})
    kept = hidden(refused.text, "kept")
    after = using.fill_in("/sign-in", {"email": STAFF, "password": PASSWORD, "kept": kept})
    for shown in (stale.text, after.text):
        assert hidden(shown, "text") == SPILL
        assert shown.count(SPILL) == 1
        assert "Kept, and not shown here" in shown


def test_words_for_hr_are_called_as_their_box_was(token, sign_in, clock):
    reference, _, hr2, *_ = begin(token)
    room(hr2, reference, "inform-subject", text="This is alleged.")
    using = sign_in("staff")
    clock.forward(hours=1)
    refused = using.fill_in(f"/referrals/{reference}/answer", {"text": "I was away"})
    after = using.fill_in("/sign-in", {"email": STAFF, "password": PASSWORD, "kept": hidden(refused.text, "kept")})
    assert hidden(after.text, "text") == "I was away"
    assert "What do you want to tell HR?</dt>" in after.text


def test_a_form_from_before_a_new_sign_in_keeps_its_words(sign_in):
    using = sign_in("staff")
    old = using.csrf
    using.get("/sign-in")
    using.sign_in(STAFF)
    again = using.post(
        "/report", data={"csrf": old, "narrative": "My words"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert again.status_code == 403
    assert 'name="narrative" value="My words"' in again.text
    assert hidden(again.text, "csrf") not in ("", old)


def test_nobody_else_can_make_words_that_look_kept(browser):
    answer = browser().sign_in(STAFF, kept="WyIvcmVwb3J0IixbXV0=.0000")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
