"""Every route asks who is there, or is on the short public list; and no answer says more than it should."""

import re
from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from service.web.sessions import PUBLIC

OPEN = {
    ("GET", "/now"),
    ("GET", "/notes"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/static/{name}"),
    ("GET", "/api/openapi.json"),
}
SAMPLES = {"reference": "SM-2026-000001", "kind": "delete", "name": "x", "file_id": "0" * 32}


def doors(app: Litestar) -> Iterator[tuple[str, str, str]]:
    """Every method and address of the service, with an address to try it at."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for method in route.route_handler_map:
            if method != "OPTIONS":
                yield method, route.path_format, re.sub(r"{(\w+)}", lambda m: SAMPLES.get(m[1], "x"), route.path_format)


def test_without_credentials_nothing_opens(app, browser):
    stranger = browser()
    tried = 0
    for method, path, sample in doors(app):
        if (method, path) in OPEN:
            continue
        answer = stranger.request(method, sample)
        tried += 1
        if path.startswith("/api/") or path == "/metrics":
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/sign-in"), (method, path)
        elif method == "GET":
            assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in"), (method, path)
        else:
            assert answer.status_code == 401, (method, path)
    assert tried > 3


def test_the_public_list_is_the_whole_of_it(app):
    public = {
        (method, route.path_format)
        for route in app.routes
        for method, (handler, _) in route.route_handler_map.items()
        if handler.opt.get("public")
    }
    assert public == OPEN
    assert PUBLIC == {"public": True}


def test_every_write_on_a_page_needs_its_guard(app, sign_in):
    using = sign_in("digital")
    for method, path, sample in doors(app):
        if method == "GET" or path.startswith("/api/"):
            continue
        for data in ({}, {"csrf": "x"}, {"csrf": ""}):
            assert using.request(method, sample, data=data).status_code == 403, (method, path, data)
    assert using.get("/now").status_code == 200


@pytest.mark.parametrize(
    "path", ["/nowhere", "/cases/SM-2026-999999", "/cases/%00", "/static/nothing.css", "/static/..%2Fapp.py"]
)
def test_what_is_absent_looks_like_what_is_unseen(sign_in, path):
    using = sign_in("staff")
    absent = using.get("/no/such/page")
    answer = using.get(path)
    assert answer.status_code == 404
    assert answer.text == absent.text
    assert answer.headers["x-request-id"] not in answer.text


def test_the_same_for_programs(token):
    program = token("staff")
    answers = [program.get(path) for path in ("/api/nowhere", "/api/cases/SM-2026-999999", "/api/cases/%00")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_every_answer_carries_the_headers(sign_in, token, browser):
    using = sign_in("staff")
    for answer in (
        using.get("/now"),
        using.get("/no/such/page"),
        using.get("/health"),
        browser().get("/cases"),
        token("staff").get("/api/me"),
        token("staff").delete("/api/me"),
    ):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["x-request-id"]) == 16


def test_a_method_that_is_not_taken_is_told_which_are(token):
    program = token("staff")
    refused = program.delete("/api/me")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert refused.headers["content-type"] == "application/problem+json"
    assert program.options("/api/cases").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert program.delete("/api/cases").headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_a_head_is_a_get_without_a_body(browser):
    answer = browser().head("/now")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000
