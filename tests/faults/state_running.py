"""Runs the state machine: at a server of its own, for so many histories or for so long, and says what was done."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests import databases
from tests.faults.forked import Forks
from tests.faults.state_machine import SETTINGS, Machine

STEPS = 50
# Of a run for some time, so many at once.
BATCH = 50


def run(examples: int) -> None:
    """So many random histories, at the server of `served`."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        print_blob=True,
        # A step is slow, as it talks to a server. Whatever else is unhealthy is to be told: steps that cannot be taken.
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(Machine, settings=chosen)


@contextmanager
def served() -> Iterator[Counter[str]]:
    """With a server for the machine; what its steps came to is counted anew."""
    with (
        tempfile.TemporaryDirectory(prefix="faultmaven-state-") as place,
        Forks() as helper,
        helper.server(Path(place) / "data", **SETTINGS) as server,
    ):
        Machine.server = server
        Machine.bearer = staticmethod(lambda name: server.command("token", "create", name).strip())
        Machine.tally.clear()
        yield Machine.tally


def run_machine(seconds: float | None, examples: int | None, database: databases.Name) -> dict[str, Any]:
    """So many random histories of 50 steps each, or as many as fit; an AssertionError is a promise that was broken."""
    databases.choose(database)
    with served() as tally:
        started = time.monotonic()
        while _goes_on(started, seconds, tally["examples"], examples):
            left = BATCH if examples is None else examples - tally["examples"]
            run(left if seconds is None else min(left, BATCH))
        return {"database": database, "seconds": round(time.monotonic() - started, 1), **dict(sorted(tally.items()))}


def _goes_on(started: float, seconds: float | None, done: int, examples: int | None) -> bool:
    in_time = seconds is None or time.monotonic() - started < seconds
    return in_time and (examples is None or done < examples)
