"""The extension from before sessions were registered: what it sends works unchanged where tokens are switched off.

Its requests were recorded; they stand here as they were, trailing slashes, empty bodies and all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from tests.servers import Process, running

ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
DOCUMENT = json.loads((Path(__file__).parents[2] / "contract" / "openapi.json").read_text())
HEADERS = {
    "Accept": "*/*",
    "Content-Type": "application/json",
    "Origin": ORIGIN,
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "cross-site",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
}
PASTED = "2026-01-02T10:03:05Z ERROR api FATAL: sorry, too many clients already"
PAGE = "<html><body><h1>503</h1><p>upstream connect error</p></body></html>"
CONTEXTS: list[dict[str, str]] = [
    {"page_url": "https://grafana.test/d/1", "browser_info": "Chrome 126", "text_data": ""},
    {"page_url": "https://grafana.test/d/1", "browser_info": "Chrome 126", "text_data": PASTED},
    {"page_url": "https://app.test/", "browser_info": "Chrome 126", "text_data": PASTED, "page_content": PAGE},
]


@pytest.fixture(scope="module")
def tokenless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running(tmp_path_factory.mktemp("original") / "data", local_auth="off") as server:
        yield server


@pytest.fixture
def extension(tokenless: Process) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=tokenless.url, headers=HEADERS, timeout=20, follow_redirects=False) as client:
        yield client


def opened(extension: httpx.Client) -> str:
    answer = extension.post("/api/v1/sessions/")
    assert answer.status_code == 201, answer.text
    session: str = answer.json()["session_id"]
    return session


def question(session_id: str, context: dict[str, str]) -> dict[str, Any]:
    return {"session_id": session_id, "query": "Why is the page broken?", "priority": "normal", "context": context}


def shape(name: str) -> jsonschema_rs.Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.Draft202012Validator(schema)


def described(method: str, path: str) -> dict[str, Any]:
    operation: dict[str, Any] = DOCUMENT["paths"][path][method]
    return operation


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v1/sessions/"), ("POST", "/api/v1/query/"), ("POST", "/api/v1/sessions/session_1/heartbeat")],
)
def test_the_browser_asks_first_and_may(extension: httpx.Client, method: str, path: str) -> None:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "content-type"}
    answer = extension.options(path, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert method in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()


def test_a_session_is_opened_with_an_empty_body(extension: httpx.Client) -> None:
    body = described("post", "/api/v1/sessions").get("requestBody", {})
    assert not body.get("required", False)
    answer = extension.post("/api/v1/sessions/")
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert shape("OpenedSession").is_valid(answer.json())


@pytest.mark.parametrize("context", CONTEXTS, ids=["nothing shown", "a selection", "a page"])
def test_a_question_is_answered(extension: httpx.Client, context: dict[str, str]) -> None:
    body = question(opened(extension), context)
    assert [error.message for error in shape("Ask").iter_errors(body)] == []
    answer = extension.post("/api/v1/query/", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    told = answer.json()
    assert [error.message for error in shape("QueryAnswer").iter_errors(told)] == []
    assert isinstance(told["response"], str)
    assert told["response"]
    assert all(isinstance(line, str) for line in told["findings"] + told["recommendations"])
    assert bool(told["findings"]) == bool(context["text_data"])


def test_what_was_selected_on_the_page_is_what_is_found(extension: httpx.Client) -> None:
    told = extension.post("/api/v1/query/", json=question(opened(extension), CONTEXTS[1])).json()
    assert "too many clients" in json.dumps(told["citations"])
    assert told["recommendations"]


def test_the_heartbeat_keeps_the_session(extension: httpx.Client) -> None:
    session = opened(extension)
    assert "requestBody" not in described("post", "/api/v1/sessions/{session_id}/heartbeat")
    for path in (f"/api/v1/sessions/{session}/heartbeat", f"/api/v1/sessions/{session}/heartbeat/"):
        answer = extension.post(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert shape("Session").is_valid(answer.json())


def test_a_session_it_made_up_itself_is_told_apart(extension: httpx.Client) -> None:
    """The incident: ids invented in the panel. They are refused, readably, with the way out."""
    answer = extension.post("/api/v1/query/", json=question("session_1719403200000_k3j9x", CONTEXTS[0]))
    assert answer.status_code == 404
    assert (answer.json()["code"], answer.json()["recovery"]) == ("session_not_found", "create_session")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Session" in answer.json()["title"]


def test_no_path_is_redirected(extension: httpx.Client) -> None:
    session = opened(extension)
    for path in ("/api/v1/sessions", f"/api/v1/sessions/{session}", "/api/v1/cases", "/api/v1/capabilities", "/livez"):
        assert [extension.get(path + slash).status_code for slash in ("", "/")] == [200, 200], path


def test_with_tokens_it_is_told_to_sign_in(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        answer = httpx.post(f"{server.url}/api/v1/sessions/", headers=HEADERS)
    assert answer.status_code == 401
    assert answer.json()["recovery"] == "sign_in"
