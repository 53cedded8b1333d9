"""Everything that can go wrong for a caller, as RFC 9457 problems.

    Problem
    ├── Malformed ──────────── 400
    ├── InvalidRequest ─────── 422   also IdempotencyMismatch
    ├── Unauthenticated ────── 401
    ├── Forbidden ──────────── 403   ├── ForeignHost  ├── ForeignOrigin  ├── ForbiddenFetch
    ├── NotFound ───────────── 404   ├── SessionNotFound  ├── CaseNotFound  ├── QueryNotFound  ├── EvidenceNotFound
    ├── MethodNotAllowed ───── 405
    ├── Gone ───────────────── 410   ├── SessionExpired  ├── SessionEnded  ├── CaseDeleted
    ├── Conflict ───────────── 409   ├── NotRunning  ├── NotFinished
    ├── Stale ──────────────── 412
    ├── TooLarge ───────────── 413
    ├── UnsupportedMedia ───── 415
    ├── QueueFull ──────────── 429
    ├── Internal ───────────── 500
    ├── Unavailable ────────── 503
    ├── StorageFull ────────── 507
    └── QuotaReached ───────── 507

A problem is raised where the truth is known, and turned into a response in one place.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

Recovery = Literal["create_session", "sign_in", "retry", "none"]

Responses = dict[int | str, dict[str, Any]]

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    field: str
    message: str


class ProblemBody(BaseModel):
    """The one shape of every error."""

    type: str = Field(description="Stable URI reference of this kind of problem")
    title: str
    status: int
    detail: str = Field(description="What happened and what to do, for a person")
    code: str = Field(description="Stable name for programs, snake_case")
    recovery: Recovery
    correlation_id: str
    errors: list[FieldError] | SkipJsonSchema[None] = Field(default=None, exclude_if=lambda value: value is None)


class Problem(Exception):
    """Base of the family. `detail` is one sentence or two for a person: what happened, what to do."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong here"
    recovery: ClassVar[Recovery] = "none"

    def __init__(
        self, detail: str = "", *, headers: dict[str, str] | None = None, errors: list[FieldError] | None = None
    ):
        super().__init__(detail or self.title)
        self.detail = detail or (type(self).__doc__ or self.title).strip().split("\n")[0]
        self.headers = headers or {}
        self.errors = errors

    def body(self, correlation_id: str) -> dict[str, Any]:
        body = {
            "type": f"urn:faultmaven:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "recovery": self.recovery,
            "correlation_id": correlation_id,
        }
        if self.errors is not None:
            body["errors"] = [error.model_dump() for error in self.errors]
        return body


class InvalidRequest(Problem):
    """A field of the request is not acceptable."""

    status, code, title = 422, "invalid_request", "The request is not valid"


def invalid(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", errors=[FieldError(field=field, message=message)])


class IdempotencyMismatch(Problem):
    """This Idempotency-Key was used before with another question; send a new key."""

    status, code, title = 422, "idempotency_mismatch", "Idempotency key reused"


class Malformed(Problem):
    """The request could not be read."""

    status, code, title = 400, "malformed_request", "The request could not be read"


class Unauthenticated(Problem):
    """This needs `Authorization: Bearer` with a valid access token."""

    status, code, title, recovery = 401, "unauthenticated", "Not signed in", "sign_in"


class Forbidden(Problem):
    """This is not allowed."""

    status, code, title = 403, "forbidden", "Not allowed"


class ForeignHost(Forbidden):
    """The Host header names another server than this one."""

    code, title = "foreign_host", "Unknown host"


class ForeignOrigin(Forbidden):
    """Pages of this origin may not use this server."""

    code, title = "foreign_origin", "Unknown origin"


class ForbiddenFetch(Forbidden):
    """The API is not for navigation or no-cors requests."""

    code, title = "forbidden_fetch", "Not a page"


class NotFound(Problem):
    """There is nothing here."""

    status, code, title = 404, "not_found", "Not found"


class SessionNotFound(NotFound):
    """No such session; open a new one."""

    code, title, recovery = "session_not_found", "Session not found", "create_session"


class CaseNotFound(NotFound):
    """No such case."""

    code, title = "case_not_found", "Case not found"


class QueryNotFound(NotFound):
    """No such query."""

    code, title = "query_not_found", "Query not found"


class EvidenceNotFound(NotFound):
    """No such evidence."""

    code, title = "evidence_not_found", "Evidence not found"


class MethodNotAllowed(Problem):
    """This path does not answer to that method."""

    status, code, title = 405, "method_not_allowed", "Method not allowed"


class Gone(Problem):
    """This existed and is gone."""

    status, code, title = 410, "gone", "Gone"


class SessionExpired(Gone):
    """This session has expired; open a new one with the same client_id to carry on."""

    code, title, recovery = "session_expired", "Session expired", "create_session"


class SessionEnded(Gone):
    """This session was ended; open a new one with the same client_id to carry on."""

    code, title, recovery = "session_ended", "Session ended", "create_session"


class CaseDeleted(Gone):
    """This case was deleted; it can be restored for a while."""

    code, title = "case_deleted", "Case deleted"


class Conflict(Problem):
    """This is not possible in the present state."""

    status, code, title = 409, "conflict", "Not possible now"


class NotRunning(Conflict):
    """This query has already come to its end."""

    code, title = "query_finished", "Already finished"


class NotFinished(Conflict):
    """This query has no answer yet."""

    code, title = "query_not_finished", "Not finished"


class Stale(Problem):
    """It has changed since you read it; read it again, then repeat your change."""

    status, code, title, recovery = 412, "precondition_failed", "Changed meanwhile", "retry"


class TooLarge(Problem):
    """This is larger than the server takes."""

    status, code, title = 413, "too_large", "Too large"


class UnsupportedMedia(Problem):
    """This content type is not taken here."""

    status, code, title = 415, "unsupported_media_type", "Unsupported content type"


class QueueFull(Problem):
    """Too many questions are waiting in this case; try again shortly."""

    status, code, title, recovery = 429, "queue_full", "Queue full", "retry"


class Internal(Problem):
    """Something failed here that should not have; the log has it under this correlation id."""

    recovery: ClassVar[Recovery] = "retry"


class Unavailable(Problem):
    """The server cannot do this just now; try again shortly."""

    status, code, title, recovery = 503, "unavailable", "Not available now", "retry"


class StorageFull(Problem):
    """The disk with the data folder is full; nothing was stored. Free some space and try again."""

    status, code, title, recovery = 507, "storage_full", "Disk full", "retry"


class QuotaReached(Problem):
    """All the space for evidence is used; delete cases or evidence that are no longer needed."""

    status, code, title = 507, "quota_reached", "Quota reached"


def documented(*family: type[Problem]) -> Responses:
    """The `responses=` of a route that may answer with these problems; examples are keyed by `code`."""
    told: dict[str, Any] = {}
    for problem in family:
        document(told, problem)
    return {int(status): entry for status, entry in told.items()}


def document(responses: dict[str, Any], problem: type[Problem]) -> None:
    """Adds a problem to the responses of an operation as they stand in an OpenAPI document."""
    entry = responses.setdefault(str(problem.status), {"description": "", "content": {}})
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    content = entry["content"].setdefault(MEDIA_TYPE, {"schema": schema, "examples": {}})
    content["examples"][problem.code] = {"$ref": f"#/components/examples/{problem.code}"}
    entry["description"] = ", ".join(f"`{code}`" for code in content["examples"])


def examples() -> dict[str, Any]:
    """One of each problem, as `document` refers to them. Of those that share a code, what the others inherit from."""
    family = reversed(_family(Problem)[1:])
    return {problem.code: {"summary": problem.title, "value": _example(problem)} for problem in family}


def _family(problem: type[Problem]) -> list[type[Problem]]:
    return [problem, *(one for inner in problem.__subclasses__() for one in _family(inner))]


def _example(problem: type[Problem]) -> dict[str, Any]:
    body = problem().body("5f3c")
    if issubclass(problem, InvalidRequest):
        body["errors"] = [{"field": "query", "message": "must not be empty"}]
    return body
