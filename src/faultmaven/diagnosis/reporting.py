"""Turns what was found out into the report that travels."""

from __future__ import annotations

from faultmaven.diagnosis.advice import hypothesis_id
from faultmaven.diagnosis.findings import Findings
from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.moments import stamp
from faultmaven.diagnosis.onset import Trouble
from faultmaven.diagnosis.quoting import plain
from faultmaven.diagnosis.report import EngineUsed, Hypothesis, Moment, Objection, Observation, Onset, Reason, Report
from faultmaven.diagnosis.response import response
from faultmaven.diagnosis.subject import title_of
from faultmaven.diagnosis.summing_up import headline, summary
from faultmaven.diagnosis.timeline import Event


def report_of(findings: Findings, engine: EngineUsed) -> Report:
    first_line = headline(findings)
    observations = [Observation(id=seen.id, text=plain(seen.said), cites=list(seen.cites)) for seen in findings.seen]
    return Report(
        headline=first_line,
        summary=summary(findings),
        response=response(findings, first_line),
        verdict=findings.verdict,
        onset=_onset(findings.trouble, findings.onset_cites),
        timeline=[_moment(event, cites) for event, cites in findings.events],
        observations=observations,
        findings=[observation.text for observation in observations],
        hypotheses=[_hypothesis(judged, findings) for judged in findings.judged],
        next_checks=list(findings.checks),
        actions=list(findings.actions),
        recommendations=[action.text for action in findings.actions],
        missing=list(findings.missing),
        citations=list(findings.citations),
        coverage=findings.coverage,
        engine=engine,
    )


def _onset(trouble: Trouble | None, cites: tuple[int, ...]) -> Onset | None:
    if trouble is None:
        return None
    return Onset(
        at=stamp(trouble.at),
        last_at=stamp(trouble.last_at),
        count=trouble.count,
        ongoing=trouble.ongoing,
        zone_assumed=trouble.zone == "assumed",
        cites=list(cites),
    )


def _moment(event: Event, cites: tuple[int, ...]) -> Moment:
    return Moment(at=stamp(event.at), text=plain(event.said), role=event.role, cites=list(cites))


def _hypothesis(judged: Judged, findings: Findings) -> Hypothesis:
    suspect = judged.suspect
    claims = findings.claims.get(suspect.key, [])
    return Hypothesis(
        id=hypothesis_id(suspect),
        title=plain(title_of(suspect)),
        fault_id=suspect.fault.id if suspect.fault else None,
        category=suspect.category,
        strength=judged.strength,
        because=[Reason(text=plain(claim.said), basis=claim.basis, cites=list(claim.cites)) for claim in claims],
        against=[Objection(text=text, cites=list(cites)) for text, cites in findings.objections.get(suspect.key, [])],
        ruled_out=not judged.stands,
        ruled_out_because=judged.ruled_out_because,
    )
