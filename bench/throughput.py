"""How many requests a second one server process answers, durably, and how long the slowest hundredth of them takes.

A request that stores something waits for the disk, so the disk alone is measured in between: a small write and its
fsync, one after another, in the same folder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import load
from bench.costs import MOST, OPENINGS, SESSIONS, Asking, warm_up
from bench.figures import Figure, at_least, at_most
from bench.load import Load
from tests.servers import running

CALLERS, RUNS = 32, 5
# A client opens its session once and comes back for it.
TIMES_OF_EACH_CLIENT = 4
FSYNCS, WRITTEN = 200, b"\0" * 4096


def figures(folder: Path) -> Iterator[Figure]:
    fsyncs: list[float] = []
    stored, read = [], []
    for number in range(RUNS):
        with running(folder / f"throughput-{number}", max_sessions_per_user=str(MOST)) as server:
            asking, pid = Asking.of(server), server.process.pid
            with server.client() as client:
                session_id = client.post(SESSIONS, json={"client_id": "reader"}).json()["session_id"]
            reading = asking.reading(f"{SESSIONS}/{session_id}")
            warm_up(pid, asking.bound, reading)
            fsyncs += _fsyncs(folder)
            stored.append(_run(pid, asking, _open_or_resume(asking)))
            fsyncs += _fsyncs(folder)
            read.append(_run(pid, asking, reading))
    disk = load.percentile(sorted(fsyncs), 0.99)
    yield from _of(
        f"open or resume a session, {OPENINGS} clients {TIMES_OF_EACH_CLIENT} times each", stored, 2000, disk
    )
    yield from _of("read a session", read, 3000, disk)


def _open_or_resume(asking: Asking) -> Callable[[int], bytes]:
    return lambda number: asking.opening(f"client-{number // TIMES_OF_EACH_CLIENT}")


def _run(pid: int, asking: Asking, make: Callable[[int], bytes]) -> Load:
    return load.run(pid, asking.bound, make, OPENINGS * TIMES_OF_EACH_CLIENT, CALLERS)


def _of(what: str, runs: list[Load], least: float, disk: float) -> Iterator[Figure]:
    """The middle one of the runs, by rate: rate and latency of the same run."""
    run = sorted(runs, key=lambda one: one.per_second)[len(runs) // 2]
    busy = f"{CALLERS} callers; generator busy {run.share:.0%} of the time"
    yield at_least(f"{what}: requests a second ({busy})", run.per_second, least, "{:,.0f}/s")
    waited = f"{what}: p99 of the same run (median {run.median:.1f} ms; p99 of a bare fsync {disk:.1f} ms)"
    yield at_most(waited, run.p99, max(20, 5 * disk), "{:.1f} ms")


def _fsyncs(folder: Path) -> list[float]:
    """How many milliseconds each took."""
    took = []
    descriptor = os.open(folder / "fsyncs", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(FSYNCS):
        began = time.perf_counter()
        os.write(descriptor, WRITTEN)
        os.fsync(descriptor)
        took.append((time.perf_counter() - began) * 1000)
    os.close(descriptor)
    return took
