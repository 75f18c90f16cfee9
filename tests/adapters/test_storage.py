"""The evidence store, on a folder, in memory and against a real S3 server; and files on their way in, and gone."""

import errno
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from sqlmodel import Session, SQLModel, col, select

from service.core.database import Database, open_database
from service.core.errors import Invalid, NotFound, Refusal, Unavailable
from service.core.storage import Store, open_store
from service.evidence.destroy import destroy, orphans
from service.evidence.places import new_id, original_key, preview_key
from service.evidence.receive import MOST_FILES, Examined, add_evidence, examine, store_files
from service.people.identity import Me
from service.records import cases, evidence, people, referrals, said, timeline  # noqa: F401 - so that every table is known
from service.records.cases import Case
from service.records.enums import Employer, Kind, Severity, Stage
from service.records.evidence import Evidence
from service.records.people import Person
from service.records.timeline import TimelineEntry, TimelineHead, TimelineValues

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 20, 23, 4, 11, tzinfo=UTC)
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server with a bucket `evidence`."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    httpx.put(f"{address}/evidence").raise_for_status()
    yield address
    server.stop()


def say_where_s3_is(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-2")


@pytest.fixture(params=["file", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "file":
        return open_store(f"file://{tmp_path}/store")
    if request.param == "memory":
        return open_store("memory://")
    say_where_s3_is(monkeypatch, request.getfixturevalue("s3"))
    return open_store(f"s3://evidence/{new_id()}")


def files_under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# Every kind of store alike


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 40_000], ids=["empty", "a byte", "10 MB"])
def test_bytes_come_back_as_they_were(store: Store, content: bytes) -> None:
    assert store.keep("evidence/a/original", content) is True
    assert store.read("evidence/a/original") == content
    assert b"".join(store.stream("evidence/a/original")) == content
    assert store.size("evidence/a/original") == len(content)


def test_a_large_file_comes_in_pieces(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    store.keep("a", os.urandom(5_000_000))
    assert len(list(store.stream("a"))) > 1


def test_a_file_is_kept_from_its_path(store: Store, tmp_path: Path) -> None:
    made = tmp_path / "summary.pdf"
    made.write_bytes(b"%PDF-1.7 " + b"x" * 100_000)
    assert store.keep("pdf/one.pdf", made) is True
    assert store.read("pdf/one.pdf") == made.read_bytes()
    assert store.keep("pdf/one.pdf", made) is False


def test_the_first_writer_wins_and_the_second_is_told(store: Store) -> None:
    assert store.keep("a/b", b"first") is True
    assert store.keep("a/b", b"second") is False
    assert store.read("a/b") == b"first"


def test_of_many_writers_at_once_one_wins(store: Store) -> None:
    started = threading.Barrier(8)
    won: list[int] = []

    def write(number: int) -> None:
        started.wait()
        if store.keep("race/one", f"{number}".encode() * 1000):
            won.append(number)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(won) == 1
    assert store.read("race/one") == f"{won[0]}".encode() * 1000
    assert [kept.key for kept in store.list()] == ["race/one"]


def test_what_is_destroyed_is_gone_and_may_be_destroyed_again(store: Store) -> None:
    store.keep("a/b", b"x")
    store.keep("a/c", b"y")
    store.destroy("a/b")
    store.destroy("a/b")
    assert not store.exists("a/b")
    assert store.exists("a/c")
    with pytest.raises(NotFound):
        store.read("a/b")


def test_what_was_never_there_is_not_found(store: Store) -> None:
    assert not store.exists("a/b")
    for ask in (store.read, store.stream, store.size):
        with pytest.raises(NotFound):
            ask("a/b")


def test_a_listing_goes_by_whole_segments(store: Store) -> None:
    for key in ("evidence/a/original", "evidence/a/preview.jpg", "evidences/b", "pdf/c.pdf"):
        store.keep(key, b"1234")
    assert sorted(kept.key for kept in store.list("evidence")) == ["evidence/a/original", "evidence/a/preview.jpg"]
    assert len(list(store.list())) == 4
    assert list(store.list("nothing")) == []
    (kept,) = store.list("pdf")
    assert kept.size == 4
    assert abs(kept.modified - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "../a",
        "a/../../b",
        "a/./b",
        ".hidden",
        "a\\b",
        "a b",
        "a\x00",
        "a#1",
        "é",
        "a\n",
        "a" * 501,
    ],
)
def test_a_key_never_leaves_the_store(store: Store, key: str) -> None:
    for call in (store.read, store.stream, store.size, store.exists, store.destroy, lambda key: store.keep(key, b"x")):
        with pytest.raises(ValueError, match="key"):
            call(key)


# The folder


@pytest.mark.parametrize(
    "url", ["", "var/evidence", "file://", "s3://", "http://host/x", "ftp://host/x", "s3://bucket?x=1", "memory://x"]
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        open_store(url)


def test_a_folder_is_made_for_its_owner_alone_and_follows_no_later_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("file://var/evidence")
    assert stat.S_IMODE((tmp_path / "var" / "evidence").stat().st_mode) == 0o700
    monkeypatch.chdir("/")
    store.keep("a", b"x")
    assert (tmp_path / "var" / "evidence" / "a").read_bytes() == b"x"
    monkeypatch.chdir(tmp_path)
    assert open_store("file://var/evidence").read("a") == b"x"


def test_nothing_is_left_but_the_file_itself(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    store.keep("evidence/a/original", b"x")
    store.keep("evidence/a/original", b"x")
    assert files_under(tmp_path / "store") == ["evidence/a/original"]


def test_a_folder_that_has_gone_is_unavailable_and_is_not_made_anew(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    store.keep("a", b"x")
    shutil.move(tmp_path / "store", tmp_path / "elsewhere")
    for call in (
        lambda: store.keep("b", b"y"),
        lambda: store.read("a"),
        lambda: store.stream("a"),
        lambda: store.exists("a"),
        lambda: store.destroy("a"),
        lambda: list(store.list()),
    ):
        with pytest.raises(Unavailable):
            call()
    assert not (tmp_path / "store").exists()
    shutil.move(tmp_path / "elsewhere", tmp_path / "store")
    assert store.read("a") == b"x"


@contextmanager
def as_nobody_special() -> Iterator[None]:
    # To the superuser no folder is read-only.
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_folder_is_unavailable_for_writing_and_still_read() -> None:
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        folder = Path(made) / "store"
        store = open_store(f"file://{folder}")
        store.keep("a", b"x")
        for path in (folder, folder / "staging"):
            path.chmod(0o555)
        with as_nobody_special():
            with pytest.raises(Unavailable):
                store.keep("b", b"y")
            with pytest.raises(Unavailable):
                store.destroy("a")
            assert store.read("a") == b"x"
        for path in (folder, folder / "staging"):
            path.chmod(0o755)
        assert files_under(folder) == ["a"]


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable):
        open_store(f"file://{tmp_path}/file/store")


def test_a_file_in_the_way_is_unavailable(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    (tmp_path / "store" / "evidence").write_bytes(b"")
    with pytest.raises(Unavailable):
        store.keep("evidence/a/original", b"x")
    assert files_under(tmp_path / "store") == ["evidence"]


def test_a_disk_that_takes_no_more_is_unavailable_and_leaves_nothing(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(Unavailable) as caught:
            store.keep("evidence/a/original", b"x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.status == 503
    assert files_under(tmp_path / "store") == []
    assert store.keep("evidence/a/original", b"x" * 200_000) is True


KEEP_AND_DESTROY = """
import sys
from service.core.errors import Unavailable
from service.core.storage import open_store
store = open_store(sys.argv[1])
print("BEGUN", flush=True)
try:
    store.keep("evidence/a/original", b"x" * 1000)
    print("KEPT", flush=True)
    store.destroy("evidence/a/original")
    print("DESTROYED", flush=True)
except Unavailable:
    print("UNAVAILABLE", flush=True)
"""


def traced(folder: Path, *inject: str) -> list[str]:
    """The system calls of keeping one file and destroying it, in a fresh process; and last what it said."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not here")
    calls = "trace=openat,linkat,renameat,renameat2,rename,fsync,fdatasync,write,close,unlink"
    command = ["strace", "-f", "-y", "-e", calls, *inject, sys.executable, "-c", KEEP_AND_DESTROY, f"file://{folder}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    if "ptrace" in done.stderr and "BEGUN" not in done.stdout:
        pytest.skip("processes may not be traced here")
    lines = done.stderr.splitlines()
    begun = next(at for at, line in enumerate(lines) if '"BEGUN' in line)
    return [*lines[begun:], done.stdout]


def test_bytes_are_on_the_disk_before_the_key_stands_and_the_key_before_the_answer(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    calls = traced(folder)

    def first(pattern: str) -> int:
        return next(at for at, line in enumerate(calls) if re.search(pattern, line))

    order = [
        first(rf"fsync\(\d+<{folder}/staging/[0-9a-f]+>\) += 0"),
        first(rf'linkat\(.*"{folder}/evidence/a/original", 0\) += 0'),
        first(rf"fsync\(\d+<{folder}/evidence/a>\) += 0"),
        first(rf"fsync\(\d+<{folder}/evidence>\) += 0"),
        first(rf"fsync\(\d+<{folder}>\) += 0"),
        first(r'"KEPT'),
    ]
    assert order == sorted(order)

    kept = first(r'"KEPT')
    gone = next(at for at, line in enumerate(calls) if f'unlink("{folder}/evidence/a/original")' in line and at > kept)
    flushed = [at for at, line in enumerate(calls) if re.search(rf"fsync\(\d+<{folder}/evidence/a>\) += 0", line)]
    assert any(gone < at < first(r'"DESTROYED') for at in flushed)


@pytest.mark.parametrize("fails", [1, 2, 3, 4])
@pytest.mark.parametrize("why", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_a_flush_that_fails_is_never_a_yes(tmp_path: Path, fails: int, why: int) -> None:
    (tmp_path / "store").mkdir()
    calls = traced(tmp_path / "store", "-e", f"inject=fsync:error={errno.errorcode[why]}:when={fails}")
    assert any("INJECTED" in line for line in calls)
    assert calls[-1].split() == ["BEGUN", "UNAVAILABLE"]
    if fails == 1:
        assert files_under(tmp_path / "store") == []


# S3


def test_a_bucket_that_cannot_be_reached_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    say_where_s3_is(monkeypatch, "http://127.0.0.1:9")
    store = open_store("s3://evidence")
    with pytest.raises(Unavailable):
        store.keep("a", b"x")
    with pytest.raises(Unavailable):
        store.read("a")


def test_a_bucket_that_fails_is_tried_three_times_and_then_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Failing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        say_where_s3_is(monkeypatch, f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(Unavailable):
            open_store("s3://evidence").read("a")
        server.shutdown()
    assert len(asked) == 3


def test_a_bucket_that_is_not_there_keeps_nothing(monkeypatch: pytest.MonkeyPatch, s3: str) -> None:
    say_where_s3_is(monkeypatch, s3)
    with pytest.raises(Unavailable):
        open_store("s3://no-such-bucket").keep("a", b"x")


def test_two_prefixes_of_one_bucket_do_not_meet(monkeypatch: pytest.MonkeyPatch, s3: str) -> None:
    say_where_s3_is(monkeypatch, s3)
    one, other = open_store("s3://evidence/one"), open_store("s3://evidence/other/deep/")
    one.keep("a", b"1")
    other.keep("a", b"2")
    assert (one.read("a"), other.read("a")) == (b"1", b"2")
    assert [kept.key for kept in other.list()] == ["a"]


# Files on their way in


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/amends.db")
    SQLModel.metadata.create_all(opened.writing)
    with opened.write() as db:
        db.add(TimelineHead(id=1))
        db.add(Person(id=1, email="staff@demo.example", name="Ana", created_at=NOW))
    yield opened
    opened.close()


ME = Me(id=1, email="staff@demo.example", name="Ana", zone="Asia/Tokyo", employer=Employer.FCO)


def a_case(db: Session, number: int = 1, **other: object) -> Case:
    case = Case(
        reference=f"SM-2026-00000{number}",
        kind=Kind.MISTAKE,
        reporter_id=1,
        reported_at=NOW,
        playbook_version="2026.1",
        severity=Severity.LOW,
        severity_rank=3,
        **other,
    )
    db.add(case)
    db.flush()
    return case


def add(db: Session, case: Case, examined: Examined, **other: object) -> Evidence:
    return add_evidence(db, ME, case, examined, new_id(), **{"at": NOW, **other})


def test_a_file_is_entered_with_its_hash_and_on_the_timeline(database: Database) -> None:
    with database.write() as db:
        case = a_case(db)
        captured = NOW - timedelta(minutes=5)
        added = add(
            db, case, examine(GIF, "shot.gif"), captured_at=captured, captured_zone="Asia/Tokyo", description="Before"
        )
    with database.read() as db:
        kept = db.execute(select(Evidence)).scalar_one()
        assert (kept.id, kept.size, kept.media_type, kept.scanned) == (added.id, len(GIF), "image/gif", False)
        assert (kept.preview, kept.preview_width, kept.preview_height) == (preview_key(kept.id), 1, 1)
        entry = db.execute(select(TimelineEntry)).scalar_one()
        assert (entry.kind, entry.actor_id) == ("evidence_added", 1)
        told = db.execute(select(TimelineValues)).scalar_one().fields
        # Under the file's own id, so that one file's words can be erased without another's.
        after = {name.removeprefix(f"evidence.{kept.id}."): value["after"] for name, value in told.items()}
        assert after == {
            "filename": "shot.gif",
            "media_type": "image/gif",
            "size": len(GIF),
            "sha256": kept.sha256,
            "description": "Before",
            "captured_at": "2026-11-20T22:59:11+00:00",
            "captured_zone": "Asia/Tokyo",
            "actor": 1,
        }


def test_a_file_without_a_picture_has_no_preview(database: Database) -> None:
    with database.write() as db:
        added = add(db, a_case(db), examine(b"words", "words.txt"))
        assert (added.preview, added.preview_width, added.preview_height) == (None, None, None)


def test_a_guarded_case_takes_no_file_until_it_is_opened(database: Database) -> None:
    with database.write() as db:
        with pytest.raises(Invalid) as caught:
            add(db, a_case(db, guarded=True), examine(GIF, "shot.gif"), description="What it said")
        assert {fault.field for fault in caught.value.errors} == {"file", "description"}
        assert db.execute(select(Evidence)).first() is None
        assert db.execute(select(TimelineEntry)).first() is None
        assert add(db, a_case(db, 2, guarded=True, opened_at=NOW), examine(GIF, "shot.gif"))


def test_a_case_that_became_guarded_or_closed_while_the_file_was_on_its_way_is_seen(database: Database) -> None:
    with database.write() as db:
        case = a_case(db)
        # As another transaction would: behind the back of the object that this one holds.
        db.execute(Case.__table__.update().values(guarded=True))  # type: ignore[attr-defined]
        with pytest.raises(Invalid):
            add(db, case, examine(GIF, "shot.gif"))
        db.execute(Case.__table__.update().values(guarded=False, stage=Stage.CLOSED))  # type: ignore[attr-defined]
        with pytest.raises(Refusal) as caught:
            add(db, case, examine(GIF, "shot.gif"))
        assert caught.value.status == 409


def test_a_capture_cannot_lie_in_the_future(database: Database) -> None:
    with database.write() as db:
        case = a_case(db)
        with pytest.raises(Invalid) as caught:
            add(db, case, examine(GIF, "shot.gif"), captured_at=NOW + timedelta(seconds=1))
        assert [fault.field for fault in caught.value.errors] == ["captured_at"]
        assert add(db, case, examine(GIF, "shot.gif"), captured_at=NOW)


def test_a_case_holds_twenty_files_and_a_destroyed_one_makes_room(database: Database) -> None:
    with database.write() as db:
        case, other = a_case(db), a_case(db, 2)
        for _ in range(MOST_FILES):
            add(db, case, examine(GIF, "shot.gif"))
        with pytest.raises(Refusal) as caught:
            add(db, case, examine(GIF, "shot.gif"))
        assert caught.value.status == 409
        assert [fault.field for fault in caught.value.errors] == ["file"]
        assert add(db, other, examine(GIF, "shot.gif"))
        db.execute(select(Evidence).where(col(Evidence.case_id) == case.id)).scalars().first().destroyed_at = NOW  # type: ignore[union-attr]
        assert add(db, case, examine(GIF, "shot.gif"))


def test_stored_is_the_original_and_a_preview_without_its_comment(store: Store) -> None:
    spoken = GIF[:-1] + b"!\xfe\x06SECRET\x00;"
    evidence_id = new_id()
    store_files(store, examine(spoken, "shot.gif"), evidence_id)
    assert store.read(original_key(evidence_id)) == spoken
    assert store.read(preview_key(evidence_id)).startswith(b"\xff\xd8\xff")
    assert b"SECRET" not in store.read(preview_key(evidence_id))


def test_storing_again_is_harmless_and_never_another_file(store: Store) -> None:
    evidence_id = new_id()
    store_files(store, examine(b"words", "a.txt"), evidence_id)
    store_files(store, examine(b"words", "a.txt"), evidence_id)
    with pytest.raises(ValueError, match="in use"):
        store_files(store, examine(b"others", "a.txt"), evidence_id)
    with pytest.raises(ValueError, match="id"):
        store_files(store, examine(b"words", "a.txt"), "../" + evidence_id[3:])


def an_evidence(evidence_id: str, destroyed_at: datetime | None) -> Evidence:
    return Evidence(
        id=evidence_id, case_id=1, filename="a", media_type="image/gif", size=1, sha256="", added_by_id=1, added_at=NOW,
        destroyed_at=destroyed_at,
    )  # fmt: skip


def test_destroying_one_case_s_file_leaves_the_same_file_of_another(store: Store) -> None:
    mine, theirs = new_id(), new_id()
    for evidence_id in (mine, theirs):
        store_files(store, examine(GIF, "shot.gif"), evidence_id)
    with pytest.raises(ValueError, match="Mark"):
        destroy(store, an_evidence(mine, None))
    for _again in range(2):
        destroy(store, an_evidence(mine, NOW))
    assert sorted(kept.key for kept in store.list()) == [original_key(theirs), preview_key(theirs)]


def test_what_no_row_names_is_found_unless_it_may_be_on_its_way(store: Store) -> None:
    standing, lost = new_id(), new_id()
    for evidence_id in (standing, lost):
        store_files(store, examine(GIF, "shot.gif"), evidence_id)
    store.keep("pdf/summary.pdf", b"x")
    now = datetime.now(UTC)
    assert set(orphans(store, {standing}, now + timedelta(minutes=1))) == {original_key(lost), preview_key(lost)}
    assert list(orphans(store, {standing}, now - timedelta(hours=1))) == []


def test_what_a_crash_left_half_written_is_found(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    (tmp_path / "store" / "staging").mkdir()
    (tmp_path / "store" / "staging" / "half").write_bytes(b"x")
    (left,) = orphans(store, set(), datetime.now(UTC) + timedelta(minutes=1))
    store.destroy(left)
    assert files_under(tmp_path / "store") == []
