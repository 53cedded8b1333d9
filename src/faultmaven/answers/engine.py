"""The seam between the runner and what thinks: a task goes in, steps come out.

The last step of every engine is Done. An engine that cannot answer raises; the runner records it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from faultmaven.diagnosis.report import Report


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One piece of evidence to look at: where it is, and its index; `analysis` is where its digest is kept."""

    evidence_id: str
    name: str
    path: Path
    index: Path
    analysis: Path
    size: int
    asked_with: bool


@dataclass(frozen=True, slots=True)
class Task:
    """`history` is earlier (question, JSON of the Report) of the case, oldest first."""

    query_id: str
    question: str
    exhibits: tuple[Exhibit, ...]
    history: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Progress:
    text: str


@dataclass(frozen=True, slots=True)
class Delta:
    """More of `response`."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """`fingerprint` is equal for answers about the same trouble; None where there is none."""

    report: Report
    fingerprint: str | None


Step = Progress | Delta | Done


class Engine(Protocol):
    def run(self, task: Task) -> AsyncGenerator[Step, None]: ...
