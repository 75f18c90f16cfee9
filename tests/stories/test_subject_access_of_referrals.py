"""What HR holds about somebody is in their copy, without others; whoever had a part in it learns that they had it."""

import io
import json
import re

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlmodel import col

from service.records.people import DeskMember, Person
from tests.makers import DEMO, at, everything_kept, faults, fields, id_of, people, press, report, room, upload
from tests.matrix import concern
from tests.stories.test_concern import raise_it
from tests.stories.test_letters import send
from tests.stories.test_retention_of_referrals import QUOKKA, closed, due, let_go, lived, passed_on
from tests.stories.test_room import APPEAL_HEARER, DECISION_MAKER, INVESTIGATOR, moment
from tests.stories.test_subject_access import ask, given_to, parts, released, where

WITNESS = "Walrus Turnstone"
"""Nobody in the directory; they were at the hearing."""
INVESTIGATES = "Ibis Oriole"
OTHERS = (WITNESS, "Turnstone", INVESTIGATES, "Oriole", f"colleague{DEMO}", INVESTIGATOR, DECISION_MAKER)
WORDS = {
    *("Alleged", "Mitigated", "Informed", "Established", "Spoke", "Suspended", "Served", "Replied", "Noted"),
    *("Invited", "Heard", "Decided", "Considered", "Appealed", "Answered", "Lettered", "Lastly", "Concluded"),
    "Filed",
}


def text_of(file):
    """Everything in a ZIP as text: its pages as they are, and what its PDFs say."""
    said = []
    for name, content in file.items():
        said.append(content.decode(errors="replace"))
        if name.endswith(".pdf"):
            said += [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return "\n".join(said)


def called(database, who, name):
    """Give somebody of the cast a name of two words."""
    with database.write() as db:
        db.get_one(Person, id_of(database, who)).name = name


def told_everything(token, clock, database):
    """A referral with a word of its own in each place, and others named in all of them."""
    called(database, "hr2", INVESTIGATES)
    others = f"{WITNESS} and {INVESTIGATES} ({INVESTIGATOR}) and colleague{DEMO} and {DECISION_MAKER}."

    def say(word):
        return f"{word}wombat, says {others}"

    _, reference = passed_on(token, allegation=say("Alleged"), mitigation=say("Mitigated"))
    hr, hr2, head, services, staff = people(token, "hr hr2 head services staff")
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    room(hr2, reference, "inform-subject", text=say("Informed"))
    room(hr2, reference, "record-finding", kind="established", text=say("Established"))
    room(hr2, reference, "record-finding", kind="mitigating", text=say("Spoke"))
    room(hr, reference, "suspend", reason=say("Suspended"), review_at=moment(clock, days=5))
    room(hr, reference, "serve", how="By hand", text=say("Served"))
    room(hr, reference, "reply", how="By post", text=say("Replied"))
    room(hr, reference, "notes", text=say("Noted"))
    send(hr2, reference, "informing", next=say("Lettered"))
    for name, content in (("disclosed.txt", "Filedwombat"), ("kept.txt", "Keptwombat")):
        file = {"file": (name, content.encode())}
        assert hr2.post(f"/api/referrals/{reference}/evidence", files=file).status_code == 201
        if name == "disclosed.txt":
            room(hr, reference, "disclose", facts=["evidence"])
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text=say("Invited"))
    clock.forward(days=3, hours=1)
    present = [WITNESS, INVESTIGATES, "The three of us"]
    room(head, reference, "hear", held_at=moment(clock, minutes=-30), present=present, notes=say("Heard"))
    told = {"outcome": "first_written_warning", "reason": "Decidedwombat.", "protected_activity": say("Considered")}
    room(head, reference, "decide", **told)
    room(hr, reference, "end-suspension")
    send(head, reference, "outcome", decision=say("Lastly"))
    room(staff, reference, "appeal", grounds=say("Appealed"))
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    room(services, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    clock.forward(days=3, hours=1)
    room(services, reference, "hear", held_at=moment(clock, minutes=-30), present=["All"], notes="Heard again.")
    room(services, reference, "decide-appeal", upheld=False, reason="Answeredwombat.")
    send(services, reference, "appeal-outcome", decision="Concludedwombat, and nobody else is named.")
    room(hr, reference, "close")
    return reference


def test_all_that_hr_holds_about_somebody_is_given_without_others(token, clock, database, worked):
    reference = told_everything(token, clock, database)
    request, file = released(token, worked)
    everything = text_of(file)
    assert {word for word in WORDS if f"{word}wombat" not in everything} == set()
    assert [name for name in OTHERS if name in everything] == []
    assert "Keptwombat" not in everything
    for said in ("First written warning", "⟦the investigator⟧", "⟦somebody at the hearing⟧", "HR decided.", reference):
        assert said in everything, said
    given = json.loads(file["items.json"])
    letters = [item for item in given if item["part"] == "letter"]
    # Those that name others go by their words, the other as it was sent.
    assert [bool(item["file"]) for item in letters] == [False, False, True]
    assert ["and not the paper" in json.dumps(item) for item in letters] == [True, True, False]
    assert file[letters[-1]["file"]].startswith(b"%PDF-")
    # Each says which letter it is, and when it was sent.
    titles = [item["title"] for item in letters]
    assert [re.sub(r" at \d\d:.*?\)|\d+ \w+ 2026", "…", title) for title in titles] == [
        f"A letter to you, what is alleged, sent …: {reference}",
        f"A letter to you, the outcome, sent …: {reference}",
        f"A letter to you, the outcome of your appeal, sent …: {reference}",
    ]
    assert "HR sent you a letter: the outcome of your appeal." in everything
    assert f'href="{letters[-1]["file"]}"' in file["index.html"].decode()
    assert request["stage"] == "gathering"
    assert faults(database) == []


def test_while_it_goes_on_they_are_given_what_hr_told_them(token, clock, worked):
    _, reference = passed_on(token)
    hr, hr2 = people(token, "hr hr2")
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    room(hr2, reference, "inform-subject", text="Toldwombat")
    room(hr2, reference, "record-finding", kind="established", text="Foundwombat")
    room(hr, reference, "notes", text="Notedwombat")
    room(hr, reference, "serve", how="By hand", text="Servedwombat")
    everything = text_of(released(token, worked)[1])
    for given in ("Toldwombat", "Servedwombat", QUOKKA):
        assert given in everything, given
    for kept in ("Foundwombat", "Notedwombat"):
        assert kept not in everything, kept


def test_what_they_were_not_told_of_is_not_given_nor_counted(token, worked):
    _, reference = passed_on(token)
    request = ask(token("staff"))
    worked()
    held = [part for part in parts(token("data"), request) if part["withheld"]]
    assert [(part["part"], part["lines"], reference in part["title"]) for part in held] == [
        ("undisclosed_referral", [], True)
    ]
    assert token("staff").get(where(request)).json()["total"] == 1
    token("data").post(f"{where(request)}/release", json={"looked_through": True})
    worked()
    everything = text_of(given_to(token("staff"), request))
    for leak in (reference, QUOKKA, "referral that they were not told of"):
        assert leak not in everything, leak


def test_whoever_had_a_part_gets_that_and_not_the_room(token, clock, worked):
    _, reference = lived(token, clock)
    for who, part in (("hr2", "Investigator"), ("head", "Decision-maker"), ("services", "Appeal hearer")):
        everything = text_of(released(token, worked, who)[1])
        assert f"{part} in a referral" in everything
        assert "Recorded the hearing." in everything or who == "hr2"
        for leak in (QUOKKA, reference, "staff@", "Member of staff"):
            assert leak not in everything, (who, leak)


def test_a_witness_gets_that_they_were_named(token, clock, worked, database):
    called(database, "outsider", WITNESS)
    told_everything(token, clock, database)
    everything = text_of(released(token, worked, "outsider")[1])
    assert "Named as present at a hearing about somebody else" in everything
    assert "wombat" not in everything


def test_who_raised_it_is_not_told_by_what_hr_holds(token, clock, worked, database):
    """A concern, raised in confidence: its raiser's name and address in HR's own words are out."""
    staff, digital, hr, hr2 = people(token, "staff digital hr hr2")
    case = concern(staff, confidential=True, codes=["disrepute"], narrative="Canary words")
    press(digital, case, "triage")
    slip = "Member of staff (staff@demo.example) was upset."
    told = {"refer": True, "reason": slip, "allegation": slip}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR)
    number = hr.get(f"/api/referrals/{reference}").json()["copyable"]["entries"][0]["entry"]
    room(hr, reference, "copy", from_case=[number])
    room(hr2, reference, "inform-subject", text=slip)
    room(hr2, reference, "informal", reason=slip)
    room(hr, reference, "close")
    everything = text_of(released(token, worked, "colleague")[1])
    assert "was upset" in everything
    for leak in ("Canary", "Member of staff", "staff@demo.example", case["reference"]):
        assert leak not in everything, leak


# --- looked through


def test_words_taken_out_of_a_letter_take_its_paper_along(token, sign_in, clock, worked, database):
    told_everything(token, clock, database)
    request = ask(token("staff"))
    worked()
    data = token("data")
    letter = next(part for part in parts(data, request) if part["part"] == "letter" and part["file"])
    address = f"{where(request)}/items/{letter['item']}/file"
    assert data.get(address).content.startswith(b"%PDF-")
    assert data.get(address.replace(f"/{letter['item']}/", "/1/")).status_code == 404
    assert data.get(address.replace(f"/{letter['item']}/", "/²/")).status_code == 404
    assert [who.get(address).status_code for who in people(token, "staff hr digital")] == [403, 404, 404]
    here = sign_in("data")
    file = next(part for part in parts(data, request) if part["part"] == "room_file")
    page = here.get(f"/subject-access/{request['reference']}").text
    link = f"/subject-access/{request['reference']}/files/{file['item']}"
    assert f'href="{link}"' in page
    opened = here.get(link)
    assert (opened.content, opened.headers["content-type"]) == (b"Filedwombat", "application/octet-stream")
    body = {"item": letter["item"], "text": "nobody else is named", "reason": "It tells who."}
    taken = data.post(f"{where(request)}/redact", json=body).json()
    assert (taken["file"], taken["taken_out"]) == (None, 1)
    data.post(f"{where(request)}/release", json={"looked_through": True})
    worked()
    assert data.get(address).status_code == 404
    file = given_to(token("staff"), request)
    assert "nobody else is named" not in text_of(file)
    assert [name for name in file if name.endswith(".pdf")] == []


def test_whoever_has_a_part_in_the_referral_does_not_look_it_through(token, clock, worked, database):
    """Appointed there, or apart from it."""
    with database.write() as db:
        db.add(DeskMember(person_id=id_of(database, "head"), desk="data_protection"))
    lived(token, clock)
    request = ask(token("staff"))
    worked()
    assert token("head").get(where(request)).status_code == 404
    assert token("data").get(where(request)).status_code == 200


def test_a_referral_that_was_asked_for_is_not_destroyed(token, clock, worked, database):
    _, reference = closed(token, clock)
    clock.forward(days=400)
    request = ask(token("staff"))
    assert fields(let_go(token("hr"), reference)) == {"asked_for"}
    worked()
    assert fields(let_go(token("hr"), reference)) == {"asked_for"}
    token("data").post(f"{where(request)}/release", json={"looked_through": True})
    worked()
    # It is answered: what was released can be fetched, though the record goes meanwhile.
    assert set(due(token("hr"))) == {reference}
    assert let_go(token("hr"), reference).status_code == 200
    worked()
    assert token("staff").get(f"{where(request)}/file.zip").status_code == 200
    assert QUOKKA not in everything_kept(database)
    everything = text_of(released(token, worked)[1])
    assert reference not in everything


# --- nobody at the desk without a part


@pytest.fixture
def alone(database):
    """Whose seat at the data protection desk is the only one."""
    with database.read() as db:
        there = select(Person.email).join(DeskMember).where(col(DeskMember.desk) == "data_protection")
        assert list(db.execute(there).scalars()) == [f"data{DEMO}"]


def test_where_the_whole_desk_has_a_part_the_lead_of_hr_looks_it_through(token, sign_in, worked, clock, alone):
    staff, digital = people(token, "staff digital")
    case = report(staff, narrative="Narwhal")
    press(digital, case, "conflict", person=f"data{DEMO}", reason="A cousin.")
    other = ask(token("colleague"))
    request = ask(staff)
    worked()
    assert token("data").get(where(request)).status_code == 404
    hr, hr3 = people(token, "hr hr3")
    assert "Somebody asks for all that is held about them." in hr.get("/api/notifications").text
    assert hr.get(where(request)).json()["reviews"] is True
    assert "Narwhal" in json.dumps(parts(hr, request))
    assert hr3.get(where(request)).status_code == hr.get(where(other)).status_code == 404
    assert request["reference"] in sign_in("hr").get("/subject-access").text
    clock.forward(days=26)
    worked()
    assert "due within days" in token("hr").get("/api/notifications").text
    hr = token("hr")
    assert hr.post(f"{where(request)}/release", json={"looked_through": True}).status_code == 200
    worked()
    assert "Narwhal" in text_of(given_to(token("staff"), request))


def test_what_the_only_reviewer_asks_for_themselves_has_a_reviewer(token, worked, alone):
    request = ask(token("data"))
    worked()
    assert token("data").post(f"{where(request)}/release", json={"looked_through": True}).status_code == 403
    assert token("hr").post(f"{where(request)}/release", json={"looked_through": True}).status_code == 200
    worked()
    assert given_to(token("data"), request)


def test_what_hr_does_in_a_room_changes_nothing_of_what_others_asked_for(token, worked, database):
    colleague, digital, hr, hr2, data = people(token, "colleague digital hr hr2 data")
    case = raise_it(colleague, about={"email": f"staff{DEMO}"}, codes=["disrepute"])
    press(digital, case, "triage")
    told = {"refer": True, "reason": "It harmed our name."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    room(hr2, reference, "inform-subject", text="This is alleged.")
    file = upload(hr2, reference, b"Words.", "a.txt").json()["id"]
    theirs, raisers = ask(token("staff")), ask(colleague)
    worked()
    room(hr2, reference, "take-out", words="The baker")
    stages = [data.get(where(each)).json()["stage"] for each in (theirs, raisers)]
    assert stages == ["gathering", "review"]
    worked()
    assert data.post(f"{where(raisers)}/release", json={"looked_through": True}).status_code == 200
    worked()
    room(hr, reference, "purge", fields=[f"evidence.{file}"], reason="It should not be here.")
    assert given_to(colleague, raisers)
    assert data.get(where(theirs)).json()["stage"] == "gathering"
    assert faults(database) == []
