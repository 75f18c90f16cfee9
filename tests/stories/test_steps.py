"""The steps of a mistake: taken, refused, waived, verified, overdue by the clock; three times kept, with zones."""

import pytest

from tests.makers import (
    APOLOGY,
    CORRECTION,
    NO_DANGER,
    at,
    changed,
    entries,
    faults,
    fields,
    people,
    press,
    report,
    states,
    step,
)

POST = {"posted_at": "2026-11-20T17:00:00+09:00"}
"""08:00 in London: an hour before the report."""
JAPANESE = "誤って投稿しました。公式の見解ではありません。申し訳ありません。"
FRENCH = "Toutes nos excuses : ce message a été publié par erreur et ne reflète pas la position du gouvernement."


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("2026-11-20T18:00:01+09:00", "in the future"),
        ("2026-11-20T16:59:59+09:00", "before the post"),
        ("2026-11-20T17:30:00", "without a zone"),
        ("2026-11-20", "a date only"),
        (1763625600, "a number"),
        ("soon", "a word"),
    ],
)
def test_times_that_cannot_be(token, when, why):
    staff = token("staff")
    case = report(staff, post=POST)
    refused = staff.post(f"{at(case)}/steps/delete/take", json={"taken_at": when})
    assert (refused.status_code, fields(refused)) == (422, {"taken_at"}), why
    assert step(staff.get(at(case)).json(), "delete")["state"] == "due"


def test_three_times_are_kept_with_the_zone_they_were_told_in(token, clock):
    staff, digital = people(token, "staff digital")
    case = staff.get(at(report(staff, post=POST))).json()
    assert (case["post"]["posted_at"], case["post"]["posted_zone"]) == ("2026-11-20T08:00:00Z", "Asia/Tokyo")
    clock.forward(minutes=20)
    taken = press(staff, case, "steps/delete/take", taken_at="2026-11-20T18:05:00+09:00")
    clock.forward(minutes=30)
    seen = step(press(digital, case, "steps/delete/verify"), "delete")
    assert (seen["taken_at"], seen["taken_zone"]) == ("2026-11-20T09:05:00Z", "Asia/Tokyo")
    assert seen["recorded_at"] == "2026-11-20T09:20:00Z" == step(taken, "delete")["recorded_at"]
    assert (seen["verified_at"], seen["verified_by"]) == ("2026-11-20T09:50:00Z", "Digital unit lead")
    # On a journey: not the zone of their own, but the one they said.
    elsewhere = press(staff, case, "steps/apologise/take", public_text=APOLOGY, taken_at="2026-11-20T03:30:00-06:00")
    assert step(elsewhere, "apologise")["taken_at"] == "2026-11-20T09:30:00Z"
    assert step(elsewhere, "apologise")["taken_zone"] == "-06:00"


def test_without_a_time_it_is_taken_now(token, clock):
    staff = token("staff")
    case = report(staff, post=POST | {"still_visible": True})
    clock.forward(minutes=5)
    taken = press(staff, case, "steps/delete/take")
    assert step(taken, "delete")["taken_at"] == step(taken, "delete")["recorded_at"] == "2026-11-20T09:05:00Z"
    assert taken["post"]["still_visible"] is False
    assert changed(entries(staff, case, "step_taken")[0])["steps.delete.state"] == ("due", "taken")


def test_already_deleted_when_it_is_reported(token, database):
    staff = token("staff")
    case = staff.get(at(report(staff, post=POST, deleted_at="2026-11-20T17:10:00+09:00"))).json()
    delete = step(case, "delete")
    assert (delete["state"], delete["taken_at"], delete["recorded_at"], delete["due_at"]) == (
        "taken",
        "2026-11-20T08:10:00Z",
        "2026-11-20T09:00:00Z",
        None,
    )
    assert case["live"] == {"since": "2026-11-20T08:00:00Z", "until": "2026-11-20T08:10:00Z"}
    assert staff.post(f"{at(case)}/steps/delete/take", json={}).status_code == 409
    for wrong in ("2026-11-20T16:00:00+09:00", "2026-11-20T18:01:00+09:00", "2026-11-20T17:10:00"):
        body = {"kind": "mistake", "post": POST, "deleted_at": wrong}
        refused = staff.post("/api/cases", json=body)
        assert (refused.status_code, fields(refused)) == (422, {"deleted_at"})
    assert faults(database) == []


def test_a_post_cannot_turn_out_younger_than_what_was_done_about_it(token):
    staff = token("staff")
    case = report(staff, deleted_at="2026-11-20T17:30:00+09:00", post={"discovered_at": "2026-11-20T17:20:00+09:00"})
    for wrong in ("2026-11-20T17:25:00+09:00", "2026-11-20T17:45:00+09:00"):
        refused = staff.patch(at(case), json={"post": {"posted_at": wrong}})
        assert (refused.status_code, fields(refused)) == (422, {"post.posted_at"}), wrong
    assert staff.patch(at(case), json={"post": {"posted_at": "2026-11-20T17:00:00+09:00"}}).status_code == 200
    early = staff.patch(at(case), json={"post": {"discovered_at": "2026-11-20T16:00:00+09:00"}})
    assert fields(early) == {"post.discovered_at"}


def test_overdue_is_what_the_clock_says(token, clock):
    staff, digital = people(token, "staff digital")
    case = report(staff, codes=["disrepute"])
    assert (step(case, "delete")["due_at"], step(case, "delete")["minutes"]) == ("2026-11-20T09:30:00Z", 30)
    clock.forward(minutes=29)
    assert states(staff.get(at(case)).json())["delete"] == "due"
    assert digital.get("/api/cases?overdue=true").json()["items"] == []
    clock.forward(minutes=2)
    assert states(staff.get(at(case)).json())["delete"] == "overdue"
    assert [row["overdue"] for row in digital.get("/api/cases?overdue=true").json()["items"]] == [True]
    assert digital.get(at(case)).json()["version"] == case["version"]
    assert states(press(staff, case, "steps/delete/take"))["delete"] == "taken"


def test_i_cannot_keeps_the_step_open_and_tells_the_desk(token, database):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    for reason in ("lost_access", "scheduled_tool", "reposted", "hacked", "The phone is at the bottom of a lake."):
        said = step(press(staff, case, "steps/delete/cannot", reason=reason), "delete")
        assert (said["state"], said["cannot_reason"]) == ("due", reason)
    assert fields(staff.post(f"{at(case)}/steps/delete/cannot", json={})) == {"reason"}
    assert staff.post(f"{at(case)}/steps/inform_manager/cannot", json={"reason": "x"}).status_code == 409
    assert digital.post(f"{at(case)}/steps/delete/cannot", json={"reason": "x"}).status_code == 403
    assert len(entries(digital, case, "step_cannot")) == 5
    press(staff, case, "steps/delete/take")
    assert staff.post(f"{at(case)}/steps/delete/cannot", json={"reason": "hacked"}).status_code == 409
    assert faults(database) == []


def test_the_holding_desk_waives_with_a_reason(token, database):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff, facts_wrong="unsure")
    for who in (staff, manager):
        assert who.post(f"{at(case)}/steps/apologise/waive", json={"reason": "x"}).status_code == 403
    assert fields(digital.post(f"{at(case)}/steps/apologise/waive", json={"reason": " "})) == {"reason"}
    waived = press(digital, case, "steps/apologise/waive", reason="Nobody had seen it.")
    assert step(waived, "apologise") | {"minutes": 0} == step(waived, "apologise") | {
        "minutes": 0,
        "state": "waived",
        "reason": "Nobody had seen it.",
        "due_at": None,
    }
    assert states(press(digital, case, "steps/correct/waive", reason="Settled by phone."))["correct"] == "waived"
    assert digital.post(f"{at(case)}/steps/apologise/waive", json={"reason": "Again"}).status_code == 409
    assert staff.post(f"{at(case)}/steps/apologise/take", json={"public_text": APOLOGY}).status_code == 409
    assert staff.post(f"{at(case)}/steps/correct/take", json={}).status_code == 409
    assert faults(database) == []


def test_only_what_was_taken_is_verified_and_once(token):
    staff, manager, digital = people(token, "staff manager digital2")
    case = report(staff)
    assert digital.post(f"{at(case)}/steps/delete/verify", json={}).status_code == 409
    press(staff, case, "steps/delete/take")
    assert staff.post(f"{at(case)}/steps/delete/verify", json={}).status_code == 403
    assert manager.post(f"{at(case)}/steps/delete/verify", json={}).status_code == 403
    assert step(press(digital, case, "steps/delete/verify"), "delete")["verified_by"] == "Digital unit member"
    assert digital.post(f"{at(case)}/steps/delete/verify", json={}).status_code == 409
    assert digital.post(f"{at(case)}/steps/delete/take", json={}).status_code == 403


@pytest.mark.parametrize("kind", ["fly", "Delete", "overdue", "inform"])
def test_there_is_no_such_step(token, kind):
    staff = token("staff")
    case = report(staff)
    assert staff.post(f"{at(case)}/steps/{kind}/take", json={}).status_code == 404


@pytest.mark.parametrize(
    ("words", "confirmed", "status"),
    [
        (None, False, 422),
        ("Oops", False, 422),
        ("Oops", True, 422),
        ("We are sorry. This was posted by mistake.", False, 422),
        ("We are sorry. This was posted by mistake.", True, 422),
        ("We are sorry. It was not an official view.", False, 422),
        (APOLOGY, False, 200),
        (JAPANESE, False, 422),
        (JAPANESE, True, 200),
        (FRENCH, False, 422),
        (FRENCH, True, 200),
    ],
)
def test_an_apology_says_both_things(token, words, confirmed, status):
    staff = token("staff")
    case = report(staff)
    body = {name: value for name, value in (("public_text", words), ("confirmed", confirmed or None)) if value}
    answer = staff.post(f"{at(case)}/steps/apologise/take", json=body)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert step(answer.json(), "apologise")["public_text"] == words
    else:
        assert fields(answer) == {"public_text"}


def test_for_a_hacked_account_the_apology_says_that_it_was_not_us(token):
    staff = token("staff")
    case = report(staff, codes=["account_compromised"])
    assert case["severity"] == "critical"
    usual = staff.post(f"{at(case)}/steps/apologise/take", json={"public_text": APOLOGY})
    assert (usual.status_code, fields(usual)) == (422, {"public_text"})
    ours = "We are sorry. Our account was hacked, and this was not posted by us."
    assert press(staff, case, "steps/apologise/take", public_text=ours)


def test_a_correction_says_what_was_corrected(token):
    staff = token("staff")
    case = report(staff, facts_wrong="yes")
    assert case["codes"] == ["factual_error", "wrong_account"]
    vague = staff.post(f"{at(case)}/steps/correct/take", json={"public_text": "We have tidied up our page today."})
    assert (vague.status_code, fields(vague)) == (422, {"public_text"})
    done = press(staff, case, "steps/correct/take", public_text=CORRECTION, link="https://example.org/2")
    assert (step(done, "correct")["state"], step(done, "correct")["link"]) == ("taken", "https://example.org/2")


def test_an_undecided_correction_is_decided_at_triage_and_its_minutes_run_from_then(token, clock, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, facts_wrong="unsure")
    assert (step(case, "correct")["state"], step(case, "correct")["due_at"]) == ("undecided", None)
    assert staff.post(f"{at(case)}/steps/correct/take", json={"public_text": CORRECTION}).status_code == 409
    clock.forward(hours=2)
    triaged = press(digital, case, "triage", facts_wrong="yes")
    assert triaged["codes"] == ["factual_error", "wrong_account"]
    assert (step(triaged, "correct")["state"], step(triaged, "correct")["minutes"]) == ("due", 240)
    assert step(triaged, "correct")["due_at"] == "2026-11-20T15:00:00Z"
    # The others run from the report.
    assert step(triaged, "delete")["due_at"] == "2026-11-20T10:00:00Z"
    right = report(staff, facts_wrong="unsure")
    assert states(press(digital, right, "triage", facts_wrong="no"))["correct"] == "not_needed"
    open_still = report(staff, facts_wrong="unsure")
    assert states(press(digital, open_still, "triage"))["correct"] == "undecided"
    assert faults(database) == []


def test_one_fact_said_twice(token):
    staff = token("staff")
    both = {"kind": "mistake", "codes": ["factual_error"], "facts_wrong": "no"}
    refused = staff.post("/api/cases", json=both)
    assert (refused.status_code, fields(refused)) == (422, {"facts_wrong"})
    refused = staff.post("/api/cases", json={"kind": "mistake", "codes": ["personal_data"], "personal_data": "no"})
    assert (refused.status_code, fields(refused)) == (422, {"personal_data"})
    case = report(staff, codes=["factual_error"], facts_wrong=None)
    assert (case["facts_wrong"], step(case, "correct")["state"]) == ("yes", "due")
    later = staff.patch(at(case), json={"facts_wrong": "no"}).json()
    assert (later["codes"], step(later, "correct")["state"]) == ([], "not_needed")
    assert staff.patch(at(case), json={"codes": ["factual_error"], "facts_wrong": "no"}).status_code == 422
    assert step(report(staff, facts_wrong=None), "correct")["state"] == "not_needed"


def test_pages_keep_what_was_typed_and_take_times_in_the_readers_zone(sign_in, clock):
    staff = sign_in("staff")
    staff.get("/report")
    here = staff.fill_in("/report", {"kind": "mistake", **NO_DANGER, "post.posted_at": "2026-11-20T17:00"}).headers[
        "location"
    ]
    staff.get(here)
    early = staff.fill_in(f"{here}/steps/delete/take", {"taken_at": "2026-11-20T16:30"})
    assert early.status_code == 422
    assert "2026-11-20T16:30" in early.text
    assert staff.fill_in(f"{here}/steps/delete/take", {"taken_at": "2026-11-20T17:40"}).status_code == 303
    assert "17:40" in staff.get(here).text
    again = staff.fill_in(f"{here}/steps/apologise/take", {"public_text": "Ever so sorry, everyone", "link": "x y"})
    assert again.status_code == 422
    assert "Ever so sorry, everyone" in again.text
