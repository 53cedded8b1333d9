"""What an incident looks like from afar, so that an earlier case of the same kind is found again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from faultmaven.diagnosis.report import Report
from faultmaven.diagnosis.sources import Source


def fingerprint(report: Report, sources: Sequence[Source]) -> str | None:
    """`v1:` and a hash of the top fault and the templates of the lines that show it; None when there is no fault."""
    if report.verdict not in ("cause_found", "likely_cause", "symptom_only"):
        return None
    top = next((hypothesis for hypothesis in report.hypotheses if not hypothesis.ruled_out), None)
    if top is None:
        return None
    cited = {n for reason in top.because[:2] for n in reason.cites}
    shapes = sorted({_shape(c.evidence_id, c.line_start, c.quote, sources) for c in report.citations if c.n in cited})
    told = "\n".join([top.fault_id or top.id, *shapes])
    return "v1:" + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def _shape(evidence_id: str, line: int, quote: str, sources: Sequence[Source]) -> str:
    """The template of a line, or where no digest holds it, its text without digits."""
    for source in sources:
        if source.evidence_id == evidence_id:
            for template in source.digest.templates:
                if line in template.lines:
                    return template.text
    return re.sub(r"[0-9a-fA-F]+", lambda run: "0" if any(c.isdigit() for c in run[0]) else run[0], quote)
