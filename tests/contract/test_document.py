"""The committed OpenAPI document is the one this code has, is valid, and says what a client needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
from tests.commands import faultmaven
from tests.contract.conftest import COMMITTED
from tests.contract.places import Places
from tests.following import follow

from faultmaven.cases.events import AnyEvent

Json = dict[str, Any]

OPEN = {"/livez", "/readyz", "/api/v1/capabilities"}
PROBLEM = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
UPLOADS = "/api/v1/cases/{case_id}/evidence"


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, there in document["paths"].items():
        for method, operation in there.items():
            yield path, method, operation


def references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for inner in value.values():
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)


def test_it_is_written_anew_when_the_interface_changes() -> None:
    """If this fails: `make contract`, and commit what it changes."""
    assert faultmaven("contract").stdout == COMMITTED.read_text()


def test_it_is_the_same_whatever_is_set_on_a_machine() -> None:
    settings = {"FAULTMAVEN_PORT": "9999", "FAULTMAVEN_MAX_BODY_BYTES": "2048", "PYTHONHASHSEED": "7"}
    assert faultmaven("contract", settings=settings).stdout == COMMITTED.read_text()


def test_the_server_serves_it(places: Places, document: Json) -> None:
    assert places.plain.client.get("/api/v1/openapi.json").json() == document


def test_it_is_valid(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.Draft202012Validator(standing_alone(schema, document)), name


def test_every_reference_leads_somewhere_and_everything_is_referred_to(document: Json) -> None:
    found = set(references(document))
    kinds = ("schemas", "examples", "headers")
    assert found == {f"#/components/{kind}/{name}" for kind in kinds for name in document["components"][kind]}


def test_operations_are_named_for_people(document: Json) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert {"open_session", "heartbeat", "ask", "get_query", "add_evidence", "get_capabilities"} <= set(names)
    assert all("api_v1" not in name for name in names)


def test_everything_but_the_open_paths_needs_a_bearer(document: Json) -> None:
    assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    for path, _, operation in operations(document):
        assert operation.get("security") == (None if path in OPEN else [{"bearer": []}]), path


def test_every_error_is_a_problem(document: Json) -> None:
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if status < "400" or (path, status) == ("/readyz", "503"):
                continue
            (media_type,) = response["content"]
            assert media_type == "application/problem+json"
            assert response["content"][media_type] | PROBLEM == response["content"][media_type]
            assert response["content"][media_type]["examples"]


def test_every_response_names_the_correlation_id(document: Json) -> None:
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            assert response["headers"]["X-Correlation-ID"] == {"$ref": "#/components/headers/CorrelationId"}


@pytest.mark.parametrize("operation_id", ["session_events", "case_events", "ask"])
def test_streams_are_frames_of_events(operation_id: str, document: Json) -> None:
    (content,) = [
        operation["responses"]["200"]["content"]
        for _, _, operation in operations(document)
        if operation["operationId"] == operation_id
    ]
    assert content["text/event-stream"] == {"schema": {"$ref": "#/components/schemas/Frame"}}
    assert ("application/json" in content) == (operation_id != "session_events")


def test_events_are_told_apart_by_their_type(document: Json) -> None:
    schemas = document["components"]["schemas"]
    assert set(references(schemas["StreamedEvent"])) == {
        "#/components/schemas/AnyEvent",
        "#/components/schemas/StreamClosed",
    }
    union = schemas["AnyEvent"]
    assert union["discriminator"]["propertyName"] == "type"
    assert set(union["discriminator"]["mapping"].values()) == set(references(union["oneOf"]))
    assert set(union["discriminator"]["mapping"]) == event_types()
    for name, reference in union["discriminator"]["mapping"].items():
        event = schemas[reference.rpartition("/")[2]]
        assert event["properties"]["type"]["const"] == name
        assert {"type", "cursor", "at"} <= set(event["required"])
        assert {"seq", "case_id"}.isdisjoint(event["required"])


def event_types() -> set[str]:
    union, _ = AnyEvent.__value__.__origin__, AnyEvent
    return {event.model_fields["type"].default for event in union.__args__}


def test_an_answer_is_finished_or_not(document: Json) -> None:
    schemas = document["components"]["schemas"]
    assert set(references(schemas["QueryAnswer"])) == {
        "#/components/schemas/Answered",
        "#/components/schemas/Unanswered",
    }
    assert {"response", "findings", "recommendations", "verdict", "citations"} <= set(schemas["Answered"]["required"])
    assert {"response", "findings", "recommendations"} <= set(schemas["Unanswered"]["required"])
    assert "verdict" not in schemas["Unanswered"]["properties"]


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ("Answered", "confidence_score"),
        ("Answered", "onset"),
        ("Case", "resolution"),
        ("EventPage", "next_cursor"),
        ("Hypothesis", "fault_id"),
        ("Unanswered", "error"),
        ("ProblemBody", "errors"),
        ("Capabilities", "proof"),
    ],
)
def test_what_may_be_left_out_is_never_null(schema: str, field: str, document: Json) -> None:
    shape = document["components"]["schemas"][schema]
    assert field not in shape["required"]
    assert "null" not in json.dumps(shape["properties"][field])


def test_parameters_are_never_null(document: Json) -> None:
    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert "null" not in json.dumps(parameter["schema"])


def test_evidence_is_sent_as_a_form_or_as_it_is(document: Json) -> None:
    content = document["paths"][UPLOADS]["post"]["requestBody"]["content"]
    assert set(content) == {"multipart/form-data", "application/octet-stream"}
    assert content["application/octet-stream"]["schema"] == {"type": "string", "format": "binary"}
    assert content["multipart/form-data"]["schema"]["properties"]["file"]["items"]["format"] == "binary"


def standing_alone(schema: Json, document: Json) -> Json:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": document["components"]}


def test_every_event_of_a_whole_conversation_is_as_described(places: Places, document: Json) -> None:
    """Live, over the stream of a session, until it is closed."""
    shape = jsonschema_rs.Draft202012Validator(standing_alone({"$ref": "#/components/schemas/StreamedEvent"}, document))
    place = places.plain
    session = place.client.post("/api/v1/sessions", json={"client_id": "follower"}).json()
    path = f"/api/v1/sessions/{session['session_id']}"
    with follow(place.client, f"{path}/events", params={"after": session["cursor"]}) as stream:
        converse(place.client, session["session_id"])
        place.client.delete(path)
        frames = list(stream)
    for frame in frames:
        assert [error.message for error in shape.iter_errors(frame.data)] == [], frame.event
        assert frame.data["type"] == frame.event
    seen = {frame.event for frame in frames}
    assert seen >= event_types() - {"session.opened", "session.expired", "answer.failed", "removed"}
    assert frames[-1].data == {"type": "stream.closed", "code": "session_ended"}


def converse(client: Any, session_id: str) -> None:
    """All that can happen in a case short of its removal for good."""
    case = client.post("/api/v1/cases", json={}).json()["case_id"]
    client.patch(f"/api/v1/sessions/{session_id}", json={"case_id": case})
    client.patch(f"/api/v1/cases/{case}", json={"status": "resolved", "resolution": {"cause": "a", "fix": "b"}})
    evidence = client.post(f"/api/v1/cases/{case}/evidence", content=b"x ERROR down\n" * 9).json()["evidence_id"]
    asked = {"session_id": session_id, "query": "Why does it fail?"}
    query = client.post("/api/v1/query", json=asked).json()["query_id"]
    client.post(f"/api/v1/queries/{query}/feedback", json={"rating": "helpful"})
    cancel(client, asked)
    client.delete(f"/api/v1/evidence/{evidence}")
    client.delete(f"/api/v1/cases/{case}")
    client.post(f"/api/v1/cases/{case}/restore")


def cancel(client: Any, asked: Json) -> None:
    """The second of two questions waits for the first, and so can be cancelled in time."""
    first, second = (
        client.post("/api/v1/query", json=asked, headers={"Prefer": "respond-async"}).json()["query_id"] for _ in "12"
    )
    for query in (second, first):
        client.post(f"/api/v1/queries/{query}/cancel")
