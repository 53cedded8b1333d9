"""Who may speak to this server at all, decided before any route sees the request.

    Host             must name this server exactly          else 403 foreign_host
    Origin           its own, an extension's, or none       else 403 foreign_origin
    Sec-Fetch-Mode   neither navigate nor no-cors on /api   else 403 forbidden_fetch
    Authorization    a valid bearer                         else 401 unauthenticated
    Content-Length   within the limit, counted as it comes  else 413 too_large

One ASGI layer, because these answers must carry CORS headers too, or the caller's page could not read them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from faultmaven.errors import (
    ForbiddenFetch,
    ForeignHost,
    ForeignOrigin,
    Internal,
    Malformed,
    Problem,
    TooLarge,
)
from faultmaven.identity.service import User
from faultmaven.observability import ASGIApp, Message, Receive, Scope, Send, respond
from faultmaven.settings import Settings

API = "/api/"
OPEN_PATHS = frozenset({"/livez", "/readyz", "/api/v1/capabilities"})
EXTENSION_SCHEMES = ("chrome-extension://", "moz-extension://", "safari-web-extension://")
EVERY_ADDRESS = ("0.0.0.0:", "[::]:")
EXPOSED = b"Location, ETag, Retry-After, X-Correlation-ID"
ALLOWED_METHODS = b"GET, POST, PATCH, DELETE"
ALLOWED_HEADERS = (
    b"Authorization, Content-Type, Accept, Idempotency-Key, If-Match, Last-Event-ID, Prefer, "
    b"X-Correlation-ID, traceparent"
)

# What stands in a Host header and an origin where the port is the scheme's own: nothing.
DEFAULT_PORTS = {"http": ":80", "https": ":443"}

Headers = Mapping[bytes, bytes]
# Of the bearer that a request brings, empty if it brings none. Raises Unauthenticated; see signing_in.py.
SignIn = Callable[[str], Awaitable[User]]


@dataclass(frozen=True, slots=True)
class Rules:
    """`hosts` are exact values of the Host header; `extensions` are the only ones if any is named."""

    hosts: frozenset[str]
    own_origins: frozenset[str]
    extensions: frozenset[str]
    max_body_bytes: int

    def allows(self, origin: str) -> bool:
        if origin in self.own_origins:
            return True
        return origin in self.extensions if self.extensions else origin.startswith(EXTENSION_SCHEMES)


def rules_for(settings: Settings, bound: str) -> Rules:
    """Of a server that listens on `bound`, which is a name of its own unless it stands for every address."""
    port = bound.rpartition(":")[2]
    own = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    if not bound.startswith(EVERY_ADDRESS):
        own.add(bound)
    names = [*_spoken(own, ("https",) if settings.tls_certificate else ("http", "https"))]
    names += _spoken(set(settings.allowed_hosts), ("https",) if settings.secure else ("http", "https"))
    return Rules(
        hosts=frozenset(host for _, host in names),
        own_origins=frozenset(f"{scheme}://{host}" for scheme, host in names),
        extensions=frozenset(settings.allowed_origins),
        max_body_bytes=settings.max_body_bytes,
    )


def _spoken(hosts: set[str], schemes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Under which scheme a host may be named, and how."""
    for scheme in schemes:
        for host in hosts:
            yield scheme, host
            yield scheme, host.removesuffix(DEFAULT_PORTS[scheme])


class Guard:
    """Tells the user to the routes in `scope["user"]`."""

    def __init__(self, app: ASGIApp, rules: Rules, sign_in: SignIn) -> None:
        self._app = app
        self._rules = rules
        self._sign_in = sign_in

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
            if needs_bearer(scope["path"]):
                scope["user"] = await self._sign_in(_bearer(headers))
            receive = self._limited(scope, headers, receive)
        except Problem as problem:
            await respond(problem, send)
            return
        except Exception:
            # The database did not answer. Told here, so that the caller's page can read it, and raised on for the log.
            await respond(Internal(), send)
            raise
        _drop_trailing_slash(scope)
        await self._app(scope, receive, send)

    def _check_source(self, scope: Scope, headers: Headers, origin: str) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or hosts[0].decode("latin-1").lower() not in self._rules.hosts:
            raise ForeignHost()
        if origin and not self._rules.allows(origin):
            raise ForeignOrigin()
        if scope["path"].startswith(API) and headers.get(b"sec-fetch-mode") in (b"navigate", b"no-cors"):
            raise ForbiddenFetch()

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


def needs_bearer(path: str) -> bool:
    closed = path.startswith(API) or path.rstrip("/") in ("/metrics", "/api")
    return closed and path.rstrip("/") not in OPEN_PATHS


def _bearer(headers: Headers) -> str:
    scheme, _, bearer = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


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
