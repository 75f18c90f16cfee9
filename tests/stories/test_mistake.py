"""From a mistake at 23:00 in Tokyo to a closed case with a referral: the main job, end to end, on pages and as JSON."""

REPORT = {
    "kind": "mistake",
    "account": {"type": "official", "platform": "X", "handle": "@EmbassyTokyo"},
    "post": {"text": "The talks are on Monday", "posted_at": "2026-11-20T22:40:00+09:00", "still_visible": True},
    "codes": ["wrong_account"],
    "facts_wrong": "yes",
    "safety_risk": "no",
    "possibly_classified": "no",
    "personal_data": "no",
}
APOLOGY = "We are sorry. This was posted by mistake and is not an official view."
CORRECTION = "Correction: we said the talks are on Monday. They are on Tuesday."


def test_the_whole_life_of_a_mistake(token, clock):
    staff, manager, digital, hr, outsider = (token(who) for who in ("staff", "manager", "digital", "hr", "outsider"))
    clock.at("2026-11-20T23:04:00+09:00")
    made = staff.post("/api/cases", json=REPORT)
    assert made.status_code == 201, made.text
    case = made.json()
    at = f"/api/cases/{case['reference']}"
    assert case["severity"] == "medium"
    assert case["codes"] == ["factual_error", "wrong_account"]
    assert {step["kind"]: step["state"] for step in case["steps"]} == {
        "delete": "due",
        "apologise": "due",
        "correct": "due",
        "inform_manager": "taken",
        "inform_digital_unit": "taken",
    }
    assert {route["desk"]: route["person"] for route in case["routes"]} == {
        "line_manager": "manager@demo.example",
        "digital_unit": None,
    }
    assert "hr" not in case
    assert outsider.get(at).status_code == 404

    clock.forward(minutes=2)
    taken = staff.post(f"{at}/steps/delete/take", json={"taken_at": "2026-11-20T23:05:00+09:00"})
    assert taken.status_code == 200, taken.text
    delete = taken.json()["steps"][0]
    assert (delete["state"], delete["taken_at"], delete["taken_zone"]) == (
        "taken",
        "2026-11-20T14:05:00Z",
        "Asia/Tokyo",
    )
    assert staff.post(f"{at}/steps/delete/take", json={}).status_code == 409
    assert staff.post(f"{at}/steps/apologise/take", json={"public_text": "Oops, sorry"}).status_code == 422
    assert staff.post(f"{at}/steps/apologise/take", json={"public_text": APOLOGY}).status_code == 200

    assert manager.post(f"{at}/acknowledge", json={}).status_code == 200
    assert manager.post(f"{at}/acknowledge", json={}).status_code == 409
    early = digital.post(f"{at}/close", json={"resolution": "advice_given"})
    assert early.status_code == 409
    assert {error["field"] for error in early.json()["errors"]} == {"stage", "steps.correct", "advice"}

    assert (
        digital.post(f"{at}/triage", json={"codes": ["wrong_account", "factual_error", "disrepute"]}).status_code == 200
    )
    assert digital.post(f"{at}/triage", json={}).status_code == 409
    assert digital.post(f"{at}/steps/delete/verify", json={}).json()["steps"][0]["verified_by"] == "Digital unit lead"
    assert digital.post(f"{at}/advice", json={"text": "Use two devices."}).status_code == 200
    assert staff.post(f"{at}/steps/correct/take", json={"public_text": CORRECTION}).status_code == 200
    undecided = digital.post(f"{at}/close", json={"resolution": "advice_given"})
    assert {error["field"] for error in undecided.json()["errors"]} == {"referral_decision"}
    referred = digital.post(f"{at}/referral-decision", json={"refer": True, "reason": "A pattern."})
    assert referred.status_code == 201, referred.text
    assert referred.json()["hr"]["passed_on"]
    assert "HR-" not in referred.text
    assert digital.post(f"{at}/close", json={"resolution": "referred"}).json()["stage"] == "closed"

    seen = staff.get(at)
    assert seen.json()["stage"] == "closed"
    assert "referred" not in seen.text
    assert "referr" not in staff.get(f"{at}/timeline").text
    listed = hr.get("/api/referrals").json()["items"]
    assert len(listed) == 1
    passed_on = hr.get(f"/api/referrals/{listed[0]['reference']}").json()
    assert (passed_on["reason"], passed_on["allegation"]) == ("A pattern.", None)
    assert hr.get(at).status_code == 404
    assert digital.get("/api/referrals").status_code == 403

    pdf = staff.get(f"{at}/summary.pdf?audience=reporter")
    assert pdf.status_code == 200, pdf.text
    assert pdf.content.startswith(b"%PDF")
    assert staff.get(f"{at}/summary.pdf?audience=digital_unit").status_code == 403


def test_the_same_on_pages(sign_in, clock):
    clock.at("2026-11-20T23:04:00+09:00")
    staff = sign_in("staff")
    form = staff.get("/report")
    assert form.status_code == 200, form.text
    told = {
        "kind": "mistake",
        "safety_risk": "no",
        "possibly_classified": "no",
        "personal_data": "no",
        "account.type": "official",
        "account.platform": "X",
        "codes": ["wrong_account"],
        "facts_wrong": "no",
        "post.posted_at": "2026-11-20T22:40",
    }
    sent = staff.fill_in("/report", told)
    assert sent.status_code == 303, sent.text
    here = sent.headers["location"]
    page = staff.get(here)
    assert page.status_code == 200, page.text
    assert "Wrong account" in page.text
    assert staff.fill_in(f"{here}/steps/delete/take", {}).status_code == 303
    refused = staff.fill_in(f"{here}/steps/apologise/take", {"public_text": "A typed word"})
    assert refused.status_code == 422
    assert "A typed word" in refused.text
    assert staff.fill_in(f"{here}/steps/apologise/take", {"public_text": APOLOGY}).status_code == 303
    for who, pages in (
        ("manager", ("/", here, f"{here}/pdf")),
        ("digital", ("/", "/queue", here, f"{here}/pdf", "/people")),
        ("hr", ("/", "/queue", "/referrals")),
        ("admin", ("/settings", "/people")),
    ):
        seen = sign_in(who)
        for path in pages:
            answer = seen.get(path)
            assert answer.status_code == 200, (who, path, answer.text)
