"""What APIs of clusters and services say of their own condition: partitions, alarms, members that do not run.

Management APIs differ in everything but this: a flag that says it outright (`network_partitions_detected: true`,
`mem_alarm: true`, `running: false`) or a word for a status (`"status": "red"`). Configuration is left alone: there
`false` is a choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from faultmaven.diagnosis.catalogue import Catalogue
from faultmaven.diagnosis.facts import Node, Span
from faultmaven.diagnosis.inspections.stating import sign_of
from faultmaven.diagnosis.inspections.world import Stated, World
from faultmaven.diagnosis.quoting import Phrase, Quoted
from faultmaven.diagnosis.signs import Sign

MOST = 20

_PARTED = re.compile(
    r"partition(?:s|ed)?(?:_?detected)?$|split_?brain|unreachable_?(?:nodes|members|peers)$", re.IGNORECASE
)
_ALARM = re.compile(r"alarms?(?:_?in_?effect)?$|(?:^|_)(?:degraded|oom_?killed|is_?stale)$", re.IGNORECASE)
_RUNS = re.compile(r"(?:is_?)?(?:running|healthy|reachable|alive)$", re.IGNORECASE)
_STATUS = re.compile(r"(?:^|_)(?:status|state|health)$", re.IGNORECASE)
_BAD = frozenset(("red", "down", "unhealthy", "unreachable", "degraded", "offline", "critical"))
_NAMES = ("node", "name", "member", "host", "id", "instance", "service")
# Keys of what is asked for rather than found.
_ASKED_FOR = frozenset({"spec", "config", "configuration", "settings", "labels", "annotations", "commonlabels"})


def conditions(world: World, catalogue: Catalogue) -> Iterator[Sign]:
    told = {(one.source.evidence_id, one.span) for one in world.objects() if one.fact.name}
    told |= {(one.source.evidence_id, one.span) for one in world.alerts()}
    number = 0
    for document in world.documents():
        if document.fact.text("apiVersion") and document.fact.text("kind"):
            continue
        for owner, key, node in _members(document.fact):
            fault_id = _fault(key, node)
            if fault_id is None or number >= MOST or _inside(document.source.evidence_id, node.span, told):
                continue
            number += 1
            names = {"node": owner} if owner else {}
            yield sign_of(catalogue, fault_id, [Stated(document.source, node)], _said(owner, key, node), names)


def _members(root: Node) -> Iterator[tuple[str, str, Node]]:
    """Every member with its key and the name of the nearest thing that it belongs to."""
    waiting = [("", root)]
    while waiting:
        owner, node = waiting.pop()
        owner = next((text for name in _NAMES if (text := node.text(name))), owner)
        for key, inner in node.members.items():
            if key.lower() in _ASKED_FOR:
                continue
            yield owner, key, inner
            waiting.append((owner, inner))
        waiting += [(owner, item) for item in node.items]


def _fault(key: str, node: Node) -> str | None:
    is_true, is_false = node.scalar is True, node.scalar is False
    if _PARTED.search(key) and (is_true or (node.form == "list" and node.items)):
        return "cluster_partitioned" if "partition" in key.lower() or "split" in key.lower() else "member_down"
    if _ALARM.search(key) and (is_true or (node.form == "list" and node.items)):
        return "component_alarm"
    if _RUNS.match(key) and is_false:
        return "member_down"
    if _STATUS.search(key) and isinstance(node.scalar, str) and node.scalar.lower() in _BAD:
        return "component_unhealthy"
    return None


def _inside(evidence_id: str, span: Span, told: set[tuple[str, Span]]) -> bool:
    """An object's own inspection knows better, and what an alert says is a question."""
    return any(one == evidence_id and of.first <= span.first and span.last <= of.last for one, of in told)


def _said(owner: str, key: str, node: Node) -> Phrase:
    said: Phrase = (Quoted(key, 60, bare=True), " is ")
    if node.items:
        shown = ", ".join(str(item.scalar) for item in node.items[:3] if item.scalar is not None)
        said += (Quoted(shown, 160, bare=True),) if shown else (f"a list of {len(node.items)}",)
    else:
        said += (Quoted(node.text(), 40, bare=True),)
    return (*said, " for ", Quoted(owner, 100, bare=True)) if owner else said
