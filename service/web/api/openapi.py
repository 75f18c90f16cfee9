"""The API described as OpenAPI 3.1, read from the routes themselves.

A handler says what it takes and gives by `opt`: `body` (a model; JSON) or `upload` (a model; multipart, with a `file`),
`answer` (a model or typed dictionary) or `bytes` (a media type), `filters` (the names by which its address narrows a
list), and `once` where it minds an Idempotency-Key.
Litestar cannot know them: bodies are read only once the case is found.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar, get
from litestar.connection import Request
from litestar.enums import ParamType
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.response import Response
from litestar.routes import HTTPRoute
from pydantic import BaseModel, TypeAdapter

from service.web.sessions import PUBLIC, READS
from service.web.visit import API

TITLE = "Amends"
VERSION = "1"
REFERENCE = "#/components/schemas/{model}"
PROBLEMS = {
    400: "The request cannot be read",
    401: "No token, or one that is unknown or has run out",
    403: "Seen, but not permitted",
    404: "Absent, or not for these eyes",
    409: "Not possible at this stage",
    412: "Stale: somebody changed it meanwhile",
    413: "Too large",
    415: "Not a format that is read here",
    422: "A value is missing or wrong",
    429: "Too many tries",
    503: "Nothing can be stored right now",
}
LIMITS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum",
          "min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"}  # fmt: skip


class Complaint(BaseModel):
    """One field that is wrong."""

    field: str
    message: str


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Complaint] | None = None


@get(f"{API}/openapi.json", opt=PUBLIC, sync_to_thread=False)
def described(request: Request) -> Response:
    """This description."""
    state = request.app.state
    if "description" not in state:
        state.description = msgspec.json.encode(describe(request.app))
    return Response(state.description, media_type="application/json")


def describe(app: Litestar) -> dict[str, Any]:
    """The whole description, as JSON."""
    operations = list(_operations(app))
    wanted: dict[tuple[Any, Any], TypeAdapter] = {(Problem, "serialization"): TypeAdapter(Problem)}
    for _, _, handler in operations:
        for key, mode in (("body", "validation"), ("answer", "serialization")):
            if key in handler.opt:
                wanted[(handler.opt[key], mode)] = TypeAdapter(handler.opt[key])
    adapters = [(shape, mode, adapter) for (shape, mode), adapter in wanted.items()]
    places, schemas = TypeAdapter.json_schemas(adapters, ref_template=REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for route, method, handler in operations:
        paths.setdefault(route.path_format, {})[method.lower()] = _operation(route, method, handler, places)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": "Puts right what was posted by mistake."},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operations(app: Litestar) -> Iterator[tuple[HTTPRoute, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(API + "/"):
            for method, (handler, _) in route.route_handler_map.items():
                if method not in ("OPTIONS", "HEAD") and handler.fn is not None:
                    yield route, method, handler


def _operation(
    route: HTTPRoute, method: str, handler: HTTPRouteHandler, places: dict[Any, dict[str, Any]]
) -> dict[str, Any]:
    opt, writes = handler.opt, method not in READS
    parameters = list(_parameters(handler))
    if writes and route.path_parameters:
        parameters.append(_header("If-Match", 'The version that was seen, as in "7"; 412 when it is stale'))
    if opt.get("once"):
        parameters.append(_header("Idempotency-Key", "The same key again finds what the first request made"))
    operation: dict[str, Any] = {
        "operationId": handler.operation_id if isinstance(handler.operation_id, str) else handler.handler_name,
        "summary": (handler.summary or getattr(handler.fn, "func", handler.fn).__doc__ or "")
        .strip()
        .partition("\n")[0],
        "parameters": parameters,
        "responses": _responses(route, handler, writes, places),
    }
    if opt.get("public"):
        operation["security"] = []
    if "body" in opt:
        body = places[(opt["body"], "validation")]
        needed = any(field.is_required() for field in opt["body"].model_fields.values())
        operation["requestBody"] = {"required": needed, "content": {"application/json": {"schema": body}}}
    elif "upload" in opt:
        upload = {"multipart/form-data": {"schema": _upload(opt["upload"])}}
        operation["requestBody"] = {"required": True, "content": upload}
    return operation


def _parameters(handler: HTTPRouteHandler) -> Iterator[dict[str, Any]]:
    for name, field in handler.parsed_fn_signature.parameters.items():
        said = field.kwarg_definition
        if (
            field.is_di_field
            or not isinstance(said, ParameterKwarg)
            or said.param_type not in (ParamType.PATH, ParamType.QUERY)
        ):
            continue
        schema = TypeAdapter(field.annotation).json_schema()
        schema = next((each for each in schema.get("anyOf", []) if each.get("type") != "null"), schema)
        schema = _inlined(schema)
        schema |= {word: getattr(said, limit) for limit, word in LIMITS.items() if getattr(said, limit) is not None}
        in_path = said.param_type is ParamType.PATH
        yield {
            "name": said.name or name,
            "in": "path" if in_path else "query",
            "required": in_path or not (field.has_default or field.is_optional),
            "schema": {key: value for key, value in schema.items() if key not in ("title", "description", "default")},
        }

    for name in handler.opt.get("filters", ()):
        yield {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    return next(iter(schema["$defs"].values())) if "$ref" in schema and "$defs" in schema else dict(schema)


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": {"type": "string"}}


def _upload(form: type[BaseModel]) -> dict[str, Any]:
    schema = form.model_json_schema(ref_template=REFERENCE)
    properties = {"file": {"type": "string", "format": "binary"}, **schema.get("properties", {})}
    return {**schema, "properties": properties, "required": ["file", *schema.get("required", [])]}


def _responses(
    route: HTTPRoute, handler: HTTPRouteHandler, writes: bool, places: dict[Any, dict[str, Any]]
) -> dict[str, Any]:
    opt = handler.opt
    answer, codes = opt.get("answer"), {503}
    if not opt.get("public"):
        codes |= {401, 403}
    if route.path_parameters:
        codes |= {404}
    if any(each["in"] == "query" for each in _parameters(handler)):
        codes |= {422}
    if writes:
        codes |= {400, 404, 409, 412, 413, 415, 422}
    good: dict[str, Any] = {"description": "Done" if writes else "Found"}
    if "bytes" in opt:
        good["content"] = {opt["bytes"]: {"schema": {"type": "string", "format": "binary"}}}
    elif answer is not None:
        good["content"] = {"application/json": {"schema": places[(answer, "serialization")]}}
    problem = {"application/problem+json": {"schema": places[(Problem, "serialization")]}}
    refused = {str(code): {"description": PROBLEMS[code], "content": problem} for code in sorted(codes)}
    statuses = opt.get("statuses", (handler.status_code,))
    return {**{str(status): good for status in statuses}, **refused}


routes = [described]
