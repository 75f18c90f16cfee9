"""The HR room: a referral from receipt to appeal, with every gate in its way, and nobody let in but those appointed."""

import re
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm.attributes import set_committed_value

from service.records.referrals import Paper, Referral
from service.referrals import keep, replay
from service.timeline import entries
from service.timeline.entries import of_referral
from tests.makers import (
    DEMO,
    at,
    everything_kept,
    faults,
    fields,
    people,
    picture,
    press,
    put_right,
    refuses,
    report,
    room,
    upload,
)
from tests.makers import referred as refer
from tests.matrix import MATRIX
from tests.stories.test_concern import raise_it

INVESTIGATOR, DECISION_MAKER, APPEAL_HEARER = (f"{name}{DEMO}" for name in ("hr2", "head", "services"))
CANARY = "Quince-Lantern"


def moment(clock, **later):
    """A moment from now, as it is sent."""
    return (clock() + timedelta(**later)).isoformat()


def begin(token, **facts):
    """A referral whose facts are being found, and those in its room: its lead, and the three."""
    reference = refer(token, **facts)
    hr, hr2, head, services = people(token, "hr hr2 head services")
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    return reference, hr, hr2, head, services


def find_facts(investigator, reference):
    """The person is told, and both sides are looked for."""
    room(investigator, reference, "inform-subject", text="This is what is alleged.")
    room(investigator, reference, "record-finding", kind="established", text="It was posted at nine.")
    room(investigator, reference, "record-finding", kind="mitigating", text="It was gone within minutes.")


def hear(clock, reference, by, recorded_by):
    """Invite with due notice, wait, and record the hearing."""
    told = {"hearing_at": moment(clock, days=3), "place": "Room 4", "text": "Please come."}
    room(by, reference, "invite", **told)
    clock.forward(days=3, hours=1)
    room(
        recorded_by, reference, "hear", held_at=moment(clock, minutes=-30), present=["The three of us"], notes="Heard."
    )


def decide(clock, token, outcome="final_written_warning", **facts):
    """A referral that is decided."""
    reference, hr, hr2, head, services = begin(token, **facts)
    find_facts(hr2, reference)
    hear(clock, reference, hr2, head)
    room(head, reference, "consider", text="No protected activity.")
    room(head, reference, "decide", outcome=outcome, reason="Because of the harm.")
    return reference, hr, hr2, head, services


def test_from_receipt_to_appeal(token, clock, database):
    reference, hr, hr2, head, services = begin(token)
    staff = token("staff")
    assert staff.get(f"/api/referrals/{reference}").status_code == 404
    find_facts(hr2, reference)
    told = staff.get(f"/api/referrals/{reference}").json()
    assert (told["allegation"], told["informed"]["text"], told["may"]) == (
        "A post that harmed our name.",
        "This is what is alleged.",
        ["view", "answer"],
    )
    assert not {"findings", "reason", "people", "notes", "referred_by"} & set(told)
    hear(clock, reference, hr2, head)
    assert refuses(head, reference, "decide", outcome="dismissal", reason="x") == (409, {"considered"})
    room(hr2, reference, "consider", text="Not whistleblowing, no union work, no belief.")
    decided = room(head, reference, "decide", outcome="final_written_warning", reason="Because of the harm.")
    assert (decided["stage"], decided["outcome"], decided["decision"]["live"]) == (
        "decided",
        "final_written_warning",
        True,
    )
    seen = staff.get(f"/api/referrals/{reference}").json()
    assert (seen["outcome"], seen["decision"]["reason"], seen["may"]) == (
        "final_written_warning",
        "Because of the harm.",
        ["view", "appeal", "answer"],
    )
    assert seen["decision"]["appeal_by"] == decided["decision"]["appeal_by"]
    appealed = room(staff, reference, "appeal", grounds="Too hard.")
    assert appealed["stage"] == "appealed"
    assert refuses(services, reference, "decide-appeal", upheld=True, reason="x")[0] == 404
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    assert refuses(services, reference, "decide-appeal", upheld=True, reason="x") == (
        409,
        {"appeal_invited", "appeal_heard"},
    )
    hear(clock, reference, services, services)
    worse = refuses(services, reference, "decide-appeal", upheld=True, outcome="dismissal", reason="x")
    assert worse == (422, {"outcome"})
    first = services.get(f"/api/referrals/{reference}").json()["decision"]
    milder = room(services, reference, "decide-appeal", upheld=True, outcome="first_written_warning", reason="Fairer.")
    # What was decided first stays beside its own reason.
    assert milder["decision"]["outcome"] == first["outcome"] == "final_written_warning"
    assert (milder["stage"], milder["outcome"], milder["appeal"]["upheld"]) == (
        "appealed",
        "first_written_warning",
        True,
    )
    assert milder["decision"]["warning_until"] < decided["decision"]["warning_until"]
    assert room(hr, reference, "close")["stage"] == "closed"
    kinds = [entry["kind"] for entry in hr.get(f"/api/referrals/{reference}/timeline").json()["items"]]
    assert kinds[0] == "room_received"
    assert kinds[-1] == "room_closed"
    shown = staff.get(f"/api/referrals/{reference}/timeline").json()["items"]
    assert {*shown[0]} == {"kind", "at", "words"}
    assert "room_finding" not in {entry["kind"] for entry in shown}
    assert faults(database) == []


def test_each_unmet_gate_is_named(token, clock, database):
    reference, hr, hr2, head, _ = begin(token)
    invitation = {"hearing_at": moment(clock, days=3), "place": "Room 4", "text": "Please come."}
    assert refuses(hr2, reference, "invite", **invitation) == (409, {"informed", "findings", "both_sides"})
    assert refuses(hr2, reference, "informal", reason="A talk.") == (409, {"informed"})
    room(hr2, reference, "inform-subject", text="This is alleged.")
    room(hr2, reference, "record-finding", kind="established", text="It was posted.")
    assert refuses(hr2, reference, "invite", **invitation) == (409, {"both_sides"})
    room(hr2, reference, "record-finding", kind="not_established", text="That it was meant.")
    early = {**invitation, "hearing_at": moment(clock, hours=47)}
    refused = hr2.post(f"/api/referrals/{reference}/invite", json=early)
    assert (refused.status_code, fields(refused)) == (422, {"hearing_at"})
    assert "48 hours" in refused.text
    # Not open at this stage, whoever asks: before it is told that it is not theirs.
    for who in (hr, head):
        assert refuses(who, reference, "decide", outcome="no_case", reason="x") == (409, set())
    assert refuses(head, reference, "invite", **invitation)[0] == 403
    invited = room(hr2, reference, "invite", **invitation)
    assert invited["stage"] == "hearing"
    states = invited["hearing"]["states"]
    assert states["allegation"] == "A post that harmed our name."
    assert "accompanied by a colleague" in states["accompanied"]
    assert "dismissal" in states["consequences"]
    assert refuses(head, reference, "decide", outcome="no_case", reason="x") == (409, {"heard", "considered"})
    held = {"held_at": moment(clock), "present": ["Us"], "notes": "Early."}
    assert refuses(head, reference, "hear", **held) == (422, {"held_at"})
    clock.forward(days=4)
    assert refuses(head, reference, "hear", **{**held, "held_at": moment(clock, hours=1)}) == (422, {"held_at"})
    # After its time, as held before it.
    assert refuses(head, reference, "hear", **{**held, "held_at": moment(clock, days=-3)}) == (422, {"held_at"})
    assert refuses(head, reference, "hear", **{**held, "present": []})[0] == 422
    assert faults(database) == []


def test_three_different_people_with_no_part_in_it(token, database):
    reference = refer(token)
    hr = token("hr")
    assert refuses(hr, reference, "appoint", investigator=INVESTIGATOR)[0] == 409
    room(hr, reference, "accept")
    for name in ("staff", "digital"):
        refused = refuses(hr, reference, "appoint", investigator=f"{name}{DEMO}")
        assert refused == (422, {"investigator"}), name
    twice = refuses(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=INVESTIGATOR)
    assert twice == (422, {"investigator", "decision_maker"})
    assert refuses(hr, reference, "appoint") == (422, {"investigator"})
    assert refuses(hr, reference, "appoint", investigator=f"nobody{DEMO}") == (422, {"investigator"})
    assert room(hr, reference, "appoint", investigator=INVESTIGATOR)["stage"] == "fact_finding"
    room(hr, reference, "appoint", investigator=f"hr3{DEMO}")
    # Whoever had a part before has no other one later, and is let in no more.
    assert refuses(hr, reference, "appoint", decision_maker=INVESTIGATOR) == (422, {"decision_maker"})
    assert token("hr2").get(f"/api/referrals/{reference}").status_code == 404
    assert token("hr3").get(f"/api/referrals/{reference}").status_code == 200
    assert faults(database) == []


def test_a_conflict_named_later_closes_the_door(token, clock, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    hr, hr2, head = people(token, "hr hr2 head")
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    find_facts(hr2, reference)
    press(digital, case, "conflict", person=DECISION_MAKER, reason="A cousin.")
    assert head.get(f"/api/referrals/{reference}").status_code == 404
    invitation = {"hearing_at": moment(clock, days=3), "place": "Room 4", "text": "Please come."}
    assert refuses(hr2, reference, "invite", **invitation) == (409, {"decision_maker"})
    assert faults(database) == []


def test_where_every_lead_is_conflicted_hr_stands_in(token, database):
    staff, digital, hr, hr2, hr3 = people(token, "staff digital hr hr2 hr3")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    press(digital, case, "conflict", person=f"hr{DEMO}", reason="A neighbour.")
    told = {"refer": True, "reason": "It harmed our name."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    assert hr.get("/api/referrals").json()["items"] == []
    reference = hr2.get("/api/referrals").json()["items"][0]["reference"]
    assert hr.get(f"/api/referrals/{reference}").status_code == 404
    assert "accept" in hr3.get(f"/api/referrals/{reference}").json()["may"]
    assert room(hr2, reference, "accept")["stage"] == "accepted"
    assert faults(database) == []


def test_returned_to_the_desk(token, sign_in, database):
    staff, manager, digital, hr = people(token, "staff manager digital hr")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name."}
    assert manager.post(f"{at(case)}/referral-decision", json=told).status_code == 200
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    assert refuses(hr, reference, "return") == (422, {"reason"})
    assert room(hr, reference, "return", reason=CANARY)["stage"] == "returned"
    assert refuses(hr, reference, "accept") == (409, set())
    for who in (digital, manager):
        seen = who.get(at(case)).json()["hr"]
        assert (seen["decision"], seen["passed_on"], seen["returned"]["reason"]) == (None, None, CANARY)
    assert CANARY in sign_in("digital").get(f"/cases/{case['reference']}").text
    assert CANARY not in staff.get(at(case)).text + staff.get(f"{at(case)}/timeline").text
    again = {**told, "allegation": "Once more, with the rule."}
    assert digital.post(f"{at(case)}/referral-decision", json=again).status_code == 201
    newest, _ = hr.get("/api/referrals").json()["items"]
    # Whoever takes it up again sees what was asked for.
    (before,) = hr.get(f"/api/referrals/{newest['reference']}").json()["returned_before"]
    assert (before["reference"], before["reason"]) == (reference, CANARY)
    page = sign_in("hr")
    assert "See whether what was asked for is here now." in page.get(f"/referrals/{newest['reference']}").text
    room(hr, newest["reference"], "accept")
    later = page.get(f"/referrals/{newest['reference']}").text
    assert CANARY in later
    # What is next stands first then.
    assert later.index("Next: ") < later.index("HR returned it before")
    assert hr.get(f"/api/referrals/{reference}").json()["returned_before"] == []
    assert faults(database) == []


def test_whom_it_is_about_answers_in_amends_from_when_they_are_told(token, sign_in, clock, database, worker):
    reference, hr, hr2, *_ = begin(token)
    staff, head = people(token, "staff head")
    assert refuses(staff, reference, "answer", text=CANARY)[0] == 404
    room(hr2, reference, "inform-subject", text="This is alleged.")
    assert refuses(staff, reference, "answer") == (422, {"text"})
    assert refuses(staff, reference, "answer", text="x" * 20_001) == (422, {"text"})
    assert refuses(hr2, reference, "answer", text="x")[0] == 403
    worker()
    before = {who: len(who.get("/api/notifications").json()["items"]) for who in (hr, hr2, head)}
    page = sign_in("staff")
    page.get(f"/referrals/{reference}")
    refused = page.fill_in(f"/referrals/{reference}/answer", {"text": ""})
    assert (refused.status_code, "What do you want to tell HR: this is needed" in refused.text) == (422, True)
    assert page.fill_in(f"/referrals/{reference}/answer", {"text": CANARY}).status_code == 303
    assert CANARY in page.get(f"/referrals/{reference}").text
    (own,) = staff.get(f"/api/referrals/{reference}").json()["replies"]
    assert own["text"] == CANARY
    (reply,) = hr.get(f"/api/referrals/{reference}").json()["papers"]
    assert (reply["kind"], reply["how"], reply["text"]) == ("reply", "In Amends", CANARY)
    assert CANARY in sign_in("hr2").get(f"/referrals/{reference}").text
    # HR is told under the bell, and so is whoever is appointed.
    worker()
    for who, known in before.items():
        told = who.get("/api/notifications").json()["items"]
        assert len(told) == known + 1
        assert told[0]["words"] == "Somebody has replied in a referral."
    find_facts(hr2, reference)
    room(hr, reference, "informal", reason="A talk is enough.")
    room(staff, reference, "answer", text="Thank you.")
    room(hr, reference, "close")
    assert refuses(staff, reference, "answer", text="Once more.")[0] == 409
    assert "Write to HR about this" not in sign_in("staff").get(f"/referrals/{reference}").text
    assert faults(database) == []


def test_what_one_person_writes_has_an_end_that_is_told(token, sign_in, database):
    """Three hundred long answers made a bundle of two thousand pages, and a page of 12 MB."""
    reference, hr, hr2, *_ = begin(token)
    staff = token("staff")
    room(hr2, reference, "inform-subject", text="This is alleged.")
    for number in range(9):
        room(staff, reference, "answer", text=f"{number} " + "it was so. " * 1_800)
    written = 9 * len("0 " + "it was so. " * 1_800) - 9
    room(staff, reference, "answer", text="y" * 20_000)
    left = 200_000 - written - 20_000
    using = sign_in("staff")
    using.get(f"/referrals/{reference}")
    kept = f"{CANARY} " + "z" * 9_000
    refused = using.fill_in(f"/referrals/{reference}/answer", {"text": kept})
    assert refused.status_code == 409
    said = f"his has {len(kept):,} letters. Amends keeps {left:,} more from you. Send it to HR by e-mail or on paper."
    assert said in refused.text
    assert kept in refused.text
    assert refuses(staff, reference, "answer", text=kept) == (409, {"text"})
    room(staff, reference, "answer", text="w" * left)
    assert refuses(staff, reference, "answer", text="w") == (409, {"text"})
    # HR records what came in another way, as it says there.
    room(hr, reference, "reply", how="By e-mail", text=kept)
    page = sign_in("hr2").get(f"/referrals/{reference}").text
    assert len(page) < 450_000
    # All of it is there once, and where its beginning stands there is a way to the rest.
    assert page.count("z" * 9_000) == 1
    assert page.count("y" * 19_000) == 1
    assert page.count("it was so. " * 1_000) == 9
    assert 'href="#replies">Read it in full</a>' in page
    assert faults(database) == []


def test_so_often_and_no_oftener_somebody_writes(token, database):
    reference, _, hr2, *_ = begin(token)
    staff = token("staff")
    room(hr2, reference, "inform-subject", text="This is alleged.")
    room(staff, reference, "answer", text="x")
    with database.write() as db:
        (first,) = db.execute(select(Paper)).scalars()
        told = first.model_dump(exclude={"id"})
        db.execute(insert(Paper), [told] * 198)
    room(staff, reference, "answer", text="x")
    answer = staff.post(f"/api/referrals/{reference}/answer", json={"text": "x"})
    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    assert error["field"] == "text"
    assert error["message"].startswith("You have written 200 times, which is all that Amends keeps. Send it to HR by")


def test_what_they_said_in_another_way_is_theirs_to_read(token, sign_in, database):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "serve", how="By hand", text="What was handed over")
    room(hr, reference, "reply", how="By post", text=CANARY)
    staff, page = token("staff"), sign_in("staff")
    (own,) = staff.get(f"/api/referrals/{reference}").json()["replies"]
    assert (own["how"], own["text"]) == ("By post", CANARY)
    seen = page.get(f"/referrals/{reference}").text
    theirs = seen.partition("What you wrote to HR")[2].partition("</section>")[0]
    assert "By post" in theirs
    assert CANARY in theirs
    assert "What was handed over" not in seen
    assert faults(database) == []


def test_suspension_pause_and_papers(token, clock, database):
    reference, hr, hr2, head, _ = begin(token)
    assert refuses(hr, reference, "suspend", reason="Calm.", review_at=moment(clock, days=30)) == (422, {"review_at"})
    assert refuses(hr2, reference, "suspend", reason="Calm.", review_at=moment(clock, days=3))[0] == 403
    for deed in ("serve", "reply"):
        assert refuses(hr2, reference, deed, how="By hand", text="The letter") == (409, {"informed"})
        assert deed not in hr2.get(f"/api/referrals/{reference}").json()["may"]
    find_facts(hr2, reference)
    suspended = room(hr, reference, "suspend", reason="Calm.", review_at=moment(clock, days=3))
    assert (suspended["suspension"]["paid"], suspended["due"]["what"]) == (True, "suspension")
    room(hr2, reference, "serve", how="By hand", text="The letter", at=moment(clock, hours=-2))
    room(hr, reference, "reply", how="By post", text="I did not mean it.")
    assert refuses(hr, reference, "reply", how="By post", text="x", at=moment(clock, hours=2)) == (422, {"at"})
    paused = room(hr, reference, "pause", reason="Ill.")
    assert (paused["paused"]["reason"], paused["due"]) == ("Ill.", None)
    assert refuses(hr, reference, "pause", reason="Ill.") == (409, {"paused"})
    invitation = {"hearing_at": moment(clock, days=6), "place": "Room 4", "text": "Please come."}
    assert refuses(hr2, reference, "invite", **invitation) == (409, {"paused"})
    clock.forward(days=2)
    resumed = room(hr, reference, "resume")
    assert resumed["suspension"]["review_at"] > suspended["suspension"]["review_at"]
    assert refuses(hr, reference, "resume") == (409, set())
    invited = room(hr2, reference, "invite", **invitation)
    first = invited["hearing"]["first_at"]
    late = {"hearing_at": moment(clock, days=14), "reason": "The companion is away."}
    assert refuses(head, reference, "postpone", **late) == (422, {"hearing_at"})
    put_off = room(head, reference, "postpone", **{**late, "hearing_at": moment(clock, days=6)})
    assert put_off["hearing"]["hearing_at"] > first
    room(hr, reference, "end-suspension")
    assert refuses(hr, reference, "end-suspension") == (409, set())
    assert {paper["kind"] for paper in put_off["papers"]} == {"served", "reply"}
    assert faults(database) == []


def test_whom_it_is_about_is_not_told_how_often_hr_does_something(token, sign_in):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    staff, browser = token("staff"), sign_in("staff")
    where = f"/api/referrals/{reference}"

    def told():
        seen = staff.get(where)
        (row,) = staff.get("/api/referrals").json()["items"]
        assert seen.headers["etag"] == f'"{seen.json()["version"]}"'
        assert row["version"] == seen.json()["version"]
        return seen.json()["version"]

    before, page = told(), browser.get(f"/referrals/{reference}").text
    room(hr, reference, "notes", text="Careful.")
    room(hr2, reference, "record-finding", kind="mitigating", text="They said so at once.")
    room(hr, reference, "appoint", investigator=f"hr3{DEMO}")
    assert told() == before
    assert re.findall('name="_version" value="[^"]+"', browser.get(f"/referrals/{reference}").text) == re.findall(
        'name="_version" value="[^"]+"', page
    )
    room(hr, reference, "disclose", facts=["reason"])
    assert told() == before + 1
    assert hr.get(where).json()["version"] > before + 3


def test_an_appeal_is_not_stale_for_what_hr_noted_meanwhile(token, clock):
    reference, hr, *_ = decide(clock, token)
    staff = token("staff")
    where = f"/api/referrals/{reference}"
    tag = staff.get(where).headers["etag"]
    room(hr, reference, "notes", text="They may appeal.")
    appealed = staff.post(f"{where}/appeal", json={"grounds": "Too hard."}, headers={"If-Match": tag})
    assert (appealed.status_code, appealed.headers["etag"] != tag) == (200, True)
    stale = staff.post(f"{where}/appeal", json={"grounds": "Too hard."}, headers={"If-Match": tag})
    assert stale.status_code == 409
    # What they wrote before they read something new is stale: they read it first.
    tag = staff.get(where).headers["etag"]
    room(hr, reference, "disclose", facts=["reason"])
    wrote = staff.post(f"{where}/answer", json={"text": "It was so."}, headers={"If-Match": tag})
    assert wrote.status_code == 412
    tag = staff.get(where).headers["etag"]
    assert staff.post(f"{where}/answer", json={"text": "It was so."}, headers={"If-Match": tag}).status_code == 200


def test_a_referral_is_read_while_its_case_goes_on(token, monkeypatch):
    reference, hr, *_ = begin(token)
    staff = token("staff")
    case = staff.get("/api/cases").json()["items"][0]
    read, gone_on = entries.of_case, []

    def meanwhile(*of):
        rows = read(*of)
        if not gone_on:
            gone_on.append(case)
            press(staff, case, "messages", text="One thing more.")
            press(token("manager"), case, "acknowledge")
        return rows

    monkeypatch.setattr(entries, "of_case", meanwhile)
    seen = hr.get(f"/api/referrals/{reference}")
    assert (seen.status_code, gone_on) == (200, [case])


def test_what_is_copied_while_it_is_purged_is_destroyed_too(token, database, monkeypatch):
    reference, hr, *_ = begin(token, narrative=CANARY)
    digital = token("digital")
    case = digital.get("/api/cases").json()["items"][0]
    assert token("staff").patch(at(case), json={"possibly_classified": "yes"}).status_code == 200
    told, purge = keep.entries_for_hr, {"fields": ["narrative"], "reason": "It held what must not be here."}
    with ThreadPoolExecutor(1) as thread:
        purged = []

        def slowly(*of):
            read = told(*of)
            if not purged:
                purged.append(thread.submit(digital.post, f"{at(case)}/purge", json=purge))
                # On either engine it waits for the copy, or comes before it.
                wait(purged, timeout=1)
            return read

        monkeypatch.setattr(keep, "entries_for_hr", slowly)
        room(hr, reference, "copy", from_case=[1])
        assert purged[0].result().status_code == 200
    assert CANARY not in everything_kept(database)
    assert faults(database) == []


def test_a_hearing_is_put_off_and_never_brought_forward(token, clock):
    reference, _, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    clock.at("2026-11-23T09:00+00:00")
    invited = {"hearing_at": "2026-11-26T10:00:00Z", "place": "Room 4", "text": "Please come."}
    room(hr2, reference, "invite", **invited)
    room(head, reference, "postpone", hearing_at="2026-12-02T10:00:00Z", reason="The companion is away.")
    clock.at("2026-11-26T10:05+00:00")
    sooner = {"hearing_at": "2026-11-26T10:10:00Z", "reason": "They are back."}
    assert refuses(head, reference, "postpone", **sooner) == (422, {"hearing_at"})
    put_off = room(head, reference, "postpone", hearing_at="2026-12-03T10:00:00Z", reason="Still away.")
    assert put_off["hearing"]["hearing_at"] == "2026-12-03T10:00:00Z"


def test_after_an_illness_the_person_is_invited_anew(token, clock, database):
    reference, hr, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    clock.forward(days=2)
    room(hr, reference, "pause", reason="They are ill.")
    assert refuses(hr2, reference, "invite", hearing_at=moment(clock, days=9), place="Room 5", text="x")[0] == 409
    clock.forward(days=40)
    room(hr, reference, "resume")
    # The pause took its time: it is called anew, and not put off.
    assert refuses(hr2, reference, "postpone", hearing_at=moment(clock, days=4), reason="Ill.") == (409, {"invited"})
    soon = {"hearing_at": moment(clock, hours=47), "place": "Room 5", "text": "Please come."}
    assert refuses(hr2, reference, "invite", **soon) == (422, {"hearing_at"})
    anew = room(hr2, reference, "invite", **soon | {"hearing_at": moment(clock, days=4)})
    assert (anew["stage"], anew["hearing"]["place"]) == ("hearing", "Room 5")
    assert token("staff").get(f"/api/referrals/{reference}").json()["hearing"]["place"] == "Room 5"
    early = {"held_at": moment(clock, minutes=-5), "present": ["Both of us"], "notes": "Heard."}
    assert refuses(head, reference, "hear", **early)[0] in (409, 422)
    clock.forward(days=4, hours=1)
    room(head, reference, "hear", **early | {"held_at": moment(clock, minutes=-30)})
    assert refuses(hr2, reference, "invite", **soon)[0] in (409, 422)
    assert faults(database) == []


def test_an_entry_is_copied_by_its_number_in_plain_digits(token, sign_in):
    reference, hr, *_ = begin(token)
    for odd in ("²", "٣", "１"):
        assert refuses(hr, reference, "copy", from_case=[odd]) == (422, {"from_case"})
        browser = sign_in("hr")
        browser.get(f"/referrals/{reference}")
        assert browser.fill_in(f"/referrals/{reference}/copy", {"from_case": odd}).status_code == 422


def test_an_appeal_comes_in_its_time_and_nothing_ends_before(token, clock, database):
    reference, hr, *_ = decide(clock, token)
    assert refuses(hr, reference, "close") == (409, {"appeal_open"})
    clock.forward(days=21)
    assert refuses(token("staff"), reference, "appeal", grounds="Late.") == (409, {"appeal_by"})
    assert room(hr, reference, "close")["stage"] == "closed"
    assert faults(database) == []


def test_an_appeal_may_come_in_its_last_moment_and_a_pause_takes_none_of_it(token, clock, database):
    reference, hr, *_ = decide(clock, token)
    staff = token("staff")
    clock.moment = datetime.fromisoformat(staff.get(f"/api/referrals/{reference}").json()["decision"]["appeal_by"])
    assert refuses(hr, reference, "close") == (409, {"appeal_open"})
    room(hr, reference, "pause", reason="They are ill.")
    clock.forward(days=3)
    room(hr, reference, "resume")
    assert room(staff, reference, "appeal", grounds="Too hard.")["stage"] == "appealed"
    assert faults(database) == []


def test_earlier_warnings_are_shown_at_decision_and_end_by_themselves(token, clock, database, worker):
    first, hr, hr2, *_ = decide(clock, token, outcome="first_written_warning")
    second, _, _, head, _ = begin(token)
    find_facts(hr2, second)
    told = {"hearing_at": moment(clock, days=3), "place": "Room 4", "text": "Please come."}
    room(hr2, second, "invite", **told)
    assert "earlier" not in head.get(f"/api/referrals/{second}").json()
    clock.forward(days=3, hours=1)
    held = room(head, second, "hear", held_at=moment(clock, minutes=-30), present=["Us"], notes="Heard.")
    assert [one["outcome"] for one in held["earlier"]] == ["first_written_warning"]
    assert "earlier" not in hr2.get(f"/api/referrals/{second}").json()
    clock.forward(days=190)
    worker()
    hr, head = people(token, "hr head")
    assert head.get(f"/api/referrals/{second}").json()["earlier"] == []
    seen = hr.get(f"/api/referrals/{first}").json()
    assert (seen["outcome"], seen["decision"]["live"]) == ("first_written_warning", False)
    kinds = [entry["kind"] for entry in hr.get(f"/api/referrals/{first}/timeline").json()["items"]]
    assert kinds.count("room_warning_expired") == 1
    assert faults(database) == []


def test_what_is_copied_says_where_it_came_from_and_stays(token, sign_in, database):
    staff, digital = people(token, "staff digital")
    case = report(staff, codes=["disrepute"], narrative=CANARY)
    file = upload(staff, case, picture()).json()
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    hr = token("hr")
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    before = hr.get(f"/api/referrals/{reference}")
    # A self-report does not silently become the allegation: what can be copied is named, and not shown.
    assert CANARY not in before.text
    number = next(each["entry"] for each in before.json()["copyable"]["entries"] if each["kind"] == "reported")
    told = {each["words"] for each in before.json()["copyable"]["entries"]}
    assert {"Amends told the line manager.", "Amends told the digital unit."} <= told
    assert refuses(hr, reference, "copy", from_case=[number, 99_999]) == (422, {"from_case"})
    copied = room(hr, reference, "copy", from_case=[number, file["id"]])["copied"]
    assert [one["from"] for one in copied] == [{"entry": number}, {"evidence": file["id"]}]
    assert CANARY in str(copied[0]["said"])
    assert staff.patch(at(case), json={"narrative": "Something else."}).status_code == 200
    again = room(hr, reference, "copy", from_case=[number])["copied"]
    assert again == copied
    # In the timeline it is said in words, as all else is.
    told = sign_in("hr").get(f"/referrals/{reference}").text
    told = unescape(told[told.index('id="timeline"') :])
    assert f"What happened, as reported: {CANARY}" in told
    assert [raw for raw in ("{'", "None", "At: 2026", "By id", file["id"]) if raw in told] == []
    path = f"/api/referrals/{reference}/evidence/{file['id']}"
    assert hr.get(path).content == picture()
    for name in ("staff", "hr2", "digital", "outsider"):
        assert token(name).get(path).status_code == 404, name
    other = upload(digital, case, picture("red")).json()["id"]
    assert hr.get(f"/api/referrals/{reference}/evidence/{other}").status_code == 404
    assert hr.get(f"/api{at(case).removeprefix('/api')}/evidence/{file['id']}").status_code == 404
    hr2 = token("hr2")
    room(hr, reference, "appoint", investigator=INVESTIGATOR)
    room(hr2, reference, "inform-subject", text="This is alleged.")
    assert hr2.get(path).status_code == 200
    assert staff.get(path).status_code == 404
    room(hr, reference, "disclose", facts=["evidence"])
    assert staff.get(path).content == picture()
    lines = token("auditor").get(f"/api/audit/reads?person=staff{DEMO}").json()["items"]
    assert "evidence" in {line["what"] for line in lines}
    assert faults(database) == []


def test_an_opening_is_noted_and_one_key_does_a_thing_once(token, database):
    reference = refer(token)
    hr = token("hr")
    seen = hr.get(f"/api/referrals/{reference}")
    stale = hr.post(f"/api/referrals/{reference}/accept", json={}, headers={"If-Match": '"99"'})
    assert stale.status_code == 412
    headers = {"If-Match": seen.headers["etag"], "Idempotency-Key": "once"}
    for _ in range(2):
        done = hr.post(f"/api/referrals/{reference}/accept", json={}, headers=headers)
        assert (done.status_code, done.json()["stage"]) == (200, "accepted")
    assert refuses(hr, reference, "accept") == (409, set())
    reads = token("auditor").get(f"/api/audit/reads?person=hr{DEMO}").json()["items"]
    assert {line["what"] for line in reads} == {"referral"}
    assert faults(database) == []


def test_who_may_do_what(token, sign_in, clock, database):
    """Each cell of `rooms` in the matrix: what is not theirs is refused, and what is not seen is not there."""
    rooms, wrong = MATRIX["rooms"], []
    reference, hr, _, _, _ = decide(clock, token)
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    absent = token("hr3").get("/api/referrals/HR-2026-000000").content
    paths = {told["room"]: address for address, told in MATRIX["routes"].items() if "room" in told}
    for name in rooms["unseen"]:
        who = token(name)
        answers = [who.get(f"/api/referrals/{reference}"), who.get(f"/api/referrals/{reference}/timeline")]
        answers += [who.post(paths[act].split()[1].format(reference=reference), json={}) for act in rooms["acts"]]
        wrong += [(name, answer.url, answer.status_code) for answer in answers if answer.content != absent]
        page = sign_in(name)
        if page.get(f"/referrals/{reference}").status_code != 404:
            wrong.append((name, "page"))
    for relation, told in rooms["sees"].items():
        who, page = token(told["who"]), sign_in(told["who"])
        assert page.get(f"/referrals/{reference}").status_code == 200, relation
        for act in rooms["acts"]:
            path = paths[act].split()[1].format(reference=reference)
            odd = {"data": {"odd": "1"}} if act == "add_evidence" else {"json": {"odd": 1}}
            status = who.post(path, **odd).status_code
            # Open acts read the body, and refuse it; what is not open at this stage is 409 for everybody.
            wanted = {422} if act in told["does"] else {403}
            if status not in wanted | {409}:
                wrong.append((relation, act, status))
    assert wrong == []


def test_one_referral_that_cannot_be_rung_holds_up_nothing(token, clock, database, worker):
    broken, whole = refer(token), refer(token)
    mine = update(Referral).where(Referral.reference == broken)
    with database.write() as db:
        version = db.execute(select(Referral.playbook_version).where(Referral.reference == broken)).scalar_one()
        db.execute(mine.values(playbook_version="lost"))
    clock.forward(days=8)
    worker()
    hr = token("hr")
    kinds = [entry["kind"] for entry in hr.get(f"/api/referrals/{whole}/timeline").json()["items"]]
    assert kinds == ["room_received", "room_late"]
    with database.read() as db:
        put_off = db.execute(select(Referral.ripe_at).where(Referral.reference == broken)).scalar_one()
    assert put_off > clock()
    with database.write() as db:
        db.execute(mine.values(playbook_version=version))
    clock.moment = put_off
    worker()
    kinds = [entry["kind"] for entry in hr.get(f"/api/referrals/{broken}/timeline").json()["items"]]
    assert kinds == ["room_received", "room_late"]


def test_hr_is_told_through_the_room(token, database, worker):
    reference = refer(token)
    worker()
    hr, hr2 = people(token, "hr hr2")
    waits = hr.get("/api/notifications").json()["items"]
    assert [(each["words"], each["referral"]["reference"]) for each in waits] == [
        ("A referral has arrived.", reference)
    ]
    assert hr2.get("/api/notifications").json()["items"] == []
    hr.get(f"/api/referrals/{reference}")
    assert hr.get("/api/notifications").json()["items"][0]["read_at"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR)
    worker()
    assert hr2.get("/api/notifications").json()["items"][0]["words"] == "You are appointed in a referral."
    assert faults(database) == []


def test_whom_it_is_about_finds_it_from_their_case_once_told(token, sign_in, database):
    staff, digital, manager, hr, hr2 = people(token, "staff digital manager hr hr2")
    case = report(staff, codes=["disrepute"])
    put_right(staff, digital, case)
    told = {"refer": True, "reason": CANARY}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    press(digital, case, "close", resolution="referred")
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR)
    assert "hr" not in staff.get(at(case)).json()
    room(hr2, reference, "inform-subject", text="This is alleged.")
    seen = staff.get(at(case)).json()
    assert (seen["hr"], seen["resolution"]) == (
        {"passed_on": "2026-11-20T09:00:00Z", "referral": reference},
        "referred",
    )
    assert CANARY not in staff.get(at(case)).text
    page = sign_in("staff").get(f"/cases/{case['reference']}")
    assert f'href="/referrals/{reference}"' in page.text
    # Nobody else learns of it from that.
    assert set(manager.get(at(case)).json()["hr"]) <= {"suggested", "because"}
    assert "resolution" not in manager.get(at(case)).json()
    assert faults(database) == []


def test_who_was_there_stands_a_line_each_and_a_wrong_line_is_named(token, sign_in, clock):
    reference, _, hr2, _, _ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    clock.forward(days=3, hours=1)
    page, here = sign_in("head"), f"/referrals/{reference}"
    page.get(here)
    began = (clock() - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M")
    told = {"held_at": began, "notes": "Heard."}
    refused = page.fill_in(f"{here}/hear", told | {"present": f"The person\r\n{'x' * 301}\r\nHR"})
    assert refused.status_code == 422
    assert "Line 2: Use at most 300 characters" in refused.text
    assert 'href="#hear-present"' in refused.text
    assert "The person" in refused.text
    heard = page.fill_in(f"{here}/hear", told | {"present": "The person\r\n\r\nTheir union\r\nHR"})
    assert heard.status_code == 303, heard.text
    assert hr2.get(f"/api{here}").json()["hearing"]["present"] == ["The person", "Their union", "HR"]


def test_the_subject_of_a_concern_finds_it_on_their_home_page_once_told(token, sign_in, database):
    digital, hr, hr2, colleague = people(token, "digital hr hr2 colleague")
    case = raise_it(token("staff"))
    press(digital, case, "triage")
    told = {"refer": True, "reason": "It harmed our name."}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    theirs = sign_in("colleague")
    nothing = theirs.get("/").text
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR)
    assert theirs.get("/").text == nothing
    # But for what is drawn at random against forgeries, in which any two letters may stand.
    assert "HR" not in nothing.replace(theirs.csrf, "")
    room(hr2, reference, "inform-subject", text="This is alleged.")
    home = theirs.get("/").text
    assert "HR has written to you</h1>" in home
    assert f'href="/referrals/{reference}"' in home
    assert "What HR has told you" in theirs.get(f"/referrals/{reference}").text
    assert colleague.get(at(case)).status_code == 404
    for name in ("staff", "manager", "digital", "hr"):
        assert "HR has written to you" not in sign_in(name).get("/").text, name
    assert faults(database) == []


@pytest.mark.parametrize("odd", ["%00", "x" * 500, "hr-2026-000001"])
def test_what_is_no_reference_is_not_there(token, odd):
    assert token("hr").post(f"/api/referrals/{odd}/accept", json={}).status_code == 404


def test_the_pages_do_the_same(token, sign_in, clock, database):
    """Every deed of the way by a form, and each page opens for whoever is on it."""
    reference = refer(token)
    here = f"/referrals/{reference}"
    hr, hr2, head, services, staff = (sign_in(name) for name in ("hr", "hr2", "head", "services", "staff"))
    offered = '<option value="hr3@demo.example">Second HR caseworker</option>'
    assert offered not in hr.get(here).text

    def fill(who, deed, **told):
        assert f'action="{here}/{deed}"' in who.get(here).text, deed
        answer = who.fill_in(f"{here}/{deed}", told)
        assert answer.status_code == 303, (deed, answer.status_code, answer.text[-3000:])
        page = who.get(here)
        assert page.status_code == 200, deed
        return page.text

    def local(**later):
        return (clock() + timedelta(**later)).strftime("%Y-%m-%dT%H:%M")

    assert "Accept this referral" in hr.get(here).text
    fill(hr, "accept")
    empty = hr.fill_in(f"{here}/return", {"reason": "Too late for that."})
    assert (empty.status_code, "Too late for that." in empty.text) == (409, True)
    assert offered in hr.get(here).text
    fill(hr, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    assert offered not in hr2.get(here).text
    wrong = hr.fill_in(f"{here}/appoint", {"appeal_hearer": f"staff{DEMO}"})
    assert (wrong.status_code, f"staff{DEMO}" in wrong.text) == (422, True)
    fill(hr2, "inform-subject", text=CANARY)
    assert CANARY in staff.get(here).text
    fill(hr2, "record-finding", kind="established", text="It was posted.")
    refused = hr2.fill_in(f"{here}/invite", {"hearing_at": local(days=3), "place": "Room 4", "text": CANARY})
    assert (refused.status_code, "what speaks for the person" in refused.text) == (409, True)
    fill(hr2, "record-finding", kind="mitigating", text="It was gone within minutes.")
    number = token("hr").get(f"/api{here}").json()["copyable"]["entries"][0]["entry"]
    assert "Copied from the case" in fill(hr, "copy", from_case=str(number))
    fill(hr, "notes", text="A note.")
    fill(hr, "suspend", reason="Calm.", review_at=local(days=3))
    fill(hr, "end-suspension")
    fill(hr, "serve", how="By hand", text="The letter.")
    fill(hr, "pause", reason="Ill.")
    fill(hr, "resume")
    fill(hr, "disclose", facts="reason")
    fill(hr2, "invite", hearing_at=local(days=3), place="Room 4", text="Please come.")
    assert "You are invited to a hearing" in staff.get(here).text
    clock.forward(days=3, hours=1)
    hr, hr2, head, services, staff = (sign_in(name) for name in ("hr", "hr2", "head", "services", "staff"))
    fill(head, "hear", held_at=local(minutes=-30), present="The three of us", notes="Heard.")
    fill(head, "consider", text="No protected activity.")
    assert "Warnings that still count" in head.get(here).text
    fill(head, "decide", outcome="first_written_warning", reason="Because of the harm.")
    assert "You may appeal until" in staff.get(here).text
    fill(staff, "appeal", grounds="Too hard.")
    fill(hr, "appoint", appeal_hearer=APPEAL_HEARER)
    fill(services, "invite", hearing_at=local(days=3), place="Room 5", text="Please come.")
    clock.forward(days=3, hours=1)
    hr, services, staff = (sign_in(name) for name in ("hr", "services", "staff"))
    fill(services, "hear", held_at=local(minutes=-30), present="Us", notes="Heard.")
    fill(services, "decide-appeal", upheld="false", reason="It stays.")
    assert "Closed" in fill(hr, "close")
    assert staff.get(here).status_code == 200
    for who in (hr, services, staff):
        assert reference in who.get("/referrals?stage=all").text
        assert 'href="/referrals' in who.get("/").text
    assert 'href="/referrals"' not in sign_in("colleague").get("/").text
    assert faults(database) == []


def otherwise(value):
    """Something else of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return "elsewhere" if isinstance(value, str) else [] if value else "elsewhere"


NUMBERS = {"id", "referral_id"}
UNSAID = {
    # Where the store keeps it, which its hash and its number tell; and which copy was given, which the read log does.
    "letters": {"key"},
    "taken_out": {"given_at"},
    # A file of the room: what is made of it, and what only a file of a case has.
    "files": {"case_id", "scanned", "preview", "preview_width", "preview_height"},
}


def test_every_column_of_the_room_is_held_against_its_timeline(token, clock, database):
    reference, hr, *_ = decide(clock, token)
    room(hr, reference, "notes", text="A note.")
    room(hr, reference, "conflict", person=f"colleague{DEMO}", reason="A friend.")
    assert upload(hr, reference, picture()).status_code == 201
    written = dict.fromkeys(("decision", "alleged", "change", "lives", "appeal"), "In our words.")
    room(hr, reference, "send-letter", kind="outcome", wording=written)
    room(hr, reference, "take-out", words="The baker")
    room(hr, reference, "serve", how="By hand", text="The letter.")
    room(token("staff"), reference, "appeal", grounds="Too hard.")
    second, _, hr2, *_ = begin(token)
    room(hr2, second, "inform-subject", text="This is what is alleged.")
    room(hr, second, "copy", from_case=[1])
    room(hr, second, "suspend", reason="Calm.", review_at=moment(clock, days=3))
    seen = set()
    with database.read() as db:
        db.autoflush = False
        for referral in db.execute(select(Referral)).scalars().all():
            said = of_referral(db, referral.id)
            assert replay.differences(db, referral, said) == []
            there = {"": ([referral], replay.COLUMNS)}
            for area, (table, columns) in replay.AREAS.items():
                assert set(columns) == {one.name for one in table.__table__.columns} - UNSAID.get(area, set()) - NUMBERS
                rows = db.execute(select(table).where(table.referral_id == referral.id)).scalars().all()
                there[area] = (rows, columns)
            for area, (rows, columns) in there.items():
                for row, name in ((row, name) for row in rows for name in columns):
                    value = getattr(row, name)
                    set_committed_value(row, name, otherwise(value))
                    assert replay.differences(db, referral, said), (area, name, value)
                    set_committed_value(row, name, value)
                    seen.add(area)
    assert seen == {"", *replay.AREAS}


def test_a_referral_is_built_with_a_list_of_what_is_missing(token, sign_in, database):
    staff, digital, manager, hr = people(token, "staff digital manager hr")
    case = report(staff, codes=["disrepute"])
    file = upload(staff, case, picture()).json()
    press(digital, case, "triage")
    check = f"{at(case)}/referral-readiness"
    told = digital.post(check, json={}).json()
    # The rules are those that the playbook suggests it for, as long as nobody chooses others.
    lacks = {"allegation", "mitigation", "subject_told", "evidence", "conflict_check"}
    assert (told["ready"], {each["field"] for each in told["missing"]}) == (
        False,
        lacks | {"steps.delete", "steps.apologise"},
    )
    for who in (staff, hr):
        assert who.post(check, json={}).status_code in (403, 404)
    assert manager.post(check, json={"allegation": "A post."}).status_code == 200
    press(staff, case, "steps/delete/take")
    press(digital, case, "steps/apologise/waive", reason="Nobody read it.")
    whole = {
        "allegation": "A post that harmed our name.",
        "rules": ["disrepute"],
        "mitigation": "It was gone within minutes.",
        "subject_told": False,
        "evidence": [file["id"]],
        "conflict_check": True,
    }
    assert digital.post(check, json=whole).json() == {"ready": True, "missing": []}
    page = sign_in("digital")
    here = f"/cases/{case['reference']}"
    page.get(here)
    seen = page.fill_in(f"{here}/referral-readiness", {"refer": "true", "allegation": CANARY})
    assert (seen.status_code, CANARY in seen.text) == (200, True)
    assert "What the referral still lacks" in seen.text
    assert "Say what counts in their favour" in seen.text
    # It refuses nothing: HR sees what is missing, and may return it.
    half = {"refer": True, "reason": "It harmed our name.", "rules": ["disrepute"]}
    assert digital.post(f"{at(case)}/referral-decision", json=half).status_code == 201
    [listed] = hr.get("/api/referrals").json()["items"]
    received = hr.get(f"/api/referrals/{listed['reference']}").json()
    assert {each["field"] for each in received["missing"]} == lacks
    room(hr, listed["reference"], "return", reason="Say what counts in their favour.")
    again = {"refer": True, "reason": "It harmed our name.", **whole}
    assert digital.post(f"{at(case)}/referral-decision", json=again).status_code == 201
    newest = hr.get("/api/referrals").json()["items"][0]["reference"]
    assert hr.get(f"/api/referrals/{newest}").json()["missing"] == []
    assert faults(database) == []


def test_words_that_nobody_can_see_are_none(token, sign_in):
    """Blanks, joiners, a blank of Braille, a filler of Hangul, a mark on no letter: each was an answer."""
    reference, hr, hr2, *_ = begin(token)
    page = sign_in("hr2")
    page.get(f"/referrals/{reference}")
    for nothing in ("\u200b", " \u2060\u00ad ", "\u2800", "\u3164\u115f", "\ufe0f\u0301", "\u202e\ufeff\n"):
        assert refuses(hr2, reference, "inform-subject", text=nothing) == (422, {"text"}), ascii(nothing)
        assert refuses(hr, reference, "pause", reason=nothing) == (422, {"reason"})
        refused = page.fill_in(f"/referrals/{reference}/inform-subject", {"text": nothing})
        assert (refused.status_code, "this is needed" in refused.text) == (422, True)
    room(hr2, reference, "inform-subject", text="\U0001f3f3\ufe0f\u200d\U0001f308")
    find_facts(hr2, reference)
    assert refuses(hr2, reference, "notes", text="\u2800") == (422, {"text"})


def test_a_pause_and_an_appointment_are_said_as_they_are(token, sign_in):
    reference, hr, *_ = begin(token)
    said = [entry["words"] for entry in hr.get(f"/api/referrals/{reference}/timeline").json()["items"]]
    assert "Appointed the investigator and the decision-maker." in said
    gates = {gate["gate"]: gate["rule"] for gate in hr.get(f"/api/referrals/{reference}").json()["gates"]}
    assert gates["paused"] == "It is not paused (our own rule)"
    room(hr, reference, "pause", reason="Ill.")
    page = sign_in("hr").get(f"/referrals/{reference}").text
    assert "To do</span> Go on with it first: it is paused (our own rule)" in page
    assert "It is not paused" not in page


def test_the_next_thing_stands_first_and_says_who_is_waited_for(token, sign_in, clock):
    reference, _, hr2, head, _ = begin(token)
    here = f"/referrals/{reference}"
    page = sign_in("hr").get(here).text
    assert page.index('id="now-title"') < page.index('id="gates-title"')
    assert f"This waits for the investigator, <bdi>{hr2.get('/api/me').json()['name']}</bdi>." in page
    reads = sign_in("hr2")
    assert "Referrals that you are appointed to" in reads.get("/").text
    assert "Referrals that you are appointed to" not in sign_in("hr3").get("/").text
    empty = reads.fill_in(f"{here}/inform-subject", {"text": ""})
    assert (empty.status_code, "What do you write to the person: this is needed" in empty.text) == (422, True)
    find_facts(hr2, reference)
    assert 'href="#act-send-letter-informing"' in reads.get(here).text
    hear(clock, reference, hr2, head)
    room(head, reference, "consider", text="No protected activity.")
    room(head, reference, "decide", outcome="first_written_warning", reason="Because of the harm.")
    decided = sign_in("hr").get(here).text
    assert "Next: wait until the time for an appeal is over" in decided
    assert "The person may appeal until" in decided
    theirs = sign_in("staff").get(here).text
    assert "You may appeal until" in theirs
    assert "An appeal may come" not in theirs
    clock.forward(days=30)
    assert "Next: close the referral" in sign_in("hr").get(here).text


def test_what_is_missing_in_a_form_is_named_by_its_question(token, sign_in, clock):
    def lacks(who, deed, **sent):
        """What the page says is missing, and that each is asked just so on the form."""
        here = f"/referrals/{reference}"
        page = sign_in(who)
        page.get(here)
        refused = page.fill_in(f"{here}/{deed}", sent)
        assert refused.status_code == 422, refused.text
        summary = refused.text.partition("govuk-error-summary__list")[2].partition("</ul>")[0]
        said = [each.partition(": this is needed")[0] for each in re.findall(r"<a[^>]*>([^<]*)</a>", summary)]
        asked = re.findall(r"<(?:label|legend)[^>]*>([^<]*)</(?:label|legend)>", refused.text)
        assert {each.rstrip("?") for each in asked} >= set(said), (deed, said)
        return said

    reference, hr, hr2, head, _ = begin(token)
    assert lacks("hr2", "record-finding") == ["What kind of finding is it", "What did you find"]
    assert lacks("hr2", "copy") == ["What do you copy from the case"]
    find_facts(hr2, reference)
    assert lacks("hr", "suspend") == ["Why is it needed", "When do you look at it again"]
    assert lacks("hr2", "reply") == ["How", "What did they say"]
    assert lacks("hr2", "disclose") == ["What may the person read"]
    assert lacks("hr2", "invite") == ["When is the hearing", "Where is it"]
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    clock.forward(days=4)
    assert lacks("head", "hear") == ["When did it begin", "Who was there", "What was said"]
    room(head, reference, "hear", held_at=moment(clock), present=["The person"], notes="They said sorry.")
    room(head, reference, "consider", text="None of it.")
    assert lacks("head", "decide") == ["What do you decide", "Why"]
    room(head, reference, "decide", outcome="first_written_warning", reason="It did harm.", protected_activity="None.")
    assert lacks("hr", "appeal") == ["On what grounds"]
    assert lacks("staff", "appeal") == ["Why do you appeal"]
    room(hr, reference, "appeal", grounds="It was too harsh.")
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    assert lacks("services", "decide-appeal") == ["Is the appeal upheld", "Why"]


def test_a_finding_names_the_files_it_rests_on(token, sign_in):
    reference, _, hr2, *_ = begin(token)
    shown = upload(hr2, reference, picture(), "shot.png")
    file = shown.json()["id"]
    room(hr2, reference, "record-finding", kind="established", text="It was up at nine.", evidence=[file])
    found = sign_in("hr2").get(f"/referrals/{reference}").text.partition('id="findings"')[2].partition("</section>")[0]
    assert f'href="/referrals/{reference}/evidence/{file}"' in found
    assert ">shot.png</a>" in found
    room(token("hr"), reference, "purge", fields=[f"evidence.{file}"], reason="It must not be here.")
    found = sign_in("hr2").get(f"/referrals/{reference}").text.partition('id="findings"')[2].partition("</section>")[0]
    assert "Evidence for it: a file that was destroyed" in found


def test_one_person_for_two_parts_is_said_to_stand_twice(token):
    reference, hr, *_ = begin(token)
    both = {"decision_maker": APPEAL_HEARER, "appeal_hearer": APPEAL_HEARER}
    refused = hr.post(f"/api/referrals/{reference}/appoint", json=both)
    assert fields(refused) == set(both)
    said = [each["message"] for each in refused.json()["errors"]]
    assert all("stands twice here, also as" in each for each in said), said
    refused = hr.post(f"/api/referrals/{reference}/appoint", json={"appeal_hearer": INVESTIGATOR})
    assert "is or was investigator" in refused.text


def test_closing_speaks_of_a_warning_only_where_there_is_one(token, sign_in, clock):
    def close(reference):
        page = sign_in("hr").get(f"/referrals/{reference}").text
        return page.partition(f'action="/referrals/{reference}/close"')[2].partition("</form>")[0]

    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "informal", reason="A talk is enough.")
    assert "Nothing more is to be done." in close(reference)
    assert "warning" not in close(reference)
    reference, *_ = decide(clock, token, by="colleague")
    assert "The warning goes on until it ends by itself." in close(reference)
