"""The whole answer as Markdown, in the order it is needed: verdict, why, what to do next, and then the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from faultmaven.diagnosis.coverage import looked_at
from faultmaven.diagnosis.digest import Zone
from faultmaven.diagnosis.findings import Findings
from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.moments import said
from faultmaven.diagnosis.quoting import code, escaped, markdown
from faultmaven.diagnosis.reasons import Claim
from faultmaven.diagnosis.report import Action, Check
from faultmaven.diagnosis.subject import title_of
from faultmaven.diagnosis.summing_up import IN_WORDS, what_is_well, when_and_how_often


def response(findings: Findings, first_line: str) -> str:
    """The answer as Markdown. Text from evidence stands in code spans only."""
    sections = [
        f"**{escaped(first_line)}** {_certainty(findings)}".rstrip(),
        _onset(findings),
        "\n".join(_answer(findings)),
        _section("Noted in passing", _noted(findings)),
        _section("Why", _reasons(findings)),
        _section("Do next", _steps(findings)),
        _section("Other possibilities", _others(findings)),
        _section("What is missing", [f"- {escaped(text)}" for text in findings.missing]),
        _section("Timeline", _timeline(findings)),
        _section("What was looked at", _looked_at(findings)),
    ]
    return "\n\n".join(section for section in sections if section)


def _certainty(findings: Findings) -> str:
    """The verdict in a word, unless the headline has said it already."""
    match findings.verdict:
        case "cause_found" | "symptom_only":
            return f"({IN_WORDS[findings.verdict].lower()})"
        case _:
            return ""


def _section(title: str, lines: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines) if lines else ""


def _onset(findings: Findings) -> str:
    if findings.verdict == "no_fault_found":
        return escaped(what_is_well(findings))
    if findings.quiet:
        return ""
    when = when_and_how_often(findings)
    return markdown(when) + _marks(findings.onset_cites) if when else ""


def _answer(findings: Findings) -> list[str]:
    return [f"- {markdown(seen.said)}{_marks(seen.cites)}" for seen in findings.seen if seen.is_answer]


def _noted(findings: Findings) -> list[str]:
    rest = [seen for seen in findings.seen if findings.quiet and not seen.is_answer]
    return [f"- {markdown(seen.said)}{_marks(seen.cites)}" for seen in rest]


def _reasons(findings: Findings) -> list[str]:
    if findings.top is None or findings.quiet:
        return []
    claims = findings.claims[findings.top.suspect.key]
    return [f"{number}. {_claim(claim)}" for number, claim in enumerate(claims, 1)] + _against(findings)


def _against(findings: Findings) -> list[str]:
    found = findings.objections.get(findings.top.suspect.key, []) if findings.top else []
    return [f"- Against it: {escaped(text)}{_marks(cites)}" for text, cites in found]


def _claim(claim: Claim) -> str:
    return markdown(claim.said) + (" *(inferred)*" if claim.basis == "inferred" else _marks(claim.cites))


def _marks(cites: Sequence[int]) -> str:
    return "".join(f" [{n}]" for n in cites)


def _steps(findings: Findings) -> list[str]:
    checks = [line for check in findings.checks for line in step_lines("Check", check)]
    actions = [line for action in findings.actions for line in step_lines(action.kind.capitalize(), action)]
    # A known cause is acted upon; anything less is looked into first.
    return [*actions, *checks] if findings.verdict == "cause_found" else [*checks, *actions]


def step_lines(kind: str, step: Check | Action) -> list[str]:
    line = f"- {kind}: {escaped(step.text)}"
    return [line, f"  {code(step.command, 400)} ({step.risk.replace('_', ' ')})"] if step.command else [line]


def _others(findings: Findings) -> list[str]:
    others = [judged for judged in findings.judged if judged is not findings.top]
    return [] if findings.quiet else [_other(judged, findings) for judged in others]


def _other(judged: Judged, findings: Findings) -> str:
    cites = next((claim.cites for claim in findings.claims.get(judged.suspect.key, []) if claim.cites), ())
    certainty = f"ruled out: {judged.ruled_out_because}" if judged.ruled_out_because else judged.strength
    return f"- {markdown(title_of(judged.suspect))} ({escaped(certainty)}){_marks(cites)}"


def _timeline(findings: Findings) -> list[str]:
    return [
        f"- {_clock(event.at, event.source.digest.zone)}{markdown(event.said)}{_marks(cites)}"
        for event, cites in findings.events
    ]


def _clock(at: datetime | None, zone: Zone) -> str:
    return f"{said(at, zone)}: " if at else ""


def _looked_at(findings: Findings) -> list[str]:
    if not findings.evidence:
        return ["- The question itself: no other evidence was given."]
    lines = [f"- {code(source.name, 80)}: {looked_at([source])}" for source in findings.evidence]
    unparsed = findings.coverage.unparsed_lines
    if unparsed:
        lines.append(f"- {unparsed:,} lines without a recognised time or level.")
    unread = [source for source in findings.evidence if not source.digest.facts.is_whole and not source.digest.first_at]
    if unread:
        lines.append(f"- Not read as structured text, for its size: {', '.join(code(s.name, 80) for s in unread)}.")
    if findings.coverage.truncated:
        lines.append("- Not everything was read to its end.")
    return lines
