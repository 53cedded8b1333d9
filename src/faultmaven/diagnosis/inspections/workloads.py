"""Pods as they are asked for: the pod template of every kind of workload, and labels against selectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from faultmaven.diagnosis.facts import Node, Object, is_number
from faultmaven.diagnosis.inspections.world import Stated, World

_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


@dataclass(frozen=True, slots=True)
class Workload:
    """`template` holds metadata and spec of the pods; of a bare pod it is the pod itself."""

    stated: Stated[Object]
    template: Node

    @property
    def kind(self) -> str:
        return self.stated.fact.kind

    @property
    def name(self) -> str:
        return self.stated.fact.name

    @property
    def namespace(self) -> str:
        return self.stated.fact.namespace or "default"

    @property
    def labels(self) -> dict[str, str]:
        return labels_of(self.template.at("metadata", "labels"))

    @property
    def containers(self) -> tuple[Node, ...]:
        return (*self.template.each("spec", "initContainers"), *self.template.each("spec", "containers"))

    @property
    def replicas(self) -> int:
        """How many pods are asked for; one where nothing is said."""
        said = self.stated.fact.node.text("spec", "replicas")
        return int(said) if is_number(said) else 1

    def at(self, node: Node) -> Stated[Node]:
        """A part of it, to be cited for itself."""
        return Stated(self.stated.source, node)


def workloads(world: World) -> Iterator[Workload]:
    for stated in world.objects(*_TEMPLATES):
        template = stated.fact.node.at(*_TEMPLATES[stated.fact.kind])
        if template and template.at("spec"):
            yield Workload(stated, template)


def labels_of(node: Node | None) -> dict[str, str]:
    return {key: node.text(key) for key in node.members} if node else {}


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())
