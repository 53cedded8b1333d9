"""A load generator that costs little itself, and the CPU time of the server it loads.

Requests are bytes built beforehand; responses are read just far enough to know that they are whole. One thread waits
for all connections at once and does nothing else, so that it takes a fraction of what the server takes; `share` says
which. What counts is the CPU time of the server process, which other work on the machine changes far less than
wall-clock time.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of requests cost. Times in milliseconds; `share` is how much of the time the generator was busy."""

    requests: int
    cpu_each: float
    per_second: float
    median: float
    p99: float
    share: float


def request(method: str, path: str, host: str, token: str, body: bytes = b"") -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in clock ticks of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def run(pid: int, bound: str, make: Callable[[int], bytes], count: int, callers: int) -> Load:
    """`make(i)` is the i-th request; `callers` keep one connection each and ask one request after another."""
    asked = [make(number) for number in range(count)]
    calls = _Calls(bound, asked, callers)
    before, mine, began = cpu_seconds(pid), time.process_time(), time.perf_counter()
    took = sorted(calls.run())
    elapsed, used, own = time.perf_counter() - began, cpu_seconds(pid) - before, time.process_time() - mine
    return Load(
        count, used / count * 1000, count / elapsed, percentile(took, 0.5), percentile(took, 0.99), own / elapsed
    )


def percentile(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class _Calls:
    """All connections of a run."""

    def __init__(self, bound: str, asked: list[bytes], callers: int) -> None:
        host, _, port = bound.rpartition(":")
        self._waiting = iter(asked)
        self._calls = {}
        self._poll = select.epoll()
        for _ in range(min(callers, len(asked))):
            connection = socket.create_connection((host, int(port)), _PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._calls[connection.fileno()] = _Call(connection)
            self._poll.register(connection.fileno(), select.EPOLLIN)

    def run(self) -> list[float]:
        """How many milliseconds each request took."""
        took: list[float] = []
        open_calls = len(self._calls)
        for call in self._calls.values():
            call.ask(next(self._waiting))
        while open_calls:
            ready = self._poll.poll(_PATIENCE)
            if not ready:
                raise RuntimeError(f"the server did not answer for {_PATIENCE:.0f} s")
            for descriptor, _ in ready:
                call = self._calls[descriptor]
                if not call.is_answered():
                    continue
                took.append((time.perf_counter() - call.began) * 1000)
                following = next(self._waiting, None)
                if following is None:
                    call.connection.close()
                    open_calls -= 1
                else:
                    call.ask(following)
        self._poll.close()
        return took


class _Call:
    """One connection and the answer that it waits for."""

    __slots__ = ("_got", "began", "connection")

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.began = 0.0
        self._got = b""

    def ask(self, request: bytes) -> None:
        self._got = b""
        self.began = time.perf_counter()
        self.connection.sendall(request)

    def is_answered(self) -> bool:
        piece = self.connection.recv(65536)
        if not piece:
            raise RuntimeError("the server closed the connection")
        self._got += piece
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end:
            return False
        if head[9:10] != b"2":
            raise RuntimeError(f"the server answered {self._got[:500]!r}")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return len(body) >= length
