"""From starting the command to /readyz answering 200."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, at_most
from tests.servers import running, wait_until


def figures(folder: Path) -> Iterator[Figure]:
    fresh = [_start(folder / f"fresh-{number}") for number in range(5)]
    again = [_start(folder / "fresh-0") for _ in range(5)]
    yield at_most("start to /readyz, new data folder, median of 5", statistics.median(fresh), 1.5, "{:.2f} s")
    yield at_most("start to /readyz, existing data folder, median of 5", statistics.median(again), 1.5, "{:.2f} s")


def _start(data_dir: Path) -> float:
    began = time.perf_counter()
    with running(data_dir) as server:
        wait_until(server, "/readyz")
        took = time.perf_counter() - began
        server.stop()
    return took
