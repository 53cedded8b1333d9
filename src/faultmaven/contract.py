"""The OpenAPI document: what FastAPI derives from the routes, and all that is true without a route saying so.

Guards answer before a route is reached, the database may fail under any of them, and every response carries the
correlation id. Those answers are added here, once, so that a route declares only what it alone can say.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from faultmaven.cases.events import StreamedEvent
from faultmaven.errors import (
    ForbiddenFetch,
    ForeignHost,
    ForeignOrigin,
    Internal,
    Problem,
    ProblemBody,
    StorageFull,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    document,
    examples,
)
from faultmaven.identity.guards import API, needs_bearer

Json = dict[str, Any]

SCHEMAS = "#/components/schemas/{model}"
WITHOUT_DATABASE = ("/livez", "/readyz")
FRAME: Json = {
    "type": "object",
    "title": "Frame",
    "description": "A server-sent event. `id`, where there is one, is the number to resume from. Skip comments.",
    "required": ["event", "data"],
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string", "description": "The `type` of what is in `data`"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/StreamedEvent"},
        },
    },
}
# Who makes the ids that paths are filled with.
MAKERS = {"session_id": "open_session", "case_id": "open_case", "evidence_id": "add_evidence", "query_id": "ask"}
DESCRIPTION = """\
Ids are opaque strings made by the server; times are RFC 3339 in UTC. A path answers with and without a trailing slash.
Every error is `application/problem+json` with a stable `code` and a `recovery`. Unknown fields of requests are ignored.
An `X-Correlation-ID` of 1 to 128 characters of `[A-Za-z0-9._-]` is kept, any other replaced; it is in every response,
every problem and the log. A `traceparent` is honoured and returned. See docs/ for sessions, cases and security."""
HEADERS: Json = {
    "CorrelationId": {"description": "Names this request in the log", "required": True, "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds to wait", "required": True, "schema": {"type": "string"}},
    "Challenge": {"description": "`Bearer`", "required": True, "schema": {"type": "string"}},
}
OF_STATUS = {"401": ("WWW-Authenticate", "Challenge"), "429": ("Retry-After", "RetryAfter")}


def operation_id(route: APIRoute) -> str:
    """Generated clients call the operation by the name of its function."""
    return route.name


def contract(api: FastAPI) -> Json:
    """The document of an application, the same for every start and every machine."""
    made = get_openapi(title=api.title, version=api.version, routes=api.routes, description=DESCRIPTION)
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    _link(made["paths"])
    made["components"] = {
        "schemas": _schemas(made["components"]["schemas"]),
        "examples": _used(examples(), str(made["paths"])),
        "headers": HEADERS,
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    }
    return made


def _complete(path: str, method: str, operation: Json) -> None:
    responses: Json = operation["responses"]
    # FastAPI announces its own validation error wherever there is a parameter; what is really sent, routes declare.
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for parameter in operation.get("parameters", ()):
        _never_null(parameter["schema"])
    for problem in _from_anywhere(path, method):
        document(responses, problem)
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        document(responses, UnsupportedMedia)
    if needs_bearer(path):
        operation["security"] = [{"bearer": []}]
    for status, response in responses.items():
        _name_headers(status, response)
    operation["responses"] = dict(sorted(responses.items()))


def _never_null(schema: Json) -> None:
    """A parameter is there or not; only a body can say null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update(kinds[0])


def _from_anywhere(path: str, method: str) -> list[type[Problem]]:
    """What stands around the routes answers with these."""
    found: list[type[Problem]] = [ForeignHost, ForeignOrigin]
    if path.startswith(API):
        found.append(ForbiddenFetch)
    if needs_bearer(path):
        found.append(Unauthenticated)
    if method in ("post", "patch"):
        found.append(TooLarge)
    if path not in WITHOUT_DATABASE:
        found.append(Internal)
    if method != "get":
        found += [Unavailable, StorageFull]
    return found


def _name_headers(status: str, response: Json) -> None:
    headers = response.setdefault("headers", {})
    if status in OF_STATUS:
        name, component = OF_STATUS[status]
        headers[name] = {"$ref": f"#/components/headers/{component}"}
    headers["X-Correlation-ID"] = {"$ref": "#/components/headers/CorrelationId"}


def _link(paths: Json) -> None:
    """From what makes an id to all that takes it."""
    everything = {one["operationId"]: (path, one) for path, there in paths.items() for one in there.values()}
    for blank, maker in MAKERS.items():
        found = f"$response.body#/{blank}"
        links: Json = {
            name: {"operationId": name, "parameters": {blank: found}}
            for name, (path, _) in everything.items()
            if f"{{{blank}}}" in path
        }
        if blank == "session_id":
            links["ask"] = {"operationId": "ask", "requestBody": {blank: found, "query": "What is wrong?"}}
        for status, response in everything[maker][1]["responses"].items():
            if status < "300":
                response["links"] = links


def _schemas(derived: Json) -> Json:
    """With the shapes that no route returns as its own: problems, and the events of streams."""
    schemas = {
        name: schema for name, schema in derived.items() if name not in ("HTTPValidationError", "ValidationError")
    }
    added: list[tuple[str, TypeAdapter[Any]]] = [
        ("ProblemBody", TypeAdapter(ProblemBody)),
        ("StreamedEvent", TypeAdapter(StreamedEvent)),
    ]
    for name, adapter in added:
        schema = _said(adapter.json_schema(mode="serialization", ref_template=SCHEMAS))
        for inner, inner_schema in schema.pop("$defs", {}).items():
            schemas.setdefault(inner, inner_schema)
        schemas.setdefault(name, schema)
    schemas["Frame"] = FRAME
    return dict(sorted(schemas.items()))


def _said(value: Any) -> Any:
    """Without the defaults of null, which FastAPI leaves out too: what is absent is absent."""
    match value:
        case dict():
            return {name: _said(inner) for name, inner in value.items() if (name, inner) != ("default", None)}
        case list():
            return [_said(inner) for inner in value]
        case _:
            return value


def _used(named: Json, text: str) -> Json:
    return {name: value for name, value in sorted(named.items()) if f"#/components/examples/{name}'" in text}
