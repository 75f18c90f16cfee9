"""What is known about a post: told at first, added later, cleared; and everything that cannot be taken."""

import json

import httpx
import pytest

from tests.makers import NO_DANGER, OFFICIAL, PERSONAL, at, changed, desks, entries, faults, fields, people, report

ALL = {
    "account": OFFICIAL | {"names_employer": True, "views_personal": False},
    "post": {
        "url": "https://example.org/post/1",
        "text": "The talks are on Monday",
        "posted_at": "2026-11-20T17:00:00+09:00",
        "discovered_at": "2026-11-20T17:30:00+09:00",
        "still_visible": True,
        "audience": "everyone",
        "reach": 1200,
    },
    "guidance": {"sought": True, "from": "The press officer"},
    "codes": ["released_early"],
    "facts_wrong": "no",
    "media_interest": False,
    "narrative": "I pressed send instead of save.",
    **NO_DANGER,
}
GROUPS = ("account", "post", "guidance")


def known(case):
    """The facts of a case, without what was never told."""
    return {
        name: {key: value for key, value in case[name].items() if value is not None} if name in GROUPS else case[name]
        for name in ALL
    }


def test_everything_may_be_told_at_once_or_one_by_one(token, database):
    staff, manager, digital = people(token, "staff manager digital")
    answered = report(staff, **ALL)
    at_once = staff.get(at(answered)).json()
    # Moments are spelled alike, whoever told them in whatever zone.
    assert answered == at_once
    told = known(at_once)
    assert told["post"] == ALL["post"] | {
        "posted_at": "2026-11-20T08:00:00Z",
        "discovered_at": "2026-11-20T08:30:00Z",
        "posted_zone": "Asia/Tokyo",
    }
    assert {name: told[name] for name in told if name != "post"} == {name: ALL[name] for name in ALL if name != "post"}
    bare = staff.post("/api/cases", json={"kind": "mistake"})
    assert bare.status_code == 201
    later = bare.json()
    for name, fact in ALL.items():
        patched = staff.patch(at(later), json={name: fact})
        assert (patched.status_code, patched.json()) == (200, staff.get(at(later)).json()), name
    assert known(staff.get(at(later)).json()) == told
    assert known(manager.get(at(later)).json()) == known(digital.get(at(later)).json()) == told
    for who in (manager, token("colleague")):
        assert who.patch(at(later), json={"narrative": "x"}).status_code in (403, 404)
    assert faults(database) == []


def test_null_clears(token, database):
    staff = token("staff")
    case = report(staff, **ALL)
    cleared = staff.patch(at(case), json={"narrative": None, "post": {"text": None, "reach": None}, "guidance": None})
    assert cleared.status_code == 200
    now = cleared.json()
    assert (now["narrative"], now["post"]["text"], now["post"]["reach"]) == (None, None, None)
    assert now["guidance"] == {"sought": None, "from": None}
    assert now["post"]["url"] == ALL["post"]["url"]
    told = changed(entries(staff, case, "facts_changed")[0])
    assert told["narrative"] == (ALL["narrative"], None)
    assert staff.patch(at(case), json={"account": None, "codes": None}).json()["severity"] == "low"
    assert faults(database) == []


def test_for_a_team_account_the_reporter_need_not_be_the_subject(token):
    staff = token("staff")
    assert report(staff)["subject"]["email"] == "staff@demo.example"
    team = report(staff, posted_by_me=False)
    assert (team["subject"], team["posted_by_me"], desks(team)) == (None, False, {"line_manager", "digital_unit"})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"kind": None}, "kind"),
        ({"urgent": True}, "urgent"),
        ({"post": {"colour": "red"}}, "post.colour"),
        ({"post": []}, "post"),
        ({"post": "text"}, "post"),
        ({"codes": "wrong_account"}, "codes"),
        ({"codes": ["wrong_account", 7]}, "codes.1"),
        ({"codes": ["wrong"]}, "codes.0"),
        ({"safety_risk": True}, "safety_risk"),
        ({"safety_risk": "maybe"}, "safety_risk"),
        ({"media_interest": "yes"}, "media_interest"),
        ({"media_interest": 1}, "media_interest"),
        ({"narrative": 7}, "narrative"),
        ({"narrative": ""}, "narrative"),
        ({"narrative": "x" * 20_001}, "narrative"),
        ({"narrative": "half \ud800 a sign"}, "narrative"),
        ({"narrative": "nul \x00"}, "narrative"),
        ({"account": {"type": "secret"}}, "account.type"),
        ({"account": {"platform": "x" * 61}}, "account.platform"),
        ({"account": {"handle": "x" * 301}}, "account.handle"),
        ({"account": {"handle": "two\nlines"}}, "account.handle"),
        ({"post": {"url": "https://example.org/" + "x" * 2000}}, "post.url"),
        ({"post": {"url": "javascript:alert(1)"}}, "post.url"),
        ({"post": {"reach": 10**40}}, "post.reach"),
        ({"post": {"reach": -1}}, "post.reach"),
        ({"post": {"reach": True}}, "post.reach"),
        ({"post": {"posted_at": "2026-11-20T08:00:00"}}, "post.posted_at"),
        ({"post": {"posted_at": "2026-11-20T09:00:01Z"}}, "post.posted_at"),
        ({"post": {"posted_at": "1999-12-31T23:59:59Z"}}, "post.posted_at"),
        ({"post": {"posted_at": "2026-02-30T08:00:00Z"}}, "post.posted_at"),
        (
            {"post": {"posted_at": "2026-11-20T08:00:00Z", "discovered_at": "2026-11-20T07:00:00Z"}},
            "post.discovered_at",
        ),
        ({"posted_by_me": "no"}, "posted_by_me"),
        ({"ask": ["media_office"]}, "ask"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_stored(token, body, field):
    staff = token("staff")
    told = json.dumps({"kind": "mistake"} | body)
    refused = staff.post("/api/cases", content=told, headers={"content-type": "application/json"})
    assert (refused.status_code, fields(refused)) == (422, {field}), refused.text
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert set(refused.json()) == {"type", "title", "status", "detail", "errors"}
    assert staff.get("/api/cases").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"mistake"', 400),
        (b'{"kind": "mistake", "kind": "mistake"}', 400),
        (b'{"kind": "mistake", "post": {"text": "a", "text": "b"}}', 400),
        (b'{"kind": "mistake", "post": {"reach": NaN}}', 400),
        (b'{"kind": "mistake"} {}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 5000 + b"]" * 5000, 400),
        (b"", 422),
        (b'{"kind": "mistake", "narrative": "' + b"x" * 1_048_576 + b'"}', 413),
        (b" " * 10 * 1024 * 1024, 413),
    ],
)
def test_bodies_that_are_no_report(token, body, status):
    staff = token("staff")
    refused = staff.post("/api/cases", content=body, headers={"content-type": "application/json"})
    assert refused.status_code == status, refused.text
    assert refused.json()["status"] == status
    assert staff.get("/api/cases").json()["items"] == []
    form = staff.post("/api/cases", content=b"kind=mistake", headers={"content-type": "text/plain"})
    assert form.status_code == 415


def test_refusals_come_in_their_order(token, server):
    staff, outsider, manager = people(token, "staff outsider manager")
    case = report(staff)
    stale, junk = {"If-Match": '"1"', "content-type": "application/json"}, b'{"narrative": 7, "x": '
    wrong = b'{"narrative": 7}'
    staff.patch(at(case), json={"narrative": "Something."})
    stranger = httpx.Client(transport=server._transport, base_url="http://127.0.0.1:8000")
    asked = [
        (stranger, junk, 401),
        (outsider, junk, 404),
        (manager, junk, 403),
        (staff, junk, 412),
        (staff, wrong, 412),
    ]
    for who, body, status in asked:
        for path, method in ((at(case), "PATCH"), (f"{at(case)}/withdraw", "POST")):
            answer = who.request(method, path, content=body, headers=stale)
            assert answer.status_code == status, (method, path, status, answer.text)
    fresh = {"content-type": "application/json"}
    assert staff.patch(at(case), content=junk, headers=fresh).status_code == 400
    assert staff.patch(at(case), content=wrong, headers=fresh).status_code == 422
    assert (
        staff.post(f"{at(case)}/steps/inform_manager/take", json={"taken_at": "2027-01-01T00:00Z"}).status_code == 422
    )
    assert staff.post(f"{at(case)}/steps/inform_manager/take", json={}).status_code == 409
    assert token("staff", scopes="read").patch(at(case), json={}).status_code == 403


def test_if_match_keeps_two_people_from_overwriting_one_another(token):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    read = staff.get(at(case))
    assert read.headers["etag"] == f'"{read.json()["version"]}"'
    seen = {"If-Match": read.headers["etag"]}
    first = digital.patch(at(case), json={"narrative": "Mine."}, headers=seen)
    assert (first.status_code, first.headers["etag"]) == (200, f'"{first.json()["version"]}"')
    assert staff.patch(at(case), json={"narrative": "Yours."}, headers=seen).status_code == 412
    assert staff.get(at(case)).json()["narrative"] == "Mine."
    assert (
        staff.patch(at(case), json={"narrative": "Ours."}, headers={"If-Match": first.headers["etag"]}).status_code
        == 200
    )
    for odd in ("7", "x", '"7', "'7'"):
        assert staff.patch(at(case), json={}, headers={"If-Match": odd}).status_code in (400, 412), odd
    assert staff.patch(at(case), json={}, headers={"If-Match": "*"}).status_code == 200


def test_the_same_key_again_is_the_same_case(token, database):
    staff, colleague = people(token, "staff colleague")
    body, key = {"kind": "mistake", "narrative": "Once."}, {"Idempotency-Key": "a-key"}
    first = staff.post("/api/cases", json=body, headers=key)
    again = staff.post("/api/cases", json=body, headers=key)
    assert (again.status_code, again.json()["reference"]) == (201, first.json()["reference"])
    clash = staff.post("/api/cases", json=body | {"narrative": "Twice."}, headers=key)
    assert (clash.status_code, fields(clash)) == (422, {"Idempotency-Key"})
    assert colleague.post("/api/cases", json=body, headers=key).json()["reference"] != first.json()["reference"]
    assert len(staff.get("/api/cases").json()["items"]) == 1
    here = at(first.json())
    taken = [staff.post(f"{here}/steps/delete/take", json={}, headers={"Idempotency-Key": "b"}) for _ in range(2)]
    assert [answer.status_code for answer in taken] == [200, 200]
    assert len(entries(staff, first.json(), "step_taken")) == 1
    # Retried as it was sent, with the version that was seen then.
    told = {"Idempotency-Key": "c", "If-Match": taken[0].headers["etag"]}
    notes = [staff.post(f"{here}/messages", json={"text": "Hello"}, headers=told) for _ in range(2)]
    assert [answer.status_code for answer in notes] == [200, 200]
    assert len(notes[1].json()["messages"]) == 1
    failed = staff.post(f"{here}/messages", json={"text": ""}, headers={"Idempotency-Key": "d"})
    assert failed.status_code == 422
    assert staff.post(f"{here}/messages", json={"text": "Now"}, headers={"Idempotency-Key": "d"}).status_code == 200
    assert staff.post(f"{here}/messages", json={"text": "x"}, headers={"Idempotency-Key": "k" * 201}).status_code == 422
    assert faults(database) == []


def test_pages_keep_every_word_through_a_refusal_and_a_stale_page(sign_in, token):
    staff = sign_in("staff")
    staff.get("/report")
    typed = {"kind": "mistake", **NO_DANGER, "narrative": "Every word of it", "post.posted_at": "2026-11-21T08:00"}
    refused = staff.fill_in("/report", typed)
    assert (refused.status_code, "Every word of it" in refused.text) == (422, True)
    assert "This time has not come yet" in refused.text
    here = staff.fill_in("/report", typed | {"post.posted_at": "2026-11-20T08:00"}).headers["location"]
    page = staff.get(here).text
    assert "Every word of it" in page
    case = {"reference": here.rpartition("/")[2]}
    version = token("staff").get(at(case)).json()["version"]
    assert token("digital").patch(at(case), json={"account": PERSONAL}).status_code == 200
    stale = staff.fill_in(f"{here}/facts", {"narrative": "Typed too late", "_version": str(version)})
    assert (stale.status_code, "Typed too late" in stale.text) == (412, True)
    assert token("staff").get(at(case)).json()["narrative"] == "Every word of it"
    assert staff.fill_in(f"{here}/facts", {"narrative": "Typed in time"}).status_code == 303
    assert staff.fill_in(f"{here}/steps/delete/take", {}).status_code == 303
    late = staff.fill_in(f"{here}/steps/delete/cannot", {"reason": "other"})
    assert late.status_code == 409
    twice = staff.fill_in(f"{here}/withdraw", {"reason": "First wish"})
    assert twice.status_code == 303
    again = staff.fill_in(f"{here}/withdraw", {"reason": "Second wish"})
    assert (again.status_code, "Second wish" in again.text) == (409, True)
