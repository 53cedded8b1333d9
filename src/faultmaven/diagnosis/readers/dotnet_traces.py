"""Stack traces of .NET."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LONGEST, Found, Frame, Lines, Named, Section
from faultmaven.diagnosis.readers.headers import header_above

FRAME = re.compile(
    r"^at (?:[\w.`+<>$|,&*\[\]-]|\([\w.]{0,80}\)(?=\.)){1,600}\([^()]{0,600}\)(?: in .{1,600}:line \d+)?$"
)
_TYPE = r"((?:[A-Za-z_]\w*\.){1,12}[A-Z][\w`+]*)"
_NAMED = (re.compile(rf"(?:^|[\s:\"]){_TYPE}(?: \((?:0x)?[0-9A-Fa-f]+\))?: (.*)$"), re.compile(rf"^\W*{_TYPE}()\s*$"))
_INNER = re.compile(rf"(?:^|\s)---> (?:\(Inner Exception #\d+\) )?{_TYPE}(?: \((?:0x)?[0-9A-Fa-f]+\))?: ?(.*)$")
_END_INNER = "--- End of inner exception stack trace ---"
_GOES_ON = ("--- End of stack trace from previous location", "<---")


class _Open:
    """An exception whose frames may still come: those of the inner one are printed first."""

    def __init__(self, named: Named) -> None:
        self.named = named
        self.frames: list[Frame] = []


def dotnet_trace(lines: Lines, at: int) -> Found | None:
    named = header_above(lines, at, _INNER, *_NAMED)
    if not named:
        return None
    first = _outermost(lines, named.index)
    opened = [inner for index in range(first, at) for inner in _named_on(lines[index], index)]
    done: list[_Open] = []
    last = at
    for index in range(at, min(len(lines), at + LONGEST)):
        line = lines[index].strip()
        if FRAME.match(line):
            opened[-1].frames.append(Frame(line, index))
        elif line.startswith(_END_INNER) and len(opened) > 1:
            done.append(opened.pop())
        elif inner := _INNER.search(line):
            opened.append(_Open(Named(inner[1], inner[2].strip(), index)))
        elif not line.startswith(_GOES_ON):
            break
        last = index
    sections = [Section(one.named, tuple(one.frames)) for one in (*done, *reversed(opened))]
    return Found("dotnet", first, last, tuple(sections))


def _outermost(lines: Lines, index: int) -> int:
    """The line that names the exception which those below it, each marked `--->`, were wrapped in."""
    while index and _INNER.search(lines[index]) and lines[index].strip().startswith("--->"):
        index -= 1
    return index


def _named_on(line: str, index: int) -> list[_Open]:
    """.NET Framework names a whole chain on one line, outermost first."""
    found = []
    for part in re.split(r"\s?---> ", line[:4000])[:20]:
        match = next((match for pattern in _NAMED if (match := pattern.search(part))), None)
        if match:
            found.append(_Open(Named(match[1], match[2].strip(), index)))
    return found
