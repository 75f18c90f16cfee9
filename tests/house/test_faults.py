"""A fault of our own: what whoever meets it is told, and what only the log is."""

import pytest
from litestar import Litestar, get

from service.app import empty_app


@pytest.fixture
def routed() -> Litestar:
    """An application of this test's own, since it gets a route that is broken."""
    return empty_app()


@pytest.mark.parametrize("fault", [RuntimeError, StopIteration])
def test_a_fault_of_ours_tells_nothing(app, sign_in, token, caplog, fault):
    @get(["/broken", "/api/broken"], sync_to_thread=True)
    def broken() -> str:
        raise fault("secret words")

    app.register(broken)
    page, problem = sign_in("staff").get("/broken"), token("staff").get("/api/broken")
    assert page.status_code == problem.status_code == 500
    assert problem.json() == {
        "type": "/problems/failed",
        "title": "Something went wrong on our side. Nothing was saved",
        "status": 500,
        "detail": "Something went wrong on our side. Nothing was saved",
    }
    told = page.text + problem.text + caplog.text
    assert "secret words" not in told
    assert "Traceback" not in told
    assert page.headers["x-request-id"] in caplog.text
    assert "test_faults.py" in caplog.text
