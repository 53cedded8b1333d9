"""Where pods may run: rules that keep replicas apart, and node labels that no node has."""

from __future__ import annotations

from collections.abc import Iterator

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.workloads import Workload, labels_of, selects, workloads
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_HOST = "kubernetes.io/hostname"


def placement(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for workload in workloads(world):
        yield from _kept_apart(world, catalogue, workload)
        yield from _unlabelled(world, catalogue, workload)


def _kept_apart(world: World, catalogue: Catalogue, workload: Workload) -> Iterator[Sign]:
    """A rule that keeps a workload's own pods on different nodes needs as many nodes as there are replicas."""
    rules = workload.template.each("spec", "affinity", "podAntiAffinity", _REQUIRED)
    for rule in rules:
        own = selects(labels_of(rule.at("labelSelector", "matchLabels")), workload.labels)
        if not own or rule.text("topologyKey") != _HOST or workload.replicas < 2:
            continue
        nodes = _nodes(world)
        if nodes and len(nodes) >= workload.replicas:
            continue
        said: Phrase = (
            f"{workload.kind} ",
            Quoted(workload.name, 80, bare=True),
            f" asks for {workload.replicas} replicas, and its required pod anti-affinity lets only one of them run on a"
            f" node ({_HOST})",
        )
        if nodes:
            said += (f": with the {len(nodes)} nodes shown no more than {len(nodes)} can run",)
        else:
            said += (f": it needs {workload.replicas} nodes that can take its pods",)
        replicas = workload.stated.fact.node.at("spec", "replicas")
        shown_by = [workload.at(rule), *([workload.at(replicas)] if replicas else [])]
        yield sign_of(
            catalogue, "anti_affinity_unsatisfiable", shown_by, said, _names(workload), "error" if nodes else "warning"
        )


def _unlabelled(world: World, catalogue: Catalogue, workload: Workload) -> Iterator[Sign]:
    """A node selector that none of the nodes that are shown satisfies."""
    wanted = workload.template.at("spec", "nodeSelector")
    nodes = [node for node in _nodes(world) if node.fact.at("metadata", "labels")]
    if wanted is None or not wanted.members or not nodes:
        return
    if any(selects(labels_of(wanted), labels_of(node.fact.at("metadata", "labels"))) for node in nodes):
        return
    label = ", ".join(f"{key}={value}" for key, value in labels_of(wanted).items())
    said: Phrase = (
        f"{workload.kind} ",
        Quoted(workload.name, 80, bare=True),
        " may only run on nodes labelled ",
        Quoted(label, 120, bare=True),
        f", and none of the {len(nodes)} nodes shown has that label",
    )
    yield sign_of(catalogue, "pod_unschedulable", [workload.at(wanted), *nodes[:2]], said, _names(workload))


def _nodes(world: World) -> list[Stated[Node]]:
    """The nodes of the cluster that are shown, each once."""
    found = {one.fact.name: Stated(one.source, one.fact.node) for one in world.objects("Node") if one.fact.name}
    return list(found.values())


def _names(workload: Workload) -> dict[str, str]:
    return {"namespace": workload.namespace, workload.kind.lower(): workload.name}
