"""Finds the stack trace that a line of a trace belongs to, in any of the languages understood here."""

from __future__ import annotations

import re
from collections.abc import Callable

from faultmaven.diagnosis.readers import (
    dotnet_traces,
    go_traces,
    java_traces,
    node_traces,
    php_traces,
    python_traces,
    ruby_traces,
    rust_traces,
)
from faultmaven.diagnosis.readers.frames import Found, Lines
from faultmaven.diagnosis.readers.headers import AT
from faultmaven.diagnosis.readers.trace_marks import begins_trace, may_hold_trace, trace_lines

__all__ = ["begins_trace", "find_trace", "goes_on", "may_hold_trace", "trace_lines"]

_LINKS = (
    *(b"Caused by", b"Suppressed", b"Wrapped by", b"During handling", b"The above", b"#", b"Next ", b"---"),
    *(b"stack backtrace", b"note: ", b"}", b"[cause]"),
)
_Reader = Callable[[Lines, int], Found | None]


def goes_on(line: bytes) -> bool:
    """Whether a line behind a trace may still be part of it; errs on the side of yes."""
    return line[:1] in (b" ", b"\t") or line.startswith(_LINKS) or begins_trace(line)


def find_trace(lines: Lines, at: int) -> Found | None:
    """The trace around `lines[at]`, a line for which `begins_trace` held. Lines come without containers' prefixes."""
    return next((found for read in _readers(lines[at]) if (found := read(lines, at))), None)


def _readers(line: str) -> list[_Reader]:
    """Those whose marks the line bears, the surest first."""
    if python_traces.HEAD in line:
        return [python_traces.python_trace]
    if AT.match(line):
        frame = line.strip()
        return [read for pattern, read in _AT_READERS if pattern.match(frame)][:1]
    return [read for pattern, read in _OTHER_READERS if pattern.search(line)]


_AT_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (java_traces.FRAME, java_traces.java_trace),
    (dotnet_traces.FRAME, dotnet_traces.dotnet_trace),
    (node_traces.FRAME, node_traces.node_trace),
)
_OTHER_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (rust_traces.START, rust_traces.rust_trace),
    (go_traces.START, go_traces.go_trace),
    (go_traces.ROUTINE, go_traces.go_trace),
    (re.compile(go_traces.RACE), go_traces.race_report),
    (go_traces.STACK_FILE, go_traces.logged_stack),
    (ruby_traces.FRAME, ruby_traces.ruby_trace),
    (re.compile(r"Uncaught |^\s*#\d+ "), php_traces.php_trace),
    (re.compile(r"Uncaught |@"), node_traces.page_trace),
)
