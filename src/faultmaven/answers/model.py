"""What goes in and out when a question is asked."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

from faultmaven.cases.text import NOT_BLANK, Text, storable
from faultmaven.diagnosis.report import Maybe, Report

QUERY_LIMIT = 20_000

Status = Literal["queued", "running", "completed", "failed", "cancelled"]
Rating = Literal["helpful", "not_helpful"]
FINISHED = ("completed", "failed", "cancelled")


def _question(value: str) -> str:
    trimmed = storable(value).strip()
    if not trimmed:
        raise ValueError("must not be empty")
    if len(trimmed) > QUERY_LIMIT:
        raise ValueError(f"must be at most {QUERY_LIMIT:,} characters; send a long log as evidence")
    return trimmed


def _encodable(value: str) -> str:
    """A captured page is taken as it is, but for halves of surrogate pairs, which no encoding can hold."""
    return value.encode("utf-8", "replace").decode()


Question = Annotated[str, AfterValidator(_question), Field(json_schema_extra={"minLength": 1, **NOT_BLANK})]
Captured = Annotated[str, AfterValidator(_encodable)]
Id = Annotated[Text, Field(max_length=200)]


class Context(BaseModel):
    """What the asker has in front of them. `page_content` and `text_data` become evidence of the case."""

    page_url: Text | None = Field(default=None, max_length=8192)
    page_title: Text | None = Field(default=None, max_length=1000)
    page_content: Captured | None = None
    text_data: Captured | None = None


class Ask(BaseModel):
    session_id: Id
    query: Question = Field(description=f"1 to {QUERY_LIMIT:,} characters after trimming")
    case_id: Id | None = Field(default=None, description="Absent: the session's open case, else a new one")
    evidence_ids: list[Id] | None = Field(
        default=None,
        max_length=100,
        description="Look only at these; absent: what came with the question, then the rest",
    )
    context: Context | None = None

    def fingerprint(self) -> str:
        """Equal for repetitions of one question; the session is left out, a retry may come from a new one."""
        told = [self.query, self.case_id, self.evidence_ids, self.context.model_dump() if self.context else None]
        return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


class RunError(BaseModel):
    code: str
    detail: str


class Feedback(BaseModel):
    rating: Rating
    comment: Text = Field(default="", max_length=4000)


class QueryState(BaseModel):
    """A question and how far it has come."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    query_id: str
    session_id: str
    case_id: str
    status: Status
    query: str
    evidence_ids: list[str]
    created_at: str
    started_at: Maybe[str] = None
    finished_at: Maybe[str] = None
    error: Maybe[RunError] = None
    feedback: Maybe[Feedback] = None


class Unanswered(QueryState):
    """Not finished, failed or cancelled: `response` is what was written so far."""

    response: str
    findings: list[str] = []
    recommendations: list[str] = []


class Answered(QueryState, Report):
    """The finished answer, flat."""


QueryAnswer = TypeAliasType("QueryAnswer", Answered | Unanswered)


def flat(state: QueryState, report: str | None, written: str) -> bytes:
    """The JSON of a QueryAnswer; `report` is the stored JSON of a Report, `written` the text so far without one."""
    fields: dict[str, Any] = orjson.loads(state.model_dump_json())
    if report is not None:
        return orjson.dumps(fields | orjson.loads(report))
    return orjson.dumps(fields | {"response": written, "findings": [], "recommendations": []})
