"""An answer in at most fifteen lines: what it is, since when, what shows it, and the first things to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from faultmaven.cli.terminal import Page
from faultmaven.cli.words import RISKS, VERDICTS, since
from faultmaven.diagnosis.report import Action, Check, Citation, Report

MOST_LINES = 15
MOST_QUOTES = 3
_LABELS = {"mitigate": "Mitigate", "fix": "Fix", "prevent": "Prevent"}


def brief(report: Report, page: Page) -> list[str]:
    blocks = [_head(report, page), _middle(report, page), [*_missing(report, page), *_steps(report, page)]]
    return _fitting([block for block in blocks if block])


def quoted(citation: Citation, page: Page) -> str:
    """`file:line: text`, of several lines the first."""
    lines = str(citation.line_start)
    if citation.line_end > citation.line_start:
        lines += f"-{citation.line_end}"
    text = citation.quote.split("\n", 1)[0].strip()
    return page.cut(f"{citation.name}:{lines}: {'…' if citation.column_start else ''}{text}")


def step(label: str, taken: Action | Check, page: Page, most: int = 2) -> Iterator[str]:
    """What to do with its risk, and its command alone on a line, whole, so that it can be copied."""
    yield from page.sentence(taken.text, first=f"{label} ({RISKS[taken.risk]}): ", rest="    ", most=most)
    if taken.command:
        yield from Page(colour=page.colour).sentence(taken.command, first="    ")


def label(action: Action) -> str:
    return _LABELS[action.kind]


def _fitting(blocks: list[list[str]]) -> list[str]:
    """Blank lines between the blocks as long as there is room for them."""
    spaced = [line for block in blocks for line in ("", *block)][1:]
    return spaced if len(spaced) <= MOST_LINES else [line for line in spaced if line][:MOST_LINES]


def _head(report: Report, page: Page) -> list[str]:
    lines = [page.strong(line) for line in page.sentence(report.headline, most=3)]
    if report.verdict == "answered":
        return lines
    verdict = VERDICTS[report.verdict]
    onset = since(report.onset) if report.onset else ""
    return [*lines, *page.sentence(f"{verdict}, {onset}." if onset else f"{verdict}.", most=2)]


def _middle(report: Report, page: Page) -> list[str]:
    """The lines that show it; the meaning of a term has none and is explained instead."""
    if report.verdict == "answered":
        return page.sentence(report.summary.removeprefix(report.headline).strip(), most=6)
    return [quoted(citation, page) for citation in _telling(report)]


def _telling(report: Report) -> list[Citation]:
    """Those the top hypothesis rests on, from cause to symptom; without one the first."""
    top = next((hypothesis for hypothesis in report.hypotheses if not hypothesis.ruled_out), None)
    wanted = [n for reason in top.because for n in reason.cites] if top else []
    by_number = {citation.n: citation for citation in report.citations}
    ordered = [by_number[n] for n in _once([*wanted, *by_number]) if n in by_number]
    return ordered[:MOST_QUOTES]


def _once(numbers: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


def _missing(report: Report, page: Page) -> list[str]:
    if report.verdict in ("symptom_only", "not_enough_evidence") and report.missing:
        return page.sentence(report.missing[0], first="To settle it: ", rest="    ", most=1)
    return []


def _steps(report: Report, page: Page) -> list[str]:
    mitigation = next((action for action in report.actions if action.kind == "mitigate"), None)
    first = mitigation or next(iter(report.actions), None)
    lines = [*step(label(first), first, page)] if first else []
    return lines + [line for check in report.next_checks[:1] for line in step("Check", check, page)]
