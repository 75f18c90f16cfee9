"""Concerns where the people at hand have a part themselves: each has one right answer."""

from sqlalchemy import text

from tests.makers import at, case_id, desks, edit, entries, faults, fields, listed, people, press, put_right, report
from tests.stories.test_concern import WORDS, raise_it


def test_everybody_at_the_desk_has_a_part_so_another_desk_holds_it(token, database):
    """The lead of the digital unit raises it about the only other member: the alternate desk of the playbook has it."""
    lead, other, media = people(token, "digital digital2 media")
    case = raise_it(lead, about={"email": "digital2@demo.example"}, confidential=True)
    assert other.get(at(case)).status_code == 404
    assert (lead.get(at(case)).json()["status"], listed(lead, "?desk=digital_unit")) == ("received", [])
    seen = media.get(at(case)).json()
    assert (seen["holding_desk"], desks(seen)) == ("media_office", {"digital_unit", "media_office"})
    assert "digital@" not in str(seen["routes"]) + str(entries(media, case))
    press(media, case, "triage", ask_for=["delete"], ask_of="digital2@demo.example", ask_because="Please take it down.")
    assert {step["kind"] for step in other.get(at(case)).json()["steps"]} == {"delete"}
    assert faults(database) == []


def test_about_somebody_who_has_left(token, database):
    staff, digital = people(token, "staff digital")
    edit(database, "colleague", active=False)
    case = raise_it(staff)
    assert digital.get(at(case)).json()["subject"]["email"] == "colleague@demo.example"
    asked = digital.post(
        f"{at(case)}/ask", json={"steps": ["delete"], "of": "colleague@demo.example", "reason": "Take it down."}
    )
    assert (asked.status_code, fields(asked)) == (422, {"of"})


def test_merged_nobody_learns_through_the_other_who_raised_one(token, database):
    """A member of the desk raised one in confidence; merged with another, they must not meet that one at the desk."""
    raiser, other, lead = people(token, "digital2 outsider digital")
    mine, theirs = raise_it(raiser, confidential=True), raise_it(other)
    assert raiser.get(at(theirs)).status_code == 200
    press(lead, theirs, "assign", person="digital2@demo.example")
    press(lead, mine, "merge", into=theirs["reference"])
    assert raiser.get(at(theirs)).status_code == 404
    assert lead.get(at(theirs)).json()["assigned_to"] is None
    assert raiser.get(at(mine)).json()["status"] == "closed"
    assert other.get(at(theirs)).json()["status"] == "received"
    assert "digital2@" not in str(entries(lead, mine))
    assert {entry["kind"] for entry in entries(lead, theirs) if "digital2@" in str(entry)} == {"assigned"}
    with database.read() as db:
        named = "SELECT count(*) FROM conflict JOIN person ON person.id = person_id WHERE email LIKE 'digital2@%'"
        assert db.execute(text(named)).scalar() == 0
    assert faults(database) == []
    press(lead, mine, "reopen", reason="They are two posts.")
    assert raiser.get(at(mine)).json()["status"] == "received"
    assert faults(database) == []


def test_merging_is_for_who_sees_both(token, database):
    raiser, other, lead, second = people(token, "staff outsider digital digital2")
    mine, theirs = raise_it(raiser), raise_it(other)
    press(lead, theirs, "conflict", person="digital2@demo.example", reason="A cousin.")
    absent = second.post(f"{at(mine)}/merge", json={"into": "SM-2026-999999"})
    walled = second.post(f"{at(mine)}/merge", json={"into": theirs["reference"]})
    assert (walled.status_code, walled.json()) == (absent.status_code, absent.json())
    assert walled.status_code == 422


def test_asked_and_concerned_at_once(token):
    """Whose post it is may be asked, may sit at the desk, and still reads no more than the step and why."""
    staff, lead, second = people(token, "staff digital digital2")
    case = raise_it(staff, about={"email": "digital2@demo.example"})
    press(lead, case, "triage", ask_for=["delete"], ask_of="digital2@demo.example")
    seen = second.get(at(case)).json()
    assert "narrative" not in seen
    assert WORDS not in str(seen)
    assert second.post(f"{at(case)}/notes", json={"text": "x", "audience": "digital_unit"}).status_code == 403
    assert listed(second, "?desk=digital_unit") == []


def test_the_names_of_who_asked_and_who_raised_are_in_no_mail(token, database):
    staff, digital = people(token, "staff digital")
    case = raise_it(staff, confidential=True)
    press(digital, case, "messages", text="Thank you.")
    with database.read() as db:
        asked = {"which": case_id(database, case)}
        told = db.execute(text("SELECT body FROM outbox WHERE case_id = :which"), asked).scalars().all()
    assert told
    assert "staff@" not in str(told)
    assert case["reference"] not in str(told)


def test_closing_as_the_same_is_for_who_holds_both(token):
    """Through the other case's timeline, whoever raised a concern in confidence would be known by what they closed."""
    raiser, staff = people(token, "digital2 staff")
    concern = raise_it(raiser, confidential=True)
    mistake = report(staff)
    put_right(staff, raiser, mistake)
    refused = raiser.post(
        f"{at(mistake)}/close", json={"resolution": "duplicate", "duplicate_of": concern["reference"]}
    )
    assert (refused.status_code, fields(refused)) == (422, {"duplicate_of"})
    assert {entry["kind"] for entry in entries(token("digital"), concern)} == {
        "reported",
        "judged",
        "informed",
        "hr_judged",
    }


def test_a_guarded_case_does_not_go_on_unguarded_through_closing(token):
    staff, digital = people(token, "staff digital")
    guarded, plain = report(staff, safety_risk="yes"), report(staff)
    press(staff, guarded, "steps/delete/take")
    press(digital, guarded, "triage")
    for kind in ("apologise", "correct"):
        digital.post(f"{at(guarded)}/steps/{kind}/waive", json={"reason": "Not needed."})
    press(digital, guarded, "advice", text="Thank you.")
    refused = digital.post(f"{at(guarded)}/close", json={"resolution": "duplicate", "duplicate_of": plain["reference"]})
    assert (refused.status_code, fields(refused)) == (409, {"duplicate_of"})


def test_an_auditor_who_was_asked_reads_what_was_asked_and_no_more(token, sign_in):
    staff, digital, auditor = people(token, "staff digital auditor")
    case = raise_it(staff)
    press(digital, case, "triage", ask_for=["delete"], ask_of="auditor@demo.example", ask_because="You have it.")
    seen = auditor.get(at(case)).json()
    assert "routes" not in seen
    assert seen["post"] == {"url": "https://example.org/post/1"}
    assert listed(auditor, "?platform=X") == []
    (row,) = auditor.get("/api/cases").json()["items"]
    assert row["title"] == "Something is asked of you"
    assert "I have deleted it" in sign_in("auditor").get(f"/cases/{case['reference']}").text


def test_a_manager_who_was_asked_reads_what_the_desk_answers(token):
    staff, digital, manager = people(token, "staff digital manager")
    case = raise_it(staff)
    press(digital, case, "triage", ask_for=["delete"], ask_of="manager@demo.example", ask_because="You have it.")
    press(digital, case, "send", desk="line_manager", reason="And you manage them.")
    press(manager, case, "messages", text="I am on it.")
    press(digital, case, "messages", text="Thank you.", to="manager@demo.example")
    press(digital, case, "messages", text="To who raised it.")
    assert [line["text"] for line in manager.get(at(case)).json()["messages"]] == ["I am on it.", "Thank you."]


def test_one_of_the_desk_who_was_asked_answers_the_desk(token):
    staff, digital, second = people(token, "staff digital digital2")
    case = raise_it(staff)
    press(digital, case, "triage", ask_for=["delete"], ask_of="digital2@demo.example", ask_because="You have it.")
    press(second, case, "messages", text="I am on it.")
    assert staff.get(at(case)).json()["messages"] == []


def test_how_often_the_desk_does_something_is_not_for_the_parties(token):
    """`version`, in the list, on the page and as the tag, moves with what somebody reads, and with nothing else."""
    staff, services, digital = people(token, "staff services digital")
    case = raise_it(staff)
    press(digital, case, "ask", steps=["delete"], of="services@demo.example", reason="It names a child.")

    def versions(who):
        one = who.get(at(case))
        (row,) = (each for each in who.get("/api/cases").json()["items"] if each["reference"] == case["reference"])
        assert one.headers["etag"] == f'"{one.json()["version"]}"'
        assert row["version"] == one.json()["version"]
        return row["version"]

    before, whole = (versions(staff), versions(services)), versions(digital)
    press(digital, case, "triage", severity="critical")
    press(digital, case, "notes", text="Dab", audience="digital_unit")
    press(digital, case, "send", desk="media_office", reason="Look.")
    press(digital, case, "messages", text="Thank you.", to="services@demo.example")
    assert (versions(staff), versions(services)) == before
    assert versions(digital) > whole
    press(digital, case, "messages", text="We look at it.")
    assert (versions(staff), versions(services)) == (before[0] + 1, before[1])
    told = {"json": {"narrative": "More."}, "headers": {"If-Match": f'"{before[0]}"'}}
    assert staff.patch(at(case), **told).status_code == 412
    told["headers"]["If-Match"] = f'"{versions(staff)}"'
    changed = staff.patch(at(case), **told)
    assert (changed.status_code, changed.headers["etag"]) == (200, f'"{before[0] + 2}"')


def test_no_note_is_for_whoever_raised_it(token, sign_in):
    """They would never read it: the desk is told to write a message, its manager to choose other readers."""
    staff, digital, manager = people(token, "staff digital manager")
    case = raise_it(staff)
    press(digital, case, "send", desk="line_manager", reason="Look.")
    for who, instead in ((digital, "Write them a message"), (manager, "the desk can write to them")):
        refused = who.post(f"{at(case)}/notes", json={"text": "We look at it.", "audience": "reporter"})
        assert (refused.status_code, fields(refused)) == (422, {"audience"})
        assert instead in refused.text
        press(who, case, "notes", text="Seen.", audience="line_manager")
    for who in ("digital", "manager"):
        page = sign_in(who).get(f"/cases/{case['reference']}").text
        assert 'name="audience" type="radio" value="line_manager"' in page
        assert 'name="audience" type="radio" value="reporter"' not in page
    mistake = sign_in("digital").get(f"/cases/{report(staff)['reference']}").text
    assert 'name="audience" type="radio" value="reporter"' in mistake


def test_an_asked_apology_need_not_call_it_a_mistake(token, sign_in):
    """Whoever was asked may have meant it: they are not made to say something untrue in public."""
    staff, services, digital = people(token, "staff services digital")
    case = raise_it(staff)
    press(digital, case, "ask", steps=["apologise"], of="services@demo.example", reason="It hurt people.")
    here = f"/cases/{case['reference']}"
    page = sign_in("services").get(here).text
    assert "it should not have been posted, and it is not an official view" in page
    assert "Say only what is true" in page
    take = f"{at(case)}/steps/apologise/take"
    refused = services.post(
        take, json={"public_text": "We are sorry for what we wrote, which is not an official view."}
    )
    assert [error["message"] for error in refused.json()["errors"]] == [
        "Say that it should not have been posted, or, if that is so, that it was posted by mistake."
    ]
    told = "We are sorry. This should not have been posted here, and it is not an official view."
    assert services.post(take, json={"public_text": told}).status_code == 200
    # Of a mistake that somebody reports themselves, the policy's own words are asked for.
    mine = report(staff)
    refused = staff.post(f"{at(mine)}/steps/apologise/take", json={"public_text": "We are sorry, it was not official."})
    assert refused.json()["errors"][0]["message"] == "Say that it was posted by mistake."


def test_an_apology_for_a_hacked_account_is_asked_for_what_is_true_of_it(token, sign_in):
    """The page asks for what the check asks for: that it was not posted by them."""
    staff, services, digital = people(token, "staff services digital")
    case = raise_it(staff)
    assert digital.patch(at(case), json={"codes": ["account_compromised"]}).status_code == 200
    press(digital, case, "ask", steps=["apologise"], of="services@demo.example", reason="People ask who wrote it.")
    page = sign_in("services").get(f"/cases/{case['reference']}").text
    assert "it was not posted by you" in page
    assert "says that it was not posted by you" in page
    assert "not an official view" not in page
    take = f"{at(case)}/steps/apologise/take"
    told = services.post(take, json={"public_text": "It was not an official view."}).json()
    assert [error["message"] for error in told["errors"]] == ["Say that it was not posted by you."]
    assert services.post(take, json={"public_text": "Sorry: this was not posted by us."}).status_code == 200
