"""The headers of every answer, whoever makes it."""

from typing import Any

from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.routes import HTTPRoute

from service.web.visit import current

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
TWO_YEARS_OF_TLS = "max-age=63072000; includeSubDomains"


async def set_headers(message: Any, scope: Any) -> None:
    """Add what an answer lacks; one that brings a stricter policy of its own, such as a download, keeps it."""
    if message["type"] != "http.response.start":
        return
    visit = current()
    headers = MutableScopeHeaders.from_message(message)
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    headers["X-Request-Id"] = visit.request_id
    if visit.house.settings.secure:
        headers["Strict-Transport-Security"] = TWO_YEARS_OF_TLS
    if scope["method"] == "OPTIONS" and (allow := scope["app"].state.methods.get(scope.get("path_template", ""))):
        headers["Allow"] = allow


def learn_methods(app: Litestar) -> None:
    """Note what each address takes: the framework's own answer to OPTIONS may list one handler's methods only."""
    taken: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            taken.setdefault(route.path_format, set()).update(route.methods)
    app.state.methods = {
        path: ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set()))) for path, methods in taken.items()
    }
