"""Who reaches whom: services against pods, policies against labels, probes and ports against containers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.workloads import Workload, labels_of, selects, workloads
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_PROBES = {"livenessProbe": "liveness", "readinessProbe": "readiness", "startupProbe": "startup"}
_CHECKS = ("httpGet", "tcpSocket", "grpc")


def traffic(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    pods = list(workloads(world))
    for service in world.objects("Service"):
        yield from _service(catalogue, service, _beside(pods, service))
    policies = [policy for policy in world.objects("NetworkPolicy") if _governs_ingress(policy.fact)]
    for workload in pods:
        yield from _let_in(catalogue, policies, workload, pods, world)
        yield from _probes(catalogue, workload)


def _beside(pods: Sequence[Workload], stated: Stated[Object]) -> list[Workload]:
    return [pod for pod in pods if pod.namespace == (stated.fact.namespace or "default")]


def _service(catalogue: Catalogue, service: Stated[Object], pods: Sequence[Workload]) -> Iterator[Sign]:
    selector = service.fact.node.at("spec", "selector")
    if selector is None or not selector.members or not pods:
        return
    chosen = [pod for pod in pods if selects(labels_of(selector), pod.labels)]
    names = {"service": service.fact.name, "namespace": service.fact.namespace or "default"}
    if not chosen:
        label = ", ".join(f"{key}={value}" for key, value in labels_of(selector).items())
        said: Phrase = (
            "Service ",
            Quoted(service.fact.name, 80, bare=True),
            " selects pods labelled ",
            Quoted(label, 120, bare=True),
            ", and none of the workloads shown has these labels",
        )
        nearest = max(pods, key=lambda pod: len(set(labels_of(selector).items()) & set(pod.labels.items())))
        labels = nearest.template.at("metadata", "labels")
        shown_by: list[Stated[Any]] = [Stated(service.source, selector), *([nearest.at(labels)] if labels else [])]
        yield sign_of(catalogue, "service_selects_nothing", shown_by, said, names)
        return
    yield from _ports(catalogue, service, chosen, names)


def _ports(
    catalogue: Catalogue, service: Stated[Object], chosen: Sequence[Workload], names: dict[str, str]
) -> Iterator[Sign]:
    for port in service.fact.node.each("spec", "ports"):
        wanted = port.text("targetPort") or port.text("port")
        for workload in chosen:
            offered = _offered(workload)
            if not offered or wanted in offered:
                continue
            said: Phrase = (
                "Service ",
                Quoted(service.fact.name, 80, bare=True),
                " sends to port ",
                Quoted(wanted, 40, bare=True),
                f", and the containers of {workload.kind} ",
                Quoted(workload.name, 80, bare=True),
                f" state port {', '.join(sorted(offered))}",
            )
            shown_by: list[Stated[Any]] = [Stated(service.source, port), *_port_nodes(workload)]
            yield sign_of(catalogue, "service_port_mismatch", shown_by, said, names)


def _offered(workload: Workload) -> set[str]:
    """Numbers and names of the ports that the containers state."""
    ports = [port for container in workload.containers for port in container.each("ports")]
    return {text for port in ports for text in (port.text("containerPort"), port.text("name")) if text}


def _port_nodes(workload: Workload) -> list[Stated[Node]]:
    return [workload.at(port) for container in workload.containers for port in container.each("ports")][:2]


def _probes(catalogue: Catalogue, workload: Workload) -> Iterator[Sign]:
    offered = _offered(workload)
    for container in workload.containers:
        for field, sort in _PROBES.items():
            for check in _CHECKS:
                port = container.at(field, check, "port")
                if port is None or not offered or port.text() in offered:
                    continue
                said: Phrase = (
                    f"The {sort} probe of container ",
                    Quoted(container.text("name"), 80, bare=True),
                    " asks port ",
                    Quoted(port.text(), 40, bare=True),
                    f", and the container states port {', '.join(sorted(offered))}",
                )
                names = {"namespace": workload.namespace, workload.kind.lower(): workload.name, "port": port.text()}
                shown_by: list[Stated[Any]] = [workload.at(port), *_port_nodes(workload)]
                yield sign_of(catalogue, "probe_port_mismatch", shown_by, said, names)


def _let_in(
    catalogue: Catalogue, policies: Sequence[Stated[Object]], target: Workload, pods: Sequence[Workload], world: World
) -> Iterator[Sign]:
    """A client that none of the policies which select the target lets in. What any of them allows is allowed, so they
    are judged together, and one that may select the target or let the client in counts as if it did."""
    beside = [one for one in policies if (one.fact.namespace or "default") == target.namespace]
    selecting = [one for one in beside if _may_select(_selector(one), target)]
    surely = [one for one in selecting if _is_plain(_selector(one))]
    if not surely:
        return
    rules = [rule for one in selecting for rule in one.fact.node.each("spec", "ingress")]
    for client in pods:
        if client.namespace != target.namespace or client.name == target.name:
            continue
        if any(_lets_in(rule, client) for rule in rules):
            continue
        if how := _connects(client, target, world):
            yield _kept_out(catalogue, surely, target, client, how)


def _governs_ingress(policy: Object) -> bool:
    """Where a policy does not name its types, it is one for ingress (Kubernetes, NetworkPolicySpec)."""
    types = [one.text() for one in policy.node.each("spec", "policyTypes")]
    return policy.node.at("spec") is not None and (not types or "Ingress" in types)


def _spec(policy: Stated[Object]) -> Node:
    return policy.fact.node.at("spec") or policy.fact.node


def _selector(policy: Stated[Object]) -> Node | None:
    return _spec(policy).at("podSelector")


def _is_plain(selector: Node | None) -> bool:
    """What expressions select is not worked out."""
    return selector is None or not selector.each("matchExpressions")


def _may_select(selector: Node | None, pods: Workload) -> bool:
    return selects(labels_of(selector.at("matchLabels") if selector else None), pods.labels)


def _lets_in(rule: Node, client: Workload) -> bool:
    sources = rule.each("from")
    if not sources:
        return True  # from everywhere
    # What concerns whole namespaces or addresses cannot be judged by labels of pods.
    return any(
        source.at("podSelector") is None
        or source.at("namespaceSelector") is not None
        or _may_select(source.at("podSelector"), client)
        for source in sources
    )


def _connects(client: Workload, target: Workload, world: World) -> Node | None:
    """Where the client names a service that the target stands behind."""
    for service in world.objects("Service", namespace=client.namespace):
        selector = labels_of(service.fact.node.at("spec", "selector"))
        if not selector or not selects(selector, target.labels):
            continue
        name = re.compile(rf"(?<![\w.-]){re.escape(service.fact.name)}(?![\w-])")
        for path, node in client.template.walk():
            if "metadata" not in path and node.form == "scalar" and name.search(node.text()):
                return node
    return None


def _kept_out(
    catalogue: Catalogue, policies: Sequence[Stated[Object]], target: Workload, client: Workload, how: Node
) -> Sign:
    sources = [
        source for one in policies for rule in one.fact.node.each("spec", "ingress") for source in rule.each("from")
    ]
    wanted = [
        ", ".join(f"{key}={value}" for key, value in labels_of(source.at("podSelector", "matchLabels")).items())
        for source in sources
    ]
    lets_in = f"only pods labelled {' or '.join(dict.fromkeys(wanted))}" if wanted else "no pod"
    labels = ", ".join(f"{key}={value}" for key, value in client.labels.items()) or "none"
    names = [policy.fact.name for policy in policies]
    said: Phrase = (
        "NetworkPolicy " if len(names) == 1 else "NetworkPolicies ",
        Quoted(", ".join(names), 120, bare=True),
        f" {'lets' if len(names) == 1 else 'let'} {lets_in} in to {target.kind} ",
        Quoted(target.name, 80, bare=True),
        f", and the pods of {client.kind} ",
        Quoted(client.name, 80, bare=True),
        f", whose configuration names its service, have the labels {labels}",
    )
    rules = [Stated(one.source, _spec(one).at("ingress") or _spec(one)) for one in policies]
    own = client.template.at("metadata", "labels")
    shown_by: list[Stated[Any]] = [*rules[:3], *([client.at(own)] if own else []), client.at(how)]
    named = {"namespace": client.namespace, client.kind.lower(): client.name}
    return sign_of(catalogue, "network_policy_blocks", shown_by, said, named)
