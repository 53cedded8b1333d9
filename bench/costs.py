"""What opening, resuming and reading a session cost the server in CPU time, alone and against the floor."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from bench import load
from bench.figures import Figure, at_most
from bench.load import Load
from tests.servers import Server, running

REQUESTS, CALLERS = 6000, 64
# A session can be opened for the first time only once, so there are as many as a user may have.
OPENINGS, MOST = 950, 1000
SESSIONS = "/api/v1/sessions"


@dataclass(frozen=True, slots=True)
class Asking:
    """What a server is asked, as bytes."""

    bound: str
    token: str
    path: str = SESSIONS

    @classmethod
    def of(cls, server: Server) -> Asking:
        return cls(server.bound, server.token or "")

    def opening(self, client_id: str) -> bytes:
        body = json.dumps({"client_id": client_id}).encode()
        return load.request("POST", self.path, self.bound, self.token, body)

    def resuming(self, number: int) -> bytes:
        return self.opening(f"same-{number % CALLERS}")

    def reading(self, path: str) -> Callable[[int], bytes]:
        asked = load.request("GET", path, self.bound, self.token)
        return lambda _: asked


def figures(folder: Path) -> Iterator[Figure]:
    opened, resumed, read = floor(folder)
    yield from _cost("open a session", opening(folder, MOST), opened, 0.45)
    yield from _cost("open a session at the limit of 20, which ends another", opening(folder, 20), opened, 0.45)
    resuming, reading = resuming_and_reading(folder / "requests")
    yield from _cost("resume a session", resuming, resumed, 0.45)
    yield from _cost("read a session", reading, read, 0.25)


def floor(folder: Path) -> tuple[Load, Load, Load]:
    """Opening, resuming and reading at the floor."""
    with _floor(folder) as (pid, asking):
        new = itertools.count()  # each for the first time, or it would be resumed
        opened = median(pid, asking.bound, lambda _: asking.opening(f"new-{next(new)}"))
        read = median(pid, asking.bound, asking.reading(f"/read/{_ask_floor(asking.bound)}"))
        resumed = median(pid, asking.bound, asking.resuming)
    return opened, resumed, read


def opening(folder: Path, most: int) -> Load:
    """The middle one of three runs, each on a server of its own."""
    runs = []
    for number in range(3):
        with running(folder / f"open-{most}-{number}", max_sessions_per_user=str(most)) as server:
            asking, pid = Asking.of(server), server.process.pid
            warm_up(pid, asking.bound, lambda _: asking.opening("same"))  # noqa: B023  # called at once
            runs.append(load.run(pid, asking.bound, lambda n: asking.opening(f"new-{n}"), OPENINGS, CALLERS))  # noqa: B023
    return _middle(runs)


def resuming_and_reading(data_dir: Path) -> tuple[Load, Load]:
    with running(data_dir, max_sessions_per_user=str(MOST)) as server, server.client() as client:
        asking, pid = Asking.of(server), server.process.pid
        session_id = client.post(SESSIONS, json={"client_id": "reader"}).json()["session_id"]
        resuming = median(pid, asking.bound, asking.resuming)
        return resuming, median(pid, asking.bound, asking.reading(f"{SESSIONS}/{session_id}"))


def median(pid: int, bound: str, make: Callable[[int], bytes]) -> Load:
    """The middle one of three runs, by CPU time, after a warm-up."""
    warm_up(pid, bound, make)
    return _middle([load.run(pid, bound, make, REQUESTS, CALLERS) for _ in range(3)])


def warm_up(pid: int, bound: str, make: Callable[[int], bytes]) -> None:
    """The server's worker processes start in the background; they must not count."""
    time.sleep(2)
    load.run(pid, bound, make, 500, CALLERS)


def _middle(runs: list[Load]) -> Load:
    return sorted(runs, key=lambda one: one.cpu_each)[len(runs) // 2]


def _cost(what: str, ours: Load, floor: Load, most: float) -> Iterator[Figure]:
    with_rate = f"{what}: server CPU a request ({CALLERS} callers; {ours.per_second:,.0f}/s, p99 {ours.p99:.0f} ms)"
    yield at_most(with_rate, ours.cpu_each, most, "{:.3f} ms")
    against = f"{what}: against the floor of {floor.cpu_each:.3f} ms"
    yield at_most(against, ours.cpu_each / floor.cpu_each, 2.5, "{:.2f} ×")


@contextmanager
def _floor(folder: Path) -> Iterator[tuple[int, Asking]]:
    command = [sys.executable, "-m", "bench.floor", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        bound = process.stdout.readline().strip()
        _until_it_answers(bound)
        try:
            yield process.pid, Asking(bound, "", "/open")
        finally:
            process.kill()


def _until_it_answers(bound: str) -> None:
    while True:
        try:
            _ask_floor(bound)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return


def _ask_floor(bound: str) -> str:
    return str(httpx.post(f"http://{bound}/open", json={"client_id": "reader"}).json()["session_id"])
