"""The bundle for a hearing: whole for those who hear it, and with other people taken out for whom it is about."""

import io
import re
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event

import httpx
import outloud
import pdfua
import pytest
from litestar.testing import TestClient
from pypdf import PdfReader
from sqlalchemy import select

from service.app import empty_app, move_in, open_house
from service.core.storage import Store
from service.records.timeline import ReadEntry
from tests.conftest import BASE, Browser
from tests.makers import (
    DEMO,
    at,
    do_what_is_due,
    edit,
    id_of,
    people,
    picture,
    press,
    put_right,
    refuses,
    report,
    room,
    upload,
)
from tests.stories.test_concern import raise_it
from tests.stories.test_letters import send
from tests.stories.test_purge import Slow
from tests.stories.test_room import DECISION_MAKER, INVESTIGATOR, begin, find_facts, moment

THIRD = "Lantern Quokka"
ADDRESS = f"colleague{DEMO}"
WORKING = "A working note about Thimble."
TEXT = f"{THIRD} told {ADDRESS} of it at nine.\nNobody answered."


def pdf(who, reference, kind="bundle", audience=None):
    """A paper of a referral, its bytes and what a reader makes of them."""
    asked = {"audience": audience} if audience else {}
    answer = who.get(f"/api/referrals/{reference}/{kind}.pdf", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.content, PdfReader(io.BytesIO(answer.content))


def text_of(read):
    """The words of a paper on one line."""
    return " ".join(" ".join(page.extract_text() for page in read.pages).split())


@pytest.fixture
def called(token, clock, database):
    """A referral with evidence that names somebody else everywhere, up to the invitation to its hearing."""
    edit(database, "colleague", name=THIRD)
    staff, digital, hr, hr2 = people(token, "staff digital hr hr2")
    case = report(staff, codes=["disrepute"], narrative=f"{THIRD} saw it.")
    files = [
        upload(staff, case, picture(), "shot.png", description=f"What {THIRD} saw").json()["id"],
        upload(staff, case, TEXT.encode(), "lantern_quokka.txt").json()["id"],
    ]
    put_right(staff, digital, case)
    told = {"refer": True, "reason": f"{THIRD} complained.", "allegation": "A post that harmed our name."}
    made = digital.post(f"{at(case)}/referral-decision", json=told | {"evidence": files})
    assert made.status_code == 201, made.text
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    room(hr, reference, "notes", text=WORKING)
    find_facts(hr2, reference)
    room(hr2, reference, "record-finding", kind="established", text=f"{THIRD} saw the post.", evidence=files[1:])
    copyable = hr.get(f"/api/referrals/{reference}").json()["copyable"]["entries"]
    room(hr, reference, "copy", from_case=[each["entry"] for each in copyable])
    room(hr2, reference, "disclose", facts=["reason", "evidence", "findings", "mitigation", "steps_taken"])
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text=f"{THIRD} comes too.")
    return reference


def listed(read):
    """The contents page: what each line names, and the page that it says."""
    page = next(page for page in read.pages if "Contents" in page.extract_text())
    return re.findall(r"^(.+?)\s+(\d+)$", page.extract_text().split("Contents")[1].split("Made at")[0], re.MULTILINE)


def test_the_bundle_is_whole_and_its_pages_are_true(token, called):
    _, read = pdf(token("hr"), called)
    text, pages = text_of(read), [" ".join(page.extract_text().split()) for page in read.pages]
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert called in page
        assert "For: Human Resources and those who hear it" in page
    contents = listed(read)
    assert [title for title, _ in contents] == [
        "1. The referral as received",
        "2. Chronology",
        "3. Findings",
        "4. Hearing, outcome and appeal",
        f"Exhibit 1: What {THIRD} saw",
        "Exhibit 2: lantern_quokka.txt",
        "About this copy",
    ]
    for title, number in contents:
        assert title.partition(":")[0] in pages[int(number) - 1]
    marked = {mark.title.partition(":")[0]: read.get_destination_page_number(mark) + 1 for mark in read.outline}
    assert {title.partition(":")[0]: int(number) for title, number in contents}.items() <= marked.items()
    assert f"See exhibit 2, page {marked['Exhibit 2']}" in pages[marked["3. Findings"] - 1]
    assert "Nobody answered." in pages[marked["Exhibit 2"] - 1]
    assert read.pages[marked["Exhibit 1"] - 1].images
    for said in (THIRD, "Room 4", "It was posted at nine.", "From entry 1 of the case", "version 2026", "Head of"):
        assert said in text
    assert "Thimble" not in text
    assert "they are working notes" in text


def test_others_are_taken_out_of_the_copy_of_whom_it_is_about(token, called):
    whole, _ = pdf(token("hr"), called)
    for who in people(token, "staff hr"):
        raw, read = pdf(who, called, audience="subject")
        text = text_of(read)
        assert "⟦somebody else⟧ saw the post." in text
        assert "⟦somebody else⟧ told ⟦an e-mail address⟧ of it at nine." in text
        for said in ("Nobody answered.", "Room 4", "Member of staff", "their own work"):
            assert said in text
        objects = b"\n".join(
            value.get_data() if hasattr(value, "get_data") else str(value).encode()
            for value in (read.get_object(number) for number in range(1, read.trailer["/Size"]))
        )
        told = " ".join((text, str(read.metadata), str(read.outline))).casefold().encode()
        for name in ("lantern", "quokka", ADDRESS, "head of department", "hr caseworker", "thimble"):
            for place in (raw, objects, told):
                assert name.encode() not in place.lower()
                assert name.encode("utf-16-be") not in place.lower()
    assert raw != whole


@pytest.mark.parametrize("kind", ["bundle", "summary"])
@pytest.mark.parametrize("audience", ["hr", "subject"])
def test_everybody_can_read_it(token, called, tmp_path, kind, audience):
    file = tmp_path / "paper.pdf"
    file.write_bytes(pdf(token("hr"), called, kind, audience)[0])
    assert not [one for one in pdfua.validate(file).findings if one.severity is pdfua.Severity.ERROR]
    assert not [one for one in outloud.check(str(file)).findings if one.severity == "error"]
    assert PdfReader(file).root_object["/Lang"] == "en-GB"


def test_a_summary_is_short(token, called):
    _, read = pdf(token("hr"), called, "summary")
    assert len(read.pages) <= 3
    text = text_of(read)
    for said in ("A post that harmed our name.", "Head of department", "It was posted at nine.", "hold the hearing"):
        assert said in text
    assert THIRD not in text_of(pdf(token("staff"), called, "summary")[1])


def test_a_long_bundle_is_one_all_the_same(token, clock, tmp_path):
    """Its parts are laid out apart, and every number, link and bookmark is true of the whole."""
    staff, digital, hr, hr2 = people(token, "staff digital hr hr2")
    case = report(staff, codes=["disrepute"])
    long = "".join(f"Line {number} of a long text, which goes on and on to the end of it.\n" for number in range(1500))
    files = [
        upload(staff, case, content, name).json()["id"]
        for name, content in (
            ("long.txt", long.encode()),
            *((f"shot{number}.png", picture(f"#0000{number:02}")) for number in range(6)),
        )
    ]
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed us.", "allegation": "A post that harmed us.", "evidence": files}
    assert digital.post(f"{at(case)}/referral-decision", json=told).status_code == 201
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    find_facts(hr2, reference)
    room(hr2, reference, "record-finding", kind="established", text="It was seen.", evidence=[files[0], files[6]])
    raw, read = pdf(hr, reference)
    pages = [" ".join(page.extract_text().split()) for page in read.pages]
    assert len(pages) > 30
    assert all(f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1))
    said = " ".join(pages)
    assert [number for number in range(1500) if f"Line {number} of" not in said] == []
    contents = dict(listed(read))
    for title, number in contents.items():
        assert title.partition(":")[0] in pages[int(number) - 1]
    for number in (1, 7):
        there = next(page for title, page in contents.items() if title.startswith(f"Exhibit {number}:"))
        assert f"See exhibit {number}, page {there}" in said
    links = [note.get_object()["/A"] for page in read.pages for note in page.get("/Annots", ())]
    assert {link["/S"] for link in links} == {"/GoTo"}
    leads = [read.get_page_number(link["/D"][0].get_object()) + 1 for link in links]
    assert leads[: len(contents)] == [int(number) for number in contents.values()]
    file = tmp_path / "bundle.pdf"
    file.write_bytes(raw)
    assert not [one for one in pdfua.validate(file).findings if one.severity is pdfua.Severity.ERROR]
    assert not [one for one in outloud.check(str(file)).findings if one.severity == "error"]


def test_who_may_have_it(token, database):
    reference, _, hr2, *_ = begin(token)
    staff = token("staff")
    papers = [f"/api/referrals/{reference}/{kind}.pdf" for kind in ("bundle", "summary")]
    for who in people(token, "staff digital manager hr3 auditor admin outsider"):
        assert [who.get(each).status_code for each in papers] == [404, 404]
    find_facts(hr2, reference)
    # Told what is alleged, and not yet called to a hearing.
    assert [staff.get(each).status_code for each in papers] == [404, 200]
    assert hr2.get(papers[0], params={"audience": "subject"}).status_code == 403
    assert staff.get(papers[1], params={"audience": "hr"}).status_code == 403
    assert hr2.get(papers[0], params={"audience": "everybody"}).status_code == 422
    assert refuses(staff, reference, "notes", text="x")[0] == 403


def test_whoever_only_leads_it_is_taken_out_by_a_part_of_their_name(token, database):
    edit(database, "hr", name="Marlow Finch")
    reference, _, hr2, *_ = begin(token)
    room(hr2, reference, "inform-subject", text="This is alleged.")
    room(hr2, reference, "record-finding", kind="established", text="Finch asked me to look, and Marlow agreed.")
    room(hr2, reference, "disclose", facts=["findings"])
    said = text_of(pdf(token("staff"), reference, "summary")[1])
    assert "asked me to look" in said
    assert "Finch" not in said
    assert "Marlow" not in said


def test_each_look_is_noted_and_an_unchanged_bundle_is_the_same(token, called, clock, database):
    hr, staff = people(token, "hr staff")
    first, _ = pdf(hr, called)
    clock.forward(minutes=5)
    assert pdf(hr, called)[0] == first
    pdf(staff, called)
    with database.read() as db:
        looks = select(ReadEntry.person_id, ReadEntry.seen_as).where(
            ReadEntry.what == "pdf", ReadEntry.detail == called
        )
        seen = [tuple(row) for row in db.execute(looks.order_by(ReadEntry.id))]
    assert seen == [(id_of(database, "hr"), "hr")] * 2 + [(id_of(database, "staff"), "subject")]
    room(hr, called, "reply", how="By post", text="I am sorry.")
    assert pdf(hr, called)[0] != first
    # They wrote it: it is in their copy as well.
    assert "What you wrote to HR" in (theirs := text_of(pdf(staff, called)[1]))
    assert "I am sorry." in theirs


def test_a_file_of_the_room_is_an_exhibit_and_is_theirs_once_it_is_disclosed(token, called):
    hr2, staff = people(token, "hr2 staff")
    added = {"file": ("rota.txt", b"Who was on duty.")}
    assert hr2.post(f"/api/referrals/{called}/evidence", files=added).status_code == 201
    whole = text_of(pdf(hr2, called)[1])
    for said in ("Exhibit 3", "added in the room", "Who was on duty."):
        assert said in whole
    assert "Exhibit 3" not in text_of(pdf(staff, called)[1])
    room(hr2, called, "disclose", facts=["evidence"])
    assert "Who was on duty." in text_of(pdf(staff, called)[1])


def test_a_purge_reaches_it(token, called, database, settings, clock, app):
    hr, digital = people(token, "hr digital")
    assert "Nobody answered." in text_of(pdf(hr, called)[1])
    store = app.state.house.store
    assert [kept for kept in store.list("pdf") if "bundle-" in kept.key]
    case = digital.get("/api/cases").json()["items"][0]
    file = next(each["id"] for each in digital.get(at(case)).json()["evidence"] if each["media_type"] == "text/plain")
    assert token("staff").patch(at(case), json={"possibly_classified": "yes"}).status_code == 200
    press(digital, case, "purge", fields=[f"evidence.{file}"], reason="It held what must not be here.")
    clock.forward(hours=1)
    do_what_is_due(database, settings, clock)
    assert not [kept for kept in store.list("pdf") if "bundle-" in kept.key]
    text = text_of(pdf(hr, called)[1])
    assert "Nobody answered." not in text
    assert "This file was destroyed" in text


def meanwhile(app, deed):
    """Have something happen while the next paper goes into the store."""
    store = app.state.house.store
    app.state.house = replace(app.state.house, store=Slow(store.backend, store.folder, [deed]))


def spill(token, reference):
    """A file of the room that should not be there, and what destroys it."""
    file = upload(token("hr2"), reference, b"Marzipan.", "marzipan.txt").json()["id"]
    return lambda: room(token("hr"), reference, "purge", fields=[f"evidence.{file}"], reason="It is not theirs.")


def conflicted(token, reference):
    """Somebody else at HR, who turns out to have a part in it."""
    return lambda: room(token("hr"), reference, "conflict", person=INVESTIGATOR, reason="They live together.")


def taken_out(token, reference):
    """Words that nobody outside the room is to read."""
    return lambda: room(token("hr2"), reference, "take-out", words="Room 4")


@pytest.mark.parametrize(
    ("copy", "voids"), [("hr", spill), ("hr", conflicted), ("subject", spill), ("subject", taken_out)]
)
def test_what_must_not_be_in_it_any_more_leaves_none_of_it_there(token, called, app, clock, copy, voids):
    """A purge of that moment looks for what is kept, and finds nothing yet."""
    hr = token("hr")
    for kind in ("bundle", "summary"):
        store, deed = app.state.house.store, voids(token, called)
        meanwhile(app, deed)
        before = {kept.key for kept in store.list("pdf")}
        answer = hr.get(f"/api/referrals/{called}/{kind}.pdf", params={"audience": copy})
        assert (answer.status_code, "Ask for it again" in answer.text) == (409, True)
        assert {kept.key for kept in store.list("pdf")} <= before
        if voids is not spill:
            break
        clock.forward(minutes=1)


def test_what_only_came_since_stops_none(token, called, app):
    """A short answer every few seconds kept HR without a bundle: all that was made was thrown away each time."""
    staff, hr = people(token, "staff hr")
    for kind in ("bundle", "summary"):
        meanwhile(app, lambda kind=kind: room(staff, called, "answer", text=f"Persimmon, {kind}."))
        text = text_of(pdf(hr, called, kind)[1])
        assert f"Persimmon, {kind}" not in text
        assert re.search(r"It leaves out: \W*what came after \d\d:\d\d on", text)
    # What is asked for now has what came by now.
    text = text_of(pdf(hr, called)[1])
    assert "Persimmon, bundle" in text
    assert "Persimmon, summary" in text


def until(using, page, there):
    """The page, once that stands there."""
    for _ in range(600):
        said = using.get(page).text
        if there in said:
            return said
        time.sleep(0.05)
    raise AssertionError(there)


def test_the_page_gives_the_one_that_was_made_and_says_what_came_since(called, token, app, sign_in):
    staff, hr2, page = token("staff"), token("hr2"), f"/referrals/{called}/papers"
    using = sign_in("hr")
    meanwhile(app, lambda: room(staff, called, "answer", text="Persimmon."))
    using.get(f"{page}?make=bundle.hr")
    said = until(using, page, "This came since")
    since = said.partition("This came since it was made, and is not in it:")[2].partition("</ul>")[0]
    assert re.findall(r"<li>(.*?) <span", since) == ["The person replied."]
    assert f'href="{page}?make=bundle.hr"' in said
    got = re.search(r'href="([^"]+audience=hr&amp;before=[^"]+)"', said)[1].replace("&amp;", "&")
    first = using.get(got)
    assert first.status_code == 200
    assert "Persimmon" not in text_of(PdfReader(io.BytesIO(first.content)))
    for number in range(7):
        room(staff, called, "answer", text=f"Once more, {number}.")
    assert "And 3 more." in using.get(page).text
    # Whoever makes it anew has all of it, and the older one is offered no more.
    using.get(f"{page}?make=bundle.hr")
    said = until(using, page, "Get this PDF")
    assert "came since" not in said
    assert "Persimmon" in text_of(PdfReader(io.BytesIO(using.get(f"/referrals/{called}/bundle.pdf").content)))
    room(hr2, called, "notes", text="Meanwhile.")
    assert "This came since it was made" in using.get(page).text
    spill(token, called)()
    said = using.get(page).text
    assert "Get this PDF" not in said
    # An address that was kept gives what there is now.
    text = text_of(PdfReader(io.BytesIO(using.get(got).content)))
    assert "Persimmon" in text


def test_a_name_with_its_accents_apart_is_taken_out_too(token, called, database):
    edit(database, "colleague", name="Zoë Quokka")
    hr2 = token("hr2")
    said = "Zoe\u0308 Quokka saw it, and nobody else."
    made = upload(hr2, called, said.encode(), "zoe\u0308_quokka.txt")
    assert made.status_code == 201, made.text
    room(hr2, called, "disclose", facts=["evidence"])
    text = unicodedata.normalize("NFC", text_of(pdf(token("staff"), called)[1]))
    assert "saw it" in text
    assert "zoë" not in text.casefold()


def test_it_is_made_and_fetched_on_the_page(called, sign_in):
    using, here = sign_in("staff"), f"/referrals/{called}/papers"
    assert f'href="{here}"' in using.get(f"/referrals/{called}").text
    page = using.get(here).text
    assert "audience=hr" not in page
    assert f'href="{here}?make=bundle.subject"' in page
    page = using.get(f"{here}?make=bundle.subject").text
    assert "parts are done" in page
    for _ in range(600):
        if "Get this PDF" in page:
            break
        # It never looks as if nobody had asked for it.
        assert "Look again" in page
        time.sleep(0.05)
        page = using.get(here).text
    got = using.get(f"/referrals/{called}/bundle.pdf?audience=subject")
    assert (got.status_code, got.content[:5]) == (200, b"%PDF-")


@pytest.mark.parametrize("text", ["line {}\n", "word{} "])
def test_of_a_long_text_the_beginning_is_printed(called, token, text):
    """Megabytes of it took more time than any paper is given, and then there was no bundle at all."""
    hr2 = token("hr2")
    long = "".join(text.format(number) for number in range(200_000)).encode()
    made = hr2.post(f"/api/referrals/{called}/evidence", files={"file": ("export.txt", long)})
    assert made.status_code == 201, made.text
    said = text_of(pdf(hr2, called)[1])
    assert text.format(1).strip() in said
    assert text.format(199_999).strip() not in said
    assert "It goes on in the file, which can be read in Amends." in said
    assert "The text in full" in said, "of the short one"


@pytest.mark.parametrize("confidential", [True, False])
def test_what_was_written_of_a_file_by_whoever_raised_it_is_theirs(token, clock, confidential):
    colleague, digital, hr, hr2, staff = people(token, "colleague digital hr hr2 staff")
    case = raise_it(colleague, confidential=confidential, about={"email": f"staff{DEMO}"}, codes=["disrepute"])
    taken = {"description": "From my seat by the window", "captured_at": moment(clock, minutes=-37)}
    file = upload(colleague, case, picture(), **taken).json()["id"]
    press(digital, case, "triage")
    told = {"refer": True, "reason": "It harmed our name.", "evidence": [file]}
    made = digital.post(f"{at(case)}/referral-decision", json=told)
    assert made.status_code == 201, made.text
    reference = hr.get("/api/referrals").json()["items"][0]["reference"]
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    find_facts(hr2, reference)
    upload(hr2, reference, b"A list.", "list.txt", description="Who was on duty")
    room(hr2, reference, "disclose", facts=["evidence"])
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    assert "my seat by the window" in text_of(pdf(hr, reference, audience="hr")[1])
    raw, read = pdf(staff, reference)
    told = text_of(read) + str(read.outline)
    assert "window" not in told
    assert "Captured" not in told
    assert b"window" not in raw
    assert "Exhibit 2: Who was on duty" in told


def test_a_name_that_is_cut_in_two_is_taken_out(token, clock, database):
    edit(database, "outsider", name="Tamsin Vale")
    reference, _, hr2, _, _ = begin(token)
    find_facts(hr2, reference)
    # A summary has 600 letters of anything, and a bundle 100,000 of a file: both end here after `Tamsin V`.
    room(hr2, reference, "record-finding", kind="established", text="w " * 296 + "Tamsin Vale saw it.")
    upload(hr2, reference, b"w " * 49_996 + b"Tamsin Vale wrote this.", "long.txt")
    room(hr2, reference, "disclose", facts=["evidence", "findings"])
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    for kind in ("summary", "bundle"):
        text = text_of(pdf(hr2, reference, kind, "subject")[1])
        assert "w w w" in text
        assert "Tamsin" not in text


@pytest.mark.parametrize("text", ["a\u2028b", "a\nא\n"])
def test_no_words_take_longer_than_a_paper_is_given(called, token, text):
    """So many ends of lines took a minute, and then nobody had a paper of what they stood in, ever."""
    hr2 = token("hr2")
    room(hr2, called, "reply", how="By e-mail.", text=(text * 7_000)[:19_980] + " Marrow.")
    assert "Marrow." in text_of(pdf(hr2, called)[1])


@dataclass(frozen=True)
class Waiting(Store):
    """A store that keeps nothing before it is let."""

    asked: Event = field(default_factory=Event)
    let: Event = field(default_factory=Event)

    def keep(self, key, content):
        self.asked.set()
        assert self.let.wait(60)
        return super().keep(key, content)


@pytest.fixture
def beside(app, settings, clock, papers):
    """Another process of the same service, on the same database and store."""
    house = replace(open_house(settings, clock), pool=papers, store=app.state.house.store)
    with TestClient(move_in(empty_app(), house), base_url=BASE) as running:
        yield running


@pytest.fixture
def waiting(app, beside):
    """The store of the first process, which keeps nothing before it is let; the other's has no need to."""
    store = app.state.house.store
    waits = Waiting(store.backend, store.folder)
    app.state.house = replace(app.state.house, store=waits)
    yield waits
    waits.let.set()


def test_each_process_says_how_far_it_is(called, waiting, sign_in, beside):
    page = f"/referrals/{called}/papers"
    using = sign_in("hr")
    there = Browser(transport=beside._transport, base_url=BASE, cookies=using.cookies)
    assert "parts are done" in using.get(f"{page}?make=bundle.hr").text
    # The other one neither says that there is none, nor makes another.
    for asked in (page, f"{page}?make=bundle.hr"):
        said = there.get(asked).text
        assert "parts are done" in said
        assert f'href="{page}?make=bundle.hr"' not in said
    assert [kept.key for kept in waiting.list("pdf")] == []
    waiting.let.set()
    content = there.get(f"/referrals/{called}/bundle.pdf?audience=hr").content
    assert content == using.get(f"/referrals/{called}/bundle.pdf?audience=hr").content
    assert len([kept for kept in waiting.list("pdf") if "bundle-" in kept.key]) == 1
    assert "Get this PDF" in there.get(page).text


def test_what_a_process_that_has_ended_was_making_is_made_again(called, waiting, sign_in, beside, clock):
    """The first tells nothing once it waits, as one that was killed."""
    page = f"/referrals/{called}/papers"
    using = sign_in("hr")
    there = Browser(transport=beside._transport, base_url=BASE, cookies=using.cookies)
    assert "parts are done" in using.get(f"{page}?make=bundle.hr").text
    assert "parts are done" in there.get(page).text
    assert waiting.asked.wait(60)
    clock.forward(minutes=4)
    assert f'href="{page}?make=bundle.hr"' in there.get(page).text
    answer = there.get(f"/referrals/{called}/bundle.pdf?audience=hr")
    assert answer.status_code == 200, answer.text


class Losing(Store):
    """A store in which what is kept is destroyed before it is handed over, as by a purge of that moment."""

    def size(self, key):
        self.destroy(key)
        return super().size(key)


def test_one_that_goes_before_it_is_handed_over_is_to_be_asked_for_again(token, called, app):
    """They may have it: it is no 404."""
    hr, house = token("hr"), app.state.house
    app.state.house = replace(house, store=Losing(house.store.backend, house.store.folder))
    answer = hr.get(f"/api/referrals/{called}/bundle.pdf")
    assert (answer.status_code, "Ask for it again" in answer.text) == (409, True)
    app.state.house = house
    assert hr.get(f"/api/referrals/{called}/bundle.pdf").status_code == 200


@pytest.mark.parametrize("stops", [True, False])
def test_what_voids_it_stops_the_one_that_another_process_makes(called, waiting, token, beside, stops):
    """Nobody there knows why it was not made, and it is no fault of the service."""
    hr = token("hr")
    there = httpx.Client(transport=beside._transport, base_url=BASE, headers=hr.headers)
    address = f"/api/referrals/{called}/bundle.pdf"
    with ThreadPoolExecutor(2) as both:
        first = both.submit(hr.get, address)
        assert waiting.asked.wait(60)
        second = both.submit(there.get, address)
        # Time to find that the first makes it.
        time.sleep(0.5)
        if stops:
            conflicted(token, called)()
        else:
            room(token("hr2"), called, "notes", text="Meanwhile.")
        waiting.let.set()
        answers = [each.result() for each in (first, second)]
    if stops:
        assert [(each.status_code, "Ask for it again" in each.text) for each in answers] == [(409, True)] * 2
    else:
        assert answers[0].content[:5] == b"%PDF-"
        assert answers[0].content == answers[1].content


def test_whom_they_met_at_the_hearing_is_named_there_and_nowhere_else(token, called, clock):
    clock.forward(days=4)
    hr, hr2, head, staff = people(token, "hr hr2 head staff")
    heard = {"held_at": moment(clock, hours=-1), "present": ["Member of staff", "Ottoline Marsh"], "notes": "Heard."}
    room(head, called, "hear", **heard)
    room(head, called, "consider", text="None of it.")
    room(head, called, "decide", outcome="no_case", reason="Ottoline Marsh saw it.")
    assert text_of(pdf(hr, called)[1]).count("Ottoline") == 2
    for kind in ("bundle", "summary"):
        own = text_of(pdf(staff, called, kind)[1])
        assert "Present Member of staff, Ottoline Marsh" in own
        assert "⟦somebody at the hearing⟧ saw it." in own
        assert own.count("Ottoline") == 1
    # What HR chose to take out goes from there as well.
    room(hr2, called, "take-out", words="Ottoline Marsh")
    assert "Ottoline" not in text_of(pdf(staff, called)[1])


def test_whom_a_letter_introduced_is_named_in_their_copy_of_it(token, called):
    hr2, staff = people(token, "hr2 staff")
    send(hr2, called, "invitation")
    own = text_of(pdf(staff, called)[1])
    assert f"{token('head').get('/api/me').json()['person']['name']} hears you, and decides." in own


def test_a_finding_names_its_exhibits_in_their_copy_too(token, called):
    staff = token("staff")
    _, read = pdf(staff, called)
    pages = {title.partition(":")[0]: page for title, page in listed(read)}
    assert f"See exhibit 2, page {pages['Exhibit 2']}" in text_of(read)
