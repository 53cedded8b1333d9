"""Finds the stack trace that a line of a trace belongs to, in any of the languages understood here."""

from __future__ import annotations

from faultmaven.diagnosis.readers import at_traces, go_traces, python_traces
from faultmaven.diagnosis.readers.frames import Found, Lines

_MARKS = (b"\tat ", b"   at ", b"Traceback (most", b"panic: ", b"goroutine ")


def may_hold_trace(text: bytes) -> bool:
    """False where no line of the text would pass `begins_trace`."""
    return any(mark in text for mark in _MARKS)


def begins_trace(line: bytes) -> bool:
    """Whether a line may be inside a trace; cheap, asked of every line."""
    return (
        (b"at " in line and (b"\tat " in line or b"   at " in line))
        or b"Traceback (most" in line
        or b"panic: " in line
        or b"goroutine " in line
    )


def goes_on(line: bytes) -> bool:
    """Whether a line behind a trace may still be part of it; errs on the side of yes."""
    return (
        line[:1] in (b" ", b"\t")
        or begins_trace(line)
        or line.startswith((b"Caused by", b"During handling", b"The above"))
    )


def find_trace(lines: Lines, at: int) -> Found | None:
    """The trace around `lines[at]`, a line for which `begins_trace` held. Lines come without containers' prefixes."""
    line = lines[at]
    if python_traces.HEAD in line:
        return python_traces.python_trace(lines, at)
    if at_traces.FRAME.match(line):
        return at_traces.at_trace(lines, at)
    if go_traces.START.search(line) or go_traces.ROUTINE.search(line):
        return go_traces.go_trace(lines, at)
    return None
