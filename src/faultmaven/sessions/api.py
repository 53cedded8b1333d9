"""Sessions over HTTP, and the live stream of everything that concerns their user."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import Response as Answer

from faultmaven.bus import Bus
from faultmaven.cases import log, stream
from faultmaven.cases.api import LOCATION, STREAMED, After
from faultmaven.database import Database, Transaction
from faultmaven.errors import (
    CaseDeleted,
    CaseNotFound,
    Gone,
    InvalidRequest,
    Malformed,
    NotFound,
    SessionEnded,
    SessionExpired,
    SessionNotFound,
    Stale,
    Unauthenticated,
    documented,
)
from faultmaven.etags import ANY, ETAG, TAGGED, IfMatch
from faultmaven.identity import service as identity
from faultmaven.identity.guards import CurrentUser
from faultmaven.identity.service import User
from faultmaven.sessions import diagnosis, service
from faultmaven.sessions.closing import Lifetimes
from faultmaven.sessions.failures import Failures
from faultmaven.sessions.model import (
    EndedOthers,
    OpenedSession,
    OpenSession,
    PatchSession,
    Session,
    SessionDiagnosis,
    SessionList,
)

NAMED = (SessionNotFound, SessionExpired, SessionEnded)


def routes(database: Database, bus: Bus, limits: Lifetimes, failures: Failures) -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["sessions"])

    @router.post(
        "/sessions",
        responses=documented(InvalidRequest, Malformed)
        | TAGGED
        | {201: {"model": OpenedSession, "description": "A new session", "headers": LOCATION | ETAG}},
    )
    async def open_session(response: Response, user: CurrentUser, body: OpenSession | None = None) -> OpenedSession:
        """The same client id always gets the same live session back."""
        opened = await database.write(service.open_session, user, body or OpenSession(), limits)
        if not opened.session_resumed:
            response.status_code = 201
            response.headers["Location"] = f"/api/v1/sessions/{opened.session_id}"
        response.headers["ETag"] = service.etag(opened)
        return opened

    @router.get("/sessions")
    async def list_sessions(user: CurrentUser) -> SessionList:
        """My live sessions, most recently used first."""
        return SessionList(sessions=await database.read(service.list_sessions, user))

    @router.get("/sessions/{session_id}", responses=documented(*NAMED) | TAGGED)
    async def get_session(session_id: str, response: Response, user: CurrentUser) -> Session:
        session = await database.read(service.get_session, user, session_id, limits)
        response.headers["ETag"] = service.etag(session)
        return session

    @router.patch(
        "/sessions/{session_id}",
        responses=documented(*NAMED, CaseNotFound, CaseDeleted, Stale, InvalidRequest, Malformed) | TAGGED,
    )
    async def patch_session(
        session_id: str,
        body: PatchSession,
        response: Response,
        user: CurrentUser,
        if_match: IfMatch = ANY,
    ) -> Session:
        """Merges `metadata`, sets the open case; with If-Match only if nobody changed them meanwhile."""
        session = await database.write(service.patch_session, user, session_id, body, if_match, limits)
        response.headers["ETag"] = service.etag(session)
        return session

    @router.post("/sessions/{session_id}/heartbeat", responses=documented(*NAMED))
    async def heartbeat(session_id: str, user: CurrentUser) -> Session:
        """I am still here: slides the idle expiry."""
        return await database.write(service.heartbeat, user, session_id, limits)

    @router.post("/sessions/{session_id}/end-others", responses=documented(*NAMED))
    async def end_others(session_id: str, user: CurrentUser) -> EndedOthers:
        """Ends all my sessions but this one."""
        return EndedOthers(ended_session_ids=await database.write(service.end_others, user, session_id, limits))

    @router.delete("/sessions/{session_id}", status_code=204, responses=documented(*NAMED))
    async def end_session(session_id: str, user: CurrentUser) -> None:
        """Ends it for good; its open streams close within a second."""
        await database.write(service.end_session, user, session_id, limits)

    @router.get("/sessions/{session_id}/diagnosis", responses=documented(SessionNotFound))
    async def diagnose_session(session_id: str, user: CurrentUser) -> SessionDiagnosis:
        """What happened to it, in whatever state it is: opened, resumed, closed when and why, what failed lately."""
        waiting = failures.waiting(user.id, session_id)
        return await database.read(diagnosis.diagnose, user, session_id, waiting, limits)

    @router.get(
        "/sessions/{session_id}/events",
        response_class=Answer,
        responses=documented(*NAMED, InvalidRequest) | STREAMED,
    )
    async def session_events(
        session_id: str,
        user: CurrentUser,
        after: After = None,
        last_event_id: stream.LastEventId = None,
    ) -> Answer:
        """Everything that concerns this user, live, for as long as this session lives; numbered by `cursor`."""
        start = stream.resume_after(after, last_event_id)
        await database.read(service.get_session, user, session_id, limits)
        topics = (log.topic_of_user(user.id), *identity.topics_of_token(user))
        of_whom = (user, session_id, limits)
        followed = stream.Followed(topics, log.of_user, user.id, stream.by_cursor, _lease, of_whom)
        return stream.EventStream(database, bus, followed, start)

    return router


def _lease(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> float | stream.Closing:
    """Seconds this session has left to live, or why its streams must close."""
    if not identity.signed_in(transaction, user):
        return stream.Closing(Unauthenticated.code)
    try:
        row = service.live_row(transaction, user, session_id, limits)
    except (NotFound, Gone) as problem:
        return stream.Closing(problem.code)
    left: int = row.expires_at - transaction.now
    return left / 1_000_000 + 0.05
