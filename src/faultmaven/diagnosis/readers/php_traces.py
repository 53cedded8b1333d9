"""Uncaught exceptions of PHP, and traces as Laravel and Symfony log them."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LONGEST, LOOK_BACK, Found, Frame, Lines, Named, Section

FRAME = re.compile(r"^\s*(#\d+ (?:\S.{0,1000}?\(\d+\): .{0,1000}|\[internal function\].{0,1000}|\{main\}.{0,200}))$")
_CLASS = r"([A-Z_]\w*(?:\\\w+){0,10}|\w+(?:\\\w+){1,10})"
_UNCAUGHT = re.compile(rf"Uncaught {_CLASS}(?:: (.*))?$")
_NEXT = re.compile(rf"^Next {_CLASS}(?:: (.*))?$")
_LARAVEL = re.compile(rf"\[object\] \({_CLASS}\(code: [^)]{{0,40}}\): (.*)$")
_PLACE = re.compile(r"^(.*?)(?: in | at )(\S{1,500}):(\d+)\)?$")
_HEADS = ("Stack trace:", "[stacktrace]")
_ENDS = re.compile(r"^\s*thrown in \S")


def php_trace(lines: Lines, at: int) -> Found | None:
    first = _start(lines, at)
    if first is None:
        return None
    sections: list[Section] = []
    last, is_laravel = first, bool(_LARAVEL.search(lines[first]))
    named, frames = _named(lines[first], first)
    for index in range(first + 1, min(len(lines), first + LONGEST)):
        line = lines[index]
        if frame := FRAME.match(line):
            frames.append(Frame(frame[1], index))
        elif _NEXT.match(line) or _LARAVEL.search(line):
            sections.append(Section(named, tuple(frames)))
            named, frames = _named(line, index)
        elif line.strip() and not line.strip().startswith(_HEADS):
            if _ENDS.match(line):
                last = index
            if frames[1:] or index - named.index > LOOK_BACK or _ENDS.match(line):
                break
            # More of the message, until its place is told.
            if place := _PLACE.match(line):
                frames = frames or [Frame(f"{place[2]}:{place[3]}", index)]
        if line.strip():
            last = index
    sections.append(Section(named, tuple(frames)))
    if not any(FRAME.match(frame.text) for section in sections for frame in section.frames):
        return None
    # PHP prints the root first, Laravel what was thrown last.
    return Found("php", first, last, tuple(reversed(sections) if is_laravel else sections))


def _start(lines: Lines, at: int) -> int | None:
    for index in range(at, max(-1, at - LOOK_BACK), -1):
        if _UNCAUGHT.search(lines[index][:4000]) or _LARAVEL.search(lines[index][:4000]):
            return index
        if index < at and FRAME.match(lines[index]):
            return None
    return None


def _named(line: str, index: int) -> tuple[Named, list[Frame]]:
    """Where it was raised is told behind the message; the frames below are only those that called."""
    match = _UNCAUGHT.search(line[:4000]) or _NEXT.search(line[:4000]) or _LARAVEL.search(line[:4000])
    told = (match[2] or "").strip() if match else ""
    place = _PLACE.match(told)
    frames = [Frame(f"{place[2]}:{place[3]}", index)] if place else []
    return Named(match[1] if match else "", place[1] if place else told, index), frames
