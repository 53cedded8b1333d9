"""JSON with positions: every value knows its lines, so that it can be cited. RFC 8259, read leniently.

What is cut off in the middle yields what came before the cut; comments and trailing commas are passed over, since
people paste configuration too. Time is linear in the text; nesting deeper than 40 ends the reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from faultmaven.diagnosis.facts import Node, Scalar
from faultmaven.diagnosis.structured.text import Text

MOST_CHARACTERS = 1 << 20
# What is kept is read by pydantic again, whose own limit is not far above this.
DEEPEST = 40

_TOKEN = re.compile(
    r'\s+|//[^\n]*|(?P<mark>[{}\[\],:])|"(?P<string>(?:[^"\\\x00-\x1f]|\\.)*)"|(?P<word>[^\s{}\[\],:"]+)', re.DOTALL
)
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


@dataclass(slots=True)
class _Open:
    """An object or array whose end has not come. `key` is the member being read, `begun` where its name began."""

    start: int
    is_map: bool
    items: list[Node] = field(default_factory=list)
    members: dict[str, Node] = field(default_factory=dict)
    key: str | None = None
    begun: int = 0

    def close(self, text: Text, end: int) -> Node:
        span = text.span(self.start, end)
        if self.is_map:
            return Node(span, "map", members=self.members)
        return Node(span, "list", items=tuple(self.items))


@dataclass(frozen=True, slots=True)
class Parsed:
    """`end` is the offset behind the value; `is_whole` false where it was cut off."""

    node: Node
    end: int
    is_whole: bool


def parse_json(text: Text, start: int = 0) -> Parsed | None:
    """The first value from the offset `start` on, an object or an array. None where there is none."""
    stack, at = list[_Open](), start
    most = min(len(text.whole), start + MOST_CHARACTERS)
    while at < most:
        token = _TOKEN.match(text.whole, at)
        if token is None:
            break
        done = _take(token, stack, text)
        at = token.end()
        if done is False or len(stack) > DEEPEST:
            break
        if isinstance(done, Node):
            return Parsed(done, at, True)
    return _cut_off(stack, text, at)


def _take(token: re.Match[str], stack: list[_Open], text: Text) -> Node | bool:
    """The finished value; True to go on; False where this is no JSON any more."""
    mark, string, word = token["mark"], token["string"], token["word"]
    if mark in ("{", "["):
        stack.append(_Open(token.start(), mark == "{"))
        return True
    if mark in ("}", "]"):
        return _close(stack, mark, text, token.end())
    if mark or (string is None and word is None):
        return bool(stack) or mark is None
    if not stack:
        return False
    inner = stack[-1]
    if inner.is_map and inner.key is None:
        if string is None:
            return False
        inner.key, inner.begun = _unescaped(token[0], string), token.start()
        return True
    value = _unescaped(token[0], string) if string is not None else _scalar(word)
    _put(inner, Node(text.span(_begin(inner, token.start()), token.end()), scalar=value))
    return True


def _begin(inner: _Open, start: int) -> int:
    """A member begins at its name, where both stand on one line; an item at itself."""
    return inner.begun if inner.is_map else start


def _put(inner: _Open, node: Node) -> None:
    if not inner.is_map:
        inner.items.append(node)
    elif inner.key is not None:
        inner.members.setdefault(inner.key, node)
        inner.key = None


def _close(stack: list[_Open], mark: str, text: Text, end: int) -> Node | bool:
    if not stack or stack[-1].is_map != (mark == "}"):
        return False
    closed = stack.pop()
    node = closed.close(text, end)
    if not stack:
        return node
    _put(stack[-1], node)
    return True


def _cut_off(stack: list[_Open], text: Text, end: int) -> Parsed | None:
    """Closes what is open, so that what was read is not lost."""
    node = None
    while stack:
        node = stack.pop().close(text, end)
        if stack:
            _put(stack[-1], node)
    has_content = node is not None and (node.members or node.items)
    return Parsed(node, end, False) if node is not None and has_content else None


def _unescaped(quoted: str, inside: str) -> str:
    if "\\" not in inside:
        return inside
    try:
        told: Any = orjson.loads(quoted)
    except orjson.JSONDecodeError:
        return inside
    return str(told)


def _scalar(word: str) -> Scalar:
    if word in _WORDS:
        return _WORDS[word]
    if _NUMBER.fullmatch(word) and len(word) < 40:
        return float(word) if any(mark in word for mark in ".eE") else int(word)
    return word
