"""Objects of a cluster by the status that its API gives them: workloads, nodes, claims, jobs, autoscalers, endpoints.

Listings as text say the same in columns; `listings` reads those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_READY: Mapping[str, tuple[str, str]] = {
    "Deployment": ("replicas", "readyReplicas"),
    "StatefulSet": ("replicas", "readyReplicas"),
    "DaemonSet": ("desiredNumberScheduled", "numberReady"),
}
_SLOTS = {"Deployment": "deployment", "PersistentVolumeClaim": "claim", "Node": "node", "Endpoints": "service"}
# A row of the conditions in a description of a node.
_ROW = re.compile(r"\s*(?P<type>[A-Z]\w+)\s+(?P<status>True|False|Unknown)\s+(?P<rest>.*)$")
_PRESSURES = {"MemoryPressure": "memory_nearly_full", "DiskPressure": "file_system_nearly_full"}


def objects(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for stated in world.objects(
        *_READY, "Node", "PersistentVolumeClaim", "HorizontalPodAutoscaler", "Job", "Endpoints"
    ):
        if stated.fact.origin == "manifest" or not stated.fact.name:
            continue
        match stated.fact.kind:
            case "Node":
                yield from _node(catalogue, stated)
            case "PersistentVolumeClaim":
                yield from _claim(catalogue, stated)
            case "HorizontalPodAutoscaler":
                yield from _autoscaler(catalogue, stated)
            case "Job":
                yield from _job(catalogue, stated)
            case "Endpoints":
                yield from _endpoints(catalogue, stated)
            case _:
                yield from _workload(catalogue, stated)


def _names(stated: Stated[Object]) -> dict[str, str]:
    slot = _SLOTS.get(stated.fact.kind)
    names = {"namespace": stated.fact.namespace or "", **({slot: stated.fact.name} if slot else {})}
    return {key: value for key, value in names.items() if value}


def _who(stated: Stated[Object]) -> Phrase:
    return (f"{stated.fact.kind} ", Quoted(stated.fact.name, 80, bare=True))


def _condition(stated: Stated[Object], type_: str, status: str) -> Node | None:
    conditions = stated.fact.node.each("status", "conditions") or stated.fact.node.each("conditions")
    return next((one for one in conditions if one.text("type") == type_ and one.text("status") == status), None)


def _told(condition: Node) -> Phrase:
    """Its reason and message, as far as it has them."""
    said: Phrase = (" (", Quoted(condition.text("reason"), 60, bare=True), ")") if condition.text("reason") else ()
    return (*said, ": ", Quoted(condition.text("message"), 200)) if condition.text("message") else said


def _workload(catalogue: Catalogue, stated: Stated[Object]) -> Iterator[Sign]:
    node, (total, ready) = stated.fact.node, _READY[stated.fact.kind]
    status = node.at("status")
    wanted = node.text("spec", "replicas") or (status.text(total) if status else "")
    if status is None or status.form != "map" or not wanted.isdigit() or not status.text("observedGeneration"):
        return
    there = status.text(ready) or "0"
    stuck = _condition(stated, "Progressing", "False")
    failed = _condition(stated, "ReplicaFailure", "True")
    if there.isdigit() and int(there) < int(wanted):
        said: Phrase = (*_who(stated), f": {there} of {wanted} replicas are ready")
        shown_by: list[Stated[Any]] = [Stated(stated.source, status.at(ready) or status.at(total) or status)]
        if failed:
            said += ("; pods cannot be created", *_told(failed))
            shown_by.append(Stated(stated.source, failed))
        yield sign_of(catalogue, "replicas_missing", shown_by, said, _names(stated))
    if stuck:
        said = (*_who(stated), " does not get on with its rollout", *_told(stuck))
        yield sign_of(catalogue, "rollout_stuck", [Stated(stated.source, stuck)], said, _names(stated))


def _node(catalogue: Catalogue, stated: Stated[Object]) -> Iterator[Sign]:
    for type_, status, node, told in _node_conditions(stated):
        if type_ == "Ready" and status != "True":
            state = "not ready" if status == "False" else "not heard of by the control plane (Ready is Unknown)"
            said: Phrase = (*_who(stated), f" is {state}", *told)
            yield sign_of(catalogue, "node_not_ready", [Stated(stated.source, node)], said, _names(stated))
        elif status == "True" and (fault := _PRESSURES.get(type_)):
            said = (*_who(stated), f" reports {type_}", *told)
            yield sign_of(catalogue, fault, [Stated(stated.source, node)], said, _names(stated))


def _node_conditions(stated: Stated[Object]) -> Iterator[tuple[str, str, Node, Phrase]]:
    for one in stated.fact.node.each("status", "conditions"):
        if one.form == "map":
            yield one.text("type"), one.text("status"), one, _told(one)
    for one in stated.fact.node.each("Conditions"):
        if found := _ROW.match(one.text()[:1000]):
            # Times come first, the reason and the message last.
            words = re.split(r" {2,}", found["rest"].strip())
            yield found["type"], found["status"], one, (": ", Quoted(words[-1], 160))


def _claim(catalogue: Catalogue, stated: Stated[Object]) -> Iterator[Sign]:
    status = stated.fact.node.at("status")
    phase = status.at("phase") if status and status.form == "map" else status
    if phase and phase.text() in ("Pending", "Lost"):
        said: Phrase = (
            "The volume claim ",
            Quoted(stated.fact.name, 80, bare=True),
            f" is {phase.text()}: no volume is bound to it",
        )
        wanted = stated.fact.node.text("spec", "storageClassName") or stated.fact.node.text("StorageClass")
        said += (" (storage class ", Quoted(wanted, 60, bare=True), ")") if wanted else ()
        yield sign_of(catalogue, "claim_not_bound", [Stated(stated.source, phase)], said, _names(stated))


def _autoscaler(catalogue: Catalogue, stated: Stated[Object]) -> Iterator[Sign]:
    target = stated.fact.node.text("spec", "scaleTargetRef", "name")
    names = _names(stated) | ({"deployment": target} if target else {})
    of: Phrase = ("The autoscaler ", Quoted(stated.fact.name, 80, bare=True))
    if idle := _condition(stated, "ScalingActive", "False"):
        said = (*of, " cannot scale", *_told(idle))
        if idle.text("reason") != "ScalingDisabled":
            yield sign_of(catalogue, "autoscaler_without_metrics", [Stated(stated.source, idle)], said, names)
    limited = _condition(stated, "ScalingLimited", "True")
    if limited and limited.text("reason") == "TooManyReplicas":
        most = stated.fact.node.text("spec", "maxReplicas")
        said = (
            *of,
            f" would need more than its most of {most} replicas" if most.isdigit() else " would need more replicas",
        )
        yield sign_of(catalogue, "autoscaler_at_maximum", [Stated(stated.source, limited)], said, names)


def _job(catalogue: Catalogue, stated: Stated[Object]) -> Iterator[Sign]:
    if failed := _condition(stated, "Failed", "True"):
        said: Phrase = (*_who(stated), " has failed", *_told(failed))
        yield sign_of(catalogue, "job_failed", [Stated(stated.source, failed)], said, _names(stated))


def _endpoints(catalogue: Catalogue, stated: Stated[Object]) -> Iterator[Sign]:
    """Some without any are no services but what components of the cluster elect their leader by."""
    if stated.fact.node.at("metadata") is None or stated.fact.namespace == "kube-system":
        return
    subsets = stated.fact.node.each("subsets")
    ready = sum(len(one.each("addresses")) for one in subsets)
    waiting = sum(len(one.each("notReadyAddresses")) for one in subsets)
    if ready:
        return
    said: Phrase = ("The service ", Quoted(stated.fact.name, 80, bare=True), " has no endpoint")
    said += (f"; {waiting} of its pods are not ready",) if waiting else ()
    shown_by = [
        Stated(stated.source, stated.fact.node.at("subsets") or stated.fact.node.at("metadata") or stated.fact.node)
    ]
    yield sign_of(catalogue, "service_without_endpoints", shown_by, said, _names(stated))
