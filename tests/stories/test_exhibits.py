"""What stands of each file in the bundle for a hearing: pages of a PDF, the words of an e-mail, or that it is there."""

import io
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import outloud
import pdfua
import pikepdf
import pytest
from pikepdf import Dictionary, Name
from pypdf import PdfReader

from service.documents.bindery import Making
from service.documents.leaves import opened
from service.documents.pool import DocumentHasNoRoom
from tests.makers import people, room, upload
from tests.stories.test_bundle import THIRD, called, pdf, text_of
from tests.stories.test_room import begin, find_facts

__all__ = ["called"]


def pages(*texts):
    """A PDF of A4 with a page for each text."""
    kept = io.BytesIO()
    with pikepdf.new() as made:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        for text in texts:
            page = made.add_blank_page(page_size=(595, 842))
            page.Resources = Dictionary(Font=Dictionary(F=font))
            page.Contents = made.make_stream(f"BT /F 12 Tf 72 720 Td ({text}) Tj ET".encode())
        made.save(kept)
    return kept.getvalue()


def locked(content):
    """The same, which opens with a password only."""
    kept = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as made:
        made.save(kept, encryption=pikepdf.Encryption(user="a", owner="b"))
    return kept.getvalue()


def endless():
    """A PDF whose page shows a form that shows another twice, and so on: it takes down the process that draws it."""
    kept = io.BytesIO()
    with pikepdf.new() as made:
        page, form = made.add_blank_page(), made.make_stream(b"0 0 9 9 re f")
        for _ in range(40):
            form.update({"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": [0, 0, 600, 900]})
            inner, form = form, made.make_stream(b"/X Do /X Do")
            form.Resources = Dictionary(XObject=Dictionary(X=inner))
        form.update({"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": [0, 0, 600, 900]})
        page.Resources = Dictionary(XObject=Dictionary(X=form))
        page.Contents = made.make_stream(b"/X Do")
        made.save(kept)
    return kept.getvalue()


def nested():
    """An e-mail within another, a thousand deep."""
    parts = (f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(1000))
    return ("From: a@demo.example\nMessage-ID: <1@demo.example>\n" + "".join(parts)).encode()


def sized(width, height):
    """A PDF with a page of this size, in points, and nothing on it."""
    kept = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(width, height))
        made.save(kept)
    return kept.getvalue()


def mail(text, **kept):
    """An e-mail, as a file."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"{THIRD} <colleague@demo.example>", "desk@demo.example", "The post"
    made["Date"], made["Message-ID"] = "Fri, 20 Nov 2026 09:00:00 +0000", "<1@demo.example>"
    made.set_content(text, **kept)
    made.add_attachment(b"x", maintype="application", subtype="zip", filename="all.zip")
    return bytes(made)


def enter(who, reference, *files):
    """Put files into the room, and let the person read them."""
    for name, content in files:
        added = who.post(f"/api/referrals/{reference}/evidence", files={"file": (name, content)})
        assert added.status_code == 201, added.text
    room(who, reference, "disclose", facts=["evidence"])


def alternatives(read):
    """What is said of each picture to whoever cannot see it."""
    objects = (read.get_object(number) for number in range(1, read.trailer["/Size"]))
    return [str(each["/Alt"]) for each in objects if isinstance(each, dict) and "/Alt" in each]


def check(content, tmp_path):
    file = tmp_path / "paper.pdf"
    file.write_bytes(content)
    assert not [one for one in pdfua.validate(file).findings if one.severity is pdfua.Severity.ERROR]
    assert not [one for one in outloud.check(str(file)).findings if one.severity == "error"]


def test_each_page_of_a_pdf_is_a_page_of_the_bundle(token, called, tmp_path):
    hr2, staff = people(token, "hr2 staff")
    enter(hr2, called, ("report.pdf", pages(f"{THIRD} wrote it.", *(f"Sheet {n} of it." for n in range(2, 41)))))
    content, read = pdf(hr2, called)
    there = [" ".join(page.extract_text().split()) for page in read.pages]
    begins = next(number for number, page in enumerate(there) if "report.pdf" in page and "SHA-256" in page)
    for number in range(1, 41):
        assert f"Exhibit 3, page {number} of 40" in there[begins + number]
        assert read.pages[begins + number].images
    said = alternatives(read)
    assert f"Exhibit 3, page 1 of 40. It says: {THIRD} wrote it." in said
    assert "Exhibit 3, page 40 of 40. It says: Sheet 40 of it." in said
    check(content, tmp_path)
    own, read = pdf(staff, called)
    assert "Exhibit 3, page 1 of 40. It says: ⟦somebody else⟧ wrote it." in alternatives(read)
    check(own, tmp_path)


def test_an_e_mail_is_printed_with_its_head(token, called):
    hr2, staff = people(token, "hr2 staff")
    page = f"<style>p {{ color: red }}</style><p>{THIRD} saw<br>it &amp; said so.</p>"
    enter(hr2, called, ("plain.eml", mail("Nobody knew.")), ("page.eml", mail(page, subtype="html")))
    said = text_of(pdf(hr2, called)[1])
    for words in (f"From: {THIRD} <colleague@demo.example>", "Subject: The post", "Nobody knew.", "With it: all.zip"):
        assert words in said
    assert f"{THIRD} saw it & said so." in said
    assert "color" not in said
    own = text_of(pdf(staff, called)[1])
    assert "From: ⟦somebody else⟧ <⟦an e-mail address⟧>" in own
    assert "⟦somebody else⟧ saw it & said so." in own
    assert THIRD not in own


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(locked(pages("Secret.")), id="locked"),
        pytest.param(pages("Broken.")[:200], id="cut short"),
        pytest.param(b"%PDF-1.7\n" + b"<" * 200_000, id="rubbish"),
        pytest.param(endless(), id="endless"),
        pytest.param(nested(), id="nested"),
    ],
)
def test_one_that_cannot_be_opened_is_listed_with_its_hash(token, called, content):
    hr2 = token("hr2")
    enter(hr2, called, ("odd.pdf", content))
    said = text_of(pdf(hr2, called)[1])
    assert "odd.pdf" in said
    assert "This file cannot be printed. Read it in Amends" in said


def test_of_a_long_pdf_the_beginning_is_shown(token, called):
    hr2 = token("hr2")
    enter(hr2, called, ("long.pdf", pages(*(f"Sheet {number}." for number in range(1, 104)))))
    said = text_of(pdf(hr2, called)[1])
    assert "page 100 of 103" in said
    assert "page 101 of 103" not in said
    assert "It has 103 pages; 100 are shown." in said


def test_of_one_that_is_slow_to_draw_the_beginning_is_shown(token, called, monkeypatch):
    """A hundred pages of a second each would hold up the bundle, and whoever waits for another paper."""
    # The limit alone, and not what it limits: a file that works a processor for a minute would take the suite as long.
    monkeypatch.setattr("service.documents.leaves.MOST_SECONDS", 0.01)
    hr2 = token("hr2")
    enter(hr2, called, ("slow.pdf", pages(*(f"Sheet {number}." for number in range(1, 31)))))
    assert "It has 30 pages; 10 are shown." in text_of(pdf(hr2, called)[1])


@pytest.mark.parametrize(
    ("content", "longest"),
    [(pages("Small."), 1_520), (sized(14_000, 14), 1_800), (sized(3, 14_000), 1_800)],
    ids=["A4", "wide", "long"],
)
def test_a_page_is_sharp_and_no_larger_than_it_needs_to_be(token, called, content, longest):
    hr2 = token("hr2")
    enter(hr2, called, ("report.pdf", content))
    _, read = pdf(hr2, called)
    shown = next(page for page in read.pages if "Exhibit 3, page 1 of 1" in page.extract_text())
    # Pages of a leaf share what they show: the largest is this one.
    assert max(max(each.image.size) for each in shown.images) == pytest.approx(longest, abs=2)


@pytest.mark.parametrize(
    ("kind", "name", "content"), [("application/pdf", "a.0.jpg", pages("x")), ("message/rfc822", "a", mail("x"))]
)
def test_where_the_disk_is_full_no_exhibit_is_left_out(papers, tmp_path, kind, name, content):
    """It would be said for good that it cannot be printed."""
    (tmp_path / name).symlink_to("/dev/full")
    file = {"id": "a", "destroyed_at": None, "media_type": kind, "size": len(content)}
    with pytest.raises(DocumentHasNoRoom):
        opened(papers, [file], lambda _: [content], tmp_path, Making())


def test_what_a_file_is_has_one_name_on_pages_and_paper(token, sign_in, called):
    hr2 = token("hr2")
    enter(hr2, called, ("plain.eml", mail("Nobody knew.")), ("long.pdf", pages("One")))
    said, page = text_of(pdf(hr2, called)[1]), sign_in("hr2").get(f"/referrals/{called}").text
    for kind in ("E-mail", "PDF"):
        assert f'<span class="evidence__kind" aria-hidden="true">{kind}</span>' in page
        assert f"Kind and size {kind}, " in said
    assert "rfc822" not in (page + said).lower()


def test_a_worker_that_is_ended_costs_no_file_its_pages(token, papers):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    assert upload(hr2, reference, pages(*(f"Sheet {number}" for number in range(60))), "good.pdf").status_code == 201
    with ThreadPoolExecutor(1) as asks:
        asked = asks.submit(hr.get, f"/api/referrals/{reference}/bundle.pdf?audience=hr")
        time.sleep(0.3)
        for worker in papers.workers():
            os.kill(worker, signal.SIGKILL)
        answer = asked.result()
    if answer.status_code == 503:
        # What was being laid out went with it; nothing of that is kept.
        answer = hr.get(f"/api/referrals/{reference}/bundle.pdf?audience=hr")
    assert answer.status_code == 200
    said = text_of(PdfReader(io.BytesIO(answer.content)))
    assert "Exhibit 1, page 60 of 60" in said
    assert "cannot be printed" not in said
