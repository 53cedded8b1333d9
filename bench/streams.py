"""Five thousand open streams of one user: what they cost while idle, and when an event has reached the last of them.

The server is one process. This one opens the streams as raw sockets and does nothing but wait for all of them at once.
"""

from __future__ import annotations

import itertools
import re
import resource
import select
import socket
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from bench.figures import Figure, at_most
from tests.servers import Process, running

STREAMS, AT_ONCE, EVENTS = 5000, 50, 10
PATIENCE = 30.0
# Before the first that counts: what the server makes once, whoever asks.
WARM_UP = 50


def figures(folder: Path) -> Iterator[Figure]:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for sessions in (20, STREAMS):
        with running(folder / f"streams-{sessions}", max_sessions_per_user="10000") as server:
            yield from _of(server, sessions)


def _of(server: Process, sessions: int) -> Iterator[Figure]:
    whose = f"{STREAMS:,} streams of {sessions:,} sessions"
    with server.client() as api:
        readers = _Readers(server, api, sessions)
        time.sleep(2)  # the server's worker processes start in the background; they must not count
        readers.open(WARM_UP)
        before = _resident(server)
        readers.open(STREAMS)
        opened = _resident(server) - before
        case_id = api.post("/api/v1/cases", json={"title": "0"}).json()["case_id"]
        readers.until(b"event: case.opened\n")
        took = []
        for number in range(1, EVENTS + 1):
            began = time.perf_counter()
            readers.post(f"/api/v1/cases/{case_id}", f'{{"title": "event {number}"}}'.encode())
            readers.until(f'"title":"event {number}"'.encode())
            took.append(time.perf_counter() - began)
        kept = _resident(server) - before
        readers.close()
    each = max(opened, kept) / STREAMS / 1024
    yield at_most(f"{whose}: resident memory of the server, each", each, 35, "{:.1f} KiB")
    what = f"{whose}: until an event has reached the last, slowest of {EVENTS} (median {statistics.median(took):.2f} s)"
    yield at_most(what, max(took), 1, "{:.2f} s")


class _Readers:
    """All streams, and one connection to write with."""

    def __init__(self, server: Process, api: httpx.Client, sessions: int) -> None:
        self._server = server
        opened = [api.post("/api/v1/sessions", json={"client_id": f"{n}"}).json() for n in range(sessions)]
        self._sessions = itertools.cycle(one["session_id"] for one in opened)
        self._after = opened[-1]["cursor"]
        self._streams: dict[int, socket.socket] = {}
        self._poll = select.epoll()
        self._writing = self._connected()

    def open(self, count: int) -> None:
        """A few at a time: the queue of a listening socket is short."""
        while count > 0:
            new = [self._open_one() for _ in range(min(AT_ONCE, count))]
            for connection in new:
                _read_until(connection, b": still here\n\n\r\n")
                self._streams[connection.fileno()] = connection
                self._poll.register(connection.fileno(), select.EPOLLIN)
            count -= len(new)

    def post(self, path: str, body: bytes) -> None:
        """Sends the change, and does not wait for its answer."""
        self._writing.sendall(self._head(f"PATCH {path}", f"Content-Length: {len(body)}") + body)

    def until(self, said: bytes) -> None:
        """Every stream has told it, in a frame that is whole."""
        heard = dict.fromkeys(self._streams, b"")
        waiting = set(heard)
        while waiting:
            ready = self._poll.poll(PATIENCE)
            if not ready:
                raise RuntimeError(f"{len(waiting)} streams said nothing for {PATIENCE:.0f} s")
            for descriptor, _ in ready:
                piece = self._streams[descriptor].recv(65536)
                if not piece:
                    raise RuntimeError("the server ended a stream")
                heard[descriptor] += piece
                if said in heard[descriptor] and heard[descriptor].endswith(b"\n\n\r\n"):
                    waiting.discard(descriptor)

    def close(self) -> None:
        for connection in (*self._streams.values(), self._writing):
            connection.close()

    def _open_one(self) -> socket.socket:
        connection = self._connected()
        path = f"/api/v1/sessions/{next(self._sessions)}/events?after={self._after}"
        connection.sendall(self._head(f"GET {path}", "Accept: text/event-stream"))
        return connection

    def _head(self, line: str, header: str) -> bytes:
        server = self._server
        fields = f"Host: {server.bound}\r\nAuthorization: Bearer {server.token}\r\nContent-Type: application/json"
        return f"{line} HTTP/1.1\r\n{fields}\r\n{header}\r\n\r\n".encode()

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._server.port), PATIENCE)


def _read_until(connection: socket.socket, end: bytes) -> None:
    got = b""
    while not got.endswith(end):
        piece = connection.recv(65536)
        if not piece or b" 200 " not in got + piece:
            raise RuntimeError(f"the server answered {got + piece!r}")
        got += piece


def _resident(server: Process) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024
