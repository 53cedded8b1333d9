"""Documents of JSON and YAML: read into nodes, then every shape that is known is looked for in them.

    Part ──parse──▶ Node ──SHAPES──▶ Facts

A shape is what some system answers with: a Kubernetes object, a metric, an alert. It is looked for at every map of a
document, since answers come wrapped in envelopes; where one is found, nothing more is looked for below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from faultmaven.diagnosis.facts import Facts, Node, Object, Part
from faultmaven.diagnosis.structured.configs import broken, is_file, name_of, repeated
from faultmaven.diagnosis.structured.containers import compose, container
from faultmaven.diagnosis.structured.happenings import alert, happenings
from faultmaven.diagnosis.structured.joining import joined
from faultmaven.diagnosis.structured.json_checks import check_json
from faultmaven.diagnosis.structured.json_text import parse_json
from faultmaven.diagnosis.structured.kubernetes import kubernetes
from faultmaven.diagnosis.structured.series import series
from faultmaven.diagnosis.structured.text import Text
from faultmaven.diagnosis.structured.yaml_text import parse_yaml

# What a map states, or None where it is not of this shape. `key` is the name of the member that holds it.
Shape = Callable[[Node, str], Facts | None]
SHAPES: tuple[Shape, ...] = (kubernetes, container, compose, series, alert, happenings)

# Larger documents are dumps; what is found in so many maps is enough.
MOST_MAPS = 20_000
MOST_REPEATED = 20

_KEY = re.compile(r"[\w./$-]{1,80}:(?:\s|$)|[\"'][^\"'\n]{1,80}[\"']:")


def read_json(text: Text, part: Part) -> Facts:
    parsed = parse_json(text, text.starts[part.span.first - 1])
    if parsed is None:
        return Facts()
    checked = check_json(text, part)
    return joined([_facts_of(parsed.node, parsed.is_whole), Facts(objects=tuple(checked))])


def read_yaml(text: Text, part: Part) -> Facts:
    own = "\n".join(text.lines[part.span.first - 1 : part.span.last]) + "\n"
    stream = parse_yaml(own, part.span.first)
    file, objects = name_of(text, part), list[Object]()
    if (stream.problem or stream.repeated) and is_file(text, part) and _is_config(own):
        objects += [repeated("YAML", file, key, first, last) for key, first, last in stream.repeated[:MOST_REPEATED]]
        if stream.problem and stream.problem[1] <= part.span.last:
            objects.append(broken("YAML", file, *stream.problem))
    return joined([Facts(objects=tuple(objects)), *(_facts_of(node, whole) for node, whole in stream.documents)])


def _is_config(own: str) -> bool:
    """Its outermost keys are single words: a description and a letter have others."""
    outermost = [line for line in own.split("\n") if line[:1] not in ("", " ", "\t", "#", "-", "]", "}", "%", ".")]
    return bool(outermost) and all(_KEY.match(line) for line in outermost)


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
