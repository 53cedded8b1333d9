"""Reads one piece of evidence of any kind into a Digest.

    content ─▶ blocks of lines ─┬▶ signatures ─▶ Tally ─▶ templates
                                ├▶ Histogram ─▶ buckets
                                └▶ TraceFinder ─▶ traces

Nothing here depends on clock, files or network, and no input makes it fail: what cannot be understood is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from mmap import mmap

from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.lines import BLOCK_BYTES, Block, blocks
from faultmaven.diagnosis.reading import Reading
from faultmaven.diagnosis.sampling import looks_binary, sample_lines
from faultmaven.diagnosis.structured.reader import facts_of

READER_VERSION = "3"


def read(
    content: bytes | memoryview | mmap, progress: Callable[[int], None] | None = None, block_size: int = BLOCK_BYTES
) -> Digest:
    """`progress` is told how many bytes were read so far; `block_size` bounds memory and changes nothing else."""
    with memoryview(content) as view:
        if not len(view):
            return Digest(READER_VERSION, 0, 0, ("empty",))
        if looks_binary(view):
            return Digest(READER_VERSION, _count(_told(blocks(view, block_size), progress)), len(view), ("binary",))
        reading = Reading(sample_lines(view), view)
        for block in _told(blocks(view, block_size), progress):
            reading.add(block)
        digest = reading.digest(READER_VERSION, len(view))
        return replace(digest, facts=facts_of(view))


def _told(portions: Iterable[Block], progress: Callable[[int], None] | None) -> Iterable[Block]:
    for block in portions:
        yield block
        if progress:
            progress(block.read)


def _count(portions: Iterable[Block]) -> int:
    return sum(len(block.lines) for block in portions)
