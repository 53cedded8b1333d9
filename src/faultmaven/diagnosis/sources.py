"""What a diagnosis is made from: the pieces of evidence in front of the engine, and what was said before."""

from __future__ import annotations

from dataclasses import dataclass

from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.report import Report

QUESTION = "question"
EARLIER_QUESTION = "earlier question"


@dataclass(frozen=True, slots=True)
class Source:
    """One piece of evidence. `asked_with` says that it came with this question, not earlier in the case."""

    evidence_id: str
    name: str
    document: Document
    digest: Digest
    asked_with: bool = True

    @property
    def is_told(self) -> bool:
        """Written by the person asking rather than by a machine: weighs less than a log."""
        return self.name in (QUESTION, EARLIER_QUESTION)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier question of the case and what was answered."""

    question: str
    report: Report
