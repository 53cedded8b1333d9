"""Python's groups of exceptions, drawn with a gutter: each member is taken out of it as a trace of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from faultmaven.diagnosis.readers.frames import LONGEST, Lines

_GUTTER = re.compile(r"^\s*(?:\| ?(?P<text>.*)|\+ (?P<head>Exception Group .*)|\+(?P<opens>-\+)?(?P<rule>-{4,}.*))$")
_NUMBERED = re.compile(r"^-{4,} [\d.]+ -{4,}")


@dataclass(frozen=True, slots=True)
class Group:
    """`blocks` are the texts of the members with the indices of their lines: those without members of their own in the
    order printed, then the groups around them, the innermost first."""

    blocks: list[tuple[list[str], list[int]]]
    last: int


def opens(line: str) -> bool:
    return line.lstrip().startswith("+ Exception Group Traceback")


def members(lines: Lines, at: int) -> Group:
    single: list[tuple[list[str], list[int]]] = []
    around: list[tuple[list[str], list[int]]] = []
    texts: list[str] = []
    indices: list[int] = []
    last = at
    for index in range(at, min(len(lines), at + LONGEST)):
        gutter = _GUTTER.match(lines[index])
        if not gutter or (index > at and gutter["head"]):
            break
        last = index
        if gutter["rule"] is None:
            texts.append(gutter["text"] if gutter["text"] is not None else gutter["head"])
            indices.append(index)
        elif _NUMBERED.match(gutter["rule"]) or texts:
            (around if gutter["opens"] else single).append((texts, indices))
            texts, indices = [], []
    if texts:
        single.append((texts, indices))
    return Group([*single, *reversed(around)], last)
