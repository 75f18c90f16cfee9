"""What is sent is read strictly, and every fault is told at its place in plain words."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, Router, post
from pydantic import Field

from service.app import empty_app
from service.core.errors import Invalid, Malformed, Refusal, Stale
from service.records.enums import AccountType, Code
from service.web.fields import Long, Moment, OneLine, Words
from service.web.forms import BODY_LIMIT, UPLOAD_LIMIT, NotThisType, Sent
from service.web.given import Sent as Given
from service.web.sessions import PUBLIC
from service.web.unflatten import told_moment
from tests.makers import report

WITH_ZONE = "Enter the time with a zone, like 2026-11-20T23:04:00+09:00"


FIRST, LAST = datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("2100-01-01")


class Post(Words):
    text: Long | None = None
    posted_at: Moment | None = None
    reach: int | None = None
    still_visible: bool | None = None


class Report(Words):
    kind: OneLine
    account: AccountType | None = None
    post: Post | None = None
    codes: list[Code] = Field(default_factory=list)


def sent(body: bytes = b"", content_type: str = "application/json", **headers: str) -> Sent:
    return Sent("POST", "/x", datetime(2026, 1, 1, tzinfo=UTC), body, content_type, headers)


def form(fields: dict[str, list[str]]) -> Sent:
    made = sent(content_type="application/x-www-form-urlencoded")
    made.fields = fields
    return made


def faults(refusal: pytest.ExceptionInfo[Invalid]) -> dict[str, str]:
    return {error.field: error.message for error in refusal.value.errors}


NO_OBJECT = [
    *(b"{", b"[]", b'"x"', b"null", b"1", b'{"a": 1} x', b"{'a': 1}", b'{"a": 01}'),
    *(b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 1}}', b'{"a": NaN}', b'{"a": -Infinity}'),
    *(b"\xff\xfe", b'{"a": "\xff"}', b'{"a\\u0000": 1}', b'{"\\ud800": 1}'),
    *(b"[" * 100_000, b'{"a":' * 500 + b"1" + b"}" * 500, b'{"a": ' + b"9" * 5000 + b"}"),
]


@pytest.mark.parametrize("body", NO_OBJECT)
def test_what_is_no_json_object_is_malformed(body):
    with pytest.raises(Malformed):
        sent(body).read(Report)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"kind": "This is needed"}),
        ({"kind": "x", "more": 1}, {"more": "There is no such field"}),
        ({"kind": 1}, {"kind": "Write this as text"}),
        ({"kind": " "}, {"kind": "This is needed"}),
        ({"kind": "x" * 301}, {"kind": "Use at most 300 characters"}),
        ({"kind": "x", "account": "private"}, {"account": "Choose one of: official, work, personal"}),
        ({"kind": "x", "post": "text"}, {"post": "Send an object"}),
        ({"kind": "x", "codes": "other"}, {"codes": "Send a list"}),
        ({"kind": "x", "codes": ["other", 7]}, {"codes.1": "Choose one of: contradicts_policy"}),
        ({"kind": "x", "post": {"reach": "5"}}, {"post.reach": "Enter a whole number"}),
        ({"kind": "x", "post": {"reach": 2**63}}, {"post.reach": "That number is too large"}),
        ({"kind": "x", "post": {"still_visible": 1}}, {"post.still_visible": "Answer true or false"}),
        ({"kind": "x", "post": {"posted_at": "2026-11-20T23:04:00"}}, {"post.posted_at": WITH_ZONE}),
        ({"kind": "x", "post": {"posted_at": "2026-11-20"}}, {"post.posted_at": WITH_ZONE}),
        ({"kind": "x", "post": {"posted_at": 1700000000}}, {"post.posted_at": WITH_ZONE}),
        ({"kind": "x", "post": {"posted_at": "0001-01-01T00:00:00+14:00"}}, {"post.posted_at": "Enter a time between"}),
        ({"kind": "x", "post": {"text": "a\x00b"}}, {"post.text": "Take out the null character"}),
        ({"kind": "x", "post": {"text": "a\ud800"}}, {"post.text": "This holds half a character: type it again"}),
    ],
)
def test_each_fault_is_told_at_its_place(body, wrong):
    with pytest.raises(Invalid) as refusal:
        sent(json.dumps(body).encode()).read(Report)
    told = faults(refusal)
    assert told.keys() == wrong.keys()
    assert all(told[field].startswith(message) for field, message in wrong.items())


def test_a_body_may_be_empty_and_has_to_be_json():
    assert sent(b"").read(Post) == Post()
    assert sent(b"", "").read(Post) == Post()
    with pytest.raises(NotThisType):
        sent(b"kind=x", "application/x-www-form-urlencoded").read(Report)
    with pytest.raises(NotThisType):
        sent(b"{}", "").read(Post)
    with pytest.raises(NotThisType):
        sent(b"{}", "application/json").form(Post)


def test_a_form_says_the_same_as_json():
    told = form(
        {
            "csrf": ["x"],
            "_version": ["7"],
            "kind": ["mistake"],
            "account": ["official"],
            "post.text": ["one\r\ntwo"],
            "post.posted_at": ["2026-11-20T23:04"],
            "post.reach": ["1,200"],
            "post.still_visible": ["yes"],
            "codes": ["other", "wrong_account"],
        }
    )
    made = told.form(Report, "Asia/Tokyo")
    assert made.post is not None
    assert made.post.text == "one\ntwo"
    assert made.post.posted_at is not None
    assert made.post.posted_at.isoformat() == "2026-11-20T23:04:00+09:00"
    assert (made.post.reach, made.post.still_visible, made.account) == (1200, True, AccountType.OFFICIAL)
    assert made.codes == [Code.OTHER, Code.WRONG_ACCOUNT]
    assert told.typed["codes"] == ["other", "wrong_account"]
    assert told.typed["post.text"] == "one\r\ntwo"
    assert "csrf" not in told.typed


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": [" "]}, {"kind": "This is needed"}),
        ({"kind": ["x"], "post.reach": ["many"]}, {"post.reach": "Enter a whole number"}),
        ({"kind": ["x"], "post.reach": ["9" * 25]}, {"post.reach": "That number is too large"}),
        ({"kind": ["x"], "post.posted_at": ["yesterday"]}, {"post.posted_at": "Enter a date and a time"}),
        ({"kind": ["x"], "post.posted_at": ["2026-02-30T10:00"]}, {"post.posted_at": "There is no such day or time"}),
        ({"kind": ["x"], "post.text.more": ["x"]}, {"post.text": "Write this as text"}),
        ({"kind": ["x"], "nothing.of.this": ["x"]}, {"nothing": "There is no such field"}),
        ({"kind": ["x"], "post.text": ["a\x00"]}, {"post.text": "Take out the null character"}),
    ],
)
def test_a_form_is_read_as_strictly(fields, wrong):
    with pytest.raises(Invalid) as refusal:
        form(fields).form(Report, "Europe/London")
    assert faults(refusal) == wrong


def test_the_clocks_going_forward_and_back():
    assert told_moment("2026-10-25T01:30", "Europe/London") == "2026-10-25T01:30:00+01:00"
    assert told_moment("2026-11-01T01:30", "America/New_York") == "2026-11-01T01:30:00-04:00"
    with pytest.raises(ValueError, match="There was no 01:30 that day"):
        told_moment("2026-03-29T01:30", "Europe/London")
    assert told_moment("2026-11-20T23:04:05.5", "Asia/Kolkata") == "2026-11-20T23:04:05.500000+05:30"
    assert told_moment("2026-11-20T23:04:00+09:00", "Europe/London") == "2026-11-20T23:04:00+09:00"


@given(
    st.datetimes(FIRST, LAST),
    st.sampled_from(["Europe/London", "Asia/Tokyo", "America/St_Johns"]),
)
def test_a_local_time_is_that_time_there(moment, zone):
    text = moment.strftime("%Y-%m-%dT%H:%M")
    try:
        told = datetime.fromisoformat(told_moment(text, zone))
    except ValueError:
        return
    assert told.strftime("%Y-%m-%dT%H:%M") == text
    assert abs(told.utcoffset() or timedelta()) < timedelta(hours=15)


def test_the_version_that_was_seen():
    for said in ('"7"', 'W/"7"', "*", '"6", "7"', ""):
        sent(**{"if-match": said}).if_match(7)
    for said in ('"6"', '"77"', 'W/"70"', '""'):
        with pytest.raises(Stale):
            sent(**{"if-match": said}).if_match(7)
    for said in ("7", '"7', "W/7", ",", '"7",'):
        with pytest.raises(Malformed):
            sent(**{"if-match": said}).if_match(7)
    with pytest.raises(Stale):
        form({"_version": ["6"]}).if_match(7)


def test_an_idempotency_key_is_short_and_plain():
    assert sent(**{"idempotency-key": "a" * 200}).idempotency_key == "a" * 200
    assert sent().idempotency_key == ""
    for key in ("a" * 201, "a b", "é", "\x01"):
        with pytest.raises(Invalid):
            _ = sent(**{"idempotency-key": key}).idempotency_key


WORDS = st.sampled_from(["kind", "account", "post", "codes", "post.text", "post.posted_at", "post."]) | st.text()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def status_of(read: Callable[[], object]) -> int:
    try:
        read()
    except Refusal as refusal:
        return refusal.status
    return 200


@given(st.binary(max_size=200))
def test_no_body_is_a_fault_of_ours(body):
    assert status_of(lambda: sent(body).read(Report)) in (200, 400, 422)


@given(st.dictionaries(WORDS, VALUES))
def test_no_json_is_a_fault_of_ours(data):
    assert status_of(lambda: sent(json.dumps(data).encode()).read(Report)) in (200, 400, 422)


@given(st.dictionaries(WORDS, st.lists(st.text(), min_size=1)))
def test_no_form_is_a_fault_of_ours(fields):
    assert status_of(lambda: form(fields).form(Report, "Asia/Tokyo")) in (200, 400, 422)


@post("/api/try/read", opt=PUBLIC, sync_to_thread=True)
def reads_json(sent: Given) -> dict[str, str]:
    return {"kind": sent.read(Report).kind}


@post("/api/try/upload", opt=PUBLIC, sync_to_thread=True, request_max_body_size=UPLOAD_LIMIT)
def takes_files(sent: Given) -> dict[str, str | int]:
    told = sent.form(Report)
    return {"kind": told.kind, "name": sent.files["file"].filename, "size": len(sent.files["file"].file.read())}


@pytest.fixture(scope="module")
def routed() -> Litestar:
    """An application of this module's own, with routes to try things at."""
    app = empty_app()
    app.register(Router("/", route_handlers=[reads_json, takes_files]))
    return app


def test_bodies_have_a_size_a_format_and_a_shape(browser):
    program = browser()

    def send(content: bytes, media_type: str = "application/json") -> tuple[int, str]:
        answer = program.post("/api/try/read", content=content, headers={"Content-Type": media_type})
        return answer.status_code, answer.json().get("type", "")

    assert send(b'{"kind": "x"}') == (201, "")
    assert send(b'{"kind": "x"}', "application/json; charset=utf-8") == (201, "")
    assert send(b'{"kind": "x"}', "text/plain") == (415, "/problems/media-type")
    assert send(b"kind=x", "application/x-www-form-urlencoded") == (415, "/problems/media-type")
    assert send(b'{"kind": ') == (400, "/problems/malformed")
    assert send(b'{"kind": "' + b"x" * BODY_LIMIT + b'"}') == (413, "/problems/too-large")
    assert send(b"--x", "multipart/form-data; boundary=x") == (415, "/problems/media-type")
    assert send(b"", "multipart/form-data") == (415, "/problems/media-type")
    told = program.post("/api/try/read", json={"more": 1}).json()
    assert told["errors"] == [
        {"field": "kind", "message": "This is needed"},
        {"field": "more", "message": "There is no such field"},
    ]


def test_a_file_comes_with_its_words(browser):
    program = browser()
    file = {"file": ("shot.png", b"x" * 3_000_000, "image/png")}
    answer = program.post("/api/try/upload", data={"kind": "é"}, files=file)
    assert answer.json() == {"kind": "é", "name": "shot.png", "size": 3_000_000}
    far_too_large = {"file": ("shot.png", b"x" * (UPLOAD_LIMIT + 1), "image/png")}
    assert program.post("/api/try/upload", data={"kind": "x"}, files=far_too_large).status_code == 413
    odd = (
        b'--x\r\nContent-Disposition: form-data; name="kind"\r\nContent-Type: text/plain; charset=klingon\r\n\r\n'
        b"x\r\n--x--\r\n"
    )
    refused = program.post("/api/try/upload", content=odd, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert refused.status_code == 400


def half_a_character(name: str, more: str = "") -> dict[str, object]:
    """A form of which one part names a charset that makes half a character."""
    part = "Content-Disposition: form-data; name="
    odd = f'--x\r\n{part}"{name}"\r\nContent-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud800\r\n'
    rest = f'--x\r\n{part}"csrf"\r\n\r\n{more}\r\n' if more else ""
    return {"content": f"{odd}{rest}--x--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}


@pytest.mark.parametrize("name", ["kept", "email", "password", "next"])
def test_half_a_character_is_malformed_before_anybody_signs_in(browser, name):
    stranger = browser()
    stranger.get("/sign-in")
    form = half_a_character(name)
    assert stranger.post("/sign-in", **half_a_character(name, stranger.csrf)).status_code == 400
    assert (
        stranger.post("/sign-in", **form | {"headers": form["headers"] | {"X-CSRF-Token": stranger.csrf}}).status_code
        == 400
    )


def test_half_a_character_is_malformed_in_every_form(sign_in, token):
    case = report(token("staff"))["reference"]
    staff = sign_in("staff")
    staff.get("/report")
    for path in ("/report", f"/cases/{case}/messages", f"/cases/{case}/facts", f"/cases/{case}/evidence"):
        for name in ("narrative", "text", "_version", "csrf"):
            form = half_a_character(name)
            guarded = form["headers"] | {"X-CSRF-Token": staff.csrf}
            assert staff.post(path, **form | {"headers": guarded}).status_code == 400, (path, name)
            ours = form["headers"] | {"Sec-Fetch-Site": "same-origin"}
            assert staff.post(path, **form | {"headers": ours}).status_code == 400, (path, name)
