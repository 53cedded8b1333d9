"""Real servers for tests: the installed command as a process, or the same application under a clock that tests turn."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import httpx
import structlog
import uvicorn
from tests import databases

from faultmaven.app import Application
from faultmaven.cli.protocol import BoundedProtocol
from faultmaven.cli.serve import bound_address, listen
from faultmaven.database import now_micros
from faultmaven.identity.tokens import keep_token
from faultmaven.settings import Settings

COMMAND = Path(sys.executable).parent / "faultmaven"
PATIENCE = 20.0
_LINK = re.compile(r"FaultMaven: (https?)://([^/]+)/(?:#token=(\S+))?")


@dataclass
class Server:
    """Where a server listens and what it takes to talk to it.

    `token` is that of the local user. None: everyone is let in, or in token mode whoever has one; see users.py.
    """

    bound: str
    token: str | None
    data_dir: Path
    scheme: str = field(default="http", kw_only=True)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.bound}"

    @property
    def port(self) -> int:
        return int(self.bound.rpartition(":")[2])

    @property
    def settings(self) -> dict[str, str]:
        """What a command needs in its environment to work on the same data."""
        return {"FAULTMAVEN_DATA_DIR": str(self.data_dir), **databases.environment_for(self.data_dir)}

    def client(self, **headers: str) -> httpx.Client:
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        # To read the system's certificates takes 20 ms, every time.
        verify = self.scheme == "https"
        return httpx.Client(base_url=self.url, headers=bearer | headers, timeout=PATIENCE, verify=verify)


@dataclass
class Process(Server):
    """A server of its own process."""

    process: subprocess.Popen[str]
    log: Path

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal and waits for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def logged(self) -> str:
        return self.log.read_text()


@contextmanager
def running(data_dir: Path, *arguments: str, port: int = 0, **settings: str) -> Iterator[Process]:
    """`faultmaven serve` on a free port, up and answering."""
    log = _log_of(data_dir)
    settings = databases.settings_for(data_dir) | settings
    environment = os.environ | {f"FAULTMAVEN_{name.upper()}": value for name, value in settings.items()}
    command = [str(COMMAND), "serve", "--data-dir", str(data_dir), "--port", str(port), *arguments]
    with log.open("w") as told:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, text=True, env=environment)
    try:
        assert process.stdout is not None
        link = _LINK.match(process.stdout.readline())
        assert link, f"the server did not start: {log.read_text()}"
        server = Process(link[2], link[3], data_dir, process, log, scheme=link[1])
        wait_until(server, "/livez")
        yield server
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def wait_until(server: Server, path: str) -> None:
    """`path` answers 200: /livez once the server is up, /readyz once all that it needs works."""
    deadline = time.monotonic() + PATIENCE
    with server.client() as client:
        while time.monotonic() < deadline:
            try:
                if client.get(path).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
    raise AssertionError(f"{path} did not answer 200")


def _log_of(data_dir: Path) -> Path:
    return data_dir.parent / f"{data_dir.name}.{time.monotonic_ns()}.log"


@dataclass
class Timed(Server):
    """A server in a thread of the test, whose clock runs ahead by what the test has added."""

    ahead: int = 0

    def clock(self) -> int:
        return now_micros() + self.ahead

    def advance(self, *, minutes: float = 0, days: float = 0) -> None:
        self.ahead += int((minutes + days * 24 * 60) * 60_000_000)


@contextmanager
def timed(data_dir: Path, *, ahead_minutes: float = 0, **settings: object) -> Iterator[Timed]:
    """The same application on a real socket and a real database file, under a clock that can be turned forward."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen = Settings(data_dir=data_dir, **databases.settings_for(data_dir) | settings)  # type: ignore[arg-type]  # each test names what it sets
    with _log_of(data_dir).open("w") as log, listen("127.0.0.1", 0) as listening:
        token = keep_token(chosen.token_file) if chosen.auth == "local" else None
        server = Timed(bound_address(listening), token, data_dir)
        server.advance(minutes=ahead_minutes)
        application = Application(chosen, server.bound, token, server.clock)
        config = uvicorn.Config(
            application, http=BoundedProtocol, access_log=False, log_config=None, timeout_graceful_shutdown=2
        )
        inner = uvicorn.Server(config)
        thread = threading.Thread(target=_run, args=(inner, listening, log), daemon=True)
        thread.start()
        try:
            wait_until(server, "/readyz")
            yield server
        finally:
            inner.should_exit = True
            thread.join(PATIENCE)


_log: ContextVar[TextIO] = ContextVar("log", default=sys.stderr)


def _run(server: uvicorn.Server, listening: socket.socket, log: TextIO) -> None:
    """What happens in this thread, and in those that work for it, is told in `log`."""
    _log.set(log)
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(_log.get()))
    server.run(sockets=[listening])
