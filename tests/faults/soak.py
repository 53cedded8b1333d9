"""`make soak SECONDS=600`: the fault tests for as long as one likes.

    python -m tests.faults.soak --seconds 600
    python -m tests.faults.soak --only races --count 1000000 --report figures.jsonl

Prints a line for each part, with its seed: `--seed` repeats it. Exits with 1 after any violation.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import databases
from tests.faults.failing_disk import FailingDisk
from tests.faults.kills import Killing
from tests.faults.outcome import Budget, Outcome
from tests.faults.proxy import FaultProxy
from tests.faults.questions import Asking
from tests.faults.races import Target, race
from tests.faults.record import Record, reading_on
from tests.faults.state_running import run_machine
from tests.faults.streams import REACH, WEIGHTS, Streaming
from tests.servers import running

Part = Callable[[Path, int, Budget], Outcome]
SETTINGS: Any = {"max_sessions_per_user": "10000", "log_level": "warning"}


def races(data_dir: Path, seed: int, budget: Budget) -> Outcome:
    """`--count`: opens, resumes and ends."""
    with running(data_dir, **SETTINGS) as server, server.client() as api:
        assert server.token is not None
        outcome = race(Target(server.bound, server.token), seed, budget)
        record = Record()
        for _ in reading_on(record, api):
            pass
    outcome.violations += record.violations
    return outcome


def kills(data_dir: Path, seed: int, budget: Budget) -> Outcome:
    """`--count`: kills under load."""
    return Killing(data_dir, seed, budget).run()


def disk(data_dir: Path, seed: int, budget: Budget) -> Outcome:
    """As `kills`, with a disk that fails and power cuts."""
    failing = FailingDisk(data_dir.with_name("disk"), data_dir)
    failing.keep_journal()
    return Killing(data_dir, seed, budget, disk=failing).run()


def questions(data_dir: Path, seed: int, budget: Budget) -> Outcome:
    """`--count`: questions."""
    with FaultProxy(seed) as proxy, running(data_dir, allowed_hosts=proxy.host, **SETTINGS) as server:
        proxy.upstream = server.port
        return Asking(server, proxy, seed, budget).run()


def cuts(data_dir: Path, seed: int, budget: Budget) -> Outcome:
    """`--count`: connections cut."""
    with FaultProxy(seed, WEIGHTS, REACH) as proxy, running(data_dir, allowed_hosts=proxy.host, **SETTINGS) as server:
        proxy.upstream = server.port
        return Streaming(server, proxy, seed, budget).run()


def machine(_data_dir: Path, seed: int, budget: Budget) -> Outcome:
    """`--count`: histories of 50 steps. Hypothesis has seeds of its own, and prints how to repeat what failed."""
    outcome = Outcome("machine", seed)
    told = run_machine(budget.seconds, budget.count, databases.chosen)
    outcome.counts = Counter({name: value for name, value in told.items() if isinstance(value, int)})
    return outcome


PARTS: dict[str, Part] = {
    "races": races,
    "kills": kills,
    "disk": disk,
    "questions": questions,
    "cuts": cuts,
    "machine": machine,
}


def main() -> int:
    chosen = _arguments()
    databases.choose(chosen.database)
    names = [chosen.only] if chosen.only else list(PARTS)
    seconds = None if chosen.count is not None else chosen.seconds / len(names)
    broken = 0
    for name in names:
        print(f"{name}: begins, --seed {chosen.seed}", flush=True)
        began = time.monotonic()
        outcome = _run(name, chosen.seed, chosen.count, seconds)
        broken += len(outcome.violations)
        _tell(outcome, chosen.database, time.monotonic() - began, chosen.report)
        databases.drop_unused()
    return 1 if broken else 0


def _run(name: str, seed: int, count: int | None, seconds: float | None) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="faultmaven-soak-") as place:
        try:
            return PARTS[name](Path(place) / "data", seed, Budget(count, seconds))
        except Exception as error:  # a promise that could not even be checked is broken, and the next part still runs
            traceback.print_exc()
            return Outcome(name, seed, violations=[f"{type(error).__name__}: {error}"])


def _tell(outcome: Outcome, database: str, seconds: float, report: Path | None) -> None:
    for violation in outcome.violations:
        print(f"{outcome.part}: VIOLATION: {violation}", flush=True)
    line = {
        "part": outcome.part,
        "database": database,
        "seed": outcome.seed,
        "seconds": round(seconds, 1),
        "violations": len(outcome.violations),
        "load average": round(os.getloadavg()[2], 1),
        **outcome.figures,
        **outcome.counts,
    }
    print(f"{outcome.part}: {json.dumps(line)}", flush=True)
    if report is not None:
        with report.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description="The fault tests, for longer.")
    parser.add_argument("--seconds", type=float, default=600.0, help="for all parts together")
    parser.add_argument("--only", choices=list(PARTS), help="one part alone")
    parser.add_argument("--count", type=int, help="so many of what each part counts, however long it takes")
    parser.add_argument("--database", choices=databases.NAMES, default="sqlite")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31), help="of an earlier run, to repeat it")
    parser.add_argument("--report", type=Path, help="file that a line of JSON is added to for each part")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
