"""Who may speak to this server at all, decided before any route sees the request.

    Host             must name this server exactly          else 403 foreign_host
    Origin           its own, an extension's, or none       else 403 foreign_origin
    Sec-Fetch-Mode   neither navigate nor no-cors on /api   else 403 forbidden_fetch
    Authorization    a valid bearer                         else 401 unauthenticated
    Content-Length   within the limit, counted as it comes  else 413 too_large

One ASGI layer, because these answers must carry CORS headers too, or the caller's page could not read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from faultmaven.errors import (
    ForbiddenFetch,
    ForeignHost,
    ForeignOrigin,
    Malformed,
    Problem,
    TooLarge,
    Unauthenticated,
)
from faultmaven.identity.service import User
from faultmaven.identity.tokens import same
from faultmaven.observability import ASGIApp, Message, Receive, Scope, Send, respond

API = "/api/"
OPEN_PATHS = frozenset({"/livez", "/readyz", "/api/v1/capabilities"})
EXTENSION_SCHEMES = ("chrome-extension://", "moz-extension://", "safari-web-extension://")
EXPOSED = b"Location, ETag, Retry-After, X-Correlation-ID"
ALLOWED_METHODS = b"GET, POST, PATCH, DELETE"
ALLOWED_HEADERS = (
    b"Authorization, Content-Type, Accept, Idempotency-Key, If-Match, Last-Event-ID, Prefer, "
    b"X-Correlation-ID, traceparent"
)

Headers = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Rules:
    """`token` None lets everyone in; `hosts` are exact `name:port` values; `origins` narrows the extensions if set."""

    token: str | None
    hosts: frozenset[str]
    origins: frozenset[str]
    max_body_bytes: int

    def own_origin(self, origin: str) -> bool:
        return any(origin == f"{scheme}://{host}" for scheme in ("http", "https") for host in self.hosts)

    def extension(self, origin: str) -> bool:
        return origin in self.origins if self.origins else origin.startswith(EXTENSION_SCHEMES)


class Guard:
    """Tells the user to the routes in `scope["user"]`. `user` is asked per request: it is known only after start."""

    def __init__(self, app: ASGIApp, rules: Rules, state: LocalUser) -> None:
        self._app = app
        self._rules = rules
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        try:
            self._check_source(scope, headers, origin)
        except Problem as problem:
            await respond(problem, send)
            return
        send = _with_cors(send, origin) if origin else send
        if scope["method"] == "OPTIONS" and origin and b"access-control-request-method" in headers:
            await _preflight(headers, send)
            return
        try:
            self._sign_in(scope, headers)
            receive = self._limited(scope, headers, receive)
        except Problem as problem:
            await respond(problem, send)
            return
        _drop_trailing_slash(scope)
        await self._app(scope, receive, send)

    def _check_source(self, scope: Scope, headers: Headers, origin: str) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or hosts[0].decode("latin-1").lower() not in self._rules.hosts:
            raise ForeignHost()
        if origin and not (self._rules.own_origin(origin) or self._rules.extension(origin)):
            raise ForeignOrigin()
        if scope["path"].startswith(API) and headers.get(b"sec-fetch-mode") in (b"navigate", b"no-cors"):
            raise ForbiddenFetch()

    def _sign_in(self, scope: Scope, headers: Headers) -> None:
        if not needs_bearer(scope["path"]):
            return
        if self._rules.token is not None:
            scheme, _, bearer = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
            if scheme.lower() != "bearer" or not same(bearer.strip(), self._rules.token):
                raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
        scope["user"] = self._state.user

    def _limited(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        if _is_evidence(scope):
            return receive
        limit = self._rules.max_body_bytes
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit():
            raise Malformed("Content-Length is not a number.")
        if int(declared) > limit:
            raise _too_large(limit)
        return _counting(receive, limit)


class LocalUser:
    """Filled in when the server has started."""

    user: User


def needs_bearer(path: str) -> bool:
    closed = path.startswith(API) or path.rstrip("/") in ("/metrics", "/api")
    return closed and path.rstrip("/") not in OPEN_PATHS


def _is_evidence(scope: Scope) -> bool:
    return bool(scope["method"] == "POST" and scope["path"].rstrip("/").endswith("/evidence"))


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The request is larger than {limit:,} bytes; send large content as evidence.")


def _counting(receive: Receive, limit: int) -> Receive:
    """Counts what really arrives: a chunked body declares no length."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise _too_large(limit)
        return message

    return counted


def _drop_trailing_slash(scope: Scope) -> None:
    """In this very scope: the log and the metrics read the route from it that the framework puts in."""
    path: str = scope["path"]
    if len(path) > 1 and path.endswith("/"):
        scope["path"] = path.rstrip("/") or "/"
        scope["raw_path"] = scope["path"].encode()


def _with_cors(send: Send, origin: str) -> Send:
    added = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", EXPOSED),
        (b"vary", b"Origin"),
    ]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return sending


async def _preflight(headers: Headers, send: Send) -> None:
    answer = [
        (b"access-control-allow-methods", ALLOWED_METHODS),
        (b"access-control-allow-headers", ALLOWED_HEADERS),
        (b"access-control-max-age", b"600"),
    ]
    if headers.get(b"access-control-request-private-network") == b"true":
        answer.append((b"access-control-allow-private-network", b"true"))
    await send({"type": "http.response.start", "status": 204, "headers": answer})
    await send({"type": "http.response.body", "body": b""})


async def current_user(request: Request) -> User:
    user: Any = request.scope["user"]
    assert isinstance(user, User)
    return user


CurrentUser = Annotated[User, Depends(current_user)]
