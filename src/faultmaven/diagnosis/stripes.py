"""Where large evidence is cut, so that several processes can read it at once.

Stripes begin where a record begins, and not within sight of a stack trace, as far as the next megabyte allows. Where
they begin depends on the content alone: one process reading them one by one comes to the same digest as several.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from faultmaven.diagnosis.gathering import Gathered, Told, gather
from faultmaven.diagnosis.lines import BLOCK_BYTES, BOM
from faultmaven.diagnosis.places import Place, choose_place
from faultmaven.diagnosis.readers.traces import begins_trace, goes_on, may_hold_trace
from faultmaven.diagnosis.readers.wrappers import without_colours
from faultmaven.diagnosis.sampling import sample_lines
from faultmaven.diagnosis.signatures import Signing, choose_signing
from faultmaven.diagnosis.tally import MOST_HELD

STRIPE_BYTES = 32 << 20
# How far behind its mark a stripe may begin; how many lines around its first, and how near, must be free of traces.
_SEARCHED = 1 << 20
_CALM, _SIGHT = 16, 1 << 16
# Where traces stand everywhere: then a record may end one, but no trace follows at once.
_NEAREST = 3
# All stripes together keep about as many bytes of lines as one of evidence that is not cut, each at least so many.
_LEAST_HELD = 2 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """How the lines of one piece of evidence are to be read, as a sample of them tells."""

    content: memoryview
    sign: Signing
    place: Place | None
    stripe_bytes: int

    @classmethod
    def of(cls, content: memoryview, stripe_bytes: int = STRIPE_BYTES) -> Plan:
        sample = sample_lines(content)
        return cls(content, choose_signing(sample), choose_place(sample), stripe_bytes)

    def gather(self, stripe: int, told: Told | None = None, block_size: int = BLOCK_BYTES) -> Gathered:
        """`told` hears how many bytes of the stripe were read so far. A stripe may turn out to be empty."""
        held = max(_LEAST_HELD, MOST_HELD // stripes_in(len(self.content), self.stripe_bytes))
        start, end = self.begin(stripe), self.begin(stripe + 1)
        return gather(self.content[start:end], self.sign, self.place, held, told, block_size)

    def begin(self, stripe: int) -> int:
        """The offset at which a stripe begins: that of a line."""
        mark = stripe * self.stripe_bytes
        if mark == 0 or mark >= len(self.content):
            return min(mark, len(self.content))
        after = self._after_newline(mark)
        if place := next(self._calm_places(after, _CALM), None) or next(self._calm_places(after, _NEAREST), None):
            return place
        # What is left at the end belongs to the stripe before.
        return len(self.content) if after + _SEARCHED >= len(self.content) else after

    def _after_newline(self, mark: int) -> int:
        """Behind the first newline at or after the byte before the mark."""
        at = mark - 1
        while at < len(self.content):
            found = bytes(self.content[at : at + BLOCK_BYTES]).find(b"\n")
            if found >= 0:
                return at + found + 1
            at += BLOCK_BYTES
        return len(self.content)

    def _calm_places(self, after: int, calm: int) -> Iterator[int]:
        """Where records begin with no line of a trace before and behind, so many lines far. Which places these are
        does not depend on `after`: later marks never lead to earlier ones."""
        begin = max(0, after - _SIGHT)
        near = bytes(self.content[begin : after + _SEARCHED])
        is_end = after + _SEARCHED >= len(self.content)
        raw = near.split(b"\n")
        offsets = list(accumulate((len(line) + 1 for line in raw), initial=begin))
        lines = [without_colours(line) for line in raw] if b"\x1b" in near else raw
        # The first may lack its beginning, the last its end.
        numbers = range(1 if begin else 0, len(lines) - (0 if is_end else 1))
        traces = [number for number in numbers if begins_trace(lines[number])] if may_hold_trace(near) else []
        before = calm if calm == _CALM else 0
        for number in numbers:
            at = offsets[number]
            if at < after or not self._begins_record(lines[number]):
                continue
            if not is_end and number + calm not in numbers:
                return
            around = traces[bisect_left(traces, number - before) : bisect_right(traces, number + calm)]
            if all(offsets[trace] < at - _SIGHT for trace in around):
                yield at

    def _begins_record(self, line: bytes) -> bool:
        if not line or goes_on(line) or line.startswith(BOM):
            return False
        return not self.place or self.place.is_in(line)


def stripes_in(size: int, stripe_bytes: int = STRIPE_BYTES) -> int:
    return max(1, -(-size // stripe_bytes))
