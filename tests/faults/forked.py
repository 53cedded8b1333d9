"""Real servers that start in a tenth of a second, under a clock that the test turns, and can be killed at any instant.

A helper process imports everything once and then forks a child for every start, which runs what `faultmaven serve`
runs: the same checks of the folder, the same application, database file and worker processes. A server that is
started again after a kill has the same address. When the helper's owner is gone, so are the helper and its servers.

    with forks() as helper, helper.server(folder) as server:
        server.kill()
        server.start()
"""

from __future__ import annotations

import ctypes
import gc
import json
import mmap
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.servers import COMMAND, PATIENCE, Server

from faultmaven.database import now_micros
from faultmaven.identity.tokens import read_token

ROOT = Path(__file__).parents[2]
_MESSAGE = 64 << 10
PR_SET_PDEATHSIG = 1
# What a server or a command imports when it is told what to do.
LATE = (
    "alembic.command",
    "alembic.config",
    "anyio._backends._asyncio",
    "faultmaven.cli.arguments",
    "faultmaven.cli.serve",
    "faultmaven.cli.token",
    "faultmaven.postgres",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
)


class SharedClock:
    """Microseconds since 1970, the same for all who opened the file: real time and what was added, or one held moment.

    It never runs backwards within a process. Two numbers are kept: what was added, and the held moment or 0.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("a+b") as file:
            file.truncate(16)
            self._numbers = memoryview(mmap.mmap(file.fileno(), 16)).cast("q")
        self._told = 0

    def __call__(self) -> int:
        ahead, held = self._numbers
        self._told = max(self._told, held or now_micros() + ahead)
        return self._told

    def hold(self, at: int) -> None:
        """It shows `at`, and goes on showing it."""
        self._numbers[1] = at

    def advance(self, *, minutes: float = 0, days: float = 0) -> None:
        """By so much at once; it runs on, or is held, as before."""
        by = int((minutes + days * 24 * 60) * 60_000_000)
        self._numbers[1 if self._numbers[1] else 0] += by


@dataclass
class Forked(Server):
    """A server forked from the helper. `pid` 0: it is not running."""

    helper: Forks
    chosen: dict[str, str]
    clock: SharedClock
    log: Path
    reserved: socket.socket
    pid: int = 0
    _greeting: Any = field(default=None, repr=False)

    def start(self) -> None:
        """Up and answering, at the same address as before."""
        assert not self.pid, "it is running"
        reading, writing = os.pipe()
        with self.log.open("ab") as told:
            self.pid = self.helper.ask(self._order("serve", "--port", str(self.port)), writing, told.fileno())
        os.close(writing)
        self._greeting = os.fdopen(reading)
        greeting = self._greeting.readline() if select.select([reading], [], [], PATIENCE)[0] else ""
        assert greeting.startswith("FaultMaven: "), f"the server did not start: {self.log.read_text()}"
        self.token = read_token(self.data_dir / "access-token") if self.chosen.get("auth") != "token" else None

    def kill(self) -> None:
        """SIGKILL now; returns when nothing of the process is left."""
        self.stop(signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal and waits for the end; the exit code, negative after a signal."""
        pid, self.pid = self.pid, 0
        os.kill(pid, number)  # nobody else can have this id: only the helper waits for it, and only when told
        self._greeting.close()
        return self.helper.ask({"wait": pid})

    def command(self, *arguments: str) -> str:
        """What `faultmaven …` prints, run on the same data as a process of its own. It has to succeed."""
        reading, writing = os.pipe()
        with self.log.open("ab") as told:
            pid = self.helper.ask(self._order(*arguments), writing, told.fileno())
        os.close(writing)
        with os.fdopen(reading) as printed:
            said = printed.read()
        assert self.helper.ask({"wait": pid}) == 0, self.log.read_text()
        return said

    def _order(self, *arguments: str) -> dict[str, Any]:
        chosen = {f"FAULTMAVEN_{name.upper()}": value for name, value in self.chosen.items()}
        return {"run": arguments, "environment": self.settings | chosen, "clock": str(self.clock.path)}


class Forks:
    """The helper as its owner sees it."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "tests.faults.forked", str(theirs.fileno())]
            # In a session of its own: who interrupts the test from a terminal interrupts the test alone.
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
            )
        self._control.settimeout(PATIENCE)
        assert self._control.recv(_MESSAGE), "the helper did not start"

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._control.close()
        self.process.wait(PATIENCE)

    def ask(self, order: dict[str, Any], *descriptors: int) -> int:
        socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
        told = self._control.recv(_MESSAGE)
        assert told, "the helper is gone"
        return int(told)

    @contextmanager
    def server(self, data_dir: Path, **settings: str) -> Iterator[Forked]:
        """Running; killed at the end, if it still runs."""
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        clock = SharedClock(data_dir.parent / f"{data_dir.name}.clock")
        log = data_dir.parent / f"{data_dir.name}.{time.monotonic_ns()}.log"
        with _reserved_port() as reserved:
            bound = f"127.0.0.1:{reserved.getsockname()[1]}"
            server = Forked(bound, None, data_dir, self, settings, clock, log, reserved)
            try:
                server.start()
                yield server
            finally:
                if server.pid:
                    server.kill()


def _reserved_port() -> socket.socket:
    """Bound and not listening: nobody else gets the port while the server is down, and who dials it then is refused."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


def _help(control: socket.socket) -> None:
    """The helper's life. One thread, no loop, no database, so that what it forks begins clean."""
    _import_everything()
    control.send(b"0")
    children: set[int] = set()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _MESSAGE, 2)
        if not message:
            break
        order = json.loads(message)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            children.discard(order["wait"])
            control.send(b"%d" % os.waitstatus_to_exitcode(status))
        else:
            pid = _fork(control, order, descriptors)
            children.add(pid)
            control.send(b"%d" % pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _fork(control: socket.socket, order: dict[str, Any], descriptors: list[int]) -> int:
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a second thread would be missing in the child"
    pid = os.fork()  # the child's `random` is seeded anew by Python itself
    if pid == 0:
        code = 1
        try:
            control.close()
            for number, descriptor in enumerate(descriptors, 1):
                os.dup2(descriptor, number)
                os.close(descriptor)
            code = _run(order)
        finally:
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _run(order: dict[str, Any]) -> int:
    """Any command; the server under the shared clock."""
    from faultmaven.cli import main, serve
    from faultmaven.cli.arguments import parser

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ.update(order["environment"])
    if order["run"][0] == "serve":
        return serve.run(parser().parse_args(order["run"]), SharedClock(Path(order["clock"])))
    return main(order["run"])


def _import_everything() -> None:
    """Also what is only imported once a server runs; and the first application takes longest to build."""
    from faultmaven.app import Application
    from faultmaven.settings import Settings

    for name in LATE:
        import_module(name)

    Application(Settings(), "127.0.0.1:1", None)
    # Workers load the program they are started by; that shall be what it is outside of tests.
    sys.modules["__main__"].__file__ = str(COMMAND)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _help(socket.socket(fileno=int(sys.argv[1])))
