"""Documents of JSON and YAML: read into nodes, then every shape that is known is looked for in them.

    Part ──parse──▶ Node ──SHAPES──▶ Facts

A shape is what some system answers with: a Kubernetes object, a metric, an alert. It is looked for at every map of a
document, since answers come wrapped in envelopes; where one is found, nothing more is looked for below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from faultmaven.diagnosis.facts import Facts, Node, Part
from faultmaven.diagnosis.structured.happenings import alert, happenings
from faultmaven.diagnosis.structured.joining import joined
from faultmaven.diagnosis.structured.json_text import parse_json
from faultmaven.diagnosis.structured.kubernetes import kubernetes
from faultmaven.diagnosis.structured.series import series
from faultmaven.diagnosis.structured.text import Text
from faultmaven.diagnosis.structured.yaml_text import parse_yaml

# What a map states, or None where it is not of this shape. `key` is the name of the member that holds it.
Shape = Callable[[Node, str], Facts | None]
SHAPES: tuple[Shape, ...] = (kubernetes, series, alert, happenings)

# Larger documents are dumps; what is found in so many maps is enough.
MOST_MAPS = 20_000


def read_json(text: Text, part: Part) -> Facts:
    parsed = parse_json(text, text.starts[part.span.first - 1])
    return _facts_of(parsed.node, parsed.is_whole) if parsed else Facts()


def read_yaml(text: Text, part: Part) -> Facts:
    own = "\n".join(text.lines[part.span.first - 1 : part.span.last]) + "\n"
    return joined(_facts_of(node, is_whole) for node, is_whole in parse_yaml(own, part.span.first))


def _facts_of(node: Node, is_whole: bool) -> Facts:
    own = Facts(documents=(node,), is_whole=is_whole) if node.form != "scalar" else Facts()
    return joined([own, *_shaped(node)])


def _shaped(root: Node) -> Iterator[Facts]:
    waiting: list[tuple[str, Node]] = [("", root)]
    looked_at = 0
    while waiting and looked_at < MOST_MAPS:
        key, node = waiting.pop()
        looked_at += 1
        found = next((facts for shape in SHAPES if (facts := shape(node, key))), None)
        if found:
            yield found
            continue
        inner = [(key, item) for item in node.items] + list(node.members.items())
        waiting += [(name, one) for name, one in reversed(inner) if one.form != "scalar"]
