"""The lines above the processes in what `top` prints: load, tasks and what the CPU and the memory are used for."""

from __future__ import annotations

import re

from faultmaven.diagnosis.facts import Facts, Node, Object, Part, Span
from faultmaven.diagnosis.structured.making import Told, made
from faultmaven.diagnosis.structured.text import Text

_SHARE = re.compile(r"([\d.,]{1,12})[ %]*(us|sy|ni|id|wa|hi|si|st)\b")
_LOAD = re.compile(r"load average: ([\d.]{1,12})")
_ZOMBIES = re.compile(r"(\d{1,9}) zombie")
_SIZE = re.compile(r"([\d.]{1,20})\+? (total|free|used|avail Mem)")


def read_top(text: Text, part: Part) -> Facts:
    told: dict[str, Told] = {}
    for number, line in enumerate(text.lines_of(part.span, 100, 1000), part.span.first):
        span = Span(number, number)
        if found := _LOAD.search(line):
            told["load"] = Node(span, scalar=found[1])
        if found := _ZOMBIES.search(line):
            told["zombies"] = Node(span, scalar=int(found[1]))
        if "Cpu" in line[:6]:
            told.setdefault("cpu", made({name: value.replace(",", ".") for value, name in _SHARE.findall(line)}, span))
        for title, key in (("Mem", "memory"), ("Swap", "swap")):
            if re.match(rf"(?:[KMGT]iB )?{title}\s*:", line):
                told[key] = made({name.split()[0]: value for value, name in _SIZE.findall(line)}, span)
    return Facts(objects=(Object("TopSummary", "", part.span, made(told, part.span), None, "live"),))
