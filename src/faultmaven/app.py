"""The one place that assembles: settings in, an ASGI application out, with everything started in its lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from faultmaven import health, page
from faultmaven.answers import api as answers_api
from faultmaven.answers import export
from faultmaven.answers import service as answers
from faultmaven.answers.embedded import EmbeddedEngine
from faultmaven.answers.model import QUERY_LIMIT
from faultmaven.answers.retention import Ages, remove_due_cases
from faultmaven.answers.runner import Runner
from faultmaven.bus import Bus
from faultmaven.cases import api as cases_api
from faultmaven.cases.stream import Streams
from faultmaven.chores import bit_by_bit
from faultmaven.contract import contract, operation_id
from faultmaven.database import Clock, now_micros
from faultmaven.databases import open_database, reason
from faultmaven.diagnosis.report import Maybe
from faultmaven.errors import (
    MEDIA_TYPE,
    FieldError,
    Internal,
    InvalidRequest,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    UnsupportedMedia,
    documented,
)
from faultmaven.evidence import api as evidence_api
from faultmaven.evidence import service as evidence
from faultmaven.evidence.store import Store
from faultmaven.identity.guards import Guard, rules_for
from faultmaven.identity.signing_in import LocalSignIn, TokenSignIn
from faultmaven.identity.tokens import CHALLENGE, TOKEN_ID
from faultmaven.observability import ASGIApp, Metrics, Observe, Receive, Scope, Send, correlation_id, describe
from faultmaven.sessions import api as sessions_api
from faultmaven.sessions import closing
from faultmaven.sessions.closing import Lifetimes
from faultmaven.sessions.failures import SESSION_ID, Failures
from faultmaven.settings import Settings

log = structlog.get_logger()

SWEEP_SECONDS = 30.0
# What is younger may be an upload whose row is about to be written.
ORPHAN_SECONDS = 600.0
ASK_PATH = "/api/v1/query"
VERSION = version("faultmaven")


class EngineInfo(BaseModel):
    name: Literal["embedded", "llm"]
    available: bool


class LimitInfo(BaseModel):
    query_characters: int
    evidence_bytes: int
    body_bytes: int
    queued_queries: int
    sessions: int


class Capabilities(BaseModel):
    """What a client needs before it starts. `bound` is the address this server listens on."""

    version: str
    mode: Literal["local", "token"] = Field(description="`local`: one user; `token`: several, each with tokens")
    auth: Literal["bearer", "none"]
    bound: str
    engines: list[EngineInfo]
    limits: LimitInfo
    proof: Maybe[str] = Field(
        default=None,
        description="For `?challenge=N`: hex HMAC-SHA256 of `faultmaven|<bound>|N`; key: the token's ASCII in mode "
        "local; in mode token, with `?token_id=` too, the ASCII of the token's hex SHA-256",
    )


class Application:
    """One server. `bound` is the `host:port` it listens on.

    `token` is that of local mode, where None lets every local program in; token mode has none.

    It is an ASGI application; nothing is opened before its lifespan starts. When the start fails for a reason that a
    person can do something about, `trouble` says it in a sentence.
    """

    def __init__(self, settings: Settings, bound: str, token: str | None, clock: Clock = now_micros) -> None:
        self.settings = settings
        self.bus = Bus()
        self.metrics = Metrics()
        self._bound = bound
        self.trouble = ""
        self._store = Store(settings.evidence_dir)
        self._lifetimes = Lifetimes(
            settings.session_absolute_days, settings.closed_session_days, settings.max_sessions_per_user
        )
        self._database = open_database(settings, self.bus, clock, alone=True)
        self._auth: Literal["bearer", "none"] = "bearer" if token or settings.auth == "token" else "none"
        self._sign_in = (
            TokenSignIn(self._database, self.bus) if settings.auth == "token" else LocalSignIn(self._database, token)
        )
        self._failures = Failures(self._database, clock)
        self._engine = EmbeddedEngine(settings.workers)
        self._runner = Runner(self._database, self.bus, self._engine, self._store, self.metrics, settings.workers)
        self.api = self._routes()
        guarded = Guard(Streams(self.api), rules_for(settings, bound), self._sign_in)
        self._asgi: ASGIApp = Observe(guarded, self.metrics, self._failures.note)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._asgi(scope, receive, send)

    @property
    def nobody_can_sign_in(self) -> bool:
        """In token mode, when it started before the first token was made."""
        return isinstance(self._sign_in, TokenSignIn) and not self._sign_in.standing.tokens

    def _routes(self) -> FastAPI:
        api = FastAPI(
            title="FaultMaven",
            version=VERSION,
            lifespan=self._lifespan,
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
            redirect_slashes=False,
            # The framework would look for an exporter at every request; our own log and metrics say what it would.
            telemetry={"tracing": False, "metrics": False, "logs": False},
            generate_unique_id_function=operation_id,
        )
        limits = answers.Limits(self._lifetimes, self.settings.max_queued_queries, self.settings.max_total_bytes)
        _include(api, sessions_api.routes(self._database, self.bus, self._lifetimes, self._failures))
        _include(api, cases_api.routes(self._database, self.bus, self.settings, answers.cancel_case))
        _include(api, evidence_api.routes(self._database, self._store, self.settings, answers.forget_evidence))
        _include(
            api, answers_api.routes(self._database, self.bus, self._store, limits, self.settings.query_wait_seconds)
        )
        _include(api, export.routes(self._database))
        _include(api, health.routes(self._database, self.settings.data_dir, self._runner.working))
        _include(api, page.routes(self._bound))
        self._add_own_routes(api)
        _add_handlers(api)
        return api

    def _add_own_routes(self, api: FastAPI) -> None:
        @api.get("/api/v1/capabilities", tags=["capabilities"], responses=documented(InvalidRequest))
        async def get_capabilities(
            challenge: Annotated[str | None, Query(pattern=f"^{CHALLENGE.pattern}$")] = None,
            token_id: Annotated[str | None, Query(pattern=f"^{TOKEN_ID.pattern}$")] = None,
        ) -> Capabilities:
            """What this server can do; with a challenge, proof that it knows the access token."""
            proof = await self._sign_in.proof(self._bound, challenge, token_id) if challenge else None
            return self._capabilities(proof)

        @api.get("/metrics", tags=["health"], response_class=PlainTextResponse)
        async def get_metrics() -> Response:
            """In the Prometheus text format."""
            return Response(self.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

        @api.get("/api/v1/openapi.json", include_in_schema=False)
        async def openapi() -> JSONResponse:
            return JSONResponse(contract(api))

    def _capabilities(self, proof: str | None) -> Capabilities:
        settings = self.settings
        return Capabilities(
            version=VERSION,
            mode=settings.auth,
            auth=self._auth,
            bound=self._bound,
            engines=[EngineInfo(name="embedded", available=True), EngineInfo(name="llm", available=False)],
            limits=LimitInfo(
                query_characters=QUERY_LIMIT,
                evidence_bytes=settings.max_evidence_bytes,
                body_bytes=settings.max_body_bytes,
                queued_queries=settings.max_queued_queries,
                sessions=settings.max_sessions_per_user,
            ),
            proof=proof,
        )

    @asynccontextmanager
    async def _lifespan(self, _api: FastAPI) -> AsyncIterator[None]:
        try:
            await self._start()
            background = (self._sweep(), self._warm(), self._sign_in.watch(), self._failures.run())
            chores = [asyncio.create_task(chore) for chore in background]
            log.info("server.started", address=self._bound, data_dir=str(self.settings.data_dir))
            yield
            self.bus.close()
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await self._runner.stop()
            await self._failures.stop()
        finally:
            await self._database.stop()
        log.info("server.stopped")

    async def _start(self) -> None:
        try:
            self._store.prepare()
            await self._database.start()
            await self._sign_in.start()
            await self._database.scan(evidence.remove_orphans, self._store)
            await self._runner.start()
        except (OSError, SQLAlchemyError, Problem) as error:
            elsewhere = self.settings.database_url and not isinstance(error, OSError)
            what = "the database" if elsewhere else f"the data folder {self.settings.data_dir}"
            self.trouble = f"{what} cannot be used: {reason(error)}"
            raise

    async def _warm(self) -> None:
        try:
            await self._engine.warm()
        except Exception as error:  # no process to be had now: the first question tries again, and says so
            log.warning("workers.not_warm", exc_info=error)

    async def _sweep(self) -> None:
        ages = Ages(self.settings.undo_hours, self.settings.retention_days)
        while True:
            try:
                await bit_by_bit(lambda: self._database.write(closing.sweep, self._lifetimes))
                await remove_due_cases(self._database, self._store, ages)
                await self._database.scan(evidence.remove_orphans, self._store, ORPHAN_SECONDS)
            except Exception as error:  # sweeping is tried again; a full disk now must not end it for good
                log.error("sweep.failed", exc_info=error)
            await asyncio.sleep(SWEEP_SECONDS)


def _include(api: FastAPI, router: APIRouter) -> None:
    """Among the application's own routes: the framework searches an included router twice for every request."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.unique_id = operation_id(route)
        api.routes.append(route)


def _add_handlers(api: FastAPI) -> None:
    @api.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> Response:
        return _response(error)

    @api.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> Response:
        _describe_question(request, error.body)
        return _response(_from_validation(error, request.headers.get("content-type", "")))

    @api.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            return _response(MethodNotAllowed(headers={"Allow": _methods_of(api, request.scope["path"])}))
        return _response(_from_framework(error))

    @api.exception_handler(Exception)
    async def unforeseen(_request: Request, _error: Exception) -> Response:
        return _response(Internal())  # and it is raised on, for the log


def _methods_of(api: FastAPI, path: str) -> str:
    """Of all routes of a path; the framework tells only those of the first."""
    found = (route.methods or () for route in iter_route_contexts(api.routes) if route.path_regex.match(path))
    return ", ".join(sorted(set().union(*found)))


def _response(problem: Problem) -> Response:
    describe(code=problem.code)
    return JSONResponse(problem.body(correlation_id()), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def _describe_question(request: Request, body: Any) -> None:
    """A question that is refused for its form names a session all the same."""
    if request.scope["path"] == ASK_PATH and isinstance(body, dict):
        session_id = body.get("session_id")
        if isinstance(session_id, str) and SESSION_ID.fullmatch(session_id):
            describe(session_id=session_id)


def _from_validation(error: RequestValidationError, content_type: str) -> Problem:
    found = error.errors()
    # Bytes where an object belongs: the framework did not even try to read them, for what they were called.
    if any(one["loc"] == ("body",) and isinstance(one["input"], bytes) for one in found):
        return UnsupportedMedia(
            f"A body of type {content_type or 'unknown'!r} is not taken here; send application/json."
        )
    if any(one["type"] == "json_invalid" for one in found):
        return Malformed("The body is not valid JSON.")
    fields = [FieldError(field=_field(one["loc"]), message=_message(one["msg"])) for one in found]
    return InvalidRequest("; ".join(f"{one.field}: {one.message}" for one in fields[:5]), errors=fields)


def _field(location: tuple[int | str, ...]) -> str:
    """`body.metadata.x` without its first word, except where that is all there is."""
    parts = [str(part) for part in location]
    return ".".join(parts[1:] or parts)


def _message(said: str) -> str:
    return said.removeprefix("Value error, ").removesuffix(".")


def _from_framework(error: HTTPException) -> Problem:
    if isinstance(error.__cause__, Problem):
        return error.__cause__
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            return NotFound("There is nothing at this path.", headers=headers)
        case _:
            return Malformed("The body could not be read; send valid JSON, nested no deeper than necessary.")
