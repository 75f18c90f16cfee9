"""The API describes itself, and leaves out nothing."""

import json
import re

import pytest
from litestar.routes import HTTPRoute


@pytest.fixture
def described(browser):
    answer = browser().get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_every_route_of_the_api_is_described(app, described):
    there = {
        (route.path_format, method.lower())
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path.startswith("/api/")
        for method in route.route_handler_map
        if method != "OPTIONS"
    }
    assert there == {(path, method) for path, operations in described["paths"].items() for method in operations}
    assert described["openapi"] == "3.1.0"


def test_every_operation_has_a_name_a_summary_and_its_refusals(described):
    operations = [(path, method, one) for path, each in described["paths"].items() for method, one in each.items()]
    names = [one["operationId"] for _, _, one in operations]
    assert len(names) == len(set(names))
    for path, method, one in operations:
        assert one["summary"], (path, method)
        expected = {"503"} if one.get("security") == [] else {"401", "403", "503"}
        expected |= {"404"} if "{" in path else set()
        expected |= {"400", "413", "415", "422"} if method != "get" else set()
        assert expected <= set(one["responses"]), (path, method)
        named = set(re.findall(r"{(\w+)}", path))
        assert named == {each["name"] for each in one["parameters"] if each["in"] == "path"}, (path, method)


def test_every_reference_leads_somewhere(described):
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(described)):
        assert name in described["components"]["schemas"]
