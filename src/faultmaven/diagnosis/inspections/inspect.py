"""Compares what the evidence states: every inspection looks for one sort of contradiction and tells it as signs.

    World ──INSPECTIONS──▶ Sign(fault, said, further lines) ──suspects, hypotheses──▶ Report

An inspection knows one subject (references, probes, quotas, …) and nothing of the others; how much its finding weighs
is decided where all suspects are judged. What it says is observed: every part of it cites the lines that state it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.inspections.compose import compose
from faultmaven.diagnosis.inspections.conditions import conditions
from faultmaven.diagnosis.inspections.configs import configs
from faultmaven.diagnosis.inspections.connections import connections
from faultmaven.diagnosis.inspections.containers import containers
from faultmaven.diagnosis.inspections.dockerfiles import dockerfiles
from faultmaven.diagnosis.inspections.flapping import flapping
from faultmaven.diagnosis.inspections.ingress import ingresses
from faultmaven.diagnosis.inspections.listings import listings
from faultmaven.diagnosis.inspections.machines import machines
from faultmaven.diagnosis.inspections.metrics import metrics
from faultmaven.diagnosis.inspections.nginx import nginx
from faultmaven.diagnosis.inspections.nodes import nodes
from faultmaven.diagnosis.inspections.objects import objects
from faultmaven.diagnosis.inspections.placement import placement
from faultmaven.diagnosis.inspections.quotas import quotas
from faultmaven.diagnosis.inspections.rbac import rbac
from faultmaven.diagnosis.inspections.references import references
from faultmaven.diagnosis.inspections.states import states
from faultmaven.diagnosis.inspections.traffic import traffic
from faultmaven.diagnosis.inspections.trends import trends
from faultmaven.diagnosis.inspections.units import units
from faultmaven.diagnosis.inspections.world import World
from faultmaven.diagnosis.signs import Sign

Inspection = Callable[[World, Catalogue], Iterable[Sign]]
INSPECTIONS: tuple[Inspection, ...] = (
    *(states, nodes, conditions, references, rbac, quotas, placement, traffic, ingresses, metrics, listings, objects),
    *(configs, compose, dockerfiles, nginx, units),
    *(containers, machines, connections, trends, flapping),
)


def inspected(world: World, catalogue: Catalogue) -> list[Sign]:
    """Everything that the inspections find, in their order."""
    return [sign for inspection in INSPECTIONS for sign in inspection(world, catalogue)]
