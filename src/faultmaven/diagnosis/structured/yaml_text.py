"""YAML with positions, by libyaml's composer: nodes and their lines, nothing constructed, so no tag can do harm."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from faultmaven.diagnosis.facts import Node, Scalar, Span

MOST_CHARACTERS = 1 << 20
MOST_NODES = 50_000
DEEPEST = 40

_TAG = "tag:yaml.org,2002:"
_BOOLS = {"yes": True, "no": False, "true": True, "false": False, "on": True, "off": False}


@dataclass(slots=True)
class Stream:
    """The documents of a stream, each with whether it was read whole; `problem` is what the parser said at a line where
    it could not go on, and `repeated` the keys that a map has twice with different values."""

    documents: list[tuple[Node, bool]] = field(default_factory=list)
    problem: tuple[str, int] | None = None
    repeated: list[tuple[str, Node, Node]] = field(default_factory=list)


def parse_yaml(text: str, first_line: int) -> Stream:
    """What is no YAML ends the reading."""
    loader = yaml.CSafeLoader(text)
    stream = Stream()
    try:
        while loader.check_node():
            composed = loader.get_node()
            if composed is None:
                break
            reading = _Reading(first_line, stream.repeated)
            stream.documents.append((reading.node(composed, 0), reading.left > 0))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        stream.problem = (problem.problem or "cannot be read", first_line + (mark.line if mark else 0))
    except (yaml.YAMLError, ValueError, RecursionError):
        pass
    finally:
        loader.dispose()
    return stream


@dataclass(slots=True)
class _Reading:
    """`left` is how many nodes may still come: an alias repeats what it names, and aliases of aliases multiply."""

    first_line: int
    repeated: list[tuple[str, Node, Node]]
    left: int = field(default=MOST_NODES)

    def node(self, composed: yaml.Node, depth: int, key: yaml.Node | None = None) -> Node:
        """`key` is the name of the member this is: it belongs to the lines."""
        span = self._span(key or composed, composed)
        self.left -= 1
        if self.left <= 0 or depth > DEEPEST:
            return Node(span)
        if isinstance(composed, yaml.MappingNode):
            return Node(span, "map", members=self._members(composed, depth))
        if isinstance(composed, yaml.SequenceNode):
            return Node(span, "list", items=tuple(self.node(item, depth + 1) for item in composed.value))
        return Node(span, scalar=_scalar(composed.tag, composed.value))

    def _members(self, composed: yaml.MappingNode, depth: int) -> dict[str, Node]:
        members: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in composed.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.tag == _TAG + "merge" or key.value == "<<":
                merged |= self._merged(value, depth)
            else:
                told = self.node(value, depth + 1, key)
                before = members.get(key.value)
                if before is not None and _differ(before, told):
                    self.repeated.append((key.value, before, told))
                members[key.value] = told
        return {**merged, **members}

    def _merged(self, value: yaml.Node, depth: int) -> dict[str, Node]:
        sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
        found: dict[str, Node] = {}
        for source in reversed(sources):
            if isinstance(source, yaml.MappingNode) and depth < DEEPEST:
                found |= self._members(source, depth + 1)
        return found

    def _span(self, start: yaml.Node, end: yaml.Node) -> Span:
        first = start.start_mark.line
        # A block ends where the next token begins: at column 0 of a line that is no longer its own.
        last = end.end_mark.line - (end.end_mark.column == 0 and end.end_mark.line > first)
        return Span(self.first_line + first, self.first_line + max(first, last))


def _differ(one: Node, other: Node) -> bool:
    return one.form != other.form or one.form != "scalar" or one.scalar != other.scalar


def _scalar(tag: str, value: str) -> Scalar:
    try:
        match tag.removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return _BOOLS[value.lower()]
            case "int":
                return int(value.replace("_", ""), 0) if len(value) < 40 else value
            case "float":
                return float(value.replace("_", ""))
    except (ValueError, KeyError):
        return value
    return value
