"""The one place that assembles: settings in, an ASGI application out, with everything started in its lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Annotated, Literal

import structlog
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import iter_route_contexts
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
from faultmaven.contract import contract, operation_id
from faultmaven.database import Clock, now_micros
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
from faultmaven.identity.guards import Guard, LocalUser, Rules
from faultmaven.identity.service import local_user
from faultmaven.identity.tokens import CHALLENGE, proof
from faultmaven.observability import ASGIApp, Metrics, Observe, Receive, Scope, Send, correlation_id
from faultmaven.sessions import api as sessions_api
from faultmaven.sessions import service as sessions
from faultmaven.sessions.service import Lifetimes
from faultmaven.settings import Settings
from faultmaven.sqlite import SqliteDatabase

log = structlog.get_logger()

SWEEP_SECONDS = 30.0
# What is younger may be an upload whose row is about to be written.
ORPHAN_SECONDS = 600.0
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
    mode: Literal["local"]
    auth: Literal["bearer", "none"]
    bound: str
    engines: list[EngineInfo]
    limits: LimitInfo
    proof: Maybe[str] = Field(
        default=None,
        description="For `?challenge=N`: hex HMAC-SHA256, keyed with the token, of `faultmaven|<bound>|N`",
    )


class Application:
    """One server. `bound` is the `host:port` it listens on; `token` None lets every local program in.

    It is an ASGI application; nothing is opened before its lifespan starts. When the start fails for a reason that a
    person can do something about, `trouble` says it in a sentence.
    """

    def __init__(self, settings: Settings, bound: str, token: str | None, clock: Clock = now_micros) -> None:
        self.settings = settings
        self.bus = Bus()
        self.metrics = Metrics()
        self._bound = bound
        self._token = token
        self._user = LocalUser()
        self.trouble = ""
        self._store = Store(settings.evidence_dir)
        self._lifetimes = Lifetimes(
            settings.session_absolute_days, settings.closed_session_days, settings.max_sessions_per_user
        )
        self._database = SqliteDatabase(settings.data_dir / "faultmaven.db", self.bus, clock)
        self._engine = EmbeddedEngine(settings.workers)
        self._runner = Runner(self._database, self.bus, self._engine, self._store, self.metrics, settings.workers)
        self.api = self._routes()
        rules = Rules(
            token, _hosts(bound, settings.allowed_hosts), frozenset(settings.allowed_origins), settings.max_body_bytes
        )
        self._asgi: ASGIApp = Observe(Guard(self.api, rules, self._user), self.metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._asgi(scope, receive, send)

    def _routes(self) -> FastAPI:
        api = FastAPI(
            title="FaultMaven",
            version=VERSION,
            lifespan=self._lifespan,
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
            redirect_slashes=False,
            generate_unique_id_function=operation_id,
        )
        limits = answers.Limits(self._lifetimes, self.settings.max_queued_queries, self.settings.max_total_bytes)
        api.include_router(sessions_api.routes(self._database, self.bus, self._lifetimes))
        api.include_router(cases_api.routes(self._database, self.bus, self.settings, answers.cancel_case))
        api.include_router(evidence_api.routes(self._database, self._store, self.settings, answers.forget_evidence))
        api.include_router(
            answers_api.routes(self._database, self.bus, self._store, limits, self.settings.query_wait_seconds)
        )
        api.include_router(export.routes(self._database))
        api.include_router(health.routes(self._database, self.settings.data_dir, self._runner.working))
        api.include_router(page.routes(self._bound))
        self._add_own_routes(api)
        _add_handlers(api)
        return api

    def _add_own_routes(self, api: FastAPI) -> None:
        @api.get("/api/v1/capabilities", tags=["capabilities"], responses=documented(InvalidRequest))
        async def get_capabilities(
            challenge: Annotated[str | None, Query(pattern=f"^{CHALLENGE.pattern}$")] = None,
        ) -> Capabilities:
            """What this server can do; with a challenge, proof that it holds the access token."""
            return self._capabilities(challenge)

        @api.get("/metrics", tags=["health"], response_class=PlainTextResponse)
        async def get_metrics() -> Response:
            """In the Prometheus text format."""
            return Response(self.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

        @api.get("/api/v1/openapi.json", include_in_schema=False)
        async def openapi() -> JSONResponse:
            return JSONResponse(contract(api))

    def _capabilities(self, challenge: str | None) -> Capabilities:
        settings = self.settings
        return Capabilities(
            version=VERSION,
            mode="local",
            auth="bearer" if self._token else "none",
            bound=self._bound,
            engines=[EngineInfo(name="embedded", available=True), EngineInfo(name="llm", available=False)],
            limits=LimitInfo(
                query_characters=QUERY_LIMIT,
                evidence_bytes=settings.max_evidence_bytes,
                body_bytes=settings.max_body_bytes,
                queued_queries=settings.max_queued_queries,
                sessions=settings.max_sessions_per_user,
            ),
            proof=proof(self._token, self._bound, challenge) if self._token and challenge else None,
        )

    @asynccontextmanager
    async def _lifespan(self, _api: FastAPI) -> AsyncIterator[None]:
        try:
            await self._start()
            chores = [asyncio.create_task(self._sweep()), asyncio.create_task(self._warm())]
            log.info("server.started", address=self._bound, data_dir=str(self.settings.data_dir))
            yield
            self.bus.close()
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await self._runner.stop()
        finally:
            await self._database.stop()
        log.info("server.stopped")

    async def _start(self) -> None:
        try:
            self._store.prepare()
            await self._database.start()
            self._user.user = await self._database.write(local_user)
            await self._database.scan(evidence.remove_orphans, self._store)
            await self._runner.start()
        except (OSError, SQLAlchemyError, Problem) as error:
            self.trouble = f"the data folder {self.settings.data_dir} cannot be used: {_reason(error)}"
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
                while await self._database.write(sessions.sweep, self._lifetimes) >= sessions.SWEEP:
                    pass
                await self._database.write(answers.forget_keys)
                await remove_due_cases(self._database, self._store, ages)
                await self._database.scan(evidence.remove_orphans, self._store, ORPHAN_SECONDS)
            except Exception as error:  # sweeping is tried again; a full disk now must not end it for good
                log.error("sweep.failed", exc_info=error)
            await asyncio.sleep(SWEEP_SECONDS)


def _reason(error: OSError | SQLAlchemyError | Problem) -> str:
    match error:
        case Problem():
            return error.detail
        case OSError():
            return error.strerror or str(error)
        case _:
            return str(getattr(error, "orig", error))


def _hosts(bound: str, allowed: tuple[str, ...]) -> frozenset[str]:
    port = bound.rpartition(":")[2]
    return frozenset({f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", *allowed})


def _add_handlers(api: FastAPI) -> None:
    @api.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> Response:
        return _response(error)

    @api.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> Response:
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
    return JSONResponse(problem.body(correlation_id()), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


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
