"""Cuts evidence into parts of one kind each: a question, a command, its output, a manifest, all in one paste.

A part begins at a line that only its kind begins with, and goes on as long as its kind's own rule holds. Lines that
belong to no part are a log, a trace or prose, and other readers' business; so is everything in evidence that is a log
throughout, for which one search over the text is all that this costs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from faultmaven.diagnosis.facts import Part, Span
from faultmaven.diagnosis.structured.extents import EXTENTS
from faultmaven.diagnosis.structured.text import Text

MOST_PARTS = 2000

_COMMAND = re.compile(
    r"(?:\[?[\w.-]+@[\w.-]+[^\n$#]{0,80}[$#] |\$ |Command executed: |Command `)"
    r"(?P<ran>[A-Za-z./_][^\n`]{1,1000})"
)
_TITLES = r"[A-Z][A-Z0-9()%/_.:-]*(?: [A-Z0-9(][A-Z0-9()%/_.-]*)*"
# What each kind begins with, the surest first.
_BEGINS: Mapping[str, str] = {
    "command": _COMMAND.pattern,
    "json": r"[ \t]*[{\[](?:\s*$|\s*[\"{\[])",
    "describe": r"Name:(?:[ \t]{2,})\S[^\n]*$",
    "unit_status": r"[●×○↻*] [\w@.\\:-]+\.(?:service|socket|timer|mount|target|path|slice|scope)\b",
    "dns": r"; <<>> DiG ",
    "tls": r"(?:CONNECTED\(|depth=\d+ |Certificate chain$)",
    "http": r"(?:\* +Trying |\* Connected to |\* Host \S+ was resolved|\* Could not resolve host"
    r"|> (?:GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS) )",
    "dockerfile": r"(?:FROM [\w.:/@${}-]+(?: AS [\w-]+)?\s*$|# syntax=docker/)",
    "nginx": r"(?:(?:http|server|events|stream)\s*\{|(?:upstream|location)\s[^\n{;]{1,200}\{)",
    "table": rf"(?:{_TITLES}(?: {{2,}}|\t)+{_TITLES}|Filesystem\s+\S+|Type[ \t]+Reason[ \t]+|Netid\s+State"
    r"|State\s+Recv-Q|Proto\s+Recv-Q|\s+total\s+used\s+free|\s*PID\s+USER\s|USER\s+PID\s|\s\w+\s+\|\s+\w+)[^\n]*$",
    "ini": r"\[[A-Za-z][\w .:\"@/-]{0,80}\]\s*$",
    "env": r"(?:export )?[A-Z][A-Z0-9_]{1,80}=[^\n]*$",
    "yaml": r"(?:---\s*$|apiVersion:\s*\S|kind:\s*[A-Z]\w+\s*$"
    r"|[A-Za-z_][\w.-]{0,60}:\s*(?:$|[|>][+-]?\s*$|[^\n]{1,200}$))",
}
_ANY = re.compile("|".join(f"(?:^{begins})" for begins in _BEGINS.values()), re.MULTILINE)
_BEGIN = {kind: re.compile(begins, re.MULTILINE) for kind, begins in _BEGINS.items()}
# So many beginnings that turned out to be none: this is a log whose lines merely look like them.
MOST_MISTAKES = 1000


def parts_of(text: Text) -> tuple[Part, ...]:
    """In order, without overlap; lines that belong to none are a log or prose."""
    parts: list[Part] = []
    at, mistakes, command = 0, 0, ""
    while at < len(text.lines) and len(parts) < MOST_PARTS and mistakes < MOST_MISTAKES:
        found = _ANY.search(text.whole, text.starts[at])
        if found is None:
            break
        begin = text.index(found.start())
        part = _part_at(text, begin, command)
        if part is None:
            at, mistakes = begin + 1, mistakes + 1
            continue
        if part.kind == "command":
            command = part.command
        parts.append(part)
        at = part.span.last
    return tuple(parts)


def _part_at(text: Text, begin: int, command: str) -> Part | None:
    """The part that begins with this line, by the first kind whose rule holds for at least that line."""
    for kind, pattern in _BEGIN.items():
        if not (found := pattern.match(text.whole, text.starts[begin])):
            continue
        end = EXTENTS[kind](text, begin)
        if end > begin:
            ran = found["ran"].strip() if kind == "command" else command
            return Part(kind, Span(begin + 1, end), ran)
    return None
