"""What a log says, for who asks to see it: the period, and every error and warning in the order they began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from faultmaven.diagnosis.asked.direct import Direct, Point
from faultmaven.diagnosis.coverage import looked_at
from faultmaven.diagnosis.digest import Template
from faultmaven.diagnosis.facts import Span
from faultmaven.diagnosis.moments import lines, said
from faultmaven.diagnosis.naming import message_of
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.sources import Source
from faultmaven.diagnosis.trouble import is_mere_value, speaks_of_trouble

MOST_TOLD = 8
_LATE = datetime.max.replace(tzinfo=UTC)

Line = tuple[Source, Template]


def said_by_logs(sources: Sequence[Source]) -> Direct | None:
    """None where no evidence is a log."""
    logs = [source for source in sources if not source.is_told and source.digest.first_at]
    if not logs:
        return None
    bad = _distinct(logs)
    where = looked_at(logs)
    if not bad:
        return Direct((f"No error and no warning in {where}",), list(_usual(logs)))
    counted = {
        noun: sum(template.count for _, template in bad if (template.level == "warning") == (noun == "warning"))
        for noun in ("error", "warning")
    }
    headline: Phrase = (" and ".join(_count(n, noun) for noun, n in counted.items() if n) + f" in {where}",)
    room = 140 if len(bad) <= 3 else 75
    told = [_point(source, template, room) for source, template in bad[:MOST_TOLD]]
    if len(bad) > MOST_TOLD:
        told.append(Point((f"and {len(bad) - MOST_TOLD:,} other messages",), ()))
    return Direct(headline, told)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _distinct(logs: Sequence[Source]) -> list[Line]:
    """Once for each message, however many pieces of evidence hold it; errors before warnings where not all are told."""
    found = [(source, template) for source in logs for template in source.digest.templates if is_bad(template)]
    once = list({message_of(template.sample): (source, template) for source, template in reversed(found)}.values())
    weighty = sorted(once, key=lambda pair: (pair[1].level == "warning", -pair[1].count))[:MOST_TOLD]
    rest = [pair for pair in once if pair not in weighty]
    return sorted(weighty, key=lambda pair: pair[1].first_at or _LATE) + rest


def is_bad(template: Template) -> bool:
    if is_mere_value(template.sample):
        return False
    told = template.level == "unknown" and speaks_of_trouble(template.sample)
    return template.is_error or template.level == "warning" or told


def _point(source: Source, template: Template, room: int) -> Point:
    at = f" at {said(template.first_at, source.digest.zone)}" if template.first_at else ""
    often = f" ({lines(template.count)})" if template.count > 1 else ""
    return Point((Quoted(message_of(template.sample), room), f"{at}{often}"), ((source, _span(template)),))


def _span(template: Template) -> Span:
    return Span(template.lines[0], template.lines[0], template.columns)


def _usual(logs: Sequence[Source]) -> Iterator[Point]:
    """What is said most."""
    found = sorted(((s, t) for s in logs for t in s.digest.templates), key=lambda pair: -pair[1].count)
    for source, template in found[:2]:
        often = f" ({lines(template.count)})"
        yield Point(("Mostly ", Quoted(message_of(template.sample), 120), often), ((source, _span(template)),))
