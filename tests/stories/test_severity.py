"""Severity and deadlines row by row; judged again when the facts change, and set by hand."""

import pytest

from tests.makers import (
    OFFICIAL,
    PERSONAL,
    at,
    changed,
    edit,
    entries,
    faults,
    listed,
    people,
    press,
    report,
    route,
    step,
)

OFFICIAL_HIGH = ("contradicts_policy", "politically_partial", "disrepute", "offensive_to_an_audience")
MINUTES = {
    "critical": {"delete": 15, "apologise": 60, "correct": 60},
    "high": {"delete": 30, "apologise": 60, "correct": 120},
    "medium": {"delete": 60, "apologise": 120, "correct": 240},
    "low": {"delete": 240, "apologise": 480, "correct": 1440},
}
# One way to each severity, all of them without a guard, so that every clock runs.
EXAMPLES = {
    "critical": {"codes": ["account_compromised"]},
    "high": {"codes": ["ministerial_movements"]},
    "medium": {"codes": ["code_or_terms_breach"], "account": PERSONAL},
    "low": {"codes": ["copyright"], "account": PERSONAL},
}


@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        *(
            ({"codes": [code], "account": PERSONAL}, "critical")
            for code in ("classified_or_privileged", "personal_safety")
        ),
        *(({"codes": [code]}, "critical") for code in ("terrorism_or_espionage_risk", "account_compromised")),
        ({"codes": ["illegal_or_inappropriate"], "account": PERSONAL}, "high"),
        ({"codes": ["personal_data"], "personal_data": "yes", "account": PERSONAL}, "high"),
        ({"codes": [], "personal_data": "unsure", "account": PERSONAL}, "high"),
        ({"codes": [], "media_interest": True, "account": PERSONAL}, "high"),
        *(({"codes": [code], "account": OFFICIAL}, "high") for code in OFFICIAL_HIGH),
        *(({"codes": [code], "account": PERSONAL}, "medium") for code in OFFICIAL_HIGH),
        ({"codes": ["code_or_terms_breach"], "account": OFFICIAL}, "medium"),
        ({"codes": ["copyright"], "account": OFFICIAL}, "medium"),
        ({"codes": ["announcement_on_personal_account"], "account": PERSONAL}, "medium"),
        ({"codes": ["security_clearance_mentioned"], "account": None}, "medium"),
        ({"codes": [], "account": OFFICIAL}, "low"),
        ({"codes": ["no_press_line", "rebuttal", "advertising"], "account": {"type": "work"}}, "low"),
        ({"codes": [], "account": None, "facts_wrong": None}, "low"),
    ],
)
def test_severity_row_by_row(token, facts, severity):
    assert report(token("staff"), **facts)["severity"] == severity


@pytest.mark.parametrize("severity", MINUTES)
def test_the_minutes_of_every_step(token, severity):
    case = report(token("staff"), facts_wrong="yes", **EXAMPLES[severity])
    assert case["severity"] == severity
    assert {kind: step(case, kind)["minutes"] for kind in MINUTES[severity]} == MINUTES[severity]
    hours, minutes = divmod(9 * 60 + MINUTES[severity]["delete"], 60)
    assert step(case, "delete")["due_at"] == f"2026-11-20T{hours:02}:{minutes:02}:00Z"


@pytest.mark.parametrize(
    ("severity", "reported", "unit", "manager", "triage"),
    [
        ("critical", "2026-11-20T09:00Z", "2026-11-20T09:15", "2026-11-20T10:00", "2026-11-20T09:30"),
        ("high", "2026-11-20T09:00Z", "2026-11-20T10:00", "2026-11-20T13:00", "2026-11-20T11:00"),
        # Friday 16:00 in London is 11:00 in New York; a working day later it is Monday, at the same hours.
        ("medium", "2026-11-20T16:00Z", "2026-11-20T20:00", "2026-11-23T16:00", "2026-11-23T16:00"),
        ("low", "2026-11-20T16:00Z", "2026-11-23T16:00", "2026-11-24T16:00", "2026-11-24T16:00"),
        # Friday 23:30 in London: the desk begins on Monday at 09:00; New York has missed its Friday too.
        ("low", "2026-11-20T23:30Z", "2026-11-23T17:00", "2026-11-24T22:00", "2026-11-24T17:00"),
        # The day before Christmas: a Friday, a weekend and the Monday that stands for Boxing Day are left out.
        ("low", "2026-12-24T16:00Z", "2026-12-29T16:00", "2026-12-30T16:00", "2026-12-30T16:00"),
    ],
)
def test_when_people_should_have_answered(token, clock, severity, reported, unit, manager, triage):
    clock.at(reported)
    case = report(token("staff"), **EXAMPLES[severity])
    assert route(case, "digital_unit")["acknowledge_by"] == f"{unit}:00Z"
    assert route(case, "line_manager")["acknowledge_by"] == f"{manager}:00Z"
    assert case["triage_due_at"] == f"{triage}:00Z"


def test_a_manager_who_works_from_sunday_to_thursday(token, clock, database):
    edit(database, "manager", zone="Asia/Dubai", working_days=[6, 0, 1, 2, 3])
    clock.at("2026-11-20T09:00:00Z")
    case = report(token("staff"), **EXAMPLES["medium"])
    # Sunday, 09:00 to 17:00 in Dubai.
    assert route(case, "line_manager")["acknowledge_by"] == "2026-11-22T13:00:00Z"


def test_new_facts_are_judged_again_and_the_timeline_says_what_followed_and_why(token, clock, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, account=PERSONAL, codes=["copyright"])
    assert (case["severity"], step(case, "delete")["due_at"]) == ("low", "2026-11-20T13:00:00Z")
    clock.forward(minutes=10)
    worse = staff.patch(at(case), json={"account": {"type": "official"}, "media_interest": True}).json()
    assert (worse["severity"], step(worse, "delete")["due_at"]) == ("high", "2026-11-20T09:30:00Z")
    assert route(worse, "digital_unit")["acknowledge_by"] == "2026-11-20T10:00:00Z"
    assert worse["triage_due_at"] == "2026-11-20T11:00:00Z"
    told = changed(entries(staff, case, "facts_changed")[0])
    assert told == {"account.type": ("personal", "official"), "media_interest": (None, True)}
    judged = changed(entries(staff, case, "judged_again")[0])
    assert judged["severity"] == ("low", "high")
    assert judged["because"] == (None, ["high.media_interest"])
    assert worse["version"] > case["version"]
    better = staff.patch(at(case), json={"media_interest": None}).json()
    assert (better["severity"], better["media_interest"]) == ("medium", None)
    # What changes nothing leaves no entry.
    same = staff.patch(at(case), json={"account": {"type": "official"}}).json()
    assert same["version"] == better["version"]
    assert len(entries(digital, case, "facts_changed")) == 2
    assert faults(database) == []


def test_a_severity_set_by_hand_stands_until_the_facts_get_worse(token, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, codes=["disrepute"])
    assert case["severity"] == "high"
    lowered = press(digital, case, "triage", severity="low")
    assert (lowered["severity"], step(lowered, "delete")["minutes"]) == ("low", 240)
    assert changed(entries(staff, case, "judged_again")[0])["severity"] == ("high", "low")
    assert staff.patch(at(case), json={"facts_wrong": "yes"}).json()["severity"] == "low"
    assert (
        digital.patch(at(case), json={"codes": ["disrepute", "factual_error", "copyright"]}).json()["severity"] == "low"
    )
    assert (
        digital.patch(at(case), json={"codes": ["disrepute", "account_compromised"]}).json()["severity"] == "critical"
    )

    raised = report(staff, account=PERSONAL, codes=["copyright"])
    assert press(digital, raised, "triage", severity="critical")["severity"] == "critical"
    for codes in (["copyright", "ministerial_movements"], ["copyright", "account_compromised"], []):
        assert digital.patch(at(raised), json={"codes": codes}).json()["severity"] == "critical", codes
    assert faults(database) == []


def test_how_far_it_has_gone(token):
    staff, manager, digital = people(token, "staff manager digital")
    case = report(staff)
    assert manager.post(f"{at(case)}/exposure", json={"reach": 1}).status_code == 403
    seen = press(staff, case, "exposure", still_visible=True, reach=12_000_000_000, copies=4)
    assert (seen["post"]["reach"], seen["post"]["copies"], seen["post"]["still_visible"]) == (12_000_000_000, 4, True)
    assert press(digital, case, "exposure", media_interest=True)["severity"] == "high"
    for wrong in ({"reach": -1}, {"reach": 1.5}, {"reach": "9"}, {"copies": 10**13}, {"reach": 10**30}):
        assert staff.post(f"{at(case)}/exposure", json=wrong).status_code == 422, wrong


def test_the_queue_is_worst_first(token, sign_in):
    staff, digital = people(token, "staff digital")
    made = {
        severity: report(staff, **EXAMPLES[severity])["reference"] for severity in ("low", "critical", "medium", "high")
    }
    worst_first = [made[severity] for severity in MINUTES]
    assert listed(digital, "?order=worst&desk=digital_unit") == worst_first
    page = sign_in("digital").get("/queue").text
    assert sorted(worst_first, key=page.index) == worst_first
    assert listed(digital, "?severity=high") == [made["high"]]
    assert listed(digital, "?limit=2&order=oldest") == [made["low"], made["critical"]]
    first = digital.get("/api/cases?limit=3&order=worst").json()
    rest = digital.get(f"/api/cases?limit=3&order=worst&cursor={first['next']}").json()
    assert [row["reference"] for row in first["items"] + rest["items"]] == worst_first
    assert rest["next"] is None
