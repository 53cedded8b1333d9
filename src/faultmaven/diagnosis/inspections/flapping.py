"""What comes and goes: a loss and its recovery, told again and again by the same log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.digest import Template
from faultmaven.diagnosis.facts import Point, Span
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.moments import lines
from faultmaven.diagnosis.naming import message_of
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

FEWEST = 3

_LOST = re.compile(
    r"\b(lost|losing|disconnect\w*|went down|is down|link down|unreachable|unavailable|not ready|left the cluster"
    r"|dropped)\b",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"\b(re-?established|reconnect\w*|restored|recovered|is up|came up|link up|reachable again|is ready|back online"
    r"|rejoined|available again)\b",
    re.IGNORECASE,
)


def flapping(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for source in world.sources:
        if source.is_told:
            continue
        lost = [one for one in source.digest.templates if one.count >= FEWEST and _LOST.search(one.sample)]
        back = [one for one in source.digest.templates if one.count >= FEWEST and _BACK.search(one.sample)]
        for one in lost:
            other = _partner(one, back)
            if other is None:
                continue
            said: Phrase = (
                Quoted(message_of(one.sample), 90),
                f" ({lines(one.count)}) and ",
                Quoted(message_of(other.sample), 90),
                f" ({lines(other.count)}) take turns",
            )
            places = [Stated(source, Point(None, 0.0, Span(line, line))) for line in (one.lines[0], other.lines[0])]
            sign = sign_of(catalogue, "connection_flapping", places, said, at=one.first_at, last_at=one.last_at)
            yield replace(sign, count=one.count)


def _partner(lost: Template, back: Sequence[Template]) -> Template | None:
    """What comes back about as often, each time after the loss."""
    for one in back:
        alike = abs(one.count - lost.count) <= max(1, lost.count // 4)
        after = lost.lines[0] < one.lines[0] and lost.lines[-1] < one.lines[-1] and one.lines[0] < lost.lines[-1]
        if alike and after and _BACK.search(lost.sample) is None:
            return one
    return None
