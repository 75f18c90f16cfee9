"""One busy case, and everybody's view of it: keys, entries, notes, papers, lists, counts, and the log of who looked."""

import json
import re
from io import BytesIO

import pypdf

from tests.makers import (
    PERSONAL,
    WORDS,
    at,
    busy,
    entries,
    faults,
    listed,
    people,
    press,
    put_right,
    report,
)

META = frozenset(
    "reference kind stage severity version reported_at playbook guarded holding_desk triaged_at closed_at steps routes "
    "may pdf_audiences confidential".split()
)
FACTS = META | frozenset(
    "title reporter subject posted_by_me not_manager account post guidance codes facts_wrong safety_risk "
    "possibly_classified personal_data media_interest narrative closed_fields opened live exposure assigned_to "
    "assigned_name triage_due_at advice notes evidence resolution withdrawal_asked_at data_protection".split()
)
KEYS = {
    "staff": FACTS | {"messages", "reported_before", "said_same_as"},
    "manager": FACTS | {"hr"},
    "digital": FACTS | {"messages", "hr", "duplicate_of", "duplicates", "also_reported_in", "said_same_as"},
    "hr": FACTS | {"hr", "duplicate_of"},
    "media": FACTS,
    "servicesdesk": FACTS,
    "data": FACTS,
    "auditor": META,
}
UNSEEN = ("admin", "outsider", "colleague", "digital2", "head", "services")
COMMON = frozenset(
    "reported informed facts_changed judged_again step_taken step_cannot step_waived step_verified acknowledged "
    "triaged sent exposure_changed advised note_reporter evidence_added protection_decided".split()
)
DESK = {
    "hr_judged",
    "message",
    "note_line_manager",
    "note_digital_unit",
    "conflict_named",
    "referral_proposed",
    "referral_decided",
}
KINDS = {
    "staff": COMMON | {"message"},
    "manager": COMMON | {"note_line_manager"},
    # The author of a note for HR reads it back; their colleagues do not.
    "digital": COMMON | DESK | {"note_hr"},
    "hr": COMMON | {"note_line_manager", "note_hr", "hr_judged", "referral_proposed", "referral_decided"},
    "media": COMMON,
    "servicesdesk": COMMON,
    "data": COMMON,
    "auditor": COMMON | DESK | {"note_hr"},
}
PAPERS = {
    "staff": ["reporter"],
    "manager": ["line_manager"],
    "digital": ["digital_unit", "line_manager", "reporter"],
    "hr": ["hr"],
}
NOTES = {
    "staff": {"reporter"},
    "manager": {"reporter", "line_manager"},
    "digital": {"reporter", "line_manager", "digital_unit", "hr"},
    "hr": {"reporter", "line_manager", "hr"},
    "media": {"reporter"},
    "servicesdesk": {"reporter"},
    "data": {"reporter"},
}
# What there is nothing to act on for is not offered: no step is held, the case is not guarded, the desk has decided.
MAY = {
    "staff": "view take_step cannot change_facts add_evidence message withdraw exposure",
    "manager": "view note decide_referral have_conflict",
    "digital": "view change_facts add_evidence message note assign exposure waive send advise name_conflict "
    "have_conflict merge close",
    "hr": "view acknowledge note have_conflict name_conflict",
    "media": "view acknowledge note have_conflict",
    "servicesdesk": "view acknowledge note have_conflict",
    "data": "view acknowledge note protection_decision have_conflict",
    "auditor": "view",
}


def test_keys_entries_notes_papers_and_acts(token, database):
    case = busy(token)
    for name, keys in KEYS.items():
        who = token(name)
        seen = who.get(at(case)).json()
        assert set(seen) == keys, (name, set(seen) ^ keys)
        assert {entry["kind"] for entry in entries(who, case)} == KINDS[name], name
        spoken = [each for area in ("advice", "messages", "notes") for each in seen.get(area, [])]
        # An id is for naming what to purge.
        assert {"id" in each for each in spoken} <= {name == "digital"}, name
        assert seen["pdf_audiences"] == PAPERS.get(name, []), name
        assert set(seen["may"]) == set(MAY[name].split()), (name, set(seen["may"]) ^ set(MAY[name].split()))
        assert {note["audience"] for note in seen.get("notes", [])} == NOTES.get(name, set()), name
        assert ("hr" in {route["desk"] for route in seen["routes"]}) == (name in ("digital", "hr", "auditor")), name
        if name in ("manager", "hr", "digital"):
            below = {"suggested", "because"}
            assert set(seen["hr"]) == (
                below if name == "manager" else below | {"decision", "reason", "passed_on", "proposed"}
            )
    assert faults(database) == []


def test_words_reach_only_their_readers(token, sign_in):
    case = busy(token)
    may_read = {
        "narrative": set(KEYS) - {"auditor"},
        "message": {"staff", "digital"},
        "line_manager": {"manager", "digital", "hr"},
        "digital_unit": {"digital"},
        "hr": {"digital", "hr"},
    }
    for name in (*KEYS, *UNSEEN):
        who, page = token(name), sign_in(name)
        told = "".join(
            answer.text
            for answer in (
                who.get(at(case)),
                who.get(f"{at(case)}/timeline"),
                who.get("/api/cases"),
                page.get(f"/cases/{case['reference']}"),
                page.get("/"),
                page.get("/cases"),
                page.get("/queue"),
            )
        )
        for what, word in WORDS.items():
            assert (word in told) == (name in may_read[what]), (name, what)


def test_what_an_auditor_reads_is_when_and_never_what(token):
    case = busy(token)
    auditor = token("auditor")
    seen = auditor.get(at(case)).json()
    assert set(seen["steps"][0]) == {
        *("kind", "state", "due_at", "minutes", "taken_at", "taken_zone", "recorded_at", "verified_at")
    }
    assert set(seen["routes"][0]) == {"desk", "because", "sent_at", "acknowledge_by", "acknowledged_at", "ended_at"}
    assert {frozenset(entry) for entry in entries(auditor, case)} == {frozenset({"kind", "at"})}
    row = auditor.get("/api/cases").json()["items"][0]
    assert not {"title", "assigned_to", "assigned_name", "live_since"} & set(row)
    assert auditor.get(f"{at(case)}/summary.pdf").status_code == 403
    for deed in ("acknowledge", "triage", "notes", "close", "messages"):
        assert auditor.post(f"{at(case)}/{deed}", json={}).status_code == 403, deed


def test_papers(token):
    case = busy(token)
    for name in KEYS:
        who = token(name)
        for audience in ("reporter", "line_manager", "digital_unit", "hr"):
            allowed = audience in PAPERS.get(name, [])
            if allowed and name == "digital":
                continue
            answer = who.get(f"{at(case)}/summary.pdf?audience={audience}")
            assert answer.status_code == (200 if allowed else 403), (name, audience)
            assert answer.content.startswith(b"%PDF") == allowed
        assert who.get(f"{at(case)}/summary.pdf?audience=everybody").status_code == 422
    assert token("outsider").get(f"{at(case)}/summary.pdf?audience=everybody").status_code == 404


def test_lists_and_counts(token, sign_in):
    colleague = token("colleague")
    case, other = busy(token), report(colleague)
    rows = {
        "staff": [case],
        "manager": [other, case],
        "digital": [other, case],
        "digital2": [other],
        "hr": [case],
        "media": [case],
        "servicesdesk": [case],
        "data": [case],
        "auditor": [other, case],
        "colleague": [other],
        "admin": [],
        "outsider": [],
        "head": [],
    }
    for name, seen in rows.items():
        who = token(name)
        assert listed(who) == [one["reference"] for one in seen], name
        assert listed(who, f"?q={case['reference']}") == [one["reference"] for one in seen if one is case], name
        answer = who.get("/api/cases").json()
        assert set(answer) <= {"items", "next", "total"}
        assert answer.get("total", len(seen)) == len(seen)
        here = sign_in(name).get("/cases").text
        mine = [one for one in (case, other) if one["reference"] in here]
        assert mine == {"staff": [case], "colleague": [other]}.get(name, []), name
    for name, desk, status in (
        ("media", "media_office", 200),
        ("media", "digital_unit", 403),
        ("hr", "hr", 200),
        ("staff", "digital_unit", 403),
        ("auditor", "hr", 403),
    ):
        assert token(name).get(f"/api/cases?desk={desk}").status_code == status, (name, desk)
    for name in ("staff", "outsider", "admin"):
        assert sign_in(name).get("/queue").status_code == 403, name
    assert case["reference"] in sign_in("manager").get("/queue").text
    queues = {name: sign_in(name).get("/queue").text for name in ("digital", "digital2", "media", "hr")}
    assert {name: case["reference"] in page for name, page in queues.items()} == {
        "digital": True,
        "digital2": False,
        "media": True,
        "hr": True,
    }


def test_what_is_unseen_is_byte_for_byte_absent(token, sign_in):
    case = busy(token)
    absent = {"reference": "SM-2026-999999" if case["reference"] != "SM-2026-999999" else "SM-2026-999998"}
    gets = ("", "/timeline", "/summary.pdf", "/summary.pdf?audience=hr", f"/evidence/{case['file']}")
    deeds = (
        "triage",
        "acknowledge",
        "close",
        "notes",
        "steps/delete/take",
        "steps/x/take",
        "evidence",
        "purge",
        "conflict",
    )
    dull = {"x-request-id", "date", "set-cookie"}

    def told(answer):
        headers = {name: value for name, value in answer.headers.items() if name not in dull}
        return answer.status_code, answer.content, headers

    for name in UNSEEN:
        who, page = token(name), sign_in(name)
        for path in gets:
            seen, not_there = (told(who.get(at(one) + path)) for one in (case, absent))
            assert seen == not_there, (name, path)
            assert seen[0] == 404
            seen, not_there = (told(page.get(f"/cases/{one['reference']}{path}")) for one in (case, absent))
            assert (seen[0], seen) == (404, not_there), (name, path)
        for deed in deeds:
            for body in (b"{}", b"junk", b'{"a": 1, "a": 2}', b"x" * 1_500_000):
                seen, not_there = (
                    told(who.post(f"{at(one)}/{deed}", content=body, headers={"If-Match": '"1"'}))
                    for one in (case, absent)
                )
                assert (seen[0], seen) == (404, not_there), (name, deed)
            seen, not_there = (told(page.fill_in(f"/cases/{one['reference']}/{deed}", {})) for one in (case, absent))
            assert (seen[0], seen) == (404, not_there), (name, deed)
        assert who.patch(at(case), json={}).content == who.patch(at(absent), json={}).content
    for odd in ("sm-2026-000001", "SM-2026", "x" * 500, "%00", "..%2f..", "SM-2026-000001%20"):
        assert token("staff").get(f"/api/cases/{odd}").status_code == 404, odd


def test_references_are_drawn_and_tell_nothing(token):
    staff = token("staff")
    numbers = [report(staff)["reference"] for _ in range(6)]
    assert all(re.fullmatch(r"SM-2026-\d{6}", number) for number in numbers)
    drawn = [int(number[-6:]) for number in numbers]
    assert sorted(drawn) != drawn or max(drawn) - min(drawn) > 5


def attached(who, case) -> list[dict]:
    """The entries that travel in somebody's own PDF."""
    pdf = pypdf.PdfReader(BytesIO(who.get(f"{at(case)}/summary.pdf").content))
    return json.loads(pdf.attachments["entries.json"][0])["entries"]


def shape(told: list[dict]) -> list[tuple]:
    """What an outsider to HR could count: which entries are shown, and the names of what each commits to."""
    return [
        (entry.get("kind"), tuple(sorted(re.sub(r"\.\d+$", "", field) for field in entry.get("commitments", ()))))
        for entry in told
    ]


def test_a_reporters_pdf_has_the_same_shape_whether_or_not_hr_was_thought_of(token):
    staff, digital = people(token, "staff digital")
    shapes = []
    for codes, refer in (["copyright"], None), (["disrepute"], True), (["disrepute"], False):
        case = report(staff, account=PERSONAL, codes=codes)
        told = [shape(attached(staff, case))]
        staff.patch(at(case), json={"media_interest": True})
        told.append(shape(attached(staff, case)))
        put_right(staff, digital, case)
        if refer is None:
            press(digital, case, "notes", text="Nothing for HR.", audience="digital_unit")
        else:
            press(digital, case, "referral-decision", refer=refer, reason="As the rules have it.")
        other = report(staff)
        ending = (
            {"resolution": "referred"} if refer else {"resolution": "duplicate", "duplicate_of": other["reference"]}
        )
        press(digital, case, "close", **ending)
        assert "resolution" not in staff.get(at(case)).json()
        shapes.append([*told, shape(attached(staff, case))])
    assert shapes[0] == shapes[1] == shapes[2]


def test_numbers_of_words_are_only_for_whoever_can_purge_them(token):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    press(digital, case, "advice", text="Use two devices.")
    (mine,) = entries(staff, case, "advised")
    (theirs,) = entries(digital, case, "advised")
    assert {change["field"] for change in mine["changes"]} >= {"advice"}
    assert any(change["field"].startswith("advice.") for change in theirs["changes"])
