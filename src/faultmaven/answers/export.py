"""A case to take away: a post-mortem skeleton in Markdown, or everything in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from fastapi.responses import Response as Answer
from pydantic import BaseModel

from faultmaven.answers import postmortem, service
from faultmaven.answers.model import Answered, QueryAnswer, QueryState, Unanswered, flat
from faultmaven.cases import log
from faultmaven.cases import service as cases
from faultmaven.cases.events import AnyEvent, event_adapter
from faultmaven.cases.model import Case
from faultmaven.database import Database, Transaction
from faultmaven.diagnosis.report import Report
from faultmaven.errors import CaseDeleted, CaseNotFound, InvalidRequest, Responses, documented
from faultmaven.evidence import service as evidence
from faultmaven.evidence.headers import INERT_HEADERS
from faultmaven.evidence.model import Evidence
from faultmaven.identity.guards import CurrentUser
from faultmaven.identity.service import User

FORMATS: Responses = {
    200: {
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/CaseExport"}},
            "text/plain": {"schema": {"type": "string"}},
        }
    }
}


class CaseExport(BaseModel):
    """A whole case. The evidence's bytes are not in it: `GET /api/v1/evidence/{id}/raw` has them."""

    case: Case
    evidence: list[Evidence]
    queries: list[QueryAnswer]
    events: list[AnyEvent]


@dataclass(frozen=True, slots=True)
class WholeCase:
    case: Case
    evidence: list[Evidence]
    queries: list[tuple[QueryState, Report | None]]
    events: list[log.Recorded]


def routes(database: Database) -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["cases"])

    @router.get(
        "/cases/{case_id}/export",
        response_model=CaseExport,
        responses=documented(CaseNotFound, CaseDeleted, InvalidRequest) | FORMATS,
    )
    async def export_case(
        case_id: str,
        user: CurrentUser,
        form: Annotated[Literal["markdown", "json"], Query(alias="format")] = "markdown",
    ) -> Answer:
        """As an attachment: Markdown to finish by hand, or complete JSON."""
        whole = await database.scan(collect, user, case_id)
        if form == "json":
            return _attachment(await run_sync(_json, whole), f"{case_id}.json", "application/json")
        text = await run_sync(postmortem.write, whole.case, whole.evidence, whole.queries)
        return _attachment(text, f"{case_id}.md", "text/plain; charset=utf-8")

    return router


def collect(transaction: Transaction, user: User, case_id: str) -> WholeCase:
    case = cases.get_case(transaction, user, case_id)
    queries = service.of_case(transaction, user, case_id)
    events: list[log.Recorded] = []
    while page := log.of_case(transaction, case_id, events[-1].seq or 0 if events else 0):
        events += page
    return WholeCase(case, evidence.of_case(transaction, user, case_id), queries, events)


def _json(whole: WholeCase) -> str:
    return CaseExport(
        case=whole.case,
        evidence=whole.evidence,
        queries=[_answer(state, report) for state, report in whole.queries],
        events=[event_adapter.validate_json(event.body) for event in whole.events],
    ).model_dump_json(indent=2)


def _answer(state: QueryState, report: Report | None) -> QueryAnswer:
    if report is None:
        return Unanswered.model_validate_json(flat(state, None, ""))
    return Answered.model_validate_json(flat(state, report.model_dump_json(), ""))


def _attachment(text: str, name: str, media_type: str) -> Answer:
    headers = {**INERT_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(text.encode("utf-8", "replace"), media_type=media_type, headers=headers)
