"""What a measurement is about, and when it is too much: known by the words in its name, whoever measured it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from faultmaven.diagnosis.facts import Point, Series

Quantity = Literal[
    "cpu", "memory_free", "memory_used", "storage_free", "storage_used", "connections", "lag", "latency", "errors",
    "credits", "queue", "iops", "throughput", "load", "restarts", "other",
]  # fmt: skip
Course = Literal["rising", "falling", "steady"]

# The first that fits; a name is compared in lower case, its words parted.
_QUANTITIES: Sequence[tuple[str, Quantity]] = (
    (r"credit|burst balance", "credits"),
    (r"replica(tion)? ?lag|\blag\b|behind", "lag"),
    (r"free.{0,10}(storage|disk|space)|(storage|disk|filesystem).{0,12}(free|avail)", "storage_free"),
    (r"(disk|storage|filesystem|volume).{0,20}(used|usage|util|percent)", "storage_used"),
    (r"(freeable|free|available).{0,10}mem|mem\w*.{0,12}(free|avail)", "memory_free"),
    (r"mem\w*|heap|rss|working set", "memory_used"),
    (r"cpu|processor", "cpu"),
    (r"connection|threads connected|backends|sessions in use", "connections"),
    (r"latency|duration|response time|\bp9\d\b|request time", "latency"),
    (r"error|5xx|fail|exception|refused", "errors"),
    (r"queue|backlog|pending|waiting", "queue"),
    (r"iops|read ops|write ops|io operations", "iops"),
    (r"throughput|bytes/s|network|transactions|requests|commits|rate", "throughput"),
    (r"load", "load"),
    (r"restart", "restarts"),
)
# From this share of what there is a measurement counts as too much, and from that as used up.
HIGH, FULL = 80.0, 90.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A series and what it amounts to. `since` is the first point from which it stays at what its end is like."""

    series: Series
    quantity: Quantity
    course: Course
    first: Point
    last: Point
    low: Point
    high: Point

    @property
    def is_share(self) -> bool:
        """In per cent of what there is."""
        unit = self.series.unit.lower()
        return unit in ("percent", "%") or bool(re.search(r"percent|utili[sz]ation|pct|%", self.series.name, re.I))

    @property
    def span(self) -> timedelta | None:
        return self.last.at - self.first.at if self.first.at and self.last.at else None

    def since(self, least: float) -> Point | None:
        """The point from which all values are at least so much; None where the last is not."""
        held = None
        for point in reversed(self.series.points):
            if point.value < least:
                break
            held = point
        return held


def measured(series: Series) -> Measured:
    points = series.points
    low, high = min(points, key=lambda point: point.value), max(points, key=lambda point: point.value)
    return Measured(series, quantity_of(series.name), _course(points), points[0], points[-1], low, high)


def quantity_of(name: str) -> Quantity:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_./:-]+", " ", name).lower()
    return next((quantity for pattern, quantity in _QUANTITIES if re.search(pattern, words)), "other")


def _course(points: Sequence[Point]) -> Course:
    """By thirds: the last against the first, where the middle lies between them, noise left aside."""
    if len(points) < 3:
        return "steady"
    third = max(1, len(points) // 3)
    begin, middle, end = (_mean(part) for part in (points[:third], points[third:-third], points[-third:]))
    noise = 0.1 * max(abs(begin), abs(end), 1e-9)
    if end - begin > noise and begin - noise <= middle <= end + noise:
        return "rising"
    if begin - end > noise and end - noise <= middle <= begin + noise:
        return "falling"
    return "steady"


def _mean(points: Sequence[Point]) -> float:
    return sum(point.value for point in points) / max(len(points), 1)


def amount(value: float, unit: str) -> str:
    """`93.5 %`, `8.2 GiB`, `4,998`, as a person would write it."""
    unit = unit.lower()
    if unit in ("percent", "%"):
        return f"{value:.3g} %"
    if unit.startswith("bytes"):
        for name, size in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if abs(value) >= size:
                return f"{value / size:.3g} {name}" + ("/s" if unit.endswith("second") else "")
    if unit in ("seconds", "s"):
        return f"{value:,.4g} s"
    if unit in ("milliseconds", "ms"):
        return f"{value:,.4g} ms"
    if unit == "average active sessions":
        return f"{value:.3g} average active sessions"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
