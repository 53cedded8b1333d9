"""Panics of Rust, with and without a backtrace."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LONGEST, LOOK_BACK, Found, Frame, Lines, Named, Section

START = re.compile(r"thread '[^']{0,200}'(?: \(\d+\))? panicked at ")
_OLD = re.compile(r"panicked at '(.*)', (\S{1,500}:\d+:\d+)$")
_NEW = re.compile(r"panicked at (\S{1,500}:\d+:\d+):\s*$")
_BACKTRACE = "stack backtrace:"
_SYMBOL = re.compile(r"^\s*(\d+: +\S.{0,1000})$")
_PLACE = re.compile(r"^\s*(at \S.{0,1000}:\d+)(?::\d+)?$")
_NOTES = ("note: ", "Some details are omitted", "[...")


def rust_trace(lines: Lines, at: int) -> Found | None:
    if old := _OLD.search(lines[at]):
        named, raised = Named("panic", old[1], at), Frame(old[2], at)
    elif (new := _NEW.search(lines[at])) and at + 1 < len(lines):
        named, raised = Named("panic", lines[at + 1].strip(), at + 1), Frame(new[1], at)
    else:
        return None
    frames, last = _backtrace(lines, named.index)
    return Found("rust", at, last, (Section(named, (raised, *frames)),))


def _backtrace(lines: Lines, named: int) -> tuple[list[Frame], int]:
    """Frames below the message, which may have several lines, and the index of the last line that belongs to it."""
    near = range(named + 1, min(len(lines), named + LOOK_BACK))
    start = next((index for index in near if lines[index].strip() == _BACKTRACE), None)
    if start is None:
        noted = named + 1
        return [], noted if noted < len(lines) and lines[noted].strip().startswith(_NOTES) else named
    frames: list[Frame] = []
    last = start
    for index in range(start + 1, min(len(lines), start + LONGEST)):
        if _PLACE.match(lines[index]):
            # Where a function stands tells more than its name.
            frames[-1:] = [Frame(lines[index].strip(), index)] if frames else []
        elif symbol := _SYMBOL.match(lines[index]):
            frames.append(Frame(symbol[1], index))
        elif not lines[index].strip().startswith(_NOTES):
            break
        last = index
    return frames, last
