"""Lines that name an exception above its first frame."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LOOK_BACK, Lines, Named

AT = re.compile(r"^\s+at \S|^at \S")
_LONGEST = 2000


def header_above(lines: Lines, at: int, *patterns: re.Pattern[str]) -> Named | None:
    """The nearest line above the first frame that names an exception, by the first pattern that finds one there."""
    for index in range(at - 1, max(-1, at - LOOK_BACK), -1):
        line = lines[index][:_LONGEST]
        if AT.match(line):
            return None
        if match := next((match for pattern in patterns if (match := pattern.search(line))), None):
            return Named(match[1], (match[2] or "").strip(), index)
    return None


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())
