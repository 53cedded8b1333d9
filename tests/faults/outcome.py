"""What a part of the fault tests has done and found, for tests, for `make soak` and for its report."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Budget:
    """How much to do: so many, or for so long, whichever is over first. None: no bound of that kind."""

    count: int | None = None
    seconds: float | None = None
    began: float = field(default_factory=time.monotonic)

    def left(self, done: int) -> bool:
        if self.count is not None and done >= self.count:
            return False
        return self.seconds is None or time.monotonic() - self.began < self.seconds


@dataclass(slots=True)
class Outcome:
    """`counts` are figures of any kind by name; every violation is a sentence, and there must be none."""

    part: str
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    figures: dict[str, float] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.violations.append(otherwise)

    def add(self, other: Outcome) -> None:
        self.counts += other.counts
        for name, figure in other.figures.items():
            self.figures[name] = self.figures.get(name, 0) + figure
        self.violations += other.violations
