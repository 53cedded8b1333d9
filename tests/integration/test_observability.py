"""What the server tells about itself: log lines, correlation ids, traces, numbers, and nothing of what it was shown."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import Any

import httpx
import pytest
from tests.following import follow
from tests.integration.conftest import Start, add_evidence, ask, make_case, open_session
from tests.servers import Process
from tests.tampering import execute

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
# In the words of either database.
NO_TABLE = re.compile("no such table|relation .* does not exist")
MADE_UP = re.compile(r"[0-9a-f]{32}")


def lines(server: Process, **having: object) -> list[dict[str, Any]]:
    """The log lines with these values, soon: a request is logged when its answer has been sent."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = [json.loads(line) for line in server.logged().splitlines(keepends=True) if line.endswith("\n")]
        wanted = [line for line in found if having.items() <= line.items()]
        if wanted:
            return wanted
        time.sleep(0.02)
    return []


def test_every_line_is_json_with_time_level_and_event(start: Start) -> None:
    with start() as server, server.client() as api:
        ask(api, open_session(api)["session_id"], "Why?")
        api.get("/api/v1/sessions/unknown")
        server.stop()
        told = lines(server)
    assert {"server.started", "request", "server.stopped"} <= {line["event"] for line in told}
    assert all({"timestamp", "level", "event"} <= set(line) for line in told)


def test_a_request_is_one_line_that_says_what_it_was(server: Process, api: httpx.Client) -> None:
    session = open_session(api)["session_id"]
    answer = api.get(f"/api/v1/sessions/{session}", params={"secret": "in the query string"})
    (line,) = lines(server, correlation_id=answer.headers["x-correlation-id"])
    assert (line["event"], line["method"], line["status"]) == ("request", "GET", 200)
    assert line["route"] == "/api/v1/sessions/{session_id}"
    assert line["session_id"] == session
    assert line["milliseconds"] > 0
    assert "query string" not in json.dumps(line)


def test_a_question_is_followed_through_the_log(server: Process, api: httpx.Client) -> None:
    session = open_session(api)["session_id"]
    answer = api.post("/api/v1/query", json={"session_id": session, "query": "Why?"})
    query = answer.json()["query_id"]
    (line,) = lines(server, event="request", correlation_id=answer.headers["x-correlation-id"])
    assert (line["session_id"], line["query_id"]) == (session, query)
    # The run happens outside of the request; its lines are found by the query.
    assert {line["event"] for line in lines(server, query_id=query)} > {"request"}
    assert all(line["session_id"] == session for line in lines(server, query_id=query) if "session_id" in line)


@pytest.mark.parametrize("given", ["a", "A-z_0.9", "x" * 128, "9b1c6d1e-3f0a-4a3e-8f2b-5f6f4c0b7d11"])
def test_a_correlation_id_of_ones_own_is_kept(server: Process, given: str) -> None:
    answer = httpx.get(f"{server.url}/api/v1/sessions", headers={"X-Correlation-ID": given})
    assert answer.headers.get_list("x-correlation-id") == [given]
    assert answer.json()["correlation_id"] == given
    assert lines(server, correlation_id=given)


@pytest.mark.parametrize("given", [b"", b"x" * 129, b"a b", b"a/b", "ä".encode(), b'a"b', b"{}", b"<script>"])
def test_any_other_is_replaced(server: Process, given: bytes) -> None:
    headers = [(b"X-Correlation-ID", given)]
    answer = httpx.get(f"{server.url}/api/v1/sessions", headers=headers)
    (returned,) = answer.headers.get_list("x-correlation-id")
    assert MADE_UP.fullmatch(returned)
    assert answer.json()["correlation_id"] == returned


def test_two_requests_have_two_correlation_ids(api: httpx.Client) -> None:
    assert len({api.get("/livez").headers["x-correlation-id"] for _ in range(5)}) == 5


def test_a_trace_goes_on(server: Process, api: httpx.Client) -> None:
    answer = api.get("/api/v1/sessions", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    version, trace, span, flags = answer.headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert re.fullmatch("[0-9a-f]{16}", span)
    assert span != SPAN
    (line,) = lines(server, correlation_id=answer.headers["x-correlation-id"])
    assert line["trace_id"] == TRACE


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
    ],
)
def test_what_is_no_trace_is_not_returned(api: httpx.Client, given: str) -> None:
    assert "traceparent" not in api.get("/livez", headers={"traceparent": given}).headers


def value(api: httpx.Client, name: str) -> float:
    """Of one sample; 0 where there is none yet."""
    found = re.search(f"^{re.escape(name)} (.+)$", api.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def request_count(method: str, route: str, status: int) -> str:
    return f'faultmaven_requests_total{{method="{method}",route="{route}",status="{status}"}}'


def test_requests_are_counted_by_route_and_status(start: Start) -> None:
    with start() as server, server.client() as api:
        sessions = [open_session(api)["session_id"] for _ in range(3)]
        for session in [*sessions, "unknown", "unknown/"]:
            api.get(f"/api/v1/sessions/{session}")
        route = "/api/v1/sessions/{session_id}"
        assert value(api, request_count("POST", "/api/v1/sessions", 201)) == 3
        assert value(api, request_count("GET", route, 200)) == 3
        assert value(api, request_count("GET", route, 404)) == 2
        assert value(api, f'faultmaven_request_seconds_count{{route="{route}"}}') == 5
        assert "unknown" not in api.get("/metrics").text


def test_paths_that_do_not_exist_make_no_new_series(start: Start) -> None:
    with start() as server, server.client() as api:
        for number in range(20):
            api.get(f"/api/v1/nothing/{number}")
        assert value(api, request_count("GET", "none", 404)) == 20
        assert "nothing" not in api.get("/metrics").text


def test_methods_of_ones_own_make_no_new_series(start: Start) -> None:
    with start() as server, server.client() as api:
        for number in range(5):
            api.request(f"MADEUP{number}", "/api/v1/sessions")
        assert "MADEUP" not in api.get("/metrics").text


def test_answers_are_counted_and_timed(start: Start) -> None:
    with start() as server, server.client() as api:
        session = open_session(api)["session_id"]
        for _ in range(2):
            ask(api, session, "Why?")
        assert value(api, 'faultmaven_answers_total{status="completed"}') == 2
        assert value(api, "faultmaven_answer_seconds_count") == 2
        assert 0 < value(api, "faultmaven_answer_seconds_sum") < 20


def test_open_streams_are_counted_while_they_are_open(start: Start) -> None:
    with start() as server, server.client() as api:
        session = open_session(api)["session_id"]
        with follow(api, f"/api/v1/sessions/{session}/events") as stream:
            next(stream)
            with server.client() as other:
                assert value(other, "faultmaven_streams_open") == 1
                other.delete(f"/api/v1/sessions/{session}")
            stream.until("stream.closed")
        assert value(api, "faultmaven_streams_open") == 0


@pytest.fixture
def markers() -> dict[str, str]:
    """Words that can come from nowhere else."""
    names = (
        "question",
        "evidence",
        "file",
        "page",
        "title",
        "comment",
        "metadata",
        "cause",
        "search",
        "client",
        "term",
    )
    return {name: f"{name}{uuid.uuid4().hex}" for name in names}


def test_nothing_of_a_conversation_is_in_the_log(start: Start, markers: dict[str, str]) -> None:
    with start(log_level="debug") as server, server.client() as api:
        converse(api, markers)
        refused(api, markers)
        server.stop()
        log = server.logged()
    assert log.count("\n") >= 20
    assert {name for name, marker in markers.items() if marker in log} == set()
    assert str(server.token) not in log


def converse(api: httpx.Client, markers: dict[str, str]) -> None:
    session = open_session(api, client_id=markers["client"], metadata={"note": markers["metadata"]})["session_id"]
    case = make_case(api, markers["title"])
    log = f"2026-01-02T10:03:05Z ERROR api FATAL: sorry, too many clients already {markers['evidence']}\n" * 3
    evidence = add_evidence(api, case, log.encode(), f"{markers['file']}.log")
    context = {"page_title": markers["page"], "page_content": f"<p>{markers['page']}", "text_data": markers["evidence"]}
    answer = ask(api, session, f"Why does {markers['question']} fail?", case_id=case, context=context)
    api.post(
        f"/api/v1/queries/{answer['query_id']}/feedback", json={"rating": "helpful", "comment": markers["comment"]}
    )
    api.patch(f"/api/v1/cases/{case}", json={"status": "resolved", "resolution": {"cause": markers["cause"]}})
    api.get(f"/api/v1/evidence/{evidence}/search", params={"q": markers["search"]})
    api.get("/api/v1/cases", params={"q": markers["term"]})
    for path in (
        f"cases/{case}/export",
        f"cases/{case}/events",
        f"evidence/{evidence}/raw",
        f"evidence/{evidence}/lines",
    ):
        assert markers["evidence"] in api.get(f"/api/v1/{path}").text
    api.delete(f"/api/v1/cases/{case}")


def refused(api: httpx.Client, markers: dict[str, str]) -> None:
    """Errors, too, speak of what was sent without repeating it in the log."""
    for body in (f'{{"query": "{markers["question"]}"', json.dumps({"query": {"at": markers["question"]}})):
        answer = api.post("/api/v1/query", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)
    api.post("/api/v1/sessions", json={"client_id": markers["client"] + "\n", "metadata": [markers["metadata"]]})


def test_a_failure_is_told_with_its_cause_but_not_with_what_was_sent(start: Start, markers: dict[str, str]) -> None:
    with start() as server, server.client() as api:
        execute(server.data_dir, "ALTER TABLE cases RENAME TO cases_gone")
        answer = api.post("/api/v1/cases", json={"title": markers["title"]})
        assert answer.status_code == 500
        told = lines(server, event="request.failed", correlation_id=answer.json()["correlation_id"])
        server.stop()
        assert NO_TABLE.search(told[0]["exception"])
        assert not [marker for marker in markers.values() if marker in server.logged()]
        assert not NO_TABLE.search(answer.text)
