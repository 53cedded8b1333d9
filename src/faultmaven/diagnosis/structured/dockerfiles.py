"""Dockerfiles: instructions in their order, each with its lines. Docker's Dockerfile reference."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from faultmaven.diagnosis.facts import Facts, Node, Object, Part, Span
from faultmaven.diagnosis.structured.configs import lines_of, name_of
from faultmaven.diagnosis.structured.extents import HEREDOC
from faultmaven.diagnosis.structured.making import made
from faultmaven.diagnosis.structured.text import Text

MOST_LINES = 5000

_STAGE = re.compile(r"(?P<image>\S+)(?:\s+[Aa][Ss]\s+(?P<stage>\S+))?")
_FLAG = re.compile(r"--([a-z-]{1,20})=(\S+)\s*")


def read_dockerfile(text: Text, part: Part) -> Facts:
    lines = [line[:4000] for line in lines_of(text, part)[:MOST_LINES]]
    items = tuple(_instruction(first, last, told) for first, last, told in _joined(lines, part.span.first))
    node = Node(part.span, "list", items=items)
    return Facts(
        objects=(Object("Dockerfile", name_of(text, part) or "Dockerfile", part.span, node, None, "manifest"),)
    )


def _instruction(first: int, last: int, told: str) -> Node:
    """With `instruction`, its `flags` and `value`; FROM also with `image` and, where it has a name, its `stage`."""
    name, _, rest = told.partition(" ")
    flags: dict[str, str] = {}
    rest, at = rest.strip(), 0
    while flag := _FLAG.match(rest, at):
        flags[flag[1]], at = flag[2], flag.end()
    rest = rest[at:]
    stage = _STAGE.match(rest) if name.upper() == "FROM" else None
    of_stage = {"image": stage["image"], "stage": stage["stage"]} if stage else {}
    span = Span(first, last)
    return made({"instruction": name.upper(), "flags": flags, "value": rest, **of_stage}, span)


def _joined(lines: Sequence[str], first: int) -> Iterator[tuple[int, int, str]]:
    """Instructions with the lines that continue them; texts in place are theirs and not looked at."""
    begun, told, until = 0, list[str](), ""
    for number, line in enumerate(lines, first):
        bare = line.strip()
        if until:
            until = "" if bare == until else until
            continue
        if not bare or bare.startswith("#"):
            continue
        begun = begun if told else number
        told.append(bare.removesuffix("\\").strip())
        if bare.endswith("\\"):
            continue
        found = HEREDOC.search(bare)
        until = found[1] if found else ""
        yield begun, number, " ".join(told)
        told = []
    if told:
        yield begun, first + len(lines) - 1, " ".join(told)
