"""Texts made from a pattern to cost it as much as possible, and what patterns there are to try them on.

For every repeat inside a pattern there is bait: the shortest text that leads up to the repeat, then what it repeats,
over and over, and at last a character that nothing expects. A pattern that backtracks tries all ways of parting that.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import faultmaven.diagnosis

# What `re` itself parses patterns with; its types are not published.
op: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_UNEXPECTED = "\x01"
_OF_CATEGORY = {
    op.CATEGORY_DIGIT: ["7"],
    op.CATEGORY_NOT_DIGIT: ["a"],
    op.CATEGORY_SPACE: [" ", "\t"],
    op.CATEGORY_NOT_SPACE: ["a", ":", "("],
    op.CATEGORY_WORD: ["a", "Z", "7", "_"],
    op.CATEGORY_NOT_WORD: [" ", "-"],
}
_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "split")


@dataclass(frozen=True)
class Used:
    """A pattern and where it stands; `methods` are those it is used with there."""

    where: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]

    @cached_property
    def tree(self) -> Any:
        flags = self.pattern.flags & ~re.UNICODE if isinstance(self.pattern.pattern, bytes) else self.pattern.flags
        return parser.parse(self.pattern.pattern, flags)

    def spend(self, text: str) -> None:
        """Everything that is done with it, done to this text."""
        subject: Any = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        if self.methods & {"match"}:
            self.pattern.match(subject)
        if self.methods & {"fullmatch"}:
            self.pattern.fullmatch(subject)
        if not self.methods or self.methods & {"search", "finditer", "findall", "sub", "split"}:
            for _ in self.pattern.finditer(subject):
                pass

    def baits(self) -> list[Bait]:
        return list(dict.fromkeys(_baits(self.tree, "")))


@dataclass(frozen=True)
class Bait:
    """`before` once or, where `whole`, every time."""

    before: str
    unit: str
    whole: bool = False

    def text(self, size: int) -> str:
        if self.whole:
            return (self.before + self.unit) * (size // len(self.before + self.unit)) + _UNEXPECTED
        return self.before + self.unit * (size // len(self.unit)) + _UNEXPECTED


def patterns() -> list[Used]:
    """Every `re` pattern of the diagnosis, compiled at import or written into a call."""
    found: dict[tuple[Any, int], Used] = {}
    for module in _modules():
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for name, value in vars(module).items():
            for where, pattern in _inside(f"{module.__name__}.{name}", value, 0):
                known = found.get((pattern.pattern, pattern.flags))
                methods = _methods(tree, name) | (known.methods if known else frozenset())
                where = known.where if known else where.removeprefix("faultmaven.diagnosis.")
                found[pattern.pattern, pattern.flags] = Used(where, pattern, methods)
        for call, method in _calls(tree):
            pattern = re.compile(ast.literal_eval(call.args[0]))
            where = f"{module.__name__}:{call.lineno}".removeprefix("faultmaven.diagnosis.")
            found.setdefault((pattern.pattern, pattern.flags), Used(where, pattern, frozenset([method])))
    return list(found.values())


def _modules() -> Iterator[ModuleType]:
    for module in pkgutil.walk_packages(faultmaven.diagnosis.__path__, "faultmaven.diagnosis."):
        yield importlib.import_module(module.name)


def _inside(where: str, value: object, depth: int) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield where, value
    elif depth > 5 or isinstance(value, str | bytes | int):
        return
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _inside(f"{where}[{key!r}]", inner, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for index, inner in enumerate(value):
            yield from _inside(f"{where}[{index}]", inner, depth + 1)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _inside(f"{where}.{one.name}", getattr(value, one.name), depth + 1)


def _methods(tree: ast.Module, name: str) -> frozenset[str]:
    """How a module uses a pattern of that name; where it goes by another name, how it uses all that have none here."""
    used = [(node.value, node.attr) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    called = [(value.id if isinstance(value, ast.Name) else "", method) for value, method in used if method in _METHODS]
    own = frozenset(method for of, method in called if of == name)
    return own or frozenset(method for of, method in called if of != "re" and not of.isupper() and of[:1] != "_")


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """`re.search("…", text)` and its like."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS):
            continue
        of, first = node.func.value, node.args[:1]
        if isinstance(of, ast.Name) and of.id == "re" and first and isinstance(first[0], ast.Constant):
            yield node, node.func.attr


def _baits(tree: Any, before: str) -> Iterator[Bait]:
    for kind, told in tree:
        if kind in _REPEATS:
            for unit in _units(told[2]):
                yield Bait(before, unit)
                yield Bait(before, unit, whole=True)
                yield Bait("", unit)
            yield from _baits(told[2], before)
            before += _shortest(told[2]) * max(told[0], 0)
        elif kind is op.SUBPATTERN:
            yield from _baits(told[3], before)
            before += _shortest(told[3])
        elif kind is op.BRANCH:
            for way in told[1]:
                yield from _baits(way, before)
            before += _shortest(told[1][0])
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            yield from _baits(told[1], before)
        else:
            before += _shortest([(kind, told)])
    if before:
        yield Bait("", before)


def _units(tree: Any) -> list[str]:
    """Texts that a repeated part accepts."""
    only: tuple[Any, Any] = tree[0] if len(tree) == 1 else (None, None)
    kind, told = only
    if kind is op.IN:
        return _of_set(told)[:5]
    if kind is op.ANY:
        return ["a", " "]
    if kind is op.SUBPATTERN:
        return _units(told[3])
    if kind is op.BRANCH:
        return [text for way in told[1] for text in (_shortest(way), *_units(way)) if text][:8]
    if kind in _REPEATS:
        return _units(told[2])
    shortest = _shortest(tree)
    return [shortest] if shortest else []


def _shortest(tree: Any) -> str:
    said = ""
    for kind, told in tree:
        if kind is op.LITERAL:
            said += chr(told)
        elif kind is op.NOT_LITERAL:
            said += "a" if told != ord("a") else "b"
        elif kind is op.ANY:
            said += "a"
        elif kind is op.IN:
            said += _of_set(told)[0]
        elif kind is op.BRANCH:
            said += _shortest(told[1][0])
        elif kind is op.SUBPATTERN:
            said += _shortest(told[3])
        elif kind is op.ATOMIC_GROUP:
            said += _shortest(told)
        elif kind in _REPEATS:
            said += _shortest(told[2]) * told[0]
    return said


def _of_set(told: Any) -> list[str]:
    accepted: list[str] = []
    for kind, value in told:
        if kind is op.LITERAL:
            accepted.append(chr(value))
        elif kind is op.RANGE:
            accepted += [chr(value[0]), chr(value[1])]
        elif kind is op.CATEGORY:
            accepted += _OF_CATEGORY[value]
    if told[0][0] is op.NEGATE:
        return [char for char in "a 7.\"'-:/(\\\t" if char not in accepted] or ["é"]
    return accepted
