"""Everything an answer holds, for a person who wants to see it all in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from faultmaven.cli.brief import label, quoted, step
from faultmaven.cli.terminal import Page
from faultmaven.cli.words import VERDICTS, clock, many, since, size
from faultmaven.diagnosis.report import Action, Check, Coverage, EngineUsed, Hypothesis, Moment, Report, SeenBefore

_UNDER = "    "


def whole(report: Report, page: Page) -> list[str]:
    """Sections in the order in which they are needed; an empty one is left out."""
    sections = {
        "What it could be": [line for hypothesis in report.hypotheses for line in _hypothesis(hypothesis, page)],
        "Seen in the evidence": [line for seen in report.observations for line in _point(seen.text, page, seen.cites)],
        "Timeline": [line for moment in report.timeline for line in _moment(moment, report, page)],
        "To do": [line for action in report.actions for line in _action(action, page)],
        "To check": [line for check in report.next_checks for line in _check(check, page)],
        "Missing": [line for text in report.missing for line in _point(text, page)],
        "Seen before": [line for earlier in report.seen_before for line in _earlier(earlier, page)],
        "Cited lines": [f"[{citation.n}] {quoted(citation, page)}" for citation in report.citations],
        "What was looked at": [*_coverage(report.coverage, page), *_engine(report.engine, page)],
    }
    lines = _head(report, page)
    for title, body in sections.items():
        lines += ["", page.strong(title), *body] if body else []
    return lines


def _head(report: Report, page: Page) -> list[str]:
    onset = since(report.onset) if report.onset else ""
    verdict = VERDICTS[report.verdict] + (f", {onset}." if onset else ".")
    lines = [*map(page.strong, page.sentence(report.headline)), *page.sentence(verdict)]
    return [*lines, "", *page.sentence(report.summary)] if report.summary else lines


def _point(text: str, page: Page, cites: Sequence[int] = (), lead: str = "- ") -> list[str]:
    marks = "".join(f" [{n}]" for n in cites)
    return page.sentence(text + marks, first=lead, rest=" " * len(lead))


def _hypothesis(hypothesis: Hypothesis, page: Page) -> Iterator[str]:
    certainty = "ruled out" if hypothesis.ruled_out else hypothesis.strength
    kind = hypothesis.category.replace("_", " ")
    yield from _point(f"{hypothesis.title} ({certainty}; {kind})", page)
    for reason in hypothesis.because:
        inferred = " (inferred)" if reason.basis == "inferred" else ""
        yield from _point(reason.text + inferred, page, reason.cites, _UNDER + "for: ")
    for objection in hypothesis.against:
        yield from _point(objection.text, page, objection.cites, _UNDER + "against: ")
    if hypothesis.ruled_out_because:
        yield from _point(hypothesis.ruled_out_because, page, lead=_UNDER + "ruled out: ")


def _moment(moment: Moment, report: Report, page: Page) -> list[str]:
    assumed = report.onset is not None and report.onset.zone_assumed
    when = f"{clock(moment.at, assumed)}  " if moment.at else ""
    return _point(f"{when}{moment.role.replace('_', ' ')}: {moment.text}", page, moment.cites)


def _action(action: Action, page: Page) -> Iterator[str]:
    yield from step(f"- {label(action)}", action, page, most=20)
    if action.undo:
        yield from _point(action.undo, page, lead=_UNDER + "to undo: ")
    if action.verify:
        yield from _point(action.verify, page, lead=_UNDER + "to verify: ")


def _check(check: Check, page: Page) -> Iterator[str]:
    yield from step("- Check", check, page, most=20)
    if check.if_so:
        yield from _point(check.if_so, page, lead=_UNDER + "if so: ")
    if check.if_not:
        yield from _point(check.if_not, page, lead=_UNDER + "if not: ")


def _earlier(earlier: SeenBefore, page: Page) -> list[str]:
    resolution = f": {earlier.resolution}" if earlier.resolution else ", not resolved"
    return _point(f"{clock(earlier.at)}, case {earlier.case_id}{resolution}", page)


def _coverage(coverage: Coverage, page: Page) -> Iterator[str]:
    kinds = ", ".join(kind.replace("_", " ") for kind in coverage.kinds)
    told = f"{many(coverage.lines, 'line')}, {size(coverage.bytes)}" + (f" ({kinds})" if kinds else "")
    if coverage.first_at and coverage.last_at:
        told += f", from {clock(coverage.first_at)} to {clock(coverage.last_at)}"
    yield from _point(told, page)
    if coverage.unparsed_lines:
        unparsed = many(coverage.unparsed_lines, "line")
        yield from _point(f"{unparsed} without a recognised time or level", page)
    if coverage.truncated:
        yield from _point("not everything was read to its end", page)


def _engine(engine: EngineUsed, page: Page) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in engine.versions.items())
    model = f" {engine.model}" if engine.model else ""
    yield from _point(f"{engine.name} engine{model}" + (f" ({versions})" if versions else ""), page)
    if engine.redactions:
        taken = ", ".join(f"{count} {kind}" for kind, count in engine.redactions.items())
        yield from _point(f"redacted before it left this machine: {taken}", page)
