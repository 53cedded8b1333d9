"""What goes in and out when a case is spoken about."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from faultmaven.cases.events import AnyEvent, CaseStatus, Resolution
from faultmaven.cases.text import NOT_BLANK, storable
from faultmaven.diagnosis.report import Maybe


def _trimmed(value: str) -> str:
    trimmed = storable(value).strip()
    if not trimmed:
        raise ValueError("must not be empty")
    return " ".join(trimmed.split())


Title = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=NOT_BLANK), AfterValidator(_trimmed)]


class OpenCase(BaseModel):
    title: Title | None = Field(default=None, description="Absent: named after the first question")


class PatchCase(BaseModel):
    """What is absent stays. `resolution` null takes it back."""

    title: Title | None = None
    status: CaseStatus | None = None
    resolution: Resolution | None = None


class Case(BaseModel):
    model_config = ConfigDict(frozen=True)

    case_id: str
    title: str
    status: CaseStatus
    resolution: Maybe[Resolution] = None
    created_at: str
    updated_at: str
    last_seq: int


class CaseList(BaseModel):
    cases: list[Case]
    next_cursor: Maybe[str] = None


class DeletedCase(BaseModel):
    """Restore it with `POST /api/v1/cases/{id}/restore` until then; afterwards it is gone for good."""

    case_id: str
    restorable_until: str


class EventPage(BaseModel):
    """`next_cursor` is the `after` of the next page; absent when this one is the last."""

    events: list[AnyEvent]
    next_cursor: Maybe[int] = None
