"""The headers of every answer, whoever makes it."""

from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute

from service.web.visit import current

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ALWAYS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"x-frame-options", b"DENY"),
)
TWO_YEARS_OF_TLS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


async def set_headers(message: Any, scope: Any) -> None:
    """Add what an answer lacks; one that brings a stricter policy of its own, such as a download, keeps it."""
    if message["type"] != "http.response.start":
        return
    visit = current()
    # In bytes, as they are sent: the framework's own headers read all of them again for each that is set.
    headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
    there = {name.lower() for name, _ in headers}
    headers += [header for header in ALWAYS if header[0] not in there]
    headers.append((b"x-request-id", visit.request_id.encode()))
    if visit.house.settings.secure:
        headers.append(TWO_YEARS_OF_TLS)
    if scope["method"] == "OPTIONS" and (allow := scope["app"].state.methods.get(scope.get("path_template", ""))):
        headers = [*(header for header in headers if header[0].lower() != b"allow"), (b"allow", allow.encode())]
    message["headers"] = headers


def learn_methods(app: Litestar) -> None:
    """Note what each address takes: the framework's own answer to OPTIONS may list one handler's methods only."""
    taken: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            taken.setdefault(route.path_format, set()).update(route.methods)
    app.state.methods = {
        path: ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set()))) for path, methods in taken.items()
    }
