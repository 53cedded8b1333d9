"""What every error of the server must be."""

from __future__ import annotations

import httpx

SESSIONS = "/api/v1/sessions"
MEMBERS = {"type", "title", "status", "detail", "code", "recovery", "correlation_id"}


def code_of(answer: httpx.Response, status: int) -> str:
    """The code of a problem that is complete and has this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == (MEMBERS | {"errors"} if problem["code"] == "invalid_request" else MEMBERS)
    assert problem["status"] == status
    assert all(isinstance(problem[name], str) and problem[name] for name in MEMBERS - {"status"})
    assert problem["recovery"] in ("create_session", "sign_in", "retry", "none")
    assert problem["correlation_id"] == answer.headers["x-correlation-id"]
    assert all(set(error) == {"field", "message"} for error in problem.get("errors", ()))
    code: str = problem["code"]
    return code


def refused_field(answer: httpx.Response) -> str:
    """The one field a request was refused for."""
    assert code_of(answer, 422) == "invalid_request"
    (error,) = answer.json()["errors"]
    field: str = error["field"]
    return field


def every_use(api: httpx.Client, session_id: str) -> list[httpx.Response]:
    """The answers of every endpoint that names a session."""
    path = f"{SESSIONS}/{session_id}"
    return [
        api.get(path),
        api.patch(path, json={"metadata": {"a": 1}}),
        api.post(f"{path}/heartbeat"),
        api.post(f"{path}/end-others"),
        api.get(f"{path}/events"),
        api.post("/api/v1/query", json={"session_id": session_id, "query": "What is wrong?"}),
        api.delete(path),
    ]
