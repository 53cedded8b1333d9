"""Nodes against what runs on them: how many pods they may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Level, Node, Object, is_number
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

# The share at which Kubernetes' own alert speaks of too many pods.
NEARLY = 0.9

_TOTAL = re.compile(r"\((\d{1,4}) in total\)")


def nodes(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    for stated in world.objects("Node"):
        most, running = _most(stated.fact), _running(stated.fact)
        if most is None or running is None or running[0] < NEARLY * int(most.scalar or 0):
            continue
        count, shown_by = running
        said: Phrase = (
            "Node ",
            Quoted(stated.fact.name, 80, bare=True),
            f" runs {count} pods of at most {most.scalar}",
        )
        places = [Stated(stated.source, shown_by), Stated(stated.source, most)]
        level: Level = "error" if count >= int(most.scalar or 0) else "warning"
        yield sign_of(catalogue, "node_full_of_pods", places, said, {"node": stated.fact.name}, level)


def _most(node: Object) -> Node | None:
    for place in (("status", "allocatable"), ("Allocatable",), ("status", "capacity"), ("Capacity",)):
        found = node.node.at(*place, "pods")
        if found is not None and is_number(found.text()):
            return Node(found.span, scalar=int(found.text()))
    return None


def _running(node: Object) -> tuple[int, Node] | None:
    """As its description counts them."""
    told = node.node.at("Non-terminated Pods")
    if told is not None and (found := _TOTAL.search(told.text())):
        return int(found[1]), Node(told.span, scalar=told.text())
    return None
