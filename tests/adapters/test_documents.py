"""The PDF of a case: what is on it for each reader, that everybody can read it, and that making it harms nothing."""

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import outloud
import pdfua
import pytest
from PIL import Image
from pypdf import PdfReader

from service.core.saying import dated
from service.core.templating import ROOT
from service.documents import words
from service.documents.case_summary import content_key, summary
from service.documents.made_with import MADE_WITH, made_with
from service.documents.pool import DocumentNotMade, DocumentPoolClosed, DocumentTookTooLong, Pool
from service.records.words import PDF_AUDIENCES
from service.timeline.proof import entries_json
from service.verification.pdf import verify_pdf
from tests.makers import text_of

POSTED = datetime(2026, 11, 20, 14, 4, tzinfo=UTC)
MADE = POSTED + timedelta(days=1)
ENTRIES = entries_json([], "SM-2026-000042", ["reporter"])
SCRIPTS = {
    "Chinese": "我们为这个错误道歉",
    "Japanese": "日本語で投稿しました",
    "Korean": "한국어 게시물",
    "Arabic": "نعتذر عن هذا الخطأ",
    "Hebrew": "אנו מתנצלים על הטעות",
    "Devanagari": "हमें इस गलती के लिए खेद है",
    "Cyrillic": "Мы приносим извинения",
    "emoji": "🙂",
}
AUDIENCES = list(PDF_AUDIENCES)
# What must not be on a paper whose view lacks the key.
CANARIES = {"hr": "CANARY-HR", "notes": "CANARY-NOTE", "messages": "CANARY-MESSAGE", "reporter": "CANARY-NAME"}


def minute(after: float) -> datetime:
    return POSTED + timedelta(minutes=after)


def step(kind: str, state: str, **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("taken_at", "taken_zone", "recorded_at", "verified_at", "verified_by", "reason", "public_text", "link", "note")
    )
    return {"kind": kind, "state": state, "due_at": minute(64), "minutes": 60, **empty, **more}


def full_view() -> dict[str, Any]:
    """A mistake with everything in it, as the digital unit would see it."""
    aiko = {"email": "staff@demo.example", "name": "Aiko Tanaka CANARY-NAME", "zone": "Asia/Tokyo"}
    piece = {
        "media_type": "image/png",
        "size": 640_123,
        "captured_at": minute(5),
        "captured_zone": "Asia/Tokyo",
        "by": "The lead of the desk",
        "added_at": minute(9),
        "scanned": True,
        "destroyed_at": None,
    }
    return {
        "reference": "SM-2026-000042",
        "kind": "mistake",
        "stage": "in_hand",
        "severity": "medium",
        "version": 7,
        "reported_at": minute(4),
        "playbook": "2026.1",
        "title": "Wrong account · official X",
        "reporter": aiko,
        "subject": {"email": "colleague@demo.example", "name": "Sam Colleague", "zone": "Asia/Tokyo"},
        "posted_by_me": False,
        "account": {"type": "official", "platform": "X", "handle": "@UKinExample"},
        "post": {
            "url": "https://x.example/1",
            "text": "\n".join(SCRIPTS.values()),
            "posted_at": POSTED,
            "posted_zone": "Asia/Tokyo",
        },
        "codes": ["wrong_account", "factual_error"],
        "facts_wrong": "yes",
        "narrative": "I used the wrong account.",
        "guarded": False,
        "live": {"since": POSTED, "until": minute(6)},
        "steps": [
            step(
                "delete",
                "taken",
                taken_at=minute(6),
                taken_zone="Asia/Tokyo",
                recorded_at=minute(8),
                verified_at=minute(42),
                verified_by="The lead of the desk",
            ),
            step("apologise", "overdue"),
            step("correct", "waived", reason="The facts were right after all"),
            step("inform_manager", "taken", taken_at=minute(4), recorded_at=minute(4)),
            step("inform_digital_unit", "not_needed", reason="The unit saw it first"),
        ],
        "routes": [
            {
                "desk": "line_manager",
                "person": "manager@demo.example",
                "name": "Morgan Manager",
                "because": "mistake.line_manager",
                "reason": None,
                "sent_at": minute(4),
                "acknowledge_by": minute(500),
                "acknowledged_at": minute(90),
                "acknowledged_by": "Morgan Manager",
                "ended_at": None,
            }
        ],
        "hr": {"suggested": True, "because": ["disrepute"], "decision": "not_referred", "reason": "CANARY-HR: honest."},
        "holding_desk": "digital_unit",
        "advice": [{"text": "Use two phones.", "by": "The lead of the desk", "desk": "digital_unit", "at": minute(50)}],
        "messages": [
            {"text": "CANARY-MESSAGE", "by": "The lead of the desk", "from_reporter": False, "at": minute(41)}
        ],
        "notes": [{"text": "CANARY-NOTE", "by": "The lead of the desk", "audience": "digital_unit", "at": minute(55)}],
        "evidence": [
            {**piece, "id": "e1", "filename": "before.png", "sha256": "a3" * 32, "description": "Before deletion"},
            {**piece, "id": "e2", "filename": "お詫び.png", "sha256": "b4" * 32, "description": "The apology"},
        ],
        "timeline": [
            {
                "kind": "facts_changed",
                "at": minute(10 + 30 * place),
                "actor": "The lead of the desk",
                "role": "digital unit",
                "changes": [
                    {"field": "post.reach", "before": None, "after": f"{place} readers", "erased": False},
                    {"field": "narrative", "before": None, "after": None, "erased": True},
                    {"field": "steps.delete.taken_at", "before": None, "after": minute(6).isoformat(), "erased": False},
                ],
                "words": f"Changed what is known, time {place}.",
                "audience": ["digital_unit"],
            }
            for place in range(20)
        ],
        "may": ["CANARY-MAY"],
        "unknown_key": "CANARY-UNKNOWN",
    }


def pictures() -> dict[str, bytes]:
    made = {}
    for name, size in (("e1", (600, 400)), ("e2", (300, 600)), ("not-in-the-view", (10, 10))):
        kept = io.BytesIO()
        Image.effect_noise(size, 60).convert("RGB").save(kept, "JPEG", quality=70)
        made[name] = kept.getvalue()
    return made


PICTURES = pictures()


def document(view: dict[str, Any] | None = None, audience: str = "digital_unit", **more: Any) -> dict[str, Any]:
    given = {"made_at": MADE, "made_by": "The lead of the desk", "entries_json": ENTRIES, "pictures": PICTURES, **more}
    return summary(full_view() if view is None else view, audience, **given)


def long_document(times: int = 200) -> dict[str, Any]:
    view = full_view()
    view["timeline"] = view["timeline"] * times
    return document(view)


def wait_until_busy(pool: Pool, future: "Future[bytes]") -> int:
    while not future.running():
        time.sleep(0.02)
    time.sleep(0.5)
    assert not future.done()
    return pool.workers()[0]


def lives(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool() as made:
        made.warm()
        yield made


@pytest.fixture(scope="module")
def papers(pool: Pool) -> dict[str, bytes]:
    futures = {audience: pool.submit(document(audience=audience)) for audience in AUDIENCES}
    return {audience: future.result() for audience, future in futures.items()}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_page_says_which_case_it_is_for_whom_and_when_it_was_made(
    papers: dict[str, bytes], audience: str
) -> None:
    pages = PdfReader(io.BytesIO(papers[audience])).pages
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        text = " ".join(page.extract_text().split())
        assert "SM-2026-000042" in text
        assert f"For: {PDF_AUDIENCES[audience]}" in text
        assert f"Page {number} of {len(pages)}" in text
        assert "Made at 14:04 on 21 November 2026 in London" in text


@pytest.mark.parametrize("audience", AUDIENCES)
def test_everybody_can_read_it(papers: dict[str, bytes], audience: str, tmp_path: Path) -> None:
    """PDF/UA-1, as far as two checkers that share no code can tell."""
    file = tmp_path / f"{audience}.pdf"
    file.write_bytes(papers[audience])
    assert not [one for one in pdfua.validate(file).findings if one.severity is pdfua.Severity.ERROR]
    assert not [one for one in outloud.check(str(file)).findings if one.severity == "error"]
    info = PdfReader(file)
    assert info.metadata is not None
    assert info.metadata.author == "Amends"
    assert info.metadata.title is not None
    assert info.metadata.title.startswith("SM-2026-000042")
    assert info.root_object["/Lang"] == "en-GB"


def test_times_are_told_where_the_poster_was_and_in_london(papers: dict[str, bytes]) -> None:
    text = text_of(papers["reporter"])
    assert "23:04 on 20 November 2026 in Tokyo (14:04 in London)" in text
    assert "23:10 on 20 November 2026 in Tokyo (14:10 in London)" in text
    assert "00:08 on 21 November 2026 in Tokyo (15:08 on 20 November in London)" in text


def test_steps_are_told_in_words(papers: dict[str, bytes]) -> None:
    text = text_of(papers["reporter"])
    assert "not needed (The facts were right after all)" in text
    assert "not needed (The unit saw it first)" in text
    assert "late" in text
    assert "overdue" not in text


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_can_be_copied_out(papers: dict[str, bytes], script: str) -> None:
    assert SCRIPTS[script] in text_of(papers["digital_unit"])
    assert "Some letters could not be printed" not in text_of(papers["digital_unit"])


def test_letters_without_a_font_are_said(pool: Pool) -> None:
    pdf = pool.submit(document({**full_view(), "narrative": "\U00012fff \U000e0fff \U0010fffd"})).result()
    assert "Some letters could not be printed" in text_of(pdf)


@pytest.mark.parametrize("key", CANARIES)
def test_what_a_view_lacks_is_not_on_the_paper(pool: Pool, key: str) -> None:
    view = full_view()
    assert CANARIES[key] in text_of(pool.submit(document(view)).result())
    del view[key]
    made = document(view)
    assert CANARIES[key] not in repr(made)
    pdf = pool.submit(made).result()
    assert CANARIES[key] not in text_of(pdf)


def test_only_named_keys_are_printed() -> None:
    made = document()
    assert "CANARY-MAY" not in repr(made)
    assert "CANARY-UNKNOWN" not in repr(made)
    assert sorted(made["pictures"]) == ["e1", "e2"]


def test_a_destroyed_picture_is_not_printed() -> None:
    view = full_view()
    view["evidence"][0]["destroyed_at"] = minute(90)
    assert sorted(document(view)["pictures"]) == ["e2"]


@pytest.mark.parametrize("kind", ["mistake", "concern", "advice"])
def test_a_view_with_almost_nothing_is_a_paper_too(pool: Pool, kind: str) -> None:
    pdf = pool.submit(document({"reference": "SM-2026-000001", "kind": kind, "status": "received"})).result()
    assert "SM-2026-000001" in text_of(pdf)


def test_empty_values_are_a_paper_too(pool: Pool) -> None:
    empty = dict.fromkeys(full_view()) | {"reference": "SM-2026-000001", "kind": "concern", "confidential": True}
    assert "Reported in confidence" in text_of(pool.submit(document(empty)).result())


def test_the_entries_travel_inside(papers: dict[str, bytes], tmp_path: Path) -> None:
    reader = PdfReader(io.BytesIO(papers["hr"]))
    assert reader.attachments["entries.json"] == [ENTRIES]
    assert "/AF" in reader.root_object
    file = tmp_path / "case.pdf"
    file.write_bytes(papers["hr"])
    # Found, read and checked: this case is told with no entries at all.
    assert verify_pdf(file) == ["SM-2026-000042: there are no entries"]


def test_equal_documents_make_equal_bytes(pool: Pool, papers: dict[str, bytes]) -> None:
    again = [pool.submit(document()) for _ in range(4)]
    assert {future.result() for future in again} == {papers["digital_unit"]}


def test_an_unchanged_case_has_the_same_key_whoever_asks_and_when() -> None:
    key = content_key(document())
    assert content_key(document(made_at=MADE + timedelta(days=3), made_by="Somebody Else")) == key
    changed = full_view()
    changed["steps"][1]["note"] = "One more word"
    others = [
        document(changed),
        document(audience="hr"),
        document(entries_json=ENTRIES + b" "),
        document(pictures={**PICTURES, "e1": PICTURES["e2"]}),
    ]
    assert len({key, *(content_key(other) for other in others)}) == 5


@pytest.mark.parametrize(
    "file",
    [
        *("service/documents/leaves.py", "service/documents/binding.py", "service/documents/render.py"),
        *("service/subject_access/of_referrals.py", "service/referrals/parts.py", "service/records/words.py"),
        *("templates/documents/bundle.html", "templates/documents/paper.css"),
    ],
)
def test_an_upgrade_gives_out_no_old_papers(tmp_path: Path, file: str) -> None:
    for folder in ("service", "templates/documents"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "static"))
    assert made_with(tmp_path) == MADE_WITH
    with (tmp_path / file).open("a") as changed:
        changed.write("\n")
    assert made_with(tmp_path) != MADE_WITH


def test_one_content_is_made_once_at_a_time(pool: Pool) -> None:
    made = long_document(times=20)
    first = pool.submit(made, "same")
    assert pool.making("same") is first
    assert pool.submit(made, "same") is first
    first.result()
    assert pool.making("same") is None


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        yield server


def test_addresses_in_peoples_words_fetch_nothing(pool: Pool, listener: socket.socket) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/x.png"
    trap = f'<img src="{address}"><style>@import "{address}"; body {{ background: url({address}) }}</style> {address}'
    view = full_view()
    view["narrative"] = view["post"]["text"] = view["post"]["url"] = view["title"] = view["steps"][0]["link"] = trap
    view["evidence"][0] |= {"filename": trap, "description": trap, "id": address}
    pdf = pool.submit(document(view, pictures={**PICTURES, address: PICTURES["e1"]})).result()
    assert "<img src=" in text_of(pdf)
    with pytest.raises(TimeoutError):
        listener.accept()


REACHING = """
import sys
from service.documents import render
fatal = ('<img src="{}">', '<link rel=stylesheet href="{}">', '<p style="background: url({})">')
# WeasyPrint goes on after any error inside a drawing; the listener tells that nothing was fetched.
drawn = ('<svg width=9 height=9><image width=9 height=9 href="{}"/></svg>', '<svg><style>@import "{}";</style></svg>')
for address in sys.argv[1:]:
    for page in fatal + drawn:
        whole = '<html lang=en><title>x</title>' + page.format(address)
        try:
            render.HTML(string=whole, url_fetcher=render.OwnPictures({})).write_pdf()
        except render.OutOfReach:
            continue
        if page in fatal:
            sys.exit(f'{whole} was let through')
"""


def test_a_document_that_reaches_out_is_refused(listener: socket.socket, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(PICTURES["e1"])
    addresses = [f"http://127.0.0.1:{listener.getsockname()[1]}/x", f"file://{secret}", "evidence:other", "ftp://x/y"]
    subprocess.run([sys.executable, "-c", REACHING, *addresses], check=True, cwd=Path(__file__).parents[2])
    with pytest.raises(TimeoutError):
        listener.accept()


def test_the_web_process_never_has_weasyprint() -> None:
    look = "import service.documents.pool, service.documents.case_summary, sys; sys.exit('weasyprint' in sys.modules)"
    subprocess.run([sys.executable, "-c", look], check=True, cwd=Path(__file__).parents[2])


def test_workers_have_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_SECRET_KEY", "kept from workers")
    with Pool(workers=1) as one:
        one.submit(document({"reference": "SM-2026-000001", "kind": "advice"})).result()
        (worker,) = one.workers()
        assert b"AMENDS_" not in Path(f"/proc/{worker}/environ").read_bytes()


def test_a_worker_killed_at_work_takes_only_its_own_document() -> None:
    with Pool(workers=1) as one:
        ill_fated, waiting = one.submit(long_document()), one.submit(document())
        os.kill(wait_until_busy(one, ill_fated), signal.SIGKILL)
        with pytest.raises(DocumentNotMade) as refused:
            ill_fated.result(timeout=10)
        assert refused.value.status == 503
        assert waiting.result(timeout=30).startswith(b"%PDF-")


def test_a_worker_killed_at_rest_is_replaced(pool: Pool, papers: dict[str, bytes]) -> None:
    before = pool.workers()
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    while any(lives(worker) for worker in before):
        time.sleep(0.01)
    futures = [pool.submit(document()) for _ in range(4)]
    assert all(future.result(timeout=60).startswith(b"%PDF-") for future in futures)
    assert not set(before) & set(pool.workers())


def test_a_document_that_takes_too_long_is_stopped() -> None:
    with Pool(workers=1, seconds=4) as one:
        small = document({"reference": "SM-2026-000001", "kind": "advice"})
        one.submit(small).result(timeout=60)
        with pytest.raises(DocumentTookTooLong):
            one.submit(long_document()).result(timeout=30)
        assert one.submit(small).result(timeout=60).startswith(b"%PDF-")


@pytest.mark.parametrize("different", [1, 700])
def test_a_text_of_emoji_is_made_in_time(pool: Pool, different: int) -> None:
    """As long as a text may be: each picture is read once, not 20,000 times, which took longer than a document may."""
    text = "".join(chr(0x1F300 + place % different) for place in range(20_000))
    made = pool.submit(document(full_view() | {"narrative": text})).result(timeout=30)
    assert text_of(made).count("\U0001f300") >= 20_000 // different - 5


def test_a_document_that_wants_too_much_memory_is_stopped() -> None:
    with Pool(workers=1, memory=500 * 1024**2) as one:
        small = document({"reference": "SM-2026-000001", "kind": "advice"})
        one.submit(small).result(timeout=60)
        view = full_view() | {"narrative": "word " * 40_000_000}
        with pytest.raises(DocumentNotMade):
            one.submit(document(view)).result(timeout=60)
        assert one.submit(small).result(timeout=60).startswith(b"%PDF-")


def test_a_document_that_cannot_be_made_is_refused_without_its_words(
    pool: Pool, papers: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    broken = document()
    broken["context"]["case"]["reported_at"] = "CANARY-WORDS"
    with pytest.raises(DocumentNotMade) as refused:
        pool.submit(broken).result(timeout=30)
    assert "CANARY-WORDS" not in f"{refused.value} {caplog.text}"
    assert "could not be made" in caplog.text
    assert pool.submit(document()).result(timeout=30) == papers["digital_unit"]


def test_closing_leaves_nobody_behind() -> None:
    one = Pool(workers=1)
    busy, waiting = one.submit(long_document()), one.submit(document())
    worker = wait_until_busy(one, busy)
    one.close(grace=0.2)
    assert not lives(worker)
    for future in (busy, waiting, one.submit(document())):
        with pytest.raises(DocumentNotMade):
            future.result(timeout=5)
    with pytest.raises(DocumentPoolClosed):
        one.submit(document()).result(timeout=5)


ABANDONED = """
import sys, time
from service.documents.pool import Pool
pool = Pool(workers=2)
pool.warm()
while len(pool.workers()) < 2:
    time.sleep(0.05)
print(*pool.workers(), flush=True)
time.sleep(60)
"""


def test_workers_end_without_a_word_when_the_service_is_killed(tmp_path: Path) -> None:
    command, here = [sys.executable, "-c", ABANDONED], Path(__file__).parents[2]
    with (tmp_path / "log").open("w") as log:
        service = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=here)
    assert service.stdout is not None
    workers = [int(pid) for pid in service.stdout.readline().split()]
    assert all(lives(worker) for worker in workers)
    service.kill()
    service.wait()
    service.stdout.close()
    limit = time.monotonic() + 15
    while any(lives(worker) for worker in workers) and time.monotonic() < limit:
        time.sleep(0.1)
    assert not [worker for worker in workers if lives(worker)]
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Asia/Tokyo", "23:04 on 20 November 2026 in Tokyo (14:04 in London)"),
        ("Europe/London", "14:04 on 20 November 2026 in London"),
        ("+05:30", "19:34 on 20 November 2026 in UTC+05:30 (14:04 in London)"),
        ("Pacific/Auckland", "03:04 on 21 November 2026 in Auckland (14:04 on 20 November in London)"),
        ("America/Argentina/Buenos_Aires", "11:04 on 20 November 2026 in Buenos Aires (14:04 in London)"),
    ],
)
def test_moments(zone: str, said: str) -> None:
    assert dated(POSTED, zone) == said


@pytest.mark.parametrize(
    ("text", "way"), [("hello", "ltr"), ("123 שלום", "rtl"), ("(مرحبا) hello", "rtl"), ("", "ltr"), ("日本", "ltr")]
)
def test_direction(text: str, way: str) -> None:
    assert words.direction(text) == way
