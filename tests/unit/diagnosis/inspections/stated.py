"""Evidence as tests write it, and what is made of it."""

from __future__ import annotations

from textwrap import dedent

from tests.corpus.regenerate import source

from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.lines import Document
from faultmaven.diagnosis.report import Hypothesis, Report


def answered(*evidence: str, question: str = "What is wrong?") -> Report:
    """The report, after checking that every citation says what its lines say."""
    contents = [dedent(text).lstrip("\n").encode() for text in evidence]
    report = diagnose(question, [source(f"evidence-{n}", content) for n, content in enumerate(contents)])
    for citation in report.citations:
        document = Document(contents[int(citation.name.removeprefix("evidence-"))])
        quoted = "\n".join(document.texts(citation.line_start, citation.line_end))
        if citation.column_end is not None:
            quoted = quoted[citation.column_start : citation.column_end]
        assert citation.quote == quoted
    return report


def top(report: Report) -> Hypothesis:
    return next(one for one in report.hypotheses if not one.ruled_out)


def faults(report: Report) -> set[str | None]:
    """Of the hypotheses that stand and are more than weak."""
    return {one.fault_id for one in report.hypotheses if not one.ruled_out and one.strength != "weak"}
