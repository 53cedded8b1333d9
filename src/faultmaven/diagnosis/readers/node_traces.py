"""Stack traces of JavaScript: Node.js and V8 browsers, then those of Firefox and Safari."""

from __future__ import annotations

import re

from faultmaven.diagnosis.digest import Language
from faultmaven.diagnosis.readers.frames import LONGEST, Found, Frame, Lines, Named, Section
from faultmaven.diagnosis.readers.headers import header_above

FRAME = re.compile(
    r"^at (?:.{0,300}\()?(?:async )?(?:file://|node:|webpack|internal/|https?://|blob:|[a-z-]+-extension://|/|\./"
    r"|[A-Za-z]:\\|[\w@./-]+\.[cm]?[jt]sx?|<anonymous>|native|eval at)"
)
# `total@https://shop.example/app.js:10:5`, and as Firefox's console prints it.
PAGE_FRAME = re.compile(
    r"^[^@\s]{0,200}@(?:(?:https?|file|blob|resource|webpack(?:-internal)?|[a-z-]+-extension):.{1,1000}:\d+"
    r"|\[native code\])"
)
CONSOLE_FRAME = re.compile(r"^\s+[^\s(]{1,200} (?:https?|file|webpack(?:-internal)?|resource)://?\S{1,1000}:\d+$")
_ERROR = r"([A-Z]?\w{0,100}(?:Error|Exception|Rejection))(?: \[\w{1,80}\])?"
_NAMED = re.compile(rf"(?:^|[\s\]:(>]){_ERROR}(?:: ?(.*))?$")
_OTHER = re.compile(r"^(?:Uncaught )?(?:\(in promise\) )?([A-Z]\w{2,60}): (.+)$")
_CAUSE = re.compile(rf"^\[?cause\]?: {_ERROR}(?:: ?(.*))?$")
_MEMBER = re.compile(rf"^{_ERROR}(?:: ?(.*))?$")
_SKIPPED = re.compile(r"^\.\.\. \d+ lines matching cause stack trace")
_IN_PAGE = re.compile(r"https?://|blob:|webpack(?:-internal)?://|-extension://")


def node_trace(lines: Lines, at: int) -> Found | None:
    named = header_above(lines, at, _NAMED)
    if not named and at and (other := _OTHER.match(lines[at - 1].strip())):
        named = Named(other[1], other[2], at - 1)
    return _Reading(named).read(lines, at) if named else None


class _Reading:
    """Errors in the order root first; `depth` counts the braces of what Node.js prints behind frames."""

    def __init__(self, named: Named) -> None:
        self._first = named.index
        self._order = [named]
        self._frames: dict[int, list[Frame]] = {named.index: []}
        self._group: Named | None = None
        self._current = named
        self._depth = 0

    def read(self, lines: Lines, at: int) -> Found:
        last = at
        for index in range(at, min(len(lines), at + LONGEST)):
            if not self._take(lines[index].strip(), index):
                break
            last = index
            if index > at and not self._depth and lines[index].strip().startswith("}"):
                break
        sections = tuple(Section(named, tuple(self._frames[named.index])) for named in self._order)
        return Found(_language(sections), self._first, last, sections)

    def _take(self, line: str, index: int) -> bool:
        if line.startswith("at "):
            self._depth += line.endswith(" {")
            self._frames[self._current.index].append(Frame(line.removesuffix(" {"), index))
            return True
        if cause := _CAUSE.match(line.removesuffix(" {")):
            self._name(cause, index, before=self._current)
        elif self._group and (member := _MEMBER.match(line)):
            self._name(member, index, before=self._group)
        elif not self._depth:
            return bool(_SKIPPED.match(line))
        elif line.startswith("[errors]:"):
            self._group = self._current
        self._depth += line.endswith(("{", "["))
        self._depth -= line.startswith(("}", "]"))
        return True

    def _name(self, match: re.Match[str], index: int, before: Named) -> None:
        self._current = Named(match[1], (match[2] or "").strip(), index)
        self._frames[index] = []
        self._order.insert(self._order.index(before), self._current)


def page_trace(lines: Lines, at: int) -> Found | None:
    """Firefox and Safari, whose frames stand below an error's name, or in the console below `Uncaught`."""
    first = at if "Uncaught " in lines[at] else at - 1
    pattern = PAGE_FRAME if first == at - 1 else CONSOLE_FRAME
    match = _NAMED.search(lines[first][:2000]) if first >= 0 else None
    if not match:
        return None
    frames = []
    for index in range(first + 1, min(len(lines), first + LONGEST)):
        if not pattern.match(lines[index]) and not PAGE_FRAME.match(lines[index].strip()):
            break
        frames.append(Frame(lines[index].strip(), index))
    if not frames:
        return None
    section = Section(Named(match[1], (match[2] or "").strip(), first), tuple(frames))
    return Found("browser", first, frames[-1].index, (section,))


def _language(sections: tuple[Section, ...]) -> Language:
    frames = [frame.text for section in sections for frame in section.frames]
    in_page = any(_IN_PAGE.search(frame) for frame in frames)
    return "browser" if in_page and not any("node:" in frame for frame in frames) else "node"
