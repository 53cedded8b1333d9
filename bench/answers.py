"""How long a person waits for an answer."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench import logs
from bench.figures import Figure, at_most
from tests.servers import COMMAND, running


def figures(folder: Path) -> Iterator[Figure]:
    yield from _first_answer(folder)
    yield from _large_log(folder)


def _first_answer(folder: Path) -> Iterator[Figure]:
    """From asking to the finished, cited answer, over HTTP, on 1 MB nobody has analysed before."""
    took = []
    with running(folder / "answers") as server, server.client() as client:
        session_id = client.post("/api/v1/sessions").json()["session_id"]
        for number in range(21):
            logs.write(folder / "one.log", 1_000_000, seed=number)
            case_id = client.post("/api/v1/cases").json()["case_id"]
            client.post(f"/api/v1/cases/{case_id}/evidence", content=(folder / "one.log").read_bytes())
            began = time.perf_counter()
            answer = client.post(
                "/api/v1/query", json={"session_id": session_id, "case_id": case_id, "query": "Why does it fail?"}
            ).json()
            took.append((time.perf_counter() - began) * 1000)
            assert answer["citations"], "an answer without a citation does not count"
    first, rest = took[0], took[1:]
    what = f"first cited answer on a 1 MB log, median of 20 (slowest {max(rest):.0f} ms, very first {first:.0f} ms)"
    yield at_most(what, statistics.median(rest), 300, "{:.0f} ms")


def _large_log(folder: Path) -> Iterator[Figure]:
    """The command line, in process, on 100 MB."""
    path = folder / "large.log"
    logs.write(path, 100_000_000)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([COMMAND, "ask", "--json", "-f", path, "Why does it fail?"], check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    yield at_most("faultmaven ask on a 100 MB log, median of 3", statistics.median(took), 6, "{:.1f} s")
