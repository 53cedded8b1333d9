"""A load generator that costs little itself, and the CPU time of the server it loads.

Requests are bytes built beforehand; responses are read just far enough to know that they are whole. What counts is the
CPU time of the server process, which other work on the machine changes far less than wall-clock time.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of requests cost. Times in milliseconds."""

    requests: int
    cpu_each: float
    per_second: float
    median: float
    p99: float


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
    return asyncio.run(_run(pid, bound, make, count, callers))


async def _run(pid: int, bound: str, make: Callable[[int], bytes], count: int, callers: int) -> Load:
    host, _, port = bound.rpartition(":")
    numbers = iter(range(count))
    took: list[float] = []

    async def call() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for number in numbers:
            began = time.perf_counter()
            writer.write(make(number))
            await _response(reader)
            took.append(time.perf_counter() - began)
        writer.close()

    before, began = cpu_seconds(pid), time.perf_counter()
    await asyncio.gather(*(call() for _ in range(callers)))
    elapsed, used = time.perf_counter() - began, cpu_seconds(pid) - before
    took.sort()
    return Load(
        count, used / count * 1000, count / elapsed, took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000
    )


async def _response(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if head[9:10] != b"2":
        raise RuntimeError(f"the server answered {head[:200]!r}")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
