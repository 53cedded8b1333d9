"""Who failed before whom: the first error of every component, and which of them name the one that failed before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from faultmaven.diagnosis.digest import Template
from faultmaven.diagnosis.moments import comparable, has_year, lasting
from faultmaven.diagnosis.naming import message_of
from faultmaven.diagnosis.onset import Trouble
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.sources import Source

# First errors further apart than this are not of one cascade.
WITHIN = timedelta(minutes=30)
MOST = 6


@dataclass(frozen=True, slots=True)
class Failing:
    """A component and its first error; `names` is the one that failed before it and is named in that error."""

    component: str
    at: datetime
    source: Source
    template: Template
    names: str | None = None


def cascade_of(sources: Sequence[Source], trouble: Trouble) -> list[Failing]:
    """In order of time; empty where fewer than two components failed, or times do not tell them apart."""
    first: dict[str, Failing] = {}
    for source in sources:
        for template in source.digest.templates:
            at, component = template.first_at, template.component
            if at is None or component is None or not template.is_error or not has_year(at):
                continue
            if component not in first or at < first[component].at:
                first[component] = Failing(component, at, source, template)
    failed = sorted((one for one in first.values() if _is_of(one, trouble)), key=lambda one: one.at)
    if not 2 <= len(failed) <= MOST or len({one.at for one in failed}) < len(failed):
        return []
    return [_naming(one, failed[:number]) for number, one in enumerate(failed)]


def _is_of(one: Failing, trouble: Trouble) -> bool:
    began = trouble.at
    return began is not None and comparable(one.at, began) and abs(one.at - began) <= WITHIN


def _naming(one: Failing, before: Sequence[Failing]) -> Failing:
    text = message_of(one.template.sample).lower()
    named = next((other.component for other in reversed(before) if other.component.lower() in text), None)
    return Failing(one.component, one.at, one.source, one.template, named)


def said_of(failed: Sequence[Failing]) -> Phrase:
    began = failed[0]
    said: Phrase = (
        "First to fail was ",
        Quoted(began.component, 60, bare=True),
        f" at {began.at:%H:%M:%S} (",
        Quoted(message_of(began.template.sample), 90),
        ")",
    )
    for one in failed[1:]:
        said += (", then ", Quoted(one.component, 60, bare=True), f" {lasting(one.at - began.at)} later")
        if one.names:
            said += (", naming ", Quoted(one.names, 60, bare=True))
    return (*said, ".")
