"""Every error the document announces really comes, and none comes that it does not announce."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import httpx
import pytest
from tests.contract.operations import (
    ADD_EVIDENCE,
    ASK,
    CANCEL,
    CAPABILITIES,
    CASE_EVENTS,
    DELETE_CASE,
    DIAGNOSE_SESSION,
    EVIDENCE_LINES,
    EXPORT_CASE,
    FEEDBACK,
    LIST_CASES,
    METRICS,
    OF_CASES,
    OF_EVIDENCE,
    OF_QUERIES,
    OF_SESSIONS,
    OPEN_CASE,
    OPEN_SESSION,
    OPERATIONS,
    PATCH_CASE,
    PATCH_SESSION,
    RESTORE_CASE,
    SEARCH_EVIDENCE,
    SESSION_EVENTS,
    STORED,
    Operation,
)
from tests.contract.places import EVIDENCE_LIMIT, Place, Places, closed_session, expired_session

from faultmaven.errors import ProblemBody

Key = tuple[str, str, str]
Provoke = Callable[[Places, Operation], httpx.Response]

NOWHERE = {"session_id": "session_0", "case_id": "case_0", "query_id": "query_0", "evidence_id": "evidence_0"}
PROBLEM = "application/problem+json"


def with_header(name: str, value: str) -> Provoke:
    return lambda places, operation: operation.send(places.plain, headers={name: value})


def saying(**changes: Any) -> Provoke:
    return lambda places, operation: operation.send(places.plain, **changes)


def too_large(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.small, content=b"x" * (EVIDENCE_LIMIT + 1))


def not_json(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.plain, content=b"{", headers={"Content-Type": "application/json"})


def not_called_json(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.plain, content=b"{}", headers={"Content-Type": "text/plain"})


def unknown(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.plain.having(**NOWHERE))


def on(state: Callable[[Places], Place]) -> Provoke:
    def provoke(places: Places, operation: Operation) -> httpx.Response:
        return operation.send(operation.grantable(state(places)))

    return provoke


def where_tokens_cannot_be_looked_up(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.broken_for_users, params={"challenge": "c", "token_id": "0" * 16})


def after_its_end(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.plain.having(session_id=closed_session(places.plain)))


def after_its_time(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.clock.having(session_id=expired_session(places.clock)))


def of_a_deleted_case(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.deleted)


def naming_a_deleted_case(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.deleted, json=(operation.body or {}) | {"case_id": "{case_id}"})


def naming(**fields: Any) -> Provoke:
    return lambda places, operation: operation.send(places.plain, json=(operation.body or {}) | fields)


def without_boundary(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.plain, headers={"Content-Type": "multipart/form-data"})


def more_than_the_quota(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.small, content=b"x" * 1000)


def context_over_the_quota(places: Places, operation: Operation) -> httpx.Response:
    context = {"case_id": "{case_id}", "context": {"text_data": "x" * 800}}
    return operation.send(places.small, json=(operation.body or {}) | context)


def key_of_another_question(places: Places, operation: Operation) -> httpx.Response:
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Prefer": "respond-async"}
    assert operation.send(places.plain, headers=headers).status_code == 202
    return operation.send(places.plain, headers=headers, json=(operation.body or {}) | {"query": "And why now?"})


def one_too_many(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.small, json=(operation.body or {}) | {"case_id": "{busy_case_id}"})


def already_finished(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.plain)


def too_early(places: Places, operation: Operation) -> httpx.Response:
    return operation.send(places.small.having(query_id=places.small.ids["running_query_id"]))


def each(operations: Iterable[Operation], code: str, provoke: Provoke) -> dict[Key, tuple[Operation, Provoke]]:
    return {(one.method, one.path, code): (one, provoke) for one in operations}


TAKING_JSON = [OPEN_SESSION, PATCH_SESSION, ASK, FEEDBACK, OPEN_CASE, PATCH_CASE]
WRITING = [one for one in STORED if one.method != "GET"]

ERRORS: dict[Key, tuple[Operation, Provoke]] = {
    **each(OPERATIONS, "foreign_host", with_header("Host", "evil.example")),
    **each(OPERATIONS, "foreign_origin", with_header("Origin", "https://evil.example")),
    **each([*STORED, CAPABILITIES], "forbidden_fetch", with_header("Sec-Fetch-Mode", "navigate")),
    **each([*STORED, METRICS], "unauthenticated", with_header("Authorization", "Bearer wrong")),
    **each([one for one in STORED if one.method in ("POST", "PATCH")], "too_large", too_large),
    **each(STORED, "internal_error", on(lambda places: places.broken)),
    **each([METRICS, CAPABILITIES], "internal_error", where_tokens_cannot_be_looked_up),
    **each(WRITING, "unavailable", on(lambda places: places.capped)),
    **each(WRITING, "storage_full", on(lambda places: places.full)),
    **each([*OF_SESSIONS, DIAGNOSE_SESSION, ASK], "session_not_found", unknown),
    **each([*OF_SESSIONS, ASK], "session_ended", after_its_end),
    **each([*OF_SESSIONS, ASK], "session_expired", after_its_time),
    **each([*OF_CASES, RESTORE_CASE], "case_not_found", unknown),
    **each([PATCH_SESSION, ASK], "case_not_found", naming(case_id="case_0")),
    **each(OF_QUERIES, "query_not_found", unknown),
    **each(OF_EVIDENCE, "evidence_not_found", unknown),
    **each([ASK], "evidence_not_found", naming(evidence_ids=["evidence_0"])),
    **each([*OF_CASES, *OF_QUERIES, *OF_EVIDENCE], "case_deleted", of_a_deleted_case),
    **each([PATCH_SESSION, ASK], "case_deleted", naming_a_deleted_case),
    **each([OPEN_SESSION], "invalid_request", naming(timeout_minutes=0)),
    **each([PATCH_SESSION], "invalid_request", naming(metadata=[])),
    **each([ASK], "invalid_request", naming(query=" ")),
    **each([FEEDBACK], "invalid_request", naming(rating="so so")),
    **each([OPEN_CASE, PATCH_CASE], "invalid_request", naming(title="")),
    **each([DELETE_CASE], "invalid_request", with_header("If-Match", "no tag")),
    **each([LIST_CASES], "invalid_request", saying(params={"limit": 0})),
    **each([CASE_EVENTS, SESSION_EVENTS], "invalid_request", saying(params={"after": -1})),
    **each([EXPORT_CASE], "invalid_request", saying(params={"format": "pdf"})),
    **each([ADD_EVIDENCE], "invalid_request", saying(params={"answers_check": "x" * 201})),
    **each([EVIDENCE_LINES], "invalid_request", saying(params={"from": 0})),
    **each([SEARCH_EVIDENCE], "invalid_request", saying(params={"q": ""})),
    **each([CAPABILITIES], "invalid_request", saying(params={"challenge": "no spaces"})),
    **each(TAKING_JSON, "malformed_request", not_json),
    **each(TAKING_JSON, "unsupported_media_type", not_called_json),
    **each([ADD_EVIDENCE], "malformed_request", without_boundary),
    **each([PATCH_SESSION, PATCH_CASE, DELETE_CASE], "precondition_failed", with_header("If-Match", '"yesterday\'s"')),
    **each([ASK], "idempotency_mismatch", key_of_another_question),
    **each([ASK], "queue_full", one_too_many),
    **each([ADD_EVIDENCE], "quota_reached", more_than_the_quota),
    **each([ASK], "quota_reached", context_over_the_quota),
    **each([CANCEL], "query_finished", already_finished),
    **each([FEEDBACK], "query_not_finished", too_early),
}


def announced(document: dict[str, Any]) -> dict[Key, int]:
    """(method, path, code) → status, as the examples have it."""
    return {
        (method.upper(), path, code): int(status)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for status, response in operation["responses"].items()
        for code in response.get("content", {}).get(PROBLEM, {}).get("examples", {})
    }


def test_every_announced_error_is_provoked_and_no_other(document: dict[str, Any]) -> None:
    assert set(announced(document)) == set(ERRORS)


def test_every_operation_is_known_here(document: dict[str, Any]) -> None:
    there = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    assert there == {(one.method, one.path) for one in OPERATIONS}


@pytest.mark.parametrize("key", sorted(ERRORS), ids=" ".join)
def test_an_announced_error_really_comes(key: Key, document: dict[str, Any], places: Places) -> None:
    operation, provoke = ERRORS[key]
    response = provoke(places, operation)
    assert response.headers["content-type"] == PROBLEM, response.status_code
    problem = ProblemBody.model_validate_json(response.content, strict=True)
    assert (problem.code, problem.status, response.status_code) == (key[2], announced(document)[key], problem.status)
    example = document["components"]["examples"][problem.code]["value"]
    same = ("type", "title", "status", "code", "recovery")
    assert {name: response.json()[name] for name in same} == {name: example[name] for name in same}
    assert problem.correlation_id == response.headers["x-correlation-id"]
    assert (problem.errors is None) == (problem.code != "invalid_request")
    for name in document["paths"][key[1]][key[0].lower()]["responses"][str(problem.status)]["headers"]:
        assert name in response.headers
