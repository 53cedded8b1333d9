"""From question and evidence to a report: every stage in order, each a module of its own.

    question + sources ─signs─▶ suspects ─hypotheses─▶ judged ─onset, timeline, reasons─▶ Findings ─writing─▶ Report

Deterministic and pure: no clock, no model, no network, and text from evidence is only ever quoted.
"""

from __future__ import annotations

from collections.abc import Sequence

from faultmaven.diagnosis.catalogue import Catalogue, load
from faultmaven.diagnosis.fingerprint import fingerprint
from faultmaven.diagnosis.investigate import investigate
from faultmaven.diagnosis.meaning import explained
from faultmaven.diagnosis.report import EngineUsed, Report
from faultmaven.diagnosis.reporting import report_of
from faultmaven.diagnosis.sources import Earlier, Source

__all__ = ["REASONING_VERSION", "Earlier", "Source", "diagnose", "fingerprint"]

REASONING_VERSION = "3"


def diagnose(question: str, sources: Sequence[Source], history: Sequence[Earlier] = ()) -> Report:
    """The embedded engine's answer. Same question, evidence and history: same report."""
    catalogue = load()
    sources = list({source.evidence_id: source for source in reversed(sources)}.values())[::-1]
    meant = catalogue.explain(question, bare=not any(source.asked_with for source in sources))
    if meant:
        return explained(meant, question, _engine(catalogue, sources))
    return report_of(investigate(question, sources, history, catalogue), _engine(catalogue, sources))


def _engine(catalogue: Catalogue, sources: Sequence[Source]) -> EngineUsed:
    readers = "+".join(sorted({source.digest.version for source in sources})) or "none"
    return EngineUsed(
        name="embedded", versions={"reader": readers, "catalogue": catalogue.version, "reasoning": REASONING_VERSION}
    )
