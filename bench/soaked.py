"""`python -m bench.soaked FILE`: puts what `make soak` reported into docs/performance.md.

FILE has one JSON object a line, one for each run of a part: `part, database, seed, seconds, violations`, and beside
them what the part has counted (integers, added up over its runs) and measured (of which the largest is told).
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import figures
from bench.figures import Figure


@dataclass(frozen=True, slots=True)
class Claim:
    """How much of what a part must have done, and what none of its figures may be above."""

    what: str
    counted: tuple[str, ...]
    least: int
    most: dict[str, float] = field(default_factory=dict)


LOAD = "load average"
ABOUT = frozenset({"part", "database", "seed", "seconds", "violations"})
CLAIMS = {
    "races": Claim("raced opens, resumes and ends", ("opened", "resumed", "ended"), 1_000_000),
    "kills": Claim("`kill -9` rounds", ("kills",), 1_000, {"seconds to serve again, most": 1.5}),
    "questions": Claim("questions retried through the cutting proxy", ("questions",), 10_000),
    "cuts": Claim("random stream cuts", ("cuts",), 10_000),
}


@dataclass
class Part:
    """All runs of one part on one database, added up."""

    counts: Counter[str] = field(default_factory=Counter)
    figures: dict[str, float] = field(default_factory=dict)
    violations: int = 0

    def add(self, run: dict[str, Any]) -> None:
        for name in run.keys() - ABOUT:
            if isinstance(run[name], int):
                self.counts[name] += run[name]
            else:
                self.figures[name] = max(run[name], self.figures.get(name, run[name]))
        self.violations += run["violations"]


def main(file: Path) -> None:
    parts = parts_of(file.read_text(encoding="utf-8").splitlines())
    found = list(told(parts))
    for figure in found:
        print(figure)
    load = max(part.figures.get(LOAD, 0.0) for part in parts.values())
    begin = f"Measured on {figures.machine()}; load average meanwhile up to {load:.1f}."
    figures.write("soak", [begin, "", *figures.table(found)])


def parts_of(lines: Iterable[str]) -> dict[str, Part]:
    parts: dict[str, Part] = defaultdict(Part)
    for line in filter(str.strip, lines):
        run = json.loads(line)
        on = "" if run["database"] == "sqlite" else f" on {run['database']}"
        parts[run["part"] + on].add(run)
    return parts


def told(parts: dict[str, Part]) -> Iterator[Figure]:
    """Every part has its row, also one that did not run and one of which nothing was claimed."""
    for name in dict.fromkeys([*CLAIMS, *parts]):
        part, claim = parts.get(name, Part()), CLAIMS.get(name)
        if claim is None:
            counts = ", ".join(f"{count:,} {what}" for what, count in sorted(part.counts.items()))
            yield _unbroken(f"{name}: {counts}", part)
            continue
        done = sum(part.counts[what] for what in claim.counted)
        yield figures.at_least(claim.what, done, claim.least, "{:,.0f}")
        if name in parts:
            yield _unbroken(f"{claim.what}: promises broken", part)
        for what, most in claim.most.items():
            if what in part.figures:
                yield figures.at_most(f"{claim.what}: {what}", part.figures[what], most, "{:.2f}")


def _unbroken(what: str, part: Part) -> Figure:
    return Figure(what, str(part.violations), "0", part.violations == 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
