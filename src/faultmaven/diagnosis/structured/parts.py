"""Cuts evidence into parts of one kind each: a question, a command, its output, a manifest, all in one paste.

A part begins at a line that only its kind begins with, and goes on as long as its kind's own rule holds. Lines that
belong to no part are a log, a trace or prose, and other readers' business; so is everything in evidence that is a log
throughout, for which one search over the text is all that this costs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from faultmaven.diagnosis.facts import Part, Span
from faultmaven.diagnosis.structured.extents import EXTENTS
from faultmaven.diagnosis.structured.text import Text

MOST_PARTS = 2000

_COMMAND = re.compile(
    r"(?:\[?[\w.-]+@[\w.-]+[^\n$#]{0,80}[$#] |\$ |Command executed: |Command `)"
    r"(?P<ran>[A-Za-z./_][^\n`]{1,1000})"
)
_TITLES = r"[A-Z][A-Z0-9()%/_.:-]*(?: [A-Z0-9(][A-Z0-9()%/_.-]*)*"
# What each kind begins with, the surest first; none of them looks beyond its line.
_BEGINS: Mapping[str, str] = {
    "command": _COMMAND.pattern,
    "json": r"[ \t]*[{\[](?:[ \t]*$|[ \t]*[\"{\[])",
    "describe": r"Name:(?:[ \t]{2,})\S[^\n]*$",
    "unit_status": r"[●×○↻*] [\w@.\\:-]+\.(?:service|socket|timer|mount|target|path|slice|scope)\b",
    "dns": r"; <<>> DiG ",
    "tls": r"(?:CONNECTED\(|depth=\d+ |Certificate chain$)",
    "top": r"top - \d\d:\d\d:\d\d up ",
    "http": r"(?:\* +Trying |\* Connected to |\* Host \S+ was resolved|\* Could not resolve host"
    r"|> (?:GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS) )",
    "dockerfile": r"(?:FROM (?:--platform=\S{1,80} )?[\w.:/@${}-]+(?: (?:AS|as) [\w.-]+)?[ \t]*$|# syntax=docker/)",
    "nginx": r"(?:(?:http|server|events|stream)[ \t]*\{|(?:upstream|location)[ \t][^\n{;]{1,200}\{)",
    "table": rf"(?:{_TITLES}(?: {{2}}|\t)[ \t]*{_TITLES}|Filesystem[ \t]+\S+|Type[ \t]+Reason[ \t]+|Netid[ \t]+State"
    r"|State[ \t]+Recv-Q|Proto[ \t]+Recv-Q|[ \t]+total[ \t]+used[ \t]+free|[ \t]*PID[ \t]+USER[ \t]|USER[ \t]+PID[ \t]"
    r"|[ \t]*UNIT[ \t]+LOAD[ \t]+ACTIVE[ \t]|[ \t]+[\w?]+[ \t]+\|[ \t]+[\w?]+)[^\n]*$",
    "ini": r"(?:\[\[?[A-Za-z][\w .:\"'@/-]{0,80}\]\]?[ \t]*(?:#[^\n]*)?$|[a-z_][\w.-]{0,60} = [\"'\[{\dtf-][^\n]*$)",
    "env": r"(?:export )?[A-Z][A-Z0-9_]{1,80} ?=[^\n]*$",
    "yaml": r"(?:---[ \t]*$|apiVersion:[ \t]*\S|kind:[ \t]*[A-Z]\w+[ \t]*$"
    r"|[A-Za-z_][\w.-]{0,60}:[ \t]*(?:$|[|>][+-]?[ \t]*$|[^\n]{1,200}$))",
}
# A newline comes first: the search then leaps from one to the next, and looks at no other place in the text.
_ANY = re.compile(rf"\n(?={'|'.join(f'(?:{begins})' for begins in _BEGINS.values())})", re.MULTILINE)
_BEGIN = {kind: re.compile(begins, re.MULTILINE) for kind, begins in _BEGINS.items()}
# So many beginnings that turned out to be none: this is a log whose lines merely look like them.
MOST_MISTAKES = 1000


def parts_of(text: Text) -> tuple[Part, ...]:
    """In order, without overlap; lines that belong to none are a log or prose."""
    cutting = _Cutting(text)
    at, mistakes = 0, 0
    while at < len(text.lines) and len(cutting.parts) < MOST_PARTS and mistakes < MOST_MISTAKES:
        begin = _beginning(text, at)
        if begin is None:
            break
        end = cutting.cut(begin)
        mistakes += end is None
        at = begin + 1 if end is None else end
    return tuple(cutting.parts)


def _beginning(text: Text, at: int) -> int | None:
    """The next line from `at` on with which a part may begin; the first line always may."""
    if at == 0:
        return 0
    found = _ANY.search(text.whole, text.starts[at] - 1)
    return text.index(found.end()) if found else None


@dataclass(slots=True)
class _Cutting:
    """`vain` tells up to which line a kind was looked for in vain, so that no line is looked at twice for it."""

    text: Text
    parts: list[Part] = field(default_factory=list)
    command: str = ""
    vain: dict[str, int] = field(default_factory=dict)

    def cut(self, begin: int) -> int | None:
        """The line behind the part that begins with this one, by the first kind whose rule holds; None without any."""
        for kind, pattern in _BEGIN.items():
            if begin < self.vain.get(kind, 0) or not (found := pattern.match(self.text.whole, self.text.starts[begin])):
                continue
            end, looked_at = EXTENTS[kind](self.text, begin)
            if end <= begin:
                self.vain[kind] = looked_at
                continue
            if kind == "command":
                self.command = found["ran"].strip()
            self.parts.append(Part(kind, Span(begin + 1, end), self.command))
            return end
        return None
