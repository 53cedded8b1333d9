"""Stack traces of Java, Kotlin and the other languages of the JVM."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers.frames import LONGEST, Found, Frame, Lines, Named, Section
from faultmaven.diagnosis.readers.headers import AT, header_above, indent

FRAME = re.compile(
    r"^at (?:[\w.$@+-]{1,300}/{1,2}){0,3}[\w$.<>-]+\((?:[\w$.-]{1,120}\.\w{1,10}(?::\d+)?|Native Method|Unknown Source"
    r"|<\w+>)\)"
)
_QUALIFIED = r"(?:[A-Za-z_$][\w$]*\.){1,15}"
_NAMED = (
    re.compile(rf"(?:^|[\s:\"])({_QUALIFIED}[A-Z][\w$]*(?:Exception|Error|Throwable|Failure)[\w$]*)(?:: ?(.*)|\s*)$"),
    re.compile(r"^(?:.{0,200}\s)?([A-Z]\w{0,100}(?:Exception|Error))(?:: (.*)|\s*)$"),
    re.compile(rf"(?:^|[\s:\"])({_QUALIFIED}[A-Z][\w$]*)(?:: ?(.*)|\s*)$"),
)
_LINK = re.compile(r"^(Caused by|Suppressed|Wrapped by): ?([\w$.]{1,300})(?:: ?(.*))?$")
_OMITTED = re.compile(
    r"^\.\.\. (?:\d+ (?:more|common frames omitted|frames (?:truncated|excluded|omitted)|lines)|suppressed \d+)"
    r"|^\[CIRCULAR REFERENCE"
)


def java_trace(lines: Lines, at: int) -> Found | None:
    named = header_above(lines, at, *_NAMED)
    if not named or "Thread.State" in named.type:
        return None
    sections: list[Section] = []
    frames: list[Frame] = []
    margin, last, is_suppressed, root_is_first = indent(lines[at]), at, False, False
    for index in range(at, min(len(lines), at + LONGEST)):
        line = lines[index].strip()
        if FRAME.match(line):
            if not is_suppressed:
                frames.append(Frame(line, index))
        elif link := _LINK.match(line):
            if link[1] == "Suppressed":
                is_suppressed = True
            elif not is_suppressed or indent(lines[index]) < margin:
                sections.append(Section(named, tuple(frames)))
                named, frames, is_suppressed = Named(link[2], (link[3] or "").strip(), index), [], False
                root_is_first = link[1] == "Wrapped by"
        elif not _OMITTED.match(line) and not _resumes(lines, index, named.index):
            break
        last = index
    sections.append(Section(named, tuple(frames)))
    first = sections[0].named.index
    return Found("java", first, last, tuple(sections if root_is_first else reversed(sections)))


def _resumes(lines: Lines, index: int, named: int) -> bool:
    """Whether a line that is no frame is more of the message just named: frames follow, and none came yet."""
    following = range(index, min(len(lines), index + 5))
    return (
        index - named < 5
        and not any(AT.match(lines[i]) for i in range(named + 1, index))
        and any(AT.match(lines[i]) for i in following)
    )
