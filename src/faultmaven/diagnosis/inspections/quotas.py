"""Quotas: what the pods of a namespace ask for, added up against what the namespace may have.

A ResourceQuota on requests or limits refuses every pod that does not state them (Kubernetes, "Resource Quotas").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.workloads import Workload, workloads
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d+)?)(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?")
_FACTORS = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_FACTORS |= {f"{letter}i": 1024.0 ** (power + 1) for power, letter in enumerate("KMGTPE")}


def quantity(text: str) -> float | None:
    """`250m`, `1.5`, `512Mi` as a number; None where it is none."""
    found = _QUANTITY.fullmatch(text.strip())
    return float(found[1]) * _FACTORS[found[2] or ""] if found else None


@dataclass(frozen=True, slots=True)
class Hard:
    """One limit of a quota: `requests.cpu` or `limits.memory`, of which there is `most`."""

    name: str
    node: Node
    most: float

    @property
    def place(self) -> tuple[str, str]:
        """Where a container states it: ("requests", "cpu")."""
        sort, _, resource = self.name.rpartition(".")
        return sort or "requests", resource


def quotas(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    asked = list(workloads(world))
    for quota in world.objects("ResourceQuota"):
        namespace = quota.fact.namespace or "default"
        inside = [w for w in asked if w.namespace == namespace and w.stated.fact.origin == "manifest"]
        has_defaults = bool(world.objects("LimitRange", namespace=namespace))
        for hard in _hard(quota.fact):
            if hard.name != "pods" and not has_defaults:
                yield from _unstated(catalogue, quota, hard, inside)
            yield from _exceeded(catalogue, quota, hard, inside)


def _hard(quota: Object) -> Iterator[Hard]:
    node = quota.node.at("spec", "hard")
    for name, value in node.members.items() if node else ():
        most = quantity(value.text())
        if most is not None and name.rpartition(".")[2] in ("cpu", "memory", "pods", "ephemeral-storage"):
            yield Hard(name, value, most)


def _unstated(catalogue: Catalogue, quota: Stated[Object], hard: Hard, inside: list[Workload]) -> Iterator[Sign]:
    sort, resource = hard.place
    for workload in inside:
        for container in workload.containers:
            resources = container.at("resources")
            if _stated(container, sort, resource):
                continue
            said: Phrase = (
                f"{workload.kind} ",
                Quoted(workload.name, 80, bare=True),
                f" sets no {resource} {sort[:-1]} ({sort}.{resource}) for container ",
                Quoted(container.text("name"), 80, bare=True),
                ", and the quota ",
                Quoted(quota.fact.name, 80, bare=True),
                f" has one on {hard.name}, so that every pod must specify it and the API server will refuse these",
            )
            shown_by: list[Stated[Any]] = [
                workload.at(resources or container),
                Stated(quota.source, hard.node),
                workload.stated,
            ]
            yield sign_of(catalogue, "quota_needs_resources", shown_by, said, _names(workload, quota))


def _stated(container: Node, sort: str, resource: str) -> bool:
    """A limit that is stated stands for the request as well."""
    resources = container.at("resources")
    if resources is None:
        return False
    return bool(resources.text(sort, resource) or (sort == "requests" and resources.text("limits", resource)))


def _exceeded(catalogue: Catalogue, quota: Stated[Object], hard: Hard, inside: list[Workload]) -> Iterator[Sign]:
    needs = [(workload, _need(workload, hard)) for workload in inside]
    total = sum(need for _, need in needs)
    if total <= hard.most or not needs:
        return
    workload, need = max(needs, key=lambda pair: pair[1])
    each = need / max(workload.replicas, 1)
    amounts = f"{workload.replicas} × {_amount(each, hard)} = {_amount(need, hard)}"
    others = f", {_amount(total, hard)} with the others" if total > need else ""
    said: Phrase = (
        f"{workload.kind} ",
        Quoted(workload.name, 80, bare=True),
        f" asks for {amounts} of {hard.name}{others}, which exceeds the {_amount(hard.most, hard)} that the quota ",
        Quoted(quota.fact.name, 80, bare=True),
        " allows; the API server will refuse the pods that go beyond it",
    )
    shown_by: list[Stated[Any]] = [Stated(quota.source, hard.node), *_telling(workload, hard), workload.stated]
    yield sign_of(catalogue, "quota_exceeded", shown_by, said, _names(workload, quota))


def _need(workload: Workload, hard: Hard) -> float:
    if hard.name == "pods":
        return float(workload.replicas)
    sort, resource = hard.place
    each = (_asked(container, sort, resource) for container in workload.template.each("spec", "containers"))
    return workload.replicas * sum(each)


def _asked(container: Node, sort: str, resource: str) -> float:
    said = container.text("resources", sort, resource)
    if not said and sort == "requests":
        said = container.text("resources", "limits", resource)
    return quantity(said) or 0.0


def _telling(workload: Workload, hard: Hard) -> Iterator[Stated[Node]]:
    """The lines the sum is made of: how many, and how much each."""
    if replicas := workload.stated.fact.node.at("spec", "replicas"):
        yield workload.at(replicas)
    sort, resource = hard.place
    for container in workload.template.each("spec", "containers"):
        if said := container.at("resources", sort, resource):
            yield workload.at(said)


def _amount(value: float, hard: Hard) -> str:
    resource = hard.name.rpartition(".")[2]
    if resource == "cpu":
        return f"{value * 1000:g}m" if value < 1 or value % 1 else f"{value:g}"
    if resource == "pods":
        return f"{value:g}"
    for unit, size in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if value >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:g}"


def _names(workload: Workload, quota: Stated[Object]) -> dict[str, str]:
    return {"namespace": workload.namespace, "quota": quota.fact.name, workload.kind.lower(): workload.name}
