"""How what is stated is, well or not, with the numbers that show it: said where nothing is found to have failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from faultmaven.diagnosis.facts import Node, Object
from faultmaven.diagnosis.inspections.measures import Measured, amount, measured
from faultmaven.diagnosis.inspections.metrics import scope_of
from faultmaven.diagnosis.inspections.sound import sound
from faultmaven.diagnosis.inspections.states import Pod, pods
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.moments import said as at_time
from faultmaven.diagnosis.quoting import Phrase, Quoted

MOST_MEASURES = 5
MOST_NAMES = 3
_TELLING = (
    "cpu",
    "memory_free",
    "memory_used",
    "storage_free",
    "storage_used",
    "connections",
    "errors",
    "latency",
    "lag",
)


_ALWAYS = re.compile(
    r"\b(?:is|should|must|meant to)(?: be)? always (?:be )?(?:firing|fire|active|on)\b|\balways firing\b", re.I
)


@dataclass(frozen=True, slots=True)
class State:
    said: Phrase
    shown_by: tuple[Stated[Any], ...]
    is_well: bool = True


def states_of(world: World) -> list[State]:
    """Empty where the evidence states nothing that could be well or not."""
    return [
        *_pods(pods(world)),
        *_replicas(world),
        *_nodes(world),
        *_monitors(world),
        *_alerts(world),
        *_measures(world),
        *(State(said, shown_by) for said, shown_by in sound(world)),
    ]


def _pods(shown: Sequence[Pod]) -> Iterator[State]:
    fine = [pod for pod in shown if pod.is_well]
    if rest := [pod for pod in shown if not pod.is_well]:
        said: Phrase = (f"{len(rest)} of {len(shown)} pods are not running and ready: ", *_named(rest))
        yield State(said, tuple(pod.stated for pod in rest[:2]), is_well=False)
    if not fine:
        return
    restarted = [pod for pod in fine if pod.restarts]
    count = f"All {len(fine)}" if len(fine) == len(shown) else f"{len(fine)} of {len(shown)}"
    text = f"{count} pods shown are running and ready, with no restart"
    if restarted:
        last = max((pod.started_at for pod in restarted if pod.started_at), default=None)
        number = sum(pod.restarts for pod in restarted)
        since = f", and running since {at_time(last)}" if last else ""
        restarts = f"{number} restart{'s' if number > 1 else ''}"
        text = f"{count} pods shown are running and ready, with {restarts} in the past{since}"
    if len(shown) == 1:
        text = text.replace("All 1 pods shown are", "The pod is")
    yield State((text,), tuple(pod.stated for pod in [*restarted, *fine][:2]))


def _named(pods: Sequence[Pod]) -> Phrase:
    told: Phrase = ()
    for number, pod in enumerate(pods[:MOST_NAMES]):
        told += (", " if number else "", Quoted(pod.name, 80, bare=True))
    return (*told, " and others") if len(pods) > MOST_NAMES else told


def _replicas(world: World) -> Iterator[State]:
    for stated in world.objects("Deployment", "StatefulSet"):
        node = stated.fact.node
        wanted = node.text("desired") or node.text("spec", "replicas")
        ready = node.text("ready") or node.text("status", "readyReplicas")
        if stated.fact.origin != "manifest" and wanted and ready:
            name = Quoted(stated.fact.name, 80, bare=True)
            said: Phrase = (f"{stated.fact.kind} ", name, f": {ready} of {wanted} replicas are ready")
            yield State(said, (stated,), is_well=wanted == ready)


def _nodes(world: World) -> Iterator[State]:
    shown = [one for one in world.objects("Node") if one.fact.origin != "manifest" and _ready(one.fact) is not None]
    rest = [one for one in shown if not _ready(one.fact) or _pressed(one.fact.node)]
    if rest:
        said = f"{len(rest)} of {len(shown)} nodes are not ready or under pressure"
        yield State((said,), tuple(rest[:2]), is_well=False)
    elif shown:
        count = "The node is" if len(shown) == 1 else f"All {len(shown)} nodes shown are"
        told = all(_tells_pressure(one.fact.node) for one in shown)
        pressure = ", without pressure on memory, disk or processes" if told else ""
        yield State((f"{count} ready{pressure}",), tuple(shown[:1]))


def _ready(node: Object) -> bool | None:
    told = {one.text("type"): one.text("status") for one in node.node.each("status", "conditions")}
    ready = told.get("Ready", node.node.text("ready"))
    return ready.lower() == "true" if ready else None


def _tells_pressure(node: Node) -> bool:
    conditions = {one.text("type") for one in node.each("status", "conditions")}
    return "MemoryPressure" in conditions or node.at("memory_pressure") is not None


def _pressed(node: Node) -> bool:
    told = {one.text("type"): one.text("status") for one in node.each("status", "conditions")}
    flat = [node.text(name) for name in ("memory_pressure", "disk_pressure", "pid_pressure")]
    return any(
        value.lower() == "true" for value in [*flat, *(told.get(f"{k}Pressure", "") for k in ("Memory", "Disk", "PID"))]
    )


def _monitors(world: World) -> Iterator[State]:
    for document in world.documents():
        found = [one for one in document.fact.each("monitors") if one.text("overall_state")]
        rest = [one for one in found if one.text("overall_state").lower() not in ("ok", "no data")]
        if rest:
            said = f"{len(rest)} of {len(found)} monitors are not OK"
            yield State((said,), (Stated(document.source, rest[0]),), is_well=False)
        elif found:
            yield State((f"All {len(found)} monitors shown are OK",), (Stated(document.source, found[0]),))


def _alerts(world: World) -> Iterator[State]:
    """Some alerts are always on, so that their absence shows that alerting is broken. They say so themselves."""
    for stated in world.alerts():
        if _ALWAYS.search(stated.fact.text):
            said: Phrase = (
                "The alert ",
                Quoted(stated.fact.title, 60, bare=True),
                " says of itself that it always fires, as a health check of alerting: this is not an issue",
            )
            yield State(said, (stated,))


def _measures(world: World) -> Iterator[State]:
    scope = scope_of(world)
    number = 0
    for stated in world.series():
        labels = set(stated.fact.labels.values())
        if not stated.fact.points or (scope and labels and not scope & labels):
            continue
        measure = measured(stated.fact)
        if measure.quantity not in _TELLING or number >= MOST_MEASURES:
            continue
        number += 1
        unit = "percent" if measure.is_share else stated.fact.unit
        low, high = amount(measure.low.value, unit), amount(measure.high.value, unit)
        spread = low if low == high else f"{low} to {high}"
        said: Phrase = (Quoted(stated.fact.name, 60, bare=True), f" is {spread}{_course(measure)}")
        yield State(said, (Stated(stated.source, measure.high),))


def _course(measure: Measured) -> str:
    """Steady is only what hardly moves at all."""
    if measure.course != "steady":
        return f", {measure.course}"
    moves = measure.high.value - measure.low.value > 0.2 * max(abs(measure.high.value), 1e-9)
    return "" if moves or len(measure.series.points) < 3 else ", steady"
