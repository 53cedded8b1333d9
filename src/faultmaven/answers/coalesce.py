"""Groups a stream of steps by time, so that fast text costs few writes and slow text is not held back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

T = TypeVar("T")


async def coalesced(steps: AsyncIterator[T], seconds: float) -> AsyncGenerator[list[T], None]:
    """All that came within `seconds` of the first of a group; a group is never empty, and its order is kept."""
    loop = asyncio.get_running_loop()
    group: list[T] = []
    deadline = 0.0
    upcoming = asyncio.ensure_future(_next(steps))
    try:
        while True:
            done, _ = await asyncio.wait([upcoming], timeout=max(0.0, deadline - loop.time()) if group else None)
            if not done:
                yield group
                group = []
                continue
            try:
                step = upcoming.result()
            except StopAsyncIteration:
                break
            deadline = deadline if group else loop.time() + seconds
            group.append(step)
            upcoming = asyncio.ensure_future(_next(steps))
        if group:
            yield group
    finally:
        upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
            await upcoming


async def _next(steps: AsyncIterator[T]) -> T:
    return await anext(steps)
