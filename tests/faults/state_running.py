"""Runs the state machine: at a server of its own, for so many histories or for so long, and says what was done."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck
from hypothesis.stateful import run_state_machine_as_test
from tests import databases
from tests.faults.forked import Forks
from tests.faults.state_machine import SETTINGS, Machine

from faultmaven.bus import Bus
from faultmaven.databases import open_database
from faultmaven.identity.service import create_token
from faultmaven.settings import Settings

STEPS = 50
# Of a run for some time, so many at once.
BATCH = 50
CROWD = 100


def run(examples: int) -> None:
    """So many random histories, at the server of `served`."""
    chosen = hypothesis.settings(
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
        chosen: dict[str, Any] = {"data_dir": server.data_dir, **databases.settings_for(server.data_dir)}
        Machine.newcomers = _newcomers(Settings(**chosen))
        Machine.tally.clear()
        yield Machine.tally


def _newcomers(settings: Settings) -> Iterator[tuple[str, str]]:
    """Names and bearers of users as `faultmaven token create` makes them, but many at a time."""
    for number in itertools.count(step=CROWD):
        yield from asyncio.run(_make_users(settings, [f"user-{number + one}" for one in range(CROWD)]))


async def _make_users(settings: Settings, names: list[str]) -> list[tuple[str, str]]:
    database = open_database(settings, Bus())
    await database.start()
    try:
        return [(name, (await database.write(create_token, name)).bearer.text) for name in names]
    finally:
        await database.stop()


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
