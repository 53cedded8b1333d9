"""The direct answer to a question, where the evidence states one."""

from __future__ import annotations

from collections.abc import Sequence

from faultmaven.diagnosis.asked.direct import Direct
from faultmaven.diagnosis.asked.events import listed_events
from faultmaven.diagnosis.asked.logs import said_by_logs
from faultmaven.diagnosis.asked.objects import listed_objects
from faultmaven.diagnosis.asked.subject import Subject, subject_of
from faultmaven.diagnosis.asked.told_counts import told_count
from faultmaven.diagnosis.inspections.world import World
from faultmaven.diagnosis.questions import Wanted
from faultmaven.diagnosis.sources import Source


def answered(question: str, wanted: Wanted, sources: Sequence[Source], world: World) -> Direct | None:
    """None where the question asks for a diagnosis, or nothing in the evidence states what it asks for."""
    if wanted in ("how_many", "which"):
        subject = subject_of(question)
        return _of(subject, sources, world) if subject else None
    return said_by_logs(sources) if wanted == "logs" else None


def _of(subject: Subject, sources: Sequence[Source], world: World) -> Direct | None:
    match subject.kind:
        case "Error" | "Warning":
            return None if subject.terms else said_by_logs(sources)
        case "Event":
            return listed_events(subject, world)
        case _:
            return told_count(subject, world) or listed_objects(subject, world)
