"""Somebody is worried about a post: who gets to know what, and who never does."""

import pytest
from sqlalchemy import text

from tests.makers import (
    NO_DANGER,
    OFFICIAL,
    at,
    case_id,
    changed,
    entries,
    everything_kept,
    faults,
    fields,
    id_of,
    listed,
    people,
    picture,
    press,
    states,
    step,
    upload,
)

WORDS = "Wombat wrote this"
RAISER = {"reference", "kind", "title", "status", "version", "reported_at", "confidential", "account", "post", "about"}
RAISER |= {"codes", "narrative", "messages", "evidence", "guarded", "closed_fields", "withdrawal_asked_at", "may"}
RAISER |= {"pdf_audiences", "safety_risk", "possibly_classified", "personal_data"}


def test_what_is_missing_is_named_as_the_form_asks_for_it(token, sign_in):
    case = raise_it(token("staff"), confidential=True)
    press(token("digital"), case, "triage")
    desk, here = sign_in("digital"), f"/cases/{case['reference']}"
    for deed, said in {
        "ask": ["What should they do: this is needed", "Whom do you ask: this is needed", "Why: this is needed"],
        "disclose": ["What should they be told: this is needed"],
        "messages": ["Your words: this is needed"],
        "reveal": ["Why: this is needed"],
    }.items():
        desk.get(here)
        refused = desk.fill_in(f"{here}/{deed}", {})
        assert refused.status_code == 422
        assert [each for each in said if f">{each}</a>" not in refused.text] == []


def raise_it(who, **facts):
    """A concern about a colleague's post on an official account."""
    told = {
        "kind": "concern",
        "account": OFFICIAL,
        "post": {"url": "https://example.org/post/1"},
        "codes": ["disrepute"],
        "narrative": WORDS,
        "about": {"what": "colleague", "email": "colleague@demo.example"},
        **NO_DANGER,
    } | facts
    made = who.post("/api/cases", json={name: fact for name, fact in told.items() if fact is not None})
    assert made.status_code == 201, made.text
    return made.json()


def test_who_raises_it_reads_their_own_words_and_where_it_stands(token, database):
    staff, digital = people(token, "staff digital")
    case = raise_it(staff)
    assert set(case) == RAISER
    assert (case["status"], case["narrative"], case["codes"]) == ("received", WORDS, ["disrepute"])
    assert case["about"] == {"email": "colleague@demo.example", "what": "colleague"}
    assert set(case["may"]) == {"view", "change_facts", "add_evidence", "message", "withdraw"}
    press(digital, case, "triage", codes=["copyright"], severity="critical")
    press(digital, case, "notes", text="Dab", audience="line_manager")
    press(digital, case, "messages", text="Thank you for telling us.")
    seen = staff.get(at(case)).json()
    assert (seen["status"], seen["codes"]) == ("being looked at", ["disrepute"])
    assert "critical" not in str(seen)
    assert "Dab" not in str(seen)
    assert [line["text"] for line in seen["messages"]] == ["Thank you for telling us."]
    assert {entry["kind"] for entry in entries(staff, case)} == {"reported", "message"}
    press(digital, case, "referral-decision", refer=False, reason="Not now.")
    press(digital, case, "close", resolution="unfounded")
    seen = staff.get(at(case)).json()
    assert seen["status"] == "closed"
    assert "unfounded" not in str(seen)
    assert faults(database) == []


def test_it_goes_to_the_digital_unit_and_to_nobody_else(token):
    staff, colleague, manager, digital = people(token, "staff colleague manager digital")
    case = raise_it(staff)
    seen = digital.get(at(case)).json()
    assert {route["desk"] for route in seen["routes"]} == {"digital_unit"}
    assert seen["reporter"]["email"] == "staff@demo.example"
    assert (seen["subject"]["email"], seen["steps"]) == ("colleague@demo.example", [])
    for who in (colleague, manager, token("head"), token("outsider"), token("admin"), token("hr")):
        assert who.get(at(case)).status_code == 404
        assert listed(who) == []


def test_the_manager_reads_what_the_desk_wrote_and_not_the_words_of_who_raised_it(token):
    staff, manager, digital = people(token, "staff manager digital")
    case = raise_it(staff)
    upload(staff, case, picture())
    press(digital, case, "send", desk="line_manager", reason="Talk to them about this post.")
    seen = manager.get(at(case)).json()
    assert not {"narrative", "about", "evidence", "messages"} & set(seen)
    assert WORDS not in str(seen) + str(entries(manager, case))
    assert seen["post"]["url"] == "https://example.org/post/1"
    assert next(route for route in seen["routes"] if route["desk"] == "line_manager")["reason"].startswith("Talk")
    assert listed(manager, "?q=Wombat") == []
    assert listed(digital, "?q=Wombat") == [case["reference"]]


def test_a_confidential_reporter_stands_in_no_row_but_one(token, database):
    staff, manager, digital, auditor = people(token, "staff manager digital auditor")
    case = raise_it(staff, confidential=True)
    assert "reporter" not in case
    assert case["confidential"] is True
    file = upload(staff, case, picture())
    assert file.status_code == 201, file.text
    press(staff, case, "messages", text="Please be careful.")
    assert staff.patch(at(case), json={"narrative": "More of it."}).status_code == 200
    press(digital, case, "messages", text="We are.")
    press(digital, case, "send", desk="line_manager", reason="For you.")
    for who in (digital, manager, auditor, token("digital2")):
        seen = str(who.get(at(case)).json()) + str(entries(who, case)) + str(who.get("/api/cases").json())
        assert "staff@" not in seen
    who_did = {
        entry["actor"] for entry in entries(digital, case, "evidence_added") + entries(digital, case, "reported")
    }
    assert who_did == {"The person who raised it"}
    mine = staff.get(at(case)).json()
    assert (mine["narrative"], len(mine["evidence"])) == ("More of it.", 1)
    assert staff.get(f"{at(case)}/evidence/{mine['evidence'][0]['id']}").status_code == 200
    with database.read() as db:
        number, which = id_of(database, "staff"), case_id(database, case)
        asked = {"who": number, "which": which}
        for table, column in (
            ("case_file", "reporter_id"),
            ("timeline_entry", "actor_id"),
            ("message", "by_id"),
            ("evidence", "added_by_id"),
            ("conflict", "person_id"),
        ):
            key = "id" if table == "case_file" else "case_id"
            found = f"SELECT count(*) FROM {table} WHERE {key} = :which AND {column} = :who"
            assert db.execute(text(found), asked).scalar() == 0, table
        values = "SELECT count(*) FROM confidence WHERE case_id = :which AND person_id = :who"
        assert db.execute(text(values), asked).scalar() == 1
    assert faults(database) == []
    with database.read() as db:
        values = db.execute(text("SELECT fields FROM timeline_values")).scalars().all()
    assert "staff@demo.example" not in str(values)


def test_a_member_of_the_desk_who_raised_it_never_meets_it_there(token):
    digital, lead = people(token, "digital2 digital")
    case = raise_it(digital, confidential=True)
    assert digital.get(at(case)).json()["status"] == "received"
    assert listed(digital, "?desk=digital_unit") == []
    assert (
        listed(digital, "?severity=medium") == listed(digital, "?severity=high") == listed(digital, "?q=Wombat") == []
    )
    assert listed(digital) == [case["reference"]]
    (row,) = digital.get("/api/cases").json()["items"]
    assert set(row) == {"reference", "kind", "version", "title", "status", "reported_at", "next_due", "overdue"}
    assert digital.post(f"{at(case)}/triage", json={}).status_code == 403
    # To refuse it to them would tell that it is them.
    assert press(lead, case, "assign", person="digital2@demo.example")["assigned_to"] == "digital2@demo.example"
    assert digital.get(at(case)).json()["given_to_me"] is True
    assert listed(digital, "?assigned=me") == listed(digital, "?desk=digital_unit") == []
    # To name them as conflicted is no way to learn that it is them.
    assert press(lead, case, "conflict", person="digital2@demo.example", reason="A cousin.")
    assert digital.get(at(case)).status_code == 200


def test_the_holder_of_the_account_gets_the_step_and_why(token, database):
    staff, colleague, digital = people(token, "staff colleague digital")
    case = raise_it(staff)
    asked = press(
        digital,
        case,
        "triage",
        ask_for=["delete", "apologise"],
        ask_of="colleague@demo.example",
        ask_because="It names a child.",
    )
    assert states(asked) == {"delete": "due", "apologise": "due"}
    assert step(asked, "delete")["asked_of"] == "colleague@demo.example"
    seen = colleague.get(at(case)).json()
    assert set(seen) == {
        *("reference", "kind", "version", "guarded", "pdf_audiences", "title", "account", "post", "steps"),
        *("messages", "closed_fields", "may"),
    }
    assert seen["post"] == {"url": "https://example.org/post/1"}
    assert step(seen, "delete")["asked_because"] == "It names a child."
    assert WORDS not in str(seen)
    assert "staff@" not in str(seen)
    assert set(seen["may"]) == {"view", "take_step", "cannot", "message"}
    assert entries(colleague, case) == []
    press(colleague, case, "messages", text="I am on it.")
    press(digital, case, "messages", text="Thank you.", to="colleague@demo.example")
    press(colleague, case, "steps/delete/take")
    press(colleague, case, "steps/apologise/cannot", reason="lost_access")
    assert [line["text"] for line in colleague.get(at(case)).json()["messages"]] == ["I am on it.", "Thank you."]
    assert staff.get(at(case)).json()["messages"] == []
    assert colleague.post(f"{at(case)}/steps/correct/take", json={}).status_code == 404
    assert colleague.post(f"{at(case)}/withdraw", json={"reason": "No."}).status_code == 403
    assert staff.post(f"{at(case)}/steps/delete/take", json={}).status_code == 403
    assert states(digital.get(at(case)).json()) == {"delete": "taken", "apologise": "due"}
    press(digital, case, "steps/delete/verify")
    press(digital, case, "ask", steps=["apologise"], of="head@demo.example", reason="You can reach the account.")
    assert set(states(colleague.get(at(case)).json())) == {"delete"}
    assert set(states(token("head").get(at(case)).json())) == {"apologise"}
    assert (
        digital.post(
            f"{at(case)}/ask", json={"steps": ["delete"], "of": "head@demo.example", "reason": "x"}
        ).status_code
        == 409
    )
    assert fields(
        digital.post(f"{at(case)}/ask", json={"steps": ["inform_manager"], "of": "head@demo.example", "reason": "x"})
    ) == {"steps"}
    refused = digital.post(f"{at(case)}/close", json={"resolution": "unfounded"})
    assert {"steps.apologise"} <= fields(refused)
    (entry,) = entries(digital, case, "asked")[-1:]
    assert changed(entry)["steps.apologise.asked_of"] == ("colleague@demo.example", "head@demo.example")
    assert faults(database) == []


@pytest.mark.parametrize(
    ("who", "about", "field"),
    [
        ("staff", "staff@demo.example", "about.email"),
        ("staff", "nobody@demo.example", "about.email"),
    ],
)
def test_a_concern_that_cannot_be_taken_so(token, who, about, field):
    refused = token(who).post("/api/cases", json={"kind": "concern", "about": {"email": about}, **NO_DANGER})
    assert (refused.status_code, fields(refused)) == (422, {field})


def test_what_belongs_to_another_kind_is_refused(token):
    staff = token("staff")
    told = {"kind": "concern", "not_manager": True, "ask": ["digital_unit"], **NO_DANGER}
    refused = staff.post("/api/cases", json=told)
    assert (refused.status_code, fields(refused)) == (422, {"not_manager", "ask"})


def test_about_ones_own_manager(token):
    staff, manager, head, digital = people(token, "staff manager head digital")
    case = raise_it(staff, about={"email": "manager@demo.example"})
    press(digital, case, "send", desk="line_manager", reason="About somebody whom you manage.")
    assert manager.get(at(case)).status_code == 404
    assert head.get(at(case)).status_code == 200


def test_with_nobody_known_to_be_its_subject_no_manager_is_guessed(token):
    staff, digital = people(token, "staff digital")
    case = raise_it(staff, about={"what": "unknown", "description": "Somebody who signs as X."})
    refused = digital.post(f"{at(case)}/send", json={"desk": "line_manager", "reason": "x"})
    assert (refused.status_code, fields(refused)) == (422, {"person"})


def test_its_pages(token, sign_in):
    staff, digital = people(token, "staff digital")
    case = raise_it(staff, confidential=True)
    here = f"/cases/{case['reference']}"
    press(digital, case, "triage", ask_for=["delete"], ask_of="colleague@demo.example")
    press(digital, case, "send", desk="line_manager", reason="Talk to them.")
    press(digital, case, "messages", text="We are on it.")
    mine = sign_in("staff")
    assert "We are on it." in mine.get(here).text
    assert "A concern that you raised" in mine.get("/cases").text
    assert mine.fill_in(f"{here}/messages", {"text": "Thank you."}).status_code == 303
    theirs = sign_in("colleague")
    assert "I have deleted it" in theirs.get(here).text
    assert case["reference"] in theirs.get("/").text
    assert theirs.fill_in(f"{here}/steps/delete/take", {}).status_code == 303
    for name in ("digital", "manager", "colleague", "auditor"):
        page = sign_in(name)
        seen = page.get(here)
        assert seen.status_code == 200, name
        assert "staff@" not in seen.text
        assert "staff@" not in page.get("/notifications").text
    assert WORDS not in sign_in("manager").get(here).text


def test_where_there_may_be_danger_nothing_of_it_is_kept(token, database):
    staff, digital = people(token, "staff digital")
    told = {"kind": "concern", **NO_DANGER, "safety_risk": "unsure", "narrative": "Wombat lives here"}
    told |= {"about": {"description": "Wombat again"}}
    refused = staff.post("/api/cases", json=told)
    assert (refused.status_code, fields(refused)) == (422, {"narrative", "about.description"})
    assert "Wombat" not in everything_kept(database)
    case = raise_it(staff, safety_risk="unsure", narrative=None, post=None)
    assert (case["guarded"], "narrative" in case["closed_fields"]) == (True, True)
    press(digital, case, "ask", steps=["delete", "apologise"], of="colleague@demo.example", reason="Take it down.")
    assert states(token("colleague").get(at(case)).json()) == {"delete": "due", "apologise": "held"}


def test_the_form_keeps_what_was_typed_and_says_what_is_missing(sign_in):
    staff = sign_in("staff")
    assert "<title>Form" in staff.get("/report?form=2").text
    typed = {"kind": "concern", **NO_DANGER, "account.platform": "X", "confidential": "true"}
    refused = staff.fill_in("/report", typed)
    assert refused.status_code == 422
    assert "Say what worries you" in refused.text
    assert 'value="X"' in refused.text
    sent = staff.fill_in("/report", typed | {"account.handle": "@EmbassyTokyo"})
    assert sent.status_code == 303
    assert "A concern that you raised" in staff.get(sent.headers["location"]).text


def test_the_desk_finds_out_whose_post_it_is(token, database):
    staff, digital, lead = people(token, "staff digital2 digital")
    case = raise_it(staff, about=None, confidential=True)
    press(lead, case, "assign", person="digital2@demo.example")
    press(lead, case, "triage")
    assert staff.patch(at(case), json={"about": {"email": "colleague@demo.example"}}).status_code == 409
    unknown = lead.patch(at(case), json={"about": {"email": "nobody@demo.example"}})
    assert (unknown.status_code, fields(unknown)) == (422, {"about.email"})
    seen = lead.patch(at(case), json={"about": {"email": "digital2@demo.example", "what": "colleague"}})
    assert (seen.status_code, seen.json()["subject"]["email"]) == (200, "digital2@demo.example")
    assert seen.json()["assigned_to"] is None
    assert digital.get(at(case)).status_code == 404
    assert "about" not in staff.get(at(case)).json()
    decided = lead.post(f"{at(case)}/referral-decision", json={"refer": True, "reason": "It is for HR."})
    assert decided.status_code == 201
    assert faults(database) == []
    mistake = token("outsider").post("/api/cases", json={"kind": "mistake", **NO_DANGER}).json()
    refused = token("outsider").patch(at(mistake), json={"about": {"what": "me"}})
    assert (refused.status_code, fields(refused)) == (422, {"about.what"})


def test_words_about_whose_post_it_is_and_why_it_is_asked_for_are_destroyed(token, database):
    staff, digital = people(token, "staff digital")
    case = raise_it(staff, confidential=True, about={"description": "Wombat Road 4"})
    press(digital, case, "triage", ask_for=["delete"], ask_of="colleague@demo.example", ask_because="Wombat Road again")
    assert digital.patch(at(case), json={"safety_risk": "yes"}).status_code == 200
    press(digital, case, "open", reason="We may.")
    press(staff, case, "messages", text="Wombat Road, I said")
    number = digital.get(at(case)).json()["messages"][0]["id"]
    fields_held = ["about.description", "steps.delete.asked_because", f"messages.{number}", "narrative"]
    press(digital, case, "purge", fields=fields_held, reason="It is an address.")
    assert "Wombat" not in everything_kept(database)
    assert "Wombat" not in str(staff.get(at(case)).json()) + str(token("colleague").get(at(case)).json())
    assert faults(database) == []
