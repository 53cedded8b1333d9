"""Measurements over time, as monitoring systems answer: CloudWatch, Prometheus, Datadog, and plain parallel lists.

Formats: CloudWatch GetMetricData and GetMetricStatistics; the Prometheus HTTP API's matrix and vector; Datadog's
`pointlist`. What they share is looked for, so that an answer whose keys a tool has renamed is read as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from faultmaven.diagnosis.facts import Facts, Node, Point, Series
from faultmaven.diagnosis.timestamps import read_value

MOST_POINTS = 2000

_NAMES = ("label", "metric_name", "metric", "name", "id", "title", "target", "expr")
_STATISTICS = ("average", "maximum", "minimum", "sum", "value", "sampleCount")


def series(node: Node, key: str) -> Facts | None:
    if node.form != "map":
        return None
    points = list(_parallel(node) or _datapoints(node) or _pairs(node))
    if len(points) < 2 and not _is_instant(node, points):
        return None
    ordered = sorted(points, key=lambda point: (point.at is None, point.at.timestamp() if point.at else 0.0))
    labels = _labels(node)
    return Facts(
        series=(
            Series(
                name=_name(node, labels) or key,
                span=node.span,
                points=tuple(_sampled(ordered)),
                unit=node.text("unit") or _first_unit(node),
                labels=labels,
                statistic=node.text("stat") or node.text("statistic"),
            ),
        )
    )


def _parallel(node: Node) -> Iterator[Point] | None:
    """`timestamps` and `values`, of one length."""
    times, values = node.each("timestamps") or node.each("times"), node.each("values")
    if not values or len(times) != len(values):
        return None
    return _points(zip(times, values, strict=True))


def _datapoints(node: Node) -> Iterator[Point] | None:
    """Maps with a time and one statistic each."""
    maps = [item for item in node.each("datapoints") if item.form == "map"]
    if not maps:
        return None
    found = ((item.at("timestamp") or item.at("time"), _statistic(item)) for item in maps)
    return _points((time, value) for time, value in found if time and value)


def _statistic(node: Node) -> Node | None:
    return next((value for name in _STATISTICS if (value := node.at(name))), None)


def _pairs(node: Node) -> Iterator[Point]:
    """`[[time, value], …]`, Datadog's and Grafana's sometimes the other way round; a lone pair is an instant."""
    if lone := node.at("value"):
        yield from _points([(lone.items[0], lone.items[1])] if len(lone.items) == 2 else [])
        return
    for name in ("values", "pointlist", "datapoints", "points"):
        pairs = [item.items for item in node.each(name) if len(item.items) == 2]
        if pairs:
            turned = all(_number(first) is not None and _is_time(second) for first, second in pairs[:3])
            plain = [(second, first) if turned and not _is_time(first) else (first, second) for first, second in pairs]
            yield from _points(plain)
            return


def _is_time(node: Node) -> bool:
    number = _number(node)
    return (number is not None and number > 1e9) or (
        isinstance(node.scalar, str) and read_value(node.scalar) is not None
    )


def _points(pairs: Iterable[tuple[Node, Node]]) -> Iterator[Point]:
    for time, value in pairs:
        number = _number(value)
        stamp = read_value(time.scalar)
        if number is not None:
            yield Point(stamp.at if stamp else None, number, value.span)


def _number(node: Node) -> float | None:
    if isinstance(node.scalar, bool) or node.scalar is None:
        return None
    try:
        number = float(node.scalar)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_instant(node: Node, points: list[Point]) -> bool:
    """One value at one time, as the Prometheus API gives for an instant query."""
    return len(points) == 1 and node.at("metric") is not None and node.at("value") is not None


def _labels(node: Node) -> dict[str, str]:
    """Prometheus' labels, or CloudWatch's dimensions."""
    labels: dict[str, str] = {}
    if (metric := node.at("metric")) and metric.form == "map":
        labels = {name: metric.text(name) for name in metric.members}
    for dimension in node.each("dimensions"):
        labels[dimension.text("name")] = dimension.text("value")
    return labels


def _name(node: Node, labels: dict[str, str]) -> str:
    if named := labels.pop("__name__", ""):
        return named
    return next((text for name in _NAMES if (text := node.text(name))), "")


def _first_unit(node: Node) -> str:
    maps = node.each("datapoints")
    return maps[0].text("unit") if maps else ""


def _sampled(points: list[Point]) -> list[Point]:
    """All of them, or a sample in which the first, the last and the extremes are kept."""
    if len(points) <= MOST_POINTS:
        return points
    step = len(points) // MOST_POINTS + 1
    values = [point.value for point in points]
    kept = {*range(0, len(points), step), len(points) - 1, values.index(min(values)), values.index(max(values))}
    return [points[index] for index in sorted(kept)]
