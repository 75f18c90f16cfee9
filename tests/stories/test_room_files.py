"""Files of the HR room: kept as a case's are, read by those in the room, and found from no case."""

from sqlalchemy import select

from service.records.evidence import Evidence
from service.records.timeline import ReadEntry
from tests.makers import (
    at,
    faults,
    fields,
    people,
    picture,
    press,
    put_right,
    report,
    room,
    upload,
)
from tests.stories.test_concern import raise_it
from tests.stories.test_room import DECISION_MAKER, INVESTIGATOR, begin, decide, find_facts, moment

NAME = "Kumquat-Statement.txt"


def listed_files(who, reference):
    """The names of the files in a referral, as somebody reads it."""
    return [file["filename"] for file in who.get(f"/api/referrals/{reference}").json().get("evidence", [])]


def test_a_file_is_added_and_read_in_the_room_alone(token, clock, database):
    reference, hr, hr2, head, _ = begin(token)
    staff, digital = people(token, "staff digital")
    told = {"description": "What the witness saw.", "captured_at": clock().isoformat()}
    made = upload(hr2, reference, b"Kumquat: I saw it at nine.", NAME, **told)
    assert made.status_code == 201, made.text
    file = made.json()
    assert (file["filename"], file["description"], file["disclosed_at"]) == (NAME, "What the witness saw.", None)
    address = f"/api/referrals/{reference}/evidence/{file['id']}"
    for who in (hr, hr2, head):
        got = who.get(address)
        assert (got.status_code, got.content) == (200, b"Kumquat: I saw it at nine.")
        assert got.headers["content-disposition"].startswith("attachment")
    with database.read() as db:
        lines = db.execute(select(ReadEntry).where(ReadEntry.detail == file["id"])).scalars().all()
    assert [(line.what, line.seen_as) for line in lines] == [("evidence", "hr")] * 3
    room(hr2, reference, "record-finding", kind="established", text="It was seen.", evidence=[file["id"]])
    assert hr.get(f"/api/referrals/{reference}").json()["findings"][0]["evidence"] == [file["id"]]
    kinds = [entry["kind"] for entry in hr.get(f"/api/referrals/{reference}/timeline").json()["items"]]
    assert "room_file_added" in kinds
    assert faults(database) == []
    for who in (staff, digital, token("hr3"), token("auditor")):
        assert who.get(address).status_code == 404
        assert upload(who, reference, b"Words.", NAME).status_code == 404


def test_the_person_reads_a_file_only_once_it_was_disclosed(token, sign_in, database):
    reference, hr, hr2, *_ = begin(token)
    staff = token("staff")
    first = upload(hr2, reference, b"The first.", "first.txt").json()["id"]
    room(hr2, reference, "inform-subject", text="This is alleged.")
    assert staff.get(f"/api/referrals/{reference}/evidence/{first}").status_code == 404
    room(hr, reference, "disclose", facts=["evidence"])
    assert listed_files(staff, reference) == ["first.txt"]
    assert staff.get(f"/api/referrals/{reference}/evidence/{first}").content == b"The first."
    # What comes later is not read along with it: HR says so once more.
    second = upload(hr, reference, b"The second.", "second.txt").json()
    assert second["disclosed_at"] is None
    assert listed_files(staff, reference) == ["first.txt"]
    assert staff.get(f"/api/referrals/{reference}/evidence/{second['id']}").status_code == 404
    theirs = sign_in("staff")
    assert "second.txt" not in theirs.get(f"/referrals/{reference}").text
    assert upload(staff, reference, b"Mine.", "mine.txt").status_code == 403
    room(hr, reference, "disclose", facts=["evidence"])
    assert sorted(listed_files(staff, reference)) == ["first.txt", "second.txt"]
    assert "second.txt" in theirs.get(f"/referrals/{reference}").text
    assert faults(database) == []


def test_an_invitation_lists_no_file_that_the_person_may_not_read(token, sign_in, clock):
    reference, hr, hr2, *_ = begin(token)
    staff = token("staff")
    upload(hr2, reference, b"The first.", "first.txt")
    find_facts(hr2, reference)
    room(hr, reference, "disclose", facts=["evidence"])
    upload(hr2, reference, b"What a witness wrote.", NAME)
    invited = room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    assert invited["hearing"]["states"]["evidence"] == ["first.txt"]
    (letter,) = [one for one in invited["drafts"] if one["kind"] == "invitation"]
    assert NAME not in str(letter)
    assert NAME not in staff.get(f"/api/referrals/{reference}").text
    assert NAME not in sign_in("staff").get(f"/referrals/{reference}").text


def test_an_invitation_does_not_say_what_whoever_raised_it_called_a_file(token, clock, database):
    colleague, digital, hr, hr2, staff = people(token, "colleague digital hr hr2 staff")
    case = raise_it(colleague, about={"email": "staff@demo.example"}, codes=["disrepute"])
    file = upload(colleague, case, picture(), "from_my_desk.png").json()["id"]
    press(digital, case, "triage")
    told = {"refer": True, "reason": "It harmed our name.", "evidence": [file]}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    find_facts(hr2, reference)
    invitation = {"hearing_at": moment(clock, days=3), "place": "Room 4", "text": "Please come."}
    room(hr2, reference, "invite", **invitation)
    where = f"/api/referrals/{reference}"
    assert staff.get(where).json()["hearing"]["states"]["evidence"] == ["Exhibit 1, a picture"]
    room(hr2, reference, "disclose", facts=["evidence"])
    room(hr2, reference, "invite", **invitation)
    assert staff.get(where).json()["hearing"]["states"]["evidence"] == ["from_my_desk.png"]
    assert faults(database) == []


def of_a_case(token, case, file):
    """The reference of what the desk passed to HR with a file of its case, and that file as HR reads it."""
    digital, hr = people(token, "digital hr")
    told = {"refer": True, "reason": "It harmed our name.", "evidence": [file]}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    return reference, hr.get(f"/api/referrals/{reference}").json()["evidence"][0]


def test_what_came_from_the_case_says_what_it_is_and_who_added_it(token, sign_in, clock):
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    said = {"description": "The post as it stood.", "captured_at": clock().isoformat()}
    file = upload(staff, case, picture(), "first.png", **said).json()["id"]
    second = upload(staff, case, picture("red"), "second.png", description="The replies.").json()["id"]
    put_right(staff, digital, case)
    reference, came = of_a_case(token, case, file)
    who = staff.get("/api/me").json()["person"]["name"]
    assert (came["description"], came["in_case"]["by"]) == ("The post as it stood.", who)
    # Of several that were added, each can be told from the others before it is copied.
    offered = [each["words"] for each in hr.get(f"/api/referrals/{reference}").json()["copyable"]["entries"]]
    assert {"Added evidence: first.png", "Added evidence: second.png"} <= {*offered}
    room(hr, reference, "copy", from_case=[second])
    page = sign_in("hr").get(f"/referrals/{reference}").text
    assert page.count("added to the case by") == 2
    for told in ("The post as it stood.", "The replies.", f"<bdi>{who}</bdi>", ", taken "):
        assert told in page
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    room(token("hr2"), reference, "inform-subject", text="This is alleged.")
    room(hr, reference, "disclose", facts=["evidence"])
    (theirs, _) = staff.get(f"/api/referrals/{reference}").json()["evidence"]
    assert not {"in_case", "description"} & {*theirs}


def test_of_a_file_that_was_sent_in_confidence_the_room_names_nobody(token, sign_in):
    colleague, digital = people(token, "colleague digital")
    case = raise_it(colleague, about={"email": "staff@demo.example"}, codes=["disrepute"], confidential=True)
    file = upload(colleague, case, picture()).json()["id"]
    press(digital, case, "triage")
    reference, came = of_a_case(token, case, file)
    assert came["in_case"]["by"] == "The person who raised it"
    page = sign_in("hr").get(f"/referrals/{reference}").text
    assert "added to the case by <bdi>the person who raised it</bdi>" in page
    assert colleague.get("/api/me").json()["person"]["name"] not in page


def test_no_trace_of_it_in_the_case(token, sign_in, database):
    staff, digital, hr, hr2 = people(token, "staff digital hr hr2")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    shot = picture("teal")
    told = {"refer": True, "reason": "It harmed our name.", "allegation": "A post that harmed our name."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    elsewhere = {"type": "official", "platform": "Mastodon", "handle": "@elsewhere"}
    other = report(staff, codes=["disrepute"], account=elsewhere)
    assert upload(staff, other, shot, "other.png").status_code == 201

    def seen():
        """What the case shows to its people, but for the moment it was looked at."""
        pages = [who.get(at(case)).json() for who in (staff, digital)]
        pages += [who.get(f"{at(case)}/timeline").json() for who in (staff, digital)]
        pages += [who.get("/api/cases").json() for who in (staff, digital)]
        pages += [who.get(f"/api/cases?q={word}").json() for who in (staff, digital) for word in ("Kumquat", "kumquat")]
        return pages

    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator="hr2@demo.example")
    before = seen()
    desk = sign_in("digital")
    page = desk.get(f"/cases/{case['reference']}").text
    assert upload(hr2, reference, shot, "Kumquat.png", description="Kumquat").status_code == 201
    assert seen() == before
    # The same bytes as a file of another case: it is offered as a duplicate of nothing.
    again = desk.get(f"/cases/{case['reference']}").text
    assert "Kumquat" not in again
    assert other["reference"] not in again
    assert page.count("<li") == again.count("<li")
    file = hr.get(f"/api/referrals/{reference}").json()["evidence"][0]["id"]
    for who in (staff, digital):
        assert who.get(f"{at(case)}/evidence/{file}").status_code == 404
    refused = hr.post(f"/api/referrals/{reference}/copy", json={"from_case": [file]})
    assert (refused.status_code, fields(refused)) == (422, {"from_case"})
    assert press(digital, case, "close", resolution="referred")["stage"] == "closed"
    assert faults(database) == []


def test_what_is_refused_leaves_nothing_behind(app, token, sign_in, database):
    reference, hr, *_ = begin(token)
    store = app.state.house.store
    assert upload(hr, reference, b"MZ\x90\x00 a program", "note.txt").status_code == 422
    future = upload(hr, reference, b"Words.", "w.txt", captured_at="2126-01-01T00:00:00+00:00")
    assert (future.status_code, fields(future)) == (422, {"captured_at"})
    assert upload(hr, reference, b"Words.", "w.txt", odd="1").status_code == 422
    assert list(store.list("evidence")) == []
    for number in range(20):
        assert upload(hr, reference, b"Words %d." % number, f"{number}.txt").status_code == 201
    full = upload(hr, reference, b"One more.", "more.txt")
    assert (full.status_code, fields(full)) == (409, {"file"})
    assert len({kept.key for kept in store.list("evidence")}) == 20
    page = sign_in("hr")
    answer = page.post(
        f"/referrals/{reference}/evidence",
        files={"file": ("more.txt", b"One more.")},
        data={"csrf": page.csrf, "description": "Typed before it was refused"},
    )
    assert answer.status_code == 409
    assert "Typed before it was refused" in answer.text
    assert faults(database) == []


def test_one_key_keeps_one_file_and_the_page_takes_one_without_javascript(token, sign_in, database):
    reference, hr, *_ = begin(token)
    again = {"headers": {"Idempotency-Key": "once"}, "files": {"file": ("a.txt", b"Once.")}}
    made = [hr.post(f"/api/referrals/{reference}/evidence", **again) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201]
    assert made[0].json()["id"] == made[1].json()["id"]
    page = sign_in("hr")
    there = page.get(f"/referrals/{reference}").text
    assert "Evidence that was added here" in there
    added = page.post(f"/referrals/{reference}/evidence", files={"file": (NAME, b"Said.")}, data={"csrf": page.csrf})
    assert added.status_code == 303, added.text
    assert NAME in page.get(f"/referrals/{reference}").text
    assert sorted(listed_files(hr, reference)) == [NAME, "a.txt"]


def test_a_file_that_is_rewritten_underneath_is_found(token, database):
    reference, hr, *_ = begin(token)
    file = upload(hr, reference, picture(), "shot.png").json()["id"]
    with database.write() as db:
        row = db.get(Evidence, file)
        row.description = "Another story"
    assert any(f"files.{file}.description" in fault for fault in faults(database))


def test_a_reply_with_a_file_may_come_after_the_end_and_none_before_it_is_accepted(token, clock):
    reference, hr, *_ = decide(clock, token, "no_case")
    room(hr, reference, "close")
    assert upload(hr, reference, b"Their thanks.", "thanks.txt").status_code == 201


def test_pictures_are_shown_in_small_behind_the_same_walls(token, sign_in, app, database):
    staff, digital, hr = people(token, "staff digital hr")
    case = report(staff, codes=["disrepute"])
    chosen = upload(staff, case, picture("teal"), "chosen.png", description="As it looked").json()["id"]
    copied = upload(staff, case, picture("red"), "copied.png").json()["id"]
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed us.", "allegation": "A post that harmed us.", "evidence": [chosen]}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR)
    room(hr, reference, "copy", from_case=[copied])
    added = upload(hr, reference, picture("green", (2400, 600)), "added.png").json()
    assert (added["preview"], added["preview_width"], added["preview_height"]) == (True, 1200, 300)
    words = upload(hr, reference, b"Words.", "words.txt").json()["id"]
    here = f"/referrals/{reference}"
    pictures = {file: f"{here}/evidence/{file}/preview" for file in (chosen, copied, added["id"])}
    page = sign_in("hr2")
    shown = page.get(here).text
    for address in pictures.values():
        assert f'src="{address}"' in shown
        small = page.get(address)
        assert (small.status_code, small.headers["content-type"]) == (200, "image/jpeg")
        assert small.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert page.get(f"{here}/evidence/{words}/preview").status_code == 404
    with database.read() as db:
        lines = db.execute(select(ReadEntry).where(ReadEntry.what == "evidence")).scalars().all()
    assert [(line.detail, line.seen_as) for line in lines] == [(file, "hr") for file in pictures]
    # Whom it is about sees those that were disclosed; nobody else sees any.
    room(token("hr2"), reference, "inform-subject", text="This is alleged.")
    theirs = sign_in("staff")
    assert [theirs.get(each).status_code for each in pictures.values()] == [404] * 3
    room(hr, reference, "disclose", facts=["evidence"])
    assert [theirs.get(each).status_code for each in pictures.values()] == [200] * 3
    assert f'src="{pictures[added["id"]]}"' in theirs.get(here).text
    for name in ("hr3", "digital", "manager", "auditor"):
        assert [sign_in(name).get(each).status_code for each in pictures.values()] == [404] * 3, name
    room(hr, reference, "purge", fields=[f"evidence.{added['id']}"], reason="It must not be here.")
    for who in (page, theirs):
        assert who.get(pictures[added["id"]]).status_code == 404
        assert pictures[added["id"]] not in who.get(here).text


def test_a_file_that_is_copied_later_waits_until_it_is_disclosed_too(token, sign_in, database):
    reference, hr, hr2, _, _ = begin(token)
    staff, digital = people(token, "staff digital")
    case = digital.get("/api/cases").json()["items"][0]
    first, later = (upload(digital, case, f"{name} saw it.".encode(), f"{name}.txt").json()["id"] for name in "AB")
    room(hr2, reference, "copy", from_case=[first])
    room(hr2, reference, "inform-subject", text="This is what is alleged.")
    room(hr2, reference, "disclose", facts=["evidence"])
    room(hr2, reference, "copy", from_case=[later])
    where = f"/api/referrals/{reference}"
    assert [file["id"] for file in staff.get(where).json()["evidence"]] == [first]
    assert staff.get(f"{where}/evidence/{later}").status_code == 404
    assert hr.get(f"{where}/evidence/{later}").status_code == 200
    desk = sign_in("hr")
    assert "The person cannot read it yet." in desk.get(f"/referrals/{reference}").text
    desk.fill_in(f"/referrals/{reference}/disclose", {"facts": ["allegation", "rules", "evidence"]})
    assert [file["id"] for file in staff.get(where).json()["evidence"]] == [first, later]
    assert "The person cannot read it yet." not in desk.get(f"/referrals/{reference}").text
    assert faults(database) == []
