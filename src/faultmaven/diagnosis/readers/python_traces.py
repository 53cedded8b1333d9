"""Python tracebacks and their chains; groups of exceptions are in `python_groups`."""

from __future__ import annotations

import re

from faultmaven.diagnosis.readers import python_groups
from faultmaven.diagnosis.readers.frames import LONGEST, Found, Frame, Lines, Named, Section

HEAD = "Traceback (most recent call last):"
_PYTHON_LINK = ("During handling of the above exception", "The above exception was the direct cause")
_PYTHON_FILE = re.compile(r'^\s*(?:\|\s*)?File "[^"]{1,500}", line \d+')
_PYTHON_NAMED = re.compile(r"^(?:\|\s*)?([A-Za-z_][\w.]{0,200})(?:: ?(.*))?$")
# AWS Lambda names the exception above its traceback and not below.
_NAMED_ABOVE = re.compile(r"^\[ERROR\] ([A-Za-z_][\w.]{0,200})(?:: ?(.*))?$")


def python_trace(lines: Lines, at: int) -> Found | None:
    sections: list[Section] = []
    cursor, last = at, at
    while cursor < len(lines) and HEAD in lines[cursor]:
        told = _told(lines, cursor)
        if not told:
            break
        sections += told[0]
        last = told[1]
        cursor = _python_next(lines, last)
    if not sections:
        return _lambda_trace(lines, at)
    return Found("python", at, last, tuple(sections))


def _told(lines: Lines, head: int) -> tuple[list[Section], int] | None:
    """One link of a chain: an exception or a group of them, and the index of its last line."""
    if python_groups.opens(lines[head]):
        group = python_groups.members(lines, head)
        sections = [section for texts, indices in group.blocks for section in _block(texts, indices)]
        return (sections, group.last) if sections else None
    section = _python_section(lines, head)
    return ([section], section.named.index) if section else None


def _block(texts: list[str], indices: list[int]) -> list[Section]:
    """A member of a group: a chain of its own, or only its name."""
    head = next((index for index, text in enumerate(texts) if HEAD in text), None)
    if head is None:
        match = _PYTHON_NAMED.match(texts[0]) if texts else None
        return [Section(Named(match[1], (match[2] or "").strip(), indices[0]), ())] if match else []
    found: list[Section] = []
    while head < len(texts) and (section := _python_section(texts, head)):
        found.append(_moved(section, indices))
        head = _python_next(texts, section.named.index)
    return found


def _moved(section: Section, indices: list[int]) -> Section:
    named = Named(section.named.type, section.named.message, indices[section.named.index])
    return Section(named, tuple(Frame(frame.text, indices[frame.index]) for frame in section.frames))


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


def _lambda_trace(lines: Lines, at: int) -> Found | None:
    named = _NAMED_ABOVE.match(lines[at - 1].strip()) if at else None
    if not named:
        return None
    frames: list[Frame] = []
    last = at
    for index in range(at + 1, min(len(lines), at + LONGEST)):
        if lines[index][:1] not in (" ", "\t"):
            break
        if _PYTHON_FILE.match(lines[index]):
            frames.append(Frame(lines[index].strip(), index))
        last = index
    if not frames:
        return None
    section = Section(Named(named[1], (named[2] or "").strip(), at - 1), tuple(reversed(frames)))
    return Found("python", at - 1, last, (section,))
