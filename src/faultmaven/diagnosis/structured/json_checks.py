"""Whether a file of JSON is JSON to the letter: the reader of positions is lenient, programs are not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from faultmaven.diagnosis.facts import Node, Object, Part, Span
from faultmaven.diagnosis.structured.configs import broken, file_of, is_shown, repeated
from faultmaven.diagnosis.structured.text import Text

MOST_CHARACTERS = 1 << 20
MOST_REPEATED = 20

# What is cut short, or a dialect that allows more: comments, JSON5.
_OTHER = re.compile(r"^[ \t]*(?://|/\*|\.\.\.)|\.\.\.[ \t]*$|…|\{\{|\[truncated", re.MULTILINE | re.IGNORECASE)
_LENIENT = re.compile(r"tsconfig|\.jsonc$|\.json5$|settings\.json$|\.code-workspace$")
_NAME = re.compile(
    r"^(?P<indent>[ \t]*)\"(?P<key>[^\"\\\n]{1,200})\"[ \t]*:[ \t]*(?P<value>[^\s][^\n]*)$", re.MULTILINE
)

_PROMPT = re.compile(r"^\S{0,100}[$#] ", re.MULTILINE)


def check_json(text: Text, part: Part) -> Iterator[Object]:
    """What is wrong with the file that begins with this part: it may break off in the middle, and go on below it."""
    first = part.span.first - 1
    shown = is_shown(text, part)
    if not shown and any(text.lines[at].strip() for at in range(first)):
        return
    file = file_of(part.command) if shown else ""
    begin = text.starts[first]
    own = text.whole[begin : begin + MOST_CHARACTERS + 1]
    if shown and (prompt := _PROMPT.search(own)):
        own = own[: prompt.start()]
    is_cut = len(own) > MOST_CHARACTERS or own.rstrip()[-1:] not in ("}", "]")
    if is_cut or _OTHER.search(own) or _LENIENT.search(file):
        return
    try:
        twice: list[str] = []
        json.loads(own, object_pairs_hook=lambda pairs: _told_twice(pairs, twice))
    except json.JSONDecodeError as problem:
        if not problem.msg.startswith("Extra data"):
            yield broken("JSON", file, problem.msg, part.span.first + problem.lineno - 1)
    except (RecursionError, ValueError):
        return
    else:
        yield from _repeated(own, part.span.first, file, twice[:MOST_REPEATED])


def _told_twice(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, value in pairs:
        if key in told and told[key] != value:
            twice.append(key)
        told[key] = value
    return told


def _repeated(own: str, first_line: int, file: str, keys: list[str]) -> Iterator[Object]:
    """The two lines with a key, at one depth, where each stands on a line of its own."""
    if not keys:
        return
    known: dict[tuple[str, str], tuple[int, str, int]] = {}
    line, at = first_line, 0
    for found in _NAME.finditer(own):
        line, at = line + own.count("\n", at, found.start()), found.start()
        place = (found["indent"], found["key"])
        value = found["value"].rstrip().removesuffix(",")
        before = known.get(place)
        if found["key"] not in keys:
            continue
        if before and before[1] != value and not _ended(own[before[2] : found.start()], found["indent"]):
            yield repeated("JSON", file, found["key"], _scalar(before[1], before[0]), _scalar(value, line))
            keys = [key for key in keys if key != found["key"]]
        known[place] = (line, value, found.end())


def _ended(between: str, indent: str) -> bool:
    """The object with the first of two keys is closed before the second comes."""
    return bool(indent) and bool(re.search(rf"^[ \t]{{0,{len(indent) - 1}}}\}}", between, re.MULTILINE))


def _scalar(value: str, line: int) -> Node:
    return Node(Span(line, line), scalar=value[:200])
