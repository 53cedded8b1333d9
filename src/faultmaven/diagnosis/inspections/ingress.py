"""Ingresses that no controller has taken up: the class they name is not there, or they have no address."""

from __future__ import annotations

from collections.abc import Iterator

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Object
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign


def ingresses(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    classes = {one.fact.name for one in world.objects("IngressClass")}
    listed = {row.cells.get("name", "") for one in world.tables("ingressclasses") for row in one.fact.rows}
    known = classes | listed
    for stated in (*world.objects("Ingress"), *_listed(world)):
        name = stated.fact.node.text("Ingress Class") or stated.fact.node.text("spec", "ingressClassName")
        if not name or name == "<none>":
            continue
        is_missing = bool(known) and name not in known
        if not is_missing and not _has_no_address(stated.fact.node):
            continue
        said: Phrase = (
            "Ingress ",
            Quoted(stated.fact.name, 80, bare=True),
            " has the class ",
            Quoted(name, 80, bare=True),
            ", and no such class is among those shown" if is_missing else ", and no address",
        )
        names = {"ingress": stated.fact.name, "namespace": stated.fact.namespace or "default"}
        fault_id = "ingress_class_missing" if is_missing else "ingress_not_served"
        yield sign_of(catalogue, fault_id, [Stated(stated.source, stated.fact.node)], said, names)


def _has_no_address(node: Node) -> bool:
    """Only where addresses are told at all."""
    told = node.at("Address")
    return told is not None and not told.scalar and not told.items


def _listed(world: World) -> Iterator[Stated[Object]]:
    for table in world.tables("ingresses"):
        for row in table.fact.rows:
            cells = {
                "Ingress Class": Node(row.span, scalar=row.cells.get("class", "")),
                "Address": Node(row.span, scalar=row.cells.get("address", "")),
            }
            node = Node(row.span, "map", members=cells)
            where = row.cells.get("namespace") or table.fact.namespace
            yield Stated(table.source, Object("Ingress", row.cells.get("name", ""), row.span, node, where))
