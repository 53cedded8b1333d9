"""Traces whose frames begin with `at`: Java's and Node's."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LONGEST, LOOK_BACK, Found, Frame, Lines, Named, Section

FRAME = re.compile(r"^\s+at \S|^at \S")
_JAVA_AT = re.compile(
    r"^at (?:[\w.@-]+/{1,2})*[\w$.<>-]+\((?:[\w$.-]{1,120}\.\w{1,10}(?::\d+)?|Native Method|Unknown Source|<\w+>)\)"
)
_JAVA_NAMED = re.compile(r"(?:^|[\s:\"])((?:[A-Za-z_$][\w$]*\.){1,15}[A-Z][\w$]*)(?:: ?(.*)|\s*)$")
_JAVA_CAUSE = re.compile(r"^(?:Caused by|Suppressed|Wrapped by): ?([\w$.]{1,300})(?:: ?(.*))?$")
_JAVA_MORE = re.compile(r"^\.\.\. \d+ (?:more|common frames omitted)")
_NODE_AT = re.compile(
    r"^at (?:.{0,300}\()?(?:async )?(?:file://|node:|webpack|internal/|https?://|/|\./|[A-Za-z]:\\"
    r"|[\w@./-]+\.[cm]?[jt]sx?|<anonymous>|native|eval at)"
)
_NODE_NAMED = re.compile(
    r"(?:^|[\s\]:(>])([A-Z]?\w{0,100}(?:Error|Exception|Rejection))(?: \[\w{1,80}\])?(?:: ?(.*))?$"
)
_NODE_CAUSE = re.compile(r"^\[?cause\]?: (\w[\w.]{0,100})(?: \[\w+\])?(?:: ?(.*))?$")


def at_trace(lines: Lines, at: int) -> Found | None:
    frame = lines[at].strip()
    if _JAVA_AT.match(frame) and not re.search(r"[:/\\].*:\d+\)", frame):
        return _java(lines, at)
    return _node(lines, at) if _NODE_AT.match(frame) else None


def _header(lines: Lines, at: int, pattern: re.Pattern[str]) -> Named | None:
    """The nearest line above the first frame that names an exception."""
    for index in range(at - 1, max(-1, at - LOOK_BACK), -1):
        if FRAME.match(lines[index]):
            return None
        if match := pattern.search(lines[index][:2000]):
            return Named(match[1], (match[2] or "").strip(), index)
    return None


def _java(lines: Lines, at: int) -> Found | None:
    named = _header(lines, at, _JAVA_NAMED)
    if not named:
        return None
    sections, frames, last, suppressed = [], [], at, False
    for index in range(at, min(len(lines), at + LONGEST)):
        line = lines[index].strip()
        if _JAVA_AT.match(line):
            if not suppressed:
                frames.append(Frame(line, index))
        elif match := _JAVA_CAUSE.match(line):
            if not line.startswith("Suppressed") and not (suppressed and lines[index][:1] == "\t"):
                sections.append(Section(named, tuple(frames)))
                named, frames, suppressed = Named(match[1], (match[2] or "").strip(), index), [], False
            else:
                suppressed = True
        elif not _JAVA_MORE.match(line) and not _resumes(lines, index, named.index):
            break
        last = index
    sections.append(Section(named, tuple(frames)))
    return Found("java", sections[0].named.index, last, tuple(reversed(sections)))


def _resumes(lines: Lines, index: int, named: int) -> bool:
    """Whether a line that is no frame is more of the message just named: frames follow, and none came yet."""
    following = range(index, min(len(lines), index + 5))
    return (
        index - named < 5
        and not any(FRAME.match(lines[i]) for i in range(named + 1, index))
        and any(FRAME.match(lines[i]) for i in following)
    )


def _node(lines: Lines, at: int) -> Found | None:
    named = _header(lines, at, _NODE_NAMED)
    if not named:
        return None
    sections, frames, last, fields_open = [], [], at, False
    for index in range(at, min(len(lines), at + LONGEST)):
        line = lines[index].strip()
        if line.startswith("at "):
            frames.append(Frame(line.removesuffix(" {"), index))
            fields_open = line.endswith(" {")
        elif match := _NODE_CAUSE.match(line):
            sections.append(Section(named, tuple(frames)))
            named, frames = Named(match[1], (match[2] or "").strip(), index), []
        elif not fields_open or (lines[index][:1] not in (" ", "\t", "}")):
            break
        elif lines[index][:1] == "}":
            fields_open = False
        last = index
    sections.append(Section(named, tuple(frames)))
    return Found("node", sections[0].named.index, last, tuple(reversed(sections)))
