"""What tells at a glance that a line may be part of a stack trace."""

from __future__ import annotations

from typing import Any

import re2

# Whatever stands in some line of every trace; one pass of RE2 over a block looks for all of it. Backslashes are those
# of JSON strings.
_MARK: Any = re2.compile(
    rb"(?:\t|\\t|   )at |Traceback \(most|panic: |panic serving |goroutine |fatal error: |DATA RACE|panicked at "
    rb"|:in [`']|#\d+ (?:/|\w:\\|\[internal|\{main)|@(?:https?|webpack|file|blob|resource|moz-ext|safari)[\w-]*:"
    rb"|@\[native|Uncaught |(?:\t|\\t)/[^\s]+\.go:\d"
)


def trace_lines(text: bytes) -> list[int]:
    """Indices, in order, of the lines of a text that may be inside a trace."""
    found: list[int] = []
    line, at = 0, 0
    for match in _MARK.finditer(text):
        start = match.start()
        line, at = line + text.count(b"\n", at, start), start
        if not found or found[-1] != line:
            found.append(line)
    return found


def may_hold_trace(text: bytes) -> bool:
    """False where no line of the text would pass `begins_trace`."""
    return _MARK.search(text) is not None


def begins_trace(line: bytes) -> bool:
    """Whether a line may be inside a trace."""
    return _MARK.search(line) is not None
