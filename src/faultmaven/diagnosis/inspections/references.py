"""Names that refer to nothing: a pod's ConfigMaps, Secrets, claims and accounts, and keys within them.

That something does not exist can be said only of what was shown whole. Where other objects of the same kind stand
beside the reference, the one referred to is missing among them; where none does, it may well exist elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object
from faultmaven.diagnosis.inspections.states import pods
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.workloads import Workload, workloads
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

_FAULT = {"ConfigMap": "config_object_missing", "Secret": "config_object_missing"}
_SLOT = {"ConfigMap": "configmap", "Secret": "secret", "PersistentVolumeClaim": "claim"}
# Every namespace has these without anybody stating them.
_GIVEN = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}


@dataclass(frozen=True, slots=True)
class Reference:
    """`node` is where the name stands; `key` the entry of the object that is wanted, if one is."""

    kind: str
    name: str
    node: Node
    purpose: str
    key: str = ""


def references(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    running = {pod.name for pod in pods(world) if pod.phase == "Running"}
    for workload in workloads(world):
        if workload.kind == "Pod" and workload.stated.fact.origin != "manifest" and workload.name in running:
            continue  # it could not have started without what it refers to
        for reference in _references(workload):
            yield from _checked(world, catalogue, workload, reference)


def _references(workload: Workload) -> Iterator[Reference]:
    spec = workload.template.members["spec"]
    for volume in spec.each("volumes"):
        yield from _of_volume(volume)
    for container in workload.containers:
        yield from _of_environment(container)
    for secret in spec.each("imagePullSecrets"):
        yield Reference("Secret", secret.text("name"), secret, "pulls its image with")
    if account := spec.at("serviceAccountName") or spec.at("serviceAccount"):
        yield Reference("ServiceAccount", account.text(), account, "runs as")


def _of_volume(volume: Node) -> Iterator[Reference]:
    for holder in (volume, *volume.each("projected", "sources")):
        for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            source = holder.at(field)
            if source and source.text("optional") != "true":
                name = source.text("name") or source.text("secretName")
                yield Reference(kind, name, source, "mounts")
    if claim := volume.at("persistentVolumeClaim"):
        yield Reference("PersistentVolumeClaim", claim.text("claimName"), claim, "mounts")


def _of_environment(container: Node) -> Iterator[Reference]:
    for source in container.each("envFrom"):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            inner = source.at(field)
            if inner and inner.text("optional") != "true":
                yield Reference(kind, inner.text("name"), inner, "takes its environment from")
    for variable in container.each("env"):
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            inner = variable.at("valueFrom", field)
            if inner and inner.text("optional") != "true":
                purpose = f"takes {variable.text('name') or 'a variable'} from"
                yield Reference(kind, inner.text("name"), inner, purpose, inner.text("key"))


def _checked(world: World, catalogue: Catalogue, workload: Workload, reference: Reference) -> Iterator[Sign]:
    if not reference.name or (reference.kind, reference.name) in _GIVEN:
        return
    shown = world.objects(reference.kind, namespace=workload.namespace)
    found = [one for one in shown if one.fact.name == reference.name]
    if found:
        yield from _key(catalogue, workload, reference, found[0])
        return
    fault_id = _FAULT.get(reference.kind, "reference_dangling")
    beside = _beside(world, workload, reference, shown)
    yield sign_of(
        catalogue,
        fault_id,
        [workload.at(reference.node), workload.stated, *beside],
        (
            *_who(workload),
            f" {reference.purpose} the {reference.kind} ",
            Quoted(reference.name, 80, bare=True),
            *_and_there_is_none(workload, shown, beside),
        ),
        _names(workload, reference),
        level="error" if shown or beside else "info",
    )


def _who(workload: Workload) -> Phrase:
    return (f"{workload.kind} ", Quoted(workload.name, 80, bare=True))


def _beside(
    world: World, workload: Workload, reference: Reference, shown: list[Stated[Object]]
) -> list[Stated[Object]]:
    """What may have been meant: the same name in another namespace or as another kind, or nearly the same name."""
    namesakes = [
        one
        for one in world.objects("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount", name=reference.name)
        if one.fact.kind != reference.kind or one.fact.namespace != workload.namespace
    ]
    near = get_close_matches(reference.name, [one.fact.name for one in shown], n=1, cutoff=0.75)
    return (namesakes or [one for one in shown if one.fact.name in near])[:1]


def _and_there_is_none(workload: Workload, shown: list[Stated[Object]], beside: list[Stated[Object]]) -> Phrase:
    if not shown and not beside:
        return (", which is not in what was shown",)
    said: Phrase = (f", and none of that name was shown in namespace {workload.namespace}",)
    if beside:
        one = beside[0].fact
        where = f" in namespace {one.namespace}" if one.namespace not in (None, workload.namespace) else ""
        said += (f"; there is a {one.kind} ", Quoted(one.name, 80, bare=True), where)
    return said


def _key(catalogue: Catalogue, workload: Workload, reference: Reference, found: Stated[Object]) -> Iterator[Sign]:
    """The object is there; is the entry that is wanted?"""
    entries = {
        key
        for field in ("data", "stringData", "binaryData")
        if (node := found.fact.node.at(field))
        for key in node.members
    }
    if not reference.key or not entries or reference.key in entries:
        return
    near = get_close_matches(reference.key, sorted(entries), n=1, cutoff=0.6)
    said: Phrase = (
        *_who(workload),
        f" {reference.purpose} the key ",
        Quoted(reference.key, 80, bare=True),
        f" of the {reference.kind} ",
        Quoted(reference.name, 80, bare=True),
        ", which has no such key",
    )
    if near:
        said += ("; it has ", Quoted(near[0], 80, bare=True))
    shown_by: list[Stated[Any]] = [workload.at(reference.node), found, workload.stated]
    yield sign_of(catalogue, "config_object_missing", shown_by, said, _names(workload, reference))


def _names(workload: Workload, reference: Reference) -> dict[str, str]:
    names = {"namespace": workload.namespace, workload.kind.lower(): workload.name}
    if slot := _SLOT.get(reference.kind):
        names[slot] = reference.name
    return names
