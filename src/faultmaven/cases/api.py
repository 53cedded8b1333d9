"""Cases over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import Response as Answer

from faultmaven.bus import Bus
from faultmaven.cases import log, service, stream
from faultmaven.cases.events import CaseStatus
from faultmaven.cases.model import Case, CaseList, DeletedCase, EventPage, OpenCase, PatchCase
from faultmaven.database import Database, Transaction
from faultmaven.errors import (
    CaseDeleted,
    CaseNotFound,
    InvalidRequest,
    Malformed,
    Responses,
    Stale,
    Unauthenticated,
    documented,
)
from faultmaven.etags import ANY, ETAG, TAGGED, IfMatch
from faultmaven.identity import service as identity
from faultmaven.identity.guards import CurrentUser
from faultmaven.identity.service import User
from faultmaven.settings import Settings

After = Annotated[int | None, Query(ge=0, le=1 << 53, description="Events after this number")]
# OpenAPI says what is acceptable by the content types of responses, and forbids a parameter of this name.
Accept = Annotated[str | None, Header(include_in_schema=False)]
PER_PAGE = Annotated[int, Query(ge=1, le=200)]
NAMED = (CaseNotFound, CaseDeleted)
STREAMED: Responses = {
    200: {
        "description": "As JSON, or as a stream of frames with one event in the `data` of each",
        "content": {stream.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Frame"}}},
    }
}
LOCATION: dict[str, Any] = {"Location": {"required": True, "schema": {"type": "string"}}}

OnDelete = Callable[[Transaction, User, str], None]


def routes(database: Database, bus: Bus, settings: Settings, on_delete: OnDelete) -> APIRouter:
    """`on_delete(transaction, user, case_id)` lets features above stop their work on a case in the same transaction."""
    router = APIRouter(prefix="/api/v1", tags=["cases"])

    @router.get("/cases", responses=documented(InvalidRequest))
    async def list_cases(
        user: CurrentUser,
        q: Annotated[str, Query(max_length=500, description="Text in title, questions, answers or resolution")] = "",
        status: CaseStatus | None = None,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        limit: PER_PAGE = 50,
    ) -> CaseList:
        """Newest first, a page at a time."""
        return await database.scan(service.list_cases, user, service.Wanted(q, status, cursor, limit))

    @router.post(
        "/cases",
        status_code=201,
        responses=documented(InvalidRequest, Malformed) | {201: {"headers": LOCATION | ETAG}},
    )
    async def open_case(response: Response, user: CurrentUser, body: OpenCase | None = None) -> Case:
        case = await database.write(service.open_case, user, body or OpenCase())
        response.headers["Location"] = f"/api/v1/cases/{case.case_id}"
        return _tagged(response, case)

    @router.get("/cases/{case_id}", responses=documented(*NAMED) | TAGGED)
    async def get_case(case_id: str, response: Response, user: CurrentUser) -> Case:
        return _tagged(response, await database.read(service.get_case, user, case_id))

    @router.patch("/cases/{case_id}", responses=documented(*NAMED, Stale, InvalidRequest, Malformed) | TAGGED)
    async def patch_case(
        case_id: str, body: PatchCase, response: Response, user: CurrentUser, if_match: IfMatch = ANY
    ) -> Case:
        """Title, status and resolution, what is absent stays; with If-Match only if nobody changed them meanwhile."""
        return _tagged(response, await database.write(service.patch_case, user, case_id, body, if_match))

    @router.delete("/cases/{case_id}", responses=documented(*NAMED, Stale, InvalidRequest))
    async def delete_case(case_id: str, user: CurrentUser, if_match: IfMatch = ANY) -> DeletedCase:
        """Hides the case at once; files, events and answers go for good when it can no longer be restored."""

        def delete(transaction: Transaction) -> DeletedCase:
            deleted = service.delete_case(transaction, user, case_id, settings.undo_hours, if_match)
            on_delete(transaction, user, case_id)
            return deleted

        return await database.write(delete)

    @router.post("/cases/{case_id}/restore", responses=documented(CaseNotFound) | TAGGED)
    async def restore_case(case_id: str, response: Response, user: CurrentUser) -> Case:
        """Takes a deletion back, as long as it is not final."""
        return _tagged(response, await database.write(service.restore_case, user, case_id, settings.undo_hours))

    @router.get(
        "/cases/{case_id}/events",
        response_model=EventPage,
        responses=documented(*NAMED, InvalidRequest) | STREAMED,
    )
    async def case_events(
        case_id: str,
        user: CurrentUser,
        after: After = None,
        limit: PER_PAGE = log.PAGE,
        accept: Accept = None,
        last_event_id: stream.LastEventId = None,
    ) -> Answer:
        """A JSON page, or with `Accept: text/event-stream` all that came after and then what comes."""
        start = stream.resume_after(after, last_event_id)
        await database.read(service.get_case, user, case_id)
        if stream.wants_stream(accept):
            topics = (log.topic_of_case(case_id), *identity.topics_of_token(user))
            followed = stream.Followed(topics, log.of_case, case_id, stream.by_seq, _lease, (user, case_id))
            return stream.EventStream(database, bus, followed, start)
        page = await database.scan(log.of_case, case_id, start, limit + 1)
        return Answer(_page(page, limit), media_type="application/json")

    return router


def _tagged(response: Response, case: Case) -> Case:
    response.headers["ETag"] = service.etag(case)
    return case


def _page(found: list[log.Recorded], limit: int) -> str:
    """The events are stored as JSON; a page is only put around them."""
    page = found[:limit]
    more = f',"next_cursor":{page[-1].seq}' if len(found) > limit else ""
    return f'{{"events":[{",".join(event.body for event in page)}]{more}}}'


def _lease(transaction: Transaction, user: User, case_id: str) -> float | stream.Closing:
    if not identity.signed_in(transaction, user):
        return stream.Closing(Unauthenticated.code)
    alive = service.is_live(transaction, user.id, case_id)
    return stream.KEEPALIVE_SECONDS if alive else stream.Closing(CaseDeleted.code)
