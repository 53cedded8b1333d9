"""What is well, with the numbers that show it: said where nothing is found to have failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from faultmaven.diagnosis.facts import Node, Object
from faultmaven.diagnosis.inspections.measures import amount, measured
from faultmaven.diagnosis.inspections.metrics import scope_of
from faultmaven.diagnosis.inspections.states import Pod, pods
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.moments import said as at_time
from faultmaven.diagnosis.quoting import Phrase

MOST_MEASURES = 5
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


@dataclass(frozen=True, slots=True)
class Well:
    said: Phrase
    shown_by: tuple[Stated[Any], ...]


def well(world: World) -> list[Well]:
    """Empty where the evidence states nothing that could be well."""
    return [*_pods(pods(world)), *_replicas(world), *_nodes(world), *_monitors(world), *_measures(world)]


def _pods(shown: Sequence[Pod]) -> Iterator[Well]:
    fine = [pod for pod in shown if pod.is_well]
    if not fine:
        return
    restarted = [pod for pod in fine if pod.restarts]
    count = f"All {len(fine)}" if len(fine) == len(shown) else f"{len(fine)} of {len(shown)}"
    text = f"{count} pods are running and ready, with no restart"
    if restarted:
        last = max((pod.started_at for pod in restarted if pod.started_at), default=None)
        number = sum(pod.restarts for pod in restarted)
        since = f", the last at {at_time(last)}, and running normally since" if last else ""
        text = (
            f"{count} pods are running and ready, with {number} restart{'s' if number > 1 else ''} in the past{since}"
        )
    if len(shown) == 1:
        text = text.replace("All 1 pods are", "The pod is")
    yield Well((text,), tuple(pod.stated for pod in [*restarted, *fine][:2]))


def _replicas(world: World) -> Iterator[Well]:
    for stated in world.objects("Deployment", "StatefulSet"):
        node = stated.fact.node
        wanted = node.text("desired") or node.text("spec", "replicas")
        ready = node.text("ready") or node.text("status", "readyReplicas")
        if stated.fact.origin != "manifest" and wanted and wanted == ready:
            yield Well((f"{stated.fact.kind} {stated.fact.name}: {ready} of {wanted} replicas are ready",), (stated,))


def _nodes(world: World) -> Iterator[Well]:
    shown = [one for one in world.objects("Node") if one.fact.origin != "manifest" and _ready(one.fact) is not None]
    if shown and all(_ready(one.fact) and not _pressed(one.fact.node) for one in shown):
        count = "The node is" if len(shown) == 1 else f"All {len(shown)} nodes are"
        yield Well((f"{count} ready, without pressure on memory, disk or processes",), tuple(shown[:1]))


def _ready(node: Object) -> bool | None:
    told = {one.text("type"): one.text("status") for one in node.node.each("status", "conditions")}
    ready = told.get("Ready", node.node.text("ready"))
    return ready.lower() == "true" if ready else None


def _pressed(node: Node) -> bool:
    told = {one.text("type"): one.text("status") for one in node.each("status", "conditions")}
    flat = [node.text(name) for name in ("memory_pressure", "disk_pressure", "pid_pressure")]
    return any(
        value.lower() == "true" for value in [*flat, *(told.get(f"{k}Pressure", "") for k in ("Memory", "Disk", "PID"))]
    )


def _monitors(world: World) -> Iterator[Well]:
    for document in world.documents():
        found = [one for one in document.fact.each("monitors") if one.text("overall_state")]
        fine = [one for one in found if one.text("overall_state").lower() in ("ok", "no data")]
        if found and len(fine) == len(found):
            yield Well((f"All {len(found)} monitors are OK",), (Stated(document.source, found[0]),))


def _measures(world: World) -> Iterator[Well]:
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
        yield Well(
            (f"{stated.fact.name} is {spread}, normal and {measure.course}",), (Stated(stated.source, measure.high),)
        )
