"""What one stripe of the evidence says: a pass over its lines, boiled down to what can be joined with the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from faultmaven.diagnosis.histogram import Histogram, Ticks
from faultmaven.diagnosis.lines import BLOCK_BYTES, Block, blocks
from faultmaven.diagnosis.long_lines import HEAD, Found, LongLines, any_asks_for, asks_for
from faultmaven.diagnosis.places import Place
from faultmaven.diagnosis.readers.wrappers import without_colours
from faultmaven.diagnosis.signatures import Signing
from faultmaven.diagnosis.tally import Entry, Tally
from faultmaven.diagnosis.tracefinder import Portion, Seen, TraceFinder

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Lines are numbered from the stripe's first, which is 1."""

    lines: int
    entries: dict[bytes, Entry]
    rough: set[bytes]
    dated: Ticks
    undated: Ticks
    traces: list[Seen]
    long_lines: dict[bytes, Found]
    truncated: bool


def gather(
    stripe: memoryview,
    sign: Signing,
    place: Place | None,
    most_held: int,
    told: Told | None = None,
    block_size: int = BLOCK_BYTES,
) -> Gathered:
    """`told` hears how many bytes of the stripe were read so far."""
    gathering = _Gathering(stripe, sign, place, most_held)
    for block in blocks(stripe, block_size):
        gathering.add(block)
        if told:
            told(block.read)
    return gathering.finish()


class _Gathering:
    """`content` is what the blocks come from: of long lines they hold the beginnings only."""

    def __init__(self, content: memoryview, sign: Signing, place: Place | None, most_held: int) -> None:
        self._content = content
        self._sign = sign
        self._tally = Tally(most_held)
        self._histogram = Histogram(place)
        self._traces = TraceFinder()
        self._long_lines = LongLines()
        self._lines = 0

    def add(self, block: Block) -> None:
        text, lines = block.text, block.lines
        if b"\x1b" in text:
            text = without_colours(text)
            lines = text.split(b"\n")
        self._lines = block.first + len(lines) - 1
        self._count(self._traces.add(text, lines, self._signatures(block, text, lines)))

    def _signatures(self, block: Block, text: bytes, lines: list[bytes]) -> list[bytes]:
        """Made of the beginnings of lines. What stands further right is searched for trouble."""
        if not any_asks_for(block.text, block.lines):
            return self._sign(text, lines)
        whole = {long.number: self._content[long.start : long.end] for long in block.long}
        for number, line in enumerate(block.lines, block.first):
            if asks_for(line):
                self._long_lines.add(number, whole.get(number, line))
        heads = [line[:HEAD] for line in lines]
        return self._sign(b"\n".join(heads), heads)

    def _count(self, portion: Portion) -> None:
        keys = self._tally.add(*portion)
        self._histogram.add(portion.lines, keys, self._tally.troubled)

    def finish(self) -> Gathered:
        self._count(self._traces.finish())
        entries = self._tally.entries()
        for entry in entries.values():
            if stack := entry.record.stack:
                times = entry.record.stamp, entry.last_stamp
                self._traces.add_embedded(stack, (entry.first, entry.last), entry.count, times)
                entry.record = replace(entry.record, stack=None)
        return Gathered(
            lines=self._lines,
            entries=entries,
            rough=self._tally.rough,
            dated=self._histogram.dated,
            undated=self._histogram.undated,
            traces=self._traces.seen(),
            long_lines=self._long_lines.found,
            truncated=self._long_lines.is_incomplete,
        )
