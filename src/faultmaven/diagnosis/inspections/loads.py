"""Who makes the load: rankings of statements, waits and users, as database monitoring gives them.

A ranking is a list of maps with a name and a number of the same key (`db_load_avg`, `calls`, `total_time`), the
largest first or not; what it ranks is told by the key that holds the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from faultmaven.diagnosis.facts import Node, plain_key
from faultmaven.diagnosis.inspections.world import Stated, World

_NAMES: Mapping[str, str] = {
    "statement": "statement",
    "sql": "statement",
    "query": "statement",
    "digest_text": "statement",
    "wait_event": "wait",
    "name": "",
}
_LOADS = ("db_load_avg", "load", "aas", "avg_active_sessions", "total_time", "total_exec_time", "sum_timer_wait")


@dataclass(frozen=True, slots=True)
class Load:
    """One entry: `of` is `statement`, `wait` or what the list is called; `waits` are its own, the heaviest first."""

    stated: Stated[Node]
    of: str
    name: str
    share: float
    value: float
    waits: tuple[tuple[str, float], ...]


def loads(world: World) -> Iterator[Load]:
    """Every entry of every ranking, the heaviest of each first."""
    for document in world.documents():
        for path, node in document.fact.walk():
            if node.form == "list" and node.items and isinstance(path[-1] if path else "", str):
                yield from _ranked(document, str(path[-1]) if path else "", node, nested="wait" in str(path[-1:]))


def _ranked(document: Stated[Node], key: str, node: Node, nested: bool) -> Iterator[Load]:
    entries = [(item, _load(item)) for item in node.items if item.form == "map"]
    known = [(item, load) for item, load in entries if load is not None]
    total = sum(load for _, load in known)
    if len(known) < len(node.items) or total <= 0 or (nested and "top" not in plain_key(key)):
        return
    for item, load in sorted(known, key=lambda pair: -pair[1]):
        name, of = _name(item, key)
        if name:
            yield Load(Stated(document.source, item), of, name, load / total, load, tuple(_waits(item)))


def _load(node: Node) -> float | None:
    for key in _LOADS:
        value = node.at(key)
        if value is not None and isinstance(value.scalar, int | float):
            return float(value.scalar)
    return None


def _name(node: Node, key: str) -> tuple[str, str]:
    for field, of in _NAMES.items():
        if text := node.text(field):
            plain = plain_key(key)
            kind = of or ("wait" if "wait" in plain else "user" if "user" in plain else "other")
            return re.sub(r"\s+", " ", text), kind
    return "", ""


def _waits(node: Node) -> Iterator[tuple[str, float]]:
    found = [(item.text("name"), _load(item)) for item in node.each("wait_events")]
    yield from sorted(((name, load) for name, load in found if name and load), key=lambda pair: -pair[1])
