"""Everything that can happen, as it stands in the log and on the wire.

Each event of a case has a `seq` without gaps in that case; every event has a `cursor` without gaps in its user's log.
A reader keeps the last number it saw and asks for what came after: history, a second tab, another device and a live
answer are the same code. A number that is missing means fetch, not guess.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator
from typing_extensions import TypeAliasType

from faultmaven.cases.text import Text
from faultmaven.diagnosis.report import Maybe, Report

CaseStatus = Literal["open", "mitigated", "resolved"]
EndReason = Literal["ended", "ended_by_other", "cap", "idle", "absolute"]


class Resolution(BaseModel):
    """What it was, in the words of the person who resolved it. `hypothesis_id` names the hypothesis that was right."""

    hypothesis_id: Maybe[Annotated[Text, Field(max_length=200)]] = None
    cause: Text = Field(default="", max_length=4000)
    fix: Text = Field(default="", max_length=4000)

    @field_validator("hypothesis_id", mode="before")
    @classmethod
    def _given_or_left_out(cls, value: object) -> object:
        if value is None:
            raise ValueError("must be left out rather than null")
        return value


class Event(BaseModel):
    """`seq` and `case_id` are left out of events that belong to no case."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    cursor: int = 0
    case_id: Maybe[str] = None
    seq: Maybe[int] = None
    at: str = ""


class SessionOpened(Event):
    """What another panel needs to show it; `metadata` is left out where an older version stored the event."""

    type: Literal["session.opened"] = "session.opened"
    session_id: str
    client_id: str
    previous_session_id: str | None
    open_case_id: Maybe[str] = None
    metadata: Maybe[dict[str, Any]] = None


class SessionUpdated(Event):
    """The session's open case or its metadata changed."""

    type: Literal["session.updated"] = "session.updated"
    session_id: str
    client_id: str
    open_case_id: str | None
    metadata: dict[str, Any]


class SessionEnded(Event):
    """`closed_by_session_id`: the session that ended all others, or the one that room was made for."""

    type: Literal["session.ended"] = "session.ended"
    session_id: str
    client_id: str
    reason: EndReason
    closed_by_session_id: Maybe[str] = None


class SessionExpired(Event):
    type: Literal["session.expired"] = "session.expired"
    session_id: str
    client_id: str
    reason: EndReason


class CaseOpened(Event):
    type: Literal["case.opened"] = "case.opened"
    title: str
    status: CaseStatus


class CaseUpdated(Event):
    type: Literal["case.updated"] = "case.updated"
    title: str
    status: CaseStatus
    resolution: Maybe[Resolution] = None


class CaseDeleted(Event):
    """Without `restorable_until` it is gone for good: the time to restore it is over, or it was kept long enough."""

    type: Literal["case.deleted"] = "case.deleted"
    restorable_until: Maybe[str] = None


class CaseRestored(Event):
    """As it is again; `title` and `status` are left out where an older version stored the event."""

    type: Literal["case.restored"] = "case.restored"
    title: Maybe[str] = None
    status: Maybe[CaseStatus] = None
    resolution: Maybe[Resolution] = None


class EvidenceAdded(Event):
    type: Literal["evidence.added"] = "evidence.added"
    evidence_id: str
    name: str
    size: int
    lines: int
    sha256: str
    media_type: str
    answers_check: Maybe[str] = None
    decoded_from: Maybe[str] = None


class EvidenceDeleted(Event):
    type: Literal["evidence.deleted"] = "evidence.deleted"
    evidence_id: str


class QuestionAsked(Event):
    """`ahead` questions of this case run first."""

    type: Literal["question.asked"] = "question.asked"
    query_id: str
    session_id: str
    query: str
    evidence_ids: list[str]
    ahead: int = 0


class AnswerStarted(Event):
    """A run begins. A second start, with a higher `attempt`, takes over from a worker that died: text starts anew."""

    type: Literal["answer.started"] = "answer.started"
    query_id: str
    attempt: int


class AnswerProgress(Event):
    type: Literal["answer.progress"] = "answer.progress"
    query_id: str
    attempt: int
    text: str


class AnswerDelta(Event):
    """More of `response`, to be appended."""

    type: Literal["answer.delta"] = "answer.delta"
    query_id: str
    attempt: int
    text: str


class AnswerCompleted(Event):
    type: Literal["answer.completed"] = "answer.completed"
    query_id: str
    attempt: int
    answer: Report


class AnswerFailed(Event):
    type: Literal["answer.failed"] = "answer.failed"
    query_id: str
    attempt: int
    code: str
    detail: str


class AnswerCancelled(Event):
    """What was written so far stays."""

    type: Literal["answer.cancelled"] = "answer.cancelled"
    query_id: str


class AnswerRemoved(Event):
    """The answer quoted evidence that was deleted, and went with it; the question stays."""

    type: Literal["answer.removed"] = "answer.removed"
    query_id: str


class FeedbackGiven(Event):
    type: Literal["feedback.given"] = "feedback.given"
    query_id: str
    rating: Literal["helpful", "not_helpful"]
    comment: str = ""


class Removed(Event):
    """What stood here was deleted for good; only its number is kept."""

    type: Literal["removed"] = "removed"


_AnyEvent = Annotated[
    SessionOpened
    | SessionUpdated
    | SessionEnded
    | SessionExpired
    | CaseOpened
    | CaseUpdated
    | CaseDeleted
    | CaseRestored
    | EvidenceAdded
    | EvidenceDeleted
    | QuestionAsked
    | AnswerStarted
    | AnswerProgress
    | AnswerDelta
    | AnswerCompleted
    | AnswerFailed
    | AnswerCancelled
    | AnswerRemoved
    | FeedbackGiven
    | Removed,
    Field(discriminator="type"),
]
# With a name of its own in JSON Schema, so that generated clients have it too.
AnyEvent = TypeAliasType("AnyEvent", _AnyEvent)


class StreamClosed(BaseModel):
    """The last frame of a stream that ends before its reader wants it to; `code` is that of the problem. Not stored."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    type: Literal["stream.closed"] = "stream.closed"
    code: str


StreamedEvent = TypeAliasType("StreamedEvent", AnyEvent | StreamClosed)

event_adapter: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
