"""The few words a person reads first: headline and summary, both plain text."""

from __future__ import annotations

from collections.abc import Iterator

from faultmaven.diagnosis.coverage import looked_at
from faultmaven.diagnosis.findings import Findings, warnings_in
from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.moments import lines, said, stretch
from faultmaven.diagnosis.naming import message_of
from faultmaven.diagnosis.quoting import Phrase, Quoted, plain, shorten, snippet
from faultmaven.diagnosis.report import Verdict
from faultmaven.diagnosis.subject import headline_title, subject_of, title_of
from faultmaven.diagnosis.timeline import Event, can_be_undone

HEADLINE_LIMIT = 120
SUMMARY_LIMIT = 600
NONE_IS = "None of them is a warning."

IN_WORDS: dict[Verdict, str] = {
    "cause_found": "Cause found",
    "likely_cause": "Likely cause",
    "symptom_only": "Only symptoms in sight",
    "no_fault_found": "No fault found",
    "not_enough_evidence": "Not enough evidence",
    "answered": "Answered",
}


def headline(findings: Findings) -> str:
    top = findings.top
    match findings.verdict:
        case "not_enough_evidence":
            return shorten(_nothing_to_go_by(findings), HEADLINE_LIMIT)
        case "no_fault_found":
            return shorten(f"No fault found in {looked_at(findings.evidence)}.", HEADLINE_LIMIT)
        case "answered" if findings.direct:
            return shorten(plain((*findings.direct.headline, ".")), HEADLINE_LIMIT)
        case _ if top:
            return _named(top, findings)
        case _:
            return IN_WORDS[findings.verdict] + "."


def _named(top: Judged, findings: Findings) -> str:
    """Title, thing and time, as much as fits; the certainty is never what is cut."""
    before = "Likely cause: " if findings.verdict == "likely_cause" else ""
    after = "; the cause is not in sight" if findings.verdict == "symptom_only" else ""
    trouble = findings.trouble
    since = ""
    if trouble and trouble.at:
        since = ", " + stretch(trouble.at, trouble.last_at, trouble.ongoing == "no", trouble.zone)
    room = HEADLINE_LIMIT - len(before) - len(after) - 1
    title = (*headline_title(top.suspect), _in_which(top, findings))
    full, bare = plain(title), plain(top.suspect.title)
    if top.suspect.role == "unknown" and len(full) + len(since) > room:
        # Words of evidence lose their end more easily than their time.
        full = plain((Quoted(message_of(top.suspect.leading.text), room - len(since) - 2),))
    told = next((text for text in (full + since, full, bare) if len(text) <= room), shorten(bare, room))
    return f"{before}{told}{after}."


def _in_which(top: Judged, findings: Findings) -> str:
    """Which of several pieces of evidence, where the title names nothing else."""
    named = subject_of(top.suspect) or top.suspect.fault is None
    if named or top.suspect.is_told_only or len(findings.evidence) < 2:
        return ""
    return f", says {snippet(top.suspect.leading.source.name, 40)}"


def _nothing_to_go_by(findings: Findings) -> str:
    kinds = {kind for source in findings.evidence for kind in source.digest.kinds}
    if not findings.evidence:
        return "There is no evidence to go by: add a log, a trace or the exact error message."
    if kinds <= {"empty"}:
        return "The evidence is empty: there is nothing in it to diagnose."
    if kinds <= {"binary", "empty"}:
        return "The evidence is binary, not text: nothing in it could be read."
    return f"Nothing in the {looked_at(findings.evidence)} says that something failed."


def summary(findings: Findings) -> str:
    """Whole sentences, the most telling first, as many as fit."""
    text = ""
    for sentence in _sentences(findings):
        room = SUMMARY_LIMIT - len(text) - 1
        if len(sentence) <= room:
            text = f"{text} {sentence}".strip()
        elif not text:
            text = shorten(sentence, SUMMARY_LIMIT)
    return text


def _sentences(findings: Findings) -> Iterator[str]:
    top = findings.top
    if findings.direct:
        yield plain((*findings.direct.headline, "."))
        yield from (plain(seen.said) for seen in findings.seen if seen.is_answer)
        return
    if findings.quiet or top is None:
        yield from _quiet_sentences(findings)
        return
    when = plain(when_and_how_often(findings))
    asks_when = findings.wanted in ("when", "how_many")
    if asks_when:
        yield when
    yield f"{IN_WORDS[findings.verdict]}: {plain(_titled(top))}"
    if when and not asks_when:
        yield when
    if findings.cascade:
        yield plain(findings.cascade.said)
    for effect in top.consequences[:2]:
        yield f"Seen as well, as such a fault brings about: {plain(title_of(effect))}."
    yield from (plain(("Just before: ", *event.said, ".")) for event, _ in findings.events if _leads_up(event))
    yield from _also(findings)
    yield from (f"To settle it: {text}" for text in findings.missing[:1])


def _leads_up(event: Event) -> bool:
    """A warning, or a change that could be taken back: mere starts and restarts are in the timeline."""
    return event.role == "note" or (event.role == "change" and can_be_undone(event))


def _titled(judged: Judged) -> Phrase:
    """Title and the line that says so; where no fault is known, the line is the title."""
    sign = judged.suspect.leading
    where = "your question" if sign.source.is_told else f"{snippet(sign.source.name, 40)}, line {sign.telling_line}"
    if sign.said:
        return (*title_of(judged.suspect), ". ", *sign.said, f" ({where}).")
    if judged.suspect.fault:
        return (*title_of(judged.suspect), ". ", Quoted(message_of(sign.text), 220), f" ({where}).")
    title = judged.suspect.title if sign.trace else (Quoted(message_of(sign.text), 220),)
    return (*title, f" ({where}).")


def _also(findings: Findings) -> Iterator[str]:
    """The other errors, each the shorter the more there are, then the warnings, as long as there is room."""
    following = findings.top.consequences if findings.top else ()
    rest = [j.suspect for j in findings.judged[1:] if j.suspect not in following]
    others = sorted(rest, key=lambda suspect: not suspect.leading.said)
    limit = max(50, 330 // max(len(others), 3))
    for suspect in others:
        if suspect.leading.said:
            yield "Also: " + plain((*suspect.leading.said, "."))
        else:
            yield "Also seen: " + plain(
                (Quoted(message_of(suspect.leading.text), limit), f" ({lines(suspect.count)}).")
            )
    for _, template in warnings_in(findings.evidence)[:3]:
        yield plain(("Warning: ", Quoted(message_of(template.sample), 80), f" ({lines(template.count)})."))


def _quiet_sentences(findings: Findings) -> Iterator[str]:
    if findings.verdict == "not_enough_evidence":
        yield _nothing_to_go_by(findings)
        yield from (f"What would help: {text}" for text in findings.missing)
        return
    fine = [seen for seen in findings.seen if seen.is_well]
    rest = [seen for seen in findings.seen if not seen.is_well]
    yield f"No fault found: {_where_nothing_is(findings)}."
    yield what_is_well(findings)
    yield from (plain(seen.said) for seen in fine)
    if rest:
        yield "Noted in passing:"
    yield from (plain(seen.said) for seen in rest)


def _where_nothing_is(findings: Findings) -> str:
    if any(seen.is_well for seen in findings.seen):
        return f"no failure in {looked_at(findings.evidence)}"
    return f"no lasting error stands out in {looked_at(findings.evidence)}"


def what_is_well(findings: Findings) -> str:
    """Where states and measurements are shown, that these are well; of a log, how many warnings it holds."""
    states = [seen for seen in findings.seen if seen.id.startswith("o-state")]
    if not states:
        return how_many_warnings(findings)
    told = (
        "No failure is stated in what was read: the states shown are normal"
        if all(seen.is_well for seen in states)
        else ""
    )
    logged = how_many_warnings(findings)
    return f"{told}, and no error is active." if told and logged == NONE_IS else f"{told}. {logged}".lstrip(". ")


def how_many_warnings(findings: Findings) -> str:
    """Errors are counted too: a log can be well at its end and still hold some."""
    warnings = sum(template.count for _, template in warnings_in(findings.evidence))
    errors = sum(one.count for source in findings.evidence for one in source.digest.templates if one.is_error)
    if not errors:
        return f"{warnings:,} of them are warnings." if warnings else NONE_IS
    return f"Errors among them: {errors:,}; warnings: {warnings:,}."


def when_and_how_often(findings: Findings) -> Phrase:
    trouble = findings.trouble
    if trouble is None or (trouble.at is None and trouble.first.said):
        return ()  # what is stated is so; nothing tells since when
    if trouble.at is None:
        return (f"Said by {lines(trouble.count)}; the evidence gives no times.",)
    unzoned = "" if trouble.zone == "explicit" else " (time zone not stated)"
    began = said(trouble.at, trouble.zone)
    if trouble.count == 1:
        return (f"Once, at {began}{unzoned}.{_goes_on(findings)}",)
    last = (
        f", last at {said(trouble.last_at, trouble.zone)}" if trouble.last_at and trouble.last_at != trouble.at else ""
    )
    return (f"Since {began}{unzoned}: {lines(trouble.count)}{last}.{_goes_on(findings)}",)


def _goes_on(findings: Findings) -> str:
    match findings.trouble.ongoing if findings.trouble else "unknown":
        case "yes":
            return " It is still seen when the evidence ends."
        case "no":
            return " It is no longer seen when the evidence ends."
        case _:
            return ""
