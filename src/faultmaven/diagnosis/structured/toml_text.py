"""TOML with positions: values by the standard library's parser, their lines by a look at how lines begin."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from faultmaven.diagnosis.facts import Node, Scalar, Span

MOST_CHARACTERS = 1 << 18
DEEPEST = 40

Path = tuple[str | int, ...]

_HEAD = re.compile(r"\s*(\[\[?)([^\[\]\n]{1,200})\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')(?:\s*\.\s*(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*'))*)\s*=(.*)$")
_NAME = re.compile(r"[\w-]+|\"([^\"\n]*)\"|'([^'\n]*)'")
_OWN = re.compile(r"\s*(?:\"[^\n]*\"|'[^\n]*'|\[[^\n]*|\{[^\n]*\}|\"\"\"[^\n]*|'''[^\n]*)\s*(?:#.*)?$")
_PLAIN = re.compile(r"\s*(?:true|false|[+-]?[\d_.]+(?:[eE][+-]?\d+)?|\d{4}-\d\d-\d\d\S*)\s*(?:#.*)?$")
_AT = re.compile(r" \(at line (\d+), column \d+\)$| \(at end of document\)$")
_QUOTES = ('"""', "'''")


class TomlBroken(ValueError):
    """The text is no TOML; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def looks_like_toml(lines: Sequence[str]) -> bool:
    """Values written as only TOML writes them, hardly any bare word among them. INI has the same sections."""
    own = bare = 0
    for line in lines:
        if line.startswith("[["):
            own += 1
        elif found := _KEY.match(line[:4000]):
            own += bool(_OWN.match(found[2]))
            bare += bool(found[2].strip()) and not (_OWN.match(found[2]) or _PLAIN.match(found[2]))
    return own >= 2 and own > 4 * bare


def parse_toml(lines: Sequence[str], first_line: int) -> Node | None:
    """None for what is too large or too deep to be looked at. Raises TomlBroken."""
    text = "\n".join(lines)
    if len(text) > MOST_CHARACTERS:
        return None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        found = _AT.search(str(problem))
        line = int(found[1]) if found and found[1] else len(lines)
        raise TomlBroken(_AT.sub("", str(problem)), line) from problem
    except (RecursionError, ValueError):
        return None
    whole = Span(first_line, first_line + len(lines) - 1)
    return _node(values, (), dict(_places(lines, first_line)), whole, 0)


def _node(value: Any, path: Path, places: Mapping[Path, Span], around: Span, depth: int) -> Node:
    span = places.get(path, around)
    if isinstance(value, dict) and depth < DEEPEST:
        members = {key: _node(inner, (*path, key), places, span, depth + 1) for key, inner in value.items()}
        return Node(span, "map", members=members)
    if isinstance(value, list) and depth < DEEPEST:
        items = tuple(_node(inner, (*path, number), places, span, depth + 1) for number, inner in enumerate(value))
        return Node(span, "list", items=items)
    return Node(span, scalar=_scalar(value))


def _scalar(value: Any) -> Scalar:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)[:4000]


def _places(lines: Sequence[str], first_line: int) -> Iterator[tuple[Path, Span]]:
    """Where every table and key begins, and where its value ends: before the next one begins."""
    table: Path = ()
    counts: dict[Path, int] = {}
    quote, begun, path = "", 0, table
    for number, line in enumerate(lines, first_line):
        if quote:
            quote = "" if line.count(quote) % 2 else quote
            yield path, Span(begun, number)
            continue
        if head := _HEAD.match(line[:4000]):
            table = _resolved(_names(head[2]), counts, is_item=head[1] == "[[")
            yield table, Span(number, number)
        elif found := _KEY.match(line[:4000]):
            path, begun = (*table, *_names(found[1])), number
            yield path, Span(number, number)
            quote = next((mark for mark in _QUOTES if found[2].count(mark) % 2), "")


def _names(told: str) -> Path:
    return tuple(found[1] or found[2] or found[0] for found in _NAME.finditer(told))


def _resolved(names: Path, counts: dict[Path, int], is_item: bool) -> Path:
    """The path of a table: where a part of it is a list of tables, the last one so far is meant."""
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if is_item and position == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
