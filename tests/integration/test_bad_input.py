"""What should not be sent, and the one shape of every refusal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.integration.conftest import Start, make_case, open_session
from tests.integration.problems import SESSIONS, code_of, refused_field
from tests.servers import PATIENCE, Process, timed

QUERY = "/api/v1/query"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'a': 1}",
        b'{"client_id": "a",}',
        b'{"client_id": "\xff"}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"metadata":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"timeout_minutes": ' + b"9" * 10_000 + b"}",
    ],
    ids=["cut", "quotes", "comma", "not UTF-8", "deep", "deep and closed", "deep objects", "a giant number"],
)
@pytest.mark.parametrize("path", [SESSIONS, "/api/v1/cases", QUERY])
def test_what_is_not_readable_json_is_malformed(api: httpx.Client, path: str, body: bytes) -> None:
    assert code_of(api.post(path, content=body, headers=JSON), 400) == "malformed_request"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"timeout_minutes": 0}, "timeout_minutes"),
        ({"timeout_minutes": 1441}, "timeout_minutes"),
        ({"timeout_minutes": -1}, "timeout_minutes"),
        ({"timeout_minutes": "60"}, "timeout_minutes"),
        ({"timeout_minutes": 60.5}, "timeout_minutes"),
        ({"timeout_minutes": True}, "timeout_minutes"),
        ({"timeout_minutes": float("nan")}, "timeout_minutes"),
        ({"timeout_minutes": 1 << 70}, "timeout_minutes"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "x" * 256}, "client_id"),
        ({"client_id": "a\nb"}, "client_id"),
        ({"client_id": "a\x00b"}, "client_id"),
        ({"client_id": "a\x7fb"}, "client_id"),
        ({"client_id": "\ud800"}, "client_id"),
        ({"client_id": 7}, "client_id"),
        ({"client_id": ["a"]}, "client_id"),
        ({"session_type": ""}, "session_type"),
        ({"session_type": "x" * 256}, "session_type"),
        ({"metadata": []}, "metadata"),
        ({"metadata": "a"}, "metadata"),
        ({"metadata": {"a": "x" * 4090}}, "metadata"),
        ({"metadata": {"a": float("nan")}}, "metadata"),
        ({"metadata": {"a": float("inf")}}, "metadata"),
        ({"metadata": {"a": "\ud800"}}, "metadata"),
        ({"metadata": {"\ud800": 1}}, "metadata"),
        ({"metadata": {"a": 1 << 70}}, "metadata"),
        ({"metadata": json.loads('{"a":' * 18 + "1" + "}" * 18)}, "metadata"),
        ([], "body"),
        ("text", "body"),
        (7, "body"),
    ],
)
def test_a_session_is_not_opened_for_what_is_out_of_bounds(api: httpx.Client, body: Any, field: str) -> None:
    answer = api.post(SESSIONS, content=json.dumps(body), headers=JSON)
    assert refused_field(answer) == field


@pytest.mark.parametrize(
    "body",
    [
        {"client_id": "é" * 255, "timeout_minutes": 1440},
        {"timeout_minutes": 1, "metadata": {"a": "x" * 4088}},
        {"metadata": json.loads('{"a":' * 16 + "1" + "}" * 16)},
        {"unknown": 1, "\ud800": 2},
        None,
    ],
)
def test_what_is_just_within_bounds_is_taken(api: httpx.Client, body: Any) -> None:
    answer = api.post(SESSIONS, content=json.dumps(body), headers=JSON)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"query": ""}, "query"),
        ({"query": " \n\t "}, "query"),
        ({"query": "x" * 20_001}, "query"),
        ({"query": "a\x00b"}, "query"),
        ({"query": "\ud800"}, "query"),
        ({"query": 7}, "query"),
        ({"query": None}, "query"),
        ({}, "query"),
        ({"query": "x", "session_id": None}, "session_id"),
        ({"query": "x", "session_id": "x" * 201}, "session_id"),
        ({"query": "x", "session_id": "\ud800"}, "session_id"),
        ({"query": "x", "case_id": 7}, "case_id"),
        ({"query": "x", "evidence_ids": "evidence_1"}, "evidence_ids"),
        ({"query": "x", "evidence_ids": ["e"] * 101}, "evidence_ids"),
        ({"query": "x", "context": []}, "context"),
        ({"query": "x", "context": {"page_title": "x" * 1001}}, "context.page_title"),
        ({"query": "x", "context": {"page_url": "x" * 8193}}, "context.page_url"),
        ({"query": "x", "context": {"text_data": 7}}, "context.text_data"),
    ],
)
def test_a_question_out_of_bounds_is_refused(api: httpx.Client, body: dict[str, Any], field: str) -> None:
    asking = {"session_id": open_session(api)["session_id"]} | body
    assert refused_field(api.post(QUERY, content=json.dumps(asking), headers=JSON)) == field


def test_a_question_is_measured_after_trimming(api: httpx.Client) -> None:
    asking = {"session_id": open_session(api)["session_id"], "query": " " * 50 + "x" * 20_000 + "\n" * 50}
    assert api.post(QUERY, json=asking).json()["query"] == "x" * 20_000


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é"])
def test_a_key_is_a_word_of_visible_characters(api: httpx.Client, key: str) -> None:
    asking = {"session_id": open_session(api)["session_id"], "query": "x"}
    answer = api.post(QUERY, json=asking, headers=[(b"Idempotency-Key", key.encode())])
    assert refused_field(answer) == "idempotency-key"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"status": "closed"}, "status"),
        ({"resolution": "restarted"}, "resolution"),
        ({"resolution": {"cause": "x" * 4001}}, "resolution.cause"),
        ({"resolution": {"fix": 7}}, "resolution.fix"),
    ],
)
def test_a_case_is_not_changed_to_what_is_out_of_bounds(api: httpx.Client, body: dict[str, Any], field: str) -> None:
    path = f"/api/v1/cases/{make_case(api)}"
    before = api.get(path).json()
    assert refused_field(api.patch(path, content=json.dumps(body), headers=JSON)) == field
    assert api.get(path).json() == before


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "closed"}, "status"),
        ({"q": "x" * 501}, "q"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"cursor": "LTk5OTk5OTk5OTk5OTk5OTk5OTk5Ong"}, "cursor"),  # a time that no database takes
        ({"cursor": "€"}, "cursor"),
        ({"cursor": "x" * 501}, "cursor"),
    ],
)
def test_the_list_of_cases_refuses_what_it_cannot_mean(api: httpx.Client, params: dict[str, str], field: str) -> None:
    assert refused_field(api.get("/api/v1/cases", params=params)) == field


@pytest.mark.parametrize(
    ("rest", "params", "field"),
    [
        ("lines", {"from": "0"}, "from"),
        ("lines", {"from": "5"}, "from"),
        ("lines", {"from": "2", "to": "1"}, "to"),
        ("lines", {"from": "1", "to": "1001"}, "to"),
        ("lines", {"column": "-1"}, "column"),
        ("search", {}, "q"),
        ("search", {"q": ""}, "q"),
        ("search", {"q": "a\nb"}, "q"),
        ("search", {"q": "x" * 1001}, "q"),
    ],
)
def test_evidence_is_not_shown_where_it_has_nothing(
    api: httpx.Client, rest: str, params: dict[str, str], field: str
) -> None:
    added = api.post(f"/api/v1/cases/{make_case(api)}/evidence", content=b"one\ntwo\n").json()
    assert refused_field(api.get(f"/api/v1/evidence/{added['evidence_id']}/{rest}", params=params)) == field


@pytest.mark.parametrize("rating", ["", "great", None, 5])
def test_feedback_is_one_of_two_words(api: httpx.Client, rating: Any) -> None:
    asking = {"session_id": open_session(api)["session_id"], "query": "what does ENOSPC mean?"}
    query_id = api.post(QUERY, json=asking).json()["query_id"]
    assert refused_field(api.post(f"/api/v1/queries/{query_id}/feedback", json={"rating": rating})) == "rating"


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", None])
def test_json_must_be_called_json(api: httpx.Client, media_type: str | None) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    answer = api.post(SESSIONS, content=b'{"client_id": "a page of another site may send this"}', headers=headers)
    assert code_of(answer, 415) == "unsupported_media_type"
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_must_name_its_boundary(api: httpx.Client, content_type: str) -> None:
    path = f"/api/v1/cases/{make_case(api)}/evidence"
    answer = api.post(path, content=b"--x--\r\n", headers={"Content-Type": content_type})
    assert code_of(answer, 400) == "malformed_request"


@pytest.mark.parametrize("chunked", [False, True], ids=["with Content-Length", "chunked"])
@pytest.mark.parametrize("path", [SESSIONS, QUERY, "/api/v1/cases"])
def test_a_body_over_the_limit_is_refused(small: httpx.Client, path: str, *, chunked: bool) -> None:
    body = b'{"client_id": "' + b"x" * 5000 + b'"}'
    pieces = (body[at : at + 500] for at in range(0, len(body), 500))
    answer = small.post(path, content=pieces if chunked else body, headers=JSON)
    assert code_of(answer, 413) == "too_large"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that takes only small bodies."""
    with timed(tmp_path_factory.mktemp("small") / "data", max_body_bytes=4096) as server, server.client() as api:
        yield api


def test_the_limit_does_not_count_for_evidence(small: httpx.Client) -> None:
    assert small.post(f"/api/v1/cases/{make_case(small)}/evidence", content=b"x" * 5000).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v2/sessions", 404, "not_found"),
        ("PUT", SESSIONS, 405, "method_not_allowed"),
        ("DELETE", QUERY, 405, "method_not_allowed"),
    ],
)
def test_there_is_nothing_elsewhere(api: httpx.Client, method: str, path: str, status: int, code: str) -> None:
    assert code_of(api.request(method, path), status) == code


def test_one_correlation_id_stands_in_body_header_and_log(server: Process, api: httpx.Client) -> None:
    given = api.get(f"{SESSIONS}/session_unknown", headers={"X-Correlation-ID": "from.the-panel_1"})
    made = api.post(SESSIONS, content=b"{", headers=JSON)
    assert given.headers["x-correlation-id"] == "from.the-panel_1"
    for answer, status in ((given, 404), (made, 400)):
        code_of(answer, status)
        assert [event["status"] for event in logged(server, answer)] == [status]


def logged(server: Process, answer: httpx.Response) -> list[dict[str, Any]]:
    """What the log says under the correlation id of this answer; the last line comes after the answer itself."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        whole_lines = server.logged().rpartition("\n")[0].splitlines()
        events = [json.loads(line) for line in whole_lines if line.startswith("{")]
        ours = [event for event in events if event.get("correlation_id") == answer.headers["x-correlation-id"]]
        if any(event["event"] == "request" for event in ours):
            return ours
    raise AssertionError("the request is not in the log")


@pytest.mark.parametrize("unusable", ["", "a b", "x" * 129, "é", "a;b"])
def test_an_unusable_correlation_id_is_replaced(api: httpx.Client, unusable: str) -> None:
    answer = api.get(SESSIONS, headers=[(b"X-Correlation-ID", unusable.encode())])
    assert answer.status_code == 200
    assert answer.headers["x-correlation-id"] not in ("", unusable)


def test_what_nobody_foresaw_is_told_in_the_same_shape(start: Start) -> None:
    with start() as server, server.client() as api:
        case_id = make_case(api)
        (server.data_dir / "evidence" / "incoming").rmdir()
        answer = api.post(f"/api/v1/cases/{case_id}/evidence", content=b"x")
        assert code_of(answer, 500) == "internal_error"
        assert answer.json()["recovery"] == "retry"
        failed = next(event for event in logged(server, answer) if event["event"] == "request.failed")
        assert "FileNotFoundError" in failed["exception"]
        assert api.get(f"/api/v1/cases/{case_id}").status_code == 200
