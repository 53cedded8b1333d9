"""Puts the stages together: from question and evidence to everything that was found out, citations included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from faultmaven.diagnosis.advice import actions_for, checks_for
from faultmaven.diagnosis.asked.answer import answered
from faultmaven.diagnosis.asked.direct import Direct
from faultmaven.diagnosis.asked.words import lines_that_say
from faultmaven.diagnosis.cascade import Failing, cascade_of, said_of
from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.citing import Citing
from faultmaven.diagnosis.coverage import coverage_of
from faultmaven.diagnosis.findings import Findings, Seen, warnings_in
from faultmaven.diagnosis.hypotheses import Judged, judge
from faultmaven.diagnosis.inspections.health import State, states_of
from faultmaven.diagnosis.inspections.inspect import inspected
from faultmaven.diagnosis.inspections.weighing import in_context
from faultmaven.diagnosis.inspections.world import World
from faultmaven.diagnosis.missing import missing_for
from faultmaven.diagnosis.moments import lines
from faultmaven.diagnosis.naming import message_of
from faultmaven.diagnosis.onset import Trouble, trouble_of
from faultmaven.diagnosis.questions import asks_about_now, asks_whether, focus_of, is_message, told, wanted
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.reasons import Claim, because, cite_sign, how_often
from faultmaven.diagnosis.report import Verdict
from faultmaven.diagnosis.signs import Sign, signs_of
from faultmaven.diagnosis.sources import Earlier, Source
from faultmaven.diagnosis.subject import title_of
from faultmaven.diagnosis.suspects import Suspect, suspects_of
from faultmaven.diagnosis.timeline import Event, changes_before, is_well_after, last_recovery, recovery_of, timeline_of
from faultmaven.diagnosis.verdict import is_quiet, verdict_of

MOST_HYPOTHESES = 6
MOST_OBSERVATIONS = 6


def investigate(question: str, sources: Sequence[Source], history: Sequence[Earlier], catalogue: Catalogue) -> Findings:
    focus = focus_of(question)
    signs = [sign for source in sources for sign in signs_of(source, catalogue, focus.quoted)]
    world = World(sources)
    signs = [*in_context(signs, world), *inspected(world, catalogue)]
    wonders = asks_whether(question) and any(source.digest.lines for source in sources)
    asked = [] if wonders else [(source, _plain_signs(source, catalogue)) for source in told(question, history)]
    everything = [*sources, *(source for source, found in asked if found)]
    judged = judge(suspects_of([*signs, *(sign for _, found in asked for sign in found)]), focus)[:MOST_HYPOTHESES]
    if direct := answered(question, wanted(question), sources, world):
        return _quiet(question, "answered", everything, judged, None, (), direct)
    found = _weigh_up(question, everything, judged, world)
    if found.verdict != "no_fault_found" or not (wonders or wanted(question) == "how_many"):
        return found
    direct = lines_that_say(question, sources)
    return _quiet(question, "answered", everything, judged, None, (), direct) if direct else found


def _plain_signs(source: Source, catalogue: Catalogue) -> list[Sign]:
    """Signs in a question's text. Prose that speaks of failing is none: a known fault, a trace or a log line is."""
    pasted = source.digest.first_at is not None or source.document.count > 2 or is_message(source.document.text(1))
    return [sign for sign in signs_of(source, catalogue) if sign.fault or sign.trace or (pasted and sign.is_error)]


def _weigh_up(question: str, sources: Sequence[Source], judged: Sequence[Judged], world: World) -> Findings:
    top = next((j for j in judged if j.stands), None)
    recovery = recovery_of(sources, top.suspect.signs) if top else None
    trouble = trouble_of(top, recovery.at if recovery else None, sources) if top else None
    is_past = bool(trouble and recovery and trouble.ongoing == "no" and is_well_after(recovery, judged))
    verdict = verdict_of(judged, trouble, sources, is_past and asks_about_now(question))
    if is_quiet(verdict) or top is None or trouble is None:
        states = states_of(world)
        is_well = bool(states) and all(state.is_well for state in states)
        return _quiet(question, "no_fault_found" if is_well else verdict, sources, judged, trouble, states)
    citing = Citing()
    changes = changes_before(sources, trouble)
    onset_cites = tuple(cite_sign(trouble.first, citing))
    standing = [j for j in judged if j.stands]
    claims = {j.suspect.key: because(j, changes if j is top else [], trouble, citing) for j in judged}
    cascade = _cascade(cascade_of([source for source in sources if not source.is_told], trouble), citing)
    if cascade:
        claims[top.suspect.key].append(cascade)
    return Findings(
        verdict=verdict,
        wanted=wanted(question),
        sources=sources,
        judged=judged,
        trouble=trouble,
        claims=claims,
        objections={j.suspect.key: _objections(j, citing) for j in judged},
        events=[(event, _cite_event(event, citing)) for event in timeline_of(sources, trouble, recovery)],
        onset_cites=onset_cites,
        seen=_seen(judged, citing),
        checks=checks_for(standing),
        actions=actions_for(standing, changes),
        missing=missing_for(verdict, top, trouble, sources),
        coverage=coverage_of([s for s in sources if not s.is_told] or sources),
        citations=citing.citations,
        cascade=cascade,
    )


def _quiet(
    question: str,
    verdict: Verdict,
    sources: Sequence[Source],
    judged: Sequence[Judged],
    trouble: Trouble | None,
    states: Sequence[State],
    direct: Direct | None = None,
) -> Findings:
    """Nothing failed as far as this evidence tells, or that was not asked; what was noted in passing is shown, and
    blamed for nothing."""
    citing = Citing()
    evidence = [source for source in sources if not source.is_told]
    claims = {j.suspect.key: because(j, [], trouble, citing) for j in judged} if trouble else {}
    answer = list(_answer(direct, citing)) if direct else []
    seen = [*answer, *_stated(states, citing), *_seen(judged, citing), *_warnings(evidence, citing)]
    began = [j.suspect.first_at for j in judged] + [template.first_at for _, template in warnings_in(evidence)]
    if recovery := last_recovery(evidence, [at for at in began if at]):
        seen.append(Seen("o-recovery", ("Later: ", *recovery.said, "."), _cite_event(recovery, citing)))
    return Findings(
        verdict=verdict,
        wanted=wanted(question),
        sources=sources,
        judged=judged,
        trouble=None,
        claims=claims,
        objections={j.suspect.key: _objections(j, citing) for j in judged},
        events=[],
        onset_cites=(),
        seen=seen[: MOST_OBSERVATIONS + len(states) + len(answer)],
        checks=[],
        actions=[],
        missing=missing_for(verdict, None, None, sources),
        coverage=coverage_of(evidence),
        citations=citing.citations,
        direct=direct,
    )


def _cascade(failed: Sequence[Failing], citing: Citing) -> Claim | None:
    cites = tuple(n for one in failed for n in citing.cite(one.source, one.template.lines[0]))
    return Claim(said_of(failed), "observed", cites) if cites else None


def _answer(direct: Direct, citing: Citing) -> Iterator[Seen]:
    for number, point in enumerate(direct.points, 1):
        cited = [citing.cite(source, span.first, span.last, columns=span.columns) for source, span in point.shown_by]
        cites = tuple(n for one in cited for n in one)
        yield Seen(f"o-answer-{number}", (*point.said, "."), cites, is_answer=True)


def _stated(states: Sequence[State], citing: Citing) -> Iterator[Seen]:
    for number, one in enumerate(states, 1):
        cited = [citing.cite(by.source, by.span.first, by.span.last, columns=by.span.columns) for by in one.shown_by]
        yield Seen(f"o-state-{number}", (*one.said, "."), tuple(n for cites in cited for n in cites), one.is_well)


def _seen(judged: Sequence[Judged], citing: Citing) -> list[Seen]:
    """What was seen, whatever it turned out to mean."""
    cited = [(j.suspect, cite_sign(j.suspect.leading, citing)) for j in judged]
    seen = [Seen(f"o-{s.key}", (*_noted(s), "."), cites) for s, cites in cited if cites]
    return seen[:MOST_OBSERVATIONS]


def _noted(suspect: Suspect) -> Phrase:
    """In the words of what found it, else its title and how often."""
    return suspect.leading.said or (*title_of(suspect), f": {how_often(suspect)}")


def _warnings(evidence: Sequence[Source], citing: Citing) -> Iterator[Seen]:
    for number, (source, template) in enumerate(warnings_in(evidence)[:3], 1):
        said = ("Warning: ", Quoted(message_of(template.sample), 160), f" ({lines(template.count)}).")
        yield Seen(f"o-warning-{number}", said, tuple(citing.cite(source, template.lines[0], columns=template.columns)))


def _objections(judged: Judged, citing: Citing) -> list[tuple[str, tuple[int, ...]]]:
    return [
        (objected.text, tuple(n for sign in objected.shown_by for n in cite_sign(sign, citing)))
        for objected in judged.against
    ]


def _cite_event(event: Event, citing: Citing) -> tuple[int, ...]:
    return tuple(citing.cite(event.source, event.line, columns=event.columns)) if event.line else ()
