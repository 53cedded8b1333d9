"""Questions over HTTP: three ways to wait for an answer."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import anyio.to_thread
import structlog
from fastapi import APIRouter, Header
from fastapi.responses import Response as Answer

from faultmaven.answers import service
from faultmaven.answers.model import FINISHED, Ask, Context, Feedback, QueryAnswer, Unanswered
from faultmaven.answers.service import Asked, Attached, Limits, Sent
from faultmaven.bus import Bus
from faultmaven.cases import log, stream
from faultmaven.cases.api import LOCATION, STREAMED, Accept
from faultmaven.database import Database, Transaction
from faultmaven.errors import (
    CaseDeleted,
    CaseNotFound,
    EvidenceNotFound,
    IdempotencyMismatch,
    InvalidRequest,
    Malformed,
    NotFinished,
    NotRunning,
    Problem,
    QueryNotFound,
    QueueFull,
    QuotaReached,
    Responses,
    SessionEnded,
    SessionExpired,
    SessionNotFound,
    Unauthenticated,
    Unavailable,
    documented,
)
from faultmaven.evidence.model import display_name
from faultmaven.evidence.store import Store
from faultmaven.identity import service as identity
from faultmaven.identity.guards import CurrentUser
from faultmaven.identity.service import User
from faultmaven.identity.signing_in import CHALLENGED
from faultmaven.observability import correlation_id

ASKING = documented(
    Malformed,
    SessionNotFound,
    SessionExpired,
    SessionEnded,
    CaseNotFound,
    CaseDeleted,
    EvidenceNotFound,
    InvalidRequest,
    IdempotencyMismatch,
    QueueFull,
    QuotaReached,
)
NAMED = (QueryNotFound, CaseDeleted)
PENDING: Responses = {
    202: {"model": Unanswered, "description": "Not finished yet; look again at Location", "headers": LOCATION}
}
ASKED: Responses = {200: STREAMED[200] | {"headers": LOCATION}}
LAST_EVENTS = frozenset({"answer.completed", "answer.failed", "answer.cancelled", "answer.removed"})

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$", description="Same key, same question: same answer"),
]


def routes(database: Database, bus: Bus, store: Store, limits: Limits, wait_seconds: float) -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["queries"])

    @router.post("/query", response_model=QueryAnswer, responses=ASKING | PENDING | ASKED)
    async def ask(
        body: Ask,
        user: CurrentUser,
        idempotency_key: IdempotencyKey = None,
        prefer: Annotated[str | None, Header()] = None,
        accept: Accept = None,
    ) -> Answer:
        """The finished answer, or 202 if it takes longer than a minute; as a stream with `Accept: text/event-stream`;
        at once and unfinished with `Prefer: respond-async`."""
        structlog.contextvars.bind_contextvars(session_id=body.session_id)
        asked = await _ask(database, store, user, body, idempotency_key, limits)
        structlog.contextvars.bind_contextvars(query_id=asked.query_id)
        location = {"Location": f"/api/v1/queries/{asked.query_id}"}
        if stream.wants_stream(accept):
            response = stream.EventStream(database, bus, _followed(user, asked), 0)
            response.headers.update(location)
            return response
        if "respond-async" in (prefer or ""):
            return await _flat(database, user, asked, location | {"Preference-Applied": "respond-async"}, done=False)
        done = await _wait(database, bus, user, asked, wait_seconds)
        return await _flat(database, user, asked, location, done=done)

    @router.get("/queries/{query_id}", response_model=QueryAnswer, responses=documented(*NAMED))
    async def get_query(query_id: str, user: CurrentUser) -> Answer:
        """The question and its answer, flat, as far as it has come."""
        return _json(await database.scan(service.get_query, user, query_id))

    @router.post("/queries/{query_id}/cancel", response_model=QueryAnswer, responses=documented(*NAMED, NotRunning))
    async def cancel_query(query_id: str, user: CurrentUser) -> Answer:
        """Stops it; what was written so far stays."""
        await database.write(service.cancel, user, query_id)
        return _json(await database.scan(service.get_query, user, query_id))

    @router.post("/queries/{query_id}/feedback", responses=documented(*NAMED, NotFinished, InvalidRequest, Malformed))
    async def give_feedback(query_id: str, body: Feedback, user: CurrentUser) -> Feedback:
        """Did it help? The last word counts."""
        return await database.write(service.give_feedback, user, query_id, body)

    return router


async def _ask(database: Database, store: Store, user: User, body: Ask, key: str | None, limits: Limits) -> Asked:
    """Context goes to disk before the question is stored, and is taken back if it was refused.

    After any other failure a row may exist, so its file stays: what is in doubt is left to the clean-up.
    """
    attached = await anyio.to_thread.run_sync(_attach, store, body.context) if body.context else []
    try:
        asked = await database.write(service.ask, user, body, Sent(key, correlation_id(), attached), limits)
    except Unavailable:
        raise
    except Problem:
        await anyio.to_thread.run_sync(_take_back, store, attached)
        raise
    if asked.repeated:
        await anyio.to_thread.run_sync(_take_back, store, attached)
    return asked


def _take_back(store: Store, attached: list[Attached]) -> None:
    for one in attached:
        store.discard(one.stored.evidence_id)


def _attach(store: Store, context: Context) -> list[Attached]:
    """All of it, or with StorageFull none."""
    attached: list[Attached] = []
    try:
        if context.page_content:
            content = context.page_content.encode()
            attached.append(Attached(store.keep(content, decode=True), _page_name(context), "text/html"))
        if context.text_data:
            content = context.text_data.encode()
            attached.append(Attached(store.keep(content, decode=True), "pasted text", "text/plain"))
    except BaseException:
        _take_back(store, attached)
        raise
    return attached


def _page_name(context: Context) -> str:
    """The page's title, else its address without query and fragment, which may hold what is nobody's business."""
    if context.page_title and context.page_title.strip():
        return display_name(context.page_title)
    try:
        address = urlsplit(context.page_url or "")
    except ValueError:
        return "page"
    return display_name(f"{address.hostname or ''}{address.path}" or "page")


async def _wait(database: Database, bus: Bus, user: User, asked: Asked, seconds: float) -> bool:
    """Until the query has come to its end, at most so long. True if it has."""
    with bus.listen(*_topics(user, asked)) as listener, anyio.move_on_after(seconds):
        while not listener.closed:
            if await database.read(_is_finished, user, asked.query_id):
                return True
            await listener.wait(seconds)
    return False


def _is_finished(transaction: Transaction, user: User, query_id: str) -> bool:
    """Raises Unauthenticated when the token was revoked while its owner waited."""
    if not identity.signed_in(transaction, user):
        raise Unauthenticated(headers=CHALLENGED)
    return service.status_of(transaction, user, query_id) in FINISHED


def _topics(user: User, asked: Asked) -> tuple[str, ...]:
    return (log.topic_of_case(asked.case_id), *identity.topics_of_token(user))


async def _flat(database: Database, user: User, asked: Asked, headers: dict[str, str], *, done: bool) -> Answer:
    body = await database.scan(service.get_query, user, asked.query_id)
    return _json(body, status=200 if done else 202, headers=headers)


def _json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(body, status_code=status, media_type="application/json", headers=headers)


def _followed(user: User, asked: Asked) -> stream.Followed:
    of_whom = (user, asked.query_id)
    return stream.Followed(_topics(user, asked), log.of_query, asked.query_id, stream.by_seq, _lease, of_whom, _ends_it)


def _ends_it(event: log.Recorded) -> bool:
    return event.type in LAST_EVENTS


def _lease(transaction: Transaction, user: User, query_id: str) -> float | stream.Closing:
    if not identity.signed_in(transaction, user):
        return stream.Closing(Unauthenticated.code)
    there = service.exists(transaction, query_id)
    return stream.KEEPALIVE_SECONDS if there else stream.Closing(QueryNotFound.code)
