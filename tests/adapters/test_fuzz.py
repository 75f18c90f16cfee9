"""Whatever is sent, by whomever: never a fault of ours, and every answer is as the description says."""

import http.client
import random
import shutil
import string
from io import BytesIO
from urllib.parse import urlencode

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.records.enums import StepKind
from tests.conftest import AT, Browser
from tests.makers import NO_DANGER, OFFICIAL
from tests.served import served, tokens

PEOPLE = ("staff", "digital", "manager", "hr", "auditor", "admin")
pytestmark = pytest.mark.slow
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
REPORT = {"kind": "mistake", "account": OFFICIAL, "codes": ["disrepute"], "facts_wrong": "yes", **NO_DANGER}
TRACES = ("Traceback (most recent", 'File "/', "sqlalchemy.exc", "psycopg.", "site-packages")
SLOW_DOWN = 429
FORM = "application/x-www-form-urlencoded"


class Target:
    """A running server, with a case on its way and one that is guarded."""

    def __init__(self, service, database_url: str) -> None:
        self.service, self.url, self.looked = service, service.url, 0
        self.keys = tokens(database_url, " ".join((*PEOPLE, "data", "media")))
        self.cases = [self.made(), self.made(safety_risk="unsure"), self.made(personal_data="yes")]
        digital = {"headers": self.keys["digital"], "timeout": 30}
        first = f"{self.url}/api/cases/{self.cases[0]}"
        assert httpx.post(f"{first}/triage", json={}, **digital).status_code == 200
        decided = {"refer": True, "reason": "A pattern."}
        assert httpx.post(f"{first}/referral-decision", json=decided, **digital).status_code == 201
        self.referral = httpx.get(f"{self.url}/api/referrals", headers=self.keys["hr"]).json()["items"][0]["reference"]
        added = httpx.post(f"{first}/evidence", headers=self.keys["staff"], files={"file": ("a.txt", b"words")})
        self.file = added.json()["id"]

    def made(self, **facts: str) -> str:
        """A reference of a case that really is there."""
        made = httpx.post(f"{self.url}/api/cases", json=REPORT | facts, headers=self.keys["staff"], timeout=30)
        assert made.status_code == 201, made.text
        return made.json()["reference"]

    def no_fault(self) -> None:
        """Nothing in the server's log says that something of ours went wrong."""
        log = self.service.words[self.looked :]
        self.looked += len(log)
        assert '"event": "failed"' not in log, log[-3000:]
        assert "Traceback" not in log, log[-3000:]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def target(request, tmp_path_factory):
    """The server, once for each engine: it takes seconds to start."""
    folder = tmp_path_factory.mktemp("fuzz")
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_files")["cast"], folder / "amends.db")
        with served(f"sqlite:///{folder}/amends.db", folder) as service:
            yield Target(service, f"sqlite:///{folder}/amends.db")
        return
    postgres = request.getfixturevalue("postgres")
    name = postgres.copy("cast")
    with served(postgres.url(name), folder) as service:
        yield Target(service, postgres.url(name))
    postgres.drop(name)


def _aimed(case, target: Target, draw) -> None:
    """Most requests should reach something: random text in an address only ever finds nothing."""
    places = case.path_parameters
    if not places or not draw(st.integers(0, 3)):
        return
    if "reference" in places:
        places["reference"] = target.referral if "referrals" in case.path else draw(st.sampled_from(target.cases))
    if "file_id" in places:
        places["file_id"] = target.file
    if "kind" in places:
        places["kind"] = draw(st.sampled_from([kind.value for kind in StepKind]))


@pytest.mark.parametrize("who", PEOPLE)
def test_the_description_holds(target, who):
    schema = schemathesis.openapi.from_url(f"{target.url}/api/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 20
    most = 4 if who in ("staff", "digital") else 2
    for operation in operations:
        # A stream of events never ends by itself; tests/adapters/test_live.py listens to it.
        if (operation.path.endswith("summary.pdf") and who != "staff") or operation.path == "/api/events":
            continue

        @seed(1)
        @given(case=operation.as_strategy(), data=st.data())
        @settings(
            max_examples=1 if operation.path.endswith(".pdf") else most,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        def holds(case, data):
            _aimed(case, target, data.draw)
            kept = {name: value for name, value in (case.headers or {}).items() if _can_be_sent(name, value)}
            case.headers = kept | target.keys[who]
            case.call_and_validate(checks=CHECKS, timeout=60)

        holds()
    target.no_fault()


def _can_be_sent(name: str, value: object) -> bool:
    text = str(value)
    return name.lower() != "authorization" and text.isascii() and text.isprintable() and text == text.strip()


WORDS = (
    *("", " ", "x", "mistake", "yes", "no", "unsure", "true", "null", "0", "-1", "9" * 30, "1e400", "NaN"),
    *("\x00", "a\x00b", "\ud7ff", "\uffff", "\u202e", "😀" * 50, "x" * 30_000, "é" * 300, "\r\n\r\nSet-Cookie: a=b"),
    *("2026-11-20T23:04", "2026-13-45T99:99", "0001-01-01T00:00", "9999-12-31T23:59", "2026-11-20T23:04:00+99:99"),
    *("<script>alert(1)</script>", "{{7*7}}", "{% raise %}", "' OR 1=1 --", "../../etc/passwd", "javascript:alert(1)"),
    *("%00", "%ff", "staff" + AT, "https://example.org/" + "a" * 3000, "digital_unit", "delete", "post.text"),
)
NAMES = (
    *("kind", "codes", "account", "account.type", "account.platform", "account.", ".account", "account.type.more"),
    *("post.posted_at", "post.reach", "post.text", "post..text", "post", "facts_wrong", "safety_risk", "narrative"),
    *("deleted_at", "taken_at", "public_text", "confirmed", "reason", "text", "audience", "severity", "assigned_to"),
    *("person", "email", "desk", "fields", "resolution", "duplicate_of", "refer", "evidence", "rules", "file"),
    *(
        "_version",
        "csrf",
        "kept",
        "next",
        "password",
        "captured_at",
        "description",
        "\x00",
        "x" * 500,
        "🙂",
        "__class__",
    ),
)
CASE_DEEDS = (
    *("steps/delete/take", "steps/correct/waive", "steps/apologise/release", "steps/delete/verify", "steps/x/cannot"),
    *("facts", "exposure", "triage", "assign", "manager", "acknowledge", "send", "advice", "messages", "notes", "open"),
    *(
        "purge",
        "withdraw",
        "referral-decision",
        "protection-decision",
        "conflict",
        "close",
        "reopen",
        "evidence",
        "nothing",
    ),
)
HEADERS = (
    *(("Accept", value) for value in ("", "*/*;q=9", "text/html;level=x, ,;", "image/webp", "x" * 4000)),
    *(("Range", value) for value in ("bytes=0-", "bytes=-1", "bytes=9-1", "bytes=0-0,2-3", "lines=1-2", "\x80")),
    *(("If-Match", value) for value in ("*", '"1"', "1", '"' * 9, 'W/"', ", ,", '"\xff"', "x" * 4000)),
    *(
        ("If-None-Match", "*"),
        ("If-Modified-Since", "yesterday"),
        ("Expect", "200-ok"),
        ("X-HTTP-Method-Override", "PUT"),
    ),
    *(
        ("Content-Type", value)
        for value in ("", "text/plain", "multipart/form-data", "application/json; charset=x", ";;;")
    ),
    *(("Content-Type", f"multipart/form-data; boundary={value}") for value in ("", "x", '"', "y" * 300, "\xe9")),
    *(("Cookie", value) for value in ("amends=", "amends=x; amends=y", "amends-notice=e30.00", "=;=;", "a" * 4000)),
    *(("Cookie", value) for value in ("amends=\xff\xfe", "amends-notice=.", "amends-before=\x80", 'amends="')),
    *(("Authorization", value) for value in ("", "Bearer", "Bearer \xe9", "Basic eDp5", "Bearer " + "x" * 4000)),
    *(("Idempotency-Key", value) for value in ("", "x" * 201, "\xe9", "a b")),
    *(("X-Forwarded-For", "x, ,"), ("Host", "evil.example"), ("Origin", "null"), ("HX-Request", "true")),
    *(("Accept-Encoding", "gzip;q=x, br"), ("Accept-Language", "x" * 500), ("Referer", "\xff")),
)
QUERIES = (
    *("cursor=x", "cursor=%00", "cursor=WzFd", "cursor=" + "A" * 3000, "cursor=W10", "cursor=bnVsbA", "limit=-1"),
    *("limit=1e3", "limit=٣", "stage=x", "stage=closed&stage=reported", "severity=%ff", "order=x", "overdue=maybe"),
    *(
        "assigned=%00",
        "assigned=me",
        "q=%00",
        "q=" + "x" * 301,
        "q=%25_%5C",
        "desk=hr",
        "desk=digital_unit&order=newest",
    ),
    *(
        "make=x",
        "make=hr",
        "audience=x",
        "audience=%00",
        "next=//evil.example",
        "next=%00",
        "=&==&&",
        "%",
        "a[]=1",
        ";;",
    ),
)
PATHS = (
    *(
        "/",
        "/now",
        "/report",
        "/cases",
        "/queue",
        "/referrals",
        "/people",
        "/settings",
        "/sign-in",
        "/health",
        "/ready",
        "/notifications",
        "/rota",
        "/outbox",
    ),
    *(
        "/api/me",
        "/api/cases",
        "/api/referrals",
        "/api/openapi.json",
        "/api/notifications",
        "/api/rota",
        "/api/preferences",
        "/api/outbox",
        "/metrics",
        "/cases/%00",
        "/cases/%ff%fe",
        "/cases/..%2f..%2fx",
    ),
    *("/cases/%E0%80%AF", "/cases/" + "A" * 5000, "/referrals/%00", "/api/referrals/%00", "/api/cases/%00/timeline"),
    *("/static/%2e%2e/%2e%2e/app.py", "/static/..%5c..%5capp.py", "/static/%00", "//", "/./", "/%2f", "/cases//", "/%"),
    *("/api/cases/%F0%9F%98%80", "/cases/SM-2026-000001%0d%0aX:%20y", "/\xe9", "/api/%2e%2e/", "*", "/cases/;x=y?%"),
)


class Thrower:
    """Sends what no well-behaved client would, over a plain connection."""

    def __init__(self, target: Target) -> None:
        self.target, self.host = target, target.url.removeprefix("http://")

    def throw(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes = b"") -> tuple[int, str]:
        """One request as raw as it is; the status and the text, and 0 where the server hung up on nonsense."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            request = [f"{method} {path} HTTP/1.1".encode()]
            told = headers if any(name == "Host" for name, _ in headers) else [("Host", self.host), *headers]
            request += [f"{name}: {value}".encode("latin-1", "replace") for name, value in told]
            request += [f"Content-Length: {len(body)}".encode(), b"Connection: close", b"", b""]
            connection.connect()
            connection.sock.sendall(b"\r\n".join(request) + body)
            answer = http.client.HTTPResponse(connection.sock, method=method)
            answer.begin()
            text = answer.read().decode("utf-8", "replace")
        except (http.client.HTTPException, ConnectionError):
            return 0, ""
        finally:
            connection.close()
        assert "set-cookie: a=b" not in str(answer.headers).lower()
        return answer.status, text


def sound(what: object, status: int, text: str) -> None:
    """No fault of ours, and nothing of our insides."""
    assert status < 500, (what, status, text[:500])
    for trace in TRACES:
        assert trace not in text, (what, status)


def test_no_address_and_no_header_is_a_fault_of_ours(target):
    thrower = Thrower(target)
    with Browser(base_url=target.url) as browser:
        assert browser.sign_in("digital" + AT).status_code == 303
        cookie = ("Cookie", f"amends={browser.cookies['amends']}")
    key = ("Authorization", target.keys["digital"]["Authorization"])
    case = target.cases[0]
    ours = [f"/cases/{case}", f"/cases/{case}/pdf", f"/api/cases/{case}", f"/api/cases/{case}/evidence/{target.file}"]
    for path in (*PATHS, *ours):
        for headers in ([], [cookie], [key]):
            sound(path, *thrower.throw("GET", path, headers))
    lists = ("/cases", "/queue", "/people", "/referrals", "/notifications", "/rota", "/api/cases", "/api/referrals")
    more = ("/api/notifications", "/api/rota", "/sign-in", *ours)
    for path in (*lists, *more):
        for query in QUERIES:
            sound((path, query), *thrower.throw("GET", f"{path}?{query}", [key] if "/api" in path else [cookie]))
    for header in HEADERS:
        keep = [] if header[0] in ("Cookie", "Authorization") else [cookie, key]
        for method, path in (("GET", ours[0]), ("GET", ours[3]), ("POST", "/report"), ("POST", ours[2] + "/notes")):
            sound(
                (method, path, header),
                *thrower.throw(method, path, [*keep, header], b"{}" if method == "POST" else b""),
            )
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "PROPFIND", "get"):
        for path in ("/", "/api/cases", ours[2], "/static/x"):
            sound((method, path), *thrower.throw(method, path, [cookie, key]))
    target.no_fault()


@pytest.mark.parametrize("who", ["staff", "digital", "manager"])
def test_no_form_is_a_fault_of_ours(target, who):
    chance = random.Random(who)
    with Browser(base_url=target.url, timeout=60) as browser:
        assert browser.sign_in(who + AT).status_code == 303
        browser.get("/now")
        for turn in range(120):
            deed = CASE_DEEDS[turn % len(CASE_DEEDS)]
            path = chance.choice(["/report", *[f"/cases/{target.cases[turn % 3]}/{deed}"] * 4])
            fields = [(chance.choice(NAMES), chance.choice(WORDS)) for _ in range(chance.randrange(12))]
            form = {"csrf": browser.csrf} | dict(fields)
            form["csrf"] = browser.csrf
            if chance.random() < 0.3:
                files = {"file": (_name(chance), _content(chance), chance.choice(["image/png", "x", "text/html"]))}
                answer = browser.post(path, data=form, files=files)
            else:
                body = urlencode([*form.items(), *fields], errors="surrogatepass")
                answer = browser.post(path, content=body.encode(), headers={"Content-Type": FORM})
            sound((path, fields), answer.status_code, answer.text)
            assert answer.status_code != SLOW_DOWN
    target.no_fault()


def _name(chance: random.Random) -> str:
    return chance.choice(["a.png", "../../x", "a\x00.png", "", "x" * 1000, 'a".png', "é.pdf", "a\r\nX: y", "CON", ".."])


def _content(chance: random.Random) -> BytesIO:
    start = chance.choice(
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"%PDF-1.7", b"RIFF\xff\xff\xff\xffWEBP", b""]
    )
    return BytesIO(start + chance.randbytes(chance.choice([0, 1, 64, 5000])))


BROKEN = (
    b"",
    b"--x",
    b"--x\r\n",
    b"--x\r\n\r\n\r\n--x--",
    b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nv',
    b'--x\r\nContent-Disposition: form-data; name="a"; filename="\xff"\r\n\r\nv\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=none\r\n\r\nv\r\n--x--\r\n',
    *(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n'
        b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud800\r\n--x--\r\n" % name
        for name in (b"narrative", b"email", b"kept", b"csrf", b"text", b"_version")
    ),
    b'--x\r\nContent-Disposition: form-data; name="csrf"; filename="csrf"\r\n\r\nv\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nnot a file\r\n--x--\r\n',
    b"--x\r\n" + b"A: b\r\n" * 2000 + b"\r\nv\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n' * 1500 + b"--x--\r\n",
    b"\xff" * 1000,
    string.printable.encode() * 10,
)


def test_no_broken_body_is_a_fault_of_ours(target):
    thrower = Thrower(target)
    with Browser(base_url=target.url) as browser:
        browser.get("/sign-in")
        stranger = ("Cookie", f"amends-before={browser.cookies['amends-before']}")
        strangers_guard = ("X-CSRF-Token", browser.csrf)
        browser.sign_in("staff" + AT)
        browser.get("/now")
        cookie = ("Cookie", f"amends={browser.cookies['amends']}")
        guard = ("X-CSRF-Token", browser.csrf)
    case, key = target.cases[0], ("Authorization", target.keys["staff"]["Authorization"])
    for body in BROKEN:
        for content_type in (
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            FORM,
            f"{FORM}; charset=utf-7",
            "application/json",
        ):
            kind = ("Content-Type", content_type)
            for path in (*(f"/cases/{case}/{deed}" for deed in ("evidence", "messages", "facts")), "/report"):
                sound((body[:80], content_type, path), *thrower.throw("POST", path, [cookie, guard, kind], body))
            path = f"/api/cases/{case}/evidence"
            sound((body[:80], content_type, path), *thrower.throw("POST", path, [key, kind], body))
        for content_type in ("multipart/form-data; boundary=x", FORM):
            kind = ("Content-Type", content_type)
            sound(body[:80], *thrower.throw("POST", "/sign-in", [stranger, strangers_guard, kind], body))
            # Without a guard, as from a page that was open too long: the words are shown again.
            here = ("Sec-Fetch-Site", "same-origin")
            sound(body[:80], *thrower.throw("POST", "/report", [cookie, here, kind], body))
    target.no_fault()
