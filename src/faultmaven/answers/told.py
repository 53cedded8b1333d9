"""A question that an answer quotes becomes evidence of its case, so that its citations can be opened like any other.

An engine names a question by the SHA-256 of its UTF-8 text. Here such names are replaced by those of real evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from faultmaven.diagnosis.report import Report
from faultmaven.diagnosis.sources import QUESTION

MEDIA_TYPE = "text/plain"


def by_hash(questions: Iterable[str]) -> dict[str, str]:
    return {_hash(text): text for text in questions}


def is_question(name: str, sha256: str, asked: Mapping[str, str]) -> bool:
    """Whether a piece of evidence is a question that the engine is told anyway."""
    return name == QUESTION and sha256 in asked


def quoted(report: Report, asked: Mapping[str, str]) -> set[str]:
    """Hashes of the questions that the report cites."""
    return {citation.evidence_id for citation in report.citations} & asked.keys()


def renamed(report: Report, evidence_ids: Mapping[str, str]) -> Report:
    """The report with its questions cited by the ids of evidence."""
    citations = [
        citation.model_copy(update={"evidence_id": evidence_ids.get(citation.evidence_id, citation.evidence_id)})
        for citation in report.citations
    ]
    return report.model_copy(update={"citations": citations})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
