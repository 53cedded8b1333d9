"""Python tracebacks and their chains."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LONGEST, Found, Frame, Lines, Named, Section

HEAD = "Traceback (most recent call last):"
_PYTHON_LINK = ("During handling of the above exception", "The above exception was the direct cause")
_PYTHON_FILE = re.compile(r'^\s*(?:\|\s*)?File "[^"]{1,500}", line \d+')
_PYTHON_NAMED = re.compile(r"^(?:\|\s*)?([A-Za-z_][\w.]{0,200})(?:: ?(.*))?$")


def python_trace(lines: Lines, at: int) -> Found | None:
    sections: list[Section] = []
    cursor, last = at, at
    while cursor < len(lines) and HEAD in lines[cursor]:
        section = _python_section(lines, cursor)
        if not section:
            break
        sections.append(section)
        last = section.named.index
        cursor = _python_next(lines, last)
    return Found("python", at, last, tuple(sections)) if sections else None


def _python_section(lines: Lines, head: int) -> Section | None:
    frames: list[Frame] = []
    before = lines[head].partition(HEAD)[0]
    # Some logs indent the whole trace to stand under its message.
    margin = len(before) if before.isspace() else 0
    for index in range(head + 1, min(len(lines), head + LONGEST)):
        line = lines[index][margin if not lines[index][:margin].strip() else 0 :]
        if _PYTHON_FILE.match(line):
            frames.append(Frame(line.strip(), index))
        elif line[:1] not in (" ", "\t", ""):
            match = _PYTHON_NAMED.match(line)
            return (
                Section(Named(match[1], (match[2] or "").strip(), index), tuple(reversed(frames)))
                if match and frames
                else None
            )
        elif not line.strip():
            return None
    return None


def _python_next(lines: Lines, named: int) -> int:
    """Where the next traceback of the chain starts; the end of all lines where there is none."""
    for index in range(named + 1, min(len(lines), named + 6)):
        if lines[index].lstrip().startswith(_PYTHON_LINK):
            return next((i for i in range(index + 1, min(len(lines), index + 4)) if HEAD in lines[i]), len(lines))
    return len(lines)
