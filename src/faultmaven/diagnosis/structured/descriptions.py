"""What `kubectl describe` prints, as the API would have said it: keys with values, indented sections, small tables.

    text ──outline──▶ Node(keys as printed) ──as_object──▶ Object(in the API's shape), Occurrences

Format: kubectl's describe printers, k8s.io/kubectl/pkg/describe.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from faultmaven.diagnosis.facts import Facts, Node, Object, Occurrence, Part, Row, Span
from faultmaven.diagnosis.structured.events import event_of
from faultmaven.diagnosis.structured.pods import described_pod
from faultmaven.diagnosis.structured.tables import cells_of, columns_of
from faultmaven.diagnosis.structured.text import Text

LONGEST = 4000
MOST_LINES = 5000

_KEY = re.compile(r"(\s*)([^\s:][^:]{0,120}?):(?:\s+(\S.*)|\s*)$")
_KINDS: Sequence[tuple[str, frozenset[str]]] = (
    ("Pod", frozenset({"Node", "Containers"})),
    ("Node", frozenset({"Capacity", "Allocatable"})),
    ("Deployment", frozenset({"StrategyType"})),
    ("Job", frozenset({"Pods Statuses", "Parallelism"})),
    ("CronJob", frozenset({"Schedule", "Suspend"})),
    ("DaemonSet", frozenset({"Desired Number of Nodes Scheduled"})),
    ("StatefulSet", frozenset({"Update Strategy", "Volume Claims"})),
    ("ReplicaSet", frozenset({"Replicas", "Pods Status", "Pod Template"})),
    ("HorizontalPodAutoscaler", frozenset({"Reference", "Min replicas"})),
    ("Service", frozenset({"Selector", "Endpoints"})),
    ("Ingress", frozenset({"Rules", "Default backend"})),
    ("PersistentVolumeClaim", frozenset({"StorageClass", "Used By"})),
    ("PersistentVolume", frozenset({"Reclaim Policy", "Claim"})),
    ("ServiceAccount", frozenset({"Mountable secrets"})),
    ("ResourceQuota", frozenset({"Resource"})),
)


@dataclass(slots=True)
class _Key:
    """A key in the making; `last` grows with what is written below it."""

    indent: int
    first: int
    last: int
    said: str = ""
    more: list[tuple[int, str]] = field(default_factory=list)
    members: dict[str, _Key] = field(default_factory=dict)

    def node(self) -> Node:
        span = Span(self.first, self.last)
        items = tuple(Node(Span(number, number), scalar=text) for number, text in self.more)
        members = {name: key.node() for name, key in self.members.items()}
        return Node(span, "map" if members else "list" if items else "scalar", self.said or None, items, members)


def read_description(text: Text, part: Part) -> Facts:
    lines = text.lines_of(part.span, MOST_LINES, LONGEST)
    root = outline(lines, part.span.first)
    name, namespace = root.text("Name"), root.text("Namespace") or None
    kind = next((kind for kind, keys in _KINDS if keys <= root.members.keys()), "")
    events = _events(root.at("Events"), {kind.lower() or "object": name, "namespace": namespace or ""})
    node = described_pod(root) if kind == "Pod" else root
    told = Object(kind or "Object", name, part.span, node, namespace, "description")
    whole = len(lines) == part.span.last - part.span.first + 1
    return Facts(objects=(told,) if name else (), occurrences=tuple(events), is_whole=whole)


def outline(lines: Sequence[str], first: int) -> Node:
    """Keys as they are printed, nested as they are indented; lines without a key belong to the one above them."""
    root = _Key(-1, first, first + len(lines) - 1)
    open_keys = [root]
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        found = _KEY.match(line)
        while len(open_keys) > 1 and indent <= open_keys[-1].indent:
            open_keys.pop()
        for key in open_keys[1:]:
            key.last = number
        if found is None or _continues(open_keys[-1], indent):
            open_keys[-1].more.append((number, line.rstrip()))
            continue
        key = _Key(indent, number, number, (found[3] or "").strip())
        open_keys[-1].members.setdefault(found[2].strip(), key)
        open_keys.append(key)
    return root.node()


def _continues(key: _Key, indent: int) -> bool:
    """Far to the right of a key stands the rest of its value, colons or not; below a table's head stand its rows."""
    return indent - key.indent > 8 or bool(key.more and not key.members)


def _events(node: Node | None, about: dict[str, str]) -> list[Occurrence]:
    if node is None or len(node.items) < 2:
        return []
    head, *rows = [(item.span, str(item.scalar)) for item in node.items]
    columns = columns_of(head[1], [text for _, text in rows])
    told = [Row(span, cells_of(text, columns)) for span, text in rows if "----" not in text]
    return [occurrence for row in told if (occurrence := event_of(row, about))]
