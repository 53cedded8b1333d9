"""What measurements show: what is used up, what is running out, and which load makes it so.

A measurement says that something is short, never by itself why. Where a ranking of the load stands beside it, what
makes up most of the load is the likely cause; where it does not, the measurement is a symptom.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.digest import Level
from faultmaven.diagnosis.facts import Point, Series
from faultmaven.diagnosis.inspections.loads import Load, loads
from faultmaven.diagnosis.inspections.measures import FULL, HIGH, Measured, amount, measured
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.moments import lasting
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_MAXIMUM = re.compile(r"max(?:imum)?(?:_connections| connections)?(?: of|[ =:]{1,9})\s{0,9}(\d{2,6})", re.IGNORECASE)
_WRITES = re.compile(r"\b(insert|update|delete|copy|merge|create index|vacuum)\b", re.IGNORECASE)
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Short:
    """A measurement that shows something is short; `since` is when it began to be."""

    stated: Stated[Series]
    measure: Measured
    fault_id: str
    said: Phrase
    since: Point


def metrics(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    scope = scope_of(world)
    shown = [(one, measured(one.fact)) for one in world.series() if one.fact.points and _concerns(one.fact, scope)]
    short = [found for stated, measure in shown if (found := _short(world, stated, measure))]
    heavy = list(loads(world))
    for one in short:
        yield _sign(catalogue, one, one.fault_id, one.said, [])
    yield from _causes(catalogue, short, heavy)


def scope_of(world: World) -> frozenset[str]:
    """What the alerts are about, by name: measurements of other things beside them are not."""
    kinds = ("database", "host", "pod", "node", "deployment")
    return frozenset(name for one in world.alerts() for kind, name in one.fact.names.items() if kind in kinds)


def _concerns(series: Series, scope: frozenset[str]) -> bool:
    """Nothing says what it is a measurement of, or it is one of what the alerts are about."""
    return not scope or not series.labels or bool(scope & set(series.labels.values())) or not _identifies(series)


def _identifies(series: Series) -> bool:
    return any(re.search(r"instance|identifier|host|pod|node|name", key, re.IGNORECASE) for key in series.labels)


def _short(world: World, stated: Stated[Series], measure: Measured) -> Short | None:
    match measure.quantity:
        case "cpu" | "memory_used" | "storage_used" if measure.is_share:
            return _full(stated, measure)
        case "storage_free" | "memory_free":
            return _running_out(stated, measure)
        case "connections":
            return _connections(world, stated, measure)
        case "lag":
            return _risen(stated, measure, "replication_lag", 10.0)
        case "credits":
            return _used_up(stated, measure)
        case _:
            return None


_FULL = {"cpu": "cpu_saturated", "memory_used": "memory_nearly_full", "storage_used": "storage_running_out"}


def _full(stated: Stated[Series], measure: Measured) -> Short | None:
    since = measure.since(HIGH)
    if since is None or measure.high.value < FULL - 5:
        return None
    return Short(
        stated, measure, _FULL[measure.quantity], _said(measure, f"at {_amount(measure, measure.last)}"), since
    )


def _running_out(stated: Stated[Series], measure: Measured) -> Short | None:
    """Falls steadily and has lost most of what there was, or would be gone before long."""
    first, last = measure.first.value, measure.last.value
    if measure.course != "falling" or last > 0.5 * first or last > 20 * _GIB:
        return None
    said: Phrase = _said(measure, f"falls from {_amount(measure, measure.first)} to {_amount(measure, measure.last)}")
    if measure.span and first > last:
        said += (f" within {lasting(measure.span)}",)
    fault = "storage_running_out" if measure.quantity == "storage_free" else "memory_nearly_full"
    return Short(stated, measure, fault, said, measure.first)


def _connections(world: World, stated: Stated[Series], measure: Measured) -> Short | None:
    most = _maximum(world)
    if most is None or measure.high.value < FULL / 100 * most:
        return None
    since = measure.since(FULL / 100 * most) or measure.high
    share = 100 * measure.high.value / most
    said = _said(measure, f"reach {measure.high.value:,.0f} of at most {most:,} ({share:.3g} %)")
    return Short(stated, measure, "connections_nearly_exhausted", said, since)


def _maximum(world: World) -> int | None:
    """The greatest number of connections, where an event, an alert or a setting tells it."""
    told = [one.fact.text for one in world.occurrences()] + [one.fact.text for one in world.alerts()]
    found = [int(match[1]) for text in told for match in _MAXIMUM.finditer(text)]
    return max(found, default=None)


def _risen(stated: Stated[Series], measure: Measured, fault_id: str, least: float) -> Short | None:
    if measure.course != "rising" or measure.last.value < least:
        return None
    said = _said(measure, f"rises from {_amount(measure, measure.first)} to {_amount(measure, measure.high)}")
    return Short(stated, measure, fault_id, said, measure.since(least) or measure.last)


def _used_up(stated: Stated[Series], measure: Measured) -> Short | None:
    if measure.course != "falling" or measure.last.value > max(0.2 * measure.first.value, 1.0):
        return None
    said = _said(measure, f"falls from {_amount(measure, measure.first)} to {_amount(measure, measure.last)}")
    return Short(stated, measure, "credits_exhausted", said, measure.last)


def _causes(catalogue: Catalogue, short: Sequence[Short], heavy: Sequence[Load]) -> Iterator[Sign]:
    """What makes up most of the load, against what is short."""
    by_fault = {one.fault_id: one for one in short}
    statements = [load for load in heavy if load.of == "statement"]
    waits = [load for load in heavy if load.of == "wait"]
    top_wait = waits[0] if waits else None
    if (full := by_fault.get("connections_nearly_exhausted")) and top_wait and "ClientRead" in top_wait.name:
        yield _sign(catalogue, full, "connections_leaked", _held(full, top_wait), [top_wait, *statements[:1]])
    elif (cpu := by_fault.get("cpu_saturated")) and statements and _keeps_busy(statements[0]):
        yield _sign(catalogue, cpu, "query_saturates_cpu", _busy(cpu, statements[0]), [statements[0], *waits[:1]])
    if storage := by_fault.get("storage_running_out"):
        writing = next((load for load in statements if _WRITES.search(load.name)), None)
        if writing:
            yield _sign(catalogue, storage, "writes_fill_storage", _filling(storage, writing), [writing])


def _keeps_busy(top: Load) -> bool:
    """Most of the load is this statement's, and it computes rather than waits for locks or disks."""
    return top.share >= 0.5 and (not top.waits or top.waits[0][0].upper().startswith("CPU"))


def _held(full: Short, wait: Load) -> Phrase:
    """Such sessions wait for their client and do nothing."""
    idle = (f", and {100 * wait.share:.0f} % of the load is sessions that wait for their client, in ",)
    return (*full.said, *idle, Quoted(wait.name, 60, bare=True))


def _busy(cpu: Short, top: Load) -> Phrase:
    said: Phrase = (
        *cpu.said,
        "; one query makes up ",
        f"{100 * top.share:.0f} % of the load ({top.value:.3g}): ",
        Quoted(top.name, 140),
    )
    if top.waits:
        said += (f", mostly {top.waits[0][0]}",)
    return said


def _filling(storage: Short, writing: Load) -> Phrase:
    return (*storage.said, "; the heaviest writing statement in the ranking of the load is ", Quoted(writing.name, 140))


def _said(measure: Measured, how: str) -> Phrase:
    named = next(iter(measure.series.labels.values()), "")
    of: Phrase = (" of ", Quoted(named, 60, bare=True)) if named else ()
    return (Quoted(measure.series.name, 60, bare=True), *of, f" {'is ' if how.startswith('at ') else ''}{how}")


def _amount(measure: Measured, point: Point) -> str:
    return amount(point.value, "percent" if measure.is_share else measure.series.unit)


def _sign(catalogue: Catalogue, short: Short, fault_id: str, said: Phrase, by: Sequence[Load]) -> Sign:
    """That something is short was measured; that a load makes it so is inferred from their standing side by side."""
    series = short.stated
    points: list[Stated[Any]] = [Stated(series.source, short.measure.last), Stated(series.source, short.measure.first)]
    shown_by = [*(load.stated for load in by), *points] if by else points
    names = {"database": next(iter(series.fact.labels.values()), "")}
    level: Level = "warning" if by else "error"
    return sign_of(catalogue, fault_id, shown_by, said, names, level, short.since.at, short.measure.last.at)
