"""Settings in sections: INI, units of systemd and TOML; and the variables of an .env file.

A key that is given more than once has a list of its values, in their order: some programs add them up, others keep one.
Units: systemd.syntax(7). TOML: toml_text.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from faultmaven.diagnosis.facts import Facts, Node, Object, Part, Span
from faultmaven.diagnosis.structured.configs import broken, is_file, lines_of, name_of, repeated
from faultmaven.diagnosis.structured.text import Text
from faultmaven.diagnosis.structured.toml_text import TomlBroken, looks_like_toml, parse_toml

MOST_LINES = 20_000
MOST_REPEATED = 20

_SECTION = re.compile(r"\s*\[(?P<name>[^\]\n]{1,100})\]\s*(?:[#;].*)?$")
_KEY = re.compile(r"(?P<key>[^\s=:#;\[][^=:\n]{0,100}?)\s*(?P<sign>[=:])\s*(?P<value>.*)$")
_UNIT_SECTIONS = frozenset(
    {"Unit", "Service", "Install", "Timer", "Socket", "Mount", "Path", "Swap", "Slice", "Scope", "Automount"}
)
_NETWORK_SECTIONS = frozenset({"Match", "Network", "Link", "NetDev", "Interface", "Peer"})
_UNIT_FILE = re.compile(r"# (/\S+\.(?:service|socket|timer|mount|path|target|slice|scope|swap|automount|conf))\s*$")
_VARIABLE = re.compile(r"(?P<export>export )?(?P<key>[A-Za-z_]\w*)(?P<gap> ?)=(?P<value>.*)$")


def read_settings(text: Text, part: Part) -> Facts:
    lines = lines_of(text, part)
    file = name_of(text, part)
    if looks_like_toml(lines):
        return _read_toml(text, part, lines, file)
    root = _sections(lines[:MOST_LINES], part.span)
    kind, doubled = "Settings", list[Object]()
    if root.members.keys() & _UNIT_SECTIONS and not root.members.keys() & _NETWORK_SECTIONS:
        kind, file = "UnitFile", _unit_name(text, part) or file
    else:
        doubled = list(_doubled(root, file))[:MOST_REPEATED]
    return Facts(objects=(Object(kind, file, part.span, root, None, "manifest"), *doubled), documents=(root,))


def _doubled(root: Node, file: str) -> Iterator[Object]:
    for section in root.members.values():
        for key, values in section.members.items():
            if len({one.text() for one in values.items}) > 1:
                yield repeated("INI", file, key, values.items[0], values.items[-1])


def _unit_name(text: Text, part: Part) -> str:
    """As `systemctl cat` tells it, above the first section or in a comment inside."""
    above = text.lines[max(part.span.first - 2, 0) : part.span.first]
    return next((found[1].rsplit("/", 1)[-1] for line in above if (found := _UNIT_FILE.match(line))), "")


def _read_toml(text: Text, part: Part, lines: Sequence[str], file: str) -> Facts:
    try:
        root = parse_toml(lines, part.span.first)
    except TomlBroken as problem:
        if not is_file(text, part):
            return Facts()
        return Facts(objects=(broken("TOML", file, str(problem), part.span.first + problem.line - 1),))
    if root is None:
        return Facts(is_whole=False)
    return Facts(objects=(Object("Settings", file, part.span, root, None, "manifest"),), documents=(root,))


def _sections(lines: Sequence[str], span: Span) -> Node:
    found: dict[str, dict[str, list[Node]]] = {}
    spans: dict[str, Span] = {}
    section = ""
    for first, last, line in _joined(lines, span.first):
        if head := _SECTION.match(line):
            section = head["name"].strip()
            found.setdefault(section, {})
        elif pair := _KEY.match(line.strip()):
            value = Node(Span(first, last), scalar=pair["value"].strip())
            found.setdefault(section, {}).setdefault(pair["key"].strip(), []).append(value)
        spans[section] = Span(spans[section].first if section in spans else first, last)
    members = {name: Node(spans[name], "map", members=_values(keys)) for name, keys in found.items()}
    return Node(span, "map", members=members)


def _values(keys: dict[str, list[Node]]) -> dict[str, Node]:
    return {key: one[0] if len(one) == 1 else _several(one) for key, one in keys.items()}


def _several(values: list[Node]) -> Node:
    return Node(Span(values[0].span.first, values[-1].span.last), "list", items=tuple(values))


def _joined(lines: Sequence[str], first: int) -> Iterator[tuple[int, int, str]]:
    """Lines with what continues them, by a backslash at their end; comments and blank lines left out."""
    begun, told = 0, list[str]()
    for number, line in enumerate(lines, first):
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        begun = begun if told else number
        told.append(bare.removesuffix("\\").strip())
        if not bare.endswith("\\"):
            yield begun, number, " ".join(told)
            told = []
    if told:
        yield begun, first + len(lines) - 1, " ".join(told)


def read_env(text: Text, part: Part) -> Facts:
    """The variables of an .env file; `gap` marks one with a space before its sign."""
    file = name_of(text, part)
    found: dict[str, list[Node]] = {}
    for number, line in enumerate(lines_of(text, part)[:MOST_LINES], part.span.first):
        if pair := _VARIABLE.match(line[:4000]):
            span = Span(number, number)
            members = {"gap": Node(span, scalar=bool(pair["gap"]))}
            found.setdefault(pair["key"], []).append(Node(span, "scalar", pair["value"].strip(), members=members))
    root = Node(part.span, "map", members=_values(found))
    doubled = [
        repeated(".env", file, key, values[0], values[-1])
        for key, values in found.items()
        if len({value.text().strip("\"'") for value in values}) > 1
    ]
    return Facts(objects=(Object("Environment", file, part.span, root, None, "manifest"), *doubled))
