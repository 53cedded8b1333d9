"""How things are: pods that wait, crash or are not ready, workloads with too few of them, nodes under pressure.

A state says that something is wrong now, and sometimes why; that it was wrong once and is well now, it says too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object, is_number
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign
from faultmaven.diagnosis.timestamps import read_value

# What a container waits for or ended with, and the fault that it shows.
_REASONS: Mapping[str, str] = {
    "CrashLoopBackOff": "crash_loop",
    "ImagePullBackOff": "image_pull_failed",
    "ErrImagePull": "image_pull_failed",
    "InvalidImageName": "image_pull_failed",
    "CreateContainerConfigError": "config_object_missing",
    "OOMKilled": "out_of_memory_killed",
    "Evicted": "pod_evicted",
}
_WELL = frozenset({"Running", "Completed", "Succeeded"})


@dataclass(frozen=True, slots=True)
class Container:
    """`reason` is why it waits or ended; `last_reason` and `last_code` how the run before this one ended. `state` and
    `last_state` are where that is told."""

    state: Node
    last_state: Node
    name: str
    ready: bool | None
    restarts: int
    reason: str
    code: int | None
    last_reason: str
    last_code: int | None
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pod:
    stated: Stated[Object]
    phase: str
    reason: str
    ready: bool | None
    containers: tuple[Container, ...]

    @property
    def name(self) -> str:
        return self.stated.fact.name

    @property
    def restarts(self) -> int:
        listed = self.stated.fact.node.text("status", "listed", "restarts")
        return int(listed) if is_number(listed) else sum(container.restarts for container in self.containers)

    @property
    def is_well(self) -> bool:
        """Running with all containers ready, or done."""
        if self.phase in ("Succeeded", "Completed"):
            return True
        return self.phase == "Running" and self.ready is True and not self.reason

    @property
    def started_at(self) -> datetime | None:
        return max((one.started_at for one in self.containers if one.started_at), default=None)


def pods(world: World) -> list[Pod]:
    """Every pod whose state is told, as the most telling of its statements tells it."""
    best: dict[tuple[str | None, str], Pod] = {}
    for stated in world.objects("Pod"):
        if stated.fact.origin == "manifest" or not stated.fact.name:
            continue
        pod = _pod(stated)
        known = next((key for key in best if key[1] == pod.name and None in (key[0], stated.fact.namespace)), None)
        key = known or (stated.fact.namespace, pod.name)
        if key not in best or len(pod.containers) > len(best[key].containers):
            best[key] = pod
    return list(best.values())


def _pod(stated: Stated[Object]) -> Pod:
    node = stated.fact.node
    status = node.at("status") if (node.at("status") and node.at("status", "phase")) else node
    status = status or node
    listed = node.at("status", "listed")
    containers = tuple(_container(one) for one in status.each("containerStatuses") or _stated(node))
    ready: bool | None = all(one.ready for one in containers) if containers else None
    if listed and (total := listed.text("containers")):
        ready = listed.text("ready") == total
    reason = (node.at("status") or node).text("reason") if listed else status.text("reason")
    phase = status.text("phase") or (node.at("status") or node).text("phase")
    if listed and listed.text("status") in _WELL:
        phase, reason = listed.text("status"), ""
    return Pod(stated, phase, reason, ready, containers)


def _stated(node: Node) -> tuple[Node, ...]:
    """Tools that flatten an answer put the states where the containers are."""
    return tuple(one for one in node.each("containers") if one.at("state") or one.at("ready"))


def _container(node: Node) -> Container:
    state, last = node.at("state") or node, node.at("lastState") or node.at("lastTerminationState")
    now, before = _ended(state), _ended(last) if last else ("", None)
    waiting = state.at("waiting")
    reason = (waiting.text("reason") if waiting and waiting.form == "map" else state.text("reason")) or now[0]
    started = state.text("running", "startedAt") or state.text("startedAt")
    stamp = read_value(started) if started else None
    restarts = node.text("restartCount")
    return Container(
        state=state,
        last_state=last or state,
        name=node.text("name"),
        ready={"true": True, "false": False}.get(node.text("ready").lower()),
        restarts=int(restarts) if is_number(restarts) else 0,
        reason=reason,
        code=now[1],
        last_reason=before[0],
        last_code=before[1],
        started_at=stamp.at if stamp else None,
    )


def _ended(state: Node) -> tuple[str, int | None]:
    ended = state.at("terminated")
    ended = ended if ended is not None and ended.form == "map" else state
    code = ended.text("exitCode")
    return ended.text("reason") if code else "", int(code) if is_number(code.removeprefix("-")) else None


def states(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for pod in pods(world):
        if pod.is_well:
            continue
        for container in pod.containers:
            yield from _in_trouble(catalogue, pod, container)
        yield from _unscheduled(catalogue, pod)
        if fault_id := _REASONS.get(pod.reason):
            said: Phrase = ("Pod ", Quoted(pod.name, 80, bare=True), " is ", Quoted(pod.reason, 40, bare=True))
            yield sign_of(catalogue, fault_id, [pod.stated], said, _names(pod))


def _in_trouble(catalogue: Catalogue, pod: Pod, container: Container) -> Iterator[Sign]:
    of: Phrase = ("Container ", Quoted(container.name, 60, bare=True), " of pod ", Quoted(pod.name, 80, bare=True))
    for reason in dict.fromkeys((container.reason, container.last_reason)):
        if fault_id := _REASONS.get(reason):
            how = f" ended with exit code {container.last_code}" if reason == container.last_reason else " waits"
            said: Phrase = (*of, f"{how}: ", Quoted(reason, 40, bare=True), _restarted(container))
            told = container.last_state if reason == container.last_reason else container.state
            shown_by: list[Stated[Any]] = [Stated(pod.stated.source, told)]
            yield sign_of(catalogue, fault_id, shown_by, said, _names(pod) | {"container": container.name})


def _unscheduled(catalogue: Catalogue, pod: Pod) -> Iterator[Sign]:
    node = pod.stated.fact.node
    for condition in (*node.each("status", "conditions"), *node.each("conditions")):
        if condition.text("type") != "PodScheduled" or condition.text("status").lower() != "false":
            continue
        said: Phrase = ("Pod ", Quoted(pod.name, 80, bare=True), f" is {pod.phase or 'Pending'}")
        if reason := condition.text("reason"):
            said += (" (", Quoted(reason, 40, bare=True), ")")
        if message := condition.text("message"):
            said += (": ", Quoted(message, 200))
        yield sign_of(catalogue, "pod_unschedulable", [Stated(pod.stated.source, condition)], said, _names(pod))


def _restarted(container: Container) -> str:
    if not container.restarts:
        return ""
    return f", after {container.restarts} restart{'s' if container.restarts > 1 else ''}"


def _names(pod: Pod) -> dict[str, str]:
    return {"pod": pod.name, "namespace": pod.stated.fact.namespace or ""}
