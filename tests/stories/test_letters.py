"""Letters of HR: made from the record, with every part they must have, and frozen once they are sent."""

import hashlib
import io
from datetime import timedelta

from pypdf import PdfReader
from sqlalchemy import select, update

import service.web.letters
from service.records.referrals import Referral
from service.referrals import letters, replay
from service.timeline.entries import of_referral
from service.web.letters import printed
from tests.makers import (
    at,
    do_what_is_due,
    everything_kept,
    faults,
    people,
    picture,
    press,
    refuses,
    room,
    text_of,
    upload,
)
from tests.stories.test_room import APPEAL_HEARER, DECISION_MAKER, INVESTIGATOR, begin, decide, find_facts, moment

PARTS = {
    "informing": {"allegation", "rules", "next", "who", "support", "suspension"},
    "invitation": {"allegation", "consequences", "evidence", "when", "who", "accompanied"},
    "outcome": {"decision", "alleged", "change", "lives", "appeal"},
    "appeal-outcome": {"decision", "reason", "final"},
}


def draft(who, reference, kind):
    """The wording that a letter would be sent with, part by part."""
    found = [one for one in who.get(f"/api/referrals/{reference}").json().get("drafts", []) if one["kind"] == kind]
    return {part["name"]: part["wording"] for one in found for part in one["parts"]}


def send(who, reference, kind, **changed):
    """Send a letter as it was drafted, but for these parts."""
    return room(who, reference, "send-letter", kind=kind, wording=draft(who, reference, kind) | changed)


def pdf(who, reference, kind):
    """The bytes of a letter, and its text on one line."""
    answer = who.get(f"/api/referrals/{reference}/letters/{kind}.pdf")
    assert answer.status_code == 200, answer.text
    read = PdfReader(io.BytesIO(answer.content))
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert read.trailer["/Root"]["/Lang"]
    assert b"pdfuaid" in read.trailer["/Root"]["/Metadata"].get_data()
    return answer.content, text_of(answer.content)


def test_a_letter_is_sent_once_and_stays_as_it_was(token, sign_in, clock, database):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    staff = token("staff")
    assert staff.get(f"/api/referrals/{reference}/letters/informing.pdf").status_code == 404
    assert "Draft, not sent" in pdf(hr2, reference, "informing")[1]
    assert set(draft(hr2, reference, "informing")) == PARTS["informing"]
    sent = send(hr2, reference, "informing", next="Zebra words of our own.")
    assert [(one["kind"], one["number"]) for one in sent["letters"]] == [("informing", 1)]
    first, text = pdf(staff, reference, "informing")
    assert "Zebra words of our own." in text
    assert "A post that harmed our name." in text
    assert "Draft" not in text
    assert "You are not suspended." in text
    assert hashlib.sha256(first).hexdigest() == sent["letters"][0]["sha256"]
    clock.forward(days=1)
    room(hr, reference, "suspend", reason="To protect the facts.", review_at=moment(clock, days=5))
    assert pdf(hr, reference, "informing")[0] == first
    again = send(hr, reference, "informing")
    assert [one["number"] for one in again["letters"]] == [1, 2]
    second, text = pdf(staff, reference, "informing")
    assert second != first
    assert "A suspension is a neutral act" in text
    assert sign_in("hr").get(f"/referrals/{reference}/letters/informing/1.pdf").content == first
    entries = hr.get(f"/api/referrals/{reference}/timeline").json()["items"]
    told = [change for entry in entries if entry["kind"] == "room_letter_sent" for change in entry["changes"]]
    assert hashlib.sha256(first).hexdigest() in [change["after"] for change in told]
    seen = staff.get(f"/api/referrals/{reference}/timeline").json()["items"]
    assert [one["words"] for one in seen if one["kind"] == "room_letter_sent"] == ["HR sent you a letter."] * 2
    assert [one["number"] for one in staff.get(f"/api/referrals/{reference}").json()["letters"]] == [1, 2]
    with database.read() as db:
        row = db.execute(select(Referral).where(Referral.reference == reference)).scalar_one()
        assert replay.differences(db, row, of_referral(db, row.id)) == []


def test_a_letter_without_a_part_is_refused_by_its_name(token):
    reference, hr, hr2, head, _ = begin(token)
    wording = {"next": "x"}
    assert refuses(hr2, reference, "send-letter", kind="informing", wording=wording) == (409, {"allegation"})
    find_facts(hr2, reference)
    for kind in ("invitation", "outcome", "appeal-outcome"):
        assert refuses(hr, reference, "send-letter", kind=kind, wording=wording) == (409, PARTS[kind])
        assert hr.get(f"/api/referrals/{reference}/letters/{kind}.pdf").status_code == 409
    status, named = refuses(hr2, reference, "send-letter", kind="informing", wording=wording | {"zebra": "x"})
    lacking = {f"wording.{part}" for part in PARTS["informing"] - {"next"}}
    assert (status, named) == (422, lacking | {"wording.zebra"})
    assert refuses(hr2, reference, "send-letter", kind="invoice", wording=wording)[0] == 422
    assert (
        refuses(head, reference, "send-letter", kind="informing", wording=draft(hr, reference, "informing"))[0] == 403
    )
    assert head.get(f"/api/referrals/{reference}/letters/informing.pdf").status_code == 403
    assert hr.get(f"/api/referrals/{reference}/letters/invoice.pdf").status_code == 404


def test_an_invitation_goes_out_with_due_notice(token, clock):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    send(hr2, reference, "invitation")
    _, text = pdf(token("staff"), reference, "invitation")
    for said in ("A post that harmed our name.", "Room 4", "2026", "The hearing can end in", "right to be accompanied"):
        assert said in text
    wording = draft(hr2, reference, "invitation")
    clock.forward(days=2)
    assert refuses(hr2, reference, "send-letter", kind="invitation", wording=wording) == (409, {"when"})


def test_an_invitation_needs_no_more_than_when_and_where(token, sign_in, clock, database):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    page = sign_in("hr2")
    page.get(f"/referrals/{reference}")
    here = f"/referrals/{reference}/invite"
    assert page.fill_in(here, {"hearing_at": "2026-11-27T10:00", "place": "Room 4", "text": ""}).status_code == 303
    send(hr2, reference, "invitation")
    assert "Room 4" in pdf(token("staff"), reference, "invitation")[1]
    seen = sign_in("staff").get(f"/referrals/{reference}").text
    assert '<div class="words" dir="auto" hx-disable></div>' not in seen
    assert faults(database) == []


def test_letters_say_who_finds_the_facts_and_who_hears_them(token, clock, database):
    reference, hr, hr2, head, services = begin(token)
    staff = token("staff")
    called = {who: who.get("/api/me").json()["person"]["name"] for who in (hr2, head, services)}
    find_facts(hr2, reference)
    send(hr2, reference, "informing")
    _, text = pdf(staff, reference, "informing")
    assert f"{called[hr2]} finds the facts, as the investigator. Write to them, {INVESTIGATOR}, or to HR" in text
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    wording = draft(hr2, reference, "invitation")
    send(hr2, reference, "invitation")
    _, text = pdf(staff, reference, "invitation")
    assert f"{called[head]} hears you, and decides." in text
    assert called[services] not in text
    # Nobody is invited to a hearing by nobody.
    room(hr, reference, "conflict", person=DECISION_MAKER, reason="A cousin.")
    assert refuses(hr2, reference, "send-letter", kind="invitation", wording=wording) == (409, {"who"})
    room(hr, reference, "appoint", decision_maker=APPEAL_HEARER)
    send(hr2, reference, "invitation")
    _, text = pdf(staff, reference, "invitation")
    assert f"{called[services]} hears you, and decides." in text
    assert called[head] not in text
    assert faults(database) == []


def test_the_outcome_and_that_of_the_appeal(token, clock):
    reference, hr, _, head, services = decide(clock, token)
    send(head, reference, "outcome")
    staff = token("staff")
    _, text = pdf(staff, reference, "outcome")
    for said in (
        *("Final written warning", "Because of the harm.", "counts until", "You may appeal until"),
        *("A post that harmed our name.", "dismissal can follow", "Say why you appeal"),
    ):
        assert said in text
    room(staff, reference, "appeal", grounds="It was gone in minutes.")
    room(hr, reference, "appoint", appeal_hearer=APPEAL_HEARER)
    room(services, reference, "invite", hearing_at=moment(clock, days=3), place="Room 5", text="Please come.")
    send(services, reference, "invitation")
    _, text = pdf(staff, reference, "invitation")
    for said in ("This is the hearing of your appeal.", "It was gone in minutes.", "A post that harmed our name."):
        assert said in text
    assert "Nothing has been decided" not in text
    clock.forward(days=3, hours=1)
    services, staff = people(token, "services staff")
    told = {"held_at": moment(clock, minutes=-30), "present": ["Us"], "notes": "Heard."}
    room(services, reference, "hear", **told)
    room(services, reference, "decide-appeal", upheld=True, outcome="first_written_warning", reason="It was brief.")
    send(services, reference, "appeal-outcome")
    _, text = pdf(staff, reference, "appeal-outcome")
    for said in ("Your appeal is upheld.", "first written warning", "It was brief.", "This decision is final."):
        assert said in text
    assert refuses(hr, reference, "send-letter", kind="outcome", wording={"decision": "x"}) == (409, {"decision"})


def test_nobody_else_reads_a_letter(token):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    send(hr2, reference, "informing")
    for who in people(token, "digital manager hr3 auditor admin"):
        assert who.get(f"/api/referrals/{reference}/letters/informing.pdf").status_code == 404


def test_who_read_a_letter_is_logged_without_its_reference(token, sign_in):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    send(hr2, reference, "informing")
    pdf(token("staff"), reference, "informing")
    (line, *_) = token("auditor").get("/api/audit/reads").json()["items"]
    assert (line["what"], line["seen_as"], "audience" in line) == ("pdf", "party", False)
    assert reference not in sign_in("auditor").get("/audit").text


def test_a_letter_is_written_on_the_page(token, sign_in):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    here, writer, staff = f"/referrals/{reference}", sign_in("hr2"), sign_in("staff")
    told = {f"wording.{name}": words for name, words in draft(hr2, reference, "informing").items()}
    refused = writer.fill_in(f"{here}/send-letter", told | {"kind": "informing", "wording.next": " "})
    named = "Write this part. A letter must have “What happens next”.</a>"
    assert (refused.status_code, f'href="#send-letter-informing-wording-next">{named}' in refused.text) == (422, True)
    sent = writer.fill_in(f"{here}/send-letter", told | {"kind": "informing", "wording.next": "Zebra words."})
    assert sent.status_code == 303, sent.text
    for who in (writer, staff):
        assert f"{here}/letters/informing/1.pdf" in who.get(here).text
    assert staff.get(f"{here}/letters/informing/1.pdf").content == pdf(hr2, reference, "informing")[0]
    assert staff.get(f"{here}/letters/informing/2.pdf").status_code == 404


def test_a_draft_shows_the_words_that_were_typed_and_keeps_nothing(token, sign_in, app):
    reference, _, hr2, head, _ = begin(token)
    find_facts(hr2, reference)
    here, writer = f"/referrals/{reference}", sign_in("hr2")
    told = {f"wording.{name}": words for name, words in draft(hr2, reference, "informing").items()}
    writer.get(here)
    shown = writer.fill_in(f"{here}/draft-letter", told | {"kind": "informing", "wording.next": "Zebra words."})
    assert (shown.status_code, shown.headers["content-type"]) == (200, "application/pdf")
    assert "Zebra words." in text_of(shown.content)
    assert "Draft, not sent" in text_of(shown.content)
    refused = writer.fill_in(f"{here}/draft-letter", told | {"kind": "informing", "wording.next": " "})
    assert (refused.status_code, "Write this part." in refused.text) == (422, True)
    assert 'href="#send-letter-informing-wording-next"' in refused.text
    assert list(app.state.house.store.list("letters")) == []
    assert hr2.get(f"/api{here}").json()["letters"] == []
    sent = {"kind": "informing", "wording": draft(hr2, reference, "informing") | {"next": "Okapi words."}}
    assert "Okapi words." in text_of(hr2.post(f"/api{here}/draft-letter", json=sent).content)
    assert refuses(head, reference, "draft-letter", **sent)[0] == 403
    assert refuses(token("staff"), reference, "draft-letter", **sent)[0] == 403


def test_where_no_rule_is_cited_the_letter_says_so(token, database):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    with database.write() as db:
        db.execute(update(Referral).where(Referral.reference == reference).values(rules=[]))
    send(hr2, reference, "informing")
    assert "No rule is named." in pdf(token("staff"), reference, "informing")[1]


def test_short_notice_is_refused_by_the_hours_of_the_playbook(token, clock):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    told = {"kind": "invitation", "wording": draft(hr2, reference, "invitation")}
    clock.forward(days=2)
    refused = hr2.post(f"/api/referrals/{reference}/send-letter", json=told)
    assert refused.status_code == 409
    assert "at least 48 hours before the hearing" in refused.text
    hours = hr2.get(f"/api/referrals/{reference}").json()["limits"]["notice_hours"]
    assert f"at least {hours} hours" in refused.text


def test_a_letter_that_was_never_entered_is_swept_and_one_that_was_stays(token, app, database):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    send(hr2, reference, "informing")
    store = app.state.house.store
    (kept,) = [each.key for each in store.list("letters")]
    orphan = kept.replace("informing-1", "informing-2")
    store.keep(orphan, b"%PDF-1.7 never entered")
    (modified,) = [each.modified for each in store.list("letters") if each.key == orphan]
    assert letters.sweep(database, store, modified) == 0
    assert letters.sweep(database, store, modified + timedelta(days=1)) == 1
    assert [each.key for each in store.list("letters")] == [kept]
    for number in range(30):
        store.keep(f"letters/9/9/informing-{number}/x.pdf", b"of another database")
    assert letters.sweep(database, store, modified + timedelta(days=1)) == 0
    assert len(list(store.list("letters"))) == 31


def test_a_purge_reaches_the_letters(token, clock, database):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    send(hr2, reference, "informing")
    digital = token("digital")
    case = digital.get("/api/cases").json()["items"][0]
    assert token("staff").patch(at(case), json={"possibly_classified": "yes"}).status_code == 200
    press(digital, case, "purge", fields=["referral.allegation"], reason="It held what must not be here.")
    assert hr.get(f"/api/referrals/{reference}/letters/informing.pdf").status_code == 404
    assert hr.get(f"/api/referrals/{reference}").json()["letters"][0]["destroyed"]
    assert faults(database) == []


def test_a_letter_is_not_sent_with_what_was_purged_while_it_was_made(token, database, monkeypatch):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    digital = token("digital")
    case = digital.get("/api/cases").json()["items"][0]
    assert token("staff").patch(at(case), json={"possibly_classified": "yes"}).status_code == 200
    make = printed

    def slowly(*told):
        made = make(*told)
        press(digital, case, "purge", fields=["referral.allegation"], reason="It held what must not be here.")
        return made

    monkeypatch.setattr(service.web.letters, "printed", slowly)
    told = {"kind": "informing", "wording": draft(hr2, reference, "informing")}
    assert hr2.post(f"/api/referrals/{reference}/send-letter", json=told).status_code == 409
    assert hr2.get(f"/api/referrals/{reference}").json()["letters"] == []
    assert "A post that harmed our name." not in everything_kept(database)


def test_a_letter_sent_again_after_a_purge_stays(token, database, settings, clock):
    """The worker destroys what was purged, and not what was sent meanwhile."""
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    send(hr2, reference, "informing")
    digital = token("digital")
    case = digital.get("/api/cases").json()["items"][0]
    file = upload(digital, case, picture()).json()["id"]
    assert token("staff").patch(at(case), json={"possibly_classified": "yes"}).status_code == 200
    press(digital, case, "purge", fields=[f"evidence.{file}"], reason="It held what must not be here.")
    again = send(hr2, reference, "informing")["letters"]
    assert [letter["destroyed"] for letter in again] == [True, False]
    clock.forward(hours=1)
    do_what_is_due(database, settings, clock)
    assert hashlib.sha256(pdf(hr2, reference, "informing")[0]).hexdigest() == again[1]["sha256"]
    assert faults(database) == []


def test_an_invitation_has_what_else_was_written_and_its_form_asks_for_the_evidence_first(token, sign_in, clock):
    def form():
        page = sign_in("hr2").get(f"/referrals/{reference}").text
        return page.partition(f'action="/referrals/{reference}/invite"')[2].partition("</form>")[0]

    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    assert "cannot read" not in form()
    upload(hr2, reference, picture(), "shot.png")
    assert "The person cannot read the evidence yet." in form()
    assert 'href="#act-disclose"' in form()
    room(hr2, reference, "disclose", facts=["evidence"])
    assert "cannot read" not in form()
    upload(hr2, reference, picture(), "later.png")
    assert "The person cannot read some of the evidence yet." in form()
    words = "Ring the bell at the side door; later.png is on the table."
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text=words)
    send(hr2, reference, "invitation")
    assert words in pdf(token("staff"), reference, "invitation")[1]
    # What must not be kept is not kept in there either.
    file = next(
        one for one in hr2.get(f"/api/referrals/{reference}").json()["evidence"] if one["filename"] == "later.png"
    )
    room(token("hr"), reference, "purge", fields=[f"evidence.{file['id']}"], reason="It must not be here.")
    assert hr2.get(f"/api/referrals/{reference}").json()["letters"][0]["destroyed"] is True


def test_an_invitation_to_a_hearing_that_was_put_off_says_so_and_is_written_anew(token, sign_in, clock):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=4), place="Room 4", text="Please come.")
    send(hr2, reference, "invitation")
    clock.forward(hours=1)
    room(hr2, reference, "postpone", hearing_at=moment(clock, days=6), reason="Their companion cannot come.")
    moved = "The hearing was put off since, so this gives an earlier time."
    for who in ("hr2", "staff"):
        assert moved in sign_in(who).get(f"/referrals/{reference}").text
        assert [each["void"] for each in token(who).get(f"/api/referrals/{reference}").json()["letters"]] == ["moved"]
    asked = 'href="#act-send-letter-invitation">Write the letter'
    assert asked in sign_in("hr2").get(f"/referrals/{reference}").text
    clock.forward(hours=1)
    (hr2,) = people(token, "hr2")
    sent = send(hr2, reference, "invitation")["letters"]
    assert [(each["number"], each["void"]) for each in sent] == [(1, "moved"), (2, None)]
    assert asked not in sign_in("hr2").get(f"/referrals/{reference}").text
