"""What the server says about itself: structured log events, correlation ids, metrics.

Every log line of a request carries its correlation id and, if the caller sent a W3C `traceparent`, its trace id.
No evidence text and no token is ever logged: events carry ids, counts and durations.
"""

from __future__ import annotations

import logging
import random
import re
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from faultmaven.errors import MEDIA_TYPE, Internal, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger()

_correlation: ContextVar[str] = ContextVar("correlation_id", default="")
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def configure_logging(form: str, level: str) -> None:
    """Once, at start. Events go to stderr: as JSON lines, or for a person when `form` is console."""
    people = form == "console" or (form == "auto" and sys.stderr.isatty())
    render: list[Any] = (
        [structlog.dev.ConsoleRenderer()]
        if people
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]
    )
    to_stderr: Any = (
        structlog.PrintLoggerFactory(sys.stderr) if people else structlog.BytesLoggerFactory(sys.stderr.buffer)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=to_stderr,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=logging.WARNING, force=True)


class _ToStructlog(logging.Handler):
    """What a library says in its own words, such as uvicorn of a request it could not read."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log.log(record.levelno, "library", library=record.name, said=record.getMessage(), exc_info=error)


def _json(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _random_hex(bits: int) -> str:
    """Only has to be distinct, never secret: the kernel's randomness would cost a system call a request."""
    return f"{random.getrandbits(bits):0{bits // 4}x}"


def correlation_id() -> str:
    """That of the request being served; empty outside one."""
    return _correlation.get()


class Metrics:
    """The server's own registry, so that two applications in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "faultmaven_requests", "HTTP requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "faultmaven_request_seconds",
            "Time to the end of the response; streams are left out",
            ["route"],
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
        )
        self.streams = Gauge("faultmaven_streams_open", "Event streams open now", registry=self.registry)
        self.answers = Counter("faultmaven_answers", "Queries come to their end", ["status"], registry=self.registry)
        self.answer_seconds = Histogram(
            "faultmaven_answer_seconds",
            "From asking to the end of the answer",
            registry=self.registry,
            buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 300),
        )

    def text(self) -> bytes:
        return generate_latest(self.registry)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A user's request that is answered with 4xx or 5xx. `session_id` is what its body names, if it was read."""

    user_id: str
    session_id: str
    status: int
    code: str
    method: str
    path: str
    correlation_id: str


def describe(**of_request: str) -> None:
    """What is found out about the request being served: its log line says it too."""
    structlog.contextvars.bind_contextvars(**of_request)


class Observe:
    """Outermost ASGI layer: correlation id in and out, one access-log line, metrics, and the last net for errors.

    `refused` is told of a user's request before its caller is.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, refused: Callable[[Refusal], None]) -> None:
        self._app = app
        self._metrics = metrics
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._metrics, self._refused, scope, send).run(self._app, receive)


class _Exchange:
    """One request and its response, watched."""

    __slots__ = ("_metrics", "_refused", "_returned", "_scope", "_send", "_started", "_status", "_streaming")

    def __init__(self, metrics: Metrics, refused: Callable[[Refusal], None], scope: Scope, send: Send) -> None:
        self._metrics = metrics
        self._refused = refused
        self._scope = scope
        self._send = send
        self._started = time.perf_counter()
        self._status = 0
        self._streaming = False
        self._returned: list[tuple[bytes, bytes]] = []

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        self._adopt_ids()
        try:
            await app(self._scope, receive, self._observing_send)
        except Exception as error:  # the last net: whoever asked gets a problem, and the log the traceback
            self._failed(error)
            if not self._status:
                await respond(Internal(), self._observing_send)
        finally:
            self._record()

    def _adopt_ids(self) -> None:
        headers = dict(self._scope["headers"])
        given = headers.get(b"x-correlation-id", b"").decode("latin-1")
        correlation = given if _CORRELATION_ID.fullmatch(given) else _random_hex(128)
        _correlation.set(correlation)
        structlog.contextvars.clear_contextvars()
        self._returned.append((b"x-correlation-id", correlation.encode()))
        trace = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b"").decode("latin-1"))
        if trace is not None and trace[1].strip("0") and trace[2].strip("0"):
            self._returned.append((b"traceparent", f"00-{trace[1]}-{_random_hex(64)}-{trace[3]}".encode()))
            structlog.contextvars.bind_contextvars(correlation_id=correlation, trace_id=trace[1])
        else:
            structlog.contextvars.bind_contextvars(correlation_id=correlation)

    async def _observing_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            if self._status >= 400:
                self._tell_refusal()
            headers = [*message.get("headers", ()), *self._returned]
            self._streaming = any(name == b"content-type" and b"event-stream" in value for name, value in headers)
            if self._streaming:
                self._metrics.streams.inc()
            message = {**message, "headers": headers}
        await self._send(message)

    def _tell_refusal(self) -> None:
        user = self._scope.get("user")
        if user is None:  # nobody's session: it was refused before it was known who asks
            return
        found = structlog.contextvars.get_contextvars()
        method, path = self._scope["method"], self._scope["path"]
        session_id, code = found.get("session_id", ""), found.get("code", "")
        self._refused(Refusal(user.id, session_id, self._status, code, method, path, correlation_id()))

    def _failed(self, error: Exception) -> None:
        log.error("request.failed", path=self._scope["path"], exc_info=error)

    def _record(self) -> None:
        seconds = time.perf_counter() - self._started
        route = getattr(self._scope.get("route"), "path", "none")
        if self._streaming:
            self._metrics.streams.dec()
        else:
            self._metrics.seconds.labels(route).observe(seconds)
        self._metrics.requests.labels(self._scope["method"], route, self._status).inc()
        log.info(
            "request",
            method=self._scope["method"],
            route=route,
            status=self._status,
            **self._scope.get("path_params", {}),
            milliseconds=round(seconds * 1000, 2),
        )


async def respond(problem: Problem, send: Send) -> None:
    """Sends a problem as a whole response, for layers below the framework."""
    describe(code=problem.code)
    body = orjson.dumps(problem.body(correlation_id()))
    headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    headers += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
