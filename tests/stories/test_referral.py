"""To refer to HR or not: suggested, proposed, decided; who learns of it, and what HR receives."""

import pytest

from tests.makers import (
    OFFICIAL,
    PERSONAL,
    at,
    case_id,
    entries,
    faults,
    fields,
    listed,
    people,
    picture,
    press,
    put_right,
    report,
    upload,
)

CANARY = "Quince-Lantern"
CONDUCT = (
    "contradicts_policy",
    "politically_partial",
    "disrepute",
    "classified_or_privileged",
    "illegal_or_inappropriate",
    "code_or_terms_breach",
)


@pytest.mark.parametrize(
    ("facts", "because"),
    [
        *(({"codes": [code], "account": PERSONAL}, [code]) for code in CONDUCT),
        ({"codes": ["offensive_to_an_audience"], "account": OFFICIAL}, ["offensive_to_an_audience"]),
        ({"codes": ["offensive_to_an_audience"], "account": PERSONAL}, []),
        ({"codes": ["ministerial_movements", "account_compromised"], "account": OFFICIAL}, []),
        ({"codes": ["copyright"], "media_interest": True, "personal_data": "yes"}, []),
    ],
)
def test_when_it_is_suggested(token, facts, because):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff, **facts)
    hr = digital.get(at(case)).json()["hr"]
    assert (hr["suggested"], hr["because"], hr["decision"], hr["passed_on"]) == (bool(because), because, None, None)
    assert "hr" not in staff.get(at(case)).json()
    assert "hr_suggest" not in staff.get(at(case)).text + staff.get(f"{at(case)}/timeline").text
    assert "decision" not in manager.get(at(case)).json()["hr"]


def test_decided_by_the_desk_and_seen_by_nobody_below(token, sign_in, database):
    staff, manager, digital, hr = people(token, "staff manager digital hr")
    case = report(staff, codes=["disrepute"], narrative="I used the wrong telephone.")
    file = upload(staff, case, picture()).json()
    early = digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": CANARY})
    assert early.status_code == 409
    put_right(staff, digital, case)
    before = {who: entries(who, case) for who in (staff, manager)}
    assert staff.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "x"}).status_code == 403
    assert hr.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "x"}).status_code == 404
    assert fields(digital.post(f"{at(case)}/referral-decision", json={"refer": True})) == {"reason"}
    other = upload(digital, report(staff), picture("red")).json()["id"]
    strange = {"refer": True, "reason": "x", "evidence": [other]}
    assert fields(digital.post(f"{at(case)}/referral-decision", json=strange)) == {"evidence"}
    assert hr.get("/api/referrals").json()["items"] == []

    told = {
        "refer": True,
        "reason": CANARY,
        "allegation": f"{CANARY}: a post that harmed the department's name.",
        "rules": ["disrepute"],
        "mitigation": f"{CANARY}: deleted within minutes.",
        "subject_told": True,
        "evidence": [file["id"]],
    }
    made = digital.post(f"{at(case)}/referral-decision", json=told)
    assert (made.status_code, made.json()["hr"]["decision"]) == (201, "referred")
    assert made.json()["hr"]["passed_on"] == "2026-11-20T09:00:00Z"
    assert "HR-" not in made.text
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 409
    closed = press(digital, case, "close", resolution="referred")
    assert (closed["stage"], closed["resolution"]) == ("closed", "referred")

    for who in (staff, manager):
        seen = who.get(at(case)).json()
        assert seen["stage"] == "closed"
        assert "resolution" not in seen
        assert set(seen.get("hr", {})) <= {"suggested", "because"}
        assert [entry["kind"] for entry in entries(who, case)[len(before[who]) :]] == ["closed"]
        assert not {"HR-", CANARY, "referr"} & {
            word
            for word in ("HR-", CANARY, "referr")
            if word in who.get(at(case)).text + who.get(f"{at(case)}/timeline").text
        }
    for name in ("staff", "manager"):
        page = sign_in(name).get(f"/cases/{case['reference']}").text
        assert CANARY not in page
        assert "eferred" not in page

    referral = hr.get("/api/referrals").json()["items"]
    assert [(one["stage"], one["received_at"]) for one in referral] == [("received", "2026-11-20T09:00:00Z")]
    read = hr.get(f"/api/referrals/{referral[0]['reference']}").json()
    assert {
        name: read[name] for name in ("allegation", "rules", "mitigation", "reason", "playbook", "self_reported")
    } == {name: told[name] for name in ("allegation", "rules", "mitigation", "reason")} | {
        "playbook": case["playbook"],
        "self_reported": True,
    }
    assert {one["kind"] for one in read["steps_taken"]} >= {"delete", "apologise", "inform_manager"}
    assert [one["id"] for one in read["evidence"]] == [file["id"]]
    assert read["people"] == {"investigator": None, "decision_maker": None, "appeal_hearer": None}
    # A self-report does not silently become the allegation, and HR sees the referral, not the case.
    assert "wrong telephone" not in str(read)
    assert (hr.get(at(case)).status_code, listed(hr)) == (404, [])
    assert hr.get(f"{at(case)}/evidence/{file['id']}").status_code == 404
    assert faults(database) == []


def test_a_manager_proposes_and_the_desk_confirms(token, database):
    staff, manager, digital, digital2, hr = people(token, "staff manager digital digital2 hr")
    case = report(staff)
    early = manager.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": CANARY})
    assert early.status_code == 409
    put_right(staff, digital, case)
    before = entries(staff, case)
    proposed = manager.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": CANARY})
    # Not suggested, and either may propose it all the same; it counts once the holding desk confirms it.
    assert proposed.status_code == 200
    assert (proposed.json()["hr"]["decision"], proposed.json()["hr"]["passed_on"]) == (None, None)
    assert hr.get("/api/referrals").json()["items"] == []
    hr_seen = digital.get(at(case)).json()["hr"]
    assert (hr_seen["proposed"]["refer"], hr_seen["proposed"]["reason"], hr_seen["decision"]) == (True, CANARY, None)
    again = manager.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "Please"})
    assert again.status_code == 409
    assert digital2.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "Agreed."}).status_code == 201
    assert manager.get(at(case)).json()["hr"]["passed_on"]
    assert digital.post(f"{at(case)}/referral-decision", json={"refer": False, "reason": "x"}).status_code == 409
    press(digital, case, "close", resolution="referred")
    assert "resolution" not in staff.get(at(case)).json()
    assert [entry["kind"] for entry in entries(staff, case)[len(before) :]] == ["closed"]
    assert CANARY not in staff.get(f"{at(case)}/timeline").text
    assert len(hr.get("/api/referrals").json()["items"]) == 1
    assert faults(database) == []


def test_the_desk_need_not_agree_and_another_manager_learns_nothing(token, database):
    staff, manager, head, digital, hr = people(token, "staff manager head digital hr")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    press(digital, case, "send", desk="line_manager", person="head@demo.example", reason="A second pair of eyes.")
    assert manager.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": CANARY}).status_code == 200
    decided = digital.post(f"{at(case)}/referral-decision", json={"refer": False, "reason": "An honest slip."})
    assert (decided.status_code, decided.json()["hr"]["decision"]) == (200, "not_referred")
    for who in (staff, head):
        seen = who.get(at(case)).text + who.get(f"{at(case)}/timeline").text
        assert CANARY not in seen
        assert "honest slip" not in seen
    # Nor is it told by a refusal: a proposal is heard as before.
    assert head.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "x"}).status_code == 200
    assert press(digital, case, "close", resolution="advice_given")["resolution"] == "advice_given"
    assert staff.get(at(case)).json()["resolution"] == "advice_given"
    assert hr.get("/api/referrals").json()["items"] == []
    assert faults(database) == []


def test_the_walls_around_hr(token, sign_in, database):
    names = "staff manager head digital digital2 media data servicesdesk auditor admin outsider colleague"
    digital, hr, hr2, staff = people(token, "digital hr hr2 staff")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    press(digital, case, "conflict", person="hr2@demo.example", reason="Shares a house with the reporter.")
    assert digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": CANARY}).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    assert reference.startswith("HR-2026-")
    for name in names.split():
        who = token(name)
        assert who.get("/api/referrals").status_code == 403, name
        assert who.get(f"/api/referrals/{reference}").status_code == 404, name
        assert who.get(f"/api/referrals/{reference}").content == who.get("/api/referrals/HR-2026-000000").content, name
    # Named as conflicted: not through HR's room either.
    assert hr2.get("/api/referrals").json() == {"items": [], "next": None}
    assert hr2.get(f"/api/referrals/{reference}").status_code == 404
    assert CANARY not in sign_in("hr2").get("/referrals").text
    for odd in ("%00", "x" * 500, reference.lower(), case["reference"]):
        assert hr.get(f"/api/referrals/{odd}").status_code == 404, odd
    page = sign_in("hr").get(f"/referrals/{reference}")
    assert (page.status_code, CANARY in page.text) == (200, True)
    # Nor has anybody at HR who is not appointed: the lead alone takes it up.
    hr3 = token("hr3")
    assert hr3.get("/api/referrals").json() == {"items": [], "next": None}
    assert hr3.get(f"/api/referrals/{reference}").content == hr3.get("/api/referrals/HR-2026-000000").content
    assert case_id(database, case)


def test_hr_does_not_read_what_is_about_themselves(token):
    hr, hr2, digital = people(token, "hr hr2 digital")
    case = report(hr2, codes=["disrepute"])
    put_right(hr2, digital, case)
    assert digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": CANARY}).status_code == 201
    press(digital, case, "close", resolution="referred")
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    assert hr2.get("/api/referrals").json()["items"] == []
    assert hr2.get(f"/api/referrals/{reference}").status_code == 404
    seen = hr2.get(at(case)).json()
    assert ("hr" in seen, "resolution" in seen) == (False, False)
    # For a team account somebody else posted on: who reported it does not handle it either.
    team = report(hr2, codes=["disrepute"], posted_by_me=False)
    put_right(hr2, digital, team)
    assert digital.post(f"{at(team)}/referral-decision", json={"refer": True, "reason": CANARY}).status_code == 201
    assert hr2.get("/api/referrals").json()["items"] == []
    newest = hr.get("/api/referrals").json()["items"][0]["reference"]
    assert hr.get(f"/api/referrals/{newest}").json()["self_reported"] is False
    assert newest != reference


def test_the_list_is_paged(token):
    staff, digital, hr = people(token, "staff digital hr")
    for _ in range(3):
        case = report(staff)
        press(digital, case, "triage")
        assert digital.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "x"}).status_code == 201
    first = hr.get("/api/referrals?limit=2").json()
    rest = hr.get(f"/api/referrals?limit=2&cursor={first['next']}").json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    for wrong in ("limit=0", "limit=101", "limit=x", "cursor=x"):
        assert hr.get(f"/api/referrals?{wrong}").status_code == 422, wrong
