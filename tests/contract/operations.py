"""Every operation, and a request that it would grant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.contract.places import LOG, Place

Json = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """`using` names what else than the usual thing a blank of the path takes for the request to be granted."""

    method: str
    path: str
    body: Json | None = None
    raw: bytes | None = None
    parameters: Json = field(default_factory=dict)
    using: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def grantable(self, place: Place) -> Place:
        return place.having(**{blank: place.ids[name] for blank, name in self.using.items()})

    def send(self, place: Place, **changes: Any) -> httpx.Response:
        """The request, changed so as to be refused. What is granted is not read on: it may be an endless stream."""
        sent: Json = {"params": self.parameters}
        if self.raw is not None:
            sent["content"] = self.raw
        elif self.body is not None:
            sent["json"] = self.body
        if "content" in changes or "json" in changes:
            sent.pop("content", None), sent.pop("json", None)
        sent |= changes
        if "json" in sent:
            sent["json"] = filled(sent["json"], place.ids)
        with place.client.stream(self.method, self.path.format_map(place.ids), **sent) as response:
            if response.status_code >= 400:
                response.read()
            return response


def filled(value: Any, ids: dict[str, str]) -> Any:
    match value:
        case str():
            return value.format_map(ids) if value.startswith("{") else value
        case dict():
            return {name: filled(inner, ids) for name, inner in value.items()}
        case list():
            return [filled(inner, ids) for inner in value]
        case _:
            return value


SESSION = "/api/v1/sessions/{session_id}"
CASE = "/api/v1/cases/{case_id}"
QUERY = "/api/v1/queries/{query_id}"
EVIDENCE = "/api/v1/evidence/{evidence_id}"

OPEN_SESSION = Operation("POST", "/api/v1/sessions", {"client_id": "one"})
PATCH_SESSION = Operation("PATCH", SESSION, {"metadata": {"tab": 1}})
SESSION_EVENTS = Operation("GET", f"{SESSION}/events")
DIAGNOSE_SESSION = Operation("GET", f"{SESSION}/diagnosis")
ASK = Operation("POST", "/api/v1/query", {"session_id": "{session_id}", "query": "Why?"})
CANCEL = Operation("POST", f"{QUERY}/cancel", using={"query_id": "running_query_id"})
FEEDBACK = Operation("POST", f"{QUERY}/feedback", {"rating": "helpful"})
LIST_CASES = Operation("GET", "/api/v1/cases")
OPEN_CASE = Operation("POST", "/api/v1/cases", {"title": "Down"})
PATCH_CASE = Operation("PATCH", CASE, {"title": "Still down"})
DELETE_CASE = Operation("DELETE", CASE)
RESTORE_CASE = Operation("POST", f"{CASE}/restore", using={"case_id": "deleted_case_id"})
CASE_EVENTS = Operation("GET", f"{CASE}/events")
EXPORT_CASE = Operation("GET", f"{CASE}/export")
ADD_EVIDENCE = Operation("POST", f"{CASE}/evidence", raw=LOG)
EVIDENCE_LINES = Operation("GET", f"{EVIDENCE}/lines")
SEARCH_EVIDENCE = Operation("GET", f"{EVIDENCE}/search", parameters={"q": "ERROR"})
CAPABILITIES = Operation("GET", "/api/v1/capabilities")
METRICS = Operation("GET", "/metrics")
LIVEZ = Operation("GET", "/livez")
READYZ = Operation("GET", "/readyz")

OF_SESSIONS = (
    Operation("GET", SESSION),
    PATCH_SESSION,
    Operation("DELETE", SESSION),
    Operation("POST", f"{SESSION}/heartbeat"),
    Operation("POST", f"{SESSION}/end-others"),
    SESSION_EVENTS,
)
OF_CASES = (
    Operation("GET", CASE),
    PATCH_CASE,
    DELETE_CASE,
    CASE_EVENTS,
    EXPORT_CASE,
    ADD_EVIDENCE,
    Operation("GET", f"{CASE}/evidence"),
)
OF_QUERIES = (Operation("GET", QUERY), CANCEL, FEEDBACK)
OF_EVIDENCE = (
    Operation("GET", EVIDENCE),
    Operation("DELETE", EVIDENCE),
    EVIDENCE_LINES,
    SEARCH_EVIDENCE,
    Operation("GET", f"{EVIDENCE}/raw"),
)
STORED = (
    OPEN_SESSION,
    Operation("GET", "/api/v1/sessions"),
    *OF_SESSIONS,
    DIAGNOSE_SESSION,
    ASK,
    *OF_QUERIES,
    LIST_CASES,
    OPEN_CASE,
    *OF_CASES,
    RESTORE_CASE,
    *OF_EVIDENCE,
)
OPERATIONS = (*STORED, CAPABILITIES, METRICS, LIVEZ, READYZ)
