"""Work that nobody waits for, done so that nobody has to wait because of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

# After each bit, times as long as it took, its wait for the writer included: requests have the writer in between. At
# most so long, or a busy server would never be done.
REST, LONGEST_REST_SECONDS = 4.0, 0.05


async def bit_by_bit(bit: Callable[[], Awaitable[bool]]) -> None:
    """Until `bit`, a transaction of a few milliseconds, says that there is no more."""
    more = True
    while more:
        began = time.perf_counter()
        more = await bit()
        if more:
            await asyncio.sleep(min(REST * (time.perf_counter() - began), LONGEST_REST_SECONDS))
