"""The Markdown a team starts its post-mortem from.

What is known is filled in, with citations; what only people know stands open as `_To fill in: …_`. Nothing that came
from evidence or from a person's typing can break out of its place: quotes stand in fences longer than any run of
backticks in them, and other text is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from faultmaven.answers.model import QueryState
from faultmaven.cases.model import Case
from faultmaven.diagnosis.commands.inert import show_inert
from faultmaven.diagnosis.report import Citation, Report
from faultmaven.evidence.model import Evidence

Answered = tuple[QueryState, Report]

# What Markdown would act on inside a line: markup, HTML, entities, and addresses it would turn into links.
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~&@]|:(?=//)|(?<=www)\.", re.IGNORECASE)
# What makes a heading, a list or a rule of a line, if it stands first.
_LEADING = re.compile(r"^(\d*)([-+=.)])")


def write(case: Case, evidence: Sequence[Evidence], queries: Sequence[tuple[QueryState, Report | None]]) -> str:
    answered = [(state, report) for state, report in queries if report is not None]
    newest = _telling(answered)
    sections = [
        _head(case, newest),
        _section("Impact", ["_To fill in: who was affected, how, for how long._"]),
        _section("Timeline", list(_timeline(newest))),
        _section("Cause", list(_cause(case, newest))),
        _section("Resolution", list(_resolution(case))),
        _section("Actions", list(_actions(newest))),
        _section("What we learned", ["_To fill in: what went well, what went badly, where we were lucky._"]),
        _section("Questions asked", list(_questions(queries))),
        _section("Evidence", list(_evidence(evidence))),
        _section("Citations", list(_citations(newest))),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _telling(answered: Sequence[Answered]) -> Report | None:
    """The newest answer that says something about the trouble; a later look-up of a term does not displace it."""
    for _, report in reversed(answered):
        if report.verdict not in ("answered", "not_enough_evidence"):
            return report
    return answered[-1][1] if answered else None


def _head(case: Case, report: Report | None) -> str:
    lines = [f"# Post-mortem: {plain(case.title)}", ""]
    lines.append(f"- Status: {case.status}")
    lines.append(f"- Case opened: {case.created_at}")
    if report is not None and report.onset is not None and report.onset.at:
        assumed = " (time zone assumed to be UTC)" if report.onset.zone_assumed else ""
        lines.append(f"- Trouble began: {report.onset.at}{assumed}{_cites(report.onset.cites)}")
    lines.append("- Owner: _To fill in_")
    if report is not None:
        lines += ["", f"**{plain(report.headline)}**"]
    return "\n".join(lines)


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([f"## {title}", "", *lines]) if lines else ""


def _timeline(report: Report | None) -> Iterator[str]:
    for moment in report.timeline if report else ():
        when = f"{moment.at} " if moment.at else ""
        yield f"- {when}{moment.role.replace('_', ' ')}: {plain(moment.text)}{_cites(moment.cites)}"
    yield "- _To fill in: when it was noticed, when it was mitigated, when it was over._"


def _cause(case: Case, report: Report | None) -> Iterator[str]:
    if case.resolution is not None and case.resolution.cause:
        yield f"As resolved: {plain(case.resolution.cause)}"
    else:
        yield "_To fill in: the cause, once it is confirmed._"
    for hypothesis in report.hypotheses if report else ():
        standing = "ruled out" if hypothesis.ruled_out else hypothesis.strength
        yield ""
        yield f"- {plain(hypothesis.title)} ({standing})"
        for reason in hypothesis.because:
            yield f"  - {plain(reason.text)} ({reason.basis}){_cites(reason.cites)}"
        for objection in hypothesis.against:
            yield f"  - Against: {plain(objection.text)}{_cites(objection.cites)}"


def _resolution(case: Case) -> Iterator[str]:
    if case.resolution is not None and case.resolution.fix:
        yield f"What was done: {plain(case.resolution.fix)}"
    else:
        yield "_To fill in: what ended it._"


def _actions(report: Report | None) -> Iterator[str]:
    for action in report.actions if report else ():
        yield f"- [ ] {action.kind}: {plain(action.text)} (owner: _to fill in_)"
        if action.command:
            yield from _fenced(action.command, indent="  ")
    yield "- [ ] _To fill in: what keeps it from happening again, who does it, by when._"


def _questions(queries: Sequence[tuple[QueryState, Report | None]]) -> Iterator[str]:
    for state, report in queries:
        said = plain(report.headline) if report else state.status
        yield f"- {state.created_at} {plain(_one_line(state.query))}"
        yield f"  - {said}"


def _evidence(evidence: Sequence[Evidence]) -> Iterator[str]:
    for one in evidence:
        yield f"- {plain(one.name)} ({one.lines:,} lines, {one.size:,} bytes, SHA-256 {one.sha256})"


def _citations(report: Report | None) -> Iterator[str]:
    for citation in report.citations if report else ():
        yield f"{_place(citation)}:"
        yield ""
        yield from _fenced(citation.quote)
        yield ""


def _place(citation: Citation) -> str:
    lines = (
        f"line {citation.line_start}"
        if citation.line_start == citation.line_end
        else f"lines {citation.line_start} to {citation.line_end}"
    )
    return f"\\[{citation.n}\\] {plain(citation.name)}, {lines}"


def _fenced(text: str, indent: str = "") -> Iterator[str]:
    """A fence longer than any run of backticks inside it cannot be closed from inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{indent}{fence}text"
    for line in text.split("\n"):
        yield f"{indent}{show_inert(line)}"
    yield f"{indent}{fence}"


def _cites(cites: Sequence[int]) -> str:
    return "".join(f" \\[{number}\\]" for number in cites)


def plain(text: str) -> str:
    """Text on one line that Markdown shows as it is, also at the start of a line or of a list's entry."""
    return _LEADING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", show_inert(_one_line(text))))


def _one_line(text: str, limit: int = 500) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
