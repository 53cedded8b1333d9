"""What would settle it: whose log, which time, which detail is not in front of us."""

from __future__ import annotations

from collections.abc import Sequence

from faultmaven.diagnosis.hypotheses import Judged
from faultmaven.diagnosis.moments import said
from faultmaven.diagnosis.onset import Trouble
from faultmaven.diagnosis.report import Verdict
from faultmaven.diagnosis.sources import Source
from faultmaven.diagnosis.subject import subject_of

MOST_MISSING = 4


def missing_for(verdict: Verdict, top: Judged | None, trouble: Trouble | None, sources: Sequence[Source]) -> list[str]:
    evidence = [source for source in sources if not source.is_told]
    wanted = [*(_about(top, trouble) if top else []), *_about_evidence(evidence)]
    if verdict == "not_enough_evidence":
        wanted.append("The log of the failing component around the time it failed, or the exact error message.")
    return wanted[:MOST_MISSING]


def _about(top: Judged, trouble: Trouble | None) -> list[str]:
    where = subject_of(top.suspect)
    when = f"around {said(trouble.at, trouble.zone)}" if trouble and trouble.at else ""
    told = "; ".join(part for part in (where, when) if part)
    closing = f" ({told})." if told else "."
    if top.suspect.fault and (top.suspect.role == "symptom" or top.strength != "strong"):
        return [text.rstrip(".") + closing for text in top.suspect.fault.missing]
    match top.suspect.role:
        case "symptom":
            return [f"The log of the component that failed{closing}"]
        case "unknown":
            more = (
                "The log of the component that says so"
                if top.suspect.is_told_only
                else "More of the same component's log"
            )
            return [f"{more}, from just before it failed{closing}"]
        case _:
            return []


def _about_evidence(evidence: Sequence[Source]) -> list[str]:
    cut = [source for source in evidence if source.digest.truncated]
    return ["The rest of the evidence: it was not read to its end."] if cut else []
