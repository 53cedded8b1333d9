"""Numbers that logs repeat, and where they run to: response times, memory, queues, pools, by a sample over the whole.

A few hundred lines, evenly spaced, show a course that lasts as well as all of them do. A rise says that something
grows, never by itself why.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Point, Span
from faultmaven.diagnosis.inspections.measures import Quantity, quantity_of
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign
from faultmaven.diagnosis.sources import Source
from faultmaven.diagnosis.timestamps import find_stamp

MOST_LINES = 600
LONGEST = 800
FEWEST = 12
# A handful of numbers is a course only where every one is higher than the one before.
FEWEST_CLIMBING = 4
PARTS = 5
STEEP = 3.0

_FAULTS: Mapping[Quantity, str] = {
    "latency": "latency_rising",
    "memory_used": "memory_growing",
    "queue": "queue_growing",
    "connections": "connections_growing",
    "lag": "replication_lag",
}
_LEAST_RISE: Mapping[Quantity, float] = {
    "latency": 2.0,
    "memory_used": 1.3,
    "queue": 3.0,
    "connections": 1.5,
    "lag": 3.0,
}
_UNIT = r"(?P<unit>ms|milliseconds|µs|us|ns|seconds|secs?|s|[KMGT]i?B|bytes|%)?(?![\w.])"
_NUMBER = rf"(?P<number>\d{{1,12}}(?:\.\d{{1,6}})?)\s?{_UNIT}"
_FORMS = (
    re.compile(rf'"(?P<name>[A-Za-z_][\w.-]{{1,40}})"\s*:\s*"?{_NUMBER}'),
    re.compile(rf"(?<![\w.])(?P<name>[A-Za-z_][\w.-]{{1,40}})=\"?{_NUMBER}"),
    re.compile(
        r"\b(?P<name>(?:memory|heap|rss|response time|latency|queue(?: (?:size|depth|length))?|backlog|pool|connections"
        rf"|replication lag|lag)(?: (?:usage|used|use|size|time|depth|length|in use|usage increasing|usage high"
        rf"|usage critical|now|is|at)){{0,2}})\s{{0,2}}[:=]?\s{{0,2}}{_NUMBER}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<name>took|duration|elapsed|completed in|processed in|finished in|served in)[ :=]{{1,3}}{_NUMBER}"
    ),
)
_ASIDE = re.compile(r" (?:usage )?(?:increasing|high|critical|now|is|at)$")
_SPOKEN: Mapping[str, Quantity] = {
    "took": "latency",
    "elapsed": "latency",
    "completed in": "latency",
    "processed in": "latency",
    "finished in": "latency",
    "served in": "latency",
    "pool": "connections",
}
_SCALE: Mapping[str, tuple[float, str]] = {
    "ns": (1e-6, "ms"),
    "µs": (1e-3, "ms"),
    "us": (1e-3, "ms"),
    "ms": (1.0, "ms"),
    "milliseconds": (1.0, "ms"),
    "s": (1e3, "ms"),
    "sec": (1e3, "ms"),
    "secs": (1e3, "ms"),
    "seconds": (1e3, "ms"),
    "KB": (1e3, "bytes"),
    "MB": (1e6, "bytes"),
    "GB": (1e9, "bytes"),
    "TB": (1e12, "bytes"),
    "KiB": (1 << 10, "bytes"),
    "MiB": (1 << 20, "bytes"),
    "GiB": (1 << 30, "bytes"),
    "TiB": (1 << 40, "bytes"),
    "bytes": (1.0, "bytes"),
    "%": (1.0, "percent"),
}


@dataclass(frozen=True, slots=True)
class Read:
    """A number as a line gives it; `shown` is how the line writes it."""

    line: int
    value: float
    shown: str


@dataclass(frozen=True, slots=True)
class Rise:
    name: str
    quantity: Quantity
    first: Read
    last: Read
    count: int


def trends(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for source in world.sources:
        if source.is_told or source.digest.first_at is None:
            continue
        for rise in _rises(source):
            yield _sign(catalogue, source, rise)


def _sign(catalogue: Catalogue, source: Source, rise: Rise) -> Sign:
    places: list[Stated[Any]] = [
        Stated(source, Point(None, one.value, Span(one.line, one.line))) for one in (rise.last, rise.first)
    ]
    said: Phrase = (
        Quoted(rise.name, 60, bare=True),
        " rises from ",
        Quoted(rise.first.shown, 30, bare=True),
        " to ",
        Quoted(rise.last.shown, 30, bare=True),
        f" (lines {rise.first.line:,} to {rise.last.line:,})",
    )
    at = find_stamp(source.document.text(rise.last.line)[:LONGEST])
    steep = rise.last.value >= STEEP * max(rise.first.value, 1e-9) and rise.count >= FEWEST
    sign = sign_of(
        catalogue,
        _FAULTS[rise.quantity],
        places,
        said,
        level="error" if steep else "warning",
        at=at.at if at else None,
    )
    return replace(sign, count=rise.count)


def _rises(source: Source) -> Iterator[Rise]:
    """The steepest of each quantity."""
    best: dict[Quantity, Rise] = {}
    for (name, quantity, _), found in _numbers(source).items():
        if not _climbs([one.value for one in found], _LEAST_RISE[quantity]):
            continue
        last = max(found[len(found) // 2 :], key=lambda one: one.value)
        rise = Rise(name, quantity, found[0], last, len(found))
        known = best.get(quantity)
        if known is None or _ratio(rise) > _ratio(known):
            best[quantity] = rise
    yield from best.values()


def _ratio(rise: Rise) -> float:
    return rise.last.value / max(rise.first.value, 1e-9)


def _climbs(values: Sequence[float], least: float) -> bool:
    """Mean by mean of its parts it never falls back much, and ends far above where it began."""
    if len(values) < FEWEST:
        climbing = all(a < b for a, b in pairwise(values))
        return len(values) >= FEWEST_CLIMBING and climbing and values[-1] >= least * values[0]
    size = len(values) / PARTS
    parts = [values[round(part * size) : round((part + 1) * size)] for part in range(PARTS)]
    means = [sum(part) / len(part) for part in parts]
    steady = all(after >= 0.9 * before for before, after in pairwise(means))
    return steady and means[-1] >= least * max(means[0], 1e-9) and means[2] > means[0]


def _numbers(source: Source) -> dict[tuple[str, Quantity, str], list[Read]]:
    found: dict[tuple[str, Quantity, str], list[Read]] = defaultdict(list)
    count = source.document.count
    step = max(1, -(-count // MOST_LINES))
    for number in range(1, count + 1, step):
        (line,) = source.document.heads(number, number, LONGEST)
        for name, value, unit, shown in _read(line):
            quantity = _SPOKEN.get(name.lower()) or quantity_of(name)
            if quantity in _FAULTS:
                found[name.lower(), quantity, unit].append(Read(number, value, shown))
    return found


def _read(line: str) -> Iterator[tuple[str, float, str, str]]:
    taken: set[int] = set()
    for form in _FORMS:
        for match in form.finditer(line):
            if match.start("number") in taken:
                continue
            taken.add(match.start("number"))
            scale, unit = _SCALE.get(match["unit"] or "", (1.0, ""))
            value = float(match["number"]) * scale
            name = _ASIDE.sub("", match["name"])
            yield name, value, unit, f"{match['number']}{match['unit'] or ''}"
