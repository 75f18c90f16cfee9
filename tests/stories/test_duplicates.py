"""One post, reported more than once: the desk sees it and merges; each reporter keeps only their own view."""

from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlmodel import col

from migrations.schema import migrate, take_back
from service.records.cases import Case
from tests.makers import (
    OFFICIAL,
    PERSONAL,
    at,
    case_id,
    changed,
    entries,
    faults,
    fields,
    listed,
    people,
    picture,
    press,
    put_right,
    report,
    states,
    step,
    upload,
)

LINK = "https://x.com/EmbassyTokyo/status/17"
SAME_LINKS = (
    "http://www.X.com/EmbassyTokyo/status/17/",
    "mobile.twitter.com/EmbassyTokyo/status/17?s=20&t=abc",
    "https://x.com:443/EmbassyTokyo/status/17?utm_source=mail&ref_src=twsrc#top",
    "https://x.com/embassytokyo/status/17/photo/1",
)
OTHER_LINKS = (
    "https://x.com/EmbassyTokyo/status/18",
    "https://x.com/EmbassyTokyo",
    "https://x.org/EmbassyTokyo/status/17",
    "https://x.com/",
)
WORDS = "The talks in Geneva are on Monday, not on Tuesday."
NO_ACCOUNT = {"account": None}


def because(who, case) -> dict[str, list[str]]:
    """What looks like a case, as the desk reads it."""
    return {one["reference"]: one["because"] for one in who.get(at(case)).json()["duplicates"]}


def two(staff, colleague, **facts):
    """The same link, told by two people."""
    return [report(who, post={"url": LINK}, **NO_ACCOUNT, **facts) for who in (staff, colleague)]


@pytest.mark.parametrize("link", SAME_LINKS)
def test_one_link_in_another_spelling_is_the_same(token, link):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = report(staff, post={"url": LINK}, **NO_ACCOUNT), report(colleague, post={"url": link}, **NO_ACCOUNT)
    assert because(digital, second) == {first["reference"]: ["link"]}
    assert because(digital, first) == {second["reference"]: ["link"]}


def test_another_link_is_another_post(token):
    staff, colleague, digital = people(token, "staff colleague digital")
    first = report(staff, post={"url": LINK}, **NO_ACCOUNT)
    for link in OTHER_LINKS:
        assert because(digital, report(colleague, post={"url": link}, **NO_ACCOUNT)) == {}, link
    assert because(digital, first) == {}


def test_words_account_and_file_are_compared_too(token, clock):
    staff, colleague, digital = people(token, "staff colleague digital")
    first = report(staff, post={"text": WORDS}, account=OFFICIAL)
    upload(staff, first, picture("teal"))
    clock.forward(hours=23)
    same = {"type": "official", "platform": " Twitter", "handle": "embassytokyo "}
    second = report(colleague, post={"text": f"  {WORDS.upper()}!! https://x.com/1"}, account=same)
    upload(colleague, second, picture("teal"), "other.png")
    assert because(digital, second) == {first["reference"]: ["text", "file", "account"]}
    clock.forward(hours=2)
    later = report(colleague, account=same)
    # A day after the first, and two hours after the second.
    assert because(digital, later) == {second["reference"]: ["account"]}
    short = [report(who, post={"text": "Sorry!"}, **NO_ACCOUNT) for who in (staff, colleague)]
    assert because(digital, short[0]) == {}
    plain = [report(who, post={"text": "The talks are on Monday"}, **NO_ACCOUNT) for who in (staff, colleague)]
    assert because(digital, plain[0]) == {plain[1]["reference"]: ["text"]}
    # Eight characters of Chinese mean as much as a sentence.
    han = [report(who, post={"text": "大使館明天早上關門"}, **NO_ACCOUNT) for who in (staff, colleague)]
    assert because(digital, han[0]) == {han[1]["reference"]: ["text"]}


def test_the_keys_follow_the_facts(token, database):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = two(staff, colleague)
    assert staff.patch(at(first), json={"post": {"url": None}}).status_code == 200
    assert because(digital, second) == {}
    assert staff.patch(at(first), json={"post": {"url": SAME_LINKS[0]}}).status_code == 200
    assert because(digital, second) == {first["reference"]: ["link"]}
    assert faults(database) == []


def test_only_the_desk_that_holds_a_case_is_told(token, sign_in):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = two(staff, colleague)
    for desk in ("media_office", "hr"):
        press(digital, second, "send", desk=desk, reason="Look at this.")
    for name in ("colleague", "manager", "media", "hr", "auditor"):
        seen = token(name).get(at(second))
        assert seen.status_code == 200, name
        assert not {"duplicates", "also_reported_in"} & seen.json().keys(), name
        assert "merge" not in seen.json()["may"], name
        if name != "manager":
            assert first["reference"] not in seen.text + sign_in(name).get(f"/cases/{second['reference']}").text, name
    assert token("manager").post(f"{at(second)}/merge", json={"into": first["reference"]}).status_code == 403
    assert colleague.post(f"{at(second)}/merge", json={"into": first["reference"]}).status_code == 403


def test_nobody_learns_of_a_case_they_may_not_see(token, sign_in, database):
    staff, colleague, services, digital, digital2 = people(token, "staff colleague services digital digital2")
    here = report(staff, post={"url": LINK}, account=PERSONAL)
    alone = digital.get(at(here)).json()
    # One that FCO Services holds by itself, and one from which the reader is kept away.
    secret = report(services, post={"url": LINK}, account=PERSONAL)
    walled = report(colleague, post={"url": LINK}, account=PERSONAL)
    press(digital2, walled, "conflict", person="digital@demo.example", reason="A cousin.")
    assert digital.get(at(here)).json() == alone
    assert because(digital2, here) == {walled["reference"]: ["link"]}
    page = sign_in("digital").get(f"/cases/{here['reference']}").text
    for other in (secret, walled):
        assert other["reference"] not in page
        refused = digital.post(f"{at(here)}/merge", json={"into": other["reference"]})
        absent = digital.post(f"{at(here)}/merge", json={"into": "SM-2026-9999999"})
        assert (refused.status_code, fields(refused)) == (422, {"into"})
        assert refused.json() == absent.json()
    # A flood of what is not theirs hides nothing that is.
    for _ in range(25):
        report(services, post={"url": LINK}, account=PERSONAL)
    assert because(digital2, here) == {walled["reference"]: ["link"]}
    assert faults(database) == []


def test_a_reporter_is_asked_about_their_own_open_cases_only(token, sign_in, clock, database):
    staff, colleague, digital = people(token, "staff colleague digital")
    others = report(colleague, post={"url": LINK}, **NO_ACCOUNT)
    first = report(staff, post={"url": LINK}, **NO_ACCOUNT)
    assert first["reported_before"] == []
    assert "say_same" not in first["may"]
    clock.forward(minutes=12)
    second = report(staff, post={"url": LINK}, **NO_ACCOUNT)
    assert second["reported_before"] == [
        {"reference": first["reference"], "because": ["link"], "reported_at": "2026-11-20T09:00:00Z"}
    ]
    assert "say_same" in second["may"]
    assert "duplicates" not in second
    assert others["reference"] not in staff.get(at(second)).text
    using = sign_in("staff")
    page = using.get(f"/cases/{second['reference']}").text
    assert "You reported this link" in page
    assert "Yes, it is the same" in page
    for wrong in ("SM-2026-000000", others["reference"], second["reference"]):
        refused = staff.post(f"{at(second)}/same", json={"as": wrong})
        assert (refused.status_code, fields(refused)) == (422, {"as"}), wrong
    assert digital.post(f"{at(second)}/same", json={"as": first["reference"]}).status_code == 403
    said = using.fill_in(f"/cases/{second['reference']}/same", {"as": first["reference"]})
    assert said.status_code == 303
    assert staff.post(f"{at(second)}/same", json={"as": first["reference"]}).status_code == 409
    after = staff.get(at(second)).json()
    assert (after["said_same_as"], "say_same" in after["may"]) == (first["reference"], False)
    assert digital.get(at(second)).json()["said_same_as"] == first["reference"]
    assert "said_same_as" not in token("manager").get(at(second)).json()
    assert first["reference"] not in token("manager").get(f"{at(second)}/timeline").text
    assert "The reporter says that it is the same" in sign_in("digital").get(f"/cases/{second['reference']}").text
    assert changed(entries(staff, second, "said_same")[0]) == {"said_same_as": (None, first["reference"])}
    assert faults(database) == []


def test_merged_into_one_and_each_reporter_keeps_their_own_view(token, sign_in, database, clock):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = two(staff, colleague)
    file = upload(colleague, second, picture()).json()["id"]
    press(digital, second, "notes", text="Seen twice.", audience="digital_unit")
    clock.forward(minutes=5)
    merged = press(digital, second, "merge", into=first["reference"].lower())
    assert (merged["stage"], merged["resolution"]) == ("closed", "duplicate")
    assert (merged["duplicate_of"], merged["duplicates"]) == (first["reference"], [])
    assert merged["closed_at"] == "2026-11-20T09:05:00Z"
    assert {each["due_at"] for each in merged["steps"]} == {None}
    assert {each["acknowledge_by"] for each in merged["routes"]} == {None}
    assert digital.get(f"{at(second)}/evidence/{file}").status_code == 200
    survivor = digital.get(at(first)).json()
    assert survivor["also_reported_in"] == [second["reference"]]
    assert survivor["duplicates"] == []
    assert changed(entries(digital, first, "merged")[0]) == {"also_reported_in": (None, second["reference"])}
    assert f"/cases/{second['reference']}" in sign_in("digital").get(f"/cases/{first['reference']}").text
    for who, name, own, other in ((staff, "staff", first, second), (colleague, "colleague", second, first)):
        told = [
            who.get(at(own)).text,
            who.get(f"{at(own)}/timeline").text,
            sign_in(name).get(f"/cases/{own['reference']}").text,
        ]
        paper = PdfReader(BytesIO(who.get(f"{at(own)}/summary.pdf").content))
        told.append("".join(page.extract_text() for page in paper.pages) + str(paper.attachments))
        for each in told:
            assert other["reference"] not in each, name
            assert "uplicate" not in each, name
        assert who.get(at(other)).status_code == 404
        assert "merged" not in told[1]
    seen = colleague.get(at(second)).json()
    assert seen["stage"] == "closed"
    assert "resolution" not in seen
    assert "closed" in {entry["kind"] for entry in entries(colleague, second)}
    # Late or not: nothing is asked of the reporter any more.
    clock.forward(days=2)
    assert states(colleague.get(at(second)).json())["delete"] == "due"
    assert "Late" not in sign_in("colleague").get(f"/cases/{second['reference']}").text
    assert listed(digital, "?overdue=true") == [first["reference"]]
    paper = PdfReader(BytesIO(digital.get(f"{at(first)}/summary.pdf?audience=digital_unit").content))
    assert f"Also reported in: {second['reference']}" in "".join(page.extract_text() for page in paper.pages)
    assert faults(database) == []


def test_what_cannot_be_merged(token, database):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = two(staff, colleague)
    third = report(staff)

    def merge(case, into):
        return digital.post(f"{at(case)}/merge", json={"into": into})

    wrong = ({}, {"into": None}, {"into": 7}, {"into": "x" * 21}, {"into": ""}, {"into": first["reference"], "x": 1})
    for body in wrong:
        refused = digital.post(f"{at(second)}/merge", json=body)
        assert refused.status_code == 422, body
    # Into itself, and into their own report, which they see, but not as the desk that holds it.
    for into in (second, report(digital)):
        refused = merge(second, into["reference"])
        assert (refused.status_code, fields(refused)) == (422, {"into"})
    press(digital, second, "merge", into=first["reference"])
    # Not once more, not back, and not into what is closed.
    for case, into in ((second, third), (second, first), (first, second), (third, second)):
        refused = merge(case, into["reference"])
        assert refused.status_code == 409, (case, into)
    assert fields(merge(first, second["reference"])) == {"into"}
    press(digital, first, "merge", into=third["reference"])
    assert digital.get(at(third)).json()["also_reported_in"] == [first["reference"]]
    assert merge(third, first["reference"]).status_code == 409
    stale = digital.post(f"{at(third)}/merge", json={"into": first["reference"]}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert faults(database) == []


def test_a_merged_case_opened_again_stands_where_it_stood(token, clock, database):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = two(staff, colleague)
    triaged = report(colleague, post={"url": LINK}, **NO_ACCOUNT)
    press(digital, triaged, "triage", severity="high")
    for case in (second, triaged):
        press(digital, case, "merge", into=first["reference"])
    clock.forward(hours=3)
    again = press(digital, second, "reopen", reason="Two posts after all.")
    assert (again["stage"], again["resolution"], again["duplicate_of"]) == ("reported", None, None)
    assert "triage" in again["may"]
    # The clocks run from now on: nobody is late for what was stopped.
    assert step(again, "delete")["due_at"] > "2026-11-20T12:00"
    assert states(again)["delete"] == "due"
    assert again["triage_due_at"] > "2026-11-20T12:00"
    assert all(route["acknowledge_by"] > "2026-11-20T12:00" for route in again["routes"])
    assert digital.get(at(first)).json()["also_reported_in"] == [triaged["reference"]]
    assert changed(entries(digital, first, "parted")[0]) == {"also_reported_in": (second["reference"], None)}
    in_hand = press(digital, triaged, "reopen", reason="This one too.")
    assert (in_hand["stage"], in_hand["severity"]) == ("in_hand", "high")
    assert press(digital, second, "merge", into=first["reference"])["stage"] == "closed"
    assert faults(database) == []


def test_a_neutral_word_follows_when_it_is_dealt_with(token, database):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = two(staff, colleague)
    third = report(colleague, post={"url": LINK}, **NO_ACCOUNT)
    press(digital, third, "merge", into=second["reference"])
    press(digital, second, "merge", into=first["reference"])
    assert entries(colleague, second, "settled") == []
    put_right(staff, digital, first)
    press(digital, first, "close", resolution="advice_given")
    for case in (second, third):
        (told,) = entries(colleague, case, "settled")
        assert told["words"] == "What was reported here has been dealt with."
        assert first["reference"] not in colleague.get(f"{at(case)}/timeline").text
    assert entries(staff, first, "settled") == []
    assert faults(database) == []


def test_a_finished_duplicate_hears_nothing_more(token, database):
    """Otherwise silence after a quiet ending would say that a case went to HR."""
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = two(staff, colleague)
    put_right(colleague, digital, second)
    press(digital, second, "close", resolution="duplicate", duplicate_of=first["reference"])
    assert digital.get(at(first)).json()["also_reported_in"] == [second["reference"]]
    put_right(staff, digital, first)
    press(digital, first, "close", resolution="advice_given")
    assert entries(colleague, second, "settled") == []
    assert faults(database) == []


def test_a_guarded_case_does_not_go_on_unguarded(token, database):
    staff, colleague, digital = people(token, "staff colleague digital")
    plain = report(staff, account=OFFICIAL, post={"text": "Kestrel-Marmalade is at home."})
    guarded = report(colleague, account=OFFICIAL, safety_risk="yes")
    assert because(digital, guarded) == {plain["reference"]: ["account"]}
    refused = digital.post(f"{at(guarded)}/merge", json={"into": plain["reference"]})
    assert (refused.status_code, fields(refused)) == (409, {"into"})
    merged = press(digital, plain, "merge", into=guarded["reference"])
    # What it holds can now be destroyed, and nothing more gets in.
    assert (merged["guarded"], "purge" in merged["may"]) == (True, True)
    assert fields(staff.post(f"{at(plain)}/messages", json={"text": "He is at home."})) == {"text"}
    press(digital, plain, "purge", fields=["post.text"], reason="It names him.")
    again = press(digital, plain, "reopen", reason="Two posts.")
    assert states(again)["apologise"] == "held"
    assert faults(database) == []


def test_a_conflict_goes_with_the_case(token, database):
    staff, colleague, digital, digital2 = people(token, "staff colleague digital digital2")
    first, second = two(staff, colleague)
    press(digital, second, "conflict", person="digital2@demo.example", reason="A cousin.")
    assert digital2.get(at(first)).status_code == 200
    press(digital, second, "merge", into=first["reference"])
    assert digital2.get(at(first)).status_code == 404
    # The same from the other side: the closed one names the one that goes on.
    third = report(colleague, post={"url": LINK}, **NO_ACCOUNT)
    assert digital2.get(at(third)).status_code == 200
    press(digital, third, "merge", into=first["reference"])
    assert digital2.get(at(third)).status_code == 404
    assert faults(database) == []


def test_what_a_reporter_says_is_told_of_no_case_that_is_kept_from_the_reader(token, sign_in, database):
    staff, digital, digital2 = people(token, "staff digital digital2")
    first, second = two(staff, staff)
    press(digital, first, "conflict", person="digital2@demo.example", reason="A cousin.")
    press(staff, second, "same", **{"as": first["reference"]})
    assert digital.get(at(second)).json()["said_same_as"] == first["reference"]
    told = digital2.get(at(second))
    assert (told.status_code, told.json()["said_same_as"]) == (200, None)
    seen = told.text + digital2.get(f"{at(second)}/timeline").text
    assert first["reference"] not in seen + sign_in("digital2").get(f"/cases/{second['reference']}").text
    assert faults(database) == []


def test_what_was_destroyed_leaves_no_key(token, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, post={"url": LINK, "text": WORDS}, account=OFFICIAL)
    assert staff.patch(at(case), json={"safety_risk": "yes"}).status_code == 200

    def keys() -> list[str | None]:
        with database.read() as db:
            query = select(Case.link_key, Case.text_key, Case.account_key)
            return list(db.execute(query.where(col(Case.id) == case_id(database, case))).one())

    assert all(keys())
    press(digital, case, "purge", fields=["post.url", "post.text"], reason="It names him.")
    assert [key is None for key in keys()] == [True, True, False]
    press(digital, case, "purge", fields=["account.handle"], reason="It names him.")
    assert keys() == [None, None, None]
    assert faults(database) == []


def test_a_file_that_was_destroyed_is_found_no_more(token):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = report(staff, **NO_ACCOUNT), report(colleague, **NO_ACCOUNT)
    file = upload(staff, first, picture("teal")).json()["id"]
    upload(colleague, second, picture("teal"))
    assert because(digital, second) == {first["reference"]: ["file"]}
    assert staff.patch(at(first), json={"safety_risk": "yes"}).status_code == 200
    press(digital, first, "purge", fields=[f"evidence.{file}"], reason="It shows her house.")
    assert because(digital, second) == {}


def test_merged_by_a_press_on_the_page(token, sign_in, database):
    staff, colleague = people(token, "staff colleague")
    first, second = two(staff, colleague)
    using = sign_in("digital")
    page = using.get(f"/cases/{second['reference']}").text
    assert "the same link" in page.lower()
    assert f"Merge {second['reference']} into {first['reference']}" in page
    # On the older one, the newer one is what closes.
    assert f"Merge {second['reference']} into {first['reference']}" in using.get(f"/cases/{first['reference']}").text
    wrong = using.fill_in(f"/cases/{second['reference']}/merge", {"into": "SM-1"})
    assert wrong.status_code == 422
    assert 'href="#merge-into"' in wrong.text
    assert 'value="SM-1"' in wrong.text
    done = using.fill_in(f"/cases/{second['reference']}/merge", {"into": f" {first['reference'].lower()} "})
    assert (done.status_code, done.headers["location"]) == (303, f"/cases/{first['reference']}")
    assert "Also reported in" in using.get(f"/cases/{first['reference']}").text
    closed = using.get(f"/cases/{second['reference']}").text
    assert f'It is the same as <a href="/cases/{first["reference"]}">' in closed
    assert faults(database) == []


def test_cases_from_before_are_found_as_well(token, database, cast_url):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = two(staff, colleague)
    press(staff, first, "exposure", reach=7, still_visible=True)
    press(staff, first, "exposure", still_visible=None, copies=2)
    database.writing.dispose()
    database.reading.dispose()
    take_back(cast_url, "0006")
    migrate(cast_url)
    assert because(digital, second) == {first["reference"]: ["link"]}
    assert faults(database) == []


def test_cases_from_before_another_spelling_was_learnt_get_theirs(token, database, cast_url):
    staff, colleague, digital = people(token, "staff colleague digital")
    first, second = two(staff, colleague)
    third = report(staff, account=OFFICIAL)
    database.reading.dispose()
    take_back(cast_url, "0009")
    with database.write() as db:
        db.execute(update(Case).values(link_key="0" * 32).where(col(Case.link_key).is_not(None)))
    database.reading.dispose()
    migrate(cast_url)
    assert because(digital, second) == {first["reference"]: ["link"]}
    assert listed(digital, "?platform=TWITTER") == [third["reference"]]
    assert faults(database) == []


def test_who_has_a_part_in_the_one_meets_the_other_through_no_desk(token, database):
    staff, digital, digital2, manager = people(token, "staff digital digital2 manager")
    told = report(staff, narrative="It was digital2 who told me to post it.")
    own = report(digital2, codes=["disrepute"])
    press(digital, own, "merge", into=told["reference"])
    press(digital, told, "notes", text="Ask the member of the unit.", audience="digital_unit")
    assert digital2.get(at(told)).status_code == 404
    assert digital2.get(at(own)).status_code == 200
    # And the other way round, through the manager's place, and by closing as a duplicate.
    theirs = report(staff, codes=["wrong_account"])
    managers = report(manager, codes=["wrong_account"])
    assert manager.get(at(theirs)).status_code == 200
    press(digital, managers, "triage")
    for kind in ("delete", "apologise"):
        press(digital, managers, f"steps/{kind}/waive", reason="Settled there.")
    press(digital, managers, "advice", text="See the other one.")
    press(digital, managers, "close", resolution="duplicate", duplicate_of=theirs["reference"])
    assert manager.get(at(theirs)).status_code == 404
    assert faults(database) == []


def test_a_conflict_named_after_a_merge_is_for_all_of_it(token, database):
    staff, digital, digital2 = people(token, "staff digital digital2")
    first, second = report(staff), report(staff)
    press(digital, first, "merge", into=second["reference"])
    press(digital, second, "conflict", person="digital2@demo.example", reason="A friend.")
    assert [digital2.get(at(case)).status_code for case in (first, second)] == [404, 404]
    assert faults(database) == []
