"""What goes in and out when a session is spoken about."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from faultmaven.cases.events import EndReason
from faultmaven.diagnosis.report import Maybe

METADATA_BYTES = 4096
METADATA_DEPTH = 16
DEFAULT_TIMEOUT = 60

Status = Literal["active", "expired", "ended"]


# As JSON Schema says what `one_line` checks.
VISIBLE = {"pattern": r"^[^\u0000-\u001f\u007f]*$"}


def one_line(value: str) -> str:
    """For names: no control characters, which would lie in a terminal or a list."""
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError("must not contain control characters")
    return value


def small_json(value: dict[str, Any]) -> dict[str, Any]:
    _check_plain(value, METADATA_DEPTH)
    try:
        size = len(orjson.dumps(value))
    except TypeError as error:
        raise ValueError("must be plain JSON with valid Unicode and 64-bit integers") from error
    if size > METADATA_BYTES:
        raise ValueError(f"must be at most {METADATA_BYTES} bytes of JSON, this is {size}")
    return value


def _check_plain(value: object, levels: int) -> None:
    if levels < 0:
        raise ValueError(f"must not be nested deeper than {METADATA_DEPTH} levels")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must not hold numbers beyond the range of JSON")
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _check_plain(item, levels - 1)


Name = Annotated[str, Field(min_length=1, max_length=255, json_schema_extra=VISIBLE), AfterValidator(one_line)]
Metadata = Annotated[dict[str, Any], AfterValidator(small_json)]


class OpenSession(BaseModel):
    """All of it may be left out. What is left out of a resume stays as it was."""

    client_id: Name | None = Field(
        default=None, description="The client's own lasting name; absent: a new anonymous client"
    )
    timeout_minutes: int | None = Field(
        default=None, ge=1, le=1440, strict=True, description="Idle timeout; 60 if never given"
    )
    session_type: Name | None = Field(default=None, description="`troubleshooting` if never given")
    metadata: Metadata | None = None


class PatchSession(BaseModel):
    """`metadata` is a merge patch (RFC 7396): null removes a key. `case_id` null leaves no case open."""

    metadata: Metadata | None = None
    case_id: str | None = Field(default=None, max_length=200)


class Session(BaseModel):
    model_config = ConfigDict(frozen=True)

    session_id: str
    user_id: str
    client_id: str
    session_type: str
    status: Status
    previous_session_id: str | None
    created_at: str
    last_activity_at: str
    expires_at: str
    timeout_minutes: int
    metadata: dict[str, Any]
    case_id: str | None


class OpenedSession(Session):
    """`cursor` is where the user's log stood: follow from there to miss nothing and repeat nothing."""

    session_resumed: bool
    cursor: int
    message: str


class SessionFailure(BaseModel):
    """A request that named the session and was refused. `path` is the template; `correlation_id` names it in the log.

    A query that was let in and failed while it ran counts as one, with status 500.
    """

    at: str
    status: int
    code: str
    method: str
    path: str
    correlation_id: str


class SessionDiagnosis(BaseModel):
    """What happened to a session. `current_session_id` is the live session its client has now, if it is another one.

    `closed_by_session_id` is the session that ended all others, or the one that room was made for.
    """

    session_id: str
    client_id: str
    status: Status
    opened_at: str
    resumed_count: int
    resumed_at: Maybe[str] = None
    last_activity_at: str
    expires_at: str
    absolute_expires_at: str
    timeout_minutes: int
    closed_at: Maybe[str] = None
    close_reason: Maybe[EndReason] = None
    closed_by_session_id: Maybe[str] = None
    previous_session_id: Maybe[str] = None
    current_session_id: Maybe[str] = None
    failures: list[SessionFailure] = Field(description="Newest first, at most 20")
    explanation: str = Field(description="What happened and what to do, for a person")
    recovery: Literal["none", "create_session"]


class SessionList(BaseModel):
    sessions: list[Session]


class EndedOthers(BaseModel):
    ended_session_ids: list[str]


def merge(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396 for objects."""
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            inner = merged.get(key)
            merged[key] = merge(inner if isinstance(inner, dict) else {}, value)
        else:
            merged[key] = value
    return merged
