"""What reading evidence costs, how well its lines are told apart, and what others notice of it meanwhile.

Costs are CPU time, of all processes together, which other work on the machine changes little: on two cores it may be
twice the time a person is to wait. How long it really took, and how busy the machine was, stands beside it.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
from bench import logs
from bench.figures import Figure, at_least, at_most
from tests.accuracy.measure import measured
from tests.servers import COMMAND, Process, running

_MOST_MEMORY = 500.0


def figures(folder: Path) -> Iterator[Figure]:
    day, days = folder / "day.log", folder / "days.log"
    logs.write(day, 100_000_000)
    logs.write_days(days, day, 10)
    yield from _read_by_the_command(day, "100 MB", 3)
    yield from _read_by_the_command(days, "1 GB", 25)
    yield from _pasted(folder)
    yield from _by_the_server(folder, days)
    yield from _accuracy()


def _read_by_the_command(path: Path, what: str, most: float) -> Iterator[Figure]:
    took, cpu, memory = _asked(path)
    load = os.getloadavg()[0]
    told = f"faultmaven ask on {what} of log: CPU time (took {took:.1f} s at a load average of {load:.0f})"
    yield at_most(told, cpu, 2 * most, "{:.1f} s")
    yield at_most(f"{what} of log: memory of all its processes together", memory, _MOST_MEMORY, "{:.0f} MB")


def _asked(path: Path) -> tuple[float, float, float]:
    """Seconds, CPU seconds, and the most megabytes that its processes had at once."""
    before, began, most = _children_cpu(), time.perf_counter(), 0.0
    with subprocess.Popen([COMMAND, "ask", "--json", "-f", path, "Why?"], stdout=subprocess.DEVNULL) as process:
        asking = psutil.Process(process.pid)
        while process.poll() is None:
            most = max(most, sum(map(_memory, _family(asking))))
            time.sleep(0.02)
    assert process.returncode == 0
    return time.perf_counter() - began, _children_cpu() - before, most


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> float:
    """What forked processes share counts once: each has its share of it."""
    try:
        return float(process.memory_full_info().pss) / 1e6
    except psutil.Error:
        return 0.0


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _pasted(folder: Path) -> Iterator[Figure]:
    """100,000 lines as they are pasted, and the same with a UUID in each, against each other."""
    path = folder / "pasted.log"
    logs.write(path, 8_300_000)
    lines = path.read_bytes().split(b"\n")[:100_000]
    rng = random.Random(5)
    marked = [line + b" request=" + str(uuid.UUID(int=rng.getrandbits(128))).encode() for line in lines]
    plain_cpu = statistics.median(_cpu_of_reading(lines) for _ in range(5))
    marked_cpu = statistics.median(_cpu_of_reading(marked) for _ in range(5))
    yield at_most("100,000 pasted lines: CPU time of reading, median of 5", plain_cpu, 1.5, "{:.2f} s")
    yield at_most("the same with a UUID in every line, against it", marked_cpu / plain_cpu, 2, "{:.2f} ×")


def _cpu_of_reading(lines: list[bytes]) -> float:
    from faultmaven.diagnosis.read import read

    content = b"\n".join(lines)
    began = time.process_time()
    assert read(content).lines == len(lines)
    return time.process_time() - began


def _by_the_server(folder: Path, path: Path) -> Iterator[Figure]:
    """1 MB in a worker of the server; and how long a session read takes while another one reads 1 GB."""
    with running(folder / "server") as server, server.client() as client:
        session_id = client.post("/api/v1/sessions").json()["session_id"]
        yield at_most(
            "1 MB of log inside the server: CPU time of its workers, median of 11",
            _small(server, client, session_id),
            150,
            "{:.0f} ms",
        )
        case_id = client.post("/api/v1/cases").json()["case_id"]
        with path.open("rb") as file:
            client.post(f"/api/v1/cases/{case_id}/evidence", params={"name": "large.log"}, content=file, timeout=600)
        idle = _reads(client, session_id, lambda: False, 3000)
        body = {"session_id": session_id, "case_id": case_id, "query": "Why does it fail?"}
        asked = client.post("/api/v1/query", json=body, headers={"Prefer": "respond-async"}).json()
        began, before = time.perf_counter(), _workers_cpu(server)
        busy = _reads(client, session_id, lambda: _is_over(client, asked["query_id"]), 1_000_000)
        while not _is_over(client, asked["query_id"]):
            time.sleep(0.1)
        took, cpu = time.perf_counter() - began, _workers_cpu(server) - before
        told = client.get(f"/api/v1/cases/{case_id}/events", headers={"Accept": "application/json"}).json()["events"]
    progress = sum(event["type"] == "answer.progress" for event in told)
    what = f"session reads while 1 GB is analysed: p99 against {idle:.1f} ms idle ({busy:.1f} ms)"
    yield at_most(what, busy / idle, 3, "{:.2f} ×")
    yield at_most(f"1 GB inside the server: CPU time of its workers (took {took:.1f} s)", cpu, 50, "{:.1f} s")
    yield at_least("progress told meanwhile, a second", progress / took, 1, "{:.1f}")


def _small(server: Process, client: httpx.Client, session_id: str) -> float:
    """Milliseconds of CPU. The first answers warm the workers up."""
    took = []
    path = server.data_dir / "one.log"
    for number in range(15):
        logs.write(path, 1_000_000, seed=number)
        case_id = client.post("/api/v1/cases").json()["case_id"]
        client.post(f"/api/v1/cases/{case_id}/evidence", content=path.read_bytes())
        before = _workers_cpu(server)
        body = {"session_id": session_id, "case_id": case_id, "query": "Why does it fail?"}
        answer = client.post("/api/v1/query", json=body, timeout=120).json()
        assert answer["citations"], "an answer without a citation does not count"
        took.append((_workers_cpu(server) - before) * 1000)
    return statistics.median(took[4:])


def _workers_cpu(server: Process) -> float:
    used = [one.cpu_times() for one in psutil.Process(server.process.pid).children(recursive=True)]
    return float(sum(times.user + times.system for times in used))


def _reads(client: httpx.Client, session_id: str, is_over: Callable[[], bool], most: int) -> float:
    """p99 in milliseconds of reading a session again and again."""
    took: list[float] = []
    while len(took) < most:
        began = time.perf_counter()
        client.get(f"/api/v1/sessions/{session_id}").raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
        if len(took) % 200 == 0 and is_over():
            break
    return statistics.quantiles(took, n=100)[-1]


def _is_over(client: httpx.Client, query_id: str) -> bool:
    return client.get(f"/api/v1/queries/{query_id}").json()["status"] not in ("queued", "running")


def _accuracy() -> Iterator[Figure]:
    every = measured()
    grouping = statistics.mean(one.ga for one in every.values())
    f1 = statistics.mean(one.fga for one in every.values())
    told = ", ".join(f"{name} {one.ga:.2f}/{one.fga:.2f}" for name, one in every.items())
    yield at_least(f"template mining: grouping accuracy, mean ({told})", grouping, 0.90, "{:.3f}")
    yield at_least("template mining: F1 of grouping accuracy, mean", f1, 0.85, "{:.3f}")
