"""Reads one piece of evidence of any kind into a Digest.

    content ─▶ stripes ─▶ blocks of lines ─┬▶ signatures ─▶ Tally ─▶ templates
                                           ├▶ Histogram ─▶ buckets
                                           └▶ TraceFinder ─▶ traces

Stripes can be read in any order and by several processes: `Plan.gather` each, then `conclude`. Nothing here depends on
clock, files or network, and no input makes it fail: what cannot be understood is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from mmap import mmap

from faultmaven.diagnosis.digest import Digest
from faultmaven.diagnosis.gathering import Gathered
from faultmaven.diagnosis.lines import BLOCK_BYTES, blocks
from faultmaven.diagnosis.reading import Reading
from faultmaven.diagnosis.sampling import looks_binary
from faultmaven.diagnosis.stripes import STRIPE_BYTES, Plan, stripes_in
from faultmaven.diagnosis.structured.reader import facts_of

READER_VERSION = "3"


def read(
    content: bytes | memoryview | mmap,
    progress: Callable[[int], None] | None = None,
    block_size: int = BLOCK_BYTES,
    stripe_bytes: int = STRIPE_BYTES,
) -> Digest:
    """`progress` is told how many bytes were read so far; `block_size` bounds memory and changes nothing else."""
    with memoryview(content) as view:
        if not is_text(view):
            return conclude(view, ())
        plan = Plan.of(view, stripe_bytes)
        stripes = range(stripes_in(len(view), stripe_bytes))
        return conclude(view, (plan.gather(stripe, _told(progress, stripe, plan), block_size) for stripe in stripes))


def is_text(content: memoryview) -> bool:
    """Otherwise there are no stripes to gather from."""
    return len(content) > 0 and not looks_binary(content)


def conclude(content: memoryview, stripes: Iterable[Gathered]) -> Digest:
    """`stripes` in their order; none of what is not text."""
    if not is_text(content):
        lines = sum(len(block.lines) for block in blocks(content))
        return Digest(READER_VERSION, lines, len(content), ("binary" if content else "empty",))
    reading = Reading()
    for gathered in stripes:
        reading.add(gathered)
    return replace(reading.digest(READER_VERSION, len(content)), facts=facts_of(content))


def _told(progress: Callable[[int], None] | None, stripe: int, plan: Plan) -> Callable[[int], None] | None:
    if not progress:
        return None
    before = stripe * plan.stripe_bytes
    return lambda read: progress(min(before + read, len(plan.content)))
