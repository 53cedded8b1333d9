"""Collects the stack traces of a whole evidence, each distinct one once, while its lines go by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from faultmaven.diagnosis.digest import Trace
from faultmaven.diagnosis.lines import QUOTE_LIMIT, as_text
from faultmaven.diagnosis.readers.frames import LONGEST, LOOK_BACK, Found, naming_lines
from faultmaven.diagnosis.readers.line import bare_line, read_line
from faultmaven.diagnosis.readers.traces import begins_trace, find_trace, goes_on, trace_lines
from faultmaven.diagnosis.timestamps import Stamp

_MOST_TRACES = 100
# Of one stripe: what is rare in each may be frequent in all.
_MOST_SEEN = 300
_MOST_KNOWN = 2000
# Evidence in which this many lines only looked like parts of traces is not searched further.
_MOST_MISSES = 20_000
INSIDE, NAMING = b"\0inside", b"\0naming"
# How far above a trace its time may stand: a crash is printed bare, below the last the program logged.
_MOST_BEFORE = 50
_HEADS = ("Traceback (most", "goroutine ", "+ Exception Group Traceback", "thread '")
_BARE_STARTS = (b" ", b"\t", b"Traceback", b"goroutine", b"panic:", b"thread '", b"#")


class Portion(NamedTuple):
    """Consecutive lines with their signatures, numbered from `first`."""

    first: int
    lines: list[bytes]
    signatures: list[bytes]


class Seen(NamedTuple):
    """A trace, and when it was seen first and last."""

    trace: Trace
    began: Stamp | None
    ended: Stamp | None


class Known(NamedTuple):
    """A trace already read: the signatures of its lines, `before` of them above the line that gave it away."""

    found: Found
    fingerprint: str
    signatures: list[bytes]
    before: int


class Window(Sequence[str]):
    """A stretch of lines, read as text only where looked at, and without prefixes where its lines bear them."""

    def __init__(self, lines: Sequence[bytes], is_bare: bool) -> None:
        self._lines = lines
        self._is_bare = is_bare
        self._read: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: int) -> str:  # type: ignore[override]
        if index not in self._read:
            text = as_text(self._lines[index])[:QUOTE_LIMIT]
            self._read[index] = text if self._is_bare else bare_line(text)
        return self._read[index]


class TraceFinder:
    """Lines go in with their signatures in portions of any size, and come out once no trace can reach beyond them.

    What comes out has INSIDE for the signature of every line inside a trace, and NAMING appended to those of the lines
    that name an exception.
    """

    def __init__(self) -> None:
        self._traces: dict[str, Trace] = {}
        self._stamps: dict[str, Stamp | None] = {}
        self._last: dict[str, list[bytes] | Stamp | None] = {}
        # Lines already let out that may still tell a time.
        self._before: list[bytes] = []
        self._known: dict[tuple[bytes, ...], Known] = {}
        self._lines: list[bytes] = []
        self._signatures: list[bytes] = []
        # What comes out for each waiting line.
        self._out: list[bytes] = []
        self._hits: list[int] = []
        self._first = 1
        # Index of the first waiting line that is not part of a trace already taken.
        self._free = 0
        self._misses = 0

    def add(self, text: bytes, lines: Sequence[bytes], signatures: Sequence[bytes]) -> Portion:
        """`text` is the lines joined: most blocks hold no trace at all, and searching that says so quickly."""
        offset = len(self._lines)
        self._hits += [offset + index for index in trace_lines(text)]
        self._lines += lines
        self._signatures += signatures
        self._out += signatures
        return self._search(is_end=False)

    def finish(self) -> Portion:
        return self._search(is_end=True)

    def add_embedded(
        self, text: str, lines_of: tuple[int, int], count: int, stamps: tuple[Stamp | None, Stamp | None]
    ) -> None:
        """A trace that one line carries in a field: all its parts are on that line. First and last line, with times."""
        lines = text[: 4 * QUOTE_LIMIT].split("\n")
        for index, line in enumerate(lines):
            if begins_trace(line.encode("utf-8", "replace")) and (found := find_trace(lines, index)):
                self._count(_trace(found, lines_of[0], is_embedded=True), lines_of[1], count, stamps[0], stamps[1])
                return

    def seen(self) -> list[Seen]:
        """The most frequent, in no particular order."""
        most = sorted(self._traces.values(), key=lambda trace: (-trace.count, trace.first_line))[:_MOST_SEEN]
        return [Seen(trace, self._stamps[trace.fingerprint], self._ended(trace)) for trace in most]

    def _ended(self, trace: Trace) -> Stamp | None:
        told = self._last[trace.fingerprint]
        return _nearest_stamp(told) if isinstance(told, list) else told

    def _search(self, is_end: bool) -> Portion:
        keep = len(self._lines) if is_end else max(self._free, len(self._lines) - LOOK_BACK)
        for index in self._hits:
            if index < self._free or self._misses > _MOST_MISSES:
                continue
            # Taken only once everything it might reach has come.
            if not is_end and index + LONGEST + 2 * LOOK_BACK > len(self._lines):
                keep = min(keep, max(self._free, index - LOOK_BACK))
                break
            self._take(index)
        return self._release(max(keep, self._free))

    def _take(self, hit: int) -> None:
        # A record of fields carries its trace whole: the tally's reading of it finds that.
        if self._lines[hit].startswith(b"{") and b'"stream"' not in self._lines[hit]:
            return
        if self._take_known(hit):
            return
        start = max(self._free, hit - LOOK_BACK)
        is_bare = self._lines[hit].startswith(_BARE_STARTS)
        window = Window(self._lines[start : hit + LONGEST + LOOK_BACK], is_bare)
        if not (found := find_trace(window, hit - start)):
            self._misses += 1
            return
        first, last = start + found.first, start + found.last
        signatures = self._signatures[first : last + 1]
        if len(self._known) < _MOST_KNOWN:
            self._known[self._start_of(hit)] = Known(found, found.fingerprint, signatures, hit - first)
        trace = _trace(found, self._first + start)
        before = self._up_to(first)
        self._count(trace, self._first + first, 1, before, before)
        self._finish_taking(found, first, last)

    def _take_known(self, hit: int) -> bool:
        """A trace like one already understood needs no reading: its lines have the same signatures."""
        known = self._known.get(self._start_of(hit))
        if not known:
            return False
        found, fingerprint, signatures, before = known
        first = hit - before
        last = first + len(signatures) - 1
        if first < self._free or self._signatures[first : last + 1] != signatures:
            return False
        if any(goes_on(line) for line in self._lines[last + 1 : last + 4]):
            return False
        self._again(fingerprint, self._first + first, 1, self._up_to(first))
        self._finish_taking(found, first, last)
        return True

    def _finish_taking(self, found: Found, first: int, last: int) -> None:
        named = {index - found.first + first for index in naming_lines(found)}
        # `ERROR: Traceback (most recent call last):` is a record, the bare words are not.
        starts_bare = bare_line(as_text(self._lines[first])).lstrip().startswith(_HEADS)
        for index in range(first if starts_bare else first + 1, last + 1):
            self._out[index] = self._out[index] + NAMING if index in named else INSIDE
        if not starts_bare and first in named:
            self._out[first] += NAMING
        self._free = last + 1

    def _count(
        self,
        trace: Trace,
        last: int,
        count: int,
        told: list[bytes] | Stamp | None,
        last_told: list[bytes] | Stamp | None,
    ) -> None:
        """Lines that tell the time are read only for a trace met first: reading them costs more than the trace."""
        if trace.fingerprint in self._traces:
            self._again(trace.fingerprint, last, count, last_told)
        elif len(self._traces) < _MOST_KNOWN:
            self._traces[trace.fingerprint] = replace(trace, count=count, last_seen_line=last)
            self._stamps[trace.fingerprint] = _nearest_stamp(told) if isinstance(told, list) else told
            self._last[trace.fingerprint] = last_told

    def _again(self, fingerprint: str, line: int, count: int, told: list[bytes] | Stamp | None) -> None:
        """`told` is the time of this repetition, or the lines that tell it: read once all is counted."""
        if earlier := self._traces.get(fingerprint):
            if line >= earlier.last_seen_line:
                self._last[fingerprint] = told
            last = max(earlier.last_seen_line, line)
            self._traces[fingerprint] = replace(earlier, count=earlier.count + count, last_seen_line=last)

    def _up_to(self, first: int) -> list[bytes]:
        """The trace's own first line and those before it."""
        waiting = self._lines[max(first - _MOST_BEFORE, 0) : first + 1]
        missing = _MOST_BEFORE + 1 - len(waiting)
        return [*self._before[-missing:], *waiting] if missing else waiting

    def _start_of(self, hit: int) -> tuple[bytes, ...]:
        return tuple(self._signatures[max(self._free, hit - 1) : hit + 3])

    def _release(self, count: int) -> Portion:
        portion = Portion(self._first, self._lines[:count], self._out[:count])
        self._before = [*self._before, *self._lines[max(count - _MOST_BEFORE, 0) : count]][-_MOST_BEFORE:]
        self._lines, self._signatures = self._lines[count:], self._signatures[count:]
        self._out = self._out[count:]
        self._hits = [hit - count for hit in self._hits if hit >= count]
        self._first += count
        self._free = max(0, self._free - count)
        return portion


def most_frequent(seen: Iterable[Seen], placed: Callable[[Stamp], datetime]) -> tuple[Trace, ...]:
    """In the order of their first appearance."""
    most = sorted(seen, key=lambda one: (-one.trace.count, one.trace.first_line))[:_MOST_TRACES]
    timed = [
        replace(trace, at=placed(began) if began else None, last_at=placed(ended) if ended else None)
        for trace, began, ended in most
    ]
    return tuple(sorted(timed, key=lambda trace: (trace.first_line, trace.fingerprint)))


def _nearest_stamp(lines: Sequence[bytes]) -> Stamp | None:
    """The time of the last of these lines that bears one."""
    return next((stamp for line in reversed(lines) if (stamp := read_line(as_text(line)).stamp)), None)


def _trace(found: Found, offset: int, is_embedded: bool = False) -> Trace:
    """`offset` is the number of the line with index 0."""

    def number(index: int) -> int:
        return offset if is_embedded else offset + index

    frame = found.own_frame
    return Trace(
        language=found.language,
        root_type=found.root.type,
        root_message=found.root.message,
        first_line=number(found.first),
        last_line=number(found.last),
        root_line=number(found.root.index),
        fingerprint=found.fingerprint,
        last_seen_line=number(found.first),
        frame=frame.text if frame else None,
        frame_line=number(frame.index) if frame else None,
    )
