"""The state machine's way to a server: one plain connection a caller, fast, and indifferent to a server that dies."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.faults.state_operations import (
    ABSENT,
    Ask,
    Cancel,
    Diagnose,
    End,
    EndOthers,
    Heartbeat,
    Json,
    ListAll,
    Open,
    OpenCase,
    Operation,
    Patch,
    Read,
    ReadCase,
    ReadQuery,
    Told,
)
from tests.servers import PATIENCE

API = "/api/v1"
# The server closes connections that were idle for five seconds.
IDLE_SECONDS = 3.0


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """`body` with its times as microseconds."""

    status: int
    body: Json
    etag: str | None
    raw: str

    @property
    def told(self) -> Told:
        ids = {name: self.body.get(name) for name in ("session_id", "case_id", "query_id")}
        return Told(self.status, **ids)


class Caller:
    """One connection of one user. Any of its calls may raise OSError or HTTPException when the server dies."""

    def __init__(self, address: str, bearer: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        self._headers = {"Authorization": f"Bearer {bearer}"}
        self._used = 0.0

    def call(self, request: Request) -> Reply:
        self.send(request)
        return self.receive()

    def send(self, request: Request) -> None:
        """Without waiting for the answer; `receive` gives it."""
        if time.monotonic() - self._used > IDLE_SECONDS:
            self.close()
        headers = self._headers | request.headers
        body = None
        if request.body is not None:
            body = json.dumps(request.body).encode()
            headers["Content-Type"] = "application/json"
        self._connection.request(request.method, API + request.path, body, headers)

    def receive(self) -> Reply:
        response = self._connection.getresponse()
        raw = response.read().decode()
        self._used = time.monotonic()
        body = _with_moments(json.loads(raw)) if raw else {}
        return Reply(response.status, body, response.headers["ETag"], raw)

    def frames(self, session_id: str, after: int) -> Iterator[Json]:
        """Events of the user's stream, as they come, until somebody ends it."""
        self.send(Request("GET", f"/sessions/{session_id}/events?after={after}"))
        response = self._connection.getresponse()
        assert response.status == 200, response.read()
        return _frames(response)

    def close(self) -> None:
        """The next call makes a new connection."""
        self._connection.close()


def _frames(response: http.client.HTTPResponse) -> Iterator[Json]:
    while line := response.readline():
        if line.startswith(b"id: "):
            number = int(line[4:])
            kind = response.readline().decode().removeprefix("event: ").strip()
            event: Json = json.loads(response.readline().removeprefix(b"data: "))
            assert (number, kind) == (event["cursor"], event["type"]), f"{number} {kind} is not {event}"
            yield event


def request_of(operation: Operation, tag: str | None = None) -> Request:
    """`tag` goes along as If-Match."""
    match operation:
        case Open(client, minutes, metadata):
            given = {"client_id": client, "timeout_minutes": minutes, "metadata": metadata}
            return Request("POST", "/sessions", {name: one for name, one in given.items() if one is not None})
        case Read(session):
            return Request("GET", f"/sessions/{session}")
        case ListAll():
            return Request("GET", "/sessions")
        case Diagnose(session):
            return Request("GET", f"/sessions/{session}/diagnosis")
        case Heartbeat(session):
            return Request("POST", f"/sessions/{session}/heartbeat")
        case Patch(session, metadata, case):
            body: Json = {} if metadata is None else {"metadata": metadata}
            body |= {} if case == ABSENT else {"case_id": case}
            return Request("PATCH", f"/sessions/{session}", body, {"If-Match": tag} if tag else {})
        case End(session):
            return Request("DELETE", f"/sessions/{session}")
        case EndOthers(session):
            return Request("POST", f"/sessions/{session}/end-others")
        case OpenCase(title):
            return Request("POST", "/cases", {"title": title})
        case ReadCase(case):
            return Request("GET", f"/cases/{case}")
        case Ask():
            return _question(operation)
        case ReadQuery(query):
            return Request("GET", f"/queries/{query}")
        case Cancel(query):
            return Request("POST", f"/queries/{query}/cancel")


def _question(ask: Ask) -> Request:
    headers = {} if ask.wait else {"Prefer": "respond-async"}
    headers |= {"Idempotency-Key": ask.key} if ask.key else {}
    body: Json = {"session_id": ask.session, "query": ask.text}
    body |= {"case_id": ask.case} if ask.case else {}
    body |= {"evidence_ids": [ask.evidence]} if ask.evidence else {}
    return Request("POST", "/query", body, headers)


def _with_moments(value: Any, name: str = "") -> Any:
    match value:
        case dict():
            return {key: _with_moments(one, key) for key, one in value.items()}
        case list():
            return [_with_moments(one) for one in value]
        case str() if name.endswith("_at"):
            moment = datetime.fromisoformat(value)
            return int(moment.timestamp()) * 1_000_000 + moment.microsecond
        case _:
            return value
