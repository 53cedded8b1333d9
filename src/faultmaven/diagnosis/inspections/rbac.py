"""What a workload asks of the Kubernetes API against what the roles of its service account let it do.

What it asks is known where its command says so: `kubectl get pods` lists, `kubectl logs` reads `pods/log`, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.workloads import Workload, workloads
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

MOST_COMMANDS = 50

_COMMAND = re.compile(
    r"\bkubectl (?:-\S{1,40} |--\S{1,80} ){0,4}(?P<verb>get|list|describe|watch|delete|create|patch|scale|logs|exec)"
    r" +(?:-\S{1,40} ){0,3}(?P<resource>[a-z][a-z.]{0,60})?(?P<rest>[^\n;|&]{0,200})"
)
_SHORT: Mapping[str, str] = {
    "po": "pods",
    "pod": "pods",
    "svc": "services",
    "service": "services",
    "deploy": "deployments",
    "deployment": "deployments",
    "cm": "configmaps",
    "configmap": "configmaps",
    "secret": "secrets",
    "no": "nodes",
    "node": "nodes",
    "ns": "namespaces",
    "namespace": "namespaces",
    "job": "jobs",
    "pvc": "persistentvolumeclaims",
    "ing": "ingresses",
    "ingress": "ingresses",
    "event": "events",
    "ev": "events",
}


@dataclass(frozen=True, slots=True)
class Need:
    verb: str
    resource: str
    node: Node


def rbac(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for workload in workloads(world):
        account = workload.template.text("spec", "serviceAccountName") or "default"
        bound = list(_roles(world, workload, account))
        if not bound:
            continue
        for need in {(need.verb, need.resource): need for need in _needs(workload)}.values():
            rules = [rule for role in bound for rule in role.fact.node.each("rules")]
            if not any(_allows(rule, need) for rule in rules):
                yield _sign(catalogue, workload, account, bound, need)


def _sign(catalogue: Catalogue, workload: Workload, account: str, bound: Sequence[Stated[Object]], need: Need) -> Sign:
    allowed = _verbs(bound, need.resource)
    resource = Quoted(need.resource, 60, bare=True)
    said: Phrase = (
        f"{workload.kind} ",
        Quoted(workload.name, 80, bare=True),
        f" has to {need.verb} ",
        resource,
        ", and the roles shown for its ServiceAccount ",
        Quoted(account, 80, bare=True),
        " do not let it",
    )
    if allowed:
        said += (": of ", resource, " they allow only ", Quoted(", ".join(allowed), 80, bare=True))
    rules = [Stated(role.source, rule) for role in bound for rule in role.fact.node.each("rules")]
    about = [rule for rule in rules if _speaks_of(rule.fact, need.resource)] or rules[:1]
    places: list[Stated[Any]] = [*about[:1], workload.at(need.node)]
    names = {
        "namespace": workload.namespace,
        workload.kind.lower(): workload.name,
        "verb": need.verb,
        "resource": need.resource,
        "user": f"system:serviceaccount:{workload.namespace}:{account}",
    }
    return sign_of(catalogue, "kubernetes_forbidden", places, said, names)


def _roles(world: World, workload: Workload, account: str) -> Iterator[Stated[Object]]:
    """All roles bound to the account, as far as shown; none at all if one of them is not shown."""
    found: list[Stated[Object]] = []
    for binding in world.objects("RoleBinding", "ClusterRoleBinding"):
        node = binding.fact.node
        if not any(_is_subject(one, account, workload.namespace) for one in node.each("subjects")):
            continue
        roles = world.objects(node.text("roleRef", "kind"), name=node.text("roleRef", "name"))
        if not roles:
            return
        found += roles[:1]
    yield from found


def _is_subject(subject: Node, account: str, namespace: str) -> bool:
    named = subject.text("kind") == "ServiceAccount" and subject.text("name") == account
    return named and subject.text("namespace") in ("", namespace)


def _needs(workload: Workload) -> Iterator[Need]:
    for container in workload.containers:
        for node in (*container.each("command"), *container.each("args")):
            for found in list(_COMMAND.finditer(node.text()))[:MOST_COMMANDS]:
                if need := _need(found, node):
                    yield need


def _need(found: re.Match[str], node: Node) -> Need | None:
    verb, named = found["verb"], found["resource"]
    if verb in ("logs", "exec"):
        return Need("get" if verb == "logs" else "create", f"pods/{'log' if verb == 'logs' else 'exec'}", node)
    if not named:
        return None
    resource = _SHORT.get(named.partition(".")[0], named.partition(".")[0])
    words = [word for word in found["rest"].split() if not word.startswith("-")]
    if verb in ("get", "describe"):
        flags = found["rest"].split()
        names_one = bool(words) and not any(flag in ("-n", "--namespace", "-o", "-l") for flag in flags)
        verb = "watch" if "-w" in flags or "--watch" in flags else "get" if names_one else "list"
    return Need("patch" if verb == "scale" else verb, resource, node)


def _allows(rule: Node, need: Need) -> bool:
    verbs = {one.text() for one in rule.each("verbs")}
    return bool(verbs & {need.verb, "*"}) and _speaks_of(rule, need.resource)


def _speaks_of(rule: Node, resource: str) -> bool:
    return bool({one.text() for one in rule.each("resources")} & {resource, "*"})


def _verbs(bound: Sequence[Stated[Object]], resource: str) -> list[str]:
    rules = [rule for role in bound for rule in role.fact.node.each("rules") if _speaks_of(rule, resource)]
    return list(dict.fromkeys(one.text() for rule in rules for one in rule.each("verbs")))
