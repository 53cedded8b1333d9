"""One server for all tests that do not need their own, and makers of what tests start from."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.servers import Process, Timed, running, timed

Start = Callable[..., AbstractContextManager[Process]]
StartTimed = Callable[..., AbstractContextManager[Timed]]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Shared: tests open sessions and cases of their own and leave others' alone."""
    with running(tmp_path_factory.mktemp("shared") / "data", max_sessions_per_user="10000") as process:
        yield process


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """`with start(retention_days="1") as server:` a server of the test's own, always on the same data folder."""
    return partial(running, tmp_path / "data")


@pytest.fixture
def start_timed(tmp_path: Path) -> StartTimed:
    """`with start_timed() as server:` the same under a clock that the test turns."""
    return partial(timed, tmp_path / "data")


@pytest.fixture
def api(server: Process) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def open_session(api: httpx.Client, **body: Any) -> dict[str, Any]:
    """A session of a client of its own, unless `client_id` says otherwise."""
    answer = api.post("/api/v1/sessions", json={"client_id": f"test-{uuid.uuid4()}"} | body)
    assert answer.status_code in (200, 201), answer.text
    opened: dict[str, Any] = answer.json()
    return opened


def make_case(api: httpx.Client, title: str = "A case") -> str:
    answer = api.post("/api/v1/cases", json={"title": title})
    assert answer.status_code == 201, answer.text
    case_id: str = answer.json()["case_id"]
    return case_id


def add_evidence(api: httpx.Client, case_id: str, content: bytes, name: str = "app.log") -> str:
    answer = api.post(f"/api/v1/cases/{case_id}/evidence", params={"name": name}, content=content)
    assert answer.status_code == 201, answer.text
    evidence_id: str = answer.json()["evidence_id"]
    return evidence_id


def ask(api: httpx.Client, session_id: str, query: str, **more: Any) -> dict[str, Any]:
    """The finished answer."""
    answer = api.post("/api/v1/query", json={"session_id": session_id, "query": query} | more)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
