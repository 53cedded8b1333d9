"""The same requests with the sessions kept in PostgreSQL, for information: its own processes share the two cores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import costs
from bench.costs import CALLERS
from bench.figures import Figure
from bench.load import Load
from tests import databases


def figures(folder: Path) -> Iterator[Figure]:
    before = databases.chosen
    databases.choose("postgresql")
    try:
        yield _told("open a session", costs.opening(folder, costs.MOST))
        resuming, reading = costs.resuming_and_reading(folder / "requests")
        yield _told("resume a session", resuming)
        yield _told("read a session", reading)
    finally:
        databases.choose(before)
        databases.drop_unused()


def _told(what: str, run: Load) -> Figure:
    rate = f"{CALLERS} callers; {run.per_second:,.0f}/s, p99 {run.p99:.0f} ms"
    return Figure(f"{what} on PostgreSQL: server CPU a request ({rate})", f"{run.cpu_each:.3f} ms")
