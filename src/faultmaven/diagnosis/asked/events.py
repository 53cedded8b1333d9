"""Events counted and listed: what an API or a listing says has happened, to whom the question names."""

from __future__ import annotations

from faultmaven.diagnosis.asked.direct import Direct, Point
from faultmaven.diagnosis.asked.subject import Subject
from faultmaven.diagnosis.facts import Occurrence
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted

MOST_TOLD = 8


def listed_events(subject: Subject, world: World) -> Direct | None:
    """None where no events are shown."""
    shown = world.occurrences()
    if not shown:
        return None
    meant = [one for one in shown if _is_meant(subject, one.fact)]
    if not meant:
        told = Point((f"None of the {len(shown):,} events shown names it",), ((shown[0].source, shown[0].span),))
        return Direct(("None of the events shown is about what the question names",), [told])
    telling = sorted(meant, key=lambda one: one.fact.level == "info")[:MOST_TOLD]
    return Direct((f"{len(meant):,} event{'s' if len(meant) > 1 else ''} shown",), [_point(one) for one in telling])


def _is_meant(subject: Subject, one: Occurrence) -> bool:
    named = " ".join([one.text, one.reason, *one.about.values()]).lower()
    where = one.about.get("namespace")
    if subject.namespace and where and where.lower() != subject.namespace:
        return False
    return all(term in named for term in subject.terms)


def _point(one: Stated[Occurrence]) -> Point:
    often = f" ({one.fact.count} times)" if one.fact.count > 1 else ""
    reason: Phrase = (Quoted(one.fact.reason, 60, bare=True), ": ") if one.fact.reason else ()
    return Point((*reason, Quoted(one.fact.text, 140), often), ((one.source, one.span),))
