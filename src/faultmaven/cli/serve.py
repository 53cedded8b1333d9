"""`faultmaven serve`: checks the ground, then runs the server until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import gc
import logging
import os
import resource
import signal
import socket
import ssl
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
import uvicorn
from pydantic import ValidationError

from faultmaven.app import Application
from faultmaven.cli.folder import prepare_folder
from faultmaven.cli.greeting import greet
from faultmaven.cli.place import wrong_settings
from faultmaven.cli.protocol import BoundedProtocol
from faultmaven.cli.tls import of_server
from faultmaven.database import Clock, now_micros
from faultmaven.identity.tokens import UnusableToken, keep_token
from faultmaven.observability import configure_logging
from faultmaven.settings import Settings

log = structlog.get_logger()

GRACE_SECONDS = 2
OPEN_FILES, FEW_OPEN_FILES = 65_536, 8_192
COLLECT_AFTER = 50_000


class CannotStart(Exception):
    """One sentence: what is in the way, and what to do."""


def run(arguments: Namespace, clock: Clock = now_micros) -> int:
    """Serves until SIGTERM or SIGINT. 0 after an orderly stop, 3 when something is in the way, told on stderr."""
    os.umask(0o077)
    try:
        _serve(_settings(arguments), clock)
    except (CannotStart, UnusableToken) as error:
        print(f"faultmaven: {error}", file=sys.stderr)
        return 3
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(f"faultmaven: {error.strerror or error}{where}", file=sys.stderr)
        return 3
    return 0


def _serve(settings: Settings, clock: Clock) -> None:
    configure_logging(settings.log_format, settings.log_level)
    allow_many_connections()
    prepare_folder(settings.data_dir)
    with os.fdopen(_lock(settings.data_dir)):
        token = _local_token(settings)
        tls = of_server(settings)
        with listen(settings.host, settings.port) as listening:
            _answer(settings, listening, token, tls, clock)


def allow_many_connections() -> None:
    """Every open stream is a file to the system, which is asked for as many as it gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < FEW_OPEN_FILES:
        log.warning(
            "server.few_connections", most=most, advice="raise the hard limit of open files: ulimit -Hn, LimitNOFILE="
        )


def spare_the_collector() -> None:
    """Python would look for cyclic garbage after every 700 objects: while many requests or streams are under way, which
    are no garbage, that takes as long as serving them. What the start has made stays, and is not looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def _local_token(settings: Settings) -> str | None:
    if settings.auth == "token":
        return None
    token = keep_token(settings.token_file)
    return token if settings.local_auth == "on" else None


def _settings(arguments: Namespace) -> Settings:
    given: dict[str, Any] = {
        name: value for name in ("host", "port", "data_dir") if (value := getattr(arguments, name, None)) is not None
    }
    if getattr(arguments, "no_auth", False):
        given["local_auth"] = "off"
    if getattr(arguments, "behind_tls_proxy", False):
        given["behind_tls_proxy"] = "on"
    try:
        return Settings(**given)
    except ValidationError as error:
        raise CannotStart("; ".join(wrong_settings(error))) from error


def _lock(folder: Path) -> int:
    """Held by the process for its life; the kernel lets go of it however the process ends."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise CannotStart(
            f"another server is using the data folder {folder}; stop it, or choose another with --data-dir"
        ) from error
    return descriptor


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        # At once: until one listens, Linux lets another bind the same port. Who comes before we answer waits a moment.
        listening.listen()
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"port {port} is in use; stop what listens there, or choose another with --port"
            ) from error
        raise CannotStart(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return listening


def bound_address(listening: socket.socket) -> str:
    """`host:port` as clients dial it."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _answer(
    settings: Settings, listening: socket.socket, token: str | None, tls: ssl.SSLContext | None, clock: Clock
) -> None:
    bound = bound_address(listening)
    application = Application(settings, bound, token, clock)
    config = uvicorn.Config(
        application,
        http=BoundedProtocol,
        ws="none",
        proxy_headers=False,  # who asks is known by the bearer, never by an address
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        lifespan="on",
        ssl_context_factory=(lambda *_: tls) if tls else None,
    )
    server = _Server(
        config, lambda: greet(settings, bound, token, application.nobody_can_sign_in), application.bus.close
    )
    # One sentence is enough where the reason is known.
    logging.getLogger("uvicorn.error").addFilter(lambda _: not application.trouble)
    try:
        server.run(sockets=[listening])
    except SystemExit as error:  # uvicorn's way of saying that the start failed
        raise CannotStart(application.trouble or "the server did not start; the log has the reason") from error


class _Server(uvicorn.Server):
    """Tells when it is up, and tells open streams to end before it waits for them."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._on_stop = on_stop
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            spare_the_collector()
            self._on_start()

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._on_stop)
        # Not remembered as uvicorn would, which raises the signal once more after an orderly stop.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
