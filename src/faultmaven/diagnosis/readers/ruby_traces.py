"""Backtraces of Ruby: of its interpreter, oldest form and newest, and as Rails and Sidekiq log them."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LONGEST, LOOK_BACK, Found, Frame, Lines, Named, Section

_PLACE = r"(?:\S[^:\n]{0,500}|<internal:[^>]{1,200}>):\d+:in [`']"
FRAME = re.compile(rf"^\s*(?:\d+: )?(?:from )?({_PLACE}[^'`]{{0,300}}')(?:: (.*))?$")
_RAISED = re.compile(rf"^({_PLACE}[^'`]{{0,300}}'): (.*?)(?: \(([A-Z][\w:]{{0,200}})\))?$")
_CLOSING = re.compile(r"^(.{0,2000}) \(([A-Z][\w:]{0,200})\)$")
# `KeyError (key not found: 7):` of Rails, `KeyError: key not found` of Sidekiq.
_ABOVE = re.compile(r"(?:^|[\s\]])([A-Z]\w*(?:::[A-Z]\w*){0,8})(?: \((.*)\):?|: (.*))\s*$")
_BARE_NAME = re.compile(r"[A-Z]\w*(?:::[A-Z]\w*){1,8}|\w*(?:Error|Exception|NotFound|Timeout|Invalid)")


def ruby_trace(lines: Lines, at: int) -> Found | None:
    if _RAISED.match(lines[at]):
        return _interpreted(lines, at)
    return _logged(lines, at)


def _interpreted(lines: Lines, at: int) -> Found | None:
    """The exception first, frames marked `from` below it; then what caused it, in the same form."""
    sections: list[Section] = []
    cursor, last = at, at
    while cursor < len(lines) and (raised := _RAISED.match(lines[cursor])):
        named = _named(lines, cursor, raised)
        if not named:
            break
        frames = [Frame(raised[1], cursor)]
        cursor = _below_message(lines, cursor)
        while cursor < len(lines) and (frame := FRAME.match(lines[cursor])) and "from " in lines[cursor]:
            frames.append(Frame(frame[1], cursor))
            cursor += 1
        last = cursor - 1
        sections.append(Section(named, tuple(frames)))
    return Found("ruby", at, last, tuple(reversed(sections))) if sections else None


def _named(lines: Lines, at: int, raised: re.Match[str]) -> Named | None:
    """A message of several lines has the class behind its first, one that ends in a colon behind another."""
    if raised[3]:
        return Named(raised[3], raised[2].strip(), at)
    for index in range(at + 1, min(len(lines), at + LOOK_BACK)):
        if FRAME.match(lines[index]):
            return None
        if closing := _CLOSING.match(lines[index]):
            return Named(closing[2], raised[2].strip(), at)
    return None


def _below_message(lines: Lines, at: int) -> int:
    """The first frame below what is raised at `at`, past hints and further lines of its message."""
    near = range(at + 1, min(len(lines), at + LOOK_BACK))
    frame = next((index for index in near if FRAME.match(lines[index])), None)
    return frame if frame is not None and "from " in lines[frame] else at + 1


def _logged(lines: Lines, at: int) -> Found | None:
    """Frames alone, below a line that names the exception."""
    named = None
    for index in range(at - 1, max(-1, at - LOOK_BACK), -1):
        above = _ABOVE.search(lines[index][:2000])
        if above and _BARE_NAME.fullmatch(above[1]):
            named = Named(above[1], (above[2] or above[3] or "").strip(), index)
            break
        if FRAME.match(lines[index]):
            return None
    frames = []
    for index in range(at, min(len(lines), at + LONGEST)):
        frame = FRAME.match(lines[index])
        if not frame or frame[2]:
            break
        frames.append(Frame(frame[1], index))
    if not named or not frames:
        return None
    return Found("ruby", named.index, frames[-1].index, (Section(named, tuple(frames)),))
